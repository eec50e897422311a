//! What may be known of a wrong password: facts that rules can use, from which no password can be found.
//!
//! Passwords that were tried are remembered in RAM alone, as keyed hashes under a key that dies with the process, for
//! a day, in tables of a fixed size. What is stored of them is [`PasswordFacts`]: counts that are capped, the shape,
//! and sixteen bits that tell "same" from "different" in a timeline. A distance to the right password is never
//! computed: a near miss is a secret itself.

mod common;
mod default;
mod marks;
mod shape;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::{hkdf, hmac};
use watchpost_proto::planted::planted;
use zeroize::Zeroizing;

use crate::event::{ConnectionId, PasswordAccounts, PasswordFacts};
use marks::{Marks, Table};

/// A day: how long anything is remembered.
const WINDOW_SECONDS: u32 = 24 * 60 * 60;
/// Sources that are remembered: about 16 MiB when all of them have tried as much as is remembered of one.
const SOURCES: usize = 16 * 1024;
/// Passwords that are remembered over all sources: about 1.5 MiB.
const PASSWORDS: usize = 8 * 1024;
/// Proofs that are remembered: about 200 KiB.
const PROOFS: usize = 4 * 1024;
/// Pairs of account and password remembered of a source: an office behind one address has that many old devices.
const PAIRS: usize = 64;
/// Counts end here: 16 means 16 or more.
const COUNTED: usize = 16;
/// Names remembered of a password.
const NAMES: usize = 10;

/// The secret that all stored tags come from, by way of a key of the day. One for each installation.
pub struct InstallationKey(Zeroizing<[u8; 32]>);

/// The secret of one run of the server.
pub struct BootKey(Zeroizing<[u8; 32]>);

impl InstallationKey {
    /// Takes 32 octets that nobody else knows, and that stay the same for years.
    pub fn new(octets: [u8; 32]) -> Self {
        Self(Zeroizing::new(octets))
    }
}

impl BootKey {
    /// Takes 32 random octets that are used for this run of the server alone.
    pub fn new(octets: [u8; 32]) -> Self {
        Self(Zeroizing::new(octets))
    }
}

/// A password that was wrong.
#[derive(Clone, Copy)]
pub struct Guess<'a> {
    /// Where it came from.
    pub source: IpAddr,
    /// For whom: the canonical name where there is such an account, else as it was offered.
    pub name: &'a [u8],
    /// What was tried.
    pub password: &'a [u8],
}

/// Remembers wrong passwords for a day, in constant memory. A restart forgets them all.
pub struct PasswordTables {
    boot: hmac::Key,
    installation: hkdf::Prk,
    tables: Mutex<Tables>,
}

struct Tables {
    sources: Table<Source>,
    passwords: Table<Marks>,
    proofs: Table<Proven>,
    /// The key of the day that is today.
    day: Option<(u64, hmac::Key)>,
}

/// In which session a proof was offered first, and when last.
#[derive(Default)]
struct Proven {
    session: u128,
    last: u32,
}

/// What is remembered of a source.
#[derive(Default)]
struct Source {
    pairs: Marks,
    passwords: Marks,
    names: Marks,
}

/// What is hashed, so that no hash of one kind is one of another.
#[derive(Clone, Copy)]
enum Kind {
    Source = 1,
    Name = 2,
    Password = 3,
    Pair = 4,
    Proof = 5,
}

