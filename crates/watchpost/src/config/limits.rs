//! How much a client, or all of them together, may take.

use std::num::NonZeroUsize;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use watchpost_proto::pop3::server::Limits as SessionLimits;

use super::check::Check;
use super::duration::{NotADuration, duration_text, parse_duration};
use super::error::quoted;

/// Connections at the same time.
pub(super) const CONNECTIONS: Count =
    Count { key: "connections", default: 4096, least: 1, most: 1_000_000, why: "with none, nobody gets in" };
/// Connections at the same time from one address (P-226).
pub(super) const CONNECTIONS_PER_ADDRESS: Count =
    Count { key: "connections_per_address", default: 64, least: 1, most: 1_000_000, why: "with none, nobody gets in" };
/// Octets of a command line (RFC 2449 §4; P-021, P-022).
pub(super) const LINE_OCTETS: Count = Count {
    key: "line_octets",
    default: 255,
    least: 255,
    most: 65_536,
    why: "RFC 2449 §4 demands 255 at least, and a line is held in memory",
};
/// Octets of a line that carries SASL data (RFC 5034 §4; P-096).
pub(super) const SASL_OCTETS: Count = Count {
    key: "sasl_octets",
    default: 24_576,
    least: 2_048,
    most: 1_048_576,
    why: "PLAIN alone may need 1 026 octets, and a line is held in memory",
};
/// Bad commands in a row before login (P-008).
pub(super) const BAD_COMMANDS_BEFORE_LOGIN: Count = Count {
    key: "bad_commands_before_login",
    default: 10,
    least: 1,
    most: 10_000,
    why: "one command is the least that can be bad",
};
/// Bad commands in a row after login (P-008).
pub(super) const BAD_COMMANDS_AFTER_LOGIN: Count = Count {
    key: "bad_commands_after_login",
    default: 20,
    least: 1,
    most: 10_000,
    why: "one command is the least that can be bad",
};
/// Failed logins on one connection (S-024).
pub(super) const FAILED_LOGINS: Count = Count {
    key: "failed_logins",
    default: 3,
    least: 1,
    most: 100,
    why: "more would invite guessing on one connection",
};
/// From the first failed login on a connection to its answer (S-024, S-025).
pub(super) const FAILED_LOGIN_DELAY: Time = Time {
    key: "failed_login_delay",
    default: Duration::from_secs(2),
    least: Duration::ZERO,
    most: Duration::from_secs(10),
    why: "the fourth waits seven and a half times as long, and clients give up after a minute or two",
};
/// Passwords verified at the same time; 0 stands for the number of cores.
pub(super) const PASSWORD_CHECKS: Count = Count {
    key: "password_checks",
    default: 0,
    least: 0,
    most: 1024,
    why: "each takes a whole core and some memory; 0 is the number of cores",
};
/// Without a command for this long a session ends (RFC 1939 §3; P-009).
pub(super) const IDLE_TIME: Time = Time {
    key: "idle_time",
    default: Duration::from_mins(10),
    least: Duration::from_mins(10),
    most: Duration::from_hours(24),
    why: "RFC 1939 §3 demands ten minutes at least",
};
/// From the greeting to a login (S-045).
pub(super) const LOGIN_TIME: Time = Time {
    key: "login_time",
    default: Duration::from_mins(3),
    least: Duration::from_millis(1),
    most: Duration::from_hours(1),
    why: "who never logs in must not stay",
};
/// From the first octet of a TLS handshake to its last (S-015).
pub(super) const HANDSHAKE_TIME: Time = Time {
    key: "handshake_time",
    default: Duration::from_secs(30),
    least: Duration::from_millis(1),
    most: Duration::from_mins(10),
    why: "who never finishes a handshake must not stay",
};
/// How long sessions may go on after the server was told to stop (P-014).
pub(super) const SHUTDOWN_GRACE: Time = Time {
    key: "shutdown_grace",
    default: Duration::from_secs(30),
    least: Duration::ZERO,
    most: Duration::from_hours(1),
    why: "a service manager does not wait longer",
};

/// A limit that is a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count {
    key: &'static str,
    default: u32,
    least: u32,
    most: u32,
    why: &'static str,
}

