//! `watchpost privacy report`: what the journal holds about somebody.

use serde_json::json;
use watchpost_observatory::journal::export::timestamp;
use watchpost_observatory::journal::{Filter, Session, Span, StoredVerdict};

use super::{Desk, page, shown};
use crate::captures;
use crate::cli::{PrivacyArgs, PrivacyCommand, PrivacyReportArgs};
use crate::config::Network;
use crate::console::Failure;
use crate::i18n::counted;

/// Says what is held.
pub fn run(arguments: &PrivacyArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let PrivacyCommand::Report(arguments) = &arguments.command;
    report(arguments, desk)
}

fn report(arguments: &PrivacyReportArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let reader = desk.reader()?;
    let mut filter = Filter::default();
    let mut verdicts = Vec::new();
    let network = Network::parse(&arguments.whom).ok();
    if let Some(network) = network {
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
    let carried = desk.read(reader.carried())?;
    let about = |held: &watchpost_observatory::Network| {
        let around = |network: Network| {
            let held = Network::parse(&held.to_string());
            held.is_ok_and(|held| held.contains(network.address()) || network.contains(held.address()))
        };
        network.is_some_and(around)
    };
    let homes = carried.homes.iter().filter(|home| filter.names.contains(&home.account) || about(&home.net)).count();
    let bans = carried.bans.iter().filter(|ban| about(&ban.network)).count();
    let is_captured = |session: &&Session| captures::exists(&desk.config.data_dir, session.row.connection);
    let captured = sessions.iter().filter(is_captured).count();
    let held = Held { sessions, verdicts, homes, bans, captured };
    let text = if arguments.json {
        as_json(&arguments.whom, &held, desk).to_string()
    } else {
        as_text(&arguments.whom, &held, desk)
    };
    desk.talk.print(&text);
    Ok(())
}

/// What is held.
struct Held {
    sessions: Vec<Session>,
    verdicts: Vec<StoredVerdict>,
    /// Networks where the owner is at home.
    homes: usize,
    bans: usize,
    /// Sessions of which there is a file.
    captured: usize,
}

/// The days after which things go, as the configuration says.
fn days(desk: &Desk<'_>) -> u64 {
    desk.config.observatory.retention.as_secs() / 86_400
}

fn as_json(whom: &str, held: &Held, desk: &Desk<'_>) -> serde_json::Value {
    let Held { sessions, verdicts, homes, bans, captured } = held;
    json!({
        "whom": shown(whom),
        "journal": desk.config.observatory.journal,
        "sessions": sessions.len(),
        "first": sessions.last().map(|session| timestamp(session.row.start)),
        "last": sessions.first().map(|session| timestamp(session.row.start)),
        "verdicts": verdicts.len(),
        "homes": homes,
        "bans": bans,
        "captures": captured,
        "passwords": 0,
        "sessions_kept_days": days(desk),
        "addresses_kept_days": 30,
        "verdicts_kept_days": 400,
    })
}

fn as_text(whom: &str, held: &Held, desk: &Desk<'_>) -> String {
    let whom = shown(whom);
    let mut variables = vec![
        ("whom", whom.into()),
        ("sessions", counted(held.sessions.len() as u64)),
        ("verdicts", counted(held.verdicts.len() as u64)),
        ("homes", counted(held.homes as u64)),
        ("bans", counted(held.bans as u64)),
        ("captured", counted(held.captured as u64)),
        ("folder", captures::folder(&desk.config.data_dir).display().to_string().into()),
        ("days", days(desk).into()),
        ("journal", desk.config.observatory.journal.display().to_string().into()),
    ];
    let mut texts = Vec::new();
    if let (Some(last), Some(first)) = (held.sessions.first(), held.sessions.last()) {
        variables.push(("first", desk.reckoning.whole(first.row.start).into()));
        variables.push(("last", desk.reckoning.whole(last.row.start).into()));
        texts.push(desk.talk.texts.format("talk-privacy-sessions", &variables));
    } else {
        texts.push(desk.talk.texts.format("talk-privacy-nothing", &variables));
    }
    let parts = [
        (!held.verdicts.is_empty(), "talk-privacy-verdicts"),
        (held.homes > 0, "talk-privacy-homes"),
        (held.bans > 0, "talk-privacy-bans"),
        (held.captured > 0, "talk-privacy-captures"),
    ];
    texts.extend(parts.iter().filter(|(is, _)| *is).map(|(_, id)| desk.talk.texts.format(id, &variables)));
    texts.push(desk.talk.texts.format("talk-privacy-kept", &variables));
    let lines: Vec<String> = texts.iter().flat_map(|text| page::wrapped(text, desk.columns)).collect();
    lines.join("\n")
}
