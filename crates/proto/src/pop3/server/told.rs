//! What a session tells of what was said and answered, for whoever watches it. No secret can be
//! read in it.

use smallvec::SmallVec;

use crate::credentials::Password;
use crate::pop3::server::Notice;
use crate::pop3::{ResponseCode, State, Verb};
use crate::types::MessageNumber;

/// Octets of a line that are told at the most.
pub const TEXT_OCTETS: usize = 128;

/// Octets of a line. Most lines stand in it themselves, and a session has many.
pub type Text = SmallVec<[u8; 31]>;

/// Something that was said, answered or noticed, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// The client began with octets that are no command: 64 at most, without what may be secret.
    Opening(Vec<u8>),
    /// The client said a line.
    Heard(Heard),
    /// The server answered, and the answer is complete.
    Answered(Replied),
    /// The session noticed something. It is an [`Action`](super::Action) too, for the driver.
    Noticed(Notice),
}

impl Told {
    /// Whether it is no matter of course: no line of a client as clients are.
    pub(super) fn is_notable(&self) -> bool {
        match self {
            Self::Heard(heard) => heard.oddities != Oddities::default() || heard.proof.is_some(),
            Self::Answered(_) => false,
            Self::Opening(_) | Self::Noticed(_) => true,
        }
    }
}

/// A line of a client, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The state it was said in.
    pub state: State,
    /// The command, if it is one of ours.
    pub verb: Option<Verb>,
    /// The beginning of the line, up to what may be secret: [`TEXT_OCTETS`] at most.
    pub text: Text,
    /// Octets that were left out because they may be secret.
    pub hidden: u32,
    /// Octets of the whole line, its end counted.
    pub octets: u32,
    /// How the line ended.
    pub line_end: SpokenEnd,
    /// How the command was written.
    pub letters: Letters,
    /// Whether it had come when the reply before it was made.
    pub pipelined: bool,
    /// What it has that no honest line has.
    pub oddities: Oddities,
    /// What proves an identity once and never again, where the line holds such a thing: the digest of APOP (RFC 1939
    /// §7), or a first message of SCRAM, in which there is a nonce (RFC 5802 §5.1). Whoever meets it in another
    /// session has met a replay (S-062). Not to be shown or kept, but as a hash under a key.
    pub proof: Option<Password>,
}

/// A reply, complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replied {
    /// How it began.
    pub status: Status,
    /// The row of Table B, `31` for E-31, say.
    pub error: Option<u16>,
    /// The response code.
    pub code: Option<ResponseCode>,
    /// Octets of all of it as they left, dot-stuffing counted.
    pub octets: u64,
    /// The message that RETR or TOP sent.
    pub message: Option<MessageNumber>,
}

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpokenEnd {
    /// CR LF, as RFC 1939 §3 wants it.
    CrLf,
    /// LF alone.
    Lf,
    /// It did not: the line was too long.
    None,
}

/// How a command was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Letters {
    /// `USER`.
    Upper,
    /// `user`.
    Lower,
    /// `User`, or no letters.
    Mixed,
}

impl Letters {
    /// How this word is written.
    pub(super) fn of(word: &[u8]) -> Self {
        match (word.iter().any(u8::is_ascii_uppercase), word.iter().any(u8::is_ascii_lowercase)) {
            (true, false) => Self::Upper,
            (false, true) => Self::Lower,
            _ => Self::Mixed,
        }
    }
}

/// The beginning of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// `+OK`.
    Ok,
    /// `-ERR`.
    Err,
    /// `+`, a SASL challenge.
    Challenge,
}

/// What a line has that no honest line has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Oddities(pub u16);

impl Oddities {
    /// Longer than 255 octets (RFC 2449 §4), and no SASL line within its own limit.
    pub const LONG: Self = Self(1);
    /// Longer than 512 octets, and no SASL line within its own limit.
    pub const VERY_LONG: Self = Self(1 << 1);
    /// A NUL.
    pub const NUL: Self = Self(1 << 2);
    /// A control character other than NUL and the line end.
    pub const CONTROL: Self = Self(1 << 3);
    /// An octet from 0x80 on that is not part of UTF-8 where UTF-8 may stand.
    pub const NOT_UTF8: Self = Self(1 << 4);
    /// Sixteen octets 0x90 or more in a row.
    pub const NOP_RUN: Self = Self(1 << 5);
    /// Sixty-four equal octets or more in a row.
    pub const REPEATED: Self = Self(1 << 6);
    /// `%n`, `%s%s`, `%08x` and their like.
    pub const FORMAT: Self = Self(1 << 7);
    /// `../`, `|`, a backquote, `$(`.
    pub const SHELL: Self = Self(1 << 8);
    /// A message-number below 1 or beyond 2³¹.
    pub const NUMBER: Self = Self(1 << 9);
    /// SASL data of no octets.
    pub const EMPTY_SASL: Self = Self(1 << 10);
    /// It holds a proof that another session has offered before. Whoever hears lines of many sessions finds it.
    pub const REPLAYED: Self = Self(1 << 11);

    /// Whether it has all of these.
    pub const fn has(self, these: Self) -> bool {
        self.0 & these.0 == these.0
    }

    /// These too.
    #[must_use]
    pub const fn and(self, these: Self) -> Self {
        Self(self.0 | these.0)
    }
}