impl Count {
    /// For the reference page.
    pub(super) fn default_text(self) -> String {
        self.default.to_string()
    }

    /// For the reference page.
    pub(super) fn range_text(self) -> String {
        format!("{} to {}", self.least, self.most)
    }

    /// What was written, if it lies within; else a complaint, and the default.
    fn check(self, check: &mut Check<'_>, written: Option<i64>) -> u32 {
        let Some(written) = written else { return self.default };
        match u32::try_from(written) {
            Ok(number) if (self.least..=self.most).contains(&number) => number,
            _ => {
                let message = format!("{} cannot be {written}", self.key);
                let help = format!("write a number from {}: {}", self.range_text(), self.why);
                check.refuse(&format!("limits.{}", self.key), &message, &help);
                self.default
            }
        }
    }
}

/// A limit that is a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    key: &'static str,
    default: Duration,
    least: Duration,
    most: Duration,
    why: &'static str,
}

impl Time {
    /// For the reference page.
    pub(super) fn default_text(self) -> String {
        format!("\"{}\"", duration_text(self.default))
    }

    /// For the reference page.
    pub(super) fn range_text(self) -> String {
        format!("`\"{}\"` to `\"{}\"`", duration_text(self.least), duration_text(self.most))
    }

    fn range(self) -> String {
        format!("\"{}\" to \"{}\"", duration_text(self.least), duration_text(self.most))
    }

    /// What was written, if it lies within; else a complaint, and the default.
    fn check(self, check: &mut Check<'_>, written: Option<&str>) -> Duration {
        let Some(written) = written else { return self.default };
        let (message, help) = match parse_duration(written) {
            Ok(duration) if (self.least..=self.most).contains(&duration) => return duration,
            Ok(_) => (
                format!("{} cannot be {}", self.key, quoted(written)),
                format!("write a duration from {}: {}", self.range(), self.why),
            ),
            Err(NotADuration) => (
                format!("{} is no duration", quoted(written)),
                "write numbers with their units, d, h, m, s or ms: \"90s\", \"10m\", \"1h30m\", \"2d\"".to_owned(),
            ),
        };
        check.refuse(&format!("limits.{}", self.key), &message, &help);
        self.default
    }
}

