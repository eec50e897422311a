//! The rules: one file each, one list of them all.
//!
//! A rule is a function of a case: what just happened, and what is remembered of whom it concerns. It changes
//! nothing, so that it can be read, tested and replayed alone; what it finds becomes a verdict in `classify`.

mod case;
mod dc_default_credentials;

mod a1_mechanism_probing;
mod b1_brute_force;
mod b2_distributed;
mod b3_slow_guessing;
mod c1_stuffing;
mod d1_botnet;
mod e1_enumeration;
mod f1_exhaustion;
mod h1_suspicious_success;
mod h2_harvest;
mod h3_top_scanning;
mod h4_reset_hunting;
mod h5_wipe;
mod m1_monitor;
mod m2_stale_device;
mod n1_ntlm_leak;
mod o1_old_password;
mod p1_spraying;
mod s1_stls_injection;
mod s2_stripping;
mod t1_origin;
mod w1_banner_grab;
mod w2_capability_probe;
mod w3_wrong_protocol;
mod x1_exploit;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::dial::Panel;
use crate::verdict::Severity;

pub(crate) use case::{Case, Entered, Finding, Guess, Happening, Kinds, Shared};
pub(crate) use w3_wrong_protocol::is_mistake;
pub use {
    a1_mechanism_probing::A1, b1_brute_force::B1, b2_distributed::B2, b3_slow_guessing::B3, c1_stuffing::C1,
    d1_botnet::D1, e1_enumeration::E1, f1_exhaustion::F1, h1_suspicious_success::H1, h2_harvest::H2,
    h3_top_scanning::H3, h4_reset_hunting::H4, h5_wipe::H5, m1_monitor::M1, m2_stale_device::M2, p1_spraying::P1,
    s2_stripping::S2, w3_wrong_protocol::W3,
};

macro_rules! rules {
    ($($(#[$doc:meta])* $id:ident in $file:ident;)*) => {
        /// Names a rule.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RuleId {
            $($(#[$doc])* $id,)*
        }

        impl RuleId {
            /// Every rule, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$id,)*];

            /// As people write it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$id => stringify!($id),)* }
            }
        }

        /// Every rule.
        pub const RULES: &[Rule] = &[$($file::RULE,)*];
    };
}

rules! {
    /// A look at the greeting.
    W1 in w1_banner_grab;
    /// A look at what is offered.
    W2 in w2_capability_probe;
    /// Another protocol.
    W3 in w3_wrong_protocol;
    /// NTLM asked for what it tells of us.
    N1 in n1_ntlm_leak;
    /// Mechanisms of AUTH tried one after another.
    A1 in a1_mechanism_probing;
    /// Names tried to learn which exist.
    E1 in e1_enumeration;
    /// Passwords that come with devices.
    DC in dc_default_credentials;
    /// Many passwords on one account.
    B1 in b1_brute_force;
    /// Many networks on one account.
    B2 in b2_distributed;
    /// Few passwords a day, every day.
    B3 in b3_slow_guessing;
    /// One password on many accounts.
    P1 in p1_spraying;
    /// Stolen pairs of name and password.
    C1 in c1_stuffing;
    /// Many sources, one tool.
    D1 in d1_botnet;
    /// Commands slipped in behind STLS.
    S1 in s1_stls_injection;
    /// TLS taken away.
    S2 in s2_stripping;
    /// An attack on the program.
    X1 in x1_exploit;
    /// Connections that are held to wear us out.
    F1 in f1_exhaustion;
    /// Where it comes from.
    T1 in t1_origin;
    /// Came in after guessing.
    H1 in h1_suspicious_success;
    /// Everything taken at once.
    H2 in h2_harvest;
    /// Headers read by the dozen.
    H3 in h3_top_scanning;
    /// Codes and resets looked for.
    H4 in h4_reset_hunting;
    /// The maildrop emptied.
    H5 in h5_wipe;
    /// A monitor.
    M1 in m1_monitor;
    /// A device with an old password.
    M2 in m2_stale_device;
    /// The password that was right until lately.
    O1 in o1_old_password;
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its name.
    pub id: RuleId,
    /// Counts up with each change that may change verdicts.
    pub version: u16,
    /// How bad it usually is; a verdict may be worse.
    pub severity: Severity,
    /// Techniques of MITRE ATT&CK.
    pub techniques: &'static [&'static str],
    /// What it is asked about: of everything else it finds nothing.
    pub(crate) hears: Kinds,
    pub(crate) judge: fn(&Case<'_>) -> Option<Finding>,
}

/// The rules that are on, by what they are asked about: most events concern few rules, and many none.
#[derive(Clone, Debug)]
pub(crate) struct Roll([Vec<&'static Rule>; Kinds::COUNT]);

impl Roll {
    /// Every rule but these.
    pub(crate) fn without(off: &[RuleId]) -> Self {
        let hear = |kind: Kinds| RULES.iter().filter(move |rule| rule.hears.has(kind) && !off.contains(&rule.id));
        Self(std::array::from_fn(|place| hear(Kinds::at(place)).collect()))
    }

    /// Who is asked about this kind of happening.
    pub(crate) fn of(&self, kind: Kinds) -> &[&'static Rule] {
        &self.0[kind.place()]
    }
}

impl RuleId {
    /// The rule of this name.
    pub fn rule(self) -> &'static Rule {
        &RULES[self as usize]
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// There is no such rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchRule;

impl fmt::Display for NoSuchRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no such rule: `watchpost rules list` names them")
    }
}

impl std::error::Error for NoSuchRule {}

impl FromStr for RuleId {
    type Err = NoSuchRule;

    fn from_str(word: &str) -> Result<Self, NoSuchRule> {
        Self::ALL.iter().copied().find(|id| id.word().eq_ignore_ascii_case(word)).ok_or(NoSuchRule)
    }
}

macro_rules! thresholds {
    ($($field:ident: $rule:ident = $word:literal;)*) => {
        /// Where each rule begins to fire: `[observatory.rules.B1]` in the configuration.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Thresholds {
            $(
                #[doc = concat!("Of rule ", $word, ".")]
                #[serde(rename = $word)]
                pub $field: $rule,
            )*
        }

        impl Thresholds {
            /// What can be turned, rule by rule.
            pub(crate) const PANELS: &[Panel] =
                &[$(Panel { table: concat!("rules.", $word), dials: $rule::DIALS },)*];
        }
    };
}

thresholds! {
    w3: W3 = "W3";
    a1: A1 = "A1";
    e1: E1 = "E1";
    b1: B1 = "B1";
    b2: B2 = "B2";
    b3: B3 = "B3";
    p1: P1 = "P1";
    c1: C1 = "C1";
    d1: D1 = "D1";
    s2: S2 = "S2";
    f1: F1 = "F1";
    h1: H1 = "H1";
    h2: H2 = "H2";
    h3: H3 = "H3";
    h4: H4 = "H4";
    h5: H5 = "H5";
    m1: M1 = "M1";
    m2: M2 = "M2";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_each_rule_once_in_the_order_of_the_ids() {
        assert_eq!(RULES.len(), RuleId::ALL.len());
        for (rule, id) in RULES.iter().zip(RuleId::ALL) {
            assert_eq!(rule.id, *id);
            assert_eq!(id.rule().id, *id);
            assert_eq!(id.word().parse(), Ok(*id));
            assert!(rule.version > 0);
            assert!(rule.techniques.iter().all(|technique| technique.starts_with('T')));
        }
        assert_eq!("b1".parse(), Ok(RuleId::B1));
        assert_eq!("B9".parse::<RuleId>(), Err(NoSuchRule));
    }
}
