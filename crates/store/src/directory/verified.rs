//! Passwords that were right lately: a client that polls costs one hash, not one each time.
//!
//! Kept are digests under a key of this process, in memory alone. Each covers the stored hash too: a new password, or
//! an account made anew, makes what was kept before worthless.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::hmac::{self, HMAC_SHA256, Key};
use aws_lc_rs::rand::SystemRandom;
use watchpost_proto::Password;
use watchpost_proto::planted::planted;

use super::UserName;
use crate::Cause;

/// Digests of one generation; two are kept, and the elder is forgotten when the younger is full.
const GENERATION: usize = 8192;

/// Proofs that were good lately.
pub(super) struct Verified {
    key: Key,
    generations: Mutex<[HashSet<Proof>; 2]>,
}

/// What a user, a password and the hash that stands for it amount to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Proof([u8; 32]);

impl Verified {
    /// Nothing yet, under a fresh key.
    pub(super) fn new() -> Result<Self, Cause> {
        let key = Key::generate(HMAC_SHA256, &SystemRandom::new()).map_err(|_| "cannot draw random numbers")?;
        Ok(Self { key, generations: Mutex::default() })
    }

    /// What this amounts to.
    pub(super) fn proof(&self, name: &UserName, password: &Password, hash: &str) -> Proof {
        let hash = if planted("store.old-password-still-opens") { "" } else { hash };
        let mut digest = hmac::Context::with_key(&self.key);
        for part in [name.as_str().as_bytes(), hash.as_bytes(), password.expose()] {
            digest.update(&(part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let mut proof = [0; 32];
        proof.copy_from_slice(digest.sign().as_ref());
        Proof(proof)
    }

    /// Whether it was good lately.
    pub(super) fn knows(&self, proof: &Proof) -> bool {
        let generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let known = generations.iter().any(|generation| generation.contains(proof));
        drop(generations);
        if known {
            self.keep(*proof);
        }
        known
    }

    /// It is good now.
    pub(super) fn keep(&self, proof: Proof) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let [young, elder] = &mut *generations;
        if young.len() >= GENERATION {
            *elder = std::mem::take(young);
        }
        young.insert(proof);
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Verified(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_the_latest_stay() {
        let verified = Verified::new().unwrap();
        let name = UserName::parse(b"alice", "example.org").unwrap();
        let proof = |number: usize| verified.proof(&name, &Password::new(number.to_string()), "hash");
        let first = proof(0);
        for number in 0..5 * GENERATION {
            verified.keep(proof(number));
            assert!(verified.knows(&first), "what is used stays");
        }
        assert!(verified.knows(&proof(5 * GENERATION - 1)) && !verified.knows(&proof(1)));
        let kept: usize = verified.generations.lock().unwrap().iter().map(HashSet::len).sum();
        assert!(kept <= 2 * GENERATION);
    }
}
