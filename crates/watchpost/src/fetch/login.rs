//! Which way to log in, of those that the server offers and the account allows (C-040), and what a refusal means (C-048).

use watchpost_observatory::Untrusted;
use watchpost_proto::Password;
use watchpost_proto::pop3::ResponseCode;
use watchpost_proto::pop3::client::{Capabilities, Command};
use watchpost_proto::sasl::scram::{Binding, ScramClient, ScramHash};
use watchpost_proto::sasl::{Initiator, LoginStep};

use super::account::Account;
use super::exchange::{Reply, ask};
use super::secret::Secret;
use crate::connect::{Client, ConnectError, Security};

/// Random octets of a nonce.
const NONCE_OCTETS: usize = 18;

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// SCRAM with channel binding.
    ScramPlus(ScramHash),
    /// SCRAM without.
    Scram(ScramHash),
    /// The client certificate.
    External,
    /// RFC 7628.
    OAuthBearer,
    /// Google's and Microsoft's form of it.
    XOauth2,
    /// RFC 4616.
    Plain,
    /// LOGIN of SASL.
    Login,
    /// USER and PASS (RFC 1939 §7).
    User,
    /// RFC 2195; only when named.
    CramMd5,
    /// RFC 1939 §7; only when named.
    Apop,
}

impl Method {
    /// As configurations name them.
    pub const WORDS: [(&'static str, Self); 12] = [
        ("scram-sha-256-plus", Self::ScramPlus(ScramHash::Sha256)),
        ("scram-sha-256", Self::Scram(ScramHash::Sha256)),
        ("scram-sha-1-plus", Self::ScramPlus(ScramHash::Sha1)),
        ("scram-sha-1", Self::Scram(ScramHash::Sha1)),
        ("external", Self::External),
        ("oauthbearer", Self::OAuthBearer),
        ("xoauth2", Self::XOauth2),
        ("plain", Self::Plain),
        ("login", Self::Login),
        ("user", Self::User),
        ("cram-md5", Self::CramMd5),
        ("apop", Self::Apop),
    ];

    /// As configurations name it.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, method)| *method == self).map_or("?", |(word, _)| word)
    }
}

/// What there is to prove who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A password.
    Password,
    /// An access token.
    Token,
    /// A client certificate.
    Certificate,
}

/// UTF8 mode (RFC 6856): whether messages come as they are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Utf8 {
    /// Not asked for, or refused.
    #[default]
    Off,
    /// The server is in it.
    On,
    /// It is not, and has refused a message because of that (C-052).
    Wanted,
    /// The same was so in an earlier session: it is asked for wherever it is announced.
    Insisted,
}

/// Why we are not logged in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The server says that the name or the password is wrong. Asking again changes nothing.
    #[error("the server does not accept the user name or the password: {0}")]
    Credentials(Untrusted),
    /// Another session is open, or the server has troubles of its own, or we came too soon.
    #[error("the server cannot let us in now: {0}")]
    Later(Untrusted),
    /// The server needs its administrator.
    #[error("the server says that its administrator must act: {0}")]
    Server(Untrusted),
    /// Nothing that it offers is allowed here.
    #[error("the server offers no way to log in that we can use: it has {0}")]
    NothingOffered(Untrusted),
    /// The name or password cannot be said that way.
    #[error("the user name or password cannot be sent: {0}")]
    Unsayable(String),
    /// The connection broke, or must not be used.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