/// `[limits]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLimits {
    /// Connections open at the same time, from everywhere. One more is refused when it connects.
    ///
    /// Reason: each costs a file descriptor and memory; 4096 stay well below what a small machine has.
    #[schemars(extend(
        "x-type" = "number",
        "x-default" = CONNECTIONS.default_text(),
        "x-range" = CONNECTIONS.range_text(),
        "x-example" = "connections = 10000"
    ))]
    pub(super) connections: Option<i64>,

    /// Connections open at the same time from one address. One more is refused when it connects (P-226).
    ///
    /// Reason: one visitor must not take the places of all others; a company behind one address still fits.
    #[schemars(extend(
        "x-type" = "number",
        "x-default" = CONNECTIONS_PER_ADDRESS.default_text(),
        "x-range" = CONNECTIONS_PER_ADDRESS.range_text(),
        "x-example" = "connections_per_address = 16"
    ))]
    pub(super) connections_per_address: Option<i64>,

    /// Octets of a command line, its line end counted. A longer one is answered with one `-ERR` and never parsed
    /// (P-021, P-022).
    ///
    /// Reason: RFC 2449 §4 demands 255 at least.
    #[schemars(extend(
        "x-type" = "number",
        "x-default" = LINE_OCTETS.default_text(),
        "x-range" = LINE_OCTETS.range_text(),
        "x-example" = "line_octets = 512"
    ))]
    pub(super) line_octets: Option<i64>,

    /// Octets of a line that carries SASL data (AUTH and what follows it), its line end counted; base64 makes four of
    /// three (P-096, P-097).
    ///
    /// Reason: names and passwords of 255 octets each need 1 026 here, tokens up to 16 KiB.
    #[schemars(extend(
        "x-type" = "number",
        "x-default" = SASL_OCTETS.default_text(),
        "x-range" = SASL_OCTETS.range_text(),
        "x-example" = "sasl_octets = 32768"
    ))]
    pub(super) sasl_octets: Option<i64>,

    /// How long a session may go without a command before it is closed, nothing removed (P-009). An answer that is
    /// still on its way out counts as activity (P-011).
    ///
    /// Reason: RFC 1939 §3 demands ten minutes at least.
    #[schemars(extend(
        "x-type" = "duration",
        "x-default" = IDLE_TIME.default_text(),
        "x-range" = IDLE_TIME.range_text(),
        "x-example" = "idle_time = \"15m\""
    ))]
    pub(super) idle_time: Option<String>,

    /// From the greeting to a successful login; then the connection is closed (S-045).
    ///
    /// Reason: a person who types a password needs less, and who never logs in must not stay.
    #[schemars(extend(
        "x-type" = "duration",
        "x-default" = LOGIN_TIME.default_text(),
        "x-range" = LOGIN_TIME.range_text(),
        "x-example" = "login_time = \"1m\""
    ))]
    pub(super) login_time: Option<String>,

    /// How long a TLS handshake may take (S-015).
    ///
    /// Reason: RFC 9325 §3 knows no number; thirty seconds are enough for a telephone in a tunnel.
    #[schemars(extend(
        "x-type" = "duration",
        "x-default" = HANDSHAKE_TIME.default_text(),
        "x-range" = HANDSHAKE_TIME.range_text(),
        "x-example" = "handshake_time = \"10s\""
    ))]
    pub(super) handshake_time: Option<String>,

    /// Bad commands in a row before login; the last is answered with `-ERR`, and the connection is closed (P-008). A
    /// good command begins the count anew.
    ///
    /// Reason: a mail client makes none or one; a scanner makes many.
    #[schemars(extend(
        "x-type" = "number",
        "x-default" = BAD_COMMANDS_BEFORE_LOGIN.default_text(),
        "x-range" = BAD_COMMANDS_BEFORE_LOGIN.range_text(),
        "x-example" = "bad_commands_before_login = 3"
    ))]
    pub(super) bad_commands_before_login: Option<i64>,

    /// Bad commands in a row after login; then the connection is closed and nothing is removed (P-008).
    ///
    /// Reason: who has logged in deserves more patience: a message removed by other means makes many in a row.
    #[schemars(extend(
        "x-type" = "number",
        "x-default" = BAD_COMMANDS_AFTER_LOGIN.default_text(),
        "x-range" = BAD_COMMANDS_AFTER_LOGIN.range_text(),
        "x-example" = "bad_commands_after_login = 50"
    ))]
    pub(super) bad_commands_after_login: Option<i64>,

    /// Failed logins on one connection; the last is answered, and the connection is closed (S-024).
    ///
    /// Reason: three are enough for a person, and make a guesser connect again and again.
    #[schemars(extend(
        "x-type" = "number",
        "x-default" = FAILED_LOGINS.default_text(),
        "x-range" = FAILED_LOGINS.range_text(),
        "x-example" = "failed_logins = 1"
    ))]
    pub(super) failed_logins: Option<i64>,

    /// How long the first failed login on a connection waits for its answer; the second waits twice as long, the third
    /// four times, any further one seven and a half times, each a fifth more or less. A login that succeeds never waits,
    /// nor does any other connection. No more than 256 connections wait at the same time: one more is answered at once
    /// and closed. `"0s"` is no delay.
    ///
    /// Reason: guessing costs time, and only the guesser's (S-024). The waiting connection holds nothing but itself.
    #[schemars(extend(
        "x-type" = "duration",
        "x-default" = FAILED_LOGIN_DELAY.default_text(),
        "x-range" = FAILED_LOGIN_DELAY.range_text(),
        "x-example" = "failed_login_delay = \"500ms\""
    ))]
    pub(super) failed_login_delay: Option<String>,

    /// How long sessions may go on after the server was told to stop; then they are closed, nothing removed (P-014).
    ///
    /// Reason: long enough to finish a message, short enough for a service manager.
    #[schemars(extend(
        "x-type" = "duration",
        "x-default" = SHUTDOWN_GRACE.default_text(),
        "x-range" = SHUTDOWN_GRACE.range_text(),
        "x-example" = "shutdown_grace = \"2m\""
    ))]
    pub(super) shutdown_grace: Option<String>,

    /// Password hashes verified at the same time; further ones wait, those who failed before behind those who did not,
    /// and after 20 seconds the client is told to come back. 0 is the number of processor cores. A clear password, and
    /// one that was right lately, is verified at once.
    ///
    /// Reason: a password hash costs memory and a whole core by design; a storm of guesses must take neither all memory
    /// nor the turn of those who only want their mail.
    #[schemars(extend(
        "x-type" = "number",
        "x-default" = "0",
        "x-range" = PASSWORD_CHECKS.range_text(),
        "x-example" = "password_checks = 4"
    ))]
    pub(super) password_checks: Option<i64>,
}

