//! The reference page, and what else is made from the description of the file: which keys there are.

use std::fmt::Write as _;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::changes::needs_restart;
use super::dials;
use super::raw::RawConfig;

/// Every key once, in the order of the reference. It loads where its folder and certificate exist.
pub const COMPLETE_EXAMPLE: &str = r#"domain   = "example.org"
data_dir = "/var/lib/watchpost"

[[listener]]
protocol = "pop3s"
address  = "[::]:995"

[[listener]]
protocol = "pop3"
address  = "[::]:110"
plaintext_login = "never"

[tls]
certificate = "{data_dir}/cert.pem"
key         = "{data_dir}/key.pem"

[directory]
kind = "sqlite"
path = "{data_dir}/accounts.sqlite"

[store]
kind = "maildir"
path = "{data_dir}/mail/{user}/Maildir"

[observatory]
record          = "sessions"
journal         = "{data_dir}/journal.sqlite"
retention       = "30d"
journal_max     = "2GiB"
answers         = "enforce"
gate            = "observe"
off             = []
allow           = []
public_networks = []
geoip           = "{data_dir}/geoip"
lists           = "{data_dir}/lists"

[capture]
mode                  = "metadata"
session_max           = "64KiB"
memory_max            = "32MiB"
include_authenticated = false
retention             = "7d"
disk_max              = "1GiB"

[limits]
connections               = 4096
connections_per_address   = 64
line_octets               = 255
sasl_octets               = 24576
idle_time                 = "10m"
login_time                = "3m"
handshake_time            = "30s"
bad_commands_before_login = 10
bad_commands_after_login  = 20
failed_logins             = 3
failed_login_delay        = "2s"
shutdown_grace            = "30s"
password_checks           = 0

[compatibility]
bare_line_feed = "accept"
without_utf8   = "surrogate"
last           = "refuse"

[log]
format = "text"
level  = "info"

[[fetch]]
name               = "work"
server             = "pop.example.net"
user               = "alice@example.net"
password           = "file:{data_dir}/work.password"
to                 = "lmtp:/run/watchpost/lmtp"
recipient          = "alice@example.org"
line_ends          = "exact"
leave              = "forever"
tls                = "implicit"
trust              = "system"
client_certificate = "{data_dir}/cert.pem"
client_key         = "{data_dir}/key.pem"
proxy              = "none"
auth               = "best"
message_octets     = 0
session_messages   = 0
session_octets     = 0
session_time       = "1h"
reply_time         = "1m"
window             = 1024
rules              = [{ field = "X-Spam-Flag", contains = "yes", action = "skip" }]
"#;

/// What stands above the tables.
const INTRODUCTION: &str = "# The configuration file

<!-- Made from the comments in the program. `WATCHPOST_BLESS=1 cargo test -p watchpost --test config` writes it anew. -->

One file in TOML: the one that `--config` names, else `./watchpost.toml`, else `/etc/watchpost/watchpost.toml`.
`watchpost init` writes one to begin with, `watchpost check-config` says what is wrong with it and shows what it amounts
to. A key that does not exist is an error, and so is a value that makes no sense: the server does not start, and says in
which line and what to do.

Paths that do not begin with `/` are relative to the folder of the file. `{data_dir}` may stand at the beginning of any
path but its own.

SIGHUP makes a running server read the file again. A key that is *applied at once* holds for sessions that begin
afterwards; a change that *needs a restart* is named in the log and left as it was. If the file is wrong, everything stays
as it was.

## A complete example

Every key is here with its default, where it has one, but for the numbers of the rules, which stand at the end of this
page; most files need the first three tables alone.

";

/// The reference page, in Markdown: `docs/config.md`.
pub fn reference() -> String {
    let known = KnownKeys::new();
    let mut page = format!("{INTRODUCTION}```toml\n{COMPLETE_EXAMPLE}```\n");
    let top = known.keys(known.top());
    let child = |name: &str| known.child(known.top(), name).expect("the name comes from the same description");
    let (tables, plain): (Vec<&String>, Vec<&String>) =
        top.iter().partition(|name| !known.keys(known.element(child(name))).is_empty());
    let _ = write!(page, "\n## At the top\n\n{}\n", description(known.top()));
    for name in plain {
        describe_key(&mut page, "", name, child(name));
    }
    for name in tables {
        let table = child(name);
        let element = known.element(table);
        let heading = if std::ptr::eq(table, element) { format!("[{name}]") } else { format!("[[{name}]]") };
        let _ = write!(page, "\n## `{heading}`\n\n{}\n", description(table));
        for key in known.keys(element) {
            let schema = known.child(element, &key).expect("the name comes from the same description");
            // Tables within tables hold the numbers of the rules, which have a part of their own.
            if !known.keys(schema).is_empty() {
                continue;
            }
            describe_key(&mut page, name, &key, schema);
        }
    }
    page.push_str(&dials::reference());
    page
}

