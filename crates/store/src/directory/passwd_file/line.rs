//! One line of the file.

use std::ops::Range;
use std::path::PathBuf;

use super::super::secret::{NotASecret, Secret};
use super::super::{AccountState, UserName};
use super::PasswdTrouble;
use super::mail;
use super::networks::Networks;

/// Extra fields that restrict or redirect an account. To pass them over would let in whom the operator keeps out.
const RESTRICTIONS: [&str; 7] =
    ["allow_real_nets", "proxy", "proxy_maybe", "user", "login_user", "nopassword", "delay_until"];
/// Schemes whose passwords stand in clear: a `!` in front of one belongs to it.
const CLEAR: [&str; 3] = ["PLAIN", "CLEAR", "CLEARTEXT"];

/// What a line says of its user.
pub(super) struct Line {
    pub(super) name: UserName,
    pub(super) name_span: Range<usize>,
    pub(super) secret: Option<Secret>,
    pub(super) state: AccountState,
    pub(super) home: Option<PathBuf>,
    pub(super) maildir: Option<PathBuf>,
    /// From where alone the account may log in.
    pub(super) networks: Option<Networks>,
    /// Where the password is missing.
    pub(super) without_password: Option<Range<usize>>,
}

/// Where it stands, and what it is.
type Wrong = (Range<usize>, PasswdTrouble);

impl Line {
    /// Takes a line apart that is no comment and not empty.
    pub(super) fn parse(content: &str, default_domain: &str) -> Result<Self, Wrong> {
        if content.contains(char::REPLACEMENT_CHARACTER) {
            return Err((0..content.len(), PasswdTrouble::NotUtf8));
        }
        let fields: Vec<&str> = content.splitn(8, ':').collect();
        let [name, password, ..] = fields[..] else { return Err((0..content.len(), PasswdTrouble::NoColon)) };
        let span = |field: usize| {
            let start = fields[..field].iter().map(|field| field.len() + 1).sum();
            start..start + fields[field].len()
        };
        let name = UserName::parse(name.as_bytes(), default_domain)
            .map_err(|reason| (span(0), PasswdTrouble::Name(reason)))?;
        let (secret, state) = kept(password)
            .map_err(|reason| (scheme(&span(1), password), PasswdTrouble::Password(reason.to_string())))?;
        let mut line = Self {
            name,
            name_span: span(0),
            without_password: is_missing(password).then(|| span(1)),
            secret,
            state,
            home: None,
            maildir: None,
            networks: None,
        };
        if let Some(home) = fields.get(5).filter(|home| !home.is_empty()) {
            line.home = Some(mail::absolute(home).ok_or((span(5), PasswdTrouble::Home))?);
        }
        let mut mail = None;
        if let Some(extra) = fields.get(7) {
            let mut start = span(7).start;
            for field in extra.split(' ') {
                let here = start..start + field.len();
                start = here.end + 1;
                let (key, value) = field.split_once('=').unwrap_or((field, ""));
                match key {
                    "nologin" => line.state = AccountState::Disabled,
                    "allow_nets" => {
                        let networks = Networks::parse(value);
                        line.networks = Some(networks.ok_or((here, PasswdTrouble::Networks))?);
                    }
                    "userdb_home" => {
                        line.home = Some(mail::home(value, fields[0]).ok_or((here, PasswdTrouble::Home))?);
                    }
                    "userdb_mail" => mail = Some((value, here)),
                    _ if RESTRICTIONS.contains(&key) => {
                        return Err((here, PasswdTrouble::Restriction(key.to_owned())));
                    }
                    // What concerns other services, or nothing that is done here.
                    _ => {}
                }
            }
        }
        if let Some((mail, span)) = mail {
            let maildir = mail::maildir(mail, fields[0], line.home.as_deref());
            line.maildir = maildir.map_err(|reason| (span, PasswdTrouble::Mail(reason)))?;
        }
        Ok(line)
    }
}

/// What is kept of the password, and whether it opens anything: `!` and `*` in front of a hash lock the account.
fn kept(field: &str) -> Result<(Option<Secret>, AccountState), NotASecret> {
    if is_missing(field) {
        return Ok((None, AccountState::Disabled));
    }
    let (scheme, text) = split(field);
    if !is_clear(scheme) && text.starts_with(['!', '*']) {
        // The password may still be told right from wrong: "disabled" is for who knows it.
        let prefix = &field[..field.len() - text.len()];
        let secret = Secret::parse(&format!("{prefix}{}", text.trim_start_matches(['!', '*'])));
        return Ok((secret.ok(), AccountState::Disabled));
    }
    Ok((Some(Secret::parse(field)?), AccountState::Enabled))
}

/// Nothing, or a scheme and nothing: a clear password of no octets would let everybody in.
fn is_missing(field: &str) -> bool {
    split(field).1.is_empty()
}

fn split(field: &str) -> (Option<&str>, &str) {
    match field.strip_prefix('{').and_then(|field| field.split_once('}')) {
        Some((scheme, text)) => (Some(scheme), text),
        None => (None, field),
    }
}

fn is_clear(scheme: Option<&str>) -> bool {
    scheme.is_some_and(|scheme| CLEAR.iter().any(|clear| scheme.eq_ignore_ascii_case(clear)))
}

