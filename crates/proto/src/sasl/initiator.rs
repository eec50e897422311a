//! The client's half of SASL (RFC 4422), as POP3 carries it (RFC 5034).

use std::fmt;

use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use zeroize::{Zeroize, Zeroizing};

use super::scram::{ScramClient, ScramError};
use crate::credentials::Password;

/// Octets that a MAC over MD5 works on at once (RFC 2104 §2).
const MD5_BLOCK: usize = 64;

/// Why an exchange is given up. The server is told with `*` (RFC 5034 §4; C-044).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Abort {
    /// A challenge where the mechanism has none.
    #[error("the server asks for more than the mechanism has to say")]
    Unexpected,
    /// The exchange of SCRAM went wrong.
    #[error(transparent)]
    Scram(#[from] ScramError),
}

/// The client of one exchange. Its `Debug` shows the mechanism alone.
pub enum Initiator {
    /// RFC 4616.
    Plain {
        /// Who.
        name: String,
        /// The proof.
        password: Password,
    },
    /// Never standardised: name and password, each to its challenge.
    Login {
        /// Who.
        name: String,
        /// The proof.
        password: Password,
        /// How many challenges were answered.
        step: LoginStep,
    },
    /// RFC 5802, RFC 7677.
    Scram(Box<ScramClient>),
    /// RFC 2195. Weak: only for who asks for it (C-040).
    CramMd5 {
        /// Who.
        name: String,
        /// The shared secret.
        password: Password,
    },
    /// RFC 4422 appendix A: the client certificate says who.
    External {
        /// As whom to act; empty: as whoever the certificate says.
        acting_as: String,
    },
    /// Google's and Microsoft's bearer tokens. Always in two steps, since Microsoft 365 refuses one (C-043).
    XOauth2 {
        /// Who.
        name: String,
        /// The access token.
        token: Password,
        /// What the server said of a failure.
        failure: Option<Vec<u8>>,
    },
    /// RFC 7628.
    OAuthBearer {
        /// Who.
        name: String,
        /// The access token.
        token: Password,
        /// The server, as it is known to the client.
        host: String,
        /// Its port.
        port: u16,
        /// What the server said of a failure.
        failure: Option<Vec<u8>>,
    },
}

/// What LOGIN has said so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginStep {
    /// Nothing.
    #[default]
    Name,
    /// The name.
    Password,
    /// Everything.
    Done,
}

impl Initiator {
    /// The registered name of the mechanism.
    pub fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain { .. } => "PLAIN",
            Self::Login { .. } => "LOGIN",
            Self::Scram(scram) => scram.mechanism(),
            Self::CramMd5 { .. } => "CRAM-MD5",
            Self::External { .. } => "EXTERNAL",
            Self::XOauth2 { .. } => "XOAUTH2",
            Self::OAuthBearer { .. } => "OAUTHBEARER",
        }
    }

    /// Whether every text can be said: no control character, nothing empty that must not be (S-040).
    pub(crate) fn is_sayable(&self) -> bool {
        let text = |text: &[u8]| !text.is_empty() && !text.iter().any(u8::is_ascii_control);
        match self {
            Self::Plain { name, password } | Self::Login { name, password, .. } | Self::CramMd5 { name, password } => {
                text(name.as_bytes()) && text(password.expose())
            }
            Self::XOauth2 { name, token, .. } => text(name.as_bytes()) && text(token.expose()),
            Self::OAuthBearer { name, token, host, .. } => {
                text(name.as_bytes()) && text(token.expose()) && text(host.as_bytes())
            }
            Self::External { acting_as } => acting_as.is_empty() || text(acting_as.as_bytes()),
            Self::Scram(_) => true,
        }
    }

    /// What can go with AUTH. `None`: the server speaks first, or wants two steps.
    pub fn initial(&self) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Plain { name, password } => Some(joined(&[b"\0", name.as_bytes(), b"\0", password.expose()])),
            Self::Scram(scram) => Some(scram.first().into()),
            Self::External { acting_as } => Some(joined(&[acting_as.as_bytes()])),
            Self::OAuthBearer { .. } => Some(self.bearer()),
            Self::Login { .. } | Self::CramMd5 { .. } | Self::XOauth2 { .. } => None,
        }
    }

    /// The answer to a challenge behind the initial response.
    pub fn respond(&mut self, challenge: &[u8]) -> Result<Zeroizing<Vec<u8>>, Abort> {
        match self {
            Self::Plain { .. } | Self::External { .. } => Err(Abort::Unexpected),
            Self::Login { name, password, step } => match *step {
                LoginStep::Name => {
                    *step = LoginStep::Password;
                    Ok(joined(&[name.as_bytes()]))
                }
                LoginStep::Password => {
                    *step = LoginStep::Done;
                    Ok(joined(&[password.expose()]))
                }
                LoginStep::Done => Err(Abort::Unexpected),
            },
            Self::Scram(scram) => Ok(scram.respond(challenge)?),
            Self::CramMd5 { name, password } => {
                let digest = HEXLOWER.encode(&hmac_md5(password.expose(), challenge));
                Ok(joined(&[name.as_bytes(), b" ", digest.as_bytes()]))
            }
            Self::XOauth2 { failure, .. } => {
                if challenge.is_empty() && failure.is_none() {
                    *failure = Some(Vec::new());
                    return Ok(self.bearer());
                }
                // What went wrong, as JSON. An empty line brings the `-ERR` (C-047).
                *failure = Some(challenge.to_vec());
                Ok(Zeroizing::default())
            }
            Self::OAuthBearer { failure, .. } => {
                *failure = Some(challenge.to_vec());
                Ok(joined(&[b"\x01"]))
            }
        }
    }

    /// Whether `+OK` may be believed now: a server that should prove itself has (C-045).
    pub fn is_satisfied(&self) -> bool {
        match self {
            Self::Scram(scram) => scram.is_verified(),
            _ => true,
        }
    }

    /// RFC 7628 §3.1, and the shape that XOAUTH2 had before it.
    fn bearer(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::XOauth2 { name, token, .. } => {
                joined(&[b"user=", name.as_bytes(), b"\x01auth=Bearer ", token.expose(), b"\x01\x01"])
            }
            Self::OAuthBearer { name, token, host, port, .. } => {
                let (name, port) = (name.replace('=', "=3D").replace(',', "=2C"), port.to_string());
                let (name, host, port) = (name.as_bytes(), host.as_bytes(), port.as_bytes());
                joined(&[
                    b"n,a=",
                    name,
                    b",\x01host=",
                    host,
                    b"\x01port=",
                    port,
                    b"\x01auth=Bearer ",
                    token.expose(),
                    b"\x01\x01",
                ])
            }
            _ => Zeroizing::default(),
        }
    }
}

