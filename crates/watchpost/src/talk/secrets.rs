//! The password: where it comes from, and that no server can make us show it.

use std::fs::File;
use std::io::{self, BufRead};

use memchr::memmem;
use watchpost_proto::Password;
use zeroize::Zeroizing;

use super::typed::MASK;
use crate::cli::{ExitCode, TalkArgs};
use crate::console::{Failure, Surroundings, Talk};
use crate::question;

/// Where the password is looked for when no file is named.
pub(super) const VARIABLE: &str = "WATCHPOST_PASSWORD";
/// Shorter secrets stand in too many texts by chance.
const ECHO_MIN: usize = 4;

/// Passwords that were given in this session.
pub(super) struct Secrets {
    given: Option<Password>,
    said: Vec<Password>,
}

impl Secrets {
    /// Of the file that is named, or of the environment.
    pub(super) fn new(arguments: &TalkArgs, talk: &Talk, surroundings: &Surroundings) -> Result<Self, Failure> {
        let given = match &arguments.password_file {
            Some(path) => {
                let mut line = Zeroizing::new(String::new());
                File::open(path).and_then(|file| io::BufReader::new(file).read_line(&mut line)).map_err(|error| {
                    let variables = [("path", path.display().to_string().into()), ("cause", error.to_string().into())];
                    Failure::new(ExitCode::NoInput, talk.texts.format("error-talk-file", &variables))
                })?;
                Some(line)
            }
            None => (surroundings.variable)(VARIABLE).map(Zeroizing::new),
        };
        let given = given.map(|text| Password::new(text.trim_end_matches(['\r', '\n']).as_bytes()));
        match given {
            // A line end in it would be a command of its own (S-040).
            Some(given) if given.expose().is_empty() || given.expose().iter().any(u8::is_ascii_control) => {
                Err(Failure::new(ExitCode::DataError, talk.texts.text("error-talk-password")))
            }
            given => Ok(Self { given, said: Vec::new() }),
        }
    }

    /// The password that was given, or one that is asked for without echo.
    pub(super) fn password(&mut self, talk: &Talk) -> Result<Password, Failure> {
        let password = match &self.given {
            Some(given) => given.clone(),
            None => match question::ask(&talk.texts.text("conversation-password-prompt")) {
                Ok(typed) => typed,
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof) => {
                    return Err(Failure::new(ExitCode::NoInput, talk.texts.text("conversation-password-none")));
                }
                Err(_) => return Err(Failure::new(ExitCode::NoInput, talk.texts.text("error-talk-no-password"))),
            },
        };
        self.remember(password.expose());
        Ok(password)
    }

    /// From now on this is not shown, whoever says it.
    pub(super) fn remember(&mut self, secret: &[u8]) {
        if secret.len() >= ECHO_MIN && !self.said.iter().any(|said| said.expose() == secret) {
            self.said.push(Password::new(secret));
        }
    }

    /// What a server said, without the secrets that it may have repeated; and whether it had.
    pub(super) fn without(&self, octets: &[u8]) -> (Vec<u8>, bool) {
        let (mut text, mut repeated) = (octets.to_vec(), false);
        for secret in &self.said {
            let mut from = 0;
            while let Some(place) = memmem::find(&text[from..], secret.expose()) {
                let start = from + place;
                text.splice(start..start + secret.expose().len(), MASK.bytes());
                from = start + MASK.len();
                repeated = true;
            }
        }
        (text, repeated)
    }
}
