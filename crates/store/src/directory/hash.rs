//! Password hashes: Argon2id as PHC strings (S-027).

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use watchpost_proto::Password;
use watchpost_proto::planted::planted;

use crate::Cause;

/// What one password verification costs.
#[derive(Clone, Debug)]
pub struct HashCost(Params);

/// The numbers are outside of what Argon2 takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Argon2 takes at least 8 KiB of memory and one pass")]
pub struct NotAHashCost;

impl HashCost {
    /// Memory in KiB and the number of passes over it, in one lane.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self, NotAHashCost> {
        Params::new(memory_kib, passes, 1, None).map(Self).map_err(|_| NotAHashCost)
    }

    /// A new hash of the password, with a salt of its own.
    pub(super) fn hash(&self, password: &Password) -> Result<String, Cause> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.0.clone());
        let hash: PasswordHash = argon2.hash_password(password.expose())?;
        Ok(hash.to_string())
    }
}

impl Default for HashCost {
    /// 19 MiB and two passes: OWASP's first choice for Argon2id, about 30 ms.
    fn default() -> Self {
        Self::new(19_456, 2).expect("these numbers are within what Argon2 takes")
    }
}

/// Whether the password has this hash, at the cost that the hash names.
pub(super) fn verify(password: &Password, hash: &str) -> Result<Verdict, Cause> {
    let hash = PasswordHash::new(hash)?;
    match Argon2::default().verify_password(password.expose(), &hash) {
        _ if planted("store.accepts-any-password") => Ok(Verdict::Right),
        Ok(()) => Ok(Verdict::Right),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Verdict::Wrong),
        Err(error) => Err(error.into()),
    }
}

/// What became of a password that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong,
}
