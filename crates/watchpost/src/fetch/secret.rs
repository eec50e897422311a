//! Where a password or a token comes from: never from the command line, and never into a log.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use watchpost_proto::Password;
use zeroize::Zeroizing;

use super::account::Account;
use super::login::Proof;
use crate::{descriptors, question};

/// Octets of a password or token.
const OCTETS_MAX: usize = 64 * 1024;

/// Where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The first line that a command of the shell prints.
    Command(String),
    /// The first line of a file that nobody else may read.
    File(PathBuf),
    /// A credential that systemd hands over (`LoadCredential=`).
    Credential(String),
    /// A variable of the environment.
    Variable(String),
    /// The machine of this name in a `.netrc`.
    Netrc(PathBuf),
    /// The keyring of the desktop (Secret Service), asked with `secret-tool`.
    SecretService,
    /// Somebody at the terminal.
    Prompt,
    /// What somebody at the terminal has typed already.
    Typed(Password),
    /// An access token: the first line that a command of the shell prints.
    TokenCommand(String),
    /// None is needed: the client certificate says who we are.
    Certificate,
}

/// What proves who we are.
pub struct Secret {
    octets: Password,
    proof: Proof,
}

/// Why there is none. The text holds nothing of it.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct SecretError {
    text: String,
    /// Whether the system gave no more open files.
    pub lacks_descriptors: bool,
}

impl SecretError {
    fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), lacks_descriptors: false }
    }

    /// What could not be done, and what the system says of it.
    fn system(what: impl std::fmt::Display, error: &io::Error) -> Self {
        Self { text: format!("{what}: {error}"), lacks_descriptors: descriptors::are_missing(error) }
    }
}

impl Secret {
    /// What kind of proof it is.
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// For whoever sends it.
    pub fn expose(&self) -> &Password {
        &self.octets
    }
}

/// What is needed to find secrets.
pub struct Finder {
    /// Reads a variable of the environment.
    pub variable: fn(&str) -> Option<String>,
    /// Whether somebody is at the terminal who could be asked.
    pub may_ask: bool,
    /// How to ask, in the language of whoever is asked: `{account}` stands for the account.
    pub question: String,
}

impl Finder {
    /// Finds the secret of an account. May take as long as its command or somebody's fingers.
    pub fn find(&self, source: &Source, account: &str, host: &str, user: &str) -> Result<Secret, SecretError> {
        let proof = match source {
            Source::TokenCommand(_) => Proof::Token,
            Source::Certificate => Proof::Certificate,
            _ => Proof::Password,
        };
        let octets = match source {
            Source::Command(command) | Source::TokenCommand(command) => of_command(command)?,
            Source::File(path) => of_file(path)?,
            Source::Credential(name) => {
                let folder = (self.variable)("CREDENTIALS_DIRECTORY");
                let folder = folder.ok_or_else(|| SecretError::of("systemd has handed over no credentials"))?;
                line_of(&Path::new(&folder).join(name))?
            }
            Source::Variable(name) => {
                let value = (self.variable)(name).map(Zeroizing::new);
                value
                    .map(|value| Password::new(value.as_bytes()))
                    .ok_or_else(|| SecretError::of(format!("${name} is not set")))?
            }
            Source::Netrc(path) => {
                let text = Zeroizing::new(read(path)?);
                let text = std::str::from_utf8(&text)
                    .map_err(|_| SecretError::of(format!("{} is not UTF-8", path.display())))?;
                netrc(text, host, user)
                    .ok_or_else(|| SecretError::of(format!("{} has no password of {user} at {host}", path.display())))?
            }
            Source::SecretService => of_secret_service(host, user)?,
            Source::Prompt if !self.may_ask => {
                return Err(SecretError::of(format!("nobody is here to be asked for the password of {account}")));
            }
            Source::Prompt => {
                let question = self.question.replace("{account}", account);
                question::ask(&question).map_err(|error| match error.kind() {
                    io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof => {
                        SecretError::of("no password was given")
                    }
                    _ => SecretError::system("cannot ask for the password", &error),
                })?
            }
            Source::Typed(password) => password.clone(),
            Source::Certificate => Password::new(Vec::new()),
        };
        Ok(Secret { octets, proof })
    }
}

fn first_line(octets: &[u8]) -> Option<Password> {
    let line = octets.split(|octet| *octet == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    (!line.is_empty()).then(|| Password::new(line))
}

fn of_command(command: &str) -> Result<Password, SecretError> {
    let run = Command::new("/bin/sh").args(["-c", command]).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = run.map_err(|error| SecretError::system("cannot run the command for the password", &error))?;
    let printed = Zeroizing::new(output.stdout);
    if !output.status.success() {
        return Err(SecretError::of(format!("the command for the password fails: {}", output.status)));
    }
    first_line(&printed).ok_or_else(|| SecretError::of("the command for the password prints nothing"))
}

/// What a password is filed under: the same attributes as mpop uses, so that its passwords are found.
fn attributes<'a>(host: &'a str, user: &'a str) -> [&'a str; 6] {
    ["host", host, "service", "pop3", "user", user]
}

