//! `[observatory]`: the journal, and what is known of addresses.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use watchpost_observatory::Settings;

use super::check::Check;
use super::dials::{self, RawPanel};
use super::duration::{duration_text, parse_duration};
use super::error::quoted;
use super::network::{Network, NotANetwork};
use super::size::{Size, size_text};

const DAY: Duration = Duration::from_hours(24);
/// How long sessions are kept.
const RETENTION: Duration = Duration::from_hours(24 * 30);
/// The least and the most of it.
const RETENTION_RANGE: (Duration, Duration) = (DAY, Duration::from_hours(24 * 400));
/// How large the journal may be.
const JOURNAL_MAX: Size = Size { key: "observatory.journal_max", default: 2 << 30, least: 16 << 20, most: 1 << 40 };
/// The default first.
const ANSWERS: [(&str, Answers); 2] = [("enforce", Answers::Enforce), ("observe", Answers::Observe)];

/// `[observatory]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawObservatory {
    /// Whether sessions are written down: every one of them (`sessions`), or none (`nothing`). With `nothing` the commands
    /// that read the journal find what is there already, and the log still has one line for each session.
    ///
    /// Reason: what nobody wrote down nobody can explain.
    #[schemars(extend(
        "x-type" = "`\"sessions\"` or `\"nothing\"`",
        "x-default" = "\"sessions\"",
        "x-example" = "record = \"nothing\""
    ))]
    pub(super) record: Option<String>,

    /// The file in which every session is written down. It is made when it does not exist; its folder is not.
    ///
    /// Reason: beside everything else that Watchpost keeps.
    #[schemars(extend(
        "x-type" = "path",
        "x-default" = "\"{data_dir}/journal.sqlite\"",
        "x-example" = "journal = \"/var/log/watchpost/journal.sqlite\""
    ))]
    pub(super) journal: Option<String>,

    /// How long sessions are kept. Of addresses only a /24 or /48 remains after 30 days, whatever stands here; verdicts
    /// and hourly sums are kept for 400 days.
    ///
    /// Reason: long enough to see what is slow, short enough for people's data.
    #[schemars(extend(
        "x-type" = "duration",
        "x-default" = "\"30d\"",
        "x-range" = "`\"1d\"` to `\"400d\"`",
        "x-example" = "retention = \"90d\""
    ))]
    pub(super) retention: Option<String>,

    /// How large the journal may become, with a unit: `MiB`, `GiB` or `TiB`. Beyond it the oldest days go first.
    ///
    /// Reason: a storm of visitors must not fill the disk; two gigabytes hold about seven million sessions.
    #[schemars(extend(
        "x-type" = "size",
        "x-default" = "\"2GiB\"",
        "x-range" = "`\"16MiB\"` to `\"1TiB\"`",
        "x-example" = "journal_max = \"512MiB\""
    ))]
    pub(super) journal_max: Option<String>,

    /// Whether what the rules say will be carried out (`enforce`) or only written down (`observe`). Today both only write
    /// it down: reports say what would be slowed, refused or banned. A failed login waits in any case
    /// (`limits.failed_login_delay`).
    ///
    /// Reason: a server that is set to `observe` now stays so when answers are carried out.
    #[schemars(extend(
        "x-type" = "`\"enforce\"` or `\"observe\"`",
        "x-default" = "\"enforce\"",
        "x-example" = "answers = \"observe\""
    ))]
    pub(super) answers: Option<String>,

    /// Networks that are never answered with anything but mail, whatever they do: your office, your monitoring.
    ///
    /// Reason: this list wins over every rule, and is looked at first.
    #[schemars(extend(
        "x-type" = "list of networks",
        "x-default" = "[]",
        "x-example" = "allow = [\"192.0.2.0/24\", \"2001:db8::/48\"]"
    ))]
    pub(super) allow: Option<Vec<String>>,

    /// Private networks that count as strangers: behind address translation, and in tests.
    ///
    /// Reason: private and loopback addresses are never banned otherwise, for they are your own.
    #[schemars(extend(
        "x-type" = "list of networks",
        "x-default" = "[]",
        "x-example" = "public_networks = [\"10.0.0.0/8\"]"
    ))]
    pub(super) public_networks: Option<Vec<String>>,

    /// A folder with databases of countries and networks (`*.mmdb`, GeoLite2 or DB-IP), which you fetch yourself.
    /// The default one need not be there.
    ///
    /// Reason: Watchpost asks nobody about your visitors; without the folder, reports show addresses alone.
    #[schemars(extend("x-type" = "path", "x-default" = "\"{data_dir}/geoip\"", "x-example" = "geoip = \"/usr/share/GeoIP\""))]
    pub(super) geoip: Option<String>,

    /// A folder with lists of addresses: a file `tor.txt` names the list `tor`. One address or network a line, `#`
    /// begins a comment; `*.json` may be MISP warning lists. The default one need not be there.
    ///
    /// Reason: as above: you fetch them, Watchpost reads them.
    #[schemars(extend("x-type" = "path", "x-default" = "\"{data_dir}/lists\"", "x-example" = "lists = \"/etc/watchpost/lists\""))]
    pub(super) lists: Option<String>,

    /// Whether the tool of a campaign is refused (`enforce`) while the campaign goes on, or it is only written down.
    ///
    /// Reason: an owner's new program may speak as the campaign does, on its first day.
    #[schemars(extend(
        "x-type" = "`\"observe\"` or `\"enforce\"`",
        "x-default" = "\"observe\"",
        "x-example" = "gate = \"enforce\""
    ))]
    pub(super) gate: Option<String>,

    /// Rules that are off, by their names: `watchpost rules list` has them.
    ///
    /// Reason: what a rule says may be of no use to you; what others say does not change.
    #[schemars(extend("x-type" = "list of rules", "x-default" = "[]", "x-example" = "off = [\"T1\", \"W1\"]"))]
    pub(super) off: Option<Vec<String>>,

    /// The numbers of each rule.
    #[schemars(schema_with = "dials::rules_schema")]
    pub(super) rules: Option<BTreeMap<String, RawPanel>>,

    /// What offences weigh.
    #[schemars(schema_with = "dials::weights_schema")]
    pub(super) weights: Option<RawPanel>,

    /// Where answers begin.
    #[schemars(schema_with = "dials::ladder_schema")]
    pub(super) ladder: Option<RawPanel>,

    /// How much is remembered.
    #[schemars(schema_with = "dials::capacity_schema")]
    pub(super) capacity: Option<RawPanel>,
}

