//! APOP (RFC 1939 §7): a digest over the greeting's timestamp and a shared secret. Off unless asked for (RFC 6151 §2.1).

use md5::{Digest, Md5};

/// The msg-id in the greeting. New for every connection; the randomness comes from outside (P-081).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp(Box<str>);

impl Timestamp {
    /// From at least 128 random bits and the host's name.
    pub fn new(random: u128, host: &str) -> Self {
        let host: String =
            host.chars().filter(|letter| letter.is_ascii_alphanumeric() || ".-".contains(*letter)).collect();
        let host = if host.is_empty() { "localhost" } else { &host };
        Self(format!("<{random:032x}@{host}>").into())
    }

    /// The timestamp in the text of a greeting: printable ASCII shaped like a msg-id, or there is none. Anything else
    /// would let whoever is on the path choose what is digested (S-026; CVE-2007-1558).
    pub fn in_greeting(text: &[u8]) -> Option<Self> {
        let start = text.iter().position(|octet| *octet == b'<')?;
        let end = start + text[start..].iter().position(|octet| *octet == b'>')?;
        let (left, right) = std::str::from_utf8(&text[start + 1..end]).ok()?.split_once('@')?;
        let part = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|octet| octet.is_ascii_graphic() && !b"<>@()\\\",;:[]".contains(&octet))
        };
        // A domain literal is the one place for brackets and colons.
        let literal = right.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let domain = part(right) || literal.is_some_and(|inner| part(&inner.replace(':', "")));
        let whole = std::str::from_utf8(&text[start..=end]).ok()?;
        (part(left) && domain).then(|| Self(whole.into()))
    }

    /// With its angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The timestamp of the example in RFC 1939 §7, for tests.
    #[cfg(test)]
    fn example() -> Self {
        Self("<1896.697170952@dbc.mtview.ca.us>".into())
    }
}

/// What a client sent to prove that it knows the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApopDigest([u8; 32]);

impl ApopDigest {
    /// Exactly 32 lower-case hexadecimal digits (P-082).
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits: [u8; 32] = text.try_into().ok()?;
        digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')).then_some(Self(digits))
    }

    /// What a client sends that knows this secret.
    pub fn of(timestamp: &Timestamp, secret: &[u8]) -> Self {
        let digest = Md5::new().chain_update(timestamp.as_str()).chain_update(secret).finalize();
        let mut digits = [0; 32];
        for (pair, octet) in digits.chunks_exact_mut(2).zip(digest) {
            pair[0] = b"0123456789abcdef"[usize::from(octet >> 4)];
            pair[1] = b"0123456789abcdef"[usize::from(octet & 15)];
        }
        Self(digits)
    }

    /// As it goes over the wire.
    pub fn digits(&self) -> &[u8] {
        &self.0
    }

    /// Whether this proves knowledge of the secret. Takes the same time for every answer (S-023).
    pub fn proves(&self, timestamp: &Timestamp, secret: &[u8]) -> bool {
        let expected = Self::of(timestamp, secret);
        self.0.iter().zip(expected.0).fold(0, |difference, (one, other)| difference | (one ^ other)) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_holds() {
        // P-082
        let digest = ApopDigest::parse(b"c4c9334bac560ecc979e58001b3e22fb").unwrap();
        assert!(digest.proves(&Timestamp::example(), b"tanstaaf"));
        assert!(!digest.proves(&Timestamp::example(), b"tanstaag"));
    }

    #[test]
    fn a_digest_is_32_lower_case_hexadecimal_digits() {
        // P-082
        for wrong in [
            "",
            "c4c9334bac560ecc979e58001b3e22f",
            "C4C9334BAC560ECC979E58001B3E22FB",
            "g4c9334bac560ecc979e58001b3e22fb",
        ] {
            assert_eq!(ApopDigest::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn only_a_strict_message_id_in_a_greeting_is_a_timestamp() {
        // S-026
        let found = Timestamp::in_greeting(b"POP3 server ready <1896.697170952@dbc.mtview.ca.us> hello");
        assert_eq!(found, Some(Timestamp::example()));
        assert!(Timestamp::in_greeting(b"<a@[IPv6:::1]>").is_some());
        for wrong in [
            &b"ready"[..],
            b"<>",
            b"<a>",
            b"<@b>",
            b"<a@>",
            b"<a@b",
            b"<a b@c>",
            b"<a@b@c>",
            b"<a@b\x80>",
            b"<\xc3\xa9@b>",
            b"<a\0@b>",
            b"<<a@b>",
            b"<a\"@b>",
        ] {
            assert_eq!(Timestamp::in_greeting(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_timestamp_is_a_message_id() {
        // P-003, P-081
        let one = Timestamp::new(1, "mail.example.org\r\n<x>");
        assert_eq!(one.as_str(), "<00000000000000000000000000000001@mail.example.orgx>");
        assert_eq!(Timestamp::new(0, "").as_str(), "<00000000000000000000000000000000@localhost>");
    }
}
