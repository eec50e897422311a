//! mpop: one command a line, accounts that inherit from `defaults` and from each other.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::{Foreign, Tls, in_home};

/// Where mpop remembers, unless told otherwise.
const STATE: &str = "~/.mpop_uidls/%U_at_%H";

/// Ways to log in that have the same name here.
const METHODS: [&str; 10] = [
    "plain",
    "login",
    "cram-md5",
    "scram-sha-1",
    "scram-sha-256",
    "external",
    "xoauth2",
    "oauthbearer",
    "apop",
    "user",
];

type Settings = HashMap<String, String>;

/// The accounts of the file.
pub(super) fn accounts(text: &str, home: &Path) -> Vec<Foreign> {
    let mut accounts: Vec<Foreign> = Vec::new();
    for account in blocks(text).iter().filter_map(|(name, settings)| foreign(name, settings, home)) {
        // `account default : work` is another name for the same.
        let same = |other: &Foreign| Foreign { name: account.name.clone(), ..other.clone() } == account;
        if !accounts.iter().any(same) {
            accounts.push(account);
        }
    }
    accounts
}

/// Name and settings of each account, what it inherits included.
fn blocks(text: &str) -> Vec<(String, Settings)> {
    let mut defaults = Settings::new();
    let mut accounts: Vec<(String, Settings)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (command, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let argument = argument.trim();
        let argument = argument.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(argument);
        match command {
            "account" => {
                let (name, parents) = argument.split_once(':').unwrap_or((argument, ""));
                let mut settings = defaults.clone();
                for parent in parents.split(',').map(str::trim) {
                    if let Some((_, inherited)) = accounts.iter().find(|(name, _)| name == parent) {
                        settings.extend(inherited.clone());
                    }
                }
                accounts.push((name.trim().to_owned(), settings));
            }
            "defaults" => accounts.push((String::new(), defaults.clone())),
            _ => {
                let settings = accounts.last_mut();
                if let Some((name, settings)) = settings {
                    settings.insert(command.to_owned(), argument.to_owned());
                    if name.is_empty() {
                        defaults.insert(command.to_owned(), argument.to_owned());
                    }
                }
            }
        }
    }
    accounts.retain(|(name, settings)| !name.is_empty() && settings.contains_key("host"));
    accounts
}

fn foreign(name: &str, settings: &Settings, home: &Path) -> Option<Foreign> {
    let setting = |name: &str| settings.get(name).map(String::as_str);
    let on = |name: &str, default: bool| setting(name).map_or(default, |value| value != "off");
    let tls = match (on("tls", false), on("tls_starttls", true)) {
        (false, _) => Tls::None,
        (true, true) => Tls::Stls,
        (true, false) => Tls::Implicit,
    };
    let mut notes = Vec::new();
    let (kind, place) = setting("delivery").unwrap_or_default().split_once(char::is_whitespace).unwrap_or_default();
    let to = match kind {
        "maildir" | "mbox" => Some(format!("{kind}:{}", in_home(place.trim(), home).display())),
        "mda" if !place.contains('%') => Some(format!("pipe:{}", place.trim())),
        _ => None,
    };
    if to.is_none() {
        notes.extend(setting("delivery").map(|delivery| format!("delivery {delivery}")));
    }
    let auth = match setting("auth") {
        None | Some("on" | "") => None,
        Some(method) if METHODS.contains(&method) => Some(method.to_owned()),
        Some(other) => {
            notes.push(format!("auth {other}"));
            None
        }
    };
    let token = matches!(auth.as_deref(), Some("xoauth2" | "oauthbearer"));
    let kind_of_secret = if token { "token-command" } else { "command" };
    let password = setting("passwordeval").map(|command| format!("{kind_of_secret}:{command}"));
    for unknown in ["filter", "killsize", "skipsize", "proxy_host", "tls_fingerprint", "tls_cert_file", "tls_certcheck"]
    {
        notes.extend(setting(unknown).map(|value| format!("{unknown} {value}")));
    }
    Some(Foreign {
        name: name.to_owned(),
        host: setting("host")?.to_owned(),
        port: setting("port").and_then(|port| port.parse().ok()),
        user: setting("user")?.to_owned(),
        tls,
        password,
        to,
        leave: if on("keep", false) { "forever" } else { "never" }.to_owned(),
        auth,
        trust: setting("tls_trust_file")
            .filter(|file| *file != "system")
            .map(|file| format!("file:{}", in_home(file, home).display())),
        notes,
        ..Foreign::default()
    })
}

/// The file that remembers for an account.
pub(super) fn state(text: &str, account: &Foreign, state: Option<&Path>, home: &Path) -> Vec<PathBuf> {
    let name = |pattern: &str| pattern.replace("%U", &account.user).replace("%H", &account.host);
    match state {
        Some(folder) if folder.is_dir() => vec![folder.join(name("%U_at_%H"))],
        Some(file) => vec![file.to_owned()],
        None => {
            let all = blocks(text);
            let patterns = all.iter().filter(|(_, settings)| {
                settings.get("host") == Some(&account.host) && settings.get("user") == Some(&account.user)
            });
            let patterns = patterns.map(|(_, settings)| settings.get("uidls_file").map_or(STATE, String::as_str));
            // Several names of the same account have the same file.
            patterns.map(|pattern| in_home(&name(pattern), home)).collect::<BTreeSet<_>>().into_iter().collect()
        }
    }
}

/// Lists begin with ` NUMBER HOST USER`; a line is a unique-id.
pub(super) fn ids(text: &str, account: &Foreign) -> Vec<String> {
    let mut ids = Vec::new();
    let mut ours = false;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix(' ') {
            let mut words = head.splitn(3, ' ').skip(1);
            ours = words.next() == Some(account.host.as_str()) && words.next() == Some(account.user.as_str());
        } else if ours && !line.is_empty() {
            ids.push(line.to_owned());
        }
    }
    ids
}