/// The best way that is offered. `bindable`: whether the connection gives data to bind to.
pub fn choose(offered: &Capabilities, proof: Proof, named: Option<Method>, bindable: bool) -> Option<Method> {
    if let Some(method) = named {
        return Some(method);
    }
    let sasl = offered.arguments("SASL").unwrap_or_default();
    let has = |name: &str| sasl.split(' ').any(|word| word.eq_ignore_ascii_case(name));
    let ways: &[Method] = match proof {
        Proof::Certificate => &[Method::External],
        Proof::Token => &[Method::OAuthBearer, Method::XOauth2],
        Proof::Password => &[
            Method::ScramPlus(ScramHash::Sha256),
            Method::Scram(ScramHash::Sha256),
            Method::ScramPlus(ScramHash::Sha1),
            Method::Scram(ScramHash::Sha1),
            Method::Plain,
        ],
    };
    let name = |method: Method| match method {
        Method::ScramPlus(hash) => hash.mechanism_plus(),
        Method::Scram(hash) => hash.mechanism(),
        Method::External => "EXTERNAL",
        Method::OAuthBearer => "OAUTHBEARER",
        Method::XOauth2 => "XOAUTH2",
        _ => "PLAIN",
    };
    let usable = |method: &Method| has(name(*method)) && (bindable || !matches!(method, Method::ScramPlus(_)));
    if let Some(method) = ways.iter().copied().find(usable) {
        return Some(method);
    }
    if proof != Proof::Password {
        return None;
    }
    // RFC 2449 §6.2: a server that has CAPA says USER; one that has not has USER.
    if offered.has("USER") || offered.lines().is_empty() {
        return Some(Method::User);
    }
    has("LOGIN").then_some(Method::Login)
}

/// Logs in.
pub async fn log_in(
    client: &mut Client,
    account: &Account,
    secret: &Secret,
    utf8: &mut Utf8,
) -> Result<Method, LoginError> {
    let offered = client.session().capabilities().clone();
    let insisted = *utf8 == Utf8::Insisted;
    if offered.has("UTF8") && (account.security != Security::Clear || insisted) {
        // Messages then come as they are stored, and names may go beyond ASCII (RFC 6856 §2). A refusal changes nothing.
        let reply = ask(client, &Command::Utf8).await?;
        *utf8 = if reply.is_ok() { Utf8::On } else { *utf8 };
    } else if !insisted {
        *utf8 = Utf8::Off;
    }
    let binding = client.channel_binding();
    let method = choose(&offered, secret.proof(), account.method, binding.is_some());
    let method =
        method.ok_or_else(|| LoginError::NothingOffered(Untrusted::new(offered.lines().join(", ").as_bytes())))?;
    let name = account.user.clone();
    let password = secret.expose().clone();
    let initiator = match method {
        Method::User => return user(client, name, password, &offered).await.map(|()| method),
        Method::Apop => {
            let reply = ask(client, &Command::Apop { name, password }).await?;
            return believed(reply, &offered).map(|()| method);
        }
        Method::ScramPlus(hash) => {
            let binding = binding.ok_or_else(|| LoginError::Unsayable("there is no TLS to bind to".into()))?;
            scram(hash, &name, &password, Binding::Bound(binding))?
        }
        Method::Scram(hash) => {
            let sasl = offered.arguments("SASL").unwrap_or_default();
            let plus = sasl.split(' ').any(|word| word.eq_ignore_ascii_case(hash.mechanism_plus()));
            // C-046: able to bind, and not offered.
            let able = binding.is_some() && !plus;
            scram(hash, &name, &password, if able { Binding::NotOffered } else { Binding::Unable })?
        }
        Method::External => Initiator::External { acting_as: name },
        Method::OAuthBearer => {
            let (host, port) = (account.host.clone(), account.port);
            Initiator::OAuthBearer { name, token: password, host, port, failure: None }
        }
        Method::XOauth2 => Initiator::XOauth2 { name, token: password, failure: None },
        Method::Plain => Initiator::Plain { name, password },
        Method::Login => Initiator::Login { name, password, step: LoginStep::default() },
        Method::CramMd5 => Initiator::CramMd5 { name, password },
    };
    let ticket = client.authenticate(initiator)?;
    let reply = super::exchange::reply_to(client, ticket).await?;
    believed(reply, &offered).map(|()| method)
}

/// USER and PASS, in one flight where TLS and PIPELINING allow it (C-050); else no PASS behind a refused USER (C-049).
async fn user(client: &mut Client, name: String, password: Password, offered: &Capabilities) -> Result<(), LoginError> {
    let first = client.submit(&Command::User(name))?;
    let second = client.submit(&Command::Pass(password.clone())).ok();
    believed(super::exchange::reply_to(client, first).await?, offered)?;
    let second = match second {
        Some(ticket) => ticket,
        None => client.submit(&Command::Pass(password))?,
    };
    believed(super::exchange::reply_to(client, second).await?, offered)
}

