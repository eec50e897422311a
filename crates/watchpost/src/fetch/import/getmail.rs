//! getmail6: an INI file for each account, and a file of unique-ids and times beside it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{Foreign, Tls, in_home};

/// The account of the file: one, or none if it is not for POP3.
pub(super) fn accounts(text: &str, home: &Path) -> Vec<Foreign> {
    foreign(&sections(text), home).into_iter().collect()
}

type Sections = HashMap<(String, String), String>;

fn sections(text: &str) -> Sections {
    let mut sections = Sections::new();
    let (mut section, mut last) = (String::new(), String::new());
    for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
        if line.starts_with([' ', '\t']) && !last.is_empty() {
            if let Some(value) = sections.get_mut(&(section.clone(), last.clone())) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some(name) = line.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
            last.clear();
        } else if let Some((key, value)) = line.split_once(['=', ':']) {
            key.trim().to_lowercase().clone_into(&mut last);
            sections.insert((section.clone(), last.clone()), value.trim().to_owned());
        }
    }
    sections
}

fn foreign(sections: &Sections, home: &Path) -> Option<Foreign> {
    let value = |section: &str, key: &str| sections.get(&(section.to_owned(), key.to_owned())).map(String::as_str);
    let is = |key: &str, default: bool| {
        value("options", key)
            .map_or(default, |value| matches!(value.to_lowercase().as_str(), "true" | "yes" | "1" | "on"))
    };
    let kind = value("retriever", "type")?;
    if !kind.contains("POP3") {
        return None;
    }
    let mut notes = Vec::new();
    let destination = value("destination", "type").unwrap_or_default();
    let path = value("destination", "path").unwrap_or_default();
    let path = in_home(path, home).display().to_string();
    let to = match destination {
        "Maildir" => Some(format!("maildir:{}", path.trim_end_matches('/'))),
        "Mboxrd" => Some(format!("mbox:{path}")),
        "MDA_external" => match words(value("destination", "arguments").unwrap_or("()")) {
            Some(words) if words.iter().all(|word| !word.contains("%(")) => {
                let quoted = words.iter().map(|word| format!(" '{}'", word.replace('\'', "'\\''")));
                Some(format!("pipe:{path}{}", quoted.collect::<String>()))
            }
            _ => None,
        },
        _ => None,
    };
    if to.is_none() {
        notes.push(format!("destination {destination}"));
    }
    let days = value("options", "delete_after").and_then(|days| days.parse::<u32>().ok()).filter(|days| *days > 0);
    let leave = match (is("delete", false), days) {
        (true, _) => "never".to_owned(),
        (false, Some(days)) => format!("{days}d"),
        (false, None) => "forever".to_owned(),
    };
    if is("read_all", true) && leave == "forever" {
        notes.push("read_all = true: every message again, each time".to_owned());
    }
    for ((section, key), value) in sections {
        if section.starts_with("filter")
            || (section == "retriever" && matches!(key.as_str(), "use_apop" | "use_xoauth2"))
        {
            notes.push(format!("[{section}] {key} = {value}"));
        }
    }
    notes.sort();
    // getmail6 logs in to whoever answers unless it is told whom to believe: the system's certificates are the safe choice.
    let trust = value("retriever", "ca_certs").map(|file| format!("file:{}", in_home(file, home).display()));
    let command = value("retriever", "password_command").and_then(words).map(|words| {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
        format!("command:{}", quoted.join(" "))
    });
    Some(Foreign {
        host: value("retriever", "server")?.to_owned(),
        port: value("retriever", "port").and_then(|port| port.parse().ok()),
        user: value("retriever", "username")?.to_owned(),
        tls: if kind.contains("SSL") { Tls::Implicit } else { Tls::None },
        password: command,
        to,
        leave,
        trust,
        notes,
        ..Foreign::default()
    })
}

/// A tuple of texts as Python writes it: `("a", 'b',)`.
fn words(tuple: &str) -> Option<Vec<String>> {
    let mut rest = tuple.trim().strip_prefix('(')?.strip_suffix(')')?.trim();
    let mut words = Vec::new();
    while let Some(quote) = rest.chars().next() {
        if !matches!(quote, '"' | '\'') {
            return None;
        }
        let (word, behind) = rest[1..].split_once(quote)?;
        words.push(word.to_owned());
        rest = behind.trim_start().trim_start_matches(',').trim_start();
    }
    Some(words)
}

/// The files that remember: `oldmail-SERVER-PORT-USER` beside the configuration, what cannot stand in a name replaced.
pub(super) fn state(account: &Foreign, state: Option<&Path>, rc: &Path) -> Vec<PathBuf> {
    let folder = match state {
        Some(state) if !state.is_dir() => return vec![state.to_owned()],
        Some(state) => state,
        None => rc.parent().unwrap_or(Path::new(".")),
    };
    let begin = format!("oldmail-{}-{}-", account.host.to_lowercase(), account.port());
    let user = account.user.replace('/', "-");
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let ours = |name: &str| {
        name.to_lowercase().strip_prefix(&begin).is_some_and(|rest| rest.starts_with(&user.to_lowercase()))
    };
    names
        .map(|entry| entry.path())
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(ours))
        .collect()
}

/// A line is a unique-id, a NUL and a time.
pub(super) fn ids(text: &str) -> Vec<String> {
    text.lines().filter_map(|line| line.split('\0').next()).filter(|id| !id.is_empty()).map(str::to_owned).collect()
}
