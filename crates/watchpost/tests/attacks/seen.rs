//! What the journal says of the visitors of a run.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use watchpost_observatory::journal::{Filter, Reader, Span};
use watchpost_observatory::{Event, EventKind, Sequence, Verdict};

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
    let mut sessions = BTreeMap::new();
    let mut events: BTreeMap<Sequence, (u128, EventKind)> = BTreeMap::new();
    let mut networks = BTreeMap::new();
    for session in reader.sessions(&Filter::default()).unwrap() {
        let network = session.row.source().and_then(network_of);
        sessions.insert(session.row.connection.0, session.row.first);
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
