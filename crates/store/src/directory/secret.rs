//! What is kept of a password, under its many names: `{PLAIN}`, `{SHA512-CRYPT}`, `{ARGON2ID}`.

use std::fmt;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use watchpost_proto::Password;
use watchpost_proto::planted::planted;
use zeroize::{Zeroize, Zeroizing};

use super::crypt::{Crypt, NotACrypt, Sha};

/// More memory, in KiB, or more passes at each login would be a weapon against ourselves.
const MEMORY_KIB_MAX: u32 = 1 << 20;
const PASSES_MAX: u32 = 100;
const LANES_MAX: u32 = 16;

/// What stands for a password where accounts are kept.
pub(super) struct Secret {
    form: Form,
    /// As it is kept: another text is another password.
    text: Zeroizing<Box<str>>,
}

enum Form {
    Plain(Password),
    Crypt(Crypt),
    Argon2(Kind),
}

/// What one verification costs: two of one kind take the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// `$5$` and `$6$`.
    Crypt { sha: Sha, rounds: u32 },
    /// `$argon2i$`
    Argon2i { memory_kib: u32, passes: u32, lanes: u32 },
    /// `$argon2id$`
    Argon2id { memory_kib: u32, passes: u32, lanes: u32 },
}

/// Why what is kept is of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotASecret {
    #[error("the scheme {{{0}}} is not supported")]
    Scheme(String),
    #[error("its password has no scheme in front of it")]
    NoScheme,
    #[error("{0}")]
    Crypt(NotACrypt),
    #[error("the hash is not of the form $argon2id$v=19$m=…,t=…,p=…$salt$hash")]
    Argon2,
    #[error("the hash wants more than 1 GiB, 100 passes or 16 lanes")]
    Argon2Cost,
}

/// What became of a password that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Right,
    Wrong,
}

impl Secret {
    /// Reads `{SCHEME}text`. Without a scheme, only what names itself is taken: `$6$…`, `$argon2id$…`.
    pub(super) fn parse(text: &str) -> Result<Self, NotASecret> {
        let (scheme, kept) = match text.strip_prefix('{').and_then(|text| text.split_once('}')) {
            Some((scheme, kept)) => (Some(scheme.to_ascii_uppercase()), kept),
            None => (None, text),
        };
        let form = match scheme.as_deref() {
            Some("PLAIN" | "CLEAR" | "CLEARTEXT") => Form::Plain(Password::new(kept)),
            Some("SHA256-CRYPT" | "SHA512-CRYPT") => Form::Crypt(Crypt::parse(kept).map_err(NotASecret::Crypt)?),
            Some("ARGON2I" | "ARGON2ID") => Form::Argon2(argon2_kind(kept)?),
            None | Some("CRYPT") if kept.starts_with("$5$") || kept.starts_with("$6$") => {
                Form::Crypt(Crypt::parse(kept).map_err(NotASecret::Crypt)?)
            }
            None if kept.starts_with("$argon2") => Form::Argon2(argon2_kind(kept)?),
            Some(_) => return Err(NotASecret::Scheme(scheme.unwrap_or_default())),
            None => return Err(NotASecret::NoScheme),
        };
        Ok(Self { form, text: Zeroizing::new(kept.into()) })
    }

    /// One that no password has, and that costs as much to verify.
    pub(super) fn decoy(kind: Kind) -> Self {
        let (name, memory, passes, lanes) = match kind {
            Kind::Crypt { sha, rounds } => {
                return Self { form: Form::Crypt(Crypt::decoy(sha, rounds)), text: Zeroizing::new("".into()) };
            }
            Kind::Argon2i { memory_kib, passes, lanes } => ("argon2i", memory_kib, passes, lanes),
            Kind::Argon2id { memory_kib, passes, lanes } => ("argon2id", memory_kib, passes, lanes),
        };
        // Salt and hash of the usual lengths, 16 and 32 octets, in base64 without padding.
        let (salt, hash) = ("A".repeat(22), "A".repeat(43));
        let text = format!("${name}$v=19$m={memory},t={passes},p={lanes}${salt}${hash}");
        Self { form: Form::Argon2(kind), text: Zeroizing::new(text.into()) }
    }

