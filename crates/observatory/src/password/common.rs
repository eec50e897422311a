//! The ten thousand most common passwords, as four octets of a hash each: enough to know them again, in 40 KB.
//!
//! `tools/common-passwords` makes the file from the list that Django ships for its password validator (compiled by
//! Royce Williams from published breaches), first ten thousand, in lower case. One other password in 430 000 is taken
//! for a common one.

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

/// Ascending numbers of four octets, most significant first.
const HASHES: &[u8] = include_bytes!("common.bin");

/// Whether this password is among the most common ones, in whatever case.
pub(super) fn is_common(password: &[u8]) -> bool {
    let lower = Zeroizing::new(password.to_ascii_lowercase());
    let hash = digest(&SHA256, &lower);
    let (hash, _) = hash.as_ref().split_first_chunk::<4>().expect("SHA-256 has 32 octets");
    let (hashes, _) = HASHES.as_chunks::<4>();
    hashes.binary_search(hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_known_again() {
        let (hashes, rest) = HASHES.as_chunks::<4>();
        assert!(rest.is_empty() && hashes.is_sorted());
        assert!((9_900..=10_000).contains(&hashes.len()), "{}", hashes.len());
        for password in ["123456", "password", "qwerty", "Letmein", "DRAGON", "iloveyou"] {
            assert!(is_common(password.as_bytes()), "{password}");
        }
        for password in ["", "tanstaaf", "correct horse battery staple", "zL8#vq", "watchpost-demo"] {
            assert!(!is_common(password.as_bytes()), "{password}");
        }
    }
}
