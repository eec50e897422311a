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
const FIRST_ROOM: usize = 512;
const FIRST_CUTS: usize = 12;

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

    /// So much was taken, and it has become so much.
    fn correct(&self, taken: usize, became: usize) {
        if became > taken {
            self.held.fetch_add(became - taken, Ordering::Relaxed);
        } else {
            self.give_back(taken - became);
        }
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
        let mut copy = Self::new(&Budget::new(usize::MAX >> 1), usize::MAX >> 1);
        for (cut, octets) in self.cuts() {
            copy.push(cut.at, cut.from, octets);
        }
        copy.is_cut = self.is_cut;
        copy
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
        let room = self.most.saturating_sub(self.octets.len() + (self.cuts.len() + 1) * CUT_OCTETS);
        let taken = if planted("capture.drops-inside") && room < octets { 0 } else { octets.min(room) };
        self.is_cut = taken < octets;
        if taken == 0 || !self.make_room(taken) {
            self.is_cut = true;
            return;
        }
        let mut left = taken;
        for part in parts {
            let part = &part[..part.len().min(left)];
            self.octets.extend_from_slice(part);
            left -= part.len();
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

    /// What it takes, room that is not used yet included.
    fn weight(&self) -> usize {
        self.octets.capacity() + self.cuts.capacity() * CUT_OCTETS
    }

    /// Makes room for one more cut of so many octets, if all tracks together leave it. Room for what comes later is
    /// taken too, as far as this track may hold so much. A vector that grows by itself leaves its octets behind where
    /// nobody wipes them; this one does not.
    fn make_room(&mut self, octets: usize) -> bool {
        let needed = (self.octets.len() + octets, self.cuts.len() + 1);
        let mut room = (self.octets.capacity(), self.cuts.capacity());
        if needed.0 > room.0 {
            room.0 = needed.0.next_power_of_two().max(FIRST_ROOM);
        }
        if needed.1 > room.1 {
            room.1 = (2 * self.cuts.len()).max(FIRST_CUTS);
        }
        room.1 = room.1.min(self.most.saturating_sub(needed.0) / CUT_OCTETS);
        room.0 = room.0.min(self.most.saturating_sub(room.1 * CUT_OCTETS));
        let before = self.weight();
        let growth = (room.0 + room.1 * CUT_OCTETS).saturating_sub(before);
        if growth > 0 && !self.budget.take(growth) {
            return false;
        }
        if room.1 > self.cuts.capacity() {
            self.cuts.reserve_exact(room.1 - self.cuts.len());
        } else {
            self.cuts.shrink_to(room.1);
        }
        if room.0 != self.octets.capacity() {
            let mut other = Vec::with_capacity(room.0);
            other.extend_from_slice(&self.octets);
            self.octets.zeroize();
            self.octets = Zeroizing::new(other);
        }
        // An allocator may give more than it was asked for.
        self.budget.correct(before + growth, self.weight());
        true
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
        let budget = Budget::new(5000);
        let mut tracks: Vec<Track> = (0..10).map(|_| Track::new(&budget, 2000)).collect();
        for _ in 0..3 {
            for track in &mut tracks {
                track.push(1, Side::Client, &[7; 400]);
                assert!(budget.held() <= 5000);
                assert!(track.octets.len() <= track.octets.capacity(), "room was made before it was needed");
            }
        }
        let held: usize = tracks.iter().map(Track::weight).sum();
        assert_eq!(budget.held(), held, "what is held is what was allocated");
        assert!(tracks.iter().filter(|track| track.is_empty()).count() >= 3);
        assert!(!tracks[0].is_empty() && tracks[0].is_cut());
        tracks[0].close();
        tracks[0].push(2, Side::Client, b"more");
        assert!(tracks[0].is_empty());
        drop(tracks);
        assert_eq!(budget.held(), 0);
    }

    #[test]
    fn what_lies_in_parts_is_kept_as_if_it_came_at_once() {
        let budget = Budget::new(1 << 20);
        for most in 30..80 {
            let (mut parts, mut whole) = (Track::new(&budget, most), Track::new(&budget, most));
            parts.push_parts(1, Side::Client, &[b"USER ", b"", b"carol", b"\r\n"]);
            whole.push(1, Side::Client, b"USER carol\r\n");
            assert!(parts.cuts().eq(whole.cuts()), "{most}");
            assert_eq!(parts.is_cut(), whole.is_cut());
            assert!(parts.octets.capacity() <= most);
            assert!(parts.copied().cuts().eq(whole.cuts()));
        }
    }
}
