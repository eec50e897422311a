//! What rules say, as the journal keeps it.

use std::net::IpAddr;

use super::codec::Entry;
use crate::event::{ConnectionId, Sequence};

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

/// Says what an event means. Called once for each event, in the order of sequences.
pub type Judge = Box<dyn FnMut(ConnectionId, &Entry) -> Vec<Judgement> + Send>;
