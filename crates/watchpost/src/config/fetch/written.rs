//! `[[fetch]]` as the effective file writes it: it loads again to the same accounts.

use std::fmt::Write as _;

use super::super::duration::duration_text;
use super::super::word_of;
use super::{ACTIONS, LINE_ENDS, TLS};
use crate::connect::Proxy;
use crate::fetch::account::{Account, TrustChoice};
use crate::fetch::destination::Target;
use crate::fetch::login::Method;
use crate::fetch::plan::Leave;
use crate::fetch::rule::Rule;
use crate::fetch::secret::Source;

/// The tables as the effective file writes them.
pub(in crate::config) fn tables(accounts: &[Account]) -> String {
    let mut text = String::new();
    for account in accounts {
        let rows = rows(account);
        text.push_str("\n[[fetch]]\n");
        for (key, value) in rows {
            let _ = writeln!(text, "{key} = {value}");
        }
    }
    text
}

fn word<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> String {
    string(word_of(words, value))
}

fn string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn rows(account: &Account) -> Vec<(&'static str, String)> {
    let host = if account.host.contains(':') { format!("[{}]", account.host) } else { account.host.clone() };
    let mut rows = vec![
        ("name", string(&account.name)),
        ("server", string(&format!("{host}:{}", account.port))),
        ("user", string(&account.user)),
        ("password", string(&source_text(&account.secret))),
        ("to", string(&account.target.to_string())),
    ];
    match &account.target {
        Target::Relay(relay) => rows.push(("recipient", string(&relay.recipient))),
        Target::Maildir { line_ends, .. } | Target::Mbox { line_ends, .. } | Target::Command { line_ends, .. } => {
            rows.push(("line_ends", word(&LINE_ENDS, line_ends)));
        }
    }
    rows.push(("leave", string(&leave_text(account.policy.leave))));
    rows.push(("tls", word(&TLS, &account.security)));
    rows.push(("trust", string(&trust_text(&account.trust))));
    if let Some((certificate, key)) = &account.identity {
        rows.push(("client_certificate", string(&certificate.to_string_lossy())));
        rows.push(("client_key", string(&key.to_string_lossy())));
    }
    rows.push(("proxy", string(&proxy_text(account.proxy.as_ref()))));
    rows.push(("auth", string(account.method.map_or("best", Method::word))));
    rows.push(("message_octets", account.policy.octets_max.unwrap_or_default().to_string()));
    rows.push(("session_messages", account.policy.session_messages.unwrap_or_default().to_string()));
    rows.push(("session_octets", account.policy.session_octets.unwrap_or_default().to_string()));
    rows.push(("session_time", string(&duration_text(account.session_time))));
    rows.push(("reply_time", string(&duration_text(account.deadlines.reply))));
    rows.push(("window", account.window.to_string()));
    let rules: Vec<String> = account.rules.iter().map(rule_text).collect();
    rows.push(("rules", format!("[{}]", rules.join(", "))));
    rows
}

fn rule_text(rule: &Rule) -> String {
    let (field, contains, action) = (string(&rule.field), string(&rule.contains), word(&ACTIONS, &rule.verdict));
    format!("{{ field = {field}, contains = {contains}, action = {action} }}")
}

fn source_text(source: &Source) -> String {
    match source {
        Source::Command(command) => format!("command:{command}"),
        Source::TokenCommand(command) => format!("token-command:{command}"),
        Source::File(path) => format!("file:{}", path.display()),
        Source::Netrc(path) => format!("netrc:{}", path.display()),
        Source::Credential(name) => format!("credential:{name}"),
        Source::Variable(name) => format!("variable:{name}"),
        Source::SecretService => "secret-service".to_owned(),
        Source::Prompt | Source::Typed(_) => "prompt".to_owned(),
        Source::Certificate => "certificate".to_owned(),
    }
}

fn leave_text(leave: Leave) -> String {
    match leave {
        Leave::Never => "never".to_owned(),
        Leave::Forever => "forever".to_owned(),
        Leave::Days(days) => format!("{days}d"),
        Leave::Newest(count) => format!("newest {count}"),
    }
}

fn trust_text(trust: &TrustChoice) -> String {
    match trust {
        TrustChoice::System => "system".to_owned(),
        TrustChoice::FirstUse => "first-use".to_owned(),
        TrustChoice::File(path) => format!("file:{}", path.display()),
        TrustChoice::Pins(pins) => {
            format!("pins:{}", pins.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
        }
    }
}

fn proxy_text(proxy: Option<&Proxy>) -> String {
    match proxy {
        None => "none".to_owned(),
        Some(Proxy::Socks5 { host, port }) => format!("socks5://{host}:{port}"),
        Some(Proxy::Http { host, port }) => format!("http://{host}:{port}"),
        Some(Proxy::Command(command)) => format!("command:{command}"),
    }
}
