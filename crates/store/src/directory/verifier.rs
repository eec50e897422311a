//! What every directory does once it has looked a name up: lets the right password in quickly, and refuses everything
//! else at one cost.
//!
//! ```text
//!   clear password, or one that was right lately ──► in, on the spot
//!   else a turn at hashing ──► right: in, and remembered
//!                          └─► wrong, or no such account: one hash of every kind in use, then refused
//! ```

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::available_parallelism;

use watchpost_proto::planted::planted;
use watchpost_proto::{Credentials, Password};

use super::failures::Failures;
use super::hashing::{Check, Hashing, Suspicion};
use super::secret::{Kind, Memory, Secret, Verdict};
use super::verified::Verified;
use super::{AccountState, User, UserName, let_in};
use crate::{AuthError, Cause, Login};

/// Kinds of hashes for which refusals are made equal. More in one place would multiply what a guess costs us.
const KINDS_MAX: usize = 4;

/// What a directory found under a name.
pub(super) struct Record {
    pub(super) user: User,
    pub(super) state: AccountState,
    /// `None`: no password opens it.
    pub(super) secret: Option<Arc<Secret>>,
}

/// One hash of every kind that accounts have, which no password has.
#[derive(Debug, Default)]
pub(super) struct Decoys(Vec<(Kind, Arc<Secret>)>);

impl Decoys {
    /// For these kinds, the most common first.
    pub(super) fn new(kinds: impl IntoIterator<Item = Kind>) -> Self {
        let mut decoys: Vec<(Kind, Arc<Secret>)> = Vec::new();
        for kind in kinds {
            if decoys.len() < KINDS_MAX && decoys.iter().all(|(known, _)| *known != kind) {
                decoys.push((kind, Arc::new(Secret::decoy(kind))));
            }
        }
        Self(decoys)
    }

    /// What is left to verify when one of this kind was.
    fn beside(&self, kind: Option<Kind>) -> Vec<Arc<Secret>> {
        self.0.iter().filter(|(decoy, _)| Some(*decoy) != kind).map(|(_, secret)| Arc::clone(secret)).collect()
    }
}

/// Verifies what clients offer.
#[derive(Debug)]
pub(super) struct Verifier {
    default_domain: String,
    verified: Verified,
    failures: Failures,
    hashing: Hashing,
}

impl Verifier {
    /// A bare name is in this domain.
    pub(super) fn new(default_domain: &str) -> Result<Self, Cause> {
        Ok(Self {
            default_domain: default_domain.to_owned(),
            verified: Verified::new()?,
            failures: Failures::new(),
            hashing: Hashing::new(available_parallelism().unwrap_or(NonZeroUsize::MIN)),
        })
    }

    /// How much has failed from there lately.
    pub(super) fn failed_from(&self, from: IpAddr) -> u32 {
        self.failures.from(from)
    }

    pub(super) fn default_domain(&self) -> &str {
        &self.default_domain
    }

    pub(super) fn set_at_once(&self, at_once: NonZeroUsize) {
        self.hashing.set_at_once(at_once);
    }

    /// What a client calls itself, if it can be a name at all.
    pub(super) fn name(&self, credentials: &Credentials) -> Option<UserName> {
        UserName::parse(credentials.name(), &self.default_domain).ok()
    }

    /// Whether what the client offers opens the account that was found. Every refusal verifies one hash of each kind in
    /// use, whatever was found (S-020, S-021).
    pub(super) async fn verify(
        &self,
        login: Login<'_>,
        found: Option<Record>,
        decoys: &Decoys,
    ) -> Result<User, AuthError> {
        // Hashes of passwords prove no digest: APOP needs secrets of its own, and meets the same refusal (S-027).
        let (password, acting_as, own) = match login.credentials {
            Credentials::Password { password, acting_as, .. } => {
                let own = found.as_ref().and_then(|record| record.secret.clone());
                (password.clone(), acting_as.as_deref(), own)
            }
            Credentials::Apop { .. } => (Password::new(""), None, None),
        };
        let account = found.as_ref().map(|record| record.user.name.clone());
        if found.is_none() && planted("store.unknown-user-is-fast") {
            return Err(AuthError::Refused { account });
        }
        let verdict = self.verdict(login, account.as_ref(), own, password, decoys).await?;
        let (Verdict::Right, Some(Record { user, state, .. })) = (verdict, found) else {
            self.failures.failed(tried(login, account.as_ref()), login.from);
            return Err(AuthError::Refused { account });
        };
        self.failures.succeeded(user.name.as_str().as_bytes(), login.from);
        match state {
            AccountState::Enabled => let_in(user, acting_as, &self.default_domain),
            AccountState::Disabled => Err(AuthError::Disabled { account: user.name }),
        }
    }

    async fn verdict(
        &self,
        login: Login<'_>,
        account: Option<&UserName>,
        own: Option<Arc<Secret>>,
        password: Password,
        decoys: &Decoys,
    ) -> Result<Verdict, AuthError> {
        let mut proof = None;
        let (mut costly, mut kind) = (None, None);
        if let (Some(name), Some(secret)) = (account, own) {
            kind = secret.kind();
            if kind.is_none() {
                // In the clear: no hash to wait for.
                if secret.verify(&password, &mut Memory::default()) == Verdict::Right {
                    return Ok(Verdict::Right);
                }
                if planted("store.clear-password-is-refused-fast") {
                    return Ok(Verdict::Wrong);
                }
            } else {
                let offered = self.verified.proof(name, &password, secret.text());
                if self.verified.knows(&offered) {
                    return Ok(Verdict::Right);
                }
                (costly, proof) = (Some(secret), Some(offered));
            }
        }
        let decoys = decoys.beside(kind);
        if costly.is_none() && decoys.is_empty() {
            return Ok(Verdict::Wrong);
        }
        let suspicion = self.failures.suspicion(tried(login, account), login.from, login.failures);
        let check = Check { password, own: costly, decoys };
        let verdict = self.hashing.check(suspicion, check).await.map_err(|_| AuthError::Crowded)?;
        if let (Verdict::Right, Some(proof)) = (verdict, proof) {
            self.verified.keep(proof);
        }
        Ok(verdict)
    }

    /// Whether this password has this secret, once nothing more urgent is to be done.
    pub(super) async fn verify_at_leisure(&self, secret: Arc<Secret>, password: &Password) -> bool {
        let check = Check { password: password.clone(), own: Some(secret), decoys: Vec::new() };
        self.hashing.check(Suspicion::IDLE, check).await == Ok(Verdict::Right)
    }

    /// How many hashes of each kind were verified, the kind in words.
    #[cfg(feature = "planted")]
    pub(super) fn verifications(&self) -> Vec<(String, u64)> {
        self.hashing.verified().into_iter().map(|(kind, count)| (format!("{kind:?}"), count)).collect()
    }
}

/// The name that failures are counted under: the account's, or what was said.
fn tried<'a>(login: Login<'a>, account: Option<&'a UserName>) -> &'a [u8] {
    account.map_or(login.credentials.name(), |account| account.as_str().as_bytes())
}
