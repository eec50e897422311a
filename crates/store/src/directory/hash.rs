//! How new passwords are hashed: Argon2id as PHC strings (S-027).

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use watchpost_proto::Password;

use super::secret::Kind;
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

    /// What verifying one of these hashes amounts to.
    pub(super) fn kind(&self) -> Kind {
        Kind::Argon2id { memory_kib: self.0.m_cost(), passes: self.0.t_cost(), lanes: self.0.p_cost() }
    }
}

impl Default for HashCost {
    /// 19 MiB and two passes: OWASP's first choice for Argon2id, about 30 ms.
    fn default() -> Self {
        Self::new(19_456, 2).expect("these numbers are within what Argon2 takes")
    }
}
