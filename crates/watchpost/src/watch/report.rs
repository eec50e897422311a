//! `watchpost report`: what happened, in one sentence first.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;
use watchpost_observatory::journal::export::timestamp;
use watchpost_observatory::journal::{Counted, KeyExport, Micros, Reader, SessionEnd, Span, StoredVerdict};

use super::{Desk, html, page, severity_word, shown, verdict_json, words};
use crate::cli::ReportArgs;
use crate::console::Failure;
use crate::i18n::counted;
use crate::known::{Lookup, Remembered};
use crate::private_file::{cannot_write, write_private};

/// Columns of the strip of hours.
const STRIP: usize = 24;
/// Rows of the table of verdicts, of "needs you", of clients.
const KINDS_MAX: usize = 12;
const NEEDS_YOU_MAX: usize = 5;
const CLIENTS_MAX: usize = 6;
/// Severe enough that somebody should look.
const NEEDS_YOU: u8 = 3;

/// Everything counted.
#[derive(Default)]
struct Counts {
    sessions: u64,
    open: u64,
    sources: HashSet<IpAddr>,
    names: HashSet<u64>,
    ok: u64,
    failed: u64,
    guesses: u64,
    octets: u64,
    lost: u64,
    strip: Vec<u64>,
    peak: Option<(u64, Micros)>,
    tls: BTreeMap<String, u64>,
    clients: HashMap<String, u64>,
    guessers: HashMap<IpAddr, u64>,
}

/// Verdicts that say the same of different visitors.
struct Kind<'a> {
    verdicts: Vec<&'a StoredVerdict>,
    severity: u8,
}

/// Says what happened.
pub fn run(arguments: &ReportArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let mut span = desk.span(Some(&arguments.since), arguments.until.as_deref())?;
    span.until = Micros(span.until.0.min(desk.reckoning.now().0.saturating_add(1)));
    let reader = desk.reader()?;
    let counts = desk.read(count(&reader, span))?;
    let verdicts = desk.read(reader.verdicts(span))?;
    let existing = desk.read(reader.accounts_among(counts.names.iter().copied()))?;
    let keys = desk.read(reader.key_exports(span))?;
    let worst = verdicts.iter().rev().max_by_key(|verdict| verdict.severity);
    let sessions = worst.map(|verdict| desk.read(reader.sessions_of_verdict(verdict.id, 1))).transpose()?;
    let worst_session =
        sessions.and_then(|sessions| Some(sessions.first()?.row.connection.to_string()[..16].to_owned()));
    let report = Report { counts, verdicts, keys, existing, span, worst_session };
    if arguments.json {
        desk.talk.print(&report.json().to_string());
        return Ok(());
    }
    let lookup = desk.lookup()?;
    if let Some(path) = &arguments.html {
        write_private(path, &html::page(&report, &lookup, desk)).map_err(|error| cannot_write(desk.talk, error))?;
        let path = ("path", path.display().to_string().into());
        desk.talk.say(&desk.talk.texts.format("talk-report-written", &[path]));
        return Ok(());
    }
    desk.talk.print(&report.text(&lookup, desk));
    Ok(())
}