/// What a refusal means (C-048).
fn believed(reply: Reply, offered: &Capabilities) -> Result<(), LoginError> {
    let Err((meaning, text)) = reply else { return Ok(()) };
    Err(match meaning {
        Some(ResponseCode::InUse | ResponseCode::LoginDelay | ResponseCode::SysTemp) => LoginError::Later(text),
        Some(ResponseCode::SysPerm) => LoginError::Server(text),
        // A server that says [AUTH] when it means the password, and has not said it, means something else (RFC 3206 §6).
        None if offered.has("AUTH-RESP-CODE") => LoginError::Later(text),
        Some(ResponseCode::Auth | ResponseCode::Utf8) | None => LoginError::Credentials(text),
    })
}

/// The client of an exchange of SCRAM, with a new nonce.
pub fn scram(hash: ScramHash, name: &str, password: &Password, binding: Binding) -> Result<Initiator, LoginError> {
    let mut random = [0; NONCE_OCTETS];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| LoginError::Unsayable("no random numbers".into()))?;
    let nonce = data_encoding::BASE64.encode(&random);
    let client = ScramClient::new(hash, name, password, &nonce, binding);
    client.map(|client| Initiator::Scram(Box::new(client))).map_err(|error| LoginError::Unsayable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use watchpost_proto::pop3::client::{Channel, Limits, Session};

    use super::*;

    /// What a server announces.
    fn offered(lines: &str) -> Capabilities {
        let mut session = Session::new(Limits::default(), Channel::Tls);
        session.input(b"+OK\r\n").unwrap();
        session.submit(&Command::Capa).unwrap();
        let wire = format!("+OK\r\n{lines}.\r\n");
        let mut wire = wire.as_bytes();
        while !wire.is_empty() {
            wire = &wire[session.input(wire).unwrap().used..];
        }
        session.capabilities().clone()
    }

    #[test]
    fn the_best_that_is_offered_and_allowed_is_chosen() {
        // C-040, C-046
        use Method::{External, Login, OAuthBearer, Plain, Scram, ScramPlus, User, XOauth2};
        let all = "SASL LOGIN PLAIN SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS CRAM-MD5\r\nUSER\r\n";
        let of = |lines, bindable| choose(&offered(lines), Proof::Password, None, bindable);
        assert_eq!(of(all, true), Some(ScramPlus(ScramHash::Sha256)));
        assert_eq!(of(all, false), Some(Scram(ScramHash::Sha256)));
        assert_eq!(of("SASL PLAIN SCRAM-SHA-1\r\n", true), Some(Scram(ScramHash::Sha1)));
        assert_eq!(of("SASL PLAIN LOGIN CRAM-MD5\r\nUSER\r\n", true), Some(Plain));
        assert_eq!(of("SASL CRAM-MD5\r\nUSER\r\n", true), Some(User), "CRAM-MD5 only when named");
        assert_eq!(of("SASL login\r\n", true), Some(Login));
        assert_eq!(of("", true), Some(User), "no CAPA, no SASL");
        assert_eq!(of("SASL CRAM-MD5\r\n", true), None);
        let token = |lines| choose(&offered(lines), Proof::Token, None, true);
        assert_eq!(token("SASL PLAIN XOAUTH2 OAUTHBEARER\r\n"), Some(OAuthBearer));
        assert_eq!(token("SASL PLAIN XOAUTH2\r\n"), Some(XOauth2));
        assert_eq!(token("SASL PLAIN\r\nUSER\r\n"), None, "a token is no password");
        assert_eq!(choose(&offered("SASL EXTERNAL\r\n"), Proof::Certificate, None, true), Some(External));
        // A method that is named is not replaced.
        assert_eq!(choose(&offered(all), Proof::Password, Some(Method::Apop), true), Some(Method::Apop));
        assert!(Method::WORDS.iter().all(|(word, method)| method.word() == *word));
    }
}
