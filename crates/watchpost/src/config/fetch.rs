//! `[[fetch]]`: accounts at other servers. What is written becomes an [`Account`], or a complaint at its place.

mod raw;
mod written;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

pub(super) use self::raw::RawFetch;
pub(super) use self::written::tables;

use super::check::Check;
use super::duration::{duration_text, parse_duration};
use super::error::quoted;
use super::{Domain, Store};
use crate::connect::{Deadlines, Pin, Proxy, Security};
use crate::fetch::account::{Account, SILENCE, TrustChoice};
use crate::fetch::destination::{LineEnds, Protocol, Relay, RelayAddress, Target};
use crate::fetch::login::Method;
use crate::fetch::plan::{Leave, Policy};
use crate::fetch::rule::{Rule, Verdict};
use crate::fetch::secret::Source;

const TLS: [(&str, Security); 3] = [("implicit", Security::Tls), ("stls", Security::Stls), ("none", Security::Clear)];
const LINE_ENDS: [(&str, LineEnds); 3] = [("exact", LineEnds::Exact), ("lf", LineEnds::Lf), ("crlf", LineEnds::Crlf)];
const ACTIONS: [(&str, Verdict); 3] = [("fetch", Verdict::Fetch), ("skip", Verdict::Skip), ("delete", Verdict::Delete)];
const WINDOW: usize = 1024;
const SESSION_TIME: Duration = Duration::from_hours(1);

impl Check<'_> {
    /// `[[fetch]]`: every table becomes an account. `store`: where the Maildirs of our own users are.
    pub(super) fn fetch(
        &mut self,
        raw: Option<&Vec<RawFetch>>,
        store: Option<&Store>,
        domain: Option<&Domain>,
    ) -> Vec<Account> {
        let (store, domain) = (store.map(|store| store.path.as_str()), domain.map_or("", Domain::as_str));
        let mut names = BTreeSet::new();
        let mut accounts = Vec::new();
        for (index, raw) in raw.into_iter().flatten().enumerate() {
            let key = |name: &str| format!("fetch[{index}].{name}");
            let account = Table { check: self, key: &key, raw }.account(store, domain);
            if let Some(account) = account {
                if !names.insert(account.name.clone()) {
                    let message = format!("there is another account {}", quoted(&account.name));
                    self.refuse(&key("name"), &message, "give each account a name of its own");
                }
                accounts.push(account);
            }
        }
        accounts
    }
}

/// One table, and where to complain about it.
struct Table<'a, 'c> {
    check: &'a mut Check<'c>,
    key: &'a dyn Fn(&str) -> String,
    raw: &'a RawFetch,
}

impl Table<'_, '_> {
    fn refuse(&mut self, name: &str, message: &str, help: &str) {
        self.check.refuse(&(self.key)(name), message, help);
    }

