//! What a header decides before a message is fetched.

/// What to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Fetch it.
    Fetch,
    /// Leave it on the server.
    Skip,
    /// Remove it from the server, unseen.
    Delete,
}

/// A header field, and what its presence means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name of the field, in any case.
    pub field: String,
    /// What the field must contain, in any case; empty: that it is there is enough.
    pub contains: String,
    /// What to do then.
    pub verdict: Verdict,
}

/// What the first rule that fits says; without one, the message is fetched.
pub fn decide(rules: &[Rule], header: &[u8]) -> Verdict {
    let fields = fields(header);
    let fits = |rule: &&Rule| {
        let wanted = rule.contains.to_lowercase();
        fields.iter().any(|(name, value)| name.eq_ignore_ascii_case(&rule.field) && value.contains(&wanted))
    };
    rules.iter().find(fits).map_or(Verdict::Fetch, |rule| rule.verdict)
}

/// Names and lower-case values, folded lines put together (RFC 5322 §2.2.3).
fn fields(header: &[u8]) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in String::from_utf8_lossy(header).lines().take_while(|line| !line.is_empty()) {
        match (line.starts_with([' ', '\t']), fields.last_mut()) {
            (true, Some((_, value))) => {
                value.push(' ');
                value.push_str(line.trim_start().to_lowercase().as_str());
            }
            _ => {
                if let Some((name, value)) = line.split_once(':') {
                    fields.push((name.trim_end().to_owned(), value.trim_start().to_lowercase()));
                }
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rule =
            |field: &str, contains: &str, verdict| Rule { field: field.into(), contains: contains.into(), verdict };
        let rules = [
            rule("Subject", "INVOICE", Verdict::Fetch),
            rule("x-spam-flag", "yes", Verdict::Delete),
            rule("List-Id", "", Verdict::Skip),
        ];
        let decided = |header: &str| decide(&rules, header.as_bytes());
        assert_eq!(decided("X-Spam-Flag: YES\r\n\r\n"), Verdict::Delete);
        assert_eq!(decided("X-Spam-Flag: YES\r\nSubject: your\r\n\tinvoice\r\n\r\n"), Verdict::Fetch);
        assert_eq!(decided("List-ID: <x>\r\n\r\n"), Verdict::Skip);
        assert_eq!(decided("Subject: hello\r\n\r\nX-Spam-Flag: yes\r\n"), Verdict::Fetch, "the body is no header");
        assert_eq!(decided(""), Verdict::Fetch);
    }
}
