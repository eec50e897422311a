//! `[[fetch]]` as it is written; the comments are the reference page.

use schemars::JsonSchema;
use serde::Deserialize;

/// `[[fetch]]`
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawFetch {
    /// What the account is called here: small letters, digits, `.`, `_` and `-`. Its journal has this name.
    ///
    /// Reason: `watchpost fetch NAME` fetches this account alone.
    #[schemars(extend(
        "x-type" = "name",
        "x-default" = "none, the key is required in this table",
        "x-example" = "name = \"work\""
    ))]
    pub(in crate::config) name: Option<String>,

    /// The server, with its port if it is not the usual one: 995 for implicit TLS, 110 otherwise.
    ///
    /// Reason: certificates are checked for this name, and for no other (RFC 7817 §3; C-006).
    #[schemars(extend(
        "x-type" = "host, or host:port",
        "x-default" = "none, the key is required in this table",
        "x-example" = "server = \"pop.example.net\""
    ))]
    pub(in crate::config) server: Option<String>,

    /// Whose maildrop: most servers want the whole address.
    ///
    /// Reason: there is nothing to guess it from.
    #[schemars(extend(
        "x-type" = "text",
        "x-default" = "none, the key is required in this table",
        "x-example" = "user = \"alice@example.net\""
    ))]
    pub(in crate::config) user: Option<String>,

    /// Where the password comes from. `command:…` prints it, `file:…` holds it and only its owner may read it,
    /// `credential:…` is one that systemd hands over, `variable:…` is in the environment, `netrc:…` is such a file,
    /// `secret-service` is the keyring of the desktop, `prompt` asks, `token-command:…` prints an access token (OAuth 2.0), `certificate` needs none (EXTERNAL).
    ///
    /// Reason: a password in a configuration file ends up in a backup, or in a repository.
    #[schemars(extend(
        "x-type" = "a source and what it needs",
        "x-default" = "\"prompt\"",
        "x-example" = "password = \"command:pass show mail/work\""
    ))]
    pub(in crate::config) password: Option<String>,

    /// Where the mail goes. `account:…` is a user of this server, `maildir:…` and `mbox:…` are paths, `pipe:…` is a command
    /// that takes each message on its standard input, `lmtp:…` and `smtp:…` are a host and port or the path of a socket;
    /// these need `recipient`.
    ///
    /// Reason: into the first three, each message arrives exactly once, whatever happens (C-061).
    #[schemars(extend(
        "x-type" = "a kind and its place",
        "x-default" = "none, the key is required in this table",
        "x-example" = "to = \"maildir:/home/alice/Maildir\""
    ))]
    pub(in crate::config) to: Option<String>,

    /// For whom the mail is at the server that `lmtp:` or `smtp:` names.
    ///
    /// Reason: the address in a header may be anybody's.
    #[schemars(extend(
        "x-type" = "address",
        "x-default" = "none, required with lmtp: and smtp:",
        "x-example" = "recipient = \"alice@example.org\""
    ))]
    pub(in crate::config) recipient: Option<String>,

    /// What ends lines in a Maildir, an mbox and for a command. `exact`: LF, as Unix stores mail, unless a CR or LF stands
    /// alone in the message; then all of it is stored as it came, octet for octet. `lf`: LF always, what stands alone
    /// stays. `crlf`: octet for octet what came over the wire.
    ///
    /// Reason: what came can be told from what is stored: without a CR in it, each LF was CRLF (C-072).
    #[schemars(extend(
        "x-type" = "`\"exact\"`, `\"lf\"` or `\"crlf\"`",
        "x-default" = "\"exact\"",
        "x-example" = "line_ends = \"crlf\""
    ))]
    pub(in crate::config) line_ends: Option<String>,

    /// How long mail stays on the server once it is durable here: `forever`, `never`, a time such as `14d`, or
    /// `newest 500`: while it is among the so many newest.
    ///
    /// Reason: nobody loses mail by trying this out.
    #[schemars(extend(
        "x-type" = "`\"forever\"`, `\"never\"`, days or `\"newest N\"`",
        "x-default" = "\"forever\"",
        "x-example" = "leave = \"14d\""
    ))]
    pub(in crate::config) leave: Option<String>,

    /// What protects the connection. `implicit`: TLS from the first octet; `stls`: TLS begun by STLS, and no session without;
    /// `none`: nothing, and everybody on the path reads the password.
    ///
    /// Reason: RFC 8314 §3 prefers `implicit` (C-001).
    #[schemars(extend(
        "x-type" = "`\"implicit\"`, `\"stls\"` or `\"none\"`",
        "x-default" = "\"implicit\"",
        "x-example" = "tls = \"stls\""
    ))]
    pub(in crate::config) tls: Option<String>,

    /// Which certificates are believed: `system`, those that the system trusts; `file:…`, those in a PEM file;
    /// `pins:sha256/…`, those of one of these keys, with commas between them; `first-use`, whatever is shown first, and
    /// only that from then on.
    ///
    /// Reason: everything else than `system` is for servers whose owner you know.
    #[schemars(extend(
        "x-type" = "`\"system\"`, `\"first-use\"`, `\"file:…\"` or `\"pins:…\"`",
        "x-default" = "\"system\"",
        "x-example" = "trust = \"file:/etc/watchpost/partner.pem\""
    ))]
    pub(in crate::config) trust: Option<String>,

    /// A certificate of yours, for servers that ask for one; `client_key` is needed with it (C-009).
    ///
    /// Reason: it is shown to this server alone.
    #[schemars(extend("x-type" = "path", "x-default" = "none", "x-example" = "client_certificate = \"me.pem\""))]
    pub(in crate::config) client_certificate: Option<String>,

    /// The key of `client_certificate`, as PEM.
    ///
    /// Reason: the certificate is worth nothing without it.
    #[schemars(extend("x-type" = "path", "x-default" = "none", "x-example" = "client_key = \"me-key.pem\""))]
    pub(in crate::config) client_key: Option<String>,

    /// The way to the server: `socks5://host:port` and `http://host:port` are proxies, `command:…` has the connection on its
    /// standard input and output. `none` connects directly.
    ///
    /// Reason: the proxy resolves the name, so that your resolver learns nothing.
    #[schemars(extend(
        "x-type" = "a proxy, or `\"none\"`",
        "x-default" = "\"none\"",
        "x-example" = "proxy = \"socks5://127.0.0.1:9050\""
    ))]
    pub(in crate::config) proxy: Option<String>,

    /// The only way to log in: `scram-sha-256`, `plain`, `xoauth2` and others; `best` is the best that the server offers.
    /// `cram-md5` and `apop` are used only where they are named here (C-040).
    ///
    /// Reason: the best is found by itself; a server that offers what it cannot do needs this key.
    #[schemars(extend("x-type" = "`\"best\"` or a method", "x-default" = "\"best\"", "x-example" = "auth = \"apop\""))]
    pub(in crate::config) auth: Option<String>,

    /// Larger messages are left on the server and reported; 0 is no limit. One that was announced as smaller and comes
    /// with more than twice as many octets ends the session, and counts as failed.
    ///
    /// Reason: whoever pays for each mebibyte knows best.
    #[schemars(extend("x-type" = "octets", "x-default" = "0", "x-example" = "message_octets = 26214400"))]
    pub(in crate::config) message_octets: Option<i64>,

    /// At most so many messages in a session; the next one goes on. 0 is no limit.
    ///
    /// Reason: some providers count.
    #[schemars(extend("x-type" = "number", "x-default" = "0", "x-example" = "session_messages = 500"))]
    pub(in crate::config) session_messages: Option<i64>,

    /// About so many octets in a session: the message that reaches it is the last. 0 is no limit.
    ///
    /// Reason: some providers count these instead.
    #[schemars(extend("x-type" = "octets", "x-default" = "0", "x-example" = "session_octets = 1073741824"))]
    pub(in crate::config) session_octets: Option<i64>,

    /// How long a session may go on; what is left is for the next one (C-010).
    ///
    /// Reason: a session without an end holds the lock of the maildrop for ever.
    #[schemars(extend("x-type" = "duration", "x-default" = "\"1h\"", "x-example" = "session_time = \"10m\""))]
    pub(in crate::config) session_time: Option<String>,

    /// How long to wait for the next octet of the server (C-010).
    ///
    /// Reason: servers that open a large maildrop are silent for a while.
    #[schemars(extend("x-type" = "duration", "x-default" = "\"1m\"", "x-example" = "reply_time = \"3m\""))]
    pub(in crate::config) reply_time: Option<String>,

    /// Commands that may be under way before their replies, where the server announces PIPELINING; 1 waits for each
    /// (C-067).
    ///
    /// Reason: a message takes no round trip of its own. A server that breaks under it is noticed and remembered.
    #[schemars(extend("x-type" = "number", "x-range" = "1 to 10000", "x-default" = "1024", "x-example" = "window = 1"))]
    pub(in crate::config) window: Option<i64>,

    /// What headers decide before a message is fetched: the first rule that fits counts. Each has a `field`, what that
    /// `contains` (in any case; without it, any value fits), and an `action`: `fetch`, `skip` (it stays on the server) or
    /// `delete`. With rules, every new message costs a TOP.
    ///
    /// Reason: what nobody wants need not be fetched.
    #[schemars(extend(
        "x-type" = "list of `{ field = \"…\", contains = \"…\", action = \"…\" }`",
        "x-default" = "[]",
        "x-example" = "rules = [{ field = \"X-Spam-Flag\", contains = \"yes\", action = \"skip\" }]"
    ))]
    pub(in crate::config) rules: Option<Vec<RawRule>>,
}

/// One of `rules`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct RawRule {
    /// The name of the header field.
    pub(in crate::config) field: String,
    /// What it contains.
    pub(in crate::config) contains: Option<String>,
    /// What to do then.
    pub(in crate::config) action: String,
}
