//! What TLS has agreed on, which certificates the server showed, and everything that is wrong with them.

use std::time::{Duration, SystemTime};

use rustls::CertificateError;
use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use watchpost_observatory::Untrusted;
use x509_parser::prelude::{ASN1Time, FromDer, GeneralName, X509Certificate};
use x509_parser::public_key::PublicKey;

use crate::connect::{ConnectError, Connector, Link, Pin, Trust};
use crate::i18n::{Texts, Value as Variable};

/// Characters of a name that are shown.
const SHOWN_MAX: usize = 256;
/// Certificates and names of one that are shown.
const CHAIN_MAX: usize = 8;
const NAMES_MAX: usize = 16;

/// What is wrong with the certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It was valid until then.
    Expired(String),
    /// It is valid from then on.
    NotYet(String),
    /// It is for other names than the one that was asked for.
    WrongName { wanted: String, has: String },
    /// It has signed itself, and nobody else stands up for it.
    SelfSigned,
    /// Nobody who is trusted has signed it.
    UnknownIssuer(String),
    /// Something else.
    Other(String),
}

impl Trouble {
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Expired(_) => "expired",
            Self::NotYet(_) => "not-yet-valid",
            Self::WrongName { .. } => "wrong-name",
            Self::SelfSigned => "self-signed",
            Self::UnknownIssuer(_) => "unknown-issuer",
            Self::Other(_) => "other",
        }
    }

    pub(super) fn text(&self, texts: &Texts) -> String {
        let one = |id, name, value: &str| texts.format(id, &[(name, value.into())]);
        match self {
            Self::Expired(until) => one("conversation-trouble-expired", "until", until),
            Self::NotYet(from) => one("conversation-trouble-not-yet", "from", from),
            Self::WrongName { wanted, has } => {
                let none = texts.text("conversation-none");
                let has = if has.is_empty() { none.as_str() } else { has.as_str() };
                let variables: [(&str, Variable<'_>); 2] = [("wanted", wanted.as_str().into()), ("has", has.into())];
                texts.format("conversation-trouble-name", &variables)
            }
            Self::SelfSigned => texts.text("conversation-trouble-self-signed"),
            Self::UnknownIssuer(issuer) => one("conversation-trouble-issuer", "issuer", issuer),
            Self::Other(cause) => one("conversation-trouble-other", "cause", cause),
        }
    }
}

/// A certificate for people. Everything in it is chosen by the peer, and harmless here.
pub(super) struct Shown {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) key: String,
    pub(super) names: Vec<String>,
}

/// A handshake for people.
pub(super) struct Summary {
    pub(super) version: String,
    pub(super) suite: String,
    pub(super) group: String,
    pub(super) alpn: Option<String>,
    /// The name that was sent; `None` for an address.
    pub(super) sni: Option<String>,
    pub(super) resumed: bool,
    pub(super) retried: bool,
    pub(super) pin: Option<Pin>,
    pub(super) chain: Vec<Shown>,
    pub(super) troubles: Vec<Trouble>,
}

impl Summary {
    /// Of a link that has TLS.
    pub(super) fn of(link: &Link, connector: &Connector, trust: &Trust, now: SystemTime) -> Option<Self> {
        let tls = link.tls()?;
        let host = &connector.target().host;
        let shown = tls.peer_certificates().unwrap_or_default();
        let suite = tls.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
        let kind = tls.handshake_kind();
        Some(Self {
            version: match tls.protocol_version() {
                Some(rustls::ProtocolVersion::TLSv1_3) => "TLS 1.3".into(),
                Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2".into(),
                other => format!("{other:?}"),
            },
            // As IANA writes it: rustls says TLS13_ where the registry says TLS_.
            suite: suite.unwrap_or_default().replace("TLS13_", "TLS_"),
            group: tls.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name())).unwrap_or_default(),
            alpn: tls.alpn_protocol().map(|name| Untrusted::new(name).to_string()),
            sni: host.parse::<std::net::IpAddr>().is_err().then(|| host.clone()),
            resumed: kind == Some(rustls::HandshakeKind::Resumed),
            retried: kind == Some(rustls::HandshakeKind::FullWithHelloRetryRequest),
            pin: link.pin(),
            chain: shown.iter().take(CHAIN_MAX).filter_map(described).collect(),
            troubles: troubles(link, connector, trust, now),
        })
    }

    pub(super) fn as_json(&self) -> Value {
        let certificate = |shown: &Shown| {
            json!({
                "subject": shown.subject, "issuer": shown.issuer, "not_before": shown.from, "not_after": shown.until,
                "key": shown.key, "names": shown.names,
            })
        };
        json!({
            "version": self.version, "cipher_suite": self.suite, "group": self.group, "alpn": self.alpn,
            "sni": self.sni, "resumed": self.resumed, "hello_retry": self.retried,
            "spki_pin": self.pin.map(|pin| pin.to_string()),
            "chain": self.chain.iter().map(certificate).collect::<Vec<_>>(),
            "troubles": self.troubles.iter().map(Trouble::word).collect::<Vec<_>>(),
        })
    }
}