impl RawObservatory {
    /// What was written in the table of this name.
    pub(super) fn panel(&self, table: &str) -> Option<&RawPanel> {
        match table {
            "weights" => self.weights.as_ref(),
            "ladder" => self.ladder.as_ref(),
            "capacity" => self.capacity.as_ref(),
            _ => self.rules.as_ref()?.get(table.strip_prefix("rules.")?),
        }
    }
}

/// Whether sessions are written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Record {
    /// Every one of them.
    #[default]
    Sessions,
    /// None.
    Nothing,
}

const RECORDS: [(&str, Record); 2] = [("sessions", Record::Sessions), ("nothing", Record::Nothing)];

/// Whether what the rules say is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// It is.
    Enforce,
    /// It is written down, and no more.
    Observe,
}

/// The journal, and what is known of addresses.
#[derive(Clone, Debug, PartialEq)]
pub struct Observatory {
    /// Whether sessions are written down.
    pub record: Record,
    /// The file, which may not exist yet.
    pub journal: PathBuf,
    /// How long sessions are kept.
    pub retention: Duration,
    /// How large the journal may be, in octets.
    pub journal_max: u64,
    /// Whether what the rules say is carried out.
    pub answers: Answers,
    /// Never answered with anything.
    pub allow: Vec<Network>,
    /// Private networks that count as strangers.
    pub public_networks: Vec<Network>,
    /// The folder with databases of countries and networks.
    pub geoip: PathBuf,
    /// The folder with lists of addresses.
    pub lists: PathBuf,
    /// The gate, the numbers of the rules, and which of them are off; the rest of it stands elsewhere.
    pub settings: Settings,
}

