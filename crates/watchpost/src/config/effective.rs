//! The file that says the same as a configuration, with every default spelled out; and the one to begin with.

use std::fmt::Write as _;
use std::path::Path;

use super::duration::duration_text;
use super::{
    BARE_LINE_FEED, Config, DirectoryKind, LAST, Listener, ListenerProtocol, PlaintextLogin, WITHOUT_UTF8, word_of,
};

impl Config {
    /// The configuration as TOML, with every default spelled out, but for the numbers of the rules: of them it has those
    /// that differ from their defaults. It loads again to the same. Of a key only the path is
    /// shown, never what stands in the file.
    pub fn effective(&self) -> String {
        let mut text = String::new();
        let _ = write!(text, "domain = {}\ndata_dir = {}\n", string(self.domain.as_str()), path(&self.data_dir));
        for listener in &self.listeners {
            let _ = write!(text, "\n{}", listener_table(listener));
        }
        if let Some(tls) = &self.tls {
            let (certificate, key) = (path(&tls.certificate), path(&tls.key));
            let _ = write!(text, "\n[tls]\ncertificate = {certificate}\nkey = {key}\n");
        }
        let kind = word_of(&DirectoryKind::WORDS, &self.directory.kind);
        let _ = write!(text, "\n[directory]\nkind = \"{kind}\"\npath = {}\n", path(&self.directory.path));
        let _ = write!(text, "\n[store]\nkind = \"maildir\"\npath = {}\n", string(&self.store.path));
        text.push_str(&self.observatory.table());
        text.push_str(&self.capture.table());
        text.push_str(&self.limits_table());
        let _ = write!(
            text,
            "\n[compatibility]\nbare_line_feed = \"{}\"\nwithout_utf8 = \"{}\"\nlast = \"{}\"\n",
            word_of(&BARE_LINE_FEED, &self.quirks.bare_line_feed),
            word_of(&WITHOUT_UTF8, &self.quirks.without_utf8),
            word_of(&LAST, &self.quirks.last)
        );
        let _ =
            write!(text, "\n[log]\nformat = \"{}\"\nlevel = \"{}\"\n", self.log.format.word(), self.log.level.word());
        text.push_str(&super::fetch::tables(&self.fetch));
        text
    }

    fn limits_table(&self) -> String {
        let limits = &self.limits;
        let duration = |duration| string(&duration_text(duration));
        let rows = [
            ("connections", limits.connections.to_string()),
            ("connections_per_address", limits.connections_per_address.to_string()),
            ("line_octets", limits.line_octets.to_string()),
            ("sasl_octets", limits.sasl_octets.to_string()),
            ("idle_time", duration(limits.idle_time)),
            ("login_time", duration(limits.login_time)),
            ("handshake_time", duration(limits.handshake_time)),
            ("bad_commands_before_login", limits.bad_commands_before_login.to_string()),
            ("bad_commands_after_login", limits.bad_commands_after_login.to_string()),
            ("failed_logins", limits.failed_logins.to_string()),
            ("failed_login_delay", duration(limits.failed_login_delay)),
            ("shutdown_grace", duration(limits.shutdown_grace)),
            ("password_checks", limits.password_checks.to_string()),
        ];
        rows.iter().fold("\n[limits]\n".to_owned(), |table, (key, value)| format!("{table}{key} = {value}\n"))
    }
}

/// A commented `watchpost.toml` to begin with; certificate and key are beside it as `cert.pem` and `key.pem`.
/// `data_dir` is absolute, or relative to the folder of the file.
pub fn template(domain: &str, data_dir: &Path, listeners: &[Listener]) -> String {
    let mut text = format!(
        "# Watchpost. `watchpost check-config` says what is wrong with this file and what it amounts to;\n\
         # docs/config.md describes every key. SIGHUP makes a running server read it again.\n\
         \n\
         # Who logs in as alice is alice@ this domain.\n\
         domain = {}\n\
         # Accounts and mail; paths that do not begin with / are relative to this file.\n\
         data_dir = {}\n",
        string(domain),
        path(data_dir),
    );
    for listener in listeners {
        let _ = write!(text, "\n{}{}", comment_on(listener), listener_table(listener));
    }
    text.push_str(REST_OF_TEMPLATE);
    text
}

/// Below the certificate, everything has a default.
const REST_OF_TEMPLATE: &str = r#"
# Read again when the files change. Nobody else may read the key: chmod 640.
[tls]
certificate = "cert.pem"
key = "key.pem"

# Accounts: see `watchpost user --help`; passwd-file is a file as Dovecot has it.
# [directory]
# kind = "sqlite"               # sqlite | passwd-file
# path = "{data_dir}/accounts.sqlite"

# Mail. {user} is alice@example.org, {local} alice, {domain} example.org, {home} what the directory says.
# [store]
# kind = "maildir"
# path = "{data_dir}/mail/{user}/Maildir"

# What happened: `watchpost report` reads it.
# [observatory]
# journal = "{data_dir}/journal.sqlite"
# retention = "30d"
# journal_max = "2GiB"
# answers = "enforce"           # enforce | observe
# gate = "observe"              # observe | enforce
# off = []                      # rules, as `watchpost rules list` names them

# What `watchpost pcap` makes files for Wireshark of.
# [capture]
# mode = "metadata"             # off | metadata | redacted | full

# [limits]
# connections = 4096
# connections_per_address = 64
# idle_time = "10m"
# login_time = "3m"

# [compatibility]
# bare_line_feed = "accept"     # accept | refuse
# without_utf8 = "surrogate"    # surrogate | refuse
# last = "refuse"               # refuse | answer

# [log]
# format = "text"               # text | json
# level = "info"                # error | warn | info | debug
"#;

fn comment_on(listener: &Listener) -> &'static str {
    match (listener.protocol, &listener.plaintext_login) {
        (ListenerProtocol::Pop3s, _) => "# TLS from the first octet.\n",
        (ListenerProtocol::Pop3, PlaintextLogin::Never) => "# TLS after STLS; no login without.\n",
        (ListenerProtocol::Pop3, _) => "# TLS after STLS; login without TLS from where plaintext_login says.\n",
    }
}

fn listener_table(listener: &Listener) -> String {
    let Listener { protocol, address, plaintext_login } = listener;
    let login = match (protocol, plaintext_login) {
        // Says nothing there, and is refused.
        (ListenerProtocol::Pop3s, _) => String::new(),
        (ListenerProtocol::Pop3, PlaintextLogin::Never) => "plaintext_login = \"never\"\n".to_owned(),
        (ListenerProtocol::Pop3, PlaintextLogin::Loopback) => "plaintext_login = \"loopback\"\n".to_owned(),
        (ListenerProtocol::Pop3, PlaintextLogin::Networks(networks)) => {
            let networks: Vec<String> = networks.iter().map(|network| string(&network.to_string())).collect();
            format!("plaintext_login = {{ networks = [{}] }}\n", networks.join(", "))
        }
    };
    format!("[[listener]]\nprotocol = \"{}\"\naddress = \"{address}\"\n{login}", protocol.word())
}

/// A text as TOML writes it.
fn string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn path(path: &Path) -> String {
    string(&path.to_string_lossy())
}
