//! `login NAME [METHOD]`: the best way that the server offers, each line of it shown and explained.

use data_encoding::BASE64;
use watchpost_observatory::Untrusted;
use watchpost_proto::pop3::State;
use watchpost_proto::sasl::scram::Binding;
use watchpost_proto::sasl::{Initiator, LoginStep};
use watchpost_proto::{ApopDigest, Password};
use zeroize::Zeroizing;

use super::conversation::{Conversation, Stop};
use super::output::Kind;
use super::typed::{MASK, Typed};
use crate::cli::ExitCode;
use crate::connect::Link;
use crate::fetch::login::{Method, Proof, choose, scram};

/// Octets of a command line at the most, its CRLF counted (RFC 2449 §4).
const COMMAND_MAX: usize = 255;
/// More challenges than any mechanism here has.
const CHALLENGES_MAX: usize = 6;

impl Conversation<'_> {
    /// Logs in. What goes wrong is said, and the session goes on.
    pub(super) async fn log_in(&mut self, name: Option<String>, method: Option<String>) -> Result<(), Stop> {
        if self.known.state != State::Authorization {
            self.say_note(Kind::Oddity, "conversation-login-already", &[]);
            return Ok(());
        }
        let Some(name) = name else {
            self.say_note(Kind::Oddity, "conversation-login-name", &[]);
            return Ok(());
        };
        let named = match &method {
            None => None,
            Some(word) => {
                if let Some((_, method)) = Method::WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)) {
                    Some(*method)
                } else {
                    let words: Vec<&str> = Method::WORDS.iter().map(|(word, _)| *word).collect();
                    let words = ("methods", words.join(", ").into());
                    self.say_note(Kind::Oddity, "conversation-login-unknown", &[words]);
                    return Ok(());
                }
            }
        };
        if self.known.capabilities.is_none() {
            self.say_note(Kind::Meaning, "conversation-login-asks", &[]);
            self.say(&Typed::new("CAPA", self.known.moment)).await?;
        }
        let offered = self.known.capabilities.clone().unwrap_or_default();
        let bindable = self.wire.link().and_then(Link::channel_binding).is_some();
        let Some(method) = choose(&offered, Proof::Password, named, bindable) else {
            self.say_note(Kind::Oddity, "conversation-login-nothing", &[]);
            return Ok(());
        };
        let why = if named.is_some() { "conversation-login-named" } else { "conversation-login-chosen" };
        self.say_note(Kind::Meaning, why, &[("method", method.word().to_uppercase().into())]);
        self.say_note(Kind::Meaning, meaning_of(method), &[]);
        if !self.may_be_said()? {
            return Ok(());
        }
        let password = match self.secrets.password(self.talk) {
            Ok(password) => password,
            Err(failure) if self.input.is_terminal() => {
                self.output.note(Kind::Oddity, &failure.text, None);
                return Ok(());
            }
            Err(failure) => return Err(Stop::Failed(failure)),
        };
        self.by_method(method, &name, &password).await
    }

    async fn by_method(&mut self, method: Method, name: &str, password: &Password) -> Result<(), Stop> {
        match method {
            Method::User => {
                self.say(&Typed::new(&format!("USER {name}"), self.known.moment)).await?;
                if !self.known.moment.after_user {
                    return Ok(());
                }
                let secret = String::from_utf8_lossy(password.expose()).into_owned();
                self.say(&Typed::new(&format!("PASS {}", Zeroizing::new(secret).as_str()), self.known.moment)).await
            }
            Method::Apop => {
                let Some(timestamp) = &self.known.timestamp else {
                    self.say_note(Kind::Oddity, "conversation-apop-impossible", &[]);
                    return Ok(());
                };
                let digest = ApopDigest::of(timestamp, password.expose());
                let digest = String::from_utf8_lossy(digest.digits()).into_owned();
                self.say(&Typed::new(&format!("APOP {name} {digest}"), self.known.moment)).await
            }
            method => match self.initiator(method, name, password) {
                Ok(initiator) => self.by_sasl(initiator).await,
                Err(text) => {
                    self.output.note(Kind::Oddity, &text, None);
                    Ok(())
                }
            },
        }
    }

    fn initiator(&self, method: Method, name: &str, password: &Password) -> Result<Initiator, String> {
        let (binding, sasl) = (self.wire.link().and_then(Link::channel_binding), self.known.capabilities.as_ref());
        let sasl = sasl.and_then(|capabilities| capabilities.arguments("SASL")).unwrap_or_default();
        let offers = |name: &str| sasl.split(' ').any(|word| word.eq_ignore_ascii_case(name));
        let target = self.connector.target();
        let (name, password) = (name.to_owned(), password.clone());
        Ok(match method {
            Method::ScramPlus(hash) => {
                let binding = binding.ok_or_else(|| self.talk.texts.text("conversation-login-unbound"))?;
                scram(hash, &name, &password, Binding::Bound(binding)).map_err(|error| error.to_string())?
            }
            Method::Scram(hash) => {
                let able = binding.is_some() && !offers(hash.mechanism_plus());
                let binding = if able { Binding::NotOffered } else { Binding::Unable };
                scram(hash, &name, &password, binding).map_err(|error| error.to_string())?
            }
            Method::External => Initiator::External { acting_as: name },
            Method::OAuthBearer => {
                let (host, port) = (target.host.clone(), target.port);
                Initiator::OAuthBearer { name, token: password, host, port, failure: None }
            }
            Method::XOauth2 => Initiator::XOauth2 { name, token: password, failure: None },
            Method::Login => Initiator::Login { name, password, step: LoginStep::default() },
            Method::CramMd5 => Initiator::CramMd5 { name, password },
            Method::Plain | Method::User | Method::Apop => Initiator::Plain { name, password },
        })
    }

    /// AUTH and its rounds (RFC 5034 §4). The initial response goes along where the line stays within 255 octets.
    async fn by_sasl(&mut self, mut initiator: Initiator) -> Result<(), Stop> {
        let mechanism = initiator.mechanism();
        let mut waiting = initiator.initial();
        let mut line = Zeroizing::new(format!("AUTH {mechanism}"));
        if let Some(initial) = &waiting {
            let encoded = Zeroizing::new(BASE64.encode(initial));
            if line.len() + encoded.len() + 3 <= COMMAND_MAX && self.known.announces("SASL") == Some(true) {
                let shown = self.readable(mechanism, initial);
                line.push(' ');
                line.push_str(if encoded.is_empty() { "=" } else { &encoded });
                waiting = None;
                self.aside = Some(self.talk.texts.format("conversation-sasl-says", &[("said", shown.into())]));
                self.say(&Typed::new(&line, self.known.moment)).await?;
            }
        }
        if waiting.is_some() || initiator.initial().is_none() {
            self.say(&Typed::new(&line, self.known.moment)).await?;
        }
        for _ in 0..CHALLENGES_MAX {
            if !self.known.moment.exchange {
                break;
            }
            let challenge = self.last.get(2..).unwrap_or_default().to_vec();
            let answer = match waiting.take() {
                Some(initial) => Ok(initial),
                None => BASE64
                    .decode(&challenge)
                    .map_err(|_| ())
                    .and_then(|challenge| initiator.respond(&challenge).map_err(|_| ())),
            };
            let (line, shown) = match answer {
                Ok(answer) => (Zeroizing::new(BASE64.encode(&answer)), self.readable(mechanism, &answer)),
                // RFC 5034 §4: `*` ends an exchange.
                Err(()) => (Zeroizing::new("*".to_owned()), self.talk.texts.text("conversation-sasl-given-up")),
            };
            self.aside = Some(self.talk.texts.format("conversation-sasl-says", &[("said", shown.into())]));
            self.say(&Typed::new(&line, self.known.moment)).await?;
        }
        if self.known.state == State::Transaction && !initiator.is_satisfied() {
            return Err(self.failed(ExitCode::DataError, "error-talk-unproved"));
        }
        if self.known.state == State::Transaction && mechanism.starts_with("SCRAM") {
            self.say_note(Kind::Meaning, "conversation-sasl-proved", &[]);
        }
        Ok(())
    }

    /// What a message of an exchange says, without what proves it.
    fn readable(&self, mechanism: &str, message: &[u8]) -> String {
        if message.is_empty() {
            return self.talk.texts.text("conversation-sasl-nothing");
        }
        let text = String::from_utf8_lossy(message);
        match mechanism {
            "PLAIN" => {
                let parts: Vec<&str> = text.split('\0').collect();
                let name = parts.get(1).copied().unwrap_or_default();
                format!("NUL {} NUL {MASK}", Untrusted::new(name))
            }
            "EXTERNAL" => Untrusted::new(message).to_string(),
            _ if mechanism.starts_with("SCRAM") => {
                let open = |part: &str| {
                    if part.starts_with("p=") && text.starts_with("c=") { format!("p={MASK}") } else { part.to_owned() }
                };
                let parts: Vec<String> = text.split(',').map(open).collect();
                Untrusted::new(parts.join(",")).as_line(COMMAND_MAX)
            }
            "CRAM-MD5" => {
                let name = text.rsplit_once(' ').map_or("", |(name, _)| name);
                format!("{} {MASK}", Untrusted::new(name))
            }
            _ => MASK.to_owned(),
        }
    }
}

/// What a way of logging in tells those who read along, and the server.
const fn meaning_of(method: Method) -> &'static str {
    match method {
        Method::ScramPlus(_) => "conversation-method-scram-plus",
        Method::Scram(_) => "conversation-method-scram",
        Method::External => "conversation-method-external",
        Method::OAuthBearer | Method::XOauth2 => "conversation-method-bearer",
        Method::Plain => "conversation-method-plain",
        Method::Login => "conversation-method-login",
        Method::User => "conversation-method-user",
        Method::CramMd5 => "conversation-method-cram",
        Method::Apop => "conversation-method-apop",
    }
}
