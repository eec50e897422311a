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

crate::dial::dials! {
    /// How many of each thing are remembered. What was used least lately makes room; altogether less than 32 MiB.
    pub struct Capacity {
        /// Open sessions.
        sessions: usize = 8_192, in 64.0..=1_000_000.0;
        /// Sources that visited.
        visitors: usize = 16_384, in 64.0..=1_000_000.0;
        /// Sources that offended.
        sources: usize = 8_192, in 64.0..=1_000_000.0;
        /// Networks with banned sources.
        nets: usize = 4_096, in 64.0..=1_000_000.0;
        /// Accounts that were guessed at or entered.
        accounts: usize = 4_096, in 64.0..=1_000_000.0;
        /// Accounts whose owners' networks are remembered.
        owners: usize = 8_192, in 64.0..=1_000_000.0;
        /// Devices that repeat a wrong password.
        devices: usize = 8_192, in 64.0..=1_000_000.0;
        /// Tools of owners.
        tools: usize = 4_096, in 64.0..=1_000_000.0;
        /// Campaigns.
        campaigns: usize = 1_024, in 64.0..=1_000_000.0;
        /// Verdicts that go on.
        episodes: usize = 2_048, in 64.0..=1_000_000.0;
    }
}

/// What an entry takes about when strangers do their worst, in octets.
const SESSION: usize = 640;
const VISITOR: usize = 320;
const SOURCE: usize = 900;
const NET: usize = 240;
const ACCOUNT: usize = 800;
const OWNER: usize = 560;
const DEVICE: usize = 90;
const TOOL: usize = 40;
const CAMPAIGN: usize = 1_500;
const EPISODE: usize = 1_300;

impl Capacity {
    /// The memory that the defaults keep below.
    pub const USUAL_OCTETS: usize = 32 << 20;

    /// About how many octets all of it may take.
    pub const fn octets(&self) -> usize {
        let visits = self.sessions * SESSION + self.visitors * VISITOR + self.sources * SOURCE + self.nets * NET;
        let accounts = self.accounts * ACCOUNT + self.owners * OWNER + self.devices * DEVICE + self.tools * TOOL;
        visits + accounts + self.campaigns * CAMPAIGN + self.episodes * EPISODE
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
    fn the_defaults_are_held_to_take_no_more_than_they_do() {
        let octets = Capacity::default().octets();
        assert!((Capacity::USUAL_OCTETS / 2..=Capacity::USUAL_OCTETS).contains(&octets), "{octets}");
        let capacity = Capacity { sources: 1_000_000, ..Capacity::default() };
        assert!(capacity.octets() > 20 * Capacity::USUAL_OCTETS);
    }

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
