//! What the operator can set: `[observatory]` in the configuration.

use serde::{Deserialize, Serialize};

use crate::answers::Lists;
use crate::rules::{RuleId, Thresholds};
use crate::score::{Ladder, Weights};

/// Whether an answer is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Written down only: what would have been.
    Observe,
    /// Carried out.
    Enforce,
}

/// How many of each thing are remembered. What was used least lately makes room; altogether less than 32 MiB.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capacity {
    /// Open sessions.
    pub sessions: usize,
    /// Sources that visited.
    pub visitors: usize,
    /// Sources that offended.
    pub sources: usize,
    /// Networks with banned sources.
    pub nets: usize,
    /// Accounts that were guessed at or entered.
    pub accounts: usize,
    /// Accounts whose owners' networks are remembered.
    pub owners: usize,
    /// Devices that repeat a wrong password.
    pub devices: usize,
    /// Tools of owners.
    pub tools: usize,
    /// Campaigns.
    pub campaigns: usize,
    /// Verdicts that go on.
    pub episodes: usize,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            sessions: 8_192,
            visitors: 16_384,
            sources: 8_192,
            nets: 4_096,
            accounts: 4_096,
            owners: 8_192,
            devices: 8_192,
            tools: 4_096,
            campaigns: 1_024,
            episodes: 2_048,
        }
    }
}

/// All settings of the classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Whether the ladder (tarpit, throttle, ban) is carried out.
    pub answers: Standing,
    /// Whether the tool of a campaign is refused: a new owner's program on its first day may look like it.
    pub gate: Standing,
    /// The domain of names without one.
    pub domain: String,
    /// Who is allowed, ours, or public whatever it looks like.
    pub lists: Lists,
    /// What offences weigh.
    pub weights: Weights,
    /// Where answers begin.
    pub ladder: Ladder,
    /// Where rules begin to fire.
    pub rules: Thresholds,
    /// Rules that are off.
    pub off: Vec<RuleId>,
    /// How much is remembered.
    pub capacity: Capacity,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            answers: Standing::Enforce,
            gate: Standing::Observe,
            domain: "localhost".to_owned(),
            lists: Lists::default(),
            weights: Weights::default(),
            ladder: Ladder::default(),
            rules: Thresholds::default(),
            off: Vec::new(),
            capacity: Capacity::default(),
        }
    }
}

impl Settings {
    /// Whether the ladder is carried out.
    pub(crate) fn enforces(&self) -> bool {
        self.answers == Standing::Enforce
    }

    /// Whether the gate is carried out.
    pub(crate) fn enforces_gate(&self) -> bool {
        self.enforces() && self.gate == Standing::Enforce
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_in_part_and_mistakes_are_errors() {
        let read = |text: &str| serde_json::from_str::<Settings>(text);
        let set = read(r#"{"answers": "observe", "rules": {"B1": {"share": 20}}, "off": ["W1"]}"#).expect("settings");
        assert_eq!((set.answers, set.gate), (Standing::Observe, Standing::Observe));
        assert!((set.rules.b1.share - 20.0).abs() < f32::EPSILON);
        assert_eq!(set.off, [RuleId::W1]);
        assert!(read(r#"{"rules": {"B1": {"shares": 20}}}"#).is_err());
        assert!(read(r#"{"rules": {"B9": {}}}"#).is_err());
    }
}