impl PasswordTables {
    /// Tables that remember nothing yet.
    pub fn new(boot: &BootKey, installation: &InstallationKey) -> Self {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"watchpost password tags");
        Self {
            boot: hmac::Key::new(hmac::HMAC_SHA256, boot.0.as_slice()),
            installation: salt.extract(installation.0.as_slice()),
            tables: Mutex::new(Tables {
                sources: Table::with_capacity(SOURCES),
                passwords: Table::with_capacity(PASSWORDS),
                proofs: Table::with_capacity(PROOFS),
                day: None,
            }),
        }
    }

    /// What may be known of this guess, which is remembered from now on.
    pub fn facts(&self, guess: Guess<'_>, at: SystemTime) -> PasswordFacts {
        let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let now = u32::try_from(seconds).unwrap_or(u32::MAX);
        let name = Zeroizing::new(guess.name.to_ascii_lowercase());
        let source = self.hash(Kind::Source, &network(guess.source).octets(), b"");
        let name_hash = self.hash(Kind::Name, &name, b"");
        let password = self.hash(Kind::Password, guess.password, b"");
        let pair = self.hash(Kind::Pair, &name, guess.password);

        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let remembered = tables.sources.entry(source, now);
        let repeat = remembered.pairs.mark(pair, now, PAIRS);
        remembered.passwords.mark(password, now, COUNTED);
        remembered.names.mark(name_hash, now, COUNTED);
        let source_passwords = remembered.passwords.count(now);
        let source_accounts = remembered.names.count(now);
        let everywhere = tables.passwords.entry(password, now);
        everywhere.mark(name_hash, now, NAMES);
        let password_accounts = match everywhere.count(now) {
            ..=1 => PasswordAccounts::One,
            2..=9 => PasswordAccounts::TwoOrMore,
            _ => PasswordAccounts::TenOrMore,
        };
        let tag = self.tag(&mut tables, seconds, &name, guess.password);
        drop(tables);

        PasswordFacts {
            tag,
            length: shape::length(guess.password),
            classes: shape::classes(guess.password),
            repeat: repeat && !planted("observatory.stale-retry-is-a-guess"),
            source_passwords: u8::try_from(source_passwords).unwrap_or(u8::MAX),
            source_accounts: u8::try_from(source_accounts).unwrap_or(u8::MAX),
            password_accounts,
            common: common::is_common(guess.password),
            default: default::is_default(&name, guess.password),
        }
    }

    /// Whether another session offered this proof within a day: the digest of APOP, or a first message of SCRAM, in
    /// which there is something that no honest client says twice (S-062). It is remembered as all else here is: as a
    /// hash under a key that dies with the process.
    pub fn is_replayed(&self, proof: &[u8], session: ConnectionId, at: SystemTime) -> bool {
        let now = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let now = u32::try_from(now).unwrap_or(u32::MAX);
        let hash = self.hash(Kind::Proof, proof, b"");
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let proven = tables.proofs.entry(hash, now);
        let known = proven.session != 0 && now.saturating_sub(proven.last) < WINDOW_SECONDS;
        let replayed = known && proven.session != session.0 && !planted("observatory.replays-not-noticed");
        if !known {
            proven.session = session.0;
        }
        proven.last = now;
        replayed
    }

    /// Sixty-four bits under the key of this run.
    fn hash(&self, kind: Kind, first: &[u8], second: &[u8]) -> u64 {
        let mut context = hmac::Context::with_key(&self.boot);
        context.update(&[kind as u8]);
        context.update(first);
        context.update(&[0]);
        context.update(second);
        let tag = context.sign();
        let (first, _) = tag.as_ref().split_first_chunk().expect("SHA-256 has 32 octets");
        u64::from_be_bytes(*first)
    }

    /// Sixteen bits under the key of the day. More would be a hash that can be cracked.
    fn tag(&self, tables: &mut Tables, seconds: u64, name: &[u8], password: &[u8]) -> u16 {
        let day = seconds / u64::from(WINDOW_SECONDS);
        let (_, key) = match &mut tables.day {
            Some(today) if today.0 == day => today,
            other => other.insert((day, self.key_of(day))),
        };
        let mut context = hmac::Context::with_key(key);
        context.update(name);
        context.update(&[0]);
        context.update(password);
        let tag = context.sign();
        let (first, _) = tag.as_ref().split_first_chunk().expect("SHA-256 has 32 octets");
        u16::from_be_bytes(*first)
    }

    fn key_of(&self, day: u64) -> hmac::Key {
        let mut octets = Zeroizing::new([0; 32]);
        let day = day.to_be_bytes();
        let info: [&[u8]; 1] = [&day];
        let filled = self.installation.expand(&info, hkdf::HKDF_SHA256).and_then(|key| key.fill(octets.as_mut_slice()));
        filled.expect("HKDF-SHA256 gives up to 8160 octets");
        hmac::Key::new(hmac::HMAC_SHA256, octets.as_slice())
    }
}

/// The source of an address: an IPv4 address itself, the /64 of an IPv6 address.
fn network(address: IpAddr) -> Ipv6Addr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)),
    }
}

#[cfg(test)]
mod tests;
