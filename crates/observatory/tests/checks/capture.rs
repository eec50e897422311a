//! What is kept of a session's octets.

use watchpost_observatory::capture::{Budget, Track};
use watchpost_observatory::pcapng::Side;

/// A gap would make everything behind it unreadable: what is kept is a beginning of what passed.
pub fn a_recording_is_cut_at_its_end_alone() {
    let passed: Vec<Vec<u8>> = (0_u8..40).map(|number| vec![number; usize::from(number) * 7 % 61]).collect();
    for most in 0..2500 {
        let budget = Budget::new(1 << 20);
        let mut track = Track::new(&budget, most);
        for (at, octets) in (0..).zip(&passed) {
            track.push(at, if at % 2 == 0 { Side::Client } else { Side::Server }, octets);
            assert!(budget.held() <= most);
        }
        let kept: Vec<u8> = track.cuts().flat_map(|(_, octets)| octets.to_vec()).collect();
        let all = passed.concat();
        assert!(all.starts_with(&kept), "{most}: a gap");
        assert_eq!(track.is_cut(), kept.len() < all.len(), "{most}");
        drop(track);
        assert_eq!(budget.held(), 0);
    }
}
