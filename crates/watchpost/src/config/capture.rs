//! `[capture]`: what is kept of the octets of a session, and for whom.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::Check;
use super::duration::{duration_text, parse_duration};
use super::error::quoted;
use super::observatory::Record;
use super::size::{Size, size_text};

const SESSION_MAX: Size = Size { key: "capture.session_max", default: 64 << 10, least: 4 << 10, most: 256 << 20 };
const MEMORY_MAX: Size = Size { key: "capture.memory_max", default: 32 << 20, least: 1 << 20, most: 64 << 30 };
const DISK_MAX: Size = Size { key: "capture.disk_max", default: 1 << 30, least: 1 << 20, most: 1 << 40 };
/// How long files are kept.
const RETENTION: Duration = Duration::from_hours(24 * 7);
/// The least and the most of it.
const RETENTION_RANGE: (Duration, Duration) = (Duration::from_hours(1), Duration::from_hours(24 * 90));
/// The default first.
const MODES: [(&str, CaptureMode); 4] = [
    ("metadata", CaptureMode::Metadata),
    ("off", CaptureMode::Off),
    ("redacted", CaptureMode::Redacted),
    ("full", CaptureMode::Full),
];

/// `[capture]`
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCapture {
    /// What `watchpost pcap` has to make files for Wireshark of. `off`: nothing, it makes none. `metadata`: the journal
    /// alone; no octets are kept. `redacted`: lines and replies too, without TLS and without secrets: a password is not
    /// taken out later, it never gets in. `full`: also what crossed the wire, and the TLS keys that open it, passwords
    /// that were tried included; needs a reason, and reads SECURITY.md first.
    ///
    /// Reason: what nobody kept nobody can steal. A session stays in memory, and goes into a file only when a rule of
    /// medium severity or more names it, or `watchpost pcap` asks for it while it goes on or within a minute of its end.
    #[schemars(extend(
        "x-type" = "`\"off\"`, `\"metadata\"`, `\"redacted\"` or `\"full\"`",
        "x-default" = "\"metadata\"",
        "x-example" = "mode = \"redacted\""
    ))]
    pub(super) mode: Option<String>,

    /// How much of one session is kept, with a unit: `KiB`, `MiB` or `GiB`. Beyond it the rest of the session is left
    /// out: always its end, never its middle. `full` keeps so much twice, with TLS and without.
    ///
    /// Reason: a visitor who knocks says little; whoever downloads a mailbox says the same again and again.
    #[schemars(extend(
        "x-type" = "size",
        "x-default" = "\"64KiB\"",
        "x-range" = "`\"4KiB\"` to `\"256MiB\"`",
        "x-example" = "session_max = \"8MiB\""
    ))]
    pub(super) session_max: Option<String>,

    /// How much memory all sessions together may take for this, those that ended within the last minute included. When
    /// it is full, the oldest ended ones go first, and open ones are kept no further.
    ///
    /// Reason: five hundred visitors at their limit; a storm of more costs no more.
    #[schemars(extend(
        "x-type" = "size",
        "x-default" = "\"32MiB\"",
        "x-range" = "`\"1MiB\"` to `\"64GiB\"`",
        "x-example" = "memory_max = \"256MiB\""
    ))]
    pub(super) memory_max: Option<String>,

    /// Whether sessions are kept in which somebody gave the right password. Otherwise all that was kept of a session is
    /// wiped at that moment.
    ///
    /// Reason: it is the owner who reads mail there, and mail is nobody else's.
    #[schemars(extend(
        "x-type" = "boolean",
        "x-default" = "false",
        "x-example" = "include_authenticated = true"
    ))]
    pub(super) include_authenticated: Option<bool>,

    /// How long files are kept.
    ///
    /// Reason: long enough to look into an incident.
    #[schemars(extend(
        "x-type" = "duration",
        "x-default" = "\"7d\"",
        "x-range" = "`\"1h\"` to `\"90d\"`",
        "x-example" = "retention = \"2d\""
    ))]
    pub(super) retention: Option<String>,

    /// How much the files may take. Beyond it the oldest go first.
    ///
    /// Reason: a storm of visitors must not fill the disk.
    #[schemars(extend(
        "x-type" = "size",
        "x-default" = "\"1GiB\"",
        "x-range" = "`\"1MiB\"` to `\"1TiB\"`",
        "x-example" = "disk_max = \"100MiB\""
    ))]
    pub(super) disk_max: Option<String>,

    /// The public key to which files are encrypted, as `age-keygen` prints it. The other half opens them
    /// (`watchpost pcap --identity`), and need not be on this machine.
    ///
    /// Reason: without it the files lie in clear in `{data_dir}/captures`, for their owner alone (mode 0600).
    #[schemars(extend(
        "x-type" = "age public key",
        "x-default" = "none",
        "x-example" = "recipient = \"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj\""
    ))]
    pub(super) recipient: Option<String>,
}