    fn required<'v>(&mut self, name: &str, written: Option<&'v String>, help: &str) -> Option<&'v str> {
        self.check.required(&(self.key)(name), written, help)
    }

    fn account(&mut self, store: Option<&str>, domain: &str) -> Option<Account> {
        let raw = self.raw;
        let name = self.name();
        let security = self.check.word(&(self.key)("tls"), raw.tls.as_deref(), &TLS);
        let server = self.server(security);
        let user = self.required("user", raw.user.as_ref(), "write the user name: user = \"alice@example.net\"");
        let user = user.map(str::to_owned).filter(|user| {
            let legal = !user.is_empty() && !user.contains(char::is_control);
            if !legal {
                self.refuse(
                    "user",
                    "the user name is empty or has a control character",
                    "write what the provider told you",
                );
            }
            legal
        });
        let secret = self.secret();
        let target = self.target(store, domain);
        let leave = self.leave();
        let (trust, identity, proxy) = (self.trust(), self.identity(), self.proxy());
        let methods: Vec<(&'static str, Option<Method>)> = std::iter::once(("best", None))
            .chain(Method::WORDS.iter().map(|(word, method)| (*word, Some(*method))))
            .collect();
        let method = self.check.word(&(self.key)("auth"), raw.auth.as_deref(), &methods);
        let policy = Policy {
            leave: leave?,
            octets_max: self.limit("message_octets", raw.message_octets),
            session_messages: self
                .limit("session_messages", raw.session_messages)
                .map(|count| u32::try_from(count).unwrap_or(u32::MAX)),
            session_octets: self.limit("session_octets", raw.session_octets),
            by_header: raw.rules.as_ref().is_some_and(|rules| !rules.is_empty()),
        };
        let rules = self.rules();
        let session_time = self.time("session_time", raw.session_time.as_deref(), SESSION_TIME);
        let reply = self.time("reply_time", raw.reply_time.as_deref(), Deadlines::default().reply);
        let window = self.window();
        let (host, port) = server?;
        Some(Account {
            name: name?,
            host,
            port,
            user: user?,
            security,
            trust: trust?,
            identity,
            proxy,
            secret: secret?,
            method,
            target: target?,
            policy,
            rules,
            window,
            deadlines: Deadlines { reply, ..Deadlines::default() },
            session_time,
            silence: SILENCE,
        })
    }

    fn name(&mut self) -> Option<String> {
        let name = self.required("name", self.raw.name.as_ref(), "call the account something: name = \"work\"")?;
        let letter = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"._-".contains(&octet);
        let legal = (1..=40).contains(&name.len()) && name.bytes().all(letter) && !name.starts_with(['.', '-']);
        if !legal {
            let message = format!("{} is no name for an account", quoted(name));
            self.refuse("name", &message, "use up to 40 small letters, digits, `.`, `_` and `-`, a letter first");
        }
        legal.then(|| name.to_owned())
    }

    fn server(&mut self, security: Security) -> Option<(String, u16)> {
        let help = "write the server's name: server = \"pop.example.net\"";
        let written = self.required("server", self.raw.server.as_ref(), help)?;
        let usual = if security == Security::Tls { 995 } else { 110 };
        let server = host_and_port(written, Some(usual));
        let Some((host, port)) = server else {
            let message = format!("{} is no server", quoted(written));
            self.refuse("server", &message, "write a name or an address, with :PORT behind it if need be");
            return None;
        };
        if (security == Security::Tls && port == 110) || (security == Security::Stls && port == 995) {
            let other = if port == 995 { "tls = \"implicit\"" } else { "tls = \"stls\"" };
            let message = format!("on port {port} servers do not speak what `tls` says");
            self.refuse("server", &message, &format!("write {other}, or leave the port away"));
            return None;
        }
        Some((host, port))
    }

    fn secret(&mut self) -> Option<Source> {
        let written = self.raw.password.as_deref().unwrap_or("prompt");
        let (kind, rest) = written.split_once(':').unwrap_or((written, ""));
        let text = || Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
        let source = match kind {
            "command" => text().map(Source::Command),
            "token-command" => text().map(Source::TokenCommand),
            "file" => self.path("password", rest).map(Source::File),
            "netrc" => self.path("password", rest).map(Source::Netrc),
            "credential" => text().filter(|name| !name.contains('/')).map(Source::Credential),
            "variable" => text().map(Source::Variable),
            "secret-service" if rest.is_empty() => Some(Source::SecretService),
            "prompt" if rest.is_empty() => Some(Source::Prompt),
            "certificate" if rest.is_empty() => Some(Source::Certificate),
            _ => None,
        };
        if source.is_none() {
            // What was written may be the password itself: it is not repeated.
            let help = "write where it comes from: command:…, file:…, credential:…, variable:…, netrc:…, \
                secret-service, prompt, token-command:… or certificate; never the password itself";
            self.refuse("password", "this is no source of a password", help);
        }
        source
    }

    fn target(&mut self, store: Option<&str>, domain: &str) -> Option<Target> {
        let help = "write where the mail goes: to = \"maildir:/home/alice/Maildir\"";
        let written = self.required("to", self.raw.to.as_ref(), help)?;
        let line_ends = self.check.word(&(self.key)("line_ends"), self.raw.line_ends.as_deref(), &LINE_ENDS);
        let (kind, rest) = written.split_once(':').unwrap_or((written, ""));
        match kind {
            "maildir" => self.path("to", rest).map(|path| Target::Maildir { path, line_ends }),
            "mbox" => self.path("to", rest).map(|path| Target::Mbox { path, line_ends }),
            "pipe" if !rest.trim().is_empty() => Some(Target::Command { command: rest.trim().to_owned(), line_ends }),
            "lmtp" => self.relay(Protocol::Lmtp, rest, 24),
            "smtp" => self.relay(Protocol::Smtp, rest, 25),
            "account" => self.own(rest, store, domain, line_ends),
            _ => {
                let message = format!("{} is no destination", quoted(written));
                self.refuse("to", &message, "write account:…, maildir:…, mbox:…, pipe:…, lmtp:… or smtp:…");
                None
            }
        }
    }

    /// The Maildir of a user of ours.
    fn own(&mut self, user: &str, store: Option<&str>, domain: &str, line_ends: LineEnds) -> Option<Target> {
        let name = user.to_ascii_lowercase();
        let (local, of) = name.split_once('@').unwrap_or((&name, domain));
        let legal = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"._-+".contains(&octet))
        };
        let template = store.filter(|template| !template.contains("{home}"));
        let (Some(template), true) = (template, legal(local) && legal(of)) else {
            let message = format!("{} is no account whose Maildir is known", quoted(user));
            self.refuse("to", &message, "write account:alice@example.org, or the path itself: maildir:…");
            return None;
        };
        let path =
            template.replace("{user}", &format!("{local}@{of}")).replace("{local}", local).replace("{domain}", of);
        Some(Target::Maildir { path: PathBuf::from(path), line_ends })
    }

    fn relay(&mut self, protocol: Protocol, place: &str, port: u16) -> Option<Target> {
        let address = if place.starts_with('/') {
            Some(RelayAddress::Unix(PathBuf::from(place)))
        } else {
            host_and_port(place, Some(port)).map(|(host, port)| RelayAddress::Tcp(host, port))
        };
        let help = "write for whom the mail is there: recipient = \"alice@example.org\"";
        let recipient = self.required("recipient", self.raw.recipient.as_ref(), help).map(str::to_owned);
        let legal = |text: &String| {
            !text.is_empty() && !text.contains(|letter: char| letter.is_control() || matches!(letter, '<' | '>' | ' '))
        };
        if recipient.as_ref().is_some_and(|recipient| !legal(recipient)) {
            self.refuse("recipient", "this is no address", help);
            return None;
        }
        if address.is_none() {
            self.refuse("to", "this is no server", "write lmtp:127.0.0.1:24, or the path of a socket: lmtp:/run/lmtp");
        }
        Some(Target::Relay(Relay { protocol, address: address?, sender: String::new(), recipient: recipient? }))
    }

    fn leave(&mut self) -> Option<Leave> {
        let written = self.raw.leave.as_deref().unwrap_or("forever");
        let newest = || written.strip_prefix("newest ")?.trim().parse().ok().map(Leave::Newest);
        let days = || {
            let seconds = parse_duration(written).ok()?.as_secs();
            u32::try_from(seconds / 86_400).ok().filter(|days| *days > 0).map(Leave::Days)
        };
        let leave = match written {
            "forever" => Some(Leave::Forever),
            "never" => Some(Leave::Never),
            _ => newest().or_else(days),
        };
        if leave.is_none() {
            let message = format!("{} is no time to leave mail on a server", quoted(written));
            self.refuse("leave", &message, "write forever, never, days such as 14d, or newest 500");
        }
        leave
    }

    fn trust(&mut self) -> Option<TrustChoice> {
        let written = self.raw.trust.as_deref().unwrap_or("system");
        let (kind, rest) = written.split_once(':').unwrap_or((written, ""));
        let trust = match kind {
            "system" if rest.is_empty() => Some(TrustChoice::System),
            "first-use" if rest.is_empty() => Some(TrustChoice::FirstUse),
            "file" => self.path("trust", rest).map(TrustChoice::File),
            "pins" => {
                let pins: Option<Vec<Pin>> = rest.split(',').map(|pin| Pin::parse(pin.trim())).collect();
                pins.map(TrustChoice::Pins)
            }
            _ => None,
        };
        if trust.is_none() {
            let message = format!("{} says of no certificate that it is believed", quoted(written));
            self.refuse("trust", &message, "write system, first-use, file:… or pins:sha256/…");
        }
        trust
    }

    fn identity(&mut self) -> Option<(PathBuf, PathBuf)> {
        let (certificate, key) = (self.raw.client_certificate.clone(), self.raw.client_key.clone());
        match (certificate, key) {
            (Some(certificate), Some(key)) => {
                Some((self.path("client_certificate", &certificate)?, self.path("client_key", &key)?))
            }
            (None, None) => None,
            (Some(_), None) => {
                self.refuse("client_certificate", "its key is missing", "write client_key beside it");
                None
            }
            (None, Some(_)) => {
                self.refuse("client_key", "its certificate is missing", "write client_certificate beside it");
                None
            }
        }
    }

    fn proxy(&mut self) -> Option<Proxy> {
        let written = self.raw.proxy.as_deref().unwrap_or("none");
        let place = |text: &str| host_and_port(text.trim_end_matches('/'), None);
        let proxy = if let Some(place) = written.strip_prefix("socks5://").and_then(place) {
            Some(Proxy::Socks5 { host: place.0, port: place.1 })
        } else if let Some(place) = written.strip_prefix("http://").and_then(place) {
            Some(Proxy::Http { host: place.0, port: place.1 })
        } else {
            let command = written.strip_prefix("command:").map(str::trim).filter(|command| !command.is_empty());
            command.map(|command| Proxy::Command(command.to_owned()))
        };
        if proxy.is_none() && written != "none" {
            let message = format!("{} is no proxy", quoted(written));
            self.refuse("proxy", &message, "write socks5://host:port, http://host:port, command:… or none");
        }
        proxy
    }

    /// Zero is no limit.
    fn limit(&mut self, name: &str, written: Option<i64>) -> Option<u64> {
        match u64::try_from(written.unwrap_or_default()) {
            Ok(0) => None,
            Ok(limit) => Some(limit),
            Err(_) => {
                self.refuse(name, "this is less than nothing", "write a number, or 0 for no limit");
                None
            }
        }
    }

    fn time(&mut self, name: &str, written: Option<&str>, default: Duration) -> Duration {
        let Some(written) = written else { return default };
        match parse_duration(written) {
            Ok(time) if (1..=86_400).contains(&time.as_secs()) => time,
            _ => {
                let message = format!("{} is no time between a second and a day", quoted(written));
                self.refuse(name, &message, &format!("write, for example: {name} = \"{}\"", duration_text(default)));
                default
            }
        }
    }

    fn window(&mut self) -> usize {
        let Some(written) = self.raw.window else { return WINDOW };
        let window = usize::try_from(written).ok().filter(|window| (1..=10_000).contains(window));
        if window.is_none() {
            self.refuse("window", "this is no window", "write a number from 1 to 10000");
        }
        window.unwrap_or(WINDOW)
    }

    fn rules(&mut self) -> Vec<Rule> {
        let mut rules = Vec::new();
        for rule in self.raw.rules.clone().into_iter().flatten() {
            let verdict = ACTIONS.iter().find(|(word, _)| *word == rule.action).map(|(_, verdict)| *verdict);
            let field = rule.field.trim().to_owned();
            match verdict {
                Some(verdict) if !field.is_empty() => {
                    rules.push(Rule { field, contains: rule.contains.unwrap_or_default(), verdict });
                }
                _ => {
                    let help = "write { field = \"X-Spam-Flag\", contains = \"yes\", action = \"skip\" }: an action is fetch, \
                        skip or delete";
                    self.refuse("rules", "a rule has no field or no action", help);
                }
            }
        }
        rules
    }

    fn path(&mut self, name: &str, written: &str) -> Option<PathBuf> {
        // A shell would read it as somebody's home; here it would be a folder of that name.
        if written.starts_with('~') {
            self.refuse(name, "~ stands for no folder here", "write the path whole, as /home/alice/Maildir");
            return None;
        }
        self.check.plain_path(&(self.key)(name), written)
    }
}

/// `host`, `host:port`, `[::1]:port`; a port must be there if there is no usual one.
fn host_and_port(text: &str, usual: Option<u16>) -> Option<(String, u16)> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        (host, port.strip_prefix(':'))
    } else {
        match text.rsplit_once(':') {
            // Two colons without brackets: an address of IPv6.
            Some((host, _)) if host.contains(':') => (text, None),
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port > 0)?,
        None => usual?,
    };
    let legal = |letter: char| letter.is_ascii_alphanumeric() || ".-_:".contains(letter);
    (!host.is_empty() && host.chars().all(legal)).then(|| (host.to_owned(), port))
}
