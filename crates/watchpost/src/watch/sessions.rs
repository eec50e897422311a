//! `watchpost sessions`: which sessions.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use clap::ValueEnum as _;
use serde_json::json;
use watchpost_observatory::Port;
use watchpost_observatory::journal::{Filter, Session, Span};

use super::session::row_json;
use super::timeline::seconds;
use super::{Desk, export, page, shown};
use crate::cli::{ByChoice, ExitCode, FilterArgs, SessionsArgs, SessionsCommand};
use crate::config::Network;
use crate::console::Failure;
use crate::known::Lookup;

/// Columns that a narrow terminal does without: to which port, TLS, how long it took.
const SPARED: [usize; 3] = [4, 5, 2];
/// Groups shown when sessions are counted.
const GROUPS_MAX: usize = 40;

/// Lists, counts or exports sessions.
pub fn run(arguments: &SessionsArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    if let Some(SessionsCommand::Export(arguments)) = &arguments.command {
        return export::run(arguments, desk);
    }
    if let Some(by) = arguments.by {
        let span = desk.span(arguments.which.since.as_deref(), arguments.which.until.as_deref())?;
        return count(by, span, arguments.json, desk);
    }
    let filter = filter(&arguments.which, desk)?;
    let reader = desk.reader()?;
    let sessions = desk.read(reader.sessions(&filter))?;
    if arguments.json {
        for session in &sessions {
            desk.talk.print(&row_json(session).to_string());
        }
        return Ok(());
    }
    if sessions.is_empty() {
        desk.talk.say(&desk.text("talk-sessions-none"));
        return Ok(());
    }
    let headings = ["id", "begun", "took", "from", "to", "tls", "account", "logins", "ended", "worst"]
        .map(|column| desk.text(&format!("talk-sessions-{column}")));
    let lookup = desk.lookup()?;
    let rows: Vec<Vec<String>> = sessions.iter().map(|session| cells(session, &lookup, desk)).collect();
    desk.talk.print(&page::fitting_table(&headings, &rows, desk.columns, &SPARED));
    if sessions.len() as u64 == filter.limit {
        desk.talk.say(&desk.talk.texts.format("talk-sessions-more", &[("count", filter.limit.into())]));
    }
    Ok(())
}

fn cells(session: &Session, lookup: &Lookup, desk: &Desk<'_>) -> Vec<String> {
    let row = &session.row;
    let mut source = row.source().map_or_else(|| "?".to_owned(), |source| source.to_string());
    if let Some(word) = row.source().and_then(|source| lookup.word(source)) {
        source = format!("{source} ({word})");
    }
    let port = match row.local {
        Some((local, Port::Pop3s)) => format!("pop3s:{}", local.port()),
        Some((local, Port::Pop3)) => format!("pop3:{}", local.port()),
        None => "?".to_owned(),
    };
    vec![
        row.connection.to_string()[..16].to_owned(),
        desk.reckoning.short(row.start),
        seconds(Duration::from_micros(row.duration)),
        source,
        port,
        row.tls.as_deref().map_or("–", |version| version.trim_start_matches("TLSv")).to_owned(),
        row.account.as_deref().map_or_else(|| "–".to_owned(), shown),
        format!("{}/{}", row.ok, row.failed),
        row.end.word().to_owned(),
        row.severity.map_or_else(|| "–".to_owned(), |severity| desk.severity(severity)),
    ]
}

pub(super) fn filter(which: &FilterArgs, desk: &Desk<'_>) -> Result<Filter, Failure> {
    let network = which.address.as_deref().map(|text| network(text, desk)).transpose()?;
    let ending = which.ending.and_then(|ending| ending.to_possible_value()).map(|value| value.get_name().to_owned());
    Ok(Filter {
        span: desk.span(which.since.as_deref(), which.until.as_deref())?,
        network,
        names: which.account.as_deref().map(|name| desk.names(name)).unwrap_or_default(),
        rule: which.rule.as_ref().map(|rule| rule.to_uppercase()),
        severity: which.severity.map(crate::cli::SeverityChoice::number),
        ending,
        open: which.open,
        limit: which.limit,
    })
}

/// An address or a network, as somebody typed it.
pub(super) fn network(text: &str, desk: &Desk<'_>) -> Result<(IpAddr, u8), Failure> {
    Network::parse(text).map(|network| (network.address(), network.prefix())).map_err(|error| {
        let variables = [("text", shown(text).into()), ("cause", error.to_string().into())];
        Failure::new(ExitCode::Usage, desk.talk.texts.format("error-no-network", &variables))
    })
}

/// Sessions by what they share, the most first.
fn count(by: ByChoice, span: Span, as_json: bool, desk: &Desk<'_>) -> Result<(), Failure> {
    let reader = desk.reader()?;
    let mut groups: BTreeMap<(String, String), [u64; 3]> = BTreeMap::new();
    let none = || "–".to_owned();
    desk.read(reader.count(span, |session| {
        let key = match by {
            ByChoice::Tls => (
                session.tls.as_deref().map_or_else(none, str::to_owned),
                session.ja4.as_deref().map_or_else(none, shown),
            ),
            ByChoice::Address => (session.source.map_or_else(none, |source| source.to_string()), String::new()),
            ByChoice::Ending => (session.end.word().to_owned(), String::new()),
        };
        let sums = groups.entry(key).or_default();
        let numbers = [1, session.ok, session.failed];
        sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
    }))?;
    let mut groups: Vec<((String, String), [u64; 3])> = groups.into_iter().collect();
    groups.sort_by_key(|(_, [sessions, ..])| std::cmp::Reverse(*sessions));
    if as_json {
        for ((group, client), [sessions, logins, failed]) in groups {
            let client = (by == ByChoice::Tls).then_some(client);
            let line = json!({ "group": group, "ja4": client, "sessions": sessions, "logins": logins, "failed_logins": failed });
            desk.talk.print(&line.to_string());
        }
        return Ok(());
    }
    let mut headings = vec![desk.text("talk-sessions-count")];
    headings.extend(["logins", "by"].map(|column| desk.text(&format!("talk-sessions-{column}"))));
    let rows: Vec<Vec<String>> = groups
        .into_iter()
        .take(GROUPS_MAX)
        .map(|((group, client), [sessions, logins, failed])| {
            let group = if client.is_empty() { group } else { format!("{group}  {client}") };
            vec![page::grouped(sessions), format!("{logins}/{failed}"), group]
        })
        .collect();
    desk.talk.print(&page::table(&headings, &rows, desk.columns));
    Ok(())
}