    /// What verifying it costs; `None`: nothing worth a word.
    pub(super) const fn kind(&self) -> Option<Kind> {
        match &self.form {
            Form::Plain(_) => None,
            Form::Crypt(crypt) => {
                let (sha, rounds) = crypt.cost();
                Some(Kind::Crypt { sha, rounds })
            }
            Form::Argon2(kind) => Some(*kind),
        }
    }

    /// As operators call it.
    pub(super) const fn scheme(&self) -> &'static str {
        match self.kind() {
            None => "PLAIN",
            Some(Kind::Crypt { sha: Sha::Sha256, .. }) => "SHA256-CRYPT",
            Some(Kind::Crypt { sha: Sha::Sha512, .. }) => "SHA512-CRYPT",
            Some(Kind::Argon2i { .. }) => "ARGON2I",
            Some(Kind::Argon2id { .. }) => "ARGON2ID",
        }
    }

    /// What tells it from every other secret.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether this is the password, at the cost of its kind (S-023).
    pub(super) fn verify(&self, password: &Password, memory: &mut Memory) -> Verdict {
        let right = match &self.form {
            Form::Plain(kept) => same(password.expose(), kept.expose()),
            Form::Crypt(crypt) => crypt.proves(password),
            Form::Argon2(_) => argon2_proves(&self.text, password, memory).unwrap_or(false),
        };
        if right || planted("store.accepts-any-password") { Verdict::Right } else { Verdict::Wrong }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A hash is a secret too.
        write!(formatter, "Secret({})", self.scheme())
    }
}

/// What Argon2 works in. One that was used may be used again: whoever verifies many passwords asks the system once.
#[derive(Debug, Default)]
pub(super) struct Memory(Vec<Block>);

impl Memory {
    /// An allocator keeps what is smaller than 32 MiB for itself, in every thread that ever verified a password; what is
    /// larger goes back to the system at once. Of what is not touched nothing is taken.
    const BLOCKS_MIN: usize = 33 * 1024;

