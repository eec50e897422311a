//! What lists and databases, which the operator supplied, know of an address. Nobody is asked.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use maxminddb::{Reader, path};
use watchpost_observatory::journal::export::Known;
use watchpost_observatory::{Origin, Untrusted};

use crate::config::{Network, Observatory};

/// Octets of a list, or of a database, at the most: the longest public ones have a tenth of that.
const LIST_OCTETS_MAX: u64 = 64 << 20;
const DATABASE_OCTETS_MAX: u64 = 512 << 20;
/// Lists with these words in their names hold addresses that no person lives behind.
const HOSTING: [&str; 4] = ["hosting", "datacenter", "data-center", "vpn"];
/// Lists with these words in their names hold those who survey the internet.
const SCANNERS: [&str; 6] = ["scan", "censys", "shodan", "shadowserver", "binaryedge", "survey"];

/// A file that cannot be read, and why.
pub type Unreadable = (PathBuf, io::Error);

/// A list by its name.
struct List {
    name: String,
    addresses: HashSet<IpAddr>,
    networks: Vec<Network>,
    changed: Option<SystemTime>,
}

/// A database of countries or of autonomous systems.
struct Database {
    name: String,
    reader: Reader<Vec<u8>>,
    made: SystemTime,
}

/// All lists and databases.
#[derive(Default)]
pub struct Lookup {
    lists: Vec<List>,
    databases: Vec<Database>,
}

impl Lookup {
    /// Reads the folders that the configuration names, as far as they are there.
    pub fn read(observatory: &Observatory) -> Result<Self, Unreadable> {
        let mut lookup = Self::default();
        for path in files(&observatory.lists)? {
            lookup.lists.extend(read_list(&path).map_err(|error| (path, error))?);
        }
        for path in files(&observatory.geoip)? {
            lookup.databases.extend(read_database(&path).map_err(|error| (path, error))?);
        }
        Ok(lookup)
    }

    /// What is known of an address.
    pub fn known(&self, address: IpAddr) -> Known {
        let address = address.to_canonical();
        let names = self.lists.iter().filter(|list| list.holds(address)).map(|list| list.name.clone());
        let mut known = Known { lists: names.collect(), ..Known::default() };
        for database in &self.databases {
            let Ok(found) = database.reader.lookup(address) else { continue };
            let text = |found: Option<String>| found.map(|text| shown(&text));
            let country = found.decode_path::<String>(&path!["country", "iso_code"]).ok().flatten();
            known.country = known.country.or_else(|| text(country));
            let system = found.decode_path::<u32>(&path!["autonomous_system_number"]).ok().flatten();
            known.system = known.system.or(system);
            let organization = found.decode_path::<String>(&path!["autonomous_system_organization"]).ok().flatten();
            known.organization = known.organization.or_else(|| text(organization));
        }
        known
    }

    /// The same, as rules want to know it.
    pub fn origin(&self, address: IpAddr) -> Option<Origin> {
        let Known { country, system, organization, lists } = self.known(address);
        let named = |words: &[&str]| {
            lists.iter().find(|list| words.iter().any(|word| list.to_lowercase().contains(word))).cloned()
        };
        let (tor, hosting, scanner) = (named(&["tor"]), named(&HOSTING), named(&SCANNERS));
        let knows = country.is_some() || system.is_some() || tor.is_some() || hosting.is_some() || scanner.is_some();
        knows.then(|| Origin {
            asn: system,
            organization,
            country,
            tor: tor.is_some(),
            hosting: hosting.is_some(),
            scanner,
        })
    }

    /// The same in a word, for lists of addresses.
    pub fn word(&self, address: IpAddr) -> Option<String> {
        let known = self.known(address);
        let system = known.system.map(|system| format!("AS{system}"));
        let words: Vec<String> = [known.country, system].into_iter().flatten().chain(known.lists).collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// The lists and databases, and when each was changed: old ones mislead.
    pub fn dates(&self) -> impl Iterator<Item = (&str, Option<SystemTime>)> {
        let lists = self.lists.iter().map(|list| (list.name.as_str(), list.changed));
        lists.chain(self.databases.iter().map(|database| (database.name.as_str(), Some(database.made))))
    }
}

/// What a list or a database says, harmless.
fn shown(text: &str) -> String {
    Untrusted::new(text.as_bytes()).to_string()
}

/// The files of a folder, in the order of their names; none, when it is not there.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let named = |error| (folder.to_owned(), error);
    let entries = fs::read_dir(folder).map_err(named)?;
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>().map_err(named)?;
    files.sort();
    Ok(files)
}