fn count(reader: &Reader, span: Span) -> Result<Counts, watchpost_observatory::journal::NoJournal> {
    let mut counts = Counts { strip: vec![0; STRIP], ..Counts::default() };
    let width = (span.until.0 - span.since.0).max(1);
    reader.count(span, |session: Counted| {
        counts.sessions += 1;
        counts.open += u64::from(session.end == SessionEnd::Open);
        counts.ok += session.ok;
        counts.failed += session.failed;
        counts.guesses += session.guesses;
        counts.octets += session.octets;
        counts.sources.extend(session.source);
        if session.failed > 0 {
            counts.names.extend(session.names);
        }
        if let Some(source) = session.source.filter(|_| session.guesses > 0) {
            *counts.guessers.entry(source).or_default() += session.guesses;
        }
        if let Some(version) = session.tls {
            *counts.tls.entry(version.to_string()).or_default() += 1;
        } else {
            *counts.tls.entry("–".to_owned()).or_default() += 1;
        }
        if let Some(ja4) = session.ja4 {
            *counts.clients.entry(ja4.to_string()).or_default() += 1;
        }
        let place = i128::from(session.start.0 - span.since.0) * STRIP as i128 / i128::from(width);
        let place = usize::try_from(place).unwrap_or(0).min(STRIP - 1);
        counts.strip[place] += 1;
    })?;
    let peak = counts.strip.iter().enumerate().max_by_key(|(_, count)| **count).filter(|(_, count)| **count > 0);
    counts.peak = peak.map(|(place, count)| {
        let offset = i128::from(width) * i128::try_from(place).unwrap_or(0) / STRIP as i128;
        (*count, Micros(span.since.0.saturating_add(i64::try_from(offset).unwrap_or(0))))
    });
    counts.lost = reader.hours(span)?.iter().map(|hour| hour.lost).sum();
    Ok(counts)
}

pub(super) struct Report {
    counts: Counts,
    verdicts: Vec<StoredVerdict>,
    keys: Vec<KeyExport>,
    existing: u64,
    span: Span,
    /// The session to look at first, by the beginning of its name.
    worst_session: Option<String>,
}

impl Report {
    /// Verdicts by campaign where there is one, else by rule; the worst first, then the many.
    fn kinds(&self) -> Vec<(&str, Kind<'_>)> {
        let mut kinds: BTreeMap<&str, Kind<'_>> = BTreeMap::new();
        for verdict in &self.verdicts {
            let key = verdict.campaign.as_deref().unwrap_or(&verdict.rule);
            let kind = kinds.entry(key).or_insert_with(|| Kind { verdicts: Vec::new(), severity: 0 });
            kind.severity = kind.severity.max(verdict.severity);
            kind.verdicts.push(verdict);
        }
        let mut kinds: Vec<_> = kinds.into_iter().collect();
        kinds.sort_by_key(|(_, kind)| (std::cmp::Reverse(kind.severity), std::cmp::Reverse(kind.verdicts.len())));
        kinds
    }

    /// Accounts that a stranger may have entered.
    fn entered(&self) -> usize {
        let entered = self.verdicts.iter().filter(|verdict| verdict.rule == "H1");
        entered.map(|verdict| verdict.account.as_deref().unwrap_or(&verdict.subject)).collect::<HashSet<_>>().len()
    }

    fn banned(&self) -> usize {
        let banned = self.verdicts.iter().filter(|verdict| {
            let detail = words::detail(verdict);
            detail["answer"]["ban"].is_object() || detail["answer"]["keyhole"].is_object()
        });
        banned.map(|verdict| &verdict.subject).collect::<HashSet<_>>().len()
    }

    fn text(&self, lookup: &Lookup, desk: &Desk<'_>) -> String {
        let mut parts = vec![self.heading(desk)];
        if self.counts.sessions > 0 {
            parts.push(self.strip(desk));
        }
        parts.extend(self.table(desk));
        parts.extend(self.needs_you(desk));
        parts.extend(self.keys_taken(desk));
        parts.extend(self.guessers(lookup, desk));
        parts.extend(self.clients(desk));
        parts.extend(dates(lookup, desk));
        parts.push(self.next(desk));
        parts.join("\n\n")
    }

