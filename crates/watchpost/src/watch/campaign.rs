//! `watchpost campaign ID`: many addresses, one tool.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::json;
use watchpost_observatory::journal::export::timestamp;

use super::{Desk, page, shown, verdict_json, words};
use crate::cli::{CampaignArgs, ExitCode};
use crate::console::Failure;
use crate::i18n::counted;

/// Sessions looked at.
const SESSIONS_MAX: u32 = 2000;
/// Addresses and names shown.
const SHOWN_MAX: usize = 20;

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
        for session in desk.read(reader.sessions_of_verdict(verdict.id, SESSIONS_MAX))? {
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
