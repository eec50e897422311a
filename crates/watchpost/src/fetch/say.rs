//! What people and programs are told of a session.

use serde_json::json;

use super::destination::DeliveryError;
use super::journal::JournalError;
use super::login::{LoginError, Method};
use super::run::Outcome;
use super::session::{Failed, OtherSize, Report, SessionError};
use crate::cli::ExitCode;
use crate::connect::ConnectError;
use crate::console::{Failure, Talk};
use crate::descriptors;

/// Unique-ids that are named one by one.
const NAMED_MAX: usize = 10;

/// Tells of one account: data on standard output, troubles on standard error.
pub(super) fn outcome(outcome: &Outcome, json: bool, quiet: bool, talk: &Talk) {
    if json {
        talk.print(&as_json(outcome).to_string());
        return;
    }
    if !quiet && (outcome.error.is_none() || outcome.report.listed > 0) {
        talk.print(&format!("{}: {}", outcome.account, summary(&outcome.report, talk)));
    }
    let sizes = if quiet { Vec::new() } else { sizes(outcome, talk) };
    for line in remarks(outcome, talk).into_iter().chain(sizes) {
        talk.say(&format!("{}: {line}", outcome.account));
    }
    if let Some(error) = &outcome.error {
        talk.say(&format!("{}: {}", outcome.account, words(error, talk)));
    }
}

/// One line for `systemctl status`.
pub(super) fn status(outcome: &Outcome, talk: &Talk) -> String {
    let what = match &outcome.error {
        Some(error) => words(error, talk),
        None => summary(&outcome.report, talk),
    };
    format!("{}: {what}", outcome.account)
}

/// What came, in a line.
fn summary(report: &Report, talk: &Talk) -> String {
    let counted = |id: &str, count: usize| talk.texts.format(id, &[("messages", count.into())]);
    let mut parts = vec![counted("talk-fetch-delivered", report.delivered)];
    let others = [
        ("talk-fetch-known", report.known),
        ("talk-fetch-removed", report.removed),
        ("talk-fetch-skipped", report.skipped),
        ("talk-fetch-too-large", report.too_large),
        ("talk-fetch-nameless", report.nameless),
    ];
    parts.extend(others.iter().filter(|(_, count)| *count > 0).map(|(id, count)| counted(id, *count)));
    parts.push(counted("talk-fetch-left", report.listed.saturating_sub(report.removed)));
    parts.join(&talk.texts.text("talk-fetch-comma"))
}

/// What somebody should know or do, beside the error.
fn remarks(outcome: &Outcome, talk: &Talk) -> Vec<String> {
    let report = &outcome.report;
    let mut lines = Vec::new();
    for failed in report.failed.iter().take(NAMED_MAX) {
        let variables = [("id", failed.id.as_str().into()), ("cause", failed.why.as_str().into())];
        lines.push(talk.texts.format("talk-fetch-failed", &variables));
    }
    lines.extend(and_more(report.failed.len(), "talk-fetch-failed-more", talk));
    if !report.given_up.is_empty() {
        let named = report.given_up.iter().take(NAMED_MAX).cloned().collect::<Vec<_>>().join(", ");
        let variables = [("ids", named.into()), ("account", outcome.account.as_str().into())];
        lines.push(talk.texts.format("talk-fetch-given-up", &variables));
    }
    for key in report.in_doubt.iter().take(NAMED_MAX) {
        lines.push(talk.texts.format("talk-fetch-in-doubt", &[("id", key.as_str().into())]));
    }
    if report.returned > 0 {
        lines.push(talk.texts.format("talk-fetch-returned", &[("messages", report.returned.into())]));
    }
    if let Some(days) = report.expire_days {
        lines.push(talk.texts.format("talk-fetch-expire", &[("days", days.to_string().into())]));
    }
    if report.more {
        lines.push(talk.texts.text("talk-fetch-more"));
    }
    lines
}

/// How many more there are than were named.
fn and_more(count: usize, id: &str, talk: &Talk) -> Option<String> {
    let more = count.checked_sub(NAMED_MAX).filter(|more| *more > 0)?;
    Some(talk.texts.format(id, &[("messages", more.into())]))
}

/// Sizes that LIST announced wrongly: worth a line in a log, and nobody's work (C-031).
fn sizes(outcome: &Outcome, talk: &Talk) -> Vec<String> {
    let missized = &outcome.report.missized;
    let line = |other: &OtherSize| {
        let variables = [
            ("id", other.id.as_str().into()),
            ("listed", other.listed.to_string().into()),
            ("octets", other.octets.to_string().into()),
        ];
        talk.texts.format("talk-fetch-missized", &variables)
    };
    let mut lines: Vec<String> = missized.named.iter().take(NAMED_MAX).map(line).collect();
    lines.extend(and_more(missized.count, "talk-fetch-missized-more", talk));
    lines
}

