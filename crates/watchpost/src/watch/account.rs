//! `watchpost account NAME`: who tried to enter it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Value, json};
use watchpost_observatory::journal::export::timestamp;
use watchpost_observatory::journal::{Filter, Micros, Reader, Session, Span, StoredVerdict};
use watchpost_observatory::{AccountChange, EventKind, Home, LoginOutcome, Network};

use super::{Desk, page, shown, verdict_json, words};
use crate::cli::AccountArgs;
use crate::console::Failure;
use crate::i18n::counted;
use crate::known::Lookup;

/// Sources shown, the busiest first.
const SOURCES_MAX: usize = 15;
/// Sessions read at the most: beyond it the latest count.
const SESSIONS_MAX: u64 = 20_000;

/// What one source did at the account.
#[derive(Clone, Copy, Debug, Default)]
struct Source {
    ok: u64,
    guesses: u64,
    repeats: u64,
    last: Micros,
}

/// Everything about the account.
#[derive(Default)]
struct Story {
    exists: bool,
    sources: BTreeMap<IpAddr, Source>,
    last_login: Option<(Micros, Option<IpAddr>)>,
    previous: Vec<(Micros, Option<IpAddr>)>,
    on_lists: u64,
    changes: Vec<(Micros, AccountChange)>,
    homes: Vec<Home>,
}

/// A change for programs, and for the ids of texts.
const fn word(change: AccountChange) -> &'static str {
    match change {
        AccountChange::Password => "password",
        AccountChange::Disabled => "disabled",
        AccountChange::Enabled => "enabled",
        AccountChange::Removed => "removed",
    }
}

/// Says who tried.
pub fn run(arguments: &AccountArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let span = desk.span(Some(&arguments.last), None)?;
    let reader = desk.reader()?;
    let names = desk.names(&arguments.name);
    let filter = Filter { span, names: names.clone(), limit: SESSIONS_MAX, ..Filter::default() };
    let mut story = Story::default();
    for session in desk.read(reader.sessions(&filter))? {
        desk.read(story.hear(&reader, &session, &names))?;
    }
    for entry in desk.read(reader.server_events(span))? {
        if let EventKind::AccountChanged { account, change } = entry.kind
            && names.contains(&account)
        {
            story.changes.push((entry.at, change));
        }
    }
    let mut verdicts = Vec::new();
    for name in &names {
        story.homes.extend(desk.read(reader.homes(name))?);
        verdicts.extend(desk.read(reader.verdicts_of_account(name, span))?);
    }
    if arguments.json {
        desk.talk.print(&story.json(&arguments.name, span, &verdicts).to_string());
    } else {
        let lookup = desk.lookup()?;
        desk.talk.print(&story.text(&arguments.name, &verdicts, &lookup, desk));
    }
    Ok(())
}

