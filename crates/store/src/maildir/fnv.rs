//! FNV-1a of 64 bits: the same in every build, which the standard library's hashes do not promise.
//!
//! What it stands for is kept in files, but never believed without a second look: a clash costs time.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The hash of these octets.
pub(super) fn fnv(octets: &[u8]) -> u64 {
    octets.iter().fold(OFFSET, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
