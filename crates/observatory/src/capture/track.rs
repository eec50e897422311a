//! Octets of both sides in the order in which they passed, up to a bound.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use watchpost_proto::planted::planted;
use zeroize::{Zeroize as _, Zeroizing};

use crate::pcapng::Side;

/// What a cut takes beside its octets.
const CUT_OCTETS: usize = size_of::<Cut>();
/// The first room of a track: a session that logs in and leaves.
const FIRST_ROOM: usize = 1024;
const FIRST_CUTS: usize = 16;

/// How much all tracks together may hold.
#[derive(Debug)]
pub struct Budget {
    held: AtomicUsize,
    most: usize,
}

impl Budget {
    /// So many octets.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { held: AtomicUsize::new(0), most })
    }

    /// Octets that are held now.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    fn take(&self, octets: usize) -> bool {
        let held = self.held.fetch_add(octets, Ordering::Relaxed);
        if held + octets > self.most {
            self.held.fetch_sub(octets, Ordering::Relaxed);
            return false;
        }
        true
    }

    fn give_back(&self, octets: usize) {
        self.held.fetch_sub(octets, Ordering::Relaxed);
    }
}

/// Octets that one side sent at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// When, in nanoseconds since 1970.
    pub at: u64,
    /// Who.
    pub from: Side,
    /// How many.
    pub octets: usize,
}

/// What passed, bounded, and wiped when it is dropped.
pub struct Track {
    budget: Arc<Budget>,
    most: usize,
    cuts: Vec<Cut>,
    octets: Zeroizing<Vec<u8>>,
    is_cut: bool,
}

impl Track {
    /// An empty one that holds so many octets at the most.
    pub fn new(budget: &Arc<Budget>, most: usize) -> Self {
        Self { budget: Arc::clone(budget), most, cuts: Vec::new(), octets: Zeroizing::default(), is_cut: false }
    }

    /// The same once more, outside of every budget: for whoever writes it down and lets go of it.
    #[must_use]
    pub fn copied(&self) -> Self {
        let budget = Budget::new(usize::MAX >> 1);
        budget.take(self.weight());
        Self { budget, most: self.most, cuts: self.cuts.clone(), octets: self.octets.clone(), is_cut: self.is_cut }
    }

    /// Takes what passed, or as much of its beginning as there is room for; then no more.
    pub fn push(&mut self, at: u64, from: Side, octets: &[u8]) {
        self.push_parts(at, from, &[octets]);
    }

    /// The same for what passed at once and lies in parts.
    pub fn push_parts(&mut self, at: u64, from: Side, parts: &[&[u8]]) {
        let octets = parts.iter().map(|part| part.len()).sum();
        if octets == 0 || (self.is_cut && !planted("capture.drops-inside")) {
            return;
        }
        let room = self.most.saturating_sub(self.weight() + CUT_OCTETS);
        let taken = if planted("capture.drops-inside") && room < octets { 0 } else { octets.min(room) };
        self.is_cut = taken < octets;
        if taken == 0 || !self.budget.take(taken + CUT_OCTETS) {
            self.is_cut = true;
            return;
        }
        self.make_room(taken);
        let mut left = taken;
        for part in parts {
            let part = &part[..part.len().min(left)];
            self.octets.extend_from_slice(part);
            left -= part.len();
        }
        if self.cuts.is_empty() {
            self.cuts.reserve(FIRST_CUTS);
        }
        self.cuts.push(Cut { at, from, octets: taken });
    }

    /// Forgets everything, and takes no more.
    pub fn close(&mut self) {
        self.budget.give_back(self.weight());
        self.octets.zeroize();
        self.octets = Zeroizing::default();
        self.cuts = Vec::new();
        self.is_cut = true;
        self.most = 0;
    }

    /// Takes no more.
    pub(super) fn cut(&mut self) {
        self.is_cut = true;
    }

    /// What passed, by time.
    pub fn cuts(&self) -> impl Iterator<Item = (Cut, &[u8])> {
        let mut rest = self.octets.as_slice();
        self.cuts.iter().map(move |cut| {
            let (octets, behind) = rest.split_at(cut.octets);
            rest = behind;
            (*cut, octets)
        })
    }

    /// Whether nothing passed.
    pub fn is_empty(&self) -> bool {
        self.cuts.is_empty()
    }

    /// Whether more passed than there was room for.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    fn weight(&self) -> usize {
        self.octets.len() + self.cuts.len() * CUT_OCTETS
    }

    /// A vector that grows leaves its octets behind where nobody wipes them; this one does not.
    fn make_room(&mut self, octets: usize) {
        let needed = self.octets.len() + octets;
        if needed <= self.octets.capacity() {
            return;
        }
        let mut larger = Vec::with_capacity(needed.next_power_of_two().max(FIRST_ROOM));
        larger.extend_from_slice(&self.octets);
        self.octets.zeroize();
        self.octets = Zeroizing::new(larger);
    }
}

impl Drop for Track {
    fn drop(&mut self) {
        self.budget.give_back(self.weight());
    }
}

/// What passed is nobody's business in a log.
impl fmt::Debug for Track {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Track");
        shown.field("octets", &self.octets.len()).field("cuts", &self.cuts.len()).field("is_cut", &self.is_cut);
        shown.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_tracks_together_hold_no_more_than_the_budget() {
        let budget = Budget::new(1000);
        let mut tracks: Vec<Track> = (0..10).map(|_| Track::new(&budget, 500)).collect();
        for track in &mut tracks {
            track.push(1, Side::Client, &[0; 400]);
            assert!(budget.held() <= 1000);
        }
        assert_eq!(tracks.iter().filter(|track| track.is_empty()).count(), 8);
        tracks[0].close();
        tracks[0].push(2, Side::Client, b"more");
        assert!(tracks[0].is_empty());
        drop(tracks);
        assert_eq!(budget.held(), 0);
    }
}
