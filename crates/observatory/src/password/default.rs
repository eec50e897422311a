//! Passwords that devices and guides ship, and passwords made of the name they belong to.

use zeroize::Zeroizing;

/// Names that devices, guides and installers create. Few people are called so.
const NAMES: [&[u8]; 48] = [
    b"1234",
    b"abuse",
    b"account",
    b"accounts",
    b"admin",
    b"admin1",
    b"administrator",
    b"adm",
    b"backup",
    b"copier",
    b"demo",
    b"default",
    b"dev",
    b"fax",
    b"ftp",
    b"guest",
    b"helpdesk",
    b"hostmaster",
    b"info",
    b"mail",
    b"mailadmin",
    b"manager",
    b"marketing",
    b"mysql",
    b"nagios",
    b"no-reply",
    b"noreply",
    b"office",
    b"operator",
    b"oracle",
    b"postgres",
    b"postmaster",
    b"print",
    b"printer",
    b"root",
    b"sales",
    b"scan",
    b"scanner",
    b"service",
    b"spam",
    b"support",
    b"sysadmin",
    b"test",
    b"testuser",
    b"user",
    b"web",
    b"webmaster",
    b"zabbix",
];

/// What they are given with.
const PASSWORDS: [&[u8]; 46] = [
    b"0000",
    b"000000",
    b"1111",
    b"111111",
    b"1234",
    b"12345",
    b"123456",
    b"1234567",
    b"12345678",
    b"123456789",
    b"1q2w3e4r",
    b"888888",
    b"abc123",
    b"access",
    b"admin",
    b"admin1",
    b"admin123",
    b"admin@123",
    b"administrator",
    b"alpine",
    b"changeme",
    b"changeit",
    b"cisco",
    b"default",
    b"demo",
    b"guest",
    b"letmein",
    b"manager",
    b"master",
    b"p@ssw0rd",
    b"p@ssword",
    b"pass",
    b"pass123",
    b"password",
    b"password1",
    b"password123",
    b"public",
    b"qwerty",
    b"root",
    b"secret",
    b"service",
    b"support",
    b"system",
    b"test",
    b"test123",
    b"toor",
];

/// Whether this is what ships with this name (in lower case), or is made of the name or of its domain.
pub(super) fn is_default(name: &[u8], password: &[u8]) -> bool {
    let password = Zeroizing::new(password.to_ascii_lowercase());
    let mut halves = name.splitn(2, |octet| *octet == b'@');
    let local = halves.next().unwrap_or_default();
    let label = halves.next().unwrap_or_default().split(|octet| *octet == b'.').next().unwrap_or_default();
    let ships = NAMES.contains(&local) && PASSWORDS.contains(&password.as_slice());
    ships || *password == name || is_made_of(local, &password) || is_made_of(label, &password)
}

/// The word itself, backwards, twice, or with what people append: `123`, `2024`, `1!`.
fn is_made_of(word: &[u8], password: &[u8]) -> bool {
    if word.len() < 2 {
        return false;
    }
    let backwards = || word.iter().rev().eq(password.iter());
    backwards() || password.strip_prefix(word).is_some_and(|rest| rest == word || is_suffix(rest))
}

/// Signs, then up to six digits, then signs: three signs at most.
fn is_suffix(rest: &[u8]) -> bool {
    let signs = |octets: &[u8]| octets.iter().take_while(|octet| b"!@#$._-*?".contains(octet)).count();
    let before = signs(rest);
    let digits = rest[before..].iter().take_while(|octet| octet.is_ascii_digit()).count();
    let after = signs(&rest[before + digits..]);
    digits <= 6 && before + after <= 3 && before + digits + after == rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_and_what_is_made_of_the_name_is_known() {
        // S-062, DC
        let default: [(&str, &str); 14] = [
            ("admin", "admin"),
            ("root@example.org", "toor"),
            ("scan", "1234"),
            ("test@example.org", "Test123"),
            ("alice", "alice"),
            ("alice", "ecila"),
            ("alice", "ALICE123"),
            ("alice", "alice@2024"),
            ("alice", "alice1!"),
            ("alice", "alicealice"),
            ("alice@example.org", "alice@example.org"),
            ("info@acme.example", "acme2023"),
            ("printer", "password"),
            ("alice", "alice!"),
        ];
        for (name, password) in default {
            assert!(is_default(name.as_bytes(), password.as_bytes()), "{name} {password}");
        }
        for (name, password) in
            [("alice", "123456"), ("alice", "alicein1wonderland"), ("a", "a1"), ("admin", "zq81"), ("alice", "")]
        {
            assert!(!is_default(name.as_bytes(), password.as_bytes()), "{name} {password}");
        }
    }
}
