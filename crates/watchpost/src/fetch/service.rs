//! `watchpost fetch service`: the unit that makes systemd fetch again and again, allowed as little as that takes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::destination::{RelayAddress, Target};
use super::secret::Source;
use crate::cli::{ExitCode, FetchServiceArgs};
use crate::config::parse_duration;
use crate::console::{Failure, Talk};
use crate::private_file::cannot_write;

/// Who runs it when nobody is named: the user whom the server runs as.
const USER: &str = "watchpost";
/// Where units of the administrator are.
const UNITS: &str = "/etc/systemd/system";
/// Where the credentials of the accounts are looked for, beside the configuration.
const CREDENTIALS: &str = "credentials";

/// What is not allowed, whoever runs it.
const HARDENING: &str = "\
UMask=0077
CapabilityBoundingSet=
NoNewPrivileges=yes
ProtectSystem=strict
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
";

/// Where things are.
pub(super) struct Places<'a> {
    /// The configuration.
    pub config: &'a Path,
    /// Where the journals are.
    pub state: &'a Path,
    /// Whether that is below `data_dir`, and not where `XDG_STATE_HOME` says.
    pub with_data: bool,
}

/// A file of systemd.
struct Unit {
    name: &'static str,
    text: String,
}

/// Prints or writes the units.
pub(super) fn run(
    arguments: &FetchServiceArgs,
    accounts: &[Account],
    places: &Places<'_>,
    talk: &Talk,
) -> Result<(), Failure> {
    let seconds = parse_duration(&arguments.every).ok().map(|every| every.as_secs()).filter(|seconds| *seconds > 0);
    let seconds = seconds.ok_or_else(|| Failure::new(ExitCode::Usage, talk.texts.text("error-fetch-every")))?;
    let asks = |account: &&Account| matches!(account.secret, Source::Prompt | Source::SecretService);
    if let Some(account) = accounts.iter().find(asks) {
        let variables = [("account", account.name.as_str().into())];
        return Err(Failure::new(ExitCode::Config, talk.texts.format("error-service-asks", &variables)));
    }
    let mut units = vec![Unit { name: "watchpost-fetch.service", text: service(arguments, accounts, places, talk) }];
    if arguments.timer {
        units.push(Unit { name: "watchpost-fetch.timer", text: timer(seconds) });
    }
    let starts = if arguments.timer { "watchpost-fetch.timer" } else { "watchpost-fetch.service" };
    match &arguments.dir {
        None => {
            let shown: Vec<String> =
                units.iter().map(|unit| format!("# {UNITS}/{}\n{}", unit.name, unit.text)).collect();
            talk.print(shown.join("\n").trim_end());
        }
        Some(folder) => units.iter().try_for_each(|unit| write(&folder.join(unit.name), &unit.text, talk))?,
    }
    talk.say(&talk.texts.format("talk-service-next", &[("unit", starts.into())]));
    Ok(())
}

fn write(path: &Path, text: &str, talk: &Talk) -> Result<(), Failure> {
    let created = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let written = created.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            let variables = [("path", path.display().to_string().into())];
            Failure::new(ExitCode::CannotCreate, talk.texts.format("error-file-exists", &variables))
        }
        _ => cannot_write(talk, (path.to_owned(), error)),
    })
}

