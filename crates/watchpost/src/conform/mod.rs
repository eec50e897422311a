//! `watchpost conform`: asks any POP3 server for what the standards demand, over the network alone.
//!
//! Each check has connections of its own, bounds on everything it waits for, and ends as passed, failed or skipped.
//! Messages are deleted only with permission, and only those that the run has delivered itself.

mod base64;
mod check;
mod checks;
mod corpus;
mod report;
mod stop;
mod subject;
mod wire;

use std::io::{self, BufRead, IsTerminal};
use std::time::Duration;

use watchpost_proto::Password;
use zeroize::Zeroizing;

use crate::cli::{ConformArgs, ConformTls, ExitCode};
use crate::clock::{Clock, SystemClock};
use crate::connect::{self, Connector, Deadlines, Security, Target, Trust};
use crate::console::{Failure, Talk};

pub use check::{Check, Finding};
pub use checks::all;
pub use corpus::{Corpus, Delivery};
pub use report::{Totals, as_json, table, totals};
pub use stop::Stop;
pub use subject::{Account, Permissions, Subject};

/// A whole run at the most, the wait for the inactivity timer not counted.
const RUN_TIME: Duration = Duration::from_mins(10);
const IDLE_TIME: Duration = Duration::from_mins(12);
/// One check at the most.
const CHECK_TIME: Duration = Duration::from_mins(1);

/// Runs the command.
pub fn run(arguments: &ConformArgs, talk: &Talk) -> Result<(), Failure> {
    let wanted = wanted(&arguments.only, talk)?;
    if arguments.list {
        for check in wanted {
            talk.print(&format!("{:24}{:16}{}", check.ids.join(" "), check.rfc, asked(check, talk)));
        }
        return Ok(());
    }
    let connector = connector(arguments, talk)?;
    let account = account(arguments, talk)?;
    let permissions = Permissions { delete: arguments.allow_delete, idle: arguments.wait_idle };
    let mut subject = Subject::new(connector, account, permissions);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(ExitCode::OsError, error.to_string()))?;
    let findings = runtime.block_on(examine(&mut subject, &wanted, corpus(arguments), talk))?;
    conclude(&findings, arguments, talk)
}

fn asked(check: &Check, talk: &Talk) -> &'static str {
    match talk.texts.language() {
        crate::i18n::Language::English => check.english,
        crate::i18n::Language::Japanese => check.japanese,
    }
}

fn wanted(only: &[String], talk: &Talk) -> Result<Vec<&'static Check>, Failure> {
    let named = |check: &&Check| only.is_empty() || check.ids.iter().any(|id| only.iter().any(|name| name == id));
    let wanted: Vec<&Check> = all().filter(named).collect();
    match only.iter().find(|name| !all().any(|check| check.ids.contains(&name.as_str()))) {
        Some(name) => {
            let text = talk.texts.format("error-conform-unknown", &[("id", name.as_str().into())]);
            Err(Failure::new(ExitCode::Usage, text))
        }
        None => Ok(wanted),
    }
}

fn connector(arguments: &ConformArgs, talk: &Talk) -> Result<Connector, Failure> {
    let security = match arguments.tls {
        ConformTls::None => Security::Clear,
        ConformTls::Stls => Security::Stls,
        ConformTls::Implicit => Security::Tls,
    };
    let named = arguments.host.as_deref().unwrap_or_default();
    let (host, port) = host_and_port(named, if security == Security::Tls { 995 } else { 110 });
    let failed = |error: connect::ConnectError| Failure::new(ExitCode::NoInput, error.to_string());
    let trust = match &arguments.certificate {
        Some(path) => Trust::Certificates(connect::certificates(path).map_err(failed)?),
        None if arguments.insecure => Trust::Anything,
        None => Trust::System,
    };
    if arguments.insecure {
        talk.say(&talk.texts.text("talk-conform-insecure"));
    }
    let step = Duration::from_secs(arguments.timeout.into());
    let deadlines = Deadlines { address: step, handshake: step, reply: step };
    Connector::new(Target { host, port, security, trust }, deadlines).map_err(failed)
}

/// `host`, `host:port`, `[address]:port`, or an IPv6 address alone.
pub(crate) fn host_and_port(text: &str, default: u16) -> (String, u16) {
    let bare = |host: &str| host.trim_start_matches('[').trim_end_matches(']').to_owned();
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (bare(host), port),
            Err(_) => (bare(text), default),
        },
        _ => (bare(text), default),
    }
}

