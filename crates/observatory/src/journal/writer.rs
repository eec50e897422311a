//! The one thread that writes.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::event::{ConnectionId, Event, EventKind, Sequence};
use crate::table::KeyedHasher;

use super::bell::Bell;
use super::codec::Micros;
use super::db::{self, OpenError};
use super::dictionary::Dictionary;
use super::learned;
use super::open_session::OpenSession;
use super::pending::{Open, Pending, first_free_sequence, signed};
use super::retention::Retention;
use super::sink::{JournalSink, Message};
use super::verdict::Judge;
use super::{Clocks, Terms, Trouble};

/// How long rows wait for others to share their transaction: a transaction costs as much as dozens of rows.
const BATCH_TIME: Duration = Duration::from_millis(500);
/// Rows that do not wait for more.
const BATCH_ROWS: usize = 1000;
/// How long the writer sleeps before it looks for what came meanwhile: the first event wakes it, and no other one does.
/// A rule hears of a guess so much later at the most, which is less than a refusal waits.
const GATHERING_TIME: Duration = Duration::from_millis(50);
/// Messages taken from the queue before the clock is looked at.
const TAKEN_AT_ONCE: usize = 512;
/// How old the file's knowledge of an open session may be.
const FLUSH_TIME: Duration = Duration::from_secs(5);
/// How long to wait before the file is tried again.
const RETRY_TIME: Duration = Duration::from_secs(1);
/// How often old rows are looked for.
const TEND_TIME: Duration = Duration::from_secs(1);
/// Longer than any session stays silent: its end was lost.
const SILENCE_MAX: i64 = 25 * 3600 * 1_000_000;

/// A journal that is being kept. Dropped, it writes what there is and ends.
pub struct Journal {
    sink: JournalSink,
    thread: Option<JoinHandle<()>>,
}

/// Hears of trouble. It is called from the journal's thread.
pub type Report = Box<dyn Fn(Trouble) + Send>;

impl Journal {
    /// Begins to keep a journal. Never fails: while the file cannot be written, `report` says so, and events are
    /// counted.
    pub fn begin(terms: Terms, clocks: Clocks, judge: Judge, report: Report) -> std::io::Result<Self> {
        let most = terms.queue.max(1);
        let (queue, messages) = sync_channel(most);
        let (lost, waiting) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
        let bell = Arc::new(Bell::default());
        let sink = JournalSink {
            queue,
            bell: Arc::clone(&bell),
            waiting: Arc::clone(&waiting),
            most,
            lost: Arc::clone(&lost),
        };
        let now = (clocks.now)();
        let writer = Writer {
            retention: Retention::new(&terms),
            terms,
            clocks,
            judge,
            report,
            messages,
            bell,
            waiting,
            lost,
            file: None,
            words: Dictionary::default(),
            open: HashMap::default(),
            pending: Pending::default(),
            next: Sequence(1),
            written: now,
            flushed: now,
            tended: now,
            retry: now,
            missing: 0,
            is_troubled: false,
            is_anew: false,
            heard: 0,
        };
        let thread = std::thread::Builder::new().name("journal".to_owned()).spawn(move || writer.run())?;
        Ok(Self { sink, thread: Some(thread) })
    }

    /// Where events go.
    pub fn sink(&self) -> JournalSink {
        self.sink.clone()
    }

