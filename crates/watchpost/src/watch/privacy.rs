//! `watchpost privacy report`: what the journal holds about somebody.

use serde_json::json;
use watchpost_observatory::journal::export::timestamp;
use watchpost_observatory::journal::{Filter, Session, Span, StoredVerdict};

use super::{Desk, page, shown};
use crate::cli::{PrivacyArgs, PrivacyCommand, PrivacyReportArgs};
use crate::config::Network;
use crate::console::Failure;

/// Says what is held.
pub fn run(arguments: &PrivacyArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let PrivacyCommand::Report(arguments) = &arguments.command;
    report(arguments, desk)
}

fn report(arguments: &PrivacyReportArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let reader = desk.reader()?;
    let mut filter = Filter::default();
    let mut verdicts = Vec::new();
    if let Ok(network) = Network::parse(&arguments.whom) {
        filter.network = Some((network.address(), network.prefix()));
        let all = desk.read(reader.verdicts(Span::ALL))?;
        verdicts
            .extend(all.into_iter().filter(|verdict| verdict.source.is_some_and(|source| network.contains(source))));
    } else {
        filter.names = desk.names(&arguments.whom);
        for name in &filter.names {
            verdicts.extend(desk.read(reader.verdicts_of_account(name, Span::ALL))?);
        }
    }
    let sessions = desk.read(reader.sessions(&filter))?;
    let text = if arguments.json {
        as_json(&arguments.whom, &sessions, &verdicts, desk).to_string()
    } else {
        as_text(&arguments.whom, &sessions, &verdicts, desk)
    };
    desk.talk.print(&text);
    Ok(())
}

/// The days after which things go, as the configuration says.
fn days(desk: &Desk<'_>) -> u64 {
    desk.config.observatory.retention.as_secs() / 86_400
}

fn as_json(whom: &str, sessions: &[Session], verdicts: &[StoredVerdict], desk: &Desk<'_>) -> serde_json::Value {
    json!({
        "whom": shown(whom),
        "journal": desk.config.observatory.journal,
        "sessions": sessions.len(),
        "first": sessions.last().map(|session| timestamp(session.row.start)),
        "last": sessions.first().map(|session| timestamp(session.row.start)),
        "verdicts": verdicts.len(),
        "passwords": 0,
        "sessions_kept_days": days(desk),
        "addresses_kept_days": 30,
        "verdicts_kept_days": 400,
    })
}

fn as_text(whom: &str, sessions: &[Session], verdicts: &[StoredVerdict], desk: &Desk<'_>) -> String {
    let whom = shown(whom);
    let mut variables = vec![
        ("whom", whom.into()),
        ("sessions", sessions.len().into()),
        ("verdicts", verdicts.len().into()),
        ("days", days(desk).into()),
        ("journal", desk.config.observatory.journal.display().to_string().into()),
    ];
    let mut texts = Vec::new();
    if let (Some(last), Some(first)) = (sessions.first(), sessions.last()) {
        variables.push(("first", desk.reckoning.whole(first.row.start).into()));
        variables.push(("last", desk.reckoning.whole(last.row.start).into()));
        texts.push(desk.talk.texts.format("talk-privacy-sessions", &variables));
    } else {
        texts.push(desk.talk.texts.format("talk-privacy-nothing", &variables));
    }
    if !verdicts.is_empty() {
        texts.push(desk.talk.texts.format("talk-privacy-verdicts", &variables));
    }
    texts.push(desk.talk.texts.format("talk-privacy-kept", &variables));
    let lines: Vec<String> = texts.iter().flat_map(|text| page::wrapped(text, desk.columns)).collect();
    lines.join("\n")
}
