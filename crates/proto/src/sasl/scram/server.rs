//! The server of SCRAM.

use std::fmt;

use data_encoding::BASE64;

use super::{ChannelBinding, ScramError, ScramHash, ScramVerifier, attribute, equal, is_nonce, text, unescaped, xor};

/// What the server offers of channel binding on this connection, and which mechanism the client chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// No -PLUS mechanism was offered.
    None,
    /// -PLUS was offered; the client chose the mechanism without it.
    Beside,
    /// The client chose -PLUS, and this is what it must show.
    Chosen(ChannelBinding),
}

/// The server of one exchange. Its `Debug` shows nothing of it.
pub struct ScramServer {
    hash: ScramHash,
    /// What `c=` must say.
    bound: Vec<u8>,
    name: String,
    acting_as: Option<String>,
    client_first_bare: String,
    client_nonce: String,
    asked: Option<Asked>,
}

struct Asked {
    verifier: ScramVerifier,
    server_first: String,
    nonce: String,
}

impl ScramServer {
    /// Takes the client's first message (RFC 5802 §5.1).
    pub fn begin(hash: ScramHash, offer: &Offer, client_first: &[u8]) -> Result<Self, ScramError> {
        let message = text(client_first)?;
        let (flag, rest) = message.split_once(',').ok_or(ScramError::Malformed)?;
        let (acting_as, bare) = rest.split_once(',').ok_or(ScramError::Malformed)?;
        let data: &[u8] = match (flag, offer) {
            ("n", Offer::None | Offer::Beside) | ("y", Offer::None) => &[],
            // The client believes that it was not offered: somebody on the path has hidden it.
            ("y", Offer::Beside | Offer::Chosen(_)) => return Err(ScramError::Binding),
            (_, Offer::Chosen(binding)) if flag.strip_prefix("p=") == Some(binding.kind.name()) => &binding.data,
            _ if flag == "n" || flag.starts_with("p=") => return Err(ScramError::Binding),
            _ => return Err(ScramError::Malformed),
        };
        let acting_as = if acting_as.is_empty() {
            None
        } else {
            let name = acting_as.strip_prefix("a=").and_then(unescaped).filter(|name| !name.is_empty());
            Some(name.ok_or(ScramError::Malformed)?)
        };
        let bound = [&message.as_bytes()[..message.len() - bare.len()], data].concat();
        let mut parts = bare.split(',');
        let name = unescaped(attribute(parts.next(), "n")?).ok_or(ScramError::Malformed)?;
        let nonce = attribute(parts.next(), "r")?;
        if !is_nonce(nonce) {
            return Err(ScramError::Malformed);
        }
        Ok(Self {
            hash,
            bound,
            name,
            acting_as,
            client_first_bare: bare.to_owned(),
            client_nonce: nonce.to_owned(),
            asked: None,
        })
    }

    /// Whose verifier is needed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As whom the client wants to act, if it said so.
    pub fn acting_as(&self) -> Option<&str> {
        self.acting_as.as_deref()
    }

    /// The challenge. `nonce`: at least 18 random octets in printable characters without a comma. For a name that does
    /// not exist the verifier must be a stable fake, so that nobody learns which names do (S-021).
    ///
    /// # Panics
    /// When the verifier was made with another hash function, or the nonce is none.
    pub fn challenge(&mut self, verifier: ScramVerifier, nonce: &str) -> Vec<u8> {
        assert!(verifier.hash == self.hash, "the verifier belongs to the mechanism");
        assert!(is_nonce(nonce), "a nonce is printable and has no comma (RFC 5802 §7)");
        let nonce = format!("{}{nonce}", self.client_nonce);
        let server_first = format!("r={nonce},s={},i={}", BASE64.encode(&verifier.salt), verifier.iterations);
        let challenge = server_first.clone().into_bytes();
        self.asked = Some(Asked { verifier, server_first, nonce });
        challenge
    }

    /// Checks the proof, and gives the server's own: the last challenge, behind which comes `+OK`.
    pub fn finish(self, client_final: &[u8]) -> Result<Vec<u8>, ScramError> {
        let Asked { verifier, server_first, nonce } = self.asked.ok_or(ScramError::Malformed)?;
        let message = text(client_final)?;
        let (without_proof, proof) = message.rsplit_once(",p=").ok_or(ScramError::Malformed)?;
        let mut parts = without_proof.split(',');
        let bound = BASE64.decode(attribute(parts.next(), "c")?.as_bytes()).map_err(|_| ScramError::Malformed)?;
        let shown_nonce = attribute(parts.next(), "r")?;
        let proof = BASE64.decode(proof.as_bytes()).map_err(|_| ScramError::Malformed)?;
        if bound != self.bound {
            return Err(ScramError::Binding);
        }
        if shown_nonce != nonce {
            return Err(ScramError::WrongNonce);
        }
        if proof.len() != verifier.stored_key.len() {
            return Err(ScramError::Malformed);
        }
        let said = format!("{},{server_first},{without_proof}", self.client_first_bare);
        let client_key = xor(&proof, &self.hash.hmac(&verifier.stored_key, said.as_bytes()));
        if !equal(&self.hash.digest(&client_key), &verifier.stored_key) {
            return Err(ScramError::WrongProof);
        }
        let signature = self.hash.hmac(&verifier.server_key, said.as_bytes());
        Ok(format!("v={}", BASE64.encode(&signature)).into_bytes())
    }
}

impl fmt::Debug for ScramServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScramServer").field("hash", &self.hash).finish_non_exhaustive()
    }
}
