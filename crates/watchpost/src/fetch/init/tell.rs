//! What `fetch init` says while it searches, and what it asks.

use std::io::{BufRead, Write};

use serde_json::Value as Json;
use watchpost_observatory::Untrusted;

use crate::console::Talk;
use crate::i18n::Value;

/// Tells of every step: people at once, programs at the end.
pub struct Teller<'t> {
    talk: &'t Talk,
    json: bool,
    /// Every step so far, for programs.
    pub steps: Vec<Json>,
}

impl<'t> Teller<'t> {
    /// `json`: people are told nothing.
    pub fn new(talk: &'t Talk, json: bool) -> Self {
        Self { talk, json, steps: Vec::new() }
    }

    /// A heading, and what is about to be done.
    pub fn heading(&self, id: &str, variables: &[(&str, Value<'_>)]) {
        if !self.json {
            self.talk.say(&format!("\n{}", self.talk.texts.format(id, variables)));
        }
    }

    /// A step, and what came of it.
    pub fn step(&mut self, id: &str, variables: &[(&str, Value<'_>)], told: Json) {
        if !self.json {
            self.talk.say(&format!("  {}", self.talk.texts.format(id, variables).replace('\n', "\n  ")));
        }
        self.steps.push(told);
    }
}

/// What somebody else has chosen, harmless to look at.
pub fn shown(text: &str) -> Value<'static> {
    Untrusted::new(text.as_bytes()).to_string().into()
}

/// Asks whoever is at the terminal.
pub struct Asker<'t> {
    /// How to ask.
    pub talk: &'t Talk,
    /// Whether everything is agreed to beforehand.
    pub yes: bool,
    /// Whether somebody is there.
    pub present: bool,
}

impl Asker<'_> {
    /// Yes or no. Where nobody is, no.
    pub fn confirm(&self, id: &str, variables: &[(&str, Value<'_>)]) -> bool {
        if self.yes || !self.present {
            return self.yes;
        }
        let answer = self.line(id, variables).to_lowercase();
        answer.starts_with('y') || answer.starts_with('j') || answer.starts_with('は')
    }

    /// A line; empty where nobody is.
    pub fn line(&self, id: &str, variables: &[(&str, Value<'_>)]) -> String {
        if !self.present {
            return String::new();
        }
        let question = self.talk.texts.format(id, variables);
        tokio::task::block_in_place(|| {
            let _ = write!(std::io::stderr().lock(), "{question} ");
            let mut answer = String::new();
            // Whoever has gone away has said nothing.
            let _ = std::io::stdin().lock().read_line(&mut answer);
            answer.trim().to_owned()
        })
    }
}
