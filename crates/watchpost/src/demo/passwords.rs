//! The demo's throw-away passwords: the only ones Watchpost ever keeps in clear, so that a second start can print
//! them again. They open nothing but the demo's own maildrops on loopback.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;

use crate::password;
use crate::private_file::write_private;

const FILE: &str = "passwords.json";

pub(super) struct Passwords(BTreeMap<String, String>);

impl Passwords {
    /// Reads them, and makes those that are missing.
    pub(super) fn keep(dir: &Path, names: &[&str]) -> anyhow::Result<Self> {
        let path = dir.join(FILE);
        let mut passwords: BTreeMap<String, String> = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).with_context(|| {
                format!("cannot understand {}; delete it and the accounts to get new passwords", path.display())
            })?,
            Err(_) => BTreeMap::new(),
        };
        for name in names {
            if !passwords.contains_key(*name) {
                passwords.insert((*name).to_owned(), password::generate()?.to_string());
            }
        }
        let text = serde_json::to_string_pretty(&passwords).context("cannot write passwords down")?;
        write_private(&path, &text)
            .map_err(|(path, error)| anyhow::anyhow!("cannot write {}: {error}", path.display()))?;
        Ok(Self(passwords))
    }

    pub(super) fn of(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, password)| (name.as_str(), password.as_str()))
    }
}
