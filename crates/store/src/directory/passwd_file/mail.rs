//! Where the file says that mail lies: `maildir:~/Maildir`.

use std::path::{Component, Path, PathBuf};

/// Options behind the path that move no message of INBOX.
const HARMLESS: [&str; 7] = ["LAYOUT", "INDEX", "CONTROL", "VOLATILEDIR", "SUBSCRIPTIONS", "DIRNAME", "UTF-8"];

/// An absolute path that leads straight there.
pub(super) fn absolute(text: &str) -> Option<PathBuf> {
    let path = Path::new(text);
    let straight = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    (path.is_absolute() && straight && !text.contains('\0')).then(|| path.components().collect())
}

/// The home that `userdb_home=` names. `None`: it is no absolute path, or has variables that are not known.
pub(super) fn home(text: &str, written: &str) -> Option<PathBuf> {
    absolute(&expand(text, written, None).ok()?)
}

/// The Maildir that a location names, for a user as he is written in the file. `None`: it names none, and mail is where
/// everybody's is.
pub(super) fn maildir(location: &str, written: &str, home: Option<&Path>) -> Result<Option<PathBuf>, String> {
    if location.is_empty() {
        return Ok(None);
    }
    let Some(rest) = location.strip_prefix("maildir:") else {
        return Err("only Maildir can be served: mail is maildir: and a path".to_owned());
    };
    let mut parts = rest.split(':');
    let mut path = parts.next().unwrap_or_default();
    for option in parts {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        match key {
            "INBOX" => path = value,
            _ if HARMLESS.contains(&key) => {}
            _ => return Err(format!("the option `{key}` of mail is not known here")),
        }
    }
    let expanded = expand(path, written, home)?;
    let found = absolute(&expanded).ok_or("mail is no path that begins with / or ~/ and leads straight there")?;
    Ok(Some(found))
}

/// Puts in what `~/` and `%u`, `%n`, `%d`, `%h` stand for. As Dovecot has it, a bare name has no domain, whatever the
/// default is: else its mail would be sought where nobody delivers.
fn expand(path: &str, written: &str, home: Option<&Path>) -> Result<String, String> {
    let name = written.to_lowercase();
    let (local, domain) = name.split_once('@').unwrap_or((&name, ""));
    let homeless = "mail lies below the home, and there is no home";
    let home = || home.and_then(Path::to_str).ok_or_else(|| homeless.to_owned());
    let mut expanded = String::new();
    let mut rest = path;
    if let Some(behind) = path.strip_prefix('~').filter(|behind| behind.is_empty() || behind.starts_with('/')) {
        expanded.push_str(home()?);
        rest = behind;
    }
    while let Some((before, behind)) = rest.split_once('%') {
        expanded.push_str(before);
        let variable = behind.chars().next();
        match variable {
            Some('u') => expanded.push_str(&name),
            Some('n') => expanded.push_str(local),
            Some('d') => expanded.push_str(domain),
            Some('h') => expanded.push_str(home()?),
            Some('%') => expanded.push('%'),
            _ => {
                let variable = variable.map(String::from).unwrap_or_default();
                return Err(format!("`%{variable}` in mail is not known here"));
            }
        }
        rest = &behind[1..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(location: &str) -> Result<Option<PathBuf>, String> {
        maildir(location, "Alice@example.org", Some(Path::new("/home/alice")))
    }

    #[test]
    fn a_location_leads_to_a_maildir() {
        for (location, path) in [
            ("maildir:~/Maildir", "/home/alice/Maildir"),
            ("maildir:/srv/%d/%n/", "/srv/example.org/alice"),
            ("maildir:%h/m/%u:LAYOUT=fs:INDEX=/var/index", "/home/alice/m/alice@example.org"),
            ("maildir:~/mail:INBOX=~/Maildir", "/home/alice/Maildir"),
            ("maildir:/a%%b", "/a%b"),
        ] {
            assert_eq!(found(location), Ok(Some(path.into())), "{location}");
        }
        assert_eq!(found(""), Ok(None));
        let bare = |location| maildir(location, "alice", None).map(|path| path.unwrap());
        assert_eq!(bare("maildir:/m/%u"), Ok("/m/alice".into()), "where Dovecot has it");
        assert_eq!(bare("maildir:/m/x%d/%n"), Ok("/m/x/alice".into()));
        assert_eq!(home("/srv/%d/%n", "alice@example.org"), Some("/srv/example.org/alice".into()));
        for wrong in ["srv", "/srv/../x", "/srv/%x", "%h/x", "~/x"] {
            assert_eq!(home(wrong, "alice"), None, "{wrong}");
        }
    }

    #[test]
    fn a_location_that_leads_elsewhere_is_refused() {
        // S-041
        for location in [
            "mbox:~/mail",
            "mdbox:~/mail",
            "~/Maildir",
            "maildir:",
            "maildir:Maildir",
            "maildir:~alice/Maildir",
            "maildir:~/../bob/Maildir",
            "maildir:/srv/%Lu",
            "maildir:/srv/%{user}",
            "maildir:/srv/%",
            "maildir:/srv/%é",
            "maildir:/srv:NEW=1",
        ] {
            assert!(found(location).is_err(), "{location}");
        }
        assert!(maildir("maildir:~/Maildir", "alice", None).unwrap_err().contains("no home"));
    }
}