/// The section of one key.
fn describe_key(page: &mut String, table: &str, key: &str, schema: &Value) {
    let attribute = |name: &str| schema.get(name).and_then(Value::as_str);
    let full = if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") };
    let _ = write!(page, "\n### `{key}`\n\n{}\n\n", description(schema));
    let _ = writeln!(page, "- Type: {}", attribute("x-type").unwrap_or("text"));
    if let Some(range) = attribute("x-range") {
        let _ = writeln!(page, "- Range: {range}");
    }
    let default = attribute("x-default").unwrap_or("none");
    let default = if default.starts_with("none") { default.to_owned() } else { format!("`{default}`") };
    let _ = writeln!(page, "- Default: {default}");
    let when = if needs_restart(&full) { "needs a restart" } else { "applied at once" };
    let _ = writeln!(page, "- Change: {when}");
    if let Some(example) = attribute("x-example") {
        let _ = writeln!(page, "- Example: `{example}`");
    }
}

fn description(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

/// Which keys there are, and where.
pub(super) struct KnownKeys(Value);

impl KnownKeys {
    /// Made from the types that the file is read into.
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::default().with(|settings| settings.inline_subschemas = true);
        Self(settings.into_generator().into_root_schema_for::<RawConfig>().to_value())
    }

    /// The file itself.
    pub(super) fn top(&self) -> &Value {
        &self.0
    }

    /// The description of a key within a table.
    #[allow(clippy::unused_self, reason = "what it takes and gives belongs to this description")]
    pub(super) fn child<'a>(&self, table: &'a Value, name: &str) -> Option<&'a Value> {
        alternatives(table).find_map(|schema| schema.get("properties")?.get(name))
    }

    /// The description of the elements, if this is an array; else of the thing itself.
    #[allow(clippy::unused_self, reason = "what it takes and gives belongs to this description")]
    pub(super) fn element<'a>(&self, schema: &'a Value) -> &'a Value {
        schema.get("items").unwrap_or(schema)
    }

    /// The keys of a table, in the order of the example.
    #[allow(clippy::unused_self, reason = "what it takes and gives belongs to this description")]
    pub(super) fn keys(&self, table: &Value) -> Vec<String> {
        let properties = alternatives(table).filter_map(|schema| schema.get("properties")?.as_object());
        let mut keys: Vec<String> = properties.flat_map(|properties| properties.keys().cloned()).collect();
        keys.sort_by_key(|key| position_in_example(key));
        keys
    }

    /// The table that has a key of this name, as the file writes it.
    pub(super) fn home_of(&self, name: &str) -> Option<String> {
        if self.child(self.top(), name).is_some() {
            return Some("the top of the file, before the first table".to_owned());
        }
        self.home_below(self.top(), "", name)
    }

    /// The table below this one that has the key, by its whole name.
    fn home_below(&self, table: &Value, path: &str, name: &str) -> Option<String> {
        self.keys(table).iter().find_map(|key| {
            let schema = self.child(table, key)?;
            let element = self.element(schema);
            let full = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            if self.child(element, name).is_none() {
                return self.home_below(element, &full, name);
            }
            Some(if std::ptr::eq(schema, element) { format!("[{full}]") } else { format!("[[{full}]]") })
        })
    }

    /// What to write for a key such as `listener[0].address`.
    pub(super) fn example(&self, key: &str) -> String {
        let mut schema = self.top();
        for step in key.split('.') {
            let (name, _) = step.split_once('[').unwrap_or((step, ""));
            match self.child(schema, name) {
                Some(child) => schema = self.element(child),
                None => return "write a value of the type that is expected".to_owned(),
            }
        }
        let (name, _) = key.split_once('[').unwrap_or((key, ""));
        match schema.get("x-example").and_then(Value::as_str) {
            Some(example) => format!("write, for example: {example}"),
            None if name == "listener" => "each listener is a table of its own, under [[listener]]".to_owned(),
            None => {
                let table = key.split_once('[').map_or(key, |(table, _)| table);
                format!("this is a table: write [{table}], and its keys below")
            }
        }
    }
}

/// The schema itself and, if it is a choice, what can be chosen.
fn alternatives(schema: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    let choices = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    Box::new(std::iter::once(schema).chain(choices.flat_map(alternatives)))
}

/// In which line of the example the key, or the table of that name, first stands.
fn position_in_example(key: &str) -> usize {
    let is_key = |line: &str| line.split('=').next().is_some_and(|name| name.trim() == key);
    let is_table = |line: &str| line.trim_matches(['[', ']']) == key;
    COMPLETE_EXAMPLE.lines().position(|line| is_key(line) || is_table(line)).unwrap_or(usize::MAX)
}
