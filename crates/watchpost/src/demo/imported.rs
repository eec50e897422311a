//! Puts the demo's mail into alice's maildrop, each message once however often the demo starts.
//!
//! `imported` holds the keys of everything that ever was imported: a message that alice deleted stays deleted. What is
//! about to be imported stands in `importing` first, with the UUID it will have, so that an import that was
//! interrupted is finished by the next start without a double.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use uuid::Uuid;
use watchpost_proto::planted::planted;
use watchpost_store::User;
use watchpost_store::maildir::MaildirStore;

use crate::cli::ExitCode;
use crate::console::{Failure, Talk};
use crate::import::{self, Source};
use crate::private_file::{cannot_write, write_private};

/// Imports what is under `mail`, or the demo's own messages.
pub(super) fn import(
    mail: Option<&Path>,
    dir: &Path,
    store: &MaildirStore,
    user: &User,
    talk: &Talk,
) -> Result<(), Failure> {
    let records = Records { dir };
    let found = match mail {
        Some(folder) => Found::under(folder, talk)?,
        None => Found::Samples,
    };
    let messages = found.messages();
    let known = records.known().map_err(|error| cannot_write(talk, (dir.to_owned(), error)))?;
    let intended = records.intended().map_err(|error| cannot_write(talk, (dir.to_owned(), error)))?;
    let bar = progress_bar(messages.len());
    let mut plan = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        bar.set_message(message.label());
        bar.inc(1);
        let octets = message.read(talk)?;
        let key = message.key(&octets);
        if !known.contains(&key) || planted("demo.imports-again") {
            let uuid =
                intended.iter().find(|(intended, _)| *intended == key).map_or_else(Uuid::now_v7, |(_, uuid)| *uuid);
            plan.push((place, key, uuid));
        }
    }
    records.intend(&plan).map_err(|error| cannot_write(talk, error))?;
    bar.reset();
    bar.set_length(plan.len() as u64);
    let mut import = store.import(user).map_err(|error| failed(&error))?;
    for (place, _, uuid) in &plan {
        bar.set_message(messages[*place].label());
        import.put(*uuid, &messages[*place].read(talk)?).map_err(|error| failed(&error))?;
        bar.inc(1);
    }
    import.finish().map_err(|error| failed(&error))?;
    records.done(&plan).map_err(|error| cannot_write(talk, (dir.to_owned(), error)))?;
    bar.finish_and_clear();
    if let Some(folder) = mail {
        let variables = [("messages", plan.len().into()), ("dir", folder.display().to_string().into())];
        talk.say(&talk.texts.format("talk-demo-imported", &variables));
    }
    Ok(())
}

/// Where messages come from.
enum Found {
    Samples,
    Files(Vec<Source>),
}

/// One of them.
enum Message<'a> {
    Sample(&'static str, &'static [u8]),
    File(&'a Source),
}

impl Found {
    fn under(folder: &Path, talk: &Talk) -> Result<Self, Failure> {
        let found = import::sources(folder).map_err(|error| unreadable(&error, talk))?;
        if found.messages.is_empty() {
            let dir = folder.display().to_string();
            return Err(Failure::new(ExitCode::NoInput, talk.texts.format("error-no-mail", &[("dir", dir.into())])));
        }
        if found.ignored > 0 {
            talk.say(&talk.texts.format("talk-demo-ignored", &[("files", found.ignored.into())]));
        }
        Ok(Self::Files(found.messages))
    }

    fn messages(&self) -> Vec<Message<'_>> {
        match self {
            Self::Samples => import::samples().iter().map(|(name, octets)| Message::Sample(name, octets)).collect(),
            Self::Files(sources) => sources.iter().map(Message::File).collect(),
        }
    }
}

impl Message<'_> {
    fn read(&self, talk: &Talk) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Sample(_, octets) => Ok(octets.to_vec()),
            Self::File(source) => source.read().map_err(|error| unreadable(&error, talk)),
        }
    }

    fn key(&self, octets: &[u8]) -> String {
        match self {
            Self::Sample(name, _) => format!("sample:{name}"),
            Self::File(source) => source.key(octets),
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Sample(name, _) => (*name).to_owned(),
            Self::File(source) => source.label(),
        }
    }
}

/// What is remembered between starts: a line per message.
struct Records<'a> {
    dir: &'a Path,
}

type Plan = [(usize, String, Uuid)];

impl Records<'_> {
    fn known(&self) -> io::Result<HashSet<String>> {
        Ok(read_lines(&self.dir.join("imported"))?.into_iter().collect())
    }

    fn intended(&self) -> io::Result<Vec<(String, Uuid)>> {
        let lines = read_lines(&self.dir.join("importing"))?;
        Ok(lines
            .iter()
            .filter_map(|line| line.rsplit_once(' '))
            .filter_map(|(key, uuid)| Some((key.to_owned(), uuid.parse().ok()?)))
            .collect())
    }

    fn intend(&self, plan: &Plan) -> Result<(), (std::path::PathBuf, io::Error)> {
        let text = lines(plan.iter().map(|(_, key, uuid)| format!("{key} {uuid}")));
        write_private(&self.dir.join("importing"), &text)
    }

    fn done(&self, plan: &Plan) -> io::Result<()> {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(self.dir.join("imported"))?;
        let text = lines(plan.iter().map(|(_, key, _)| key.clone()));
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::remove_file(self.dir.join("importing"))
    }
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.fold(String::new(), |text, line| text + &line + "\n")
}

fn read_lines(path: &Path) -> io::Result<Vec<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn progress_bar(length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {wide_msg}").expect("a constant template");
    ProgressBar::new(length as u64).with_style(style)
}

fn unreadable(error: &import::ImportError, talk: &Talk) -> Failure {
    Failure::new(ExitCode::NoInput, error.in_words(&talk.texts))
}

fn failed(error: &impl std::fmt::Display) -> Failure {
    Failure::new(ExitCode::TemporaryFailure, error.to_string())
}
