//! What lists and databases, which the operator supplied, know of an address. Nobody is asked.

use std::collections::HashMap;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::time::SystemTime;

use watchpost_observatory::journal::export::Known;

use super::Desk;
use crate::config::Network;
use crate::console::Failure;

/// Octets of a list at the most: the longest public ones have a tenth of that.
const LIST_OCTETS_MAX: u64 = 64 << 20;

/// A list by its name.
struct List {
    name: String,
    addresses: std::collections::HashSet<IpAddr>,
    networks: Vec<Network>,
    changed: Option<SystemTime>,
}

/// All lists.
#[derive(Default)]
pub(super) struct Lookup {
    lists: Vec<List>,
}

impl Lookup {
    /// Reads the folder that the configuration names, if it names one.
    pub(super) fn open(desk: &Desk<'_>) -> Result<Self, Failure> {
        let Some(folder) = &desk.config.observatory.lists else { return Ok(Self::default()) };
        let unreadable = |error: std::io::Error| {
            let variables = [("path", folder.display().to_string().into()), ("cause", error.to_string().into())];
            Failure::new(crate::cli::ExitCode::NoInput, desk.talk.texts.format("error-lists", &variables))
        };
        let mut lists = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            lists.extend(read(&path).map_err(unreadable)?);
        }
        lists.sort_by(|one: &List, other: &List| one.name.cmp(&other.name));
        Ok(Self { lists })
    }

    /// What is known of an address.
    pub(super) fn known(&self, address: IpAddr) -> Known {
        let address = address.to_canonical();
        let names = self.lists.iter().filter(|list| list.holds(address)).map(|list| list.name.clone());
        Known { lists: names.collect(), ..Known::default() }
    }

    /// The same in a word, for lists.
    pub(super) fn word(&self, address: IpAddr) -> Option<String> {
        let known = self.known(address);
        let words: Vec<String> = known.country.into_iter().chain(known.lists).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// The lists and when each was changed.
    pub(super) fn dates(&self) -> impl Iterator<Item = (&str, Option<SystemTime>)> {
        self.lists.iter().map(|list| (list.name.as_str(), list.changed))
    }
}

impl List {
    fn holds(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address) || self.networks.iter().any(|network| network.contains(address))
    }
}

/// A file of addresses; other files are none of our business.
fn read(path: &Path) -> std::io::Result<Option<List>> {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() || !["txt", "list", "netset", "ipset", "json"].contains(&end) {
        return Ok(None);
    }
    if metadata.len() > LIST_OCTETS_MAX {
        return Err(std::io::Error::other(format!("{} is larger than 64 MiB", path.display())));
    }
    let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut list = List { name: super::shown(&stem), addresses: Default::default(), networks: Vec::new(), changed: metadata.modified().ok() };
    if end == "json" {
        // MISP's warning lists: the addresses stand in `list`.
        let document: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(name) = document["name"].as_str() {
            list.name = super::shown(name);
        }
        let lines = document["list"].as_array().into_iter().flatten();
        lines.filter_map(serde_json::Value::as_str).for_each(|line| list.add(line));
    } else {
        text.lines().for_each(|line| list.add(line));
    }
    Ok(Some(list))
}

impl List {
    /// A line; what is no address is a comment of somebody's.
    fn add(&mut self, line: &str) {
        let line = line.split(['#', ';']).next().unwrap_or_default().trim();
        if let Ok(address) = line.parse::<IpAddr>() {
            self.addresses.insert(address.to_canonical());
        } else if let Ok(network) = Network::parse(line) {
            self.networks.push(network);
        }
    }
}

/// Remembers answers: a report asks for the same addresses again and again.
pub(super) struct Remembered<'a> {
    lookup: &'a Lookup,
    known: HashMap<IpAddr, Option<String>>,
}

impl<'a> Remembered<'a> {
    pub(super) fn new(lookup: &'a Lookup) -> Self {
        Self { lookup, known: HashMap::new() }
    }

    pub(super) fn word(&mut self, address: IpAddr) -> Option<String> {
        let lookup = self.lookup;
        self.known.entry(address).or_insert_with(|| lookup.word(address)).clone()
    }
}