/// What is kept of the octets of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaptureMode {
    /// Nothing, and no files are made.
    Off,
    /// Nothing; files are made of the journal.
    #[default]
    Metadata,
    /// Lines and replies without secrets.
    Redacted,
    /// What crossed the wire too, and the keys.
    Full,
}

/// What is kept of the octets of a session, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// What is kept.
    pub mode: CaptureMode,
    /// Octets of one session.
    pub session_max: usize,
    /// Octets of all sessions in memory.
    pub memory_max: usize,
    /// Whether sessions with a successful login are kept.
    pub include_authenticated: bool,
    /// How long files are kept.
    pub retention: Duration,
    /// Octets of all files.
    pub disk_max: u64,
    /// To whom files are encrypted: an age public key.
    pub recipient: Option<String>,
}

impl Capture {
    /// Checks what was written. `record`: whether sessions are written down at all.
    pub(super) fn new(check: &mut Check<'_>, raw: &RawCapture, record: Option<Record>) -> Self {
        let mode = check.word("capture.mode", raw.mode.as_deref(), &MODES);
        let session_max = SESSION_MAX.check(check, raw.session_max.as_deref());
        let memory_max = MEMORY_MAX.check(check, raw.memory_max.as_deref());
        if session_max.saturating_mul(2) > memory_max {
            let message = "two sessions do not fit into memory_max";
            let help = format!(
                "lower session_max, or raise memory_max to \"{}\" or more",
                size_text(session_max.saturating_mul(2))
            );
            let key = if raw.session_max.is_some() { SESSION_MAX.key } else { MEMORY_MAX.key };
            check.refuse(key, message, &help);
        }
        if mode >= CaptureMode::Redacted && record == Some(Record::Nothing) {
            let help =
                "set observatory.record = \"sessions\": what is kept is found, and asked for, through the journal";
            check.refuse("capture.mode", "nothing can be kept of sessions that are not written down", help);
        }
        let disk_max = DISK_MAX.check(check, raw.disk_max.as_deref());
        Self {
            mode,
            session_max: usize::try_from(session_max).unwrap_or(usize::MAX),
            memory_max: usize::try_from(memory_max).unwrap_or(usize::MAX),
            include_authenticated: raw.include_authenticated.unwrap_or(false),
            retention: retention(check, raw.retention.as_deref()),
            disk_max,
            recipient: recipient(check, raw.recipient.as_deref()),
        }
    }

    /// The table, with every default spelled out.
    pub(super) fn table(&self) -> String {
        let string = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let size = |octets: usize| size_text(octets as u64);
        let recipient = self.recipient.as_ref().map(|key| format!("recipient = {}\n", string(key))).unwrap_or_default();
        format!(
            "\n[capture]\nmode = \"{}\"\nsession_max = \"{}\"\nmemory_max = \"{}\"\ninclude_authenticated = {}\n\
             retention = {}\ndisk_max = \"{}\"\n{recipient}",
            super::word_of(&MODES, &self.mode),
            size(self.session_max),
            size(self.memory_max),
            self.include_authenticated,
            string(&duration_text(self.retention)),
            size_text(self.disk_max),
        )
    }

    /// Which keys differ in another one.
    pub(super) fn changes(&self, new: &Self) -> impl Iterator<Item = String> {
        let keys = [
            ("mode", self.mode != new.mode),
            ("session_max", self.session_max != new.session_max),
            ("memory_max", self.memory_max != new.memory_max),
            ("include_authenticated", self.include_authenticated != new.include_authenticated),
            ("retention", self.retention != new.retention),
            ("disk_max", self.disk_max != new.disk_max),
            ("recipient", self.recipient != new.recipient),
        ];
        keys.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| format!("capture.{key}"))
    }
}

fn retention(check: &mut Check<'_>, written: Option<&str>) -> Duration {
    let Some(written) = written else { return RETENTION };
    let (least, most) = RETENTION_RANGE;
    match parse_duration(written) {
        Ok(duration) if (least..=most).contains(&duration) => duration,
        _ => {
            let message = format!("retention cannot be {}", quoted(written));
            check.refuse("capture.retention", &message, "write a duration from \"1h\" to \"90d\": \"7d\", say");
            RETENTION
        }
    }
}

fn recipient(check: &mut Check<'_>, written: Option<&str>) -> Option<String> {
    const KEY: &str = "capture.recipient";
    let written = written?;
    let is_secret = written.trim_start().get(..14).is_some_and(|start| start.eq_ignore_ascii_case("AGE-SECRET-KEY"));
    if is_secret {
        let help = "write the public key, which begins with age1; keep this one away from the server, and make a new \
                    one if others could read this file";
        // At the table: its own line would show it.
        check.refuse("capture", "recipient is the secret half of a key", help);
        return None;
    }
    match written.parse::<age::x25519::Recipient>() {
        Ok(recipient) => Some(recipient.to_string()),
        Err(reason) => {
            let message = format!("{} is no age public key: {reason}", quoted(written));
            check.refuse(KEY, &message, "write what `age-keygen` prints behind \"Public key:\"; it begins with age1");
            None
        }
    }
}
