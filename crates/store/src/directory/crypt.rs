//! SHA-crypt (`$5$`, `$6$`) as `crypt(5)` writes it. The digest comes from the crate `sha-crypt`; the text form is read
//! here, because salts with `-` and `_`, which system tools write, are beyond the crate's own reader.

use std::sync::LazyLock;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use data_encoding::{BitOrder, Encoding, Specification};
use sha_crypt::{Params, sha256_crypt, sha512_crypt};
use watchpost_proto::Password;

/// Rounds of a hash that does not name them.
const ROUNDS: u32 = 5000;
/// More would hold a core for seconds at each login.
const ROUNDS_MAX: u32 = 5_000_000;
/// Octets of the salt that count.
const SALT_OCTETS: usize = 16;

/// A longer password is none: `crypt(3)` takes no longer one either.
const PASSWORD_OCTETS_MAX: usize = 512;

/// In which order the octets of the digest are written.
const ORDER_256: [u8; 32] = [
    20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27, 8, 28, 18, 29, 19, 9, 30,
    31,
];
const ORDER_512: [u8; 64] = [
    42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28, 29, 8, 50, 51, 30, 9, 10,
    52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15, 16, 58, 37, 38, 17, 59, 60, 39, 18, 19, 61, 40,
    41, 20, 62, 63,
];

/// `crypt`'s base64: its own alphabet, the least significant bits first, no padding.
static BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    specification.bit_order = BitOrder::LeastSignificantFirst;
    specification.encoding().expect("64 different symbols")
});

/// Which digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Sha {
    /// `$5$`
    Sha256,
    /// `$6$`
    Sha512,
}

/// A hash as `crypt(5)` writes it, taken apart.
pub(super) struct Crypt {
    sha: Sha,
    rounds: u32,
    salt: Box<[u8]>,
    digest: Box<[u8]>,
}

/// Why a text is no such hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotACrypt {
    #[error("the hash is not of the form $6$salt$hash")]
    Form,
    #[error("its rounds= is not a number from 1000 to 5000000")]
    Rounds,
    #[error("what stands behind the salt is cut off, or has characters that no hash has")]
    Digest,
}

impl Crypt {
    /// Reads `$6$salt$hash` or `$6$rounds=N$salt$hash`, and the same with `$5$`.
    pub(super) fn parse(text: &str) -> Result<Self, NotACrypt> {
        let (sha, rest) = match (text.strip_prefix("$5$"), text.strip_prefix("$6$")) {
            (Some(rest), _) => (Sha::Sha256, rest),
            (_, Some(rest)) => (Sha::Sha512, rest),
            _ => return Err(NotACrypt::Form),
        };
        let (rounds, rest) = match rest.strip_prefix("rounds=") {
            Some(rest) => {
                let (rounds, rest) = rest.split_once('$').ok_or(NotACrypt::Form)?;
                let rounds = rounds.parse().ok().filter(|rounds| (1000..=ROUNDS_MAX).contains(rounds));
                (rounds.ok_or(NotACrypt::Rounds)?, rest)
            }
            None => (ROUNDS, rest),
        };
        let (salt, digest) = rest.split_once('$').ok_or(NotACrypt::Form)?;
        let length = match sha {
            Sha::Sha256 => ORDER_256.len(),
            Sha::Sha512 => ORDER_512.len(),
        };
        let digest = BASE64.decode(digest.as_bytes()).ok().filter(|digest| digest.len() == length);
        let salt = &salt.as_bytes()[..salt.len().min(SALT_OCTETS)];
        Ok(Self { sha, rounds, salt: salt.into(), digest: digest.ok_or(NotACrypt::Digest)?.into() })
    }

    /// One that no password has, at this cost.
    pub(super) fn decoy(sha: Sha, rounds: u32) -> Self {
        let length = match sha {
            Sha::Sha256 => ORDER_256.len(),
            Sha::Sha512 => ORDER_512.len(),
        };
        Self { sha, rounds, salt: [b'x'; SALT_OCTETS].into(), digest: vec![0; length].into() }
    }

    pub(super) const fn cost(&self) -> (Sha, u32) {
        (self.sha, self.rounds)
    }

