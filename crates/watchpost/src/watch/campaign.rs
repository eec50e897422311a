//! `watchpost campaign ID`: many addresses, one tool.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::json;
use watchpost_observatory::journal::export::timestamp;
use watchpost_observatory::journal::{Filter, Micros, Reader, Session, Span, StoredVerdict};

use super::{Desk, page, shown, verdict_json, words};
use crate::cli::{CampaignArgs, ExitCode};
use crate::console::Failure;
use crate::i18n::counted;

/// Sessions looked at.
const SESSIONS_MAX: u32 = 2000;
/// In microseconds: how long a campaign is hot.
const DAY: i64 = 86_400_000_000;
/// Addresses and names shown.
const SHOWN_MAX: usize = 20;

/// The sessions of a campaign: those that its verdict rests on, and those of the same tool that guessed meanwhile.
fn sessions(verdict: &StoredVerdict, reader: &Reader, desk: &Desk<'_>) -> Result<Vec<Session>, Failure> {
    let mut sessions = desk.read(reader.sessions_of_verdict(verdict.id, SESSIONS_MAX))?;
    let detail = words::detail(verdict);
    let facts = detail["reason"].as_array().into_iter().flatten();
    let tool = facts.filter(|fact| fact["name"] == "tool").find_map(|fact| fact["value"]["name"].as_str());
    let Some((ja4, script)) = tool.and_then(|tool| tool.split_once('|')) else { return Ok(sessions) };
    let since = sessions.iter().map(|session| session.row.start.0).min().unwrap_or(verdict.at.0) - DAY;
    let span = Span { since: Micros(since), until: Micros(verdict.at.0.saturating_add(DAY)) };
    let filter = Filter { span, limit: SESSIONS_MAX.into(), ..Filter::default() };
    for session in desk.read(reader.sessions(&filter))? {
        let row = &session.row;
        let speaks = row.p3f.as_deref().is_some_and(|p3f| p3f.starts_with(script));
        let is_same = speaks && row.ja4.as_deref().unwrap_or("-") == ja4 && row.guesses > 0;
        if is_same && !sessions.iter().any(|known| known.row.first == row.first) {
            sessions.push(session);
        }
    }
    Ok(sessions)
}

/// Shows a campaign.
pub fn run(arguments: &CampaignArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let reader = desk.reader()?;
    let verdicts = desk.read(reader.verdicts_of_campaign(&arguments.id))?;
    if verdicts.is_empty() {
        let id = ("id", shown(&arguments.id).into());
        return Err(Failure::new(ExitCode::DataError, desk.talk.texts.format("error-no-campaign", &[id])));
    }
    let mut addresses: BTreeMap<IpAddr, u64> = BTreeMap::new();
    let mut tools = BTreeSet::new();
    let mut guesses = 0;
    let (mut first, mut last) = (verdicts[0].at, verdicts[0].at);
    for verdict in &verdicts {
        for session in sessions(verdict, &reader, desk)? {
            let row = &session.row;
            (first, last) = (first.min(row.start), last.max(row.start));
            guesses += row.guesses;
            if let Some(source) = row.source() {
                *addresses.entry(source).or_default() += 1;
            }
            tools.extend(row.p3f.as_deref().map(shown));
            tools.extend(row.ja4.as_deref().map(shown));
        }
    }
    if arguments.json {
        let document = json!({
            "id": shown(&arguments.id),
            "first": timestamp(first),
            "last": timestamp(last),
            "addresses": addresses.keys().collect::<Vec<_>>(),
            "guesses": guesses,
            "fingerprints": tools,
            "verdicts": verdicts.iter().map(verdict_json).collect::<Vec<_>>(),
        });
        desk.talk.print(&document.to_string());
        return Ok(());
    }
    let lookup = desk.lookup()?;
    let variables = [
        ("id", shown(&arguments.id).into()),
        ("addresses", counted(addresses.len() as u64)),
        ("guesses", counted(guesses)),
        ("first", desk.reckoning.whole(first).into()),
        ("last", desk.reckoning.whole(last).into()),
    ];
    let mut lines = page::wrapped(&desk.talk.texts.format("talk-campaign", &variables), desk.columns);
    for verdict in &verdicts {
        lines.extend(page::wrapped(&words::sentence(verdict, desk), desk.columns));
    }
    lines.extend([String::new(), desk.text("talk-campaign-tools")]);
    lines.extend(tools.iter().take(SHOWN_MAX).map(|tool| format!("  {tool}")));
    lines.extend([String::new(), desk.text("talk-campaign-addresses")]);
    lines.extend(addresses.iter().take(SHOWN_MAX).map(|(address, sessions)| {
        let word = lookup.word(*address).map(|word| format!("  {word}")).unwrap_or_default();
        format!("  {:>6}  {address}{word}", page::grouped(*sessions))
    }));
    if addresses.len() > SHOWN_MAX {
        let more = ("count", (addresses.len() - SHOWN_MAX).into());
        lines.push(desk.talk.texts.format("talk-report-more", &[more]));
    }
    desk.talk.print(&lines.join("\n"));
    Ok(())
}