/// A database of MaxMind's form; other files are none of our business.
fn read_database(path: &Path) -> io::Result<Option<Database>> {
    if path.extension().is_none_or(|end| end != "mmdb") {
        return Ok(None);
    }
    if fs::metadata(path)?.len() > DATABASE_OCTETS_MAX {
        return Err(io::Error::other("it is larger than 512 MiB"));
    }
    let reader = Reader::from_source(fs::read(path)?).map_err(io::Error::other)?;
    let (name, made) = (shown(&reader.metadata().database_type), reader.metadata().build_epoch);
    Ok(Some(Database { name, reader, made: SystemTime::UNIX_EPOCH + Duration::from_secs(made) }))
}

impl List {
    fn holds(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address) || self.networks.iter().any(|network| network.contains(address))
    }
}

/// A file of addresses; other files are none of our business.
fn read_list(path: &Path) -> io::Result<Option<List>> {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() || !["txt", "list", "netset", "ipset", "json"].contains(&end) {
        return Ok(None);
    }
    if metadata.len() > LIST_OCTETS_MAX {
        return Err(io::Error::other("it is larger than 64 MiB"));
    }
    let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut list =
        List { name: shown(&stem), addresses: HashSet::new(), networks: Vec::new(), changed: metadata.modified().ok() };
    if end == "json" {
        // MISP's warning lists: the addresses stand in `list`.
        let document: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(name) = document["name"].as_str() {
            list.name = shown(name);
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
pub struct Remembered<'a> {
    lookup: &'a Lookup,
    known: HashMap<IpAddr, Option<String>>,
}

impl<'a> Remembered<'a> {
    /// Remembers nothing yet.
    pub fn new(lookup: &'a Lookup) -> Self {
        Self { lookup, known: HashMap::new() }
    }

    /// What is known of an address, in a word.
    pub fn word(&mut self, address: IpAddr) -> Option<String> {
        let lookup = self.lookup;
        self.known.entry(address).or_insert_with(|| lookup.word(address)).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str, text: &str) -> Lookup {
        let folder = tempfile::TempDir::new().expect("a folder");
        fs::write(folder.path().join(name), text).expect("a file");
        fs::write(folder.path().join("README.md"), "203.0.113.9").expect("a file");
        let files = files(folder.path()).expect("a folder");
        let lists = files.iter().filter_map(|path| read_list(path).expect("a list")).collect();
        Lookup { lists, databases: Vec::new() }
    }

    fn names(lookup: &Lookup, address: &str) -> Vec<String> {
        lookup.known(address.parse().expect("an address")).lists
    }

    #[test]
    fn a_list_is_lines_of_addresses_and_networks() {
        let lookup = lookup("tor.txt", "# exits\n203.0.113.9\n198.51.100.0/24 # a net\nnonsense\n2001:db8::/32\n");
        for within in ["203.0.113.9", "198.51.100.77", "2001:db8::1", "::ffff:203.0.113.9"] {
            assert_eq!(names(&lookup, within), ["tor"], "{within}");
        }
        assert_eq!(names(&lookup, "203.0.113.10"), Vec::<String>::new());
        assert!(lookup.origin("203.0.113.9".parse().expect("an address")).expect("it is known").tor);
        assert!(lookup.dates().all(|(_, changed)| changed.is_some()));
    }

    #[test]
    fn a_warning_list_of_misp_names_itself() {
        let lookup = lookup("shodan.json", r#"{"name": "Shodan \u001b[31m scanners", "list": ["203.0.113.0/24"]}"#);
        assert_eq!(names(&lookup, "203.0.113.9"), ["Shodan \\u{1b}[31m scanners"]);
        let origin = lookup.origin("203.0.113.9".parse().expect("an address"));
        assert!(origin.expect("it is known").scanner.is_some());
    }
}