    /// Whether the password has this hash (S-023).
    pub(super) fn proves(&self, password: &Password) -> bool {
        // The work grows with the square of the length: nobody shall buy seconds of it with a long line.
        let octets = &password.expose()[..password.expose().len().min(PASSWORD_OCTETS_MAX)];
        let params = Params::new(self.rounds).expect("the rounds were checked when it was read");
        let ordered = |raw: &[u8], order: &[u8]| order.iter().map(|&at| raw[usize::from(at)]).collect::<Vec<u8>>();
        let digest = match self.sha {
            Sha::Sha256 => ordered(&sha256_crypt(octets, &self.salt, params), &ORDER_256),
            Sha::Sha512 => ordered(&sha512_crypt(octets, &self.salt, params), &ORDER_512),
        };
        verify_slices_are_equal(&digest, &self.digest).is_ok() && octets.len() == password.expose().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_system_tools_are_understood() {
        // Salts, rounds and passwords of the specification, and one salt beyond it; all made by libxcrypt.
        for (text, password) in [
            ("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!"),
            ("$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA", "Hello world!"),
            (
                "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
                "Hello world!",
            ),
            (
                "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.",
                "Hello world!",
            ),
            (
                "$6$rounds=1400$anotherlongsalts$POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1",
                "a very much longer text to encrypt.  This one even stretches over morethan one line.",
            ),
            ("$6$a-b_c$P0aReEDZ7HV0kcpcN41qQ016yBpdU7j67UItwr.J6y2LfJtnrDd6NZTZkPP3nnRRlMRraby78jthlOmpZZIpL/", "x"),
        ] {
            let crypt = Crypt::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(crypt.proves(&Password::new(password)), "{text}");
            assert!(!crypt.proves(&Password::new("other")), "{text}");
        }
    }

    #[test]
    fn what_is_no_hash_is_told() {
        let digest = "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";
        for (text, wrong) in [
            ("$1$salt$x".to_owned(), NotACrypt::Form),
            ("$6$salt".to_owned(), NotACrypt::Form),
            ("$6$rounds=5000".to_owned(), NotACrypt::Form),
            (format!("$6$rounds=999$salt${digest}"), NotACrypt::Rounds),
            (format!("$6$rounds=5000001$salt${digest}"), NotACrypt::Rounds),
            (format!("$6$rounds=many$salt${digest}"), NotACrypt::Rounds),
            (format!("$6$salt${}", &digest[1..]), NotACrypt::Digest),
            (format!("$6$salt${digest}$"), NotACrypt::Digest),
            (format!("$5$salt${digest}"), NotACrypt::Digest),
        ] {
            assert_eq!(Crypt::parse(&text).err(), Some(wrong), "{text}");
        }
    }

    #[test]
    fn a_password_that_is_too_long_costs_no_more_and_is_wrong() {
        let long = "a".repeat(PASSWORD_OCTETS_MAX);
        // Made by libxcrypt, for the longest that it takes.
        let crypt = Crypt::parse("$6$rounds=1000$saltstring$gT992ZChsd3okCvl06E6mFsqVXAdRBsgsTQsyPLBeiMaRSsJBsQ7Wwvud6QHbc2NvUUo2/1ztPmmVSlWWTwjy1").unwrap();
        assert!(crypt.proves(&Password::new("a".repeat(511))));
        assert!(!crypt.proves(&Password::new(long.clone())));
        let mut same = Crypt::decoy(Sha::Sha512, 1000);
        let raw = sha512_crypt(long.as_bytes(), &same.salt, Params::new(1000).unwrap());
        same.digest = ORDER_512.iter().map(|&at| raw[usize::from(at)]).collect();
        assert!(same.proves(&Password::new(long.clone())) && !same.proves(&Password::new(long + "a")));
    }

    #[test]
    fn a_decoy_costs_what_it_stands_for_and_proves_nothing() {
        let decoy = Crypt::decoy(Sha::Sha512, 1000);
        assert_eq!(decoy.cost(), (Sha::Sha512, 1000));
        assert!(!decoy.proves(&Password::new("")));
    }
}
