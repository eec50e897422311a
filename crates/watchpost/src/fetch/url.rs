//! `pop://user;AUTH=mech@host:port` (RFC 2384; C-011): a server without a configuration.
//!
//! A URL may come from anybody. It names no password, and none that is kept here goes to its server unless it is the
//! server that the password is kept for.

use aws_lc_rs::digest::{SHA256, digest};

use super::account::Account;
use super::block::Block;
use super::login::Method;
use crate::cli::{ConformTls, FetchUrlArgs};
use crate::config::ConfigErrors;
use crate::connect::Security;

/// Where the mail of an account goes that is only looked at.
const NOWHERE: &str = "pipe:exit 75";
/// The names of accounts that were made of a URL begin with it.
const NAME: &str = "url-";

/// A URL, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PopUrl {
    /// Whose maildrop.
    pub user: String,
    /// The only way to log in, if one was named: it is not replaced by another (RFC 2384 §4).
    pub method: Option<Method>,
    /// The server.
    pub host: String,
    /// Its port, if it was named.
    pub port: Option<u16>,
}

/// Why a text is no URL that we can follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAUrl {
    /// It begins with something else than `pop://`.
    Scheme,
    /// It has no user name.
    NoUser,
    /// It holds a password.
    Password,
    /// It names a mechanism that we do not have.
    Mechanism(String),
    /// It has a path, or characters that must be written with `%`.
    Form,
}

impl NotAUrl {
    /// The text for people.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Scheme => "error-url-scheme",
            Self::NoUser => "error-url-user",
            Self::Password => "error-url-password",
            Self::Mechanism(_) => "error-url-mechanism",
            Self::Form => "error-url-form",
        }
    }
}

/// Whether a word on the command line is meant as a URL.
pub fn is_url(word: &str) -> bool {
    word.contains("://")
}

impl PopUrl {
    /// Reads a URL. There is no relative form (RFC 2384 §6).
    pub fn parse(text: &str) -> Result<Self, NotAUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(NotAUrl::Scheme)?;
        if !scheme.eq_ignore_ascii_case("pop") {
            return Err(NotAUrl::Scheme);
        }
        let (who, place) = rest.rsplit_once('@').ok_or(NotAUrl::NoUser)?;
        if who.contains(['/', '?', '#']) {
            return Err(NotAUrl::Form);
        }
        let (user, auth) = match who.split_once(';') {
            Some((user, auth)) => (user, Some(auth)),
            None => (who, None),
        };
        if user.contains(':') {
            return Err(NotAUrl::Password);
        }
        let user = decoded(user)?;
        if user.is_empty() {
            return Err(NotAUrl::NoUser);
        }
        let method = auth.map(method).transpose()?.flatten();
        let (host, port) = place_of(place).ok_or(NotAUrl::Form)?;
        Ok(Self { user, method, host, port })
    }

    /// The account that it means. Stored passwords go only to the server that they are stored for: without a source on
    /// the command line, somebody is asked.
    pub fn account(
        &self,
        known: &[Account],
        said: &FetchUrlArgs,
        to: Option<&str>,
        path: &std::path::Path,
    ) -> Result<Account, ConfigErrors> {
        let same = known.iter().find(|account| self.is(account, said.tls));
        if let (Some(account), None) = (same, &said.password) {
            let mut account = account.clone();
            account.method = self.method.or(account.method);
            if let Some(to) = to {
                account.target = self.block(said, to).account(path)?.target;
            }
            return Ok(account);
        }
        self.block(said, to.unwrap_or(NOWHERE)).account(path)
    }

    /// Whether it means an account of the configuration.
    fn is(&self, account: &Account, tls: Option<ConformTls>) -> bool {
        account.host.eq_ignore_ascii_case(&self.host)
            && account.user == self.user
            && self.port.is_none_or(|port| port == account.port)
            && tls.is_none_or(|tls| security(tls) == account.security)
    }

    fn block(&self, said: &FetchUrlArgs, to: &str) -> Block {
        let usual = if self.port == Some(995) { Security::Tls } else { Security::Stls };
        let security = said.tls.map_or(usual, security);
        let port = self.port.unwrap_or(if security == Security::Tls { 995 } else { 110 });
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        Block {
            comment: String::new(),
            name: self.name(port),
            host,
            port,
            user: self.user.clone(),
            password: said.password.clone().unwrap_or_else(|| "prompt".to_owned()),
            to: to.to_owned(),
            recipient: None,
            security,
            trust: said.trust.clone(),
            auth: self.method.map(Method::word),
        }
    }

    /// The same for the same maildrop, so that its journal is found again.
    fn name(&self, port: u16) -> String {
        let identity = format!("{}@{}:{port}", self.user, self.host.to_ascii_lowercase());
        let hash = digest(&SHA256, identity.as_bytes());
        format!("{NAME}{}", data_encoding::HEXLOWER.encode(&hash.as_ref()[..8]))
    }
}

/// Whether an account was made of a URL that is only looked at.
pub fn goes_nowhere(account: &Account) -> bool {
    account.name.starts_with(NAME) && account.target.to_string() == NOWHERE
}

const fn security(tls: ConformTls) -> Security {
    match tls {
        ConformTls::None => Security::Clear,
        ConformTls::Stls => Security::Stls,
        ConformTls::Implicit => Security::Tls,
    }
}