/// How much a client, or all of them together, may take. Each limit has its default and reason in `docs/config.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at the same time, from everywhere.
    pub connections: usize,
    /// Connections at the same time from one address (P-226).
    pub connections_per_address: usize,
    /// Octets of a command line, its end counted (RFC 2449 §4; P-021, P-022).
    pub line_octets: usize,
    /// Octets of a line that carries SASL data, its end counted (RFC 5034 §4; P-096).
    pub sasl_octets: usize,
    /// Without a command for this long a session ends (RFC 1939 §3; P-009).
    pub idle_time: Duration,
    /// From the greeting to a login (S-045).
    pub login_time: Duration,
    /// From the first octet of a TLS handshake to its last (S-015).
    pub handshake_time: Duration,
    /// Bad commands in a row before login (P-008).
    pub bad_commands_before_login: u32,
    /// Bad commands in a row after login (P-008).
    pub bad_commands_after_login: u32,
    /// Failed logins on one connection (S-024).
    pub failed_logins: u32,
    /// From the first failed login on a connection to its answer; later ones wait longer (S-024).
    pub failed_login_delay: Duration,
    /// How long sessions may go on after the server was told to stop (P-014).
    pub shutdown_grace: Duration,
    /// Passwords verified at the same time.
    pub password_checks: NonZeroUsize,
}

impl Limits {
    /// Checks what was written.
    pub(super) fn new(check: &mut Check<'_>, raw: &RawLimits) -> Self {
        Self {
            connections: size(CONNECTIONS.check(check, raw.connections)),
            connections_per_address: size(CONNECTIONS_PER_ADDRESS.check(check, raw.connections_per_address)),
            line_octets: size(LINE_OCTETS.check(check, raw.line_octets)),
            sasl_octets: size(SASL_OCTETS.check(check, raw.sasl_octets)),
            idle_time: IDLE_TIME.check(check, raw.idle_time.as_deref()),
            login_time: LOGIN_TIME.check(check, raw.login_time.as_deref()),
            handshake_time: HANDSHAKE_TIME.check(check, raw.handshake_time.as_deref()),
            bad_commands_before_login: BAD_COMMANDS_BEFORE_LOGIN.check(check, raw.bad_commands_before_login),
            bad_commands_after_login: BAD_COMMANDS_AFTER_LOGIN.check(check, raw.bad_commands_after_login),
            failed_logins: FAILED_LOGINS.check(check, raw.failed_logins),
            failed_login_delay: FAILED_LOGIN_DELAY.check(check, raw.failed_login_delay.as_deref()),
            shutdown_grace: SHUTDOWN_GRACE.check(check, raw.shutdown_grace.as_deref()),
            password_checks: NonZeroUsize::new(size(PASSWORD_CHECKS.check(check, raw.password_checks)))
                .unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
        }
    }

    /// What one session may take.
    pub fn session(&self) -> SessionLimits {
        SessionLimits {
            line_octets: self.line_octets,
            sasl_octets: self.sasl_octets,
            idle_time: self.idle_time,
            login_time: self.login_time,
            bad_commands_before_login: self.bad_commands_before_login,
            bad_commands_after_login: self.bad_commands_after_login,
            failed_logins: self.failed_logins,
        }
    }
}

fn size(number: u32) -> usize {
    usize::try_from(number).expect("a usize holds a u32 on every platform this is built for")
}
