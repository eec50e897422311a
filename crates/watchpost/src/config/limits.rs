//! How much a client, or all of them together, may take.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::SpanRelativeTo;
use jiff::fmt::friendly::{Designator, SpanParser, SpanPrinter};
use watchpost_proto::pop3::server::Limits as SessionLimits;

use super::check::Check;
use super::error::quoted;
use super::raw::RawLimits;

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

/// The text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotADuration;

/// Reads `90s`, `10m`, `1h30m`, `2d`. A day has 24 hours; a month has no length, and nothing lasts less than nothing.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, NotADuration> {
    let span = SpanParser::new().parse_span(text).map_err(|_| NotADuration)?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| NotADuration)?;
    Duration::try_from(duration).map_err(|_| NotADuration)
}

/// Writes a duration so that [`parse_duration`] reads the same again.
pub(super) fn duration_text(duration: Duration) -> String {
    SpanPrinter::new()
        .designator(Designator::Compact)
        .spacing(jiff::fmt::friendly::Spacing::None)
        .unsigned_duration_to_string(&duration)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_numbers_with_units() {
        for (text, seconds) in
            [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1.5m", 90), ("10 minutes", 600), ("0s", 0)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for wrong in
            ["", "10", "ten minutes", "-10m", "10m ago", "1mo", "1y", "s", "10m10", "99999999999999999999d", "1x"]
        {
            assert_eq!(parse_duration(wrong), Err(NotADuration), "{wrong:?}");
        }
    }

    #[test]
    fn a_duration_is_written_so_that_it_reads_the_same() {
        for text in ["1ms", "30s", "3m", "10m", "1h 30m", "24h", "1h 0.5s"] {
            let duration = parse_duration(text).unwrap();
            assert_eq!(parse_duration(&duration_text(duration)), Ok(duration), "{text}");
        }
        assert_eq!(duration_text(Duration::from_mins(90)), "1h30m");
        assert_eq!(duration_text(Duration::from_mins(10)), "10m");
    }
}