impl Story {
    fn hear(
        &mut self,
        reader: &Reader,
        session: &Session,
        names: &[String],
    ) -> Result<(), watchpost_observatory::journal::NoJournal> {
        let source = session.row.source();
        for entry in reader.events(session)? {
            match entry.kind {
                EventKind::Login(login) => {
                    let tried = login.account.as_deref().map_or(login.name.as_octets(), str::as_bytes);
                    if !names.iter().any(|name| name.as_bytes() == tried) {
                        continue;
                    }
                    self.exists |= login.account.is_some();
                    let sums = source.map(|source| self.sources.entry(source).or_default());
                    let accepted = login.outcome == LoginOutcome::Accepted;
                    let repeat = login.password.is_some_and(|facts| facts.repeat);
                    if let Some(sums) = sums {
                        sums.last = sums.last.max(entry.at);
                        sums.ok += u64::from(accepted);
                        sums.guesses += u64::from(!accepted && !repeat);
                        sums.repeats += u64::from(!accepted && repeat);
                    }
                    self.on_lists += u64::from(login.password.is_some_and(|facts| facts.common || facts.default));
                    if accepted && self.last_login.is_none_or(|(at, _)| at < entry.at) {
                        self.last_login = Some((entry.at, source));
                    }
                }
                EventKind::PreviousPassword { account } if names.contains(&account) => {
                    self.previous.push((entry.at, source));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn guesses(&self) -> u64 {
        self.sources.values().map(|source| source.guesses).sum()
    }

    /// Whether the owner logs in from there: where nobody is known to be at home, whoever came in is taken for him.
    fn is_owners(&self, address: IpAddr) -> bool {
        let net = Network::source(address).net();
        let came_in = self.sources.get(&address).is_some_and(|source| source.ok > 0);
        if self.homes.is_empty() { came_in } else { self.homes.iter().any(|home| home.net == net) }
    }

    /// Those who never came in.
    fn strangers(&self) -> u64 {
        let stranger =
            |(address, source): &(&IpAddr, &Source)| !self.is_owners(**address) && source.ok == 0 && source.guesses > 0;
        self.sources.iter().filter(stranger).count() as u64
    }

    /// Guesses of those who never came in.
    fn strange_guesses(&self) -> u64 {
        let strange = self.sources.iter().filter(|(address, source)| !self.is_owners(**address) && source.ok == 0);
        strange.map(|(_, source)| source.guesses).sum()
    }

    /// Those who came in from where the owner is not at home.
    fn intruders(&self) -> impl Iterator<Item = (&IpAddr, &Source)> {
        self.sources.iter().filter(|(address, source)| !self.is_owners(**address) && source.ok > 0)
    }

    fn own_typos(&self) -> u64 {
        let own = self.sources.iter().filter(|(address, _)| self.is_owners(**address));
        own.map(|(_, source)| source.guesses).sum()
    }

    fn text(&self, name: &str, verdicts: &[StoredVerdict], lookup: &Lookup, desk: &Desk<'_>) -> String {
        let name = shown(name);
        let mut lines = Vec::new();
        let about = if self.sources.is_empty() {
            "talk-account-nothing"
        } else if self.exists {
            "talk-account-exists"
        } else {
            "talk-account-unknown"
        };
        lines.push(desk.talk.texts.format(about, &[("name", name.into())]));
        if let Some((at, source)) = self.last_login {
            let source = source.map_or_else(|| "?".to_owned(), |source| source.to_string());
            let variables = [("at", desk.reckoning.whole(at).into()), ("source", source.into())];
            lines.push(desk.talk.texts.format("talk-account-last-login", &variables));
        }
        if !self.homes.is_empty() {
            let homes: Vec<String> = self.homes.iter().rev().map(|home| home.net.to_string()).collect();
            let homes = homes.join(&desk.text("talk-step-separator"));
            lines.push(desk.talk.texts.format("talk-account-homes", &[("homes", homes.into())]));
        }
        lines.extend(self.guessing(desk));
        for (at, change) in &self.changes {
            let at = ("at", desk.reckoning.whole(*at).into());
            lines.push(desk.talk.texts.format(&format!("talk-account-change-{}", word(*change)), &[at]));
        }
        for (at, source) in &self.previous {
            let source = source.map_or_else(|| "?".to_owned(), |source| source.to_string());
            let variables = [("at", desk.reckoning.whole(*at).into()), ("source", source.into())];
            lines.push(desk.talk.texts.format("talk-account-previous", &variables));
        }
        let mut lines: Vec<String> = lines.iter().flat_map(|line| page::wrapped(line, desk.columns)).collect();
        lines.extend(self.table(lookup, desk));
        if !verdicts.is_empty() {
            lines.extend([String::new(), desk.text("talk-session-verdicts")]);
            for verdict in verdicts {
                let text = format!("{}  {}", desk.reckoning.short(verdict.at), words::sentence(verdict, desk));
                lines.extend(
                    page::wrapped(&text, desk.columns.saturating_sub(2)).iter().map(|line| format!("  {line}")),
                );
            }
        }
        lines.join("\n")
    }

    /// How often strangers and the owner himself guessed wrong.
    fn guessing(&self, desk: &Desk<'_>) -> Vec<String> {
        let (guesses, typos) = (self.strange_guesses(), self.own_typos());
        let variables = [
            ("guesses", counted(guesses)),
            ("strangers", counted(self.strangers())),
            ("typos", counted(typos)),
            ("lists", counted(self.on_lists)),
        ];
        let parts = [
            (guesses > 0, "talk-account-guesses"),
            (typos > 0, "talk-account-typos"),
            (self.on_lists > 0, "talk-account-on-lists"),
        ];
        let said = parts.iter().filter(|(is, _)| *is).map(|(_, id)| desk.talk.texts.format(id, &variables));
        let intruders = self.intruders().map(|(address, source)| {
            let at = ("at", desk.reckoning.whole(source.last).into());
            let variables = [at, ("source", address.to_string().into()), ("guesses", counted(source.guesses))];
            desk.talk.texts.format("talk-account-stranger-in", &variables)
        });
        intruders.chain(said).collect()
    }

    fn table(&self, lookup: &Lookup, desk: &Desk<'_>) -> Vec<String> {
        let mut sources: Vec<(&IpAddr, &Source)> = self.sources.iter().collect();
        sources.sort_by_key(|(_, source)| (std::cmp::Reverse(source.guesses), std::cmp::Reverse(source.last)));
        if sources.is_empty() {
            return Vec::new();
        }
        let headings =
            ["guessed", "repeats", "logins", "last", "from"].map(|column| desk.text(&format!("talk-account-{column}")));
        let rows: Vec<Vec<String>> = sources
            .into_iter()
            .take(SOURCES_MAX)
            .map(|(address, source)| {
                let word = lookup.word(*address).map(|word| format!(" ({word})")).unwrap_or_default();
                let last = desk.reckoning.short(source.last);
                let numbers = [source.guesses, source.repeats, source.ok].map(page::grouped);
                numbers.into_iter().chain([last, format!("{address}{word}")]).collect()
            })
            .collect();
        vec![String::new(), page::table(&headings, &rows, desk.columns)]
    }

    fn json(&self, name: &str, span: Span, verdicts: &[StoredVerdict]) -> Value {
        let moment = |(at, source): &(Micros, Option<IpAddr>)| json!({ "at": timestamp(*at), "address": source });
        let sources = self.sources.iter().map(|(address, source)| {
            json!({
                "address": address,
                "guesses": source.guesses,
                "repeats": source.repeats,
                "logins": source.ok,
                "last": timestamp(source.last),
            })
        });
        json!({
            "name": shown(name),
            "exists": self.exists,
            "since": timestamp(span.since),
            "last_login": self.last_login.as_ref().map(moment),
            "guesses": self.guesses() - self.own_typos(),
            "entered_from_elsewhere": self.intruders().map(|(address, _)| address).collect::<Vec<_>>(),
            "strangers": self.strangers(),
            "own_typos": self.own_typos(),
            "previous_password": self.previous.iter().map(moment).collect::<Vec<_>>(),
            "guesses_from_lists": self.on_lists,
            "changes": self.changes.iter().map(|(at, change)| json!({ "at": timestamp(*at), "change": word(*change) })).collect::<Vec<_>>(),
            "homes": self.homes,
            "sources": sources.collect::<Vec<_>>(),
            "verdicts": verdicts.iter().map(verdict_json).collect::<Vec<_>>(),
        })
    }
}