    /// The sentence, the totals, and what was lost.
    pub(super) fn sentences(&self, desk: &Desk<'_>) -> Vec<String> {
        let counts = &self.counts;
        let number = |number: u64| counted(number);
        let entered = self.entered();
        let id = match (counts.sessions, counts.guesses, entered) {
            (0, ..) => "talk-report-quiet",
            (_, 0, 0) => "talk-report-no-guesses",
            (_, _, 0) => "talk-report-nobody-in",
            _ => "talk-report-somebody-in",
        };
        let variables = [
            ("sessions", number(counts.sessions)),
            ("sources", number(counts.sources.len() as u64)),
            ("guesses", number(counts.guesses)),
            ("names", number(counts.names.len() as u64)),
            ("existing", number(self.existing)),
            ("banned", number(self.banned() as u64)),
            ("logins", number(counts.ok)),
            ("entered", counted(entered as u64)),
            ("lost", number(counts.lost)),
            ("octets", page::octets(counts.octets).into()),
            ("open", number(counts.open)),
        ];
        let parts = [(true, id), (counts.sessions > 0, "talk-report-totals"), (counts.lost > 0, "talk-report-lost")];
        parts.iter().filter(|(is, _)| *is).map(|(_, id)| desk.talk.texts.format(id, &variables)).collect()
    }

    /// From when to when.
    pub(super) fn time(&self, desk: &Desk<'_>) -> String {
        format!("{} – {}", desk.reckoning.minute(self.span.since), desk.reckoning.minute(self.span.until))
    }

    fn heading(&self, desk: &Desk<'_>) -> String {
        let mut lines = vec![self.time(desk)];
        lines.extend(self.sentences(desk).iter().flat_map(|sentence| page::wrapped(sentence, desk.columns)));
        lines.join("\n")
    }

    fn strip(&self, desk: &Desk<'_>) -> String {
        format!("{}  {}", page::sparkline(&self.counts.strip), self.peak(desk).unwrap_or_default())
            .trim_end()
            .to_owned()
    }

    /// When most came.
    pub(super) fn peak(&self, desk: &Desk<'_>) -> Option<String> {
        let (count, at) = self.counts.peak?;
        let variables = [("at", desk.reckoning.short(at).into()), ("count", counted(count))];
        Some(desk.talk.texts.format("talk-report-peak", &variables))
    }

    /// The headings and rows of what happened, the worst first.
    pub(super) fn rows(&self, desk: &Desk<'_>) -> ([String; 5], Vec<Vec<String>>) {
        let kinds = self.kinds();
        let headings =
            ["worst", "what", "who", "sure", "answer"].map(|column| desk.text(&format!("talk-report-{column}")));
        (headings, kinds.iter().take(KINDS_MAX).map(|(key, kind)| row(key, kind, desk)).collect())
    }

    fn table(&self, desk: &Desk<'_>) -> Option<String> {
        let (headings, rows) = self.rows(desk);
        // A narrow terminal does without how sure it is, then without what would be done.
        (!rows.is_empty()).then(|| page::fitting_table(&headings, &rows, desk.columns, &[3, 4]))
    }

    /// What somebody should look at, the worst first: the first few, and how many there are more.
    pub(super) fn urgent(&self) -> (Vec<&StoredVerdict>, usize) {
        let mut urgent: Vec<&StoredVerdict> =
            self.verdicts.iter().filter(|verdict| verdict.severity >= NEEDS_YOU).collect();
        urgent.sort_by_key(|verdict| (std::cmp::Reverse(verdict.severity), verdict.at));
        let more = urgent.len().saturating_sub(NEEDS_YOU_MAX);
        urgent.truncate(NEEDS_YOU_MAX);
        (urgent, more)
    }

    /// Who guessed most, and how often.
    pub(super) fn busiest(&self) -> Vec<(IpAddr, u64)> {
        let mut guessers: Vec<(IpAddr, u64)> = self.counts.guessers.iter().map(|(one, count)| (*one, *count)).collect();
        guessers.sort_by_key(|(address, guesses)| (std::cmp::Reverse(*guesses), *address));
        guessers.truncate(CLIENTS_MAX);
        guessers
    }

    /// How many came with which version of TLS, and with which client.
    pub(super) fn tls_versions(&self, desk: &Desk<'_>) -> Vec<(String, u64)> {
        let name = |version: &str| match version {
            "–" => desk.text("talk-report-no-tls"),
            version => version.replace("TLSv", "TLS "),
        };
        self.counts.tls.iter().map(|(version, count)| (name(version), *count)).collect()
    }