impl Observatory {
    /// Checks what was written. `None`: the path of the journal was refused.
    pub(super) fn new(check: &mut Check<'_>, raw: &RawObservatory) -> Option<Self> {
        const JOURNAL: &str = "observatory.journal";
        let retention = retention(check, raw.retention.as_deref());
        let journal_max = JOURNAL_MAX.check(check, raw.journal_max.as_deref());
        let record = check.word("observatory.record", raw.record.as_deref(), &RECORDS);
        let answers = check.word("observatory.answers", raw.answers.as_deref(), &ANSWERS);
        let allow = networks(check, "observatory.allow", raw.allow.as_deref());
        let public_networks = networks(check, "observatory.public_networks", raw.public_networks.as_deref());
        let geoip = folder(check, "geoip", raw.geoip.as_deref());
        let lists = folder(check, "lists", raw.lists.as_deref());
        let rules = dials::Written { gate: raw.gate.as_deref(), off: raw.off.as_deref().unwrap_or_default() };
        let settings = dials::settings(check, |table| raw.panel(table), &rules);
        let journal = check.plain_path(JOURNAL, raw.journal.as_deref().unwrap_or("{data_dir}/journal.sqlite"))?;
        check.file_to_write(JOURNAL, &journal, "write the path of the file: journal = \"{data_dir}/journal.sqlite\"");
        Some(Self {
            record,
            journal,
            retention,
            journal_max,
            answers,
            allow,
            public_networks,
            geoip: geoip?,
            lists: lists?,
            settings,
        })
    }

    /// The table, with every default spelled out; of the rules' numbers, those that differ from their defaults.
    pub(super) fn table(&self) -> String {
        let string = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let path = |path: &PathBuf| string(&path.to_string_lossy());
        let list = |networks: &[Network]| {
            let networks: Vec<String> = networks.iter().map(|network| string(&network.to_string())).collect();
            format!("[{}]", networks.join(", "))
        };
        format!(
            "\n[observatory]\nrecord = \"{}\"\njournal = {}\nretention = {}\njournal_max = \"{}\"\nanswers = \"{}\"\nallow = {}\n\
             public_networks = {}\ngeoip = {}\nlists = {}\n{}{}",
            super::word_of(&RECORDS, &self.record),
            path(&self.journal),
            string(&duration_text(self.retention)),
            size_text(self.journal_max),
            super::word_of(&ANSWERS, &self.answers),
            list(&self.allow),
            list(&self.public_networks),
            path(&self.geoip),
            path(&self.lists),
            dials::lines(&self.settings),
            dials::tables(&self.settings),
        )
    }

    /// Which keys differ in another one.
    pub(super) fn changes(&self, new: &Self) -> impl Iterator<Item = String> {
        let keys = [
            ("record", self.record != new.record),
            ("journal", self.journal != new.journal),
            ("retention", self.retention != new.retention),
            ("journal_max", self.journal_max != new.journal_max),
            ("answers", self.answers != new.answers),
            ("allow", self.allow != new.allow),
            ("public_networks", self.public_networks != new.public_networks),
            ("geoip", self.geoip != new.geoip),
            ("lists", self.lists != new.lists),
        ];
        let keys = keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| format!("observatory.{key}"));
        keys.chain(dials::changes(&self.settings, &new.settings))
    }
}

fn retention(check: &mut Check<'_>, written: Option<&str>) -> Duration {
    let Some(written) = written else { return RETENTION };
    let (least, most) = RETENTION_RANGE;
    match parse_duration(written) {
        Ok(duration) if (least..=most).contains(&duration) => duration,
        _ => {
            let message = format!("retention cannot be {}", quoted(written));
            let help = "write a duration from \"1d\" to \"400d\": what is older tells of people who have long gone";
            check.refuse("observatory.retention", &message, help);
            RETENTION
        }
    }
}

fn networks(check: &mut Check<'_>, key: &str, written: Option<&[String]>) -> Vec<Network> {
    let mut networks = Vec::new();
    for text in written.unwrap_or_default() {
        match Network::parse(text) {
            Ok(network) => networks.push(network),
            Err(error) => {
                let help = match error {
                    NotANetwork::HostBits(network) => format!("write \"{network}\""),
                    _ => "write networks in CIDR form: [\"10.0.0.0/8\", \"2001:db8::/32\"]".to_owned(),
                };
                check.refuse(key, &format!("{} is no network: {error}", quoted(text)), &help);
            }
        }
    }
    networks
}

/// A folder that must be there, unless it is the default one.
fn folder(check: &mut Check<'_>, name: &str, written: Option<&str>) -> Option<PathBuf> {
    let key = format!("observatory.{name}");
    let default = format!("{{data_dir}}/{name}");
    let path = check.plain_path(&key, written.unwrap_or(&default))?;
    let is_default = check.data_dir.as_ref().is_some_and(|data_dir| data_dir.join(name) == path);
    if !path.is_dir() && !is_default {
        let message = format!("{} is no folder", quoted(&path.to_string_lossy()));
        check.refuse(&key, &message, "make the folder, or leave the key out");
        return None;
    }
    Some(path)
}
