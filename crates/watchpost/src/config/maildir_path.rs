//! `[store]`: where the Maildir of a user is.

use std::path::Path;

use super::Store;
use super::check::Check;
use super::error::quoted;
use super::folder;
use super::raw::RawStore;
use super::words::{listed, nearest};

const KEY: &str = "store.path";

/// What can stand in braces.
const VARIABLES: [&str; 5] = ["data_dir", "user", "local", "domain", "home"];

impl Store {
    /// Checks what was written.
    pub(super) fn new(check: &mut Check<'_>, raw: &RawStore) -> Option<Self> {
        check.word("store.kind", raw.kind.as_deref(), &[("maildir", ())]);
        let written = raw.path.as_deref().unwrap_or("{data_dir}/mail/{user}/Maildir");
        if let Err((message, help)) = check_variables(written) {
            check.refuse(KEY, &message, &help);
            return None;
        }
        let path = if written.starts_with("{home}") {
            written.to_owned()
        } else {
            if !written.starts_with(['/', '{']) && check.folder.to_string_lossy().contains(['{', '}']) {
                let message = "the path is relative to a folder that has a brace in its name, like a variable";
                check.refuse(KEY, message, "write a path that begins with /");
                return None;
            }
            let path = check.path(KEY, written)?.to_string_lossy().into_owned();
            if let Err(trouble) = folder::usable_or_makeable(Path::new(root(&path))) {
                check.refuse_folder(KEY, &trouble);
            }
            path
        };
        Some(Self { path })
    }
}

/// Whether the braces are in order, and tell one user from another.
fn check_variables(written: &str) -> Result<(), (String, String)> {
    let mut names_a_user = false;
    let mut rest = written;
    while let Some(start) = rest.find(['{', '}']) {
        let variable = rest[start..].strip_prefix('{').and_then(|behind| behind.split_once('}'));
        let Some((variable, behind)) = variable else {
            let help = "braces stand around a variable, as in {user}, and nowhere else";
            return Err((format!("a brace in {} has no partner", quoted(written)), help.to_owned()));
        };
        if !VARIABLES.contains(&variable) {
            let meant = nearest(variable, VARIABLES.into_iter());
            let meant = meant.map(|meant| format!("did you mean `{{{meant}}}`? ")).unwrap_or_default();
            let known = listed(&VARIABLES.map(|variable| format!("{{{variable}}}")));
            return Err((
                format!("{} is no variable", quoted(&format!("{{{variable}}}"))),
                format!("{meant}there are {known}"),
            ));
        }
        let at_the_beginning = rest.len() == written.len() && start == 0;
        if matches!(variable, "home" | "data_dir") && !at_the_beginning {
            let message = format!("`{{{variable}}}` does not begin the path");
            return Err((message, "it is a whole path: nothing can stand before it".to_owned()));
        }
        if matches!(variable, "home" | "data_dir") && !behind.is_empty() && !behind.starts_with('/') {
            let help = format!("write {{{variable}}}/ and the rest of the path");
            return Err((format!("a slash is missing behind `{{{variable}}}`"), help));
        }
        names_a_user |= matches!(variable, "user" | "local" | "home");
        rest = behind;
    }
    if names_a_user {
        return Ok(());
    }
    let message = format!("{} does not tell one user from another", quoted(written));
    Err((message, "put `{user}` into the path, or `{local}`, or begin it with `{home}`".to_owned()))
}

/// The folder above all Maildirs: what stands before the first variable.
fn root(path: &str) -> &str {
    let fixed = path.split_once('{').map_or(path, |(fixed, _)| fixed);
    match fixed.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((root, _)) => root,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_one_user_from_another() {
        for right in ["/m/{user}", "/m/{domain}/{local}", "/m/{local}/Maildir", "{home}/Maildir", "{data_dir}/{user}"] {
            assert!(check_variables(right).is_ok(), "{right}");
        }
        for wrong in ["", "/m", "/m/{domain}", "{data_dir}/mail"] {
            assert!(check_variables(wrong).unwrap_err().0.contains("does not tell one user from another"), "{wrong}");
        }
    }

    #[test]
    fn braces_are_variables_that_exist() {
        for (wrong, message, help) in [
            ("/m/{user", "no partner", "braces stand around"),
            ("/m/user}", "no partner", "braces stand around"),
            ("/m/{usr}", "`{usr}` is no variable", "did you mean `{user}`?"),
            ("/m/{{user}}", "`{{user}` is no variable", "`{home}`"),
            ("/m/{}", "`{}` is no variable", "there are `{data_dir}`"),
            ("/m/{home}", "does not begin", "nothing can stand before it"),
            ("{home}Maildir", "a slash is missing behind `{home}`", "{home}/"),
            ("{data_dir}{user}", "a slash is missing behind `{data_dir}`", "{data_dir}/"),
            ("/{data_dir}/{user}", "does not begin", "nothing can stand before it"),
        ] {
            let (said, advised) = check_variables(wrong).unwrap_err();
            assert!(said.contains(message) && advised.contains(help), "{wrong}: {said} / {advised}");
        }
    }

    #[test]
    fn the_root_is_what_stands_before_the_first_variable() {
        assert_eq!(root("/mail/{user}"), "/mail");
        assert_eq!(root("/mail/v{user}/Maildir"), "/mail");
        assert_eq!(root("/{user}"), "/");
        assert_eq!(root("/v-{user}"), "/");
    }
}