fn harmless(text: &str) -> String {
    Untrusted::new(text).as_line(SHOWN_MAX)
}

fn date(time: ASN1Time) -> String {
    let date = time.to_datetime();
    format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
}

fn described(certificate: &CertificateDer<'_>) -> Option<Shown> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let name = |name: &x509_parser::x509::X509Name<'_>| {
        let text = name.to_string();
        if text.is_empty() { "(no name)".to_owned() } else { harmless(&text) }
    };
    Some(Shown {
        subject: name(parsed.subject()),
        issuer: name(parsed.issuer()),
        from: date(parsed.validity().not_before),
        until: date(parsed.validity().not_after),
        key: key(&parsed),
        names: names(&parsed),
    })
}

/// The kind of key and its bits.
fn key(certificate: &X509Certificate<'_>) -> String {
    let info = certificate.public_key();
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA {}", key.key_size()),
        Ok(PublicKey::EC(point)) => format!("EC {}", point.key_size()),
        _ if info.algorithm.algorithm.to_id_string() == "1.3.101.112" => "Ed25519".into(),
        _ => info.algorithm.algorithm.to_id_string(),
    }
}

/// The names it is for.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(harmless(name)),
        GeneralName::IPAddress([a, b, c, d]) => Some(format!("{a}.{b}.{c}.{d}")),
        GeneralName::IPAddress(octets) => {
            <[u8; 16]>::try_from(*octets).ok().map(|octets| std::net::Ipv6Addr::from(octets).to_string())
        }
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).take(NAMES_MAX).collect()
}

/// Everything that is wrong: a verifier stops at the first mistake, and its reader wants to know them all.
fn troubles(link: &Link, connector: &Connector, trust: &Trust, now: SystemTime) -> Vec<Trouble> {
    let shown = link.tls().and_then(|tls| tls.peer_certificates()).unwrap_or_default();
    let mut found = Vec::new();
    let Some(first) = shown.first() else { return vec![Trouble::Other("the server showed none".into())] };
    let Err(verdict) = connector.verdict(link, trust, now) else { return found };
    let Ok((_, parsed)) = X509Certificate::from_der(first) else { return vec![Trouble::Other(verdict.to_string())] };
    let validity = parsed.validity();
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let begin = u64::try_from(validity.not_before.timestamp()).unwrap_or(0);
    if u64::try_from(validity.not_after.timestamp()).unwrap_or(0) < seconds {
        found.push(Trouble::Expired(date(validity.not_after)));
    }
    if begin > seconds {
        found.push(Trouble::NotYet(date(validity.not_before)));
    }
    let when_valid = if found.is_empty() { now } else { SystemTime::UNIX_EPOCH + Duration::from_secs(begin + 1) };
    match connector.verdict(link, trust, when_valid) {
        Ok(()) => {}
        Err(ConnectError::Certificate(error)) => match *error {
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => {}
            // The last two: somebody of the issuer's name is trusted, who has another key.
            rustls::Error::InvalidCertificate(
                CertificateError::UnknownIssuer
                | CertificateError::BadSignature
                | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
            ) => {
                let own = parsed.subject() == parsed.issuer();
                let issuer = harmless(&parsed.issuer().to_string());
                found.push(if own { Trouble::SelfSigned } else { Trouble::UnknownIssuer(issuer) });
            }
            rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })
                if !found.is_empty() => {}
            error => found.push(Trouble::Other(error.to_string())),
        },
        Err(error) => found.push(Trouble::Other(error.to_string())),
    }
    if !is_for(first, &connector.target().host) {
        let has = names(&parsed).join(", ");
        found.push(Trouble::WrongName { wanted: connector.target().host.clone(), has });
    }
    found
}

fn is_for(certificate: &CertificateDer<'_>, host: &str) -> bool {
    let Ok(name) = rustls::pki_types::ServerName::try_from(host) else { return false };
    let parsed = rustls::server::ParsedCertificate::try_from(certificate);
    parsed.is_ok_and(|parsed| rustls::client::verify_server_name(&parsed, &name).is_ok())
}