impl fmt::Debug for Initiator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Initiator({})", self.mechanism())
    }
}

/// Put together without leaving a copy behind: the buffer never grows.
fn joined(pieces: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let mut whole = Zeroizing::new(Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum()));
    for piece in pieces {
        whole.extend_from_slice(piece);
    }
    whole
}

/// RFC 2104 over MD5, which CRAM-MD5 is defined by; no library here has it any more.
fn hmac_md5(key: &[u8], octets: &[u8]) -> [u8; 16] {
    let mut block = Zeroizing::new([0_u8; MD5_BLOCK]);
    if key.len() > MD5_BLOCK {
        block[..16].copy_from_slice(&Md5::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let pad = |with: u8| Zeroizing::new(block.map(|octet| octet ^ with));
    let inner = Md5::new().chain_update(*pad(0x36)).chain_update(octets).finalize();
    let mac = Md5::new().chain_update(*pad(0x5c)).chain_update(inner).finalize().into();
    block.zeroize();
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text)
    }

    #[test]
    fn the_example_of_cram_md5_holds() {
        // RFC 2195 §2
        let mut cram = Initiator::CramMd5 { name: "tim".into(), password: password("tanstaaftanstaaf") };
        assert_eq!(cram.initial(), None);
        let response = cram.respond(b"<1896.697170952@postoffice.reston.mci.net>").unwrap();
        assert_eq!(*response, b"tim b913a602c7eda7a495b4e6e7334d3890");
        // RFC 2202 §2, cases 1 and 6: a short key, and one longer than a block.
        assert_eq!(HEXLOWER.encode(&hmac_md5(&[0x0b; 16], b"Hi There")), "9294727a3638bb1c13f48ef8158bfc9d");
        let long = hmac_md5(&[0xaa; 80], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(HEXLOWER.encode(&long), "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
    }

    #[test]
    fn bearer_tokens_go_out_as_written() {
        // C-043, C-047; RFC 7628 §4.1; Google's description of XOAUTH2
        let name = "user@example.com".to_owned();
        let mut bearer = Initiator::OAuthBearer {
            name: name.clone(),
            token: password("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="),
            host: "server.example.com".into(),
            port: 143,
            failure: None,
        };
        let expected = b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer \
            vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01";
        assert_eq!(*bearer.initial().unwrap(), expected);
        assert_eq!(*bearer.respond(br#"{"status":"invalid_token"}"#).unwrap(), b"\x01");
        let mut xoauth = Initiator::XOauth2 { name, token: password("ya29.vF9dft4qmTc2"), failure: None };
        assert_eq!(xoauth.initial(), None, "always two steps");
        assert_eq!(*xoauth.respond(b"").unwrap(), b"user=user@example.com\x01auth=Bearer ya29.vF9dft4qmTc2\x01\x01");
        assert_eq!(*xoauth.respond(br#"{"status":"401"}"#).unwrap(), b"");
        assert!(matches!(&xoauth, Initiator::XOauth2 { failure: Some(text), .. } if text.starts_with(b"{")));
    }

    #[test]
    fn an_exchange_shows_its_mechanism_alone() {
        // S-029
        let plain = Initiator::Plain { name: "tim".into(), password: password("sesame") };
        assert_eq!(format!("{plain:?}"), "Initiator(PLAIN)");
        assert_eq!(*plain.initial().unwrap(), b"\0tim\0sesame");
    }
}
