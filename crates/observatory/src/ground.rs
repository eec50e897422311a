//! Typed facts: what a verdict's sentences are made of, in every language, years later.

use serde::{Deserialize, Serialize};

use crate::address::Network;

macro_rules! facts {
    ($($(#[$doc:meta])* $name:ident $word:literal;)*) => {
        /// What a number or name in a verdict means.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FactName {
            $($(#[$doc])* $name,)*
        }

        impl FactName {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// As it stands in the braces of a sentence.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

facts! {
    /// The account, by its canonical name, or the name that was offered.
    Account "account";
    /// How many names were tried.
    Accounts "accounts";
    /// Seconds from the arrival of a message to its retrieval.
    Age "age";
    /// The campaign.
    Campaign "campaign";
    /// The number of a TLS alert.
    Alert "alert";
    /// The country, two letters.
    Country "country";
    /// What the exploit is known as.
    Exploit "exploit";
    /// How many different passwords were tried.
    Passwords "passwords";
    /// How many guesses there were.
    Guesses "guesses";
    /// The mean time from one visit to the next.
    Interval "interval";
    /// How many messages.
    Messages "messages";
    /// Messages that nobody had retrieved.
    Unread "unread";
    /// How many mechanisms of AUTH.
    Mechanisms "mechanisms";
    /// A network.
    Net "net";
    /// How many networks.
    Nets "nets";
    /// Octets.
    Octets "octets";
    /// An oddity of a line.
    Oddity "oddity";
    /// The origin: `Tor`, a hosting company, a scanner.
    Origin "origin";
    /// How many protocols.
    Protocols "protocols";
    /// The name of a protocol.
    Protocol "protocol";
    /// How many visits, sessions or connections.
    Sessions "sessions";
    /// How many addresses.
    Sources "sources";
    /// A time span.
    Time "time";
    /// What the client looks like.
    Tool "tool";
    /// How many messages were retrieved by TOP.
    Topped "topped";
    /// How often.
    Times "times";
}

/// A number or a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// How many.
    Count(u64),
    /// How long, in seconds.
    Seconds(u64),
    /// How much, in octets.
    Octets(u64),
    /// Which network.
    Network(Network),
    /// A name or word. It may come from a peer: it is shown through `Untrusted` alone, and cut at 128 octets.
    Name(String),
}

/// A fact of a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// What it means.
    pub name: FactName,
    /// The number or name.
    pub value: Value,
}

impl Fact {
    /// A number of things.
    pub fn count(name: FactName, count: impl Into<u64>) -> Self {
        Self { name, value: Value::Count(count.into()) }
    }

    /// A time span in seconds.
    pub fn seconds(name: FactName, seconds: impl Into<u64>) -> Self {
        Self { name, value: Value::Seconds(seconds.into()) }
    }

    /// A name or word, cut at 128 octets.
    pub fn name(name: FactName, word: &str) -> Self {
        Self { name, value: Value::Name(word[..word.floor_char_boundary(128)].to_owned()) }
    }
}

/// What speaks against a false alarm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// So many different passwords: somebody with an old password repeats one.
    DifferentPasswords(u64),
    /// Repeated passwords were not counted.
    RepeatsNotCounted,
    /// The owner never logged in from this network.
    NeverFromThisNet,
    /// No account of ours logged in from this network in thirty days.
    NobodyFromThisNet,
    /// Failures where an account's owner is at home were not counted.
    OwnersNotCounted,
    /// So many of the names do not exist here.
    NamesDoNotExist(u64),
    /// The guesses came from so many networks: no owner is in so many places.
    ManyNets(u64),
    /// All of them used one tool, and wrote their commands alike to the octet.
    SameTool,
    /// No owner of an account has used this tool in ninety days.
    NoOwnerUsesThisTool,
    /// The octets are those of a published attack.
    KnownOctets,
    /// No mail program writes such a line.
    NoHonestLine,
    /// No mail program speaks this here.
    NoMailProgram,
    /// No mail program sends this command before login.
    NoMailCommand,
    /// The intervals are those of a program: their variation is so many percent.
    MachineTiming(u64),
    /// The network used TLS so many times before.
    UsedTlsBefore(u64),
    /// So many networks complain at once: then it is the certificate, and no attack on one of them.
    OneNetAlone,
    /// Wrong guesses came right before the right password: so many.
    GuessesBefore(u64),
    /// This program never retrieved this account's mail before.
    NewTool,
    /// That day it was so many times what the account retrieves in a day.
    ManyTimesUsual(u64),
    /// Nobody had read the messages.
    NobodyRead,
    /// The account does not remove its mail habitually.
    NoHabit,
    /// The password was right until its owner changed it.
    WasRight,
    /// No password was ever wrong in these visits.
    NeverGuessed,
    /// The same password again and again: a device, no person and no guess.
    SamePassword,
    /// A list that the operator gave says so.
    OperatorsList,
}

impl Ground {
    /// The number in its sentence.
    pub const fn number(self) -> Option<u64> {
        match self {
            Self::DifferentPasswords(number)
            | Self::NamesDoNotExist(number)
            | Self::ManyNets(number)
            | Self::MachineTiming(number)
            | Self::ManyTimesUsual(number)
            | Self::UsedTlsBefore(number)
            | Self::GuessesBefore(number) => Some(number),
            _ => None,
        }
    }
}
