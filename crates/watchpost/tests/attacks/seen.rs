//! What the journal says of the visitors of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;
use std::path::Path;

use watchpost::config::Config;
use watchpost::journal::{Secret, classifier};
use watchpost_observatory::journal::{Filter, Reader, Span};
use watchpost_observatory::{Event, EventKind, Sequence, Verdict};

use crate::table::Visitor;

/// A verdict with what it cites.
#[derive(Clone, Debug)]
pub struct Seen {
    pub rule: String,
    pub severity: String,
    pub verdict: Verdict,
    /// The networks of the sessions it cites, as `premises::source` and `premises::home` number them.
    pub networks: BTreeSet<u16>,
    /// What the cited events hold, octets of peers as they came.
    pub evidence: Vec<Vec<u8>>,
}

/// The number of a visitor's network.
fn network_of(address: IpAddr) -> Option<u16> {
    let IpAddr::V4(address) = address else { return None };
    let [127, high, low, _] = address.octets() else { return None };
    let number = u16::from_be_bytes([high, low]);
    number.checked_sub(0x4000).or_else(|| number.checked_sub(0x2000))
}

/// All verdicts of a journal.
pub fn verdicts(journal: &Path) -> Vec<Seen> {
    let reader = Reader::open(journal).unwrap();
    let mut events: BTreeMap<Sequence, (u128, EventKind)> = BTreeMap::new();
    let mut networks = BTreeMap::new();
    for session in reader.sessions(&Filter::default()).unwrap() {
        let network = session.row.source().and_then(network_of);
        networks.extend(network.map(|network| (session.row.connection.0, network)));
    }
    reader
        .replay(|sequence, event: &Event| {
            events.insert(sequence, (event.connection.0, event.kind.clone()));
        })
        .unwrap();
    let stored = reader.verdicts(Span::ALL).unwrap();
    stored
        .into_iter()
        .map(|stored| {
            let verdict: Verdict = serde_json::from_slice(&stored.detail).unwrap();
            let cited = stored.evidence.iter().filter_map(|sequence| events.get(sequence));
            assert_eq!(cited.clone().count(), stored.evidence.len(), "{stored:?} cites what is not in the journal");
            Seen {
                rule: stored.rule.clone(),
                severity: serde_json::to_value(verdict.severity).unwrap().as_str().unwrap().to_owned(),
                networks: cited.clone().filter_map(|(connection, _)| networks.get(connection).copied()).collect(),
                evidence: cited.map(|(_, kind)| octets_of(kind)).collect(),
                verdict,
            }
        })
        .collect()
}

/// What the rules say of the same journal once more, and of each session what sort of visitor it was.
pub struct Replayed {
    verdicts: BTreeMap<String, Verdict>,
    sessions: Vec<Sort>,
}

/// What sort of visitor a session was.
#[derive(Clone)]
struct Sort {
    network: u16,
    class: String,
    tool: Option<String>,
}

/// The sessions of some networks.
pub struct Sorts<'a>(Vec<&'a Sort>);

impl Replayed {
    pub fn of(config: &Path, data: &Path) -> Self {
        let config = Config::load(config).unwrap_or_else(|errors| panic!("{}", errors.plain()));
        let mut judge = classifier(&config, &Secret::read(data).unwrap());
        let mut networks = BTreeMap::new();
        let mut replayed = Self { verdicts: BTreeMap::new(), sessions: Vec::new() };
        let word = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        Reader::open(&data.join("journal.sqlite"))
            .unwrap()
            .replay(|sequence, event| {
                if let EventKind::Opened { peer, .. } = &event.kind {
                    networks.extend(network_of(peer.ip()).map(|network| (event.connection, network)));
                }
                let findings = judge.observe(sequence, event);
                for verdict in findings.verdicts {
                    replayed.verdicts.insert(verdict.episode.to_string(), verdict);
                }
                if let (Some(visitor), Some(network)) = (findings.session, networks.get(&event.connection)) {
                    let tool = visitor.tool.map(|tool| word(serde_json::to_value(tool).unwrap()));
                    replayed.sessions.push(Sort {
                        network: *network,
                        class: word(serde_json::to_value(visitor.class).unwrap()),
                        tool,
                    });
                }
            })
            .unwrap();
        replayed
    }

    /// What a replay says otherwise than the live run did.
    pub fn differences(&self, seen: &[Seen]) -> Vec<String> {
        let live: BTreeMap<String, &Verdict> =
            seen.iter().map(|seen| (seen.verdict.episode.to_string(), &seen.verdict)).collect();
        let names: BTreeSet<&String> = live.keys().chain(self.verdicts.keys()).collect();
        let differs = |name: &&&String| live.get(**name).copied() != self.verdicts.get(**name);
        let told =
            |name: &String| format!("a replay differs: {name}: {:?} {:?}", live.get(name), self.verdicts.get(name));
        names.iter().filter(differs).map(|name| told(name)).collect()
    }

    pub fn of_networks(&self, networks: &Range<u16>) -> Sorts<'_> {
        Sorts(self.sessions.iter().filter(|sort| networks.contains(&sort.network)).collect())
    }
}

impl Sorts<'_> {
    /// What differs from the sorts that a visitor may be.
    pub fn difference(&self, visitor: &Visitor) -> Vec<String> {
        let classes: BTreeSet<&str> = self.0.iter().map(|sort| sort.class.as_str()).collect();
        let expected: BTreeSet<&str> = visitor.classes.iter().copied().collect();
        let mut wrong = Vec::new();
        if !classes.is_subset(&expected) || !visitor.classes.first().is_some_and(|class| classes.contains(class)) {
            wrong.push(format!("{}: is {classes:?}, not {:?}", visitor.name, visitor.classes));
        }
        let tools: BTreeSet<&str> = self.0.iter().filter_map(|sort| sort.tool.as_deref()).collect();
        if visitor.tool.is_some_and(|tool| !tools.contains(tool)) {
            wrong.push(format!("{}: looks like {tools:?}, not {:?}", visitor.name, visitor.tool));
        }
        wrong
    }
}

/// What an event holds that a reader would call its proof.
fn octets_of(kind: &EventKind) -> Vec<u8> {
    match kind {
        EventKind::Opened { .. } => b"opened".to_vec(),
        EventKind::Command(spoken) => spoken.text.as_octets().to_vec(),
        EventKind::Foreign { octets, .. } => octets.as_octets().to_vec(),
        EventKind::Login(login) => match &login.account {
            Some(account) => account.clone().into_bytes(),
            None => login.name.as_octets().to_vec(),
        },
        EventKind::Notice(notice) => format!("{notice:?}").into_bytes(),
        EventKind::Reply(answered) => {
            let message = answered.message.map(|message| format!("message {}", message.number));
            message.unwrap_or_else(|| "reply".to_owned()).into_bytes()
        }
        other => format!("{other:?}").into_bytes(),
    }
}