    /// The commonest clients, by JA4.
    pub(super) fn commonest(&self) -> Vec<(String, u64)> {
        let mut clients: Vec<(&String, &u64)> = self.counts.clients.iter().collect();
        clients.sort_by_key(|(ja4, count)| (std::cmp::Reverse(**count), ja4.as_str()));
        clients.into_iter().take(CLIENTS_MAX).map(|(ja4, count)| (shown(ja4), *count)).collect()
    }

    /// How many came in each part of the time.
    pub(super) fn hours(&self) -> &[u64] {
        &self.counts.strip
    }

    fn needs_you(&self, desk: &Desk<'_>) -> Option<String> {
        let (urgent, more) = self.urgent();
        if urgent.is_empty() {
            return None;
        }
        let mut lines = vec![desk.text("talk-report-needs-you")];
        for verdict in urgent {
            let text = format!("{}  {}", desk.reckoning.short(verdict.at), words::sentence(verdict, desk));
            for (place, line) in page::wrapped(&text, desk.columns.saturating_sub(4)).into_iter().enumerate() {
                lines.push(format!("{}{line}", if place == 0 { "  ! " } else { "    " }));
            }
        }
        if more > 0 {
            lines.push(format!("  {}", desk.talk.texts.format("talk-report-more", &[("count", more.into())])));
        }
        Some(lines.join("\n"))
    }

    /// Whoever took TLS keys could read what was said.
    fn keys_taken(&self, desk: &Desk<'_>) -> Option<String> {
        let line = |export: &KeyExport| {
            let variables = [
                ("at", desk.reckoning.short(export.at).into()),
                ("uid", export.uid.into()),
                ("secrets", export.secrets.into()),
                ("file", shown(&export.file).into()),
            ];
            format!("  ! {}", desk.talk.texts.format("talk-report-keys", &variables))
        };
        let heading = desk.text("talk-report-keys-taken");
        let lines: Vec<String> = std::iter::once(heading).chain(self.keys.iter().map(line)).collect();
        (lines.len() > 1).then(|| lines.join("\n"))
    }

    fn guessers(&self, lookup: &Lookup, desk: &Desk<'_>) -> Option<String> {
        let guessers = self.busiest();
        if guessers.is_empty() {
            return None;
        }
        let mut lines = vec![desk.text("talk-report-guessers")];
        let mut remembered = Remembered::new(lookup);
        for (address, guesses) in guessers {
            let word = remembered.word(address).map(|word| format!("  {word}")).unwrap_or_default();
            lines.push(format!("  {:>8}  {address}{word}", page::grouped(guesses)));
        }
        Some(lines.join("\n"))
    }

    /// Which clients use which version of TLS.
    fn clients(&self, desk: &Desk<'_>) -> Option<String> {
        if self.counts.sessions == 0 {
            return None;
        }
        let versions = self.tls_versions(desk).into_iter();
        let versions: Vec<String> =
            versions.map(|(version, count)| format!("{version}: {}", page::grouped(count))).collect();
        let mut lines = vec![format!("{}  {}", desk.text("talk-report-tls"), versions.join(" · "))];
        lines.extend(self.commonest().iter().map(|(ja4, count)| format!("  {:>8}  {ja4}", page::grouped(*count))));
        Some(lines.join("\n"))
    }

    /// What to look at next: commands that can be pasted.
    pub(super) fn commands(&self, desk: &Desk<'_>) -> Vec<String> {
        let mut commands = Vec::new();
        if let Some(campaign) = self.verdicts.iter().find_map(|verdict| verdict.campaign.as_ref()) {
            commands.push(format!("campaign {}", shown(campaign)));
        }
        commands.extend(self.worst_session.iter().map(|id| format!("session {id} --explain")));
        if let Some(verdict) = self.verdicts.iter().max_by_key(|verdict| verdict.severity) {
            commands.push(format!("sessions --rule {}", verdict.rule));
        } else {
            commands.push("sessions --since 24h".to_owned());
        }
        commands.iter().map(|command| desk.command(command)).collect()
    }

