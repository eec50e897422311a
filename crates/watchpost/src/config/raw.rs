//! The file as it is written. The comments here are the reference page: see [`super::reference`].
//!
//! What a key may hold beyond its type is checked where its checked type is made.

use schemars::JsonSchema;
use serde::Deserialize;

use super::capture::RawCapture;
use super::fetch::RawFetch;
use super::limits::RawLimits;
use super::observatory::RawObservatory;

/// Keys at the top of the file, before the first table.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    /// The mail domain. A client that logs in as `alice` is `alice@` this domain; one that gives a domain of its own
    /// keeps it.
    ///
    /// Reason: accounts are known by their whole address, so that two domains can have an `alice` each (P-068).
    #[schemars(extend(
        "x-type" = "domain name",
        "x-default" = "none, the key is required",
        "x-example" = "domain = \"example.org\""
    ))]
    pub(super) domain: Option<String>,

    /// The folder where Watchpost keeps what is its own. It must exist, and Watchpost must be able to write into it.
    /// Other paths may begin with `{data_dir}`.
    ///
    /// Reason: one folder to back up, and one to give to the Unix user that the server runs as.
    #[schemars(extend(
        "x-type" = "path",
        "x-default" = "none, the key is required",
        "x-example" = "data_dir = \"/var/lib/watchpost\""
    ))]
    pub(super) data_dir: Option<String>,

    /// One port to listen on. There may be any number of them, and there must be one.
    pub(super) listener: Option<Vec<RawListener>>,

    /// The certificate and its key. Both are read when the server starts, and again on SIGHUP or when they change.
    ///
    /// POP3S needs this table. POP3 needs it too, unless it allows logins without TLS from somewhere.
    pub(super) tls: Option<RawTls>,

    /// Where the accounts are.
    pub(super) directory: Option<RawDirectory>,

    /// Where the mail is.
    pub(super) store: Option<RawStore>,

    /// What happened at the gate: the journal, and what is known of addresses.
    pub(super) observatory: Option<RawObservatory>,

    /// What is kept of the octets of a session, for `watchpost pcap`. It is about visitors: what owners say is wiped
    /// when they have logged in.
    pub(super) capture: Option<RawCapture>,

    /// How much a client, or all of them together, may take. Every default is fit for the open internet.
    ///
    /// Times are written with their units: `"90s"`, `"10m"`, `"1h30m"`, `"2d"`.
    pub(super) limits: Option<RawLimits>,

    /// Where real clients, or old mail, part from the standards.
    pub(super) compatibility: Option<RawCompatibility>,

    /// What the server writes to standard error about its own work.
    ///
    /// Each session leaves a line when it ends. While sessions are recorded (`observatory.record`), the journal's thread
    /// writes these lines, many at once, about 50 ms later.
    pub(super) log: Option<RawLog>,

    /// One account at another server, whose mail `watchpost fetch` brings here. There may be any number of them. A file
    /// may hold these alone: `watchpost fetch` needs nothing else of it.
    pub(super) fetch: Option<Vec<RawFetch>>,
}

/// `[[listener]]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawListener {
    /// What is spoken there. `pop3s`: TLS from the first octet (RFC 8314 §3.1), usually on port 995. `pop3`: in the
    /// clear until the client says STLS (RFC 2595 §4), usually on port 110.
    ///
    /// Reason: RFC 8314 §3 prefers `pop3s`; old clients and learners need `pop3`.
    #[schemars(extend(
        "x-type" = "`\"pop3\"` or `\"pop3s\"`",
        "x-default" = "none, the key is required",
        "x-example" = "protocol = \"pop3s\""
    ))]
    pub(super) protocol: Option<String>,

    /// Where to listen: an IP address and a port. `[::]` is every address of the machine, IPv4 included. Port 0 takes
    /// any free port, which is for tests.
    ///
    /// Reason: no default, so that a port is open only where somebody asked for it.
    #[schemars(extend(
        "x-type" = "IP address and port",
        "x-default" = "none, the key is required",
        "x-example" = "address = \"[::]:995\""
    ))]
    pub(super) address: Option<String>,

    /// From where a client may log in without TLS; for `pop3` only. `"never"`; `"loopback"`: from this machine;
    /// `{ networks = […] }`: from these networks.
    ///
    /// Reason: a password in the clear belongs to whoever is on the path (RFC 8314 §3.1).
    #[schemars(extend(
        "x-type" = "`\"never\"`, `\"loopback\"` or `{ networks = [\"…\"] }`",
        "x-default" = "\"never\"",
        "x-example" = "plaintext_login = { networks = [\"10.0.0.0/8\", \"2001:db8::/32\"] }"
    ))]
    pub(super) plaintext_login: Option<RawPlaintextLogin>,
}

/// A word, or a table of networks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected \"never\", \"loopback\" or { networks = [\"…\"] }")]
pub(super) enum RawPlaintextLogin {
    /// `never` or `loopback`.
    Word(String),
    /// From networks.
    Networks(RawNetworks),
}

/// `{ networks = […] }`
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNetworks {
    /// The networks, in CIDR form.
    pub(super) networks: Vec<String>,
}