fn service(arguments: &FetchServiceArgs, accounts: &[Account], places: &Places<'_>, talk: &Talk) -> String {
    let mut text = String::from(
        "[Unit]\nDescription=Mail from other servers (watchpost fetch)\nWants=network-online.target\n\
         After=network-online.target nss-lookup.target\n\n[Service]\n",
    );
    let program = word(&talk.program);
    let config = word(&places.config.display().to_string());
    let kind = if arguments.timer { "oneshot" } else { "notify" };
    let _ = writeln!(text, "Type={kind}\nUser={}", arguments.user.as_deref().unwrap_or(USER));
    let _ = write!(text, "ExecStart={program} fetch --quiet --config {config}");
    if arguments.timer {
        // 75 is a trouble that passes: the next time tries again.
        text.push_str("\nSuccessExitStatus=75\n");
    } else {
        let _ = writeln!(text, " --every {}\nRestart=on-failure\nRestartSec=30s\nWatchdogSec=2min", arguments.every);
    }
    if !places.with_data
        && let Some(home) = places.state.parent().and_then(Path::parent)
    {
        let _ = writeln!(text, "Environment={}", word(&format!("XDG_STATE_HOME={}", home.display())));
    }
    let folder = places.config.parent().unwrap_or(Path::new("/")).join(CREDENTIALS);
    for account in accounts {
        if let Source::Credential(name) = &account.secret {
            let _ = writeln!(text, "LoadCredential={}", specifiers(&format!("{name}:{}", folder.join(name).display())));
        }
    }
    text.push_str(HARDENING);
    let writable = writable(accounts, places);
    let homes = ["/home", "/root", "/run/user"];
    let at_home = |path: &PathBuf| homes.iter().any(|home| path.starts_with(home));
    let reads_home = [places.config.to_owned(), PathBuf::from(&talk.program)].iter().any(at_home);
    let home = if reads_home || writable.iter().any(at_home) { "read-only" } else { "yes" };
    let _ = writeln!(text, "ProtectHome={home}");
    // PrivateTmp would hide what is to be written there.
    if !writable.iter().any(|path| path.starts_with("/tmp") || path.starts_with("/var/tmp")) {
        text.push_str("PrivateTmp=yes\n");
    }
    for path in &writable {
        let _ = writeln!(text, "ReadWritePaths={}", word(&format!("-{}", path.display())));
    }
    if accounts.iter().any(|account| matches!(account.target, Target::Command { .. })) {
        text.push_str(
            "# Commands of pipe: get no privileges either: a setgid sendmail cannot work; smtp: or lmtp: can.\n",
        );
    }
    if !arguments.timer {
        text.push_str("\n[Install]\nWantedBy=multi-user.target\n");
    }
    text
}

fn timer(seconds: u64) -> String {
    format!(
        "[Unit]\nDescription=Mail from other servers, every {seconds} seconds\n\n[Timer]\nOnBootSec=1min\n\
         OnUnitInactiveSec={seconds}s\nRandomizedDelaySec={}s\n\n[Install]\nWantedBy=timers.target\n",
        (seconds / 10).max(1)
    )
}

/// What must be written to: the journals, and where mail is delivered.
fn writable(accounts: &[Account], places: &Places<'_>) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::from([places.state.to_owned()]);
    for account in accounts {
        match &account.target {
            Target::Maildir { path, .. } => drop(paths.insert(path.clone())),
            // Its lock stands beside it.
            Target::Mbox { path, .. } => drop(path.parent().map(|folder| paths.insert(folder.to_owned()))),
            Target::Relay(relay) => {
                if let RelayAddress::Unix(path) = &relay.address {
                    paths.insert(path.clone());
                }
            }
            Target::Command { .. } => {}
        }
    }
    paths
}

/// `%` begins a specifier in every value of a unit (systemd.unit(5)).
fn specifiers(text: &str) -> String {
    text.replace('%', "%%")
}

/// One word of a command or of a list of paths (systemd.syntax(7)).
fn word(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-=:+@,".contains(letter);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "$$");
    format!("\"{}\"", specifiers(&escaped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_becomes_more_than_one_word_or_a_specifier() {
        assert_eq!(word("/usr/bin/watchpost"), "/usr/bin/watchpost");
        assert_eq!(word("/a b/$HOME/%h\"\\"), "\"/a b/$$HOME/%%h\\\"\\\\\"");
        assert!(timer(5).contains("OnUnitInactiveSec=5s\nRandomizedDelaySec=1s\n"));
    }
}
