//! A verdict: what a rule says of whom, on which evidence, how surely, and what was done about it.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::address::Network;
use crate::answers::Answer;
use crate::event::{ConnectionId, Sequence};
use crate::ground::{Fact, Ground};
use crate::rules::RuleId;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A label, nothing more.
    Info,
    /// Noise of the internet.
    Low,
    /// Somebody wants to come in.
    Medium,
    /// Somebody may come in, or wants to break something.
    High,
    /// Somebody is in, or mail is at risk.
    Critical,
}

/// How sure the rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// It may well be something else.
    Low,
    /// Likely.
    Medium,
    /// Honest visitors hardly ever look like this.
    High,
    /// Nothing else looks like this.
    Certain,
}

/// Whom a verdict is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An address, or the /64 around it.
    Source(Network),
    /// The network around sources.
    Net(Network),
    /// An account of ours, by its canonical name.
    Account(String),
    /// Many addresses that use one tool, by the campaign's name (`c-7f3a91`).
    Campaign(String),
    /// The whole server.
    Everyone,
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(network) | Self::Net(network) => network.fmt(formatter),
            Self::Account(name) => crate::Untrusted::new(name.as_bytes()).fmt(formatter),
            Self::Campaign(name) => formatter.write_str(name),
            Self::Everyone => formatter.write_str("*"),
        }
    }
}

/// Names a verdict for ever: the rule, and the event it first cited. Updates of the verdict carry the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Episode {
    /// The rule.
    pub rule: RuleId,
    /// The event with which the rule fired first.
    #[serde(with = "as_number")]
    pub began: Sequence,
}

impl fmt::Display for Episode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.rule, self.began.0)
    }
}

/// What a rule says. A journal keeps the last verdict of each [`Episode`]: later ones replace earlier ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Its name.
    pub episode: Episode,
    /// The rule. It stands in `episode` too; here it is for whoever searches.
    pub rule: RuleId,
    /// The version of the rule: verdicts of different versions may differ on the same events.
    pub version: u16,
    /// When the rule fired first in this episode.
    pub since: SystemTime,
    /// When it fired last.
    pub at: SystemTime,
    /// How often it fired in this episode.
    pub count: u64,
    /// Whom it is about.
    pub subject: Subject,
    /// The connections it cites: the first and the last ones, 16 at most.
    #[serde(with = "as_hexadecimal")]
    pub connections: Vec<ConnectionId>,
    /// The events it cites: the first and the last ones, 32 at most, ascending. Never empty.
    #[serde(with = "as_numbers")]
    pub evidence: Vec<Sequence>,
    /// The numbers and names its sentence is made of.
    pub reason: Vec<Fact>,
    /// What speaks against a false alarm.
    pub not_a_false_alarm: Vec<Ground>,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Techniques of MITRE ATT&CK: `T1110.001`.
    pub techniques: Vec<String>,
    /// The answer that the source gets from now on, where it has a source.
    pub answer: Answer,
}

mod as_number {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::event::Sequence;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
    pub(super) fn serialize<S: Serializer>(sequence: &Sequence, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(sequence.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Sequence, D::Error> {
        u64::deserialize(deserializer).map(Sequence)
    }
}

mod as_numbers {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::event::Sequence;

    pub(super) fn serialize<S: Serializer>(sequences: &[Sequence], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(sequences.iter().map(|sequence| sequence.0))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Sequence>, D::Error> {
        Ok(Vec::<u64>::deserialize(deserializer)?.into_iter().map(Sequence).collect())
    }
}

/// Connections as they are written everywhere: programs that read JSON have no numbers of 128 bits.
mod as_hexadecimal {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::event::ConnectionId;

    pub(super) fn serialize<S: Serializer>(connections: &[ConnectionId], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(connections.iter().map(ToString::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ConnectionId>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let read = |name: &String| u128::from_str_radix(name, 16).map(ConnectionId).map_err(D::Error::custom);
        names.iter().map(read).collect()
    }
}
