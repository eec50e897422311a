//! A session as a document.

use serde_json::{Map, Value, json};

use super::{
    ECS, Known, LOGINS_MAX, Observer, SPOKEN_LAST, SPOKEN_MAX, community_id, harmless, shown, timestamp, without_nulls,
};
use crate::event::{
    Answered, EventKind, Foreign, Hello, LoginAttempt, LoginMechanism, LoginOutcome, PasswordFacts, PasswordLength,
    Port, Spoken, Status, TlsFacts, TlsFailure,
};
use crate::journal::codec::{Entry, Micros};
use crate::journal::{Row, Session, SessionEnd, StoredVerdict};

/// What a document is gathered from.
#[derive(Default)]
struct Gathered<'a> {
    hello: Option<&'a Hello>,
    tls: Option<&'a TlsFacts>,
    alerts: Vec<u8>,
    logins: Vec<Value>,
    logins_unsaid: usize,
    spoken: Vec<Value>,
    prefix: Option<String>,
    stls: bool,
    dropped: u64,
}

/// A session that is over, as one document.
pub fn session_document(
    session: &Session,
    events: &[Entry],
    verdicts: &[StoredVerdict],
    known: &Known,
    observer: &Observer,
) -> Value {
    let row = &session.row;
    let mut gathered = Gathered::default();
    for entry in events {
        gathered.hear(row.start, entry);
    }
    let worst = verdicts.iter().max_by_key(|verdict| verdict.severity);
    let mut document = json!({
        "@timestamp": timestamp(row.start),
        "ecs": { "version": ECS },
        "event": {
            "kind": "event",
            "category": if row.ok + row.failed > 0 { json!(["authentication", "network", "session"]) } else { json!(["network", "session"]) },
            "type": if row.ok == 0 && row.failed > 0 { json!(["start", "end", "denied"]) } else { json!(["start", "end"]) },
            "action": "pop3-session",
            "outcome": if row.ok > 0 { "success" } else if row.failed > 0 { "failure" } else { "unknown" },
            "dataset": "watchpost.session",
            "id": row.connection.to_string(),
            "sequence": row.first.0,
            "start": timestamp(row.start),
            "end": timestamp(Micros(row.start.0.saturating_add_unsigned(row.duration))),
            "duration": row.duration.saturating_mul(1000),
            "severity": row.severity,
            "reason": worst.map(|verdict| harmless(&verdict.subject)),
        },
        "observer": { "product": "watchpost", "version": observer.version, "hostname": harmless(&observer.hostname) },
        "network": { "transport": "tcp", "protocol": "pop3" },
        "tls": gathered.tls_document(),
        "user": { "name": row.account.as_deref().map(harmless) },
        "watchpost": gathered.own(row, verdicts),
    });
    ends(&mut document, session, known);
    without_nulls(&mut document);
    document
}

/// Who spoke with whom.
fn ends(document: &mut Value, session: &Session, known: &Known) {
    let row = &session.row;
    let Some(source) = row.source() else { return };
    document["source"] = json!({
        "ip": source.to_string(),
        "bytes": row.octets_in,
        "as": { "number": known.system, "organization": { "name": known.organization.as_deref().map(harmless) } },
        "geo": { "country_iso_code": known.country.as_deref().map(harmless) },
    });
    document["network"]["type"] = if source.is_ipv4() { "ipv4" } else { "ipv6" }.into();
    let users: Vec<Value> = row.account.as_deref().map(harmless).into_iter().collect();
    document["related"] = json!({ "ip": [source.to_string()], "user": users });
    if let Some((local, _)) = row.local {
        let ip = local.ip().to_canonical().to_string();
        document["destination"] = json!({ "ip": ip, "port": local.port(), "bytes": row.octets_out });
        if let Some(peer) = row.peer.filter(|_| !session.is_coarse) {
            document["source"]["port"] = peer.port().into();
            document["network"]["community_id"] = community_id(peer, local).into();
        }
    }
}

impl<'a> Gathered<'a> {
    fn hear(&mut self, start: Micros, entry: &'a Entry) {
        let since = entry.at.0.saturating_sub(start.0);
        // Seconds, to the millisecond; no session lasts so long that a float could not hold it.
        let time = json!(f64::from(i32::try_from(since / 1000).unwrap_or(i32::MAX)) / 1000.0);
        match &entry.kind {
            EventKind::Hello(hello) => self.hello = Some(hello),
            EventKind::Tls(facts) => self.tls = Some(facts),
            EventKind::TlsFailed(TlsFailure::PeerAlert(alert)) => self.alerts.push(*alert),
            EventKind::Command(spoken) => {
                self.stls |= spoken.verb == Some(watchpost_proto::pop3::Verb::Stls);
                self.spoken.push(command(time, spoken));
            }
            EventKind::Reply(answered) => self.spoken.push(reply(&time, answered)),
            EventKind::Login(login) if self.logins.len() < LOGINS_MAX => self.logins.push(login_document(&time, login)),
            EventKind::Login(_) => self.logins_unsaid += 1,
            EventKind::PreviousPassword { .. } => {
                if let Some(login) = self.logins.last_mut() {
                    login["pw"]["is_previous"] = true.into();
                }
            }
            EventKind::Foreign { octets, .. } => {
                let hex = octets.as_octets().iter().take(64).map(|octet| format!("{octet:02x}"));
                self.prefix = Some(hex.collect());
            }
            EventKind::Closed(summary) => self.dropped = summary.commands_dropped,
            _ => {}
        }
    }