/// What stands behind the `;` (RFC 2384 §4). `None`: any.
fn method(text: &str) -> Result<Option<Method>, NotAUrl> {
    let name = text.split_once('=').filter(|(key, _)| key.eq_ignore_ascii_case("auth")).ok_or(NotAUrl::Form)?.1;
    let name = decoded(name)?;
    if name == "*" {
        return Ok(None);
    }
    if name.eq_ignore_ascii_case("+apop") {
        return Ok(Some(Method::Apop));
    }
    let sasl = |method: &Method| !matches!(method, Method::Apop | Method::User);
    let found = Method::WORDS.iter().find(|(word, method)| word.eq_ignore_ascii_case(&name) && sasl(method));
    found.map(|(_, method)| Some(*method)).ok_or(NotAUrl::Mechanism(name))
}

/// `%40` and the like become octets; what must be written so and is not, is a mistake (RFC 2384 §8).
fn decoded(text: &str) -> Result<String, NotAUrl> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        match octet {
            b'%' => {
                let digits = [rest.next().ok_or(NotAUrl::Form)?, rest.next().ok_or(NotAUrl::Form)?];
                octets.extend(data_encoding::HEXLOWER_PERMISSIVE.decode(&digits).map_err(|_| NotAUrl::Form)?);
            }
            octet if octet.is_ascii_alphanumeric() || b"$-_.+!*'(),&=~".contains(&octet) => octets.push(octet),
            _ => return Err(NotAUrl::Form),
        }
    }
    let text = String::from_utf8(octets).map_err(|_| NotAUrl::Form)?;
    if text.contains(char::is_control) { Err(NotAUrl::Form) } else { Ok(text) }
}

/// `host`, `host:port`, `[::1]:port`.
fn place_of(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        host.parse::<std::net::Ipv6Addr>().ok()?;
        (host, if port.is_empty() { None } else { Some(port.strip_prefix(':')?) })
    } else {
        let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
        let legal = |octet: u8| octet.is_ascii_alphanumeric() || b".-_".contains(&octet);
        if host.is_empty() || !host.bytes().all(legal) {
            return None;
        }
        (host, port)
    };
    let digits =
        |port: &str| port.bytes().all(|octet| octet.is_ascii_digit()).then(|| port.parse::<u16>().ok()).flatten();
    let port = match port {
        None => None,
        Some(port) => Some(digits(port).filter(|port| *port > 0)?),
    };
    Some((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use watchpost_proto::sasl::scram::ScramHash;

    use super::*;

    fn url(user: &str, method: Option<Method>, host: &str, port: Option<u16>) -> PopUrl {
        PopUrl { user: user.into(), method, host: host.into(), port }
    }

    #[test]
    fn the_urls_of_the_rfc_and_more() {
        // C-011, RFC 2384 §7
        for (text, expected) in [
            ("pop://rg@mailsrv.qualcomm.com", url("rg", None, "mailsrv.qualcomm.com", None)),
            ("pop://rg;AUTH=+APOP@mail.eudora.com:8110", url("rg", Some(Method::Apop), "mail.eudora.com", Some(8110))),
            (
                "pop://baz;AUTH=SCRAM-SHA-256@foo.bar",
                url("baz", Some(Method::Scram(ScramHash::Sha256)), "foo.bar", None),
            ),
            ("POP://a%40b.org;auth=*@h", url("a@b.org", None, "h", None)),
            ("pop://a%3bAUTH%3D%25;AUTH=plain@[::1]:995", url("a;AUTH=%", Some(Method::Plain), "::1", Some(995))),
            ("pop://%E3%81%82@h", url("あ", None, "h", None)),
        ] {
            assert_eq!(PopUrl::parse(text), Ok(expected), "{text}");
        }
        for (text, why) in [
            ("alice@h", NotAUrl::Scheme),
            ("//alice@h", NotAUrl::Scheme),
            ("pop3://alice@h", NotAUrl::Scheme),
            ("pop://h", NotAUrl::NoUser),
            ("pop://@h", NotAUrl::NoUser),
            ("pop://;AUTH=*@h", NotAUrl::NoUser),
            ("pop://alice:secret@h", NotAUrl::Password),
            ("pop://alice;AUTH=KERBEROS_V4@h", NotAUrl::Mechanism("KERBEROS_V4".into())),
            ("pop://alice;AUTH=USER@h", NotAUrl::Mechanism("USER".into())),
            ("pop://alice;MODE=x@h", NotAUrl::Form),
            ("pop://alice@h/INBOX", NotAUrl::Form),
            ("pop://alice@h?x", NotAUrl::Form),
            ("pop://alice@h:0", NotAUrl::Form),
            ("pop://alice@h:+1", NotAUrl::Form),
            ("pop://alice@h:65536", NotAUrl::Form),
            ("pop://a%4@h", NotAUrl::Form),
            ("pop://a%0d%0aDELE%201@h", NotAUrl::Form),
            ("pop://a%ff@h", NotAUrl::Form),
            ("pop://a b@h", NotAUrl::Form),
            ("pop://alice@[::g]", NotAUrl::Form),
        ] {
            assert_eq!(PopUrl::parse(text), Err(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_user_name_that_can_be_said_survives_its_url(user in "[ -~あ-んé]{1,30}", port in 1_u16..) {
            let encoded = user.bytes().fold(String::new(), |text, octet| text + &format!("%{octet:02X}"));
            let read = PopUrl::parse(&format!("pop://{encoded}@h:{port}")).unwrap();
            prop_assert_eq!(read, url(&user, None, "h", Some(port)));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(pop://)?.{0,60}") {
            let _ = PopUrl::parse(&text);
        }
    }
}
