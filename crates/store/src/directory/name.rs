//! What a user is called, made canonical before anything is done with it (S-041).

use std::fmt;

/// The longest name, as the longest address (RFC 5321 §4.5.3.1.3). It also fits into one file name.
const OCTETS_MAX: usize = 254;

/// Who a user is: `local@domain` in lower case, safe as a part of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserName {
    text: Box<str>,
    /// Where the `@` stands.
    at: usize,
}

/// The text is no user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAUserName {
    /// Nothing before or behind the `@`, or nothing at all.
    #[error("a user name is local@domain, and neither part is empty")]
    Empty,
    /// Longer than any address.
    #[error("a user name has at most 254 octets")]
    TooLong,
    /// Not UTF-8.
    #[error("a user name is UTF-8")]
    NotUtf8,
    /// A character that means something to a path, a pattern or a terminal.
    #[error("a user name has letters, digits and the punctuation of addresses only")]
    Character,
    /// `.` or `-` at the beginning of a part, or two dots in a row.
    #[error("neither part of a user name begins with a dot or a hyphen, or has two dots in a row")]
    Dots,
}

impl UserName {
    /// Takes what a client or an operator wrote; a bare name gets the default domain (P-068).
    pub fn parse(octets: &[u8], default_domain: &str) -> Result<Self, NotAUserName> {
        if octets.len() > OCTETS_MAX {
            return Err(NotAUserName::TooLong);
        }
        let written = std::str::from_utf8(octets).map_err(|_| NotAUserName::NotUtf8)?;
        let (local, domain) = written.split_once('@').unwrap_or((written, default_domain));
        let local = part(local)?;
        let domain = part(domain)?;
        let text = format!("{local}@{domain}").into_boxed_str();
        if text.len() > OCTETS_MAX {
            return Err(NotAUserName::TooLong);
        }
        Ok(Self { at: local.len(), text })
    }

    /// The whole name, `local@domain`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// One part in lower case, if it is harmless in a path, a pattern, a shell and a terminal.
fn part(written: &str) -> Result<String, NotAUserName> {
    let part = written.to_lowercase();
    if part.is_empty() {
        Err(NotAUserName::Empty)
    } else if !part.chars().all(is_harmless) {
        Err(NotAUserName::Character)
    } else if part.starts_with(['.', '-']) || part.contains("..") {
        Err(NotAUserName::Dots)
    } else {
        Ok(part)
    }
}

/// Letters and digits of any script, and the punctuation of addresses that no shell or pattern gives a meaning.
fn is_harmless(character: char) -> bool {
    if character.is_ascii() {
        character.is_ascii_alphanumeric() || "._-+=#'^~".contains(character)
    } else {
        // Leaves out marks of direction, joiners and everything else that is invisible.
        character.is_alphanumeric()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(written: &[u8]) -> Result<String, NotAUserName> {
        UserName::parse(written, "example.org").map(|name| name.to_string())
    }

    #[test]
    fn a_bare_name_takes_the_default_domain_and_case_does_not_matter() {
        // P-068
        assert_eq!(canonical(b"Alice").unwrap(), "alice@example.org");
        assert_eq!(canonical(b"ALICE@Example.NET").unwrap(), "alice@example.net");
        assert_eq!(canonical("Jürgen".as_bytes()).unwrap(), "jürgen@example.org");
        let name = UserName::parse(b"o'brien+lists@example.net", "example.org").unwrap();
        assert_eq!((name.local(), name.domain()), ("o'brien+lists", "example.net"));
    }

    #[test]
    fn what_means_something_to_a_path_or_a_pattern_is_no_name() {
        // S-041
        for wrong in [
            "",
            "@",
            "a@",
            "@b",
            "a@b@c",
            "..",
            "a@..",
            "../a",
            "a/b",
            "a@b/c",
            "a\0b",
            "-a",
            "a@-b",
            ".a",
            "a@.b",
            "a..b",
            "a b",
            "a\tb",
            "a\r",
            "a*",
            "a?",
            "[a]",
            "{user}",
            "a%s",
            "a\\b",
            "a|b",
            "a;b",
            "$a",
            "`a`",
            "\"a\"",
            "a\u{202e}b",
            "a\u{200d}b",
            "a\u{85}b",
            "a\u{a0}b",
            "~/a",
        ] {
            assert!(canonical(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
        assert_eq!(canonical(b"a\xff"), Err(NotAUserName::NotUtf8));
        assert_eq!(canonical(&[b'a'; 255]), Err(NotAUserName::TooLong));
        assert_eq!(canonical(&[b'a'; 250]), Err(NotAUserName::TooLong));
        assert!(canonical(&[b'a'; 242]).is_ok());
    }
}
