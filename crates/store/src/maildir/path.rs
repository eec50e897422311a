//! Where the Maildir of a user lies.

use std::path::{Path, PathBuf};

use crate::User;

/// A template of paths: `{user}`, `{local}`, `{domain}` and `{home}` stand for what they say of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaildirPath {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    User,
    Local,
    Domain,
    Home,
}

/// The text is no template of paths.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAMaildirPath {
    /// A variable that does not exist.
    #[error("{{{0}}} is no variable: there are {{user}}, {{local}}, {{domain}} and {{home}}")]
    Variable(String),
    /// A `{` without its `}`, or the other way round.
    #[error("a brace has no partner")]
    Brace,
    /// The same Maildir for all users.
    #[error("the path does not tell one user from another: it needs {{user}}, {{local}} or {{home}}")]
    SharedByAll,
}

/// The template asks for the user's home, and the user has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the user has no home")]
pub struct Homeless;

impl MaildirPath {
    /// Takes the template as it stands in the configuration.
    pub fn parse(template: &str) -> Result<Self, NotAMaildirPath> {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((text, behind)) = rest.split_once('{') {
            let (variable, behind) = behind.split_once('}').ok_or(NotAMaildirPath::Brace)?;
            parts.push(Part::Text(text.to_owned()));
            parts.push(match variable {
                "user" => Part::User,
                "local" => Part::Local,
                "domain" => Part::Domain,
                "home" => Part::Home,
                _ => return Err(NotAMaildirPath::Variable(variable.to_owned())),
            });
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        if parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains('}'))) {
            return Err(NotAMaildirPath::Brace);
        }
        if parts.iter().all(|part| matches!(part, Part::Text(_) | Part::Domain)) {
            return Err(NotAMaildirPath::SharedByAll);
        }
        Ok(Self { parts })
    }

    /// The Maildir of this user: the one the directory names, else where the template points. A
    /// [`UserName`](crate::UserName) cannot lead out of there (S-041).
    pub fn of(&self, user: &User) -> Result<PathBuf, Homeless> {
        if let Some(maildir) = &user.maildir {
            return Ok(maildir.clone());
        }
        let mut path = std::ffi::OsString::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => path.push(text),
                Part::User => path.push(user.name.as_str()),
                Part::Local => path.push(user.name.local()),
                Part::Domain => path.push(user.name.domain()),
                Part::Home => path.push(user.home.as_ref().ok_or(Homeless)?),
            }
        }
        Ok(path.into())
    }

    /// The folder above all Maildirs, as far as the template tells it.
    pub(super) fn root(&self) -> Option<&Path> {
        let Some(Part::Text(text)) = self.parts.first() else { return None };
        let (root, _) = text.rsplit_once('/')?;
        Some(Path::new(if root.is_empty() { "/" } else { root }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UserName;

    #[test]
    fn a_template_names_one_maildir_per_user() {
        let name = UserName::parse(b"Alice@example.org", "").unwrap();
        let mut user = User { home: Some("/home/alice".into()), ..User::new(name) };
        let path = |template: &str, user: &User| MaildirPath::parse(template).unwrap().of(user).unwrap();
        assert_eq!(path("/mail/{user}/Maildir", &user), Path::new("/mail/alice@example.org/Maildir"));
        assert_eq!(path("/mail/{domain}/{local}", &user), Path::new("/mail/example.org/alice"));
        assert_eq!(path("{home}/Maildir", &user), Path::new("/home/alice/Maildir"));
        user.maildir = Some("/srv/alice".into());
        assert_eq!(path("/mail/{user}", &user), Path::new("/srv/alice"), "the directory knows better");
        assert_eq!(MaildirPath::parse("/mail/v{user}").unwrap().root(), Some(Path::new("/mail")));
        assert_eq!(MaildirPath::parse("{home}/Maildir").unwrap().root(), None);
    }

    #[test]
    fn a_template_that_mixes_users_up_is_refused() {
        assert_eq!(MaildirPath::parse("/mail/{domain}"), Err(NotAMaildirPath::SharedByAll));
        assert_eq!(MaildirPath::parse("/mail/{user"), Err(NotAMaildirPath::Brace));
        assert_eq!(MaildirPath::parse("/mail/{user}}"), Err(NotAMaildirPath::Brace));
        assert_eq!(MaildirPath::parse("/mail/{uid}"), Err(NotAMaildirPath::Variable("uid".into())));
        let user = User::new(UserName::parse(b"a@b", "").unwrap());
        assert_eq!(MaildirPath::parse("{home}/Maildir").unwrap().of(&user), Err(Homeless));
    }
}
