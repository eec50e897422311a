//! One verdict for what goes on, instead of a thousand: a rule that fires again about the same subject updates it.

use std::time::SystemTime;

use watchpost_proto::planted::planted;

use crate::event::{ConnectionId, Sequence};
use crate::rules::{Finding, Rule};
use crate::sketch::{Milliseconds, Seconds};
use crate::table::{Few, HashKey, Table};
use crate::verdict::{Confidence, Episode, Severity, Subject, Verdict};

/// After so long without firing, the next time begins a new episode.
const QUIET: Seconds = 86_400;
/// An episode is told again after so long at the latest, when it fires.
const TOLD_AGAIN: Seconds = 60;

#[derive(Clone, Debug)]
struct Going {
    episode: Episode,
    since: SystemTime,
    last: Seconds,
    told: Seconds,
    count: u64,
    severity: Severity,
    confidence: Confidence,
    first_connections: Vec<ConnectionId>,
    last_connections: Few<ConnectionId, 8>,
    first_evidence: Vec<Sequence>,
    last_evidence: Few<Sequence, 16>,
}

/// When and where a rule fired.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Firing {
    pub(crate) sequence: Sequence,
    pub(crate) connection: ConnectionId,
    pub(crate) at: SystemTime,
    pub(crate) now: Seconds,
    /// The same, finer.
    pub(crate) milliseconds: Milliseconds,
}

/// What goes on.
#[derive(Clone, Debug)]
pub(crate) struct Episodes {
    /// Labels of the harmless: they must not crowd out the others.
    labels: Table<u64, Going>,
    others: Table<u64, Going>,
    key: HashKey,
}

impl Episodes {
    pub(crate) fn new(most: usize, key: &HashKey) -> Self {
        Self { labels: Table::new(most, key), others: Table::new(most, key), key: key.clone() }
    }

    /// A rule fired: the verdict, if there is something new to tell.
    pub(crate) fn fire(&mut self, rule: &Rule, finding: Finding, firing: Firing) -> Option<Verdict> {
        let severity = finding.severity.unwrap_or(rule.severity);
        let table = if severity == Severity::Info { &mut self.labels } else { &mut self.others };
        let mark = subject_mark(rule, &finding.subject, &self.key);
        let began = finding.evidence.iter().copied().chain([firing.sequence]).min().unwrap_or(firing.sequence);
        let fresh = || Going {
            episode: Episode { rule: rule.id, began },
            since: firing.at,
            last: firing.now,
            told: 0,
            count: 0,
            severity,
            confidence: finding.confidence,
            first_connections: Vec::new(),
            last_connections: Few::default(),
            first_evidence: Vec::new(),
            last_evidence: Few::default(),
        };
        let (going, _) = table.entry(mark, fresh);
        if firing.now.saturating_sub(going.last) > QUIET {
            *going = fresh();
        }
        going.last = going.last.max(firing.now);
        going.count += 1;
        going.cite(&finding, firing);
        let worse = severity > going.severity || finding.confidence > going.confidence;
        let later = firing.now.saturating_sub(going.told) >= TOLD_AGAIN;
        going.severity = going.severity.max(severity);
        going.confidence = going.confidence.max(finding.confidence);
        if !(worse || later || going.count.is_power_of_two()) {
            return None;
        }
        going.told = firing.now;
        Some(going.verdict(rule, finding, firing))
    }

    pub(crate) fn octets(&self) -> usize {
        let goings = self.labels.iter().chain(self.others.iter()).map(|(_, going)| going);
        let lists = goings.map(|going| {
            going.first_connections.capacity() * 16
                + going.last_connections.octets()
                + going.first_evidence.capacity() * 8
                + going.last_evidence.octets()
        });
        self.labels.octets() + self.others.octets() + lists.sum::<usize>()
    }
}

impl Going {
    fn cite(&mut self, finding: &Finding, firing: Firing) {
        if planted("observatory.evidence-is-empty") {
            return;
        }
        let mut cited: Vec<Sequence> = finding.evidence.clone();
        cited.push(firing.sequence);
        cited.sort_unstable();
        for sequence in cited {
            let known =
                self.first_evidence.contains(&sequence) || self.last_evidence.iter().any(|last| *last == sequence);
            if known {
            } else if self.first_evidence.len() < 16 {
                self.first_evidence.push(sequence);
            } else {
                self.last_evidence.push(sequence);
            }
        }
        let connection = firing.connection;
        let known = self.last_connections.iter().any(|last| *last == connection);
        if known || self.first_connections.contains(&connection) || connection == ConnectionId(0) {
        } else if self.first_connections.len() < 8 {
            self.first_connections.push(connection);
        } else {
            self.last_connections.push(connection);
        }
    }

    fn verdict(&self, rule: &Rule, finding: Finding, firing: Firing) -> Verdict {
        let mut evidence: Vec<Sequence> =
            self.first_evidence.iter().chain(self.last_evidence.iter()).copied().collect();
        evidence.sort_unstable();
        Verdict {
            episode: self.episode,
            rule: rule.id,
            version: rule.version,
            since: self.since,
            at: firing.at,
            count: self.count,
            subject: finding.subject,
            connections: self.first_connections.iter().chain(self.last_connections.iter()).copied().collect(),
            evidence,
            reason: finding.facts,
            not_a_false_alarm: finding.grounds,
            severity: self.severity,
            confidence: self.confidence,
            techniques: rule.techniques.iter().map(|technique| (*technique).to_owned()).collect(),
            answer: crate::answers::Answer::None,
        }
    }
}

fn subject_mark(rule: &Rule, subject: &Subject, key: &HashKey) -> u64 {
    let kind = match subject {
        Subject::Source(_) => 's',
        Subject::Net(_) => 'n',
        Subject::Account(_) => 'a',
        Subject::Campaign(_) => 'c',
        Subject::Everyone => '*',
    };
    let name = match subject {
        Subject::Account(name) | Subject::Campaign(name) => name.clone(),
        other => other.to_string(),
    };
    key.mark(format!("{}{kind}{name}", rule.id).as_bytes())
}