    fn next(&self, desk: &Desk<'_>) -> String {
        let first = desk.text("talk-report-next");
        let rest = " ".repeat(first.width());
        let lines = self.commands(desk).into_iter().enumerate();
        let lines = lines.map(|(place, command)| format!("{} {command}", if place == 0 { &first } else { &rest }));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn json(&self) -> Value {
        let counts = &self.counts;
        let kinds: Vec<Value> = self
            .kinds()
            .into_iter()
            .map(|(key, kind)| {
                json!({
                    "kind": key,
                    "severity": severity_word(kind.severity),
                    "verdicts": kind.verdicts.len(),
                    "subjects": kind.verdicts.iter().map(|verdict| shown(&verdict.subject)).collect::<HashSet<_>>().len(),
                })
            })
            .collect();
        let keys = self.keys.iter().map(|export| {
            json!({
                "at": timestamp(export.at),
                "uid": export.uid,
                "sessions": export.sessions,
                "secrets": export.secrets,
                "file": shown(&export.file),
            })
        });
        let needs_you = self.verdicts.iter().filter(|verdict| verdict.severity >= NEEDS_YOU);
        json!({
            "since": timestamp(self.span.since),
            "until": timestamp(self.span.until),
            "sessions": counts.sessions,
            "open": counts.open,
            "sources": counts.sources.len(),
            "logins": counts.ok,
            "failed_logins": counts.failed,
            "guesses": counts.guesses,
            "names": counts.names.len(),
            "names_that_exist": self.existing,
            "accounts_entered_by_strangers": self.entered(),
            "banned": self.banned(),
            "octets": counts.octets,
            "events_lost": counts.lost,
            "strip": counts.strip,
            "tls": counts.tls,
            "clients": counts.clients.iter().map(|(ja4, count)| (shown(ja4), *count)).collect::<BTreeMap<_, _>>(),
            "kinds": kinds,
            "keys_taken": keys.collect::<Vec<_>>(),
            "needs_you": needs_you.map(verdict_json).collect::<Vec<_>>(),
        })
    }
}

fn row(key: &str, kind: &Kind<'_>, desk: &Desk<'_>) -> Vec<String> {
    let first = kind.verdicts[0];
    let mut subjects: Vec<&str> = kind.verdicts.iter().map(|verdict| verdict.subject.as_str()).collect();
    subjects.sort_unstable();
    subjects.dedup();
    let who = match subjects.as_slice() {
        [one] => shown(one),
        [one, rest @ ..] => {
            let variables = [("one", shown(one).into()), ("others", counted(rest.len() as u64))];
            desk.talk.texts.format("talk-report-and-others", &variables)
        }
        [] => String::new(),
    };
    let name = words::rule(&first.rule, desk);
    let what =
        if first.campaign.is_some() { format!("{name}  {}", shown(key)) } else { format!("{name} ({})", first.rule) };
    let detail = words::detail(kind.verdicts.iter().max_by_key(|verdict| verdict.severity).unwrap_or(&first));
    vec![desk.severity(kind.severity), what, who, words::confidence(&detail, desk), words::answer(&detail, desk)]
}

/// How old the lists are: old ones mislead.
fn dates(lookup: &Lookup, desk: &Desk<'_>) -> Option<String> {
    let dates: Vec<String> = lookup
        .dates()
        .filter_map(|(name, changed)| Some(format!("{name} {}", desk.reckoning.whole(Micros::of(changed?)))))
        .collect();
    (!dates.is_empty()).then(|| format!("{} {}", desk.text("talk-report-lists"), dates.join(" · ")))
}
