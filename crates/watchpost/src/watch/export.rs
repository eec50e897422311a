//! `watchpost sessions export`: JSON Lines for other programs, or a table for spreadsheets.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::time::Duration;

use serde_json::Value;
use watchpost_observatory::Sequence;
use watchpost_observatory::journal::export::{Known, Observer, session_document, verdict_document};
use watchpost_observatory::journal::{NoJournal, Reader, Session, SessionEnd, Span};

use super::{Desk, csv};
use crate::cli::{ExportArgs, ExportChoice};
use crate::console::Failure;
use crate::known::Lookup;

/// Sessions taken from the journal at once.
const PAGE: u64 = 500;
/// How often the journal is looked at when it is followed.
const LOOK: Duration = Duration::from_secs(1);

/// Where an export stands.
struct Cursor {
    /// Sessions up to here were written, or go on.
    seen: Sequence,
    /// Of those, the ones that go on.
    open: BTreeSet<u64>,
    /// Verdicts up to here were written.
    verdict: i64,
}

/// Writes what there is, and goes on with what comes if it shall.
pub fn run(arguments: &ExportArgs, desk: &Desk<'_>) -> Result<(), Failure> {
    let span = desk.span(arguments.since.as_deref(), None)?;
    let reader = desk.reader()?;
    let lookup = desk.lookup()?;
    let observer = Observer { hostname: hostname(), version: env!("CARGO_PKG_VERSION").to_owned() };
    let mut cursor = Cursor { seen: Sequence(0), open: BTreeSet::new(), verdict: 0 };
    let mut exporter = Exporter { reader: &reader, lookup: &lookup, observer, span };
    if arguments.format == ExportChoice::Csv && io::stdout().lock().write_all(csv::heading().as_bytes()).is_err() {
        return Ok(());
    }
    loop {
        let documents = desk.read(exporter.next(&mut cursor))?;
        if !documents.is_empty() {
            let mut output = io::stdout().lock();
            for document in &documents {
                let line = match arguments.format {
                    ExportChoice::Jsonl => format!("{document}\n"),
                    ExportChoice::Csv if document["event"]["kind"] == "event" => csv::row(document),
                    // A table has rows of one sort.
                    ExportChoice::Csv => continue,
                };
                // A reader that has gone away wants no more.
                if output.write_all(line.as_bytes()).is_err() {
                    return Ok(());
                }
            }
            continue;
        }
        if !arguments.follow {
            return Ok(());
        }
        let _ = io::stdout().lock().flush();
        std::thread::sleep(LOOK);
    }
}

struct Exporter<'a> {
    reader: &'a Reader,
    lookup: &'a Lookup,
    observer: Observer,
    span: Span,
}

impl Exporter<'_> {
    /// Some documents, in a stable order: sessions as they began, those that went on when they were first met follow
    /// when they are over, and the verdicts made meanwhile behind them. None: that was all.
    fn next(&mut self, cursor: &mut Cursor) -> Result<Vec<Value>, NoJournal> {
        let mut documents = Vec::new();
        let sessions = self.reader.sessions_after(cursor.seen, self.span, PAGE)?;
        for session in &sessions {
            cursor.seen = session.row.first;
            if session.row.end == SessionEnd::Open {
                cursor.open.insert(session.row.first.0);
            } else {
                documents.push(self.document(session)?);
            }
        }
        if !sessions.is_empty() {
            return Ok(documents);
        }
        for first in cursor.open.clone() {
            let Some(session) = self.reader.session(Sequence(first))? else {
                cursor.open.remove(&first);
                continue;
            };
            if session.row.end != SessionEnd::Open {
                cursor.open.remove(&first);
                documents.push(self.document(&session)?);
            }
        }
        for verdict in self.reader.verdicts_after(cursor.verdict)? {
            cursor.verdict = verdict.id;
            if self.span.holds(verdict.at) {
                documents.push(verdict_document(&verdict, &self.observer));
            }
        }
        Ok(documents)
    }

    fn document(&self, session: &Session) -> Result<Value, NoJournal> {
        let events = self.reader.events(session)?;
        let verdicts = self.reader.verdicts_of_session(session.row.first)?;
        let known = session.row.source().map_or_else(Known::default, |source| self.lookup.known(source));
        Ok(session_document(session, &events, &verdicts, &known, &self.observer))
    }
}

/// The name of this machine.
fn hostname() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    super::shown(&name)
}
