//! fetchmail: a language of words, some of which are noise, and one file of `user@host unique-id`.

use std::path::{Path, PathBuf};

use super::{Foreign, Tls, in_home};

/// Words that mean nothing (fetchmail(1), "Noise keywords").
const NOISE: [&str; 11] = ["and", "with", "has", "wants", "options", "here", "there", "aka", "localdomains", ":", ";"];

/// The accounts of the file that are for POP3.
pub(super) fn accounts(text: &str) -> Vec<Foreign> {
    let mut accounts = Vec::new();
    let (mut defaults, mut server) = (Server::default(), None::<Server>);
    let mut words = words(text).into_iter().peekable();
    let mut user: Option<Foreign> = None;
    let mut daemon = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            "poll" | "skip" | "server" | "defaults" => {
                finish(&mut accounts, user.take(), server.as_ref());
                if word == "defaults" {
                    server = None;
                } else {
                    let name = words.next().unwrap_or_default();
                    server = Some(Server { host: name, ..defaults.clone() });
                }
            }
            "set" => {
                finish(&mut accounts, user.take(), server.take().as_ref());
                // A name and, for most, a value: neither is a word of ours.
                let name = words.next().unwrap_or_default();
                if !matches!(
                    name.as_str(),
                    "syslog" | "nosyslog" | "bouncemail" | "spambounce" | "softbounce" | "invisible"
                ) {
                    let value = words.next();
                    daemon = value.filter(|_| name == "daemon").or(daemon);
                }
            }
            "user" | "username" => {
                finish(&mut accounts, user.take(), server.as_ref());
                let begun = server.as_ref().unwrap_or(&defaults);
                user = Some(Foreign {
                    user: words.next().unwrap_or_default(),
                    leave: "never".to_owned(),
                    tls: if begun.ssl { Tls::Implicit } else { Tls::Stls },
                    ..Foreign::default()
                });
            }
            _ => match (&mut user, &mut server) {
                (Some(user), _) => of_user(user, &word, &mut words),
                (None, Some(server)) => server.take(&word, &mut words),
                (None, None) => defaults.take(&word, &mut words),
            },
        }
    }
    finish(&mut accounts, user, server.as_ref());
    if let (Some(seconds), Some(first)) = (daemon.and_then(|text| text.parse::<u64>().ok()), accounts.first_mut()) {
        first.notes.push(format!("set daemon {seconds}: run watchpost fetch --every {seconds}s"));
    }
    accounts
}

/// What is said of a server before its users.
#[derive(Clone, Debug, Default)]
struct Server {
    host: String,
    via: Option<String>,
    port: Option<u16>,
    other_protocol: Option<String>,
    ssl: bool,
}

type Words = std::iter::Peekable<std::vec::IntoIter<String>>;

impl Server {
    fn take(&mut self, word: &str, words: &mut Words) {
        match word {
            "proto" | "protocol" => {
                let protocol = words.next().unwrap_or_default().to_lowercase();
                self.other_protocol = (!matches!(protocol.as_str(), "pop3" | "auto" | "apop")).then_some(protocol);
            }
            "via" => self.via = words.next(),
            "port" | "service" => self.port = words.next().and_then(|port| port.parse().ok()),
            "ssl" => self.ssl = true,
            "auth" | "timeout" | "interval" | "interface" | "principal" => drop(words.next()),
            _ => {}
        }
    }
}

fn of_user(user: &mut Foreign, word: &str, words: &mut Words) {
    match word {
        "pass" | "password" => drop(words.next()),
        "ssl" => user.tls = Tls::Implicit,
        "keep" => "forever".clone_into(&mut user.leave),
        "nokeep" => "never".clone_into(&mut user.leave),
        "no" if words.peek().is_some_and(|next| next == "keep") => {
            words.next();
            "never".clone_into(&mut user.leave);
        }
        "is" | "to" => {
            user.recipient = words.next();
        }
        "mda" => {
            let command = words.next().unwrap_or_default();
            if command.contains('%') {
                user.notes.push(format!("mda \"{command}\""));
            } else {
                user.to = Some(format!("pipe:{command}"));
            }
        }
        "smtphost" => user.to = words.next().map(|host| format!("smtp:{}", host.replace('/', ":"))),
        "sslcertfile" => user.trust = words.next().map(|file| format!("file:{file}")),
        "sslproto" | "sslcertpath" | "sslfingerprint" | "sslkey" | "sslcert" | "limit" | "fetchlimit"
        | "preconnect" | "postconnect" | "folder" | "batchlimit" | "expunge" | "warnings" => {
            let value = words.next().unwrap_or_default();
            user.notes.push(format!("{word} {value}"));
        }
        "fetchall" | "rewrite" | "stripcr" | "forcecr" | "pass8bits" | "dropstatus" | "mimedecode" | "idle" => {
            user.notes.push(word.to_owned());
        }
        _ => {}
    }
}

fn finish(accounts: &mut Vec<Foreign>, user: Option<Foreign>, server: Option<&Server>) {
    let (Some(mut user), Some(server)) = (user, server) else { return };
    if server.other_protocol.is_some() || user.user.is_empty() {
        return;
    }
    user.host = server.via.clone().unwrap_or_else(|| server.host.clone());
    user.port = server.port;
    match &user.to {
        None => {
            // Its default is the mail server of the machine.
            user.to = Some("smtp:localhost:25".to_owned());
            let local = user.recipient.take().unwrap_or_else(|| user.user.clone());
            user.recipient = Some(if local.contains('@') { local } else { format!("{local}@localhost") });
        }
        Some(to) if to.starts_with("pipe:") => user.recipient = None,
        Some(_) => {}
    }
    accounts.push(user);
}

/// Words, quoted or not; `#` begins a comment, a comma is as good as a space.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '#' => while letters.next_if(|letter| *letter != '\n').is_some() {},
            quote @ ('"' | '\'') => {
                let mut word = String::new();
                while let Some(letter) = letters.next() {
                    match letter {
                        '\\' => word.extend(letters.next()),
                        letter if letter == quote => break,
                        letter => word.push(letter),
                    }
                }
                words.push(word);
            }
            letter if letter.is_whitespace() || letter == ',' => {}
            letter => {
                let mut word = String::from(letter);
                while let Some(next) = letters.next_if(|next| !next.is_whitespace() && !matches!(next, ',' | '"')) {
                    word.push(next);
                }
                words.push(word);
            }
        }
    }
    words.retain(|word| !NOISE.contains(&word.as_str()));
    words
}

/// The file that remembers for all accounts.
pub(super) fn state(text: &str, state: Option<&Path>, home: &Path) -> Vec<PathBuf> {
    if let Some(state) = state {
        return vec![if state.is_dir() { state.join(".fetchids") } else { state.to_owned() }];
    }
    let mut words = words(text).into_iter();
    let named = words.find(|word| word == "idfile").and_then(|_| words.next());
    vec![named.map_or_else(|| home.join(".fetchids"), |file| in_home(&file, home))]
}

/// Those of one account.
pub(super) fn ids(text: &str, account: &Foreign) -> Vec<String> {
    let ours = format!("{}@{}", account.user, account.host);
    let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
    lines.filter(|(whose, _)| *whose == ours).map(|(_, id)| id.to_owned()).collect()
}