/// `[tls]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTls {
    /// The certificate of the server and then those between it and a root, as PEM. One that has expired, or is not
    /// valid yet, is a warning and not an error: mail with a warning is better than no mail.
    ///
    /// Reason: clients check the name they connected to against it (RFC 7817 §3).
    #[schemars(extend(
        "x-type" = "path",
        "x-default" = "none, the key is required in this table",
        "x-example" = "certificate = \"cert.pem\""
    ))]
    pub(super) certificate: Option<String>,

    /// The private key that belongs to the certificate, as PEM, without a passphrase. It is refused while every user
    /// of the machine may read or write it: `chmod 640`.
    ///
    /// Reason: whoever has the key is the server.
    #[schemars(extend(
        "x-type" = "path",
        "x-default" = "none, the key is required in this table",
        "x-example" = "key = \"key.pem\""
    ))]
    pub(super) key: Option<String>,
}

/// `[directory]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDirectory {
    /// What holds the accounts. `sqlite`: one file, tended with `watchpost user`. `passwd-file`: a file as Dovecot has
    /// it, which something else tends: lines of `user:{SCHEME}password:uid:gid:gecos:home:shell:extra`, read again when
    /// it changes. Known are `{PLAIN}`, `{SHA512-CRYPT}`, `{SHA256-CRYPT}`, `{ARGON2ID}` and `{ARGON2I}`, the home,
    /// `userdb_home=`, `userdb_mail=maildir:…`, `allow_nets=` and `nologin`; a line with another scheme, or with
    /// something that restricts the account and is not known here, refuses its account alone, and `watchpost
    /// check-config` names it.
    ///
    /// Reason: `sqlite` needs no other program; `passwd-file` lets Watchpost stand beside a Dovecot.
    #[schemars(extend(
        "x-type" = "`\"sqlite\"` or `\"passwd-file\"`",
        "x-default" = "\"sqlite\"",
        "x-example" = "kind = \"passwd-file\""
    ))]
    pub(super) kind: Option<String>,

    /// The file. That of `sqlite` is made when it does not exist; its folder is not. For `passwd-file` the key is
    /// required.
    ///
    /// Reason: beside everything else that Watchpost keeps.
    #[schemars(extend(
        "x-type" = "path",
        "x-default" = "\"{data_dir}/accounts.sqlite\"",
        "x-example" = "path = \"/etc/watchpost/accounts.sqlite\""
    ))]
    pub(super) path: Option<String>,
}

/// `[store]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStore {
    /// What holds the mail. `maildir`: one Maildir per user, shared with whatever delivers into it.
    ///
    /// Reason: every mail server can deliver into a Maildir, and every tool can look into it.
    #[schemars(extend("x-type" = "`\"maildir\"`", "x-default" = "\"maildir\"", "x-example" = "kind = \"maildir\""))]
    pub(super) kind: Option<String>,

    /// Where the Maildir of a user is. `{user}` is the whole name (`alice@example.org`), `{local}` what stands before
    /// the `@`, `{domain}` what stands behind it, `{home}` the home that the directory of accounts gives, at the
    /// beginning only. One of `{user}`, `{local}` and `{home}` must be there. Watchpost must be able to read and write
    /// in the folder above all Maildirs.
    ///
    /// Reason: the path must tell one user from another.
    #[schemars(extend(
        "x-type" = "path with variables",
        "x-default" = "\"{data_dir}/mail/{user}/Maildir\"",
        "x-example" = "path = \"/var/mail/{domain}/{local}\""
    ))]
    pub(super) path: Option<String>,
}

/// `[compatibility]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCompatibility {
    /// Whether a lone LF ends a command, as CRLF does (P-027): `accept` or `refuse`.
    ///
    /// Reason: scripts and people at a terminal send it; behind a proxy `refuse` leaves no doubt where lines end (S-042).
    #[schemars(extend(
        "x-type" = "`\"accept\"` or `\"refuse\"`",
        "x-default" = "\"accept\"",
        "x-example" = "bare_line_feed = \"refuse\""
    ))]
    pub(super) bare_line_feed: Option<String>,

    /// What a client that has not said UTF8 gets of a message with UTF-8 in its header (RFC 6856 §2.1; P-201):
    /// `surrogate`, one that it can read (RFC 6858), or `refuse`, which answers `-ERR [UTF8]`.
    ///
    /// Reason: almost no client says UTF8, and its user wants to read the message.
    #[schemars(extend(
        "x-type" = "`\"surrogate\"` or `\"refuse\"`",
        "x-default" = "\"surrogate\"",
        "x-example" = "without_utf8 = \"refuse\""
    ))]
    pub(super) without_utf8: Option<String>,

    /// Whether LAST is answered (RFC 1460 §5; P-177): `refuse` or `answer`.
    ///
    /// Reason: RFC 1725 took it out of the protocol; a client older than UIDL may need it.
    #[schemars(extend(
        "x-type" = "`\"refuse\"` or `\"answer\"`",
        "x-default" = "\"refuse\"",
        "x-example" = "last = \"answer\""
    ))]
    pub(super) last: Option<String>,
}

/// `[log]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLog {
    /// `text`: lines for people. `json`: one JSON object per line, for programs.
    ///
    /// Reason: the first reader of a log is a person.
    #[schemars(extend(
        "x-type" = "`\"text\"` or `\"json\"`",
        "x-default" = "\"text\"",
        "x-example" = "format = \"json\""
    ))]
    pub(super) format: Option<String>,

    /// The least important line that is written: `error`, `warn`, `info` or `debug`. No level shows a password.
    ///
    /// Reason: `info` tells what an operator acts upon, and stays silent about single commands.
    #[schemars(extend(
        "x-type" = "`\"error\"`, `\"warn\"`, `\"info\"` or `\"debug\"`",
        "x-default" = "\"info\"",
        "x-example" = "level = \"debug\""
    ))]
    pub(super) level: Option<String>,
}
