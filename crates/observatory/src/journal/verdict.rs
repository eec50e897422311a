//! What rules say, as the journal keeps it.

use std::net::IpAddr;

use crate::carried::Learned;
use crate::classify::Findings;
use crate::event::{Event, Sequence};
use crate::verdict::{Subject, Verdict};

/// What a rule said of an event, as a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The rule, `B1` say.
    pub rule: String,
    /// How bad it is, from 0 (to know) to 4 (critical).
    pub severity: u8,
    /// Of whom or what it speaks, as people read it.
    pub subject: String,
    /// The source it speaks of.
    pub source: Option<IpAddr>,
    /// The account it speaks of.
    pub account: Option<String>,
    /// The campaign it belongs to.
    pub campaign: Option<String>,
    /// A verdict of the same rule with the same number takes the place of the one before: it is one story.
    pub episode: u64,
    /// The events that it rests on, ascending.
    pub evidence: Vec<Sequence>,
    /// Everything else, in a form of the rules' own.
    pub detail: Vec<u8>,
}

/// What is said of an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// New verdicts, and old ones with more to tell.
    pub judgements: Vec<Judgement>,
    /// How the visitor speaks, when a session ends.
    pub p3f: Option<String>,
    /// Something changed of what outlives a restart, and a crash must not undo it.
    pub must_be_kept: bool,
}

/// Says what events mean.
pub type Judge = Box<dyn Judging>;

/// Says what events mean. Any function does that keeps nothing.
pub trait Judging: Send {
    /// Called once for each event, in the order of sequences.
    fn judge(&mut self, sequence: Sequence, event: &Event) -> Said;

    /// Nothing more has come for now.
    fn rest(&mut self) {}

    /// What outlives a restart and changed since this was last asked; asked when it can be written.
    fn learned(&mut self) -> Option<Learned> {
        None
    }
}

impl<F: FnMut(Sequence, &Event) -> Said + Send> Judging for F {
    fn judge(&mut self, sequence: Sequence, event: &Event) -> Said {
        self(sequence, event)
    }
}

impl From<Findings> for Said {
    fn from(findings: Findings) -> Self {
        Self {
            judgements: findings.judgements(),
            p3f: findings.session.map(|visitor| visitor.p3f).filter(|p3f| !p3f.is_empty()),
            must_be_kept: false,
        }
    }
}

impl Findings {
    /// As rows. Nearly every event leads to none.
    fn judgements(&self) -> Vec<Judgement> {
        if self.verdicts.is_empty() { Vec::new() } else { self.verdicts.iter().map(Judgement::from).collect() }
    }
}

impl From<&Verdict> for Judgement {
    fn from(verdict: &Verdict) -> Self {
        let subject = &verdict.subject;
        Self {
            rule: verdict.rule.word().to_owned(),
            severity: verdict.severity as u8,
            subject: subject.to_string(),
            source: match subject {
                Subject::Source(network) | Subject::Net(network) => Some(network.address()),
                Subject::Account(_) | Subject::Campaign(_) | Subject::Everyone => None,
            },
            account: match subject {
                Subject::Account(name) => Some(name.clone()),
                _ => None,
            },
            campaign: match subject {
                Subject::Campaign(name) => Some(name.clone()),
                _ => None,
            },
            episode: verdict.episode.began.0,
            evidence: verdict.evidence.clone(),
            // A verdict is made of numbers and texts, which JSON always holds.
            detail: serde_json::to_vec(verdict).unwrap_or_default(),
        }
    }
}