    fn blocks(&mut self, count: usize) -> &mut [Block] {
        if self.0.len() < count {
            self.0 = Vec::with_capacity(count.max(Self::BLOCKS_MIN));
            self.0.resize(count, Block::new());
        }
        &mut self.0[..count]
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

fn argon2_proves(text: &str, password: &Password, memory: &mut Memory) -> Option<bool> {
    let hash = PasswordHash::new(text).ok()?;
    let (salt, expected) = (hash.salt?, hash.hash?);
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = hash.version.map_or(Ok(Version::V0x13), Version::try_from).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let count = params.block_count();
    let mut output = Zeroizing::new(vec![0; expected.as_bytes().len()]);
    let argon2 = Argon2::new(algorithm, version, params);
    argon2.hash_password_into_with_memory(password.expose(), salt.as_ref(), &mut output, memory.blocks(count)).ok()?;
    Some(verify_slices_are_equal(&output, expected.as_bytes()).is_ok())
}

fn argon2_kind(text: &str) -> Result<Kind, NotASecret> {
    let hash = PasswordHash::new(text).map_err(|_| NotASecret::Argon2)?;
    let params = Params::try_from(&hash).map_err(|_| NotASecret::Argon2)?;
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(NotASecret::Argon2);
    }
    let (memory_kib, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    if memory_kib > MEMORY_KIB_MAX || passes > PASSES_MAX || lanes > LANES_MAX {
        return Err(NotASecret::Argon2Cost);
    }
    match hash.algorithm.as_str() {
        "argon2id" => Ok(Kind::Argon2id { memory_kib, passes, lanes }),
        "argon2i" => Ok(Kind::Argon2i { memory_kib, passes, lanes }),
        _ => Err(NotASecret::Argon2),
    }
}

/// Compares digests, which have one length whatever the passwords have (S-023).
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    verify_slices_are_equal(digest(&SHA256, one).as_ref(), digest(&SHA256, other).as_ref()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGON2ID: &str =
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn a_scheme_says_how_the_rest_is_read() {
        let plain = Secret::parse("{plain}$6$not{a}hash").unwrap();
        assert_eq!(
            (plain.kind(), plain.verify(&Password::new("$6$not{a}hash"), &mut Memory::default())),
            (None, Verdict::Right)
        );
        assert_eq!(plain.verify(&Password::new("$6$not"), &mut Memory::default()), Verdict::Wrong);
        for text in [format!("{{ARGON2ID}}{ARGON2ID}"), ARGON2ID.to_owned()] {
            let secret = Secret::parse(&text).unwrap();
            assert_eq!(secret.kind(), Some(Kind::Argon2id { memory_kib: 64, passes: 1, lanes: 1 }));
            assert_eq!(
                (secret.scheme(), secret.verify(&Password::new("x"), &mut Memory::default())),
                ("ARGON2ID", Verdict::Wrong)
            );
        }
    }

    #[test]
    fn what_cannot_be_verified_is_no_secret() {
        for (text, wrong) in [
            ("{MD5-CRYPT}$1$x$y".to_owned(), NotASecret::Scheme("MD5-CRYPT".to_owned())),
            ("{CRYPT}$1$x$y".to_owned(), NotASecret::Scheme("CRYPT".to_owned())),
            ("{}x".to_owned(), NotASecret::Scheme(String::new())),
            ("secret".to_owned(), NotASecret::NoScheme),
            ("{PLAIN".to_owned(), NotASecret::NoScheme),
            ("{SHA512-CRYPT}x".to_owned(), NotASecret::Crypt(NotACrypt::Form)),
            ("{ARGON2ID}x".to_owned(), NotASecret::Argon2),
            ("$argon2id$v=19$m=64,t=1,p=1".to_owned(), NotASecret::Argon2),
            (ARGON2ID.replace("argon2id", "argon2d"), NotASecret::Argon2),
            (ARGON2ID.replace("m=64", "m=4000000"), NotASecret::Argon2Cost),
        ] {
            assert_eq!(Secret::parse(&text).err(), Some(wrong), "{text}");
        }
    }

    #[test]
    fn a_decoy_is_of_its_kind_and_proves_nothing() {
        for kind in [
            Kind::Crypt { sha: Sha::Sha256, rounds: 1000 },
            Kind::Argon2i { memory_kib: 64, passes: 2, lanes: 1 },
            Kind::Argon2id { memory_kib: 64, passes: 1, lanes: 2 },
        ] {
            let decoy = Secret::decoy(kind);
            assert_eq!(
                (decoy.kind(), decoy.verify(&Password::new(""), &mut Memory::default())),
                (Some(kind), Verdict::Wrong)
            );
            if !decoy.text().is_empty() {
                assert_eq!(Secret::parse(decoy.text()).unwrap().kind(), Some(kind), "a decoy is a real hash");
            }
        }
    }

    #[test]
    fn memory_that_was_used_proves_the_same() {
        // S-027
        let hash = |password: &str, memory, passes| {
            let cost = crate::HashCost::new(memory, passes).unwrap();
            Secret::parse(&cost.hash(&Password::new(password)).unwrap()).unwrap()
        };
        let mut memory = Memory::default();
        for (secret, password) in [(hash("one", 64, 1), "one"), (hash("two", 256, 2), "two"), (hash("x", 8, 1), "x")] {
            assert_eq!(secret.verify(&Password::new(password), &mut memory), Verdict::Right);
            assert_eq!(secret.verify(&Password::new("wrong"), &mut memory), Verdict::Wrong);
        }
    }
}
