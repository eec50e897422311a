//! The client of SCRAM.

use std::fmt;
use std::num::NonZeroU32;

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::{
    ChannelBinding, ITERATIONS_MAX, ITERATIONS_MIN, ScramError, ScramHash, attribute, equal, escaped, is_nonce, text,
    xor,
};
use crate::credentials::{Password, prepared};

/// What the client says of channel binding (RFC 5802 §6; C-046).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `n`: it cannot bind: there is no TLS, or none that gives the data.
    Unable,
    /// `y`: it could, but the server has not offered it. A server that has will notice the attack.
    NotOffered,
    /// `p`: it binds, with one of the -PLUS mechanisms.
    Bound(ChannelBinding),
}

impl Binding {
    fn header(&self) -> String {
        match self {
            Self::Unable => "n,,".to_owned(),
            Self::NotOffered => "y,,".to_owned(),
            Self::Bound(binding) => format!("p={},,", binding.kind.name()),
        }
    }

    fn data(&self) -> &[u8] {
        match self {
            Self::Unable | Self::NotOffered => &[],
            Self::Bound(binding) => &binding.data,
        }
    }
}

enum State {
    /// The server's first message is next.
    First,
    /// Its last is next, and must carry this.
    Last {
        signature: Zeroizing<Vec<u8>>,
    },
    Verified,
    Failed,
}

/// The client of one exchange. Its `Debug` shows neither name nor password.
pub struct ScramClient {
    hash: ScramHash,
    binding: Binding,
    nonce: String,
    /// `n=name,r=nonce`.
    first_bare: String,
    password: Zeroizing<Vec<u8>>,
    state: State,
}

impl ScramClient {
    /// Begins. `nonce`: at least 18 random octets in printable characters without a comma, never used before.
    pub fn new(
        hash: ScramHash,
        name: &str,
        password: &Password,
        nonce: &str,
        binding: Binding,
    ) -> Result<Self, ScramError> {
        let name = prepared(name.as_bytes()).ok_or(ScramError::Prohibited)?;
        let name = std::str::from_utf8(&name).map_err(|_| ScramError::Prohibited)?;
        let password = prepared(password.expose()).ok_or(ScramError::Prohibited)?;
        let sayable = !name.is_empty() && !name.contains(char::is_control) && !password.is_empty() && is_nonce(nonce);
        if !sayable {
            return Err(ScramError::Prohibited);
        }
        let first_bare = format!("n={},r={nonce}", escaped(name));
        Ok(Self { hash, binding, nonce: nonce.to_owned(), first_bare, password, state: State::First })
    }

    /// The registered name of the mechanism.
    pub fn mechanism(&self) -> &'static str {
        match self.binding {
            Binding::Bound(_) => self.hash.mechanism_plus(),
            Binding::Unable | Binding::NotOffered => self.hash.mechanism(),
        }
    }

    /// The first message: the initial response.
    pub fn first(&self) -> Vec<u8> {
        format!("{}{}", self.binding.header(), self.first_bare).into_bytes()
    }

    /// The answer to a message of the server. The answer to its last message is empty.
    pub fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, ScramError> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::First => self.prove(text(challenge)?),
            State::Last { signature } => {
                let mut parts = text(challenge)?.split(',');
                // `e=` says that the proof was not accepted (RFC 5802 §5.1).
                let value = parts.next().and_then(|part| part.strip_prefix("v=")).ok_or(ScramError::NotVerified)?;
                let shown = BASE64.decode(value.as_bytes()).map_err(|_| ScramError::Malformed)?;
                if !equal(&shown, &signature) {
                    return Err(ScramError::NotVerified);
                }
                self.state = State::Verified;
                Ok(Zeroizing::default())
            }
            State::Verified | State::Failed => Err(ScramError::Malformed),
        }
    }

    /// Whether the server has proved that it knows the password (C-045).
    pub fn is_verified(&self) -> bool {
        matches!(self.state, State::Verified)
    }

    fn prove(&mut self, server_first: &str) -> Result<Zeroizing<Vec<u8>>, ScramError> {
        let mut parts = server_first.split(',');
        let nonce = attribute(parts.next(), "r")?;
        let salt = BASE64.decode(attribute(parts.next(), "s")?.as_bytes()).map_err(|_| ScramError::Malformed)?;
        let iterations = attribute(parts.next(), "i")?.parse().map_err(|_| ScramError::Iterations)?;
        // What follows are extensions that need not be understood.
        let foreign = nonce.strip_prefix(self.nonce.as_str()).filter(|rest| is_nonce(rest));
        if foreign.is_none() {
            return Err(ScramError::WrongNonce);
        }
        if !(ITERATIONS_MIN..=ITERATIONS_MAX).contains(&iterations) {
            return Err(ScramError::Iterations);
        }
        let iterations = NonZeroU32::new(iterations).ok_or(ScramError::Iterations)?;
        let bound = [self.binding.header().as_bytes(), self.binding.data()].concat();
        let without_proof = format!("c={},r={nonce}", BASE64.encode(&bound));
        let said = format!("{},{server_first},{without_proof}", self.first_bare);
        let salted = self.hash.salted_password(&self.password, &salt, iterations);
        let client_key = self.hash.hmac(&salted, b"Client Key");
        let proof = xor(&client_key, &self.hash.hmac(&self.hash.digest(&client_key), said.as_bytes()));
        let server_key = self.hash.hmac(&salted, b"Server Key");
        self.state = State::Last { signature: self.hash.hmac(&server_key, said.as_bytes()) };
        Ok(Zeroizing::new(format!("{without_proof},p={}", BASE64.encode(&proof)).into_bytes()))
    }
}

impl fmt::Debug for ScramClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScramClient").field("mechanism", &self.mechanism()).finish_non_exhaustive()
    }
}