fn account(arguments: &ConformArgs, talk: &Talk) -> Result<Option<Account>, Failure> {
    let Some(name) = &arguments.user else { return Ok(None) };
    let mut line = Zeroizing::new(String::new());
    let read = match &arguments.password_file {
        Some(path) => std::fs::File::open(path).and_then(|file| io::BufReader::new(file).read_line(&mut line)),
        None if arguments.password_stdin => io::stdin().lock().read_line(&mut line),
        None => return Err(Failure::new(ExitCode::Usage, talk.texts.text("error-conform-password"))),
    };
    read.map_err(|error| Failure::new(ExitCode::NoInput, error.to_string()))?;
    let password = Password::new(line.trim_end_matches(['\r', '\n']).as_bytes());
    let says_more = |octets: &[u8]| octets.is_empty() || octets.iter().any(u8::is_ascii_control);
    if says_more(name.as_bytes()) || says_more(password.expose()) {
        // A line end in it would be a command of its own (S-040).
        return Err(Failure::new(ExitCode::Usage, talk.texts.text("error-conform-control")));
    }
    Ok(Some(Account { name: name.clone(), password }))
}

fn corpus(arguments: &ConformArgs) -> Option<Corpus> {
    let maildir = arguments.deliver_maildir.clone().map(Delivery::Maildir);
    let delivery = maildir.or_else(|| arguments.deliver_command.clone().map(Delivery::Command))?;
    Some(Corpus::new(delivery, &uuid::Uuid::now_v7().simple().to_string(), SystemClock.wall()))
}

/// Runs the checks, one after the other, saying which.
async fn examine(
    subject: &mut Subject,
    wanted: &[&'static Check],
    corpus: Option<Corpus>,
    talk: &Talk,
) -> Result<Vec<Finding>, Failure> {
    let unavailable = |error: connect::ConnectError| {
        let text = talk.texts.format("error-conform-connect", &[("cause", error.to_string().into())]);
        Failure::new(ExitCode::Unavailable, text)
    };
    let end = tokio::time::Instant::from_std(SystemClock.now())
        + RUN_TIME
        + if subject.permissions.idle { IDLE_TIME } else { Duration::ZERO };
    subject.probe().await.map_err(unavailable)?;
    // Without a survey the checks that need one say so.
    let _ = tokio::time::timeout_at(end, subject.fill_and_survey(corpus)).await;
    let mut findings = Vec::new();
    let bar = indicatif::ProgressBar::new(wanted.len() as u64);
    for check in wanted {
        bar.set_message(check.ids.join(" "));
        let time = if subject.permissions.idle && check.ids.contains(&"P-009") { IDLE_TIME } else { CHECK_TIME };
        let within = end.min(tokio::time::Instant::from_std(SystemClock.now()) + time);
        let result = match tokio::time::timeout_at(within, (check.run)(subject)).await {
            Ok(result) => result,
            Err(_) if within == end => Err(Stop::skipped("the run has taken as long as it may")),
            Err(_) => Err(Stop::failed("an end of this check in time", "none")),
        };
        findings.push(Finding { check, result });
        bar.inc(1);
    }
    bar.finish_and_clear();
    if subject.corpus.is_some() {
        tidy_up(subject, talk).await;
    }
    Ok(findings)
}

async fn tidy_up(subject: &Subject, talk: &Talk) {
    let cleaned = if subject.permissions.delete {
        tokio::time::timeout(CHECK_TIME, checks::clean_up(subject)).await.ok().and_then(Result::ok)
    } else {
        None
    };
    if cleaned != Some(0) {
        talk.say(&talk.texts.text("talk-conform-left"));
    }
}

fn conclude(findings: &[Finding], arguments: &ConformArgs, talk: &Talk) -> Result<(), Failure> {
    let totals = totals(findings);
    if arguments.json {
        talk.print(&as_json(findings, arguments.host.as_deref().unwrap_or_default()).to_string());
    } else {
        talk.print(table(findings, &talk.texts, talk.colour && io::stdout().is_terminal()).trim_end());
        let variables =
            [("passed", totals.passed.into()), ("failed", totals.failed.into()), ("skipped", totals.skipped.into())];
        talk.print(&format!("\n{}", talk.texts.format("talk-conform-summary", &variables)));
    }
    if totals.failed == 0 { Ok(()) } else { Err(Failure::new(ExitCode::DataError, "")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_ports_or_not() {
        assert_eq!(host_and_port("pop.example.org", 995), ("pop.example.org".into(), 995));
        assert_eq!(host_and_port("127.0.0.1:1110", 110), ("127.0.0.1".into(), 1110));
        assert_eq!(host_and_port("[::1]:1110", 110), ("::1".into(), 1110));
        assert_eq!(host_and_port("::1", 110), ("::1".into(), 110));
    }

    #[test]
    fn every_check_has_ids_and_both_languages() {
        for check in all() {
            assert!(!check.ids.is_empty() && check.rfc.starts_with("RFC "), "{}", check.english);
            assert!(!check.japanese.is_ascii() && !check.rule.is_empty(), "{}", check.english);
            assert!(check.ids.iter().all(|id| id.len() == 5 && (id.starts_with("P-") || id.starts_with("S-"))));
        }
    }
}
