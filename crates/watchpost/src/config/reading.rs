//! From the text of the file to what was written in it: syntax, names of keys, types of values.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Severity, Source, quoted};
use super::places::Places;
use super::raw::RawConfig;
use super::reference::KnownKeys;
use super::words::{listed, nearest};

/// More complaints than this help nobody.
const ERRORS_MAX: usize = 50;

/// What was read: values not yet checked, where each key stands, and what is wrong so far.
#[derive(Debug)]
pub(super) struct Reading {
    /// The file.
    pub(super) source: Arc<Source>,
    /// What was written, without what was refused.
    pub(super) raw: RawConfig,
    /// Where it was written.
    pub(super) places: Places,
    /// What is wrong.
    pub(super) errors: Vec<ConfigError>,
    /// Keys that were refused or probably misspelt: to call them missing would be a second complaint about one mistake.
    pub(super) excused: BTreeSet<String>,
}

impl Reading {
    /// Reads the text. `None` beside the errors: the text is no TOML, and there is nothing to check.
    pub(super) fn new(source: &Arc<Source>) -> Result<Self, Vec<ConfigError>> {
        let (document, faults) = DeTable::parse_recoverable(&source.text);
        if !faults.is_empty() {
            return Err(faults.iter().take(ERRORS_MAX).map(|fault| of_syntax(source, fault)).collect());
        }
        let mut reading = Self {
            source: Arc::clone(source),
            raw: RawConfig::default(),
            places: Places::default(),
            errors: Vec::new(),
            excused: BTreeSet::new(),
        };
        let known = KnownKeys::new();
        let mut table = document.get_ref().clone();
        reading.keep_known(&mut table, "", &known, known.top());
        reading.take_values(table);
        Ok(reading)
    }

    /// Leaves the keys that exist in the table, notes where they stand, and complains about the others.
    fn keep_known(&mut self, table: &mut DeTable<'_>, path: &str, known: &KnownKeys, schema: &serde_json::Value) {
        if known.keys(schema).is_empty() {
            // A table where a plain value belongs: one wrong type, not many unknown keys.
            return;
        }
        let (names, spans): (Vec<String>, Vec<_>) =
            table.keys().map(|key| (key.get_ref().to_string(), key.span())).unzip();
        for (name, span) in names.iter().zip(spans) {
            let full = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let Some(schema) = known.child(schema, name) else {
                self.refuse_key(name, span, path, known, schema);
                table.remove(name.as_str());
                continue;
            };
            let value = table.get_mut(name.as_str()).expect("the name comes from this table");
            self.places.note(full.clone(), value.span());
            match value.get_mut() {
                DeValue::Table(table) => self.keep_known(table, &full, known, schema),
                DeValue::Array(array) => {
                    for (index, element) in array.iter_mut().enumerate() {
                        let full = format!("{full}[{index}]");
                        self.places.note(full.clone(), element.span());
                        if let DeValue::Table(table) = element.get_mut() {
                            self.keep_known(table, &full, known, known.element(schema));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// A key that does not exist there: what was meant, and what there is.
    fn refuse_key(
        &mut self,
        name: &str,
        span: Range<usize>,
        path: &str,
        known: &KnownKeys,
        schema: &serde_json::Value,
    ) {
        let keys = known.keys(schema);
        let mut help = String::new();
        if let Some(meant) = nearest(name, keys.iter().map(String::as_str)) {
            let _ = write!(help, "did you mean {}? ", quoted(meant));
            self.excused.insert(if path.is_empty() { meant.to_owned() } else { format!("{path}.{meant}") });
        } else if let Some(home) = known.home_of(name) {
            let _ = write!(help, "{} belongs into {home}. ", quoted(name));
        }
        let _ = write!(help, "the keys here are {}", listed(&keys));
        let table = if path.is_empty() { String::new() } else { format!(" in {}", quoted(path)) };
        self.complain(Some(span), &format!("unknown key {}{table}", quoted(name)), &help);
    }

    /// Takes the values out of the table; one of a wrong type is reported, left out, and the rest tried again.
    fn take_values(&mut self, mut table: DeTable<'_>) {
        while self.errors.len() < ERRORS_MAX {
            let document = Spanned::new(0..0, table.clone());
            match RawConfig::deserialize(toml::de::Deserializer::from(document)) {
                Ok(raw) => {
                    self.raw = raw;
                    return;
                }
                Err(fault) => {
                    let key = fault.span().and_then(|span| self.places.at(&span)).map(str::to_owned);
                    let help = KnownKeys::new().example(key.as_deref().unwrap_or_default());
                    self.complain(fault.span(), fault.message(), &help);
                    let Some(key) = key.filter(|key| remove(&mut table, key)) else { return };
                    // An element takes its array with it.
                    let gone = match key.strip_suffix(']').and_then(|key| key.rsplit_once('[')) {
                        Some((array, _)) => array.to_owned(),
                        None => key,
                    };
                    self.excused.insert(gone);
                }
            }
        }
    }

    fn complain(&mut self, span: Option<Range<usize>>, message: &str, help: &str) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(ConfigError::new(&self.source, Severity::Error, span, message, help));
        }
    }
}

/// A fault of the syntax.
fn of_syntax(source: &Arc<Source>, fault: &toml::de::Error) -> ConfigError {
    let message = fault.message();
    let help = match message {
        "duplicate key" => {
            "a key stands once in its table, and a table once in the file: remove or merge one of the two"
        }
        _ if message.contains("quoted") => "texts stand in double quotes, as in domain = \"example.org\"",
        _ => "the file is TOML: a table begins with [name], a line in it is key = value, texts stand in double quotes",
    };
    ConfigError::new(source, Severity::Error, fault.span().or(Some(0..0)), message, help)
}

/// Takes the value of a key such as `listener[0].address` out of the table; `false` if it is not there.
fn remove(table: &mut DeTable<'_>, key: &str) -> bool {
    let (step, rest) = key.split_once('.').map_or((key, None), |(step, rest)| (step, Some(rest)));
    let (name, index) = match step.strip_suffix(']').and_then(|step| step.split_once('[')) {
        Some((name, index)) => (name, index.parse::<usize>().ok()),
        None => (step, None),
    };
    let Some(value) = table.get_mut(name) else { return false };
    match (value.get_mut(), index, rest) {
        (DeValue::Table(inner), None, Some(rest)) => remove(inner, rest),
        (DeValue::Array(array), Some(index), Some(rest)) => {
            let element = array.get_mut(index);
            match element.map(Spanned::get_mut) {
                Some(DeValue::Table(inner)) => remove(inner, rest),
                _ => false,
            }
        }
        // Without one element the others would change their numbers: the whole array goes.
        (_, _, None) => table.remove(name).is_some(),
        _ => false,
    }
}