fn of_secret_service(host: &str, user: &str) -> Result<Password, SecretError> {
    let mut command = Command::new("secret-tool");
    command.arg("lookup").args(attributes(host, user)).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| no_secret_tool(&error))?;
    let printed = Zeroizing::new(output.stdout);
    let found = first_line(&printed).filter(|_| output.status.success());
    found.ok_or_else(|| SecretError::of(format!("the keyring has no password of {user} at {host}")))
}

/// Keeps the password of an account in the keyring of the desktop. It goes over standard input: arguments can be read by
/// everybody.
pub fn keep_in_secret_service(account: &Account, password: &Password) -> Result<(), SecretError> {
    let mut command = Command::new("secret-tool");
    command.arg("store").arg(format!("--label=Watchpost: {}", account.name));
    command.args(attributes(&account.host, &account.user)).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().map_err(|error| no_secret_tool(&error))?;
    let written = child.stdin.take().map(|mut input| input.write_all(password.expose()));
    let status = child.wait().map_err(|error| no_secret_tool(&error))?;
    if status.success() && matches!(written, Some(Ok(()))) {
        return Ok(());
    }
    Err(SecretError::of(format!("secret-tool does not keep the password: {status}")))
}

fn no_secret_tool(error: &io::Error) -> SecretError {
    SecretError::system("cannot run secret-tool, which asks the keyring", error)
}

fn of_file(path: &Path) -> Result<Password, SecretError> {
    let text = Zeroizing::new(read(path)?);
    first_line(&text).ok_or_else(|| SecretError::of(format!("{} is empty", path.display())))
}

/// Whoever handed it over has seen to it that nobody else may read it.
fn line_of(path: &Path) -> Result<Password, SecretError> {
    let text = std::fs::read(path).map(Zeroizing::new);
    let text = text.map_err(|error| SecretError::system(format_args!("cannot read {}", path.display()), &error))?;
    first_line(&text).ok_or_else(|| SecretError::of(format!("{} is empty", path.display())))
}

/// A file that only its owner may read: anything else is a mistake that would be found too late.
fn read(path: &Path) -> Result<Vec<u8>, SecretError> {
    let named = |error: io::Error| SecretError::system(format_args!("cannot read {}", path.display()), &error);
    let metadata = std::fs::metadata(path).map_err(named)?;
    if metadata.permissions().mode() & 0o077 != 0 {
        let path = path.display();
        return Err(SecretError::of(format!("{path} can be read by others: run chmod 600 {path}")));
    }
    if metadata.len() > OCTETS_MAX as u64 {
        return Err(SecretError::of(format!("{} is too large for a password", path.display())));
    }
    std::fs::read(path).map_err(named)
}

/// The password that a `.netrc` has for a user of a machine.
pub(super) fn netrc(text: &str, host: &str, user: &str) -> Option<Password> {
    let mut words = text.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace);
    let (mut here, mut login, mut password) = (false, None, None);
    let fits = |here: bool, login: Option<&str>, password: Option<&str>| {
        password.filter(|_| here && login.is_none_or(|login| login == user)).map(|text| Password::new(text.as_bytes()))
    };
    while let Some(word) = words.next() {
        match word {
            "machine" | "default" => {
                if let Some(found) = fits(here, login, password) {
                    return Some(found);
                }
                here = word == "default" || words.next().is_some_and(|machine| machine.eq_ignore_ascii_case(host));
                (login, password) = (None, None);
            }
            "login" => login = words.next(),
            "password" => password = words.next(),
            "account" | "macdef" => drop(words.next()),
            _ => {}
        }
    }
    fits(here, login, password)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_netrc_gives_the_password_of_one_user_of_one_machine() {
        let text = "machine a.org login tim password one\n# machine b.org login tim password no\n\
            machine b.org\n  login ann password two\nmachine b.org login tim password three\ndefault password four\n";
        let found =
            |host, user| netrc(text, host, user).map(|found| String::from_utf8(found.expose().to_vec()).unwrap());
        assert_eq!(found("A.org", "tim").as_deref(), Some("one"));
        assert_eq!(found("b.org", "tim").as_deref(), Some("three"));
        assert_eq!(found("b.org", "bob").as_deref(), Some("four"));
        assert!(netrc("machine x login y", "x", "y").is_none());
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        // S-029
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "sesame\r\nmore\n").unwrap();
        let finder = Finder { variable: |_| None, may_ask: false, question: String::new() };
        let find = || finder.find(&Source::File(path.clone()), "a", "h", "u");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = find().err().unwrap().to_string();
        assert!(error.contains("chmod 600") && !error.contains("sesame"), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(find().unwrap().expose().expose(), b"sesame");
        let of = |source| finder.find(&source, "a", "h", "u").map(|secret| secret.expose().expose().to_vec());
        assert_eq!(of(Source::Command("printf 'x y\\nz'".into())).unwrap(), b"x y");
        assert!(of(Source::Command("echo x; exit 1".into())).is_err() && of(Source::Prompt).is_err());
    }
}
