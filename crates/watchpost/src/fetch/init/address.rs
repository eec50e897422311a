//! An address, as far as it says where its mail may be.

/// Octets of a domain, as DNS has it (RFC 1035 §2.3.4).
const DOMAIN_MAX: usize = 253;

/// `local@domain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// As it was written.
    pub full: String,
    /// What stands before the `@`.
    pub local: String,
    /// What stands behind it, as DNS has it (RFC 5891).
    pub domain: String,
}

impl Address {
    /// Reads an address. `None`: it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@')?;
        let sayable = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_control() || c.is_whitespace());
        if !sayable(local) || local.len() > 64 || !sayable(domain) {
            return None;
        }
        let ascii = idna::domain_to_ascii(domain.trim_end_matches('.')).ok()?.to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let legal = ascii.len() <= DOMAIN_MAX && ascii.split('.').all(label);
        legal.then(|| Self { full: text.to_owned(), local: local.to_owned(), domain: ascii })
    }

    /// A name for its account: small letters, digits, `.`, `_` and `-`.
    pub fn account_name(&self) -> String {
        let legal = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-".contains(letter);
        let name = format!("{}-{}", self.local, self.domain).to_lowercase();
        let name: String = name.chars().map(|letter| if legal(letter) { letter } else { '-' }).collect();
        let name: String = name.trim_start_matches(['.', '-']).chars().take(40).collect();
        if name.is_empty() { "mail".to_owned() } else { name }
    }

    /// Whether a host lies within the domain: whoever may write its records may write theirs.
    pub fn holds(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        host == self.domain || host.strip_suffix(&self.domain).is_some_and(|rest| rest.ends_with('.'))
    }

    /// What settings write for parts of it.
    pub fn filled_in(&self, text: &str) -> String {
        text.replace("%EMAILADDRESS%", &self.full)
            .replace("%EMAILLOCALPART%", &self.local)
            .replace("%EMAILDOMAIN%", &self.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_to_look() {
        let address = Address::parse(" Alice.B@Bücher.Example. ").unwrap();
        assert_eq!(address.domain, "xn--bcher-kva.example");
        assert_eq!(
            (address.local.as_str(), address.account_name().as_str()),
            ("Alice.B", "alice.b-xn--bcher-kva.example")
        );
        for (host, within) in [
            ("pop.xn--bcher-kva.example", true),
            ("XN--BCHER-KVA.example.", true),
            ("evilxn--bcher-kva.example", false),
            ("xn--bcher-kva.example.evil", false),
        ] {
            assert_eq!(address.holds(host), within, "{host}");
        }
        assert_eq!(address.filled_in("%EMAILLOCALPART%/%EMAILDOMAIN%"), "Alice.B/xn--bcher-kva.example");
        for wrong in
            ["alice", "@example.org", "alice@", "a b@example.org", "a@ex ample", "a@-x.org", "a@x..org", "a\n@x.org"]
        {
            assert_eq!(Address::parse(wrong), None, "{wrong:?}");
        }
    }
}