/// What is wrong, and what to do about it.
pub(super) fn words(error: &SessionError, talk: &Talk) -> String {
    if lacks_descriptors(error) {
        return talk.texts.format("error-fetch-descriptors", &[("cause", error.to_string().into())]);
    }
    let id = match error {
        SessionError::Secret(_) | SessionError::Login(LoginError::Unsayable(_)) => "error-fetch-secret",
        SessionError::Login(LoginError::Credentials(_)) => "error-fetch-login",
        SessionError::Login(LoginError::Later(_)) => "error-fetch-later",
        SessionError::Login(LoginError::Server(_)) => "error-fetch-server",
        SessionError::Login(LoginError::NothingOffered(_)) => "error-fetch-method",
        SessionError::Login(LoginError::Connect(error)) | SessionError::Connect(error) => connection(error),
        SessionError::Delivery(DeliveryError::Away(_)) => "error-fetch-away",
        SessionError::Delivery(_) | SessionError::Journal(JournalError::Io(..)) => "error-fetch-delivery",
        SessionError::Journal(JournalError::InUse) => "error-fetch-running",
        SessionError::Contradiction(_) | SessionError::Refused(..) => "error-fetch-protocol",
        SessionError::NoUniqueIds => "error-fetch-uidl",
        SessionError::TooLong => "error-fetch-connect",
    };
    talk.texts.format(id, &[("cause", error.to_string().into())])
}

fn connection(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Handshake(_) | ConnectError::Trust(_) | ConnectError::Certificate(_) => "error-fetch-tls",
        ConnectError::Violation(_) | ConnectError::Negative { .. } => "error-fetch-protocol",
        ConnectError::Refused(_) => "error-fetch-method",
        ConnectError::Resolve(..)
        | ConnectError::Proxy(_)
        | ConnectError::Connect(..)
        | ConnectError::Deadline
        | ConnectError::TooSlow
        | ConnectError::Closed
        | ConnectError::Broken(_) => "error-fetch-connect",
    }
}

/// Whether the system gave no more open files, wherever that was noticed.
fn lacks_descriptors(error: &SessionError) -> bool {
    match error {
        SessionError::Delivery(error) => matches!(error, DeliveryError::NoDescriptors(_)),
        SessionError::Secret(error) => error.lacks_descriptors,
        SessionError::Login(LoginError::Connect(error)) | SessionError::Connect(error) => match error {
            ConnectError::Resolve(_, error) | ConnectError::Connect(_, error) | ConnectError::Broken(error) => {
                descriptors::are_missing(error)
            }
            _ => false,
        },
        SessionError::Journal(JournalError::Io(_, error)) => descriptors::are_missing(error),
        _ => false,
    }
}

/// What the shell is told of one account: `docs/fetch.md` has the table.
pub(super) fn exit_code(outcome: &Outcome) -> ExitCode {
    let report = &outcome.report;
    let for_good = !report.given_up.is_empty() || report.failed.iter().any(|failed| !failed.passes);
    match &outcome.error {
        Some(error) => code_of(error),
        None if for_good => ExitCode::DataError,
        None if !report.failed.is_empty() => ExitCode::TemporaryFailure,
        None => ExitCode::Ok,
    }
}

fn code_of(error: &SessionError) -> ExitCode {
    if lacks_descriptors(error) {
        return ExitCode::OsError;
    }
    match error {
        SessionError::Secret(_)
        | SessionError::Login(LoginError::Credentials(_) | LoginError::NothingOffered(_) | LoginError::Unsayable(_)) => {
            ExitCode::NoPermission
        }
        SessionError::Connect(ConnectError::Trust(_)) | SessionError::NoUniqueIds => ExitCode::Config,
        SessionError::Connect(ConnectError::Handshake(_) | ConnectError::Certificate(_))
        | SessionError::Login(LoginError::Server(_)) => ExitCode::Unavailable,
        SessionError::Connect(_)
        | SessionError::Login(_)
        | SessionError::Delivery(DeliveryError::Away(_) | DeliveryError::Later(_) | DeliveryError::InDoubt(_))
        | SessionError::Journal(JournalError::InUse)
        | SessionError::Contradiction(_)
        | SessionError::Refused(..)
        | SessionError::TooLong => ExitCode::TemporaryFailure,
        SessionError::Delivery(_) | SessionError::Journal(JournalError::Io(..)) => ExitCode::CannotCreate,
    }
}

/// A failure that ends the whole command.
pub(super) fn failure(account: &str, error: &SessionError, talk: &Talk) -> Failure {
    Failure::new(code_of(error), format!("{account}: {}", words(error, talk)))
}

/// One object, the same keys always.
fn as_json(outcome: &Outcome) -> serde_json::Value {
    let report = &outcome.report;
    let failed = |failed: &Failed| json!({ "unique_id": failed.id, "cause": failed.why, "later": failed.passes });
    let failed: Vec<_> = report.failed.iter().map(failed).collect();
    let other = |other: &OtherSize| json!({ "unique_id": other.id, "listed": other.listed, "octets": other.octets });
    let other_sizes: Vec<_> = report.missized.named.iter().map(other).collect();
    json!({
        "account": outcome.account,
        "listed": report.listed,
        "delivered": report.delivered,
        "octets": report.octets,
        "known": report.known,
        "removed": report.removed,
        "skipped": report.skipped,
        "too_large": report.too_large,
        "nameless": report.nameless,
        "returned": report.returned,
        "given_up": report.given_up,
        "failed": failed,
        "in_doubt": report.in_doubt,
        "other_sizes": other_sizes,
        "other_sizes_count": report.missized.count,
        "more": report.more,
        "complete": report.complete,
        "method": report.method.map(Method::word),
        "login_delay": report.login_delay,
        "expire_days": report.expire_days,
        "error": outcome.error.as_ref().map(ToString::to_string),
        "exit_code": exit_code(outcome) as u8,
    })
}