    fn tls_document(&self) -> Value {
        let (Some(facts), hello) = (self.tls, self.hello) else {
            let client = self.hello.map(|hello| json!({ "ja3": hello.ja3 }));
            return self.hello.map_or(Value::Null, |_| json!({ "established": false, "client": client }));
        };
        let name = facts.server_name.as_ref().or(hello.and_then(|hello| hello.server_name.as_ref()));
        json!({
            "established": true,
            "version": facts.version.trim_start_matches("TLSv"),
            "version_protocol": "tls",
            "cipher": facts.suite,
            "resumed": facts.resumed,
            "next_protocol": facts.alpn.as_ref().map(shown),
            "client": { "ja3": hello.map(|hello| hello.ja3.clone()), "server_name": name.map(shown) },
        })
    }

    /// What the schema has no name for.
    fn own(&mut self, row: &Row, verdicts: &[StoredVerdict]) -> Value {
        if self.spoken.len() > SPOKEN_MAX {
            let middle = SPOKEN_MAX - SPOKEN_LAST..self.spoken.len() - SPOKEN_LAST;
            self.dropped += middle.len() as u64;
            self.spoken.drain(middle);
        }
        let mut rules: Vec<&str> = verdicts.iter().map(|verdict| verdict.rule.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        json!({
            "schema": 1,
            "listener": row.local.map(|(_, port)| if port == Port::Pop3s { "pop3s" } else { "pop3" }),
            "state_reached": row.state.map(state),
            "end_reason": row.end.word(),
            "complete": row.end != SessionEnd::Unknown && row.unrecorded == 0,
            "stls": self.stls,
            "tls": { "ja4": row.ja4, "alerts": self.alerts },
            "p3f": row.p3f,
            "rules": rules,
            "campaign": verdicts.iter().find_map(|verdict| verdict.campaign.clone()),
            "auth": self.logins,
            "auth_dropped": self.logins_unsaid,
            "commands": self.spoken,
            "commands_dropped": self.dropped,
            "raw_prefix_hex": self.prefix,
        })
    }
}

/// The state as RFC 1939 writes it.
pub(super) fn state(state: watchpost_proto::pop3::State) -> &'static str {
    match state {
        watchpost_proto::pop3::State::Authorization => "AUTHORIZATION",
        watchpost_proto::pop3::State::Transaction => "TRANSACTION",
        watchpost_proto::pop3::State::Update => "UPDATE",
    }
}

fn command(time: Value, spoken: &Spoken) -> Value {
    let mut document = Map::new();
    document.insert("t".to_owned(), time);
    document.insert("d".to_owned(), "c".into());
    if let Some(verb) = spoken.verb {
        document.insert("verb".to_owned(), verb.word().into());
    }
    document.insert("line".to_owned(), shown(&spoken.text));
    document.insert("n".to_owned(), spoken.octets.into());
    if spoken.hidden > 0 {
        document.insert("arg".to_owned(), "[redacted]".into());
    }
    document.into()
}

fn reply(time: &Value, answered: &Answered) -> Value {
    let code = match answered.status {
        Status::Ok => "+OK",
        Status::Err => "-ERR",
        Status::Challenge => "+",
    };
    let mut document = json!({ "t": time, "d": "s", "code": code, "n": answered.octets });
    if let Some(code) = answered.code {
        document["resp"] = code.word().into();
    }
    if let Some(error) = answered.error {
        document["error"] = format!("E-{error}").into();
    }
    document
}

fn login_document(time: &Value, login: &LoginAttempt) -> Value {
    let mechanism = match login.mechanism {
        LoginMechanism::User => "USER",
        LoginMechanism::Apop => "APOP",
        LoginMechanism::Sasl(mechanism) => mechanism.name(),
    };
    let result = match login.outcome {
        LoginOutcome::Accepted => "ok",
        LoginOutcome::Refused => "bad_password",
        LoginOutcome::Disabled => "disabled",
        LoginOutcome::NotAuthorizedAs => "not_authorized_as",
        LoginOutcome::InUse => "in_use",
        LoginOutcome::Unavailable => "unavailable",
    };
    json!({
        "t": time,
        "mech": mechanism,
        "user": shown(&login.name),
        "user_exists": login.account.is_some(),
        "result": result,
        "pw": login.password.map(password),
    })
}

/// What may be stored of a password: no octet of it.
fn password(facts: PasswordFacts) -> Value {
    let length = match facts.length {
        PasswordLength::Empty => "0",
        PasswordLength::To5 => "1-5",
        PasswordLength::To8 => "6-8",
        PasswordLength::To11 => "9-11",
        PasswordLength::To15 => "12-15",
        PasswordLength::Longer => "16+",
    };
    let kinds = ['l', 'u', 'd', 's', '8'];
    let classes: String =
        kinds.iter().enumerate().filter(|(bit, _)| facts.classes >> bit & 1 == 1).map(|(_, kind)| kind).collect();
    json!({
        "h": format!("{:04x}", facts.tag),
        "len_bucket": length,
        "classes": classes,
        "common": facts.common,
        "default": facts.default,
        "dup": facts.repeat,
    })
}

/// One word for what was spoken instead of POP3.
pub fn foreign_word(foreign: Foreign) -> &'static str {
    match foreign {
        Foreign::Http => "HTTP",
        Foreign::Tls => "TLS",
        Foreign::Smtp => "SMTP",
        Foreign::Imap => "IMAP",
        Foreign::Ssh => "SSH",
        Foreign::Rdp => "RDP",
        Foreign::Socks => "SOCKS",
        Foreign::Smb => "SMB",
        Foreign::Sip => "SIP",
        Foreign::JsonRpc => "JSON-RPC",
        Foreign::ClearPop3 => "POP3",
        Foreign::Text => "text",
        Foreign::Binary => "binary",
    }
}