    /// Waits until everything recorded so far is written, open sessions too, or cannot be.
    pub fn flush(&self) {
        let (done, wait) = sync_channel(1);
        if self.sink.queue.send(Message::Flush(done)).is_ok() {
            self.sink.bell.call();
            // The writer that ends meanwhile has flushed.
            let _ = wait.recv();
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        let _ = self.sink.queue.send(Message::Stop);
        self.sink.bell.call();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Writer {
    terms: Terms,
    clocks: Clocks,
    judge: Judge,
    report: Report,
    messages: Receiver<Message>,
    bell: Arc<Bell>,
    waiting: Arc<AtomicUsize>,
    lost: Arc<AtomicU64>,
    file: Option<Connection>,
    words: Dictionary,
    retention: Retention,
    /// The server gives connections their names: nobody else can make them collide.
    open: HashMap<ConnectionId, Box<OpenSession>, BuildHasherDefault<KeyedHasher>>,
    pending: Pending,
    next: Sequence,
    written: Instant,
    flushed: Instant,
    tended: Instant,
    retry: Instant,
    missing: u64,
    is_troubled: bool,
    /// The file is a new one, and knows nothing of what was learned.
    is_anew: bool,
    /// The last note of a command that became an event.
    heard: i64,
}

impl Writer {
    fn run(mut self) {
        self.open_file();
        self.server_event(EventKind::Started);
        self.hear_commands();
        loop {
            let patience = if self.pending.is_empty() { TEND_TIME } else { BATCH_TIME };
            self.bell.wait(patience, GATHERING_TIME);
            let goes_on = self.take_what_came().is_some();
            self.judge.rest();
            if !goes_on {
                break;
            }
            self.tick();
        }
        self.write_all();
        if let Some(file) = self.file.take() {
            // What SQLite keeps beside the file goes into it; if it cannot, the next start does it.
            let _ = file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
        }
    }

    /// Takes what came since it last looked. `None`: no more will come.
    fn take_what_came(&mut self) -> Option<()> {
        let mut taken = 0;
        loop {
            match self.messages.try_recv() {
                Ok(message) => self.take_message(message)?,
                Err(TryRecvError::Empty) => return Some(()),
                Err(TryRecvError::Disconnected) => return None,
            }
            taken += 1;
            if taken % TAKEN_AT_ONCE == 0 || self.pending.len() >= BATCH_ROWS {
                self.tick();
            }
        }
    }

    fn take_message(&mut self, message: Message) -> Option<()> {
        match message {
            Message::Events(mut events) => {
                self.waiting.fetch_sub(events.len(), Ordering::Relaxed);
                self.take_all(&mut events);
            }
            Message::Flush(done) => self.answer(&done),
            Message::Stop => return None,
        }
        Some(())
    }

    fn answer(&mut self, done: &SyncSender<()>) {
        self.write_all();
        let _ = done.try_send(());
    }

    fn write_all(&mut self) {
        self.note_losses();
        self.retry = (self.clocks.now)();
        self.write(Whole::AndOpenSessions);
    }

    /// Takes events. Those of one session come together, and most sessions whole: each is looked for once.
    fn take_all(&mut self, events: &mut [Event]) {
        let mut rest = events.iter_mut().peekable();
        while let Some(next) = rest.peek() {
            let connection = next.connection;
            let known = self.open.remove(&connection);
            // What comes when its session is over belongs to no row that is still written.
            let is_late = matches!(next.kind, EventKind::PreviousPassword { .. }) && known.is_none();
            if connection.0 == 0 || is_late {
                if let Some(event) = rest.next() {
                    event.at = Micros::of(event.at).time();
                    self.take_server_event(event);
                }
                continue;
            }
            let mut session = known.unwrap_or_else(|| self.begin_session(next));
            while let Some(event) = rest.next_if(|event| event.connection == connection && !session.is_over()) {
                self.take(&mut session, event);
            }
            if session.is_over() {
                self.pending.ended(session);
            } else {
                self.open.insert(connection, session);
            }
        }
    }

    fn begin_session(&mut self, first: &Event) -> Box<OpenSession> {
        let session = self.pending.session(self.next, first.connection, Micros::of(first.at));
        self.pending.begun(&session.row);
        session
    }

    fn take(&mut self, session: &mut OpenSession, event: &mut Event) {
        let sequence = self.next;
        let at = Micros::of(event.at);
        let Self { pending, words, file, judge, next, .. } = self;
        let day = session.row.start.day();
        let mut number = |text: &str| {
            let number = words.number(file.as_ref()?, text.as_bytes(), day)?;
            Some(number.cast_unsigned())
        };
        if !session.take(sequence, at, &event.kind, &mut number) {
            return;
        }
        *next = Sequence(sequence.0 + 1);
        // As coarse as it is stored, so that a replay hears the same.
        event.at = at.time();
        let said = judge.judge(sequence, event);
        if said.p3f.is_some() {
            session.row.p3f = said.p3f;
        }
        if said.must_be_kept {
            pending.learned.hurry();
        }
        let first = signed(session.row.first.0);
        for judgement in said.judgements {
            session.row.severity = session.row.severity.max(Some(judgement.severity));
            session.dirty = true;
            pending.verdict(sequence, at, Some(first), judgement);
        }
    }

    /// An event that belongs to no open session; its verdicts may concern one that is over.
    fn take_server_event(&mut self, event: &Event) {
        let sequence = self.next;
        self.next = Sequence(sequence.0 + 1);
        self.pending.server_event(sequence, event);
        let at = Micros::of(event.at);
        let said = self.judge.judge(sequence, event);
        if said.must_be_kept {
            self.pending.learned.hurry();
        }
        if event.kind == EventKind::Started
            && let Some(learned) = self.judge.learned()
        {
            self.pending.learned.began(sequence, at.day(), &learned);
            self.pending.learned.take(learned);
        }
        for judgement in said.judgements {
            self.raise_earlier(event.connection, judgement.severity);
            self.pending.verdict(sequence, at, None, judgement);
        }
    }

    /// The session of a late verdict is written already, or about to be.
    fn raise_earlier(&mut self, connection: ConnectionId, severity: u8) {
        if let Some(session) = self.pending.over.iter_mut().rev().find(|over| over.row.connection == connection) {
            session.row.severity = session.row.severity.max(Some(severity));
        } else if let Some(first) = self.file.as_ref().and_then(|file| first_of(file, connection)) {
            self.pending.raise(first, severity);
        }
    }

    fn server_event(&mut self, kind: EventKind) {
        let at = Micros::of((self.clocks.wall)()).time();
        self.take_server_event(&Event { at, connection: ConnectionId(0), kind });
    }

    /// What commands left word of: an event each.
    fn hear_commands(&mut self) {
        let told = self.file.as_ref().map(|file| learned::told(file, self.heard));
        for (note, event) in told.and_then(Result::ok).unwrap_or_default() {
            self.heard = note;
            self.pending.learned.heard(note);
            self.take_server_event(&event);
        }
    }

    /// What was lost is an event of its own.
    fn note_losses(&mut self) {
        let mut count = self.lost.swap(0, Ordering::Relaxed);
        if !self.is_troubled {
            count += std::mem::take(&mut self.missing);
        }
        if count > 0 || (self.is_anew && !self.is_troubled) {
            self.is_anew = false;
            self.server_event(EventKind::Lost { count });
        }
    }

    fn tick(&mut self) {
        self.note_losses();
        let now = (self.clocks.now)();
        let flush = now.duration_since(self.flushed) >= FLUSH_TIME;
        let full = self.pending.len() >= BATCH_ROWS;
        let due = !self.pending.is_empty() && now.duration_since(self.written) >= BATCH_TIME;
        if flush {
            self.give_up_silent_sessions();
            self.write(Whole::AndOpenSessions);
        } else if due || full {
            self.write(Whole::WithoutOpenSessions);
        }
        if now.duration_since(self.tended) >= TEND_TIME {
            self.tended = now;
            self.hear_commands();
            self.tend();
        }
    }

    fn give_up_silent_sessions(&mut self) {
        let now = Micros::of((self.clocks.wall)());
        let silent = |session: &OpenSession| now.0.saturating_sub(session.heard.0) > SILENCE_MAX;
        let silent: Vec<ConnectionId> =
            self.open.iter().filter(|(_, session)| silent(session)).map(|(connection, _)| *connection).collect();
        for connection in silent {
            if let Some(mut session) = self.open.remove(&connection) {
                session.row.end = super::row::SessionEnd::Unknown;
                self.pending.ended(session);
            }
        }
    }

    fn write(&mut self, whole: Whole) {
        let now = (self.clocks.now)();
        if now < self.retry {
            return;
        }
        if self.file.is_none() {
            self.open_file();
        }
        self.written = now;
        let mut open = Open::NotNow;
        let mut nothing = self.pending.is_empty() && !self.words.has_news();
        if whole == Whole::AndOpenSessions || self.pending.learned.is_urgent() {
            self.flushed = now;
            if let Some(learned) = self.judge.learned() {
                self.pending.learned.take(learned);
            }
            let dirty = self.open.values_mut().filter(|session| session.dirty);
            let dirty: Vec<&mut OpenSession> = dirty.map(|session| &mut **session).collect();
            nothing &= dirty.is_empty() && self.pending.learned.is_empty();
            open = Open::Sessions(dirty);
        }
        if nothing {
            return;
        }
        let Some(file) = &mut self.file else {
            self.missing += self.pending.trim();
            return;
        };
        match self.pending.write(file, &mut self.words, &mut open, self.next.0) {
            Ok(()) => self.recovered(),
            Err(error) => self.failed(&error, now),
        }
    }

    fn recovered(&mut self) {
        if self.is_troubled {
            self.is_troubled = false;
            (self.report)(Trouble::WritesAgain { lost: self.missing });
        }
    }

    fn failed(&mut self, error: &rusqlite::Error, now: Instant) {
        if db::is_damage(error) {
            self.file = None;
            self.set_aside(error.to_string());
            return;
        }
        self.retry = now + RETRY_TIME;
        self.missing += self.pending.trim();
        self.trouble(error.to_string());
    }

    /// Said once, until it is over.
    fn trouble(&mut self, why: String) {
        if !self.is_troubled {
            self.is_troubled = true;
            (self.report)(Trouble::CannotWrite { why });
        }
    }

    fn open_file(&mut self) {
        match db::open(&self.terms.path).and_then(|file| Ok((self.begin_with(&file)?, file))) {
            Ok(((), file)) => self.file = Some(file),
            Err(OpenError::NotOurs(why)) => self.set_aside(why),
            Err(OpenError::Trouble(why)) => {
                self.retry = (self.clocks.now)() + RETRY_TIME;
                self.trouble(why);
            }
        }
    }

    /// What an earlier run left open ended unseen; its sequences are never given again.
    fn begin_with(&mut self, file: &Connection) -> Result<(), OpenError> {
        file.execute("UPDATE session SET ending = 99 WHERE ending IS NULL", [])?;
        self.words = Dictionary::of(file)?;
        self.next = self.next.max(Sequence(first_free_sequence(file)?));
        Ok(())
    }

    /// The file is no journal, or none any more. What is in memory refers to it, and is lost with it.
    fn set_aside(&mut self, why: String) {
        let now = Micros::of((self.clocks.wall)());
        self.missing += self.pending.events() + self.open.values().map(|session| session.events()).sum::<u64>();
        self.pending = Pending::default();
        (self.is_anew, self.heard) = (true, 0);
        self.open.clear();
        match db::set_aside(&self.terms.path, now) {
            Ok(to) => {
                (self.report)(Trouble::SetAside { why, to });
                match db::open(&self.terms.path).and_then(|file| Ok((self.begin_with(&file)?, file))) {
                    Ok(((), file)) => self.file = Some(file),
                    Err(error) => self.trouble(error.to_string()),
                }
            }
            Err(error) => self.trouble(format!("{why}; and it cannot be renamed: {error}")),
        }
        if self.file.is_none() {
            self.retry = (self.clocks.now)() + RETRY_TIME;
        }
    }

    fn tend(&mut self) {
        let now = Micros::of((self.clocks.wall)());
        let Some(file) = &mut self.file else { return };
        match self.retention.step(file, now) {
            Ok(true) => self.words.forget(),
            Err(error) if db::is_damage(&error) => {
                self.file = None;
                self.set_aside(error.to_string());
            }
            // The next step tries again; what cannot be written shows when rows are.
            Ok(false) | Err(_) => {}
        }
    }
}

/// Whether open sessions are written too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whole {
    AndOpenSessions,
    WithoutOpenSessions,
}

/// The row of a session that ended lately.
fn first_of(file: &Connection, connection: ConnectionId) -> Option<i64> {
    let query = "SELECT first FROM (SELECT first, connection FROM session ORDER BY first DESC LIMIT 10000)
        WHERE connection = ?1";
    file.prepare_cached(query)
        .and_then(|mut query| query.query_row([&connection.0.to_be_bytes()[..]], |row| row.get(0)))
        .ok()
}