/// Where the scheme stands; the whole field where there is none.
fn scheme(field: &Range<usize>, text: &str) -> Range<usize> {
    match text.find('}') {
        Some(end) if text.starts_with('{') => field.start..field.start + end + 1,
        _ => field.clone(),
    }
}

/// The text with every password and hash covered, octet by octet, so that places stay what they are.
pub(super) fn covered(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        match content.split_once(':') {
            Some((name, rest)) => {
                let (password, others) = rest.split_at(rest.find(':').unwrap_or(rest.len()));
                let (_, secret) = split(password);
                result.push_str(name);
                result.push(':');
                result.push_str(&password[..password.len() - secret.len()]);
                cover(secret, &mut result);
                for (place, field) in others.split(' ').enumerate() {
                    if place > 0 {
                        result.push(' ');
                    }
                    // A password for somewhere else, where Dovecot would act as a proxy.
                    match field.rsplit_once("pass=") {
                        Some((before, secret)) => {
                            result.push_str(before);
                            result.push_str("pass=");
                            cover(secret, &mut result);
                        }
                        None => result.push_str(field),
                    }
                }
            }
            // Perhaps a password, where a colon was forgotten.
            None => cover(content, &mut result),
        }
        result.push_str(&line[content.len()..]);
    }
    result
}

fn cover(secret: &str, result: &mut String) {
    result.extend(std::iter::repeat_n('*', secret.len()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(content: &str) -> (usize, String) {
        let (span, trouble) = Line::parse(content, "example.org").err().unwrap_or_else(|| panic!("{content} is fine"));
        (1 + span.start, trouble.to_string())
    }

    #[test]
    fn a_line_names_a_user_and_what_opens_his_maildrop() {
        let line = Line::parse("Alice:{PLAIN}a b!:1:2:A. Lice:/home/alice:/bin/sh:userdb_quota_rule=x", "example.org");
        let line = line.unwrap_or_else(|(_, trouble)| panic!("{trouble}"));
        assert_eq!((line.name.as_str(), line.state), ("alice@example.org", AccountState::Enabled));
        assert_eq!(line.home.as_deref(), Some(std::path::Path::new("/home/alice")));
        assert!(line.maildir.is_none() && line.without_password.is_none());
        let line = Line::parse("bob@example.net:{PLAIN}x", "example.org").ok().unwrap();
        assert_eq!((line.name.as_str(), line.home), ("bob@example.net", None));
    }

    #[test]
    fn locked_accounts_are_known_and_closed() {
        let hash =
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";
        for (content, has_secret) in [
            (format!("a:!{hash}"), true),
            (format!("a:{{SHA512-CRYPT}}!{hash}"), true),
            (format!("a:{hash}:::::: nologin"), true),
            ("a:!".to_owned(), false),
            ("a:*:1:1".to_owned(), false),
            ("a:!!".to_owned(), false),
            ("a:".to_owned(), false),
            ("a:{PLAIN}".to_owned(), false),
        ] {
            let line =
                Line::parse(&content, "example.org").unwrap_or_else(|(_, trouble)| panic!("{content}: {trouble}"));
            assert_eq!((line.state, line.secret.is_some()), (AccountState::Disabled, has_secret), "{content}");
        }
        let line = Line::parse("a:{plain}!x", "example.org").ok().unwrap();
        assert_eq!(line.state, AccountState::Enabled, "a clear password may begin with anything");
    }

    #[test]
    fn what_cannot_be_used_is_told_at_its_place() {
        for (content, column, words) in [
            ("alice", 1, "no colon"),
            ("a/b:{PLAIN}x", 1, "letters, digits"),
            (":{PLAIN}x", 1, "neither part is empty"),
            ("alice:{MD5}x", 7, "{MD5} is not supported"),
            ("alice:secret", 7, "no scheme in front"),
            ("alice:{SHA512-CRYPT}x:1:1", 7, "$6$salt$hash"),
            ("alice:{PLAIN}x::::home", 19, "not an absolute path"),
            ("alice:{PLAIN}x::::::userdb_quota=1 allow_nets=local", 36, "a network"),
            ("alice:{PLAIN}x::::::proxy", 21, "`proxy`"),
            ("alice:{PLAIN}x::::::nopassword", 21, "`nopassword`"),
            ("alice:{PLAIN}x::::::userdb_mail=mbox:~/mail", 21, "only Maildir"),
            ("al\u{fffd}ce:{PLAIN}x", 1, "not UTF-8"),
        ] {
            let (at, said) = trouble(content);
            assert_eq!((at, said.contains(words)), (column, true), "{content}: {said}");
        }
    }

    #[test]
    fn nothing_secret_is_left_when_it_is_covered() {
        // S-029
        let text = "# c\r\nalice:{PLAIN}sécret:1:1::/home/a::pass=sécret x=1\nalicesécret\n#bob:sécret\nc:sécret";
        let shown = covered(text);
        assert!(!shown.contains("cret") && shown.len() == text.len(), "{shown}");
        assert!(shown.contains("alice:{PLAIN}*******:1:1::/home/a::pass=******* x=1\n"), "{shown}");
    }
}
