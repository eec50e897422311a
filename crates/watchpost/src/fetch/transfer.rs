//! The heart of a session: commands out as the window allows, messages to the keeper, removals behind what is durable.

use std::collections::VecDeque;
use std::time::Duration;

use watchpost_observatory::Untrusted;
use watchpost_proto::Octets;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::ResponseCode;
use watchpost_proto::pop3::client::{Command, Event, Refused};

use super::fingerprint::Fingerprinter;
use super::handful::{Brought, Handful};
use super::journal::Journal;
use super::keeper::{Keeper, Kept};
use super::listing::Listing;
use super::login::Utf8;
use super::plan::{Doubt, Leave, Orphans, Step, Steps};
use super::rule::{Verdict, decide};
use super::session::{Failed, Needs, Report, SessionError, is_passing, number_of};
use super::table::reserve;
use crate::connect::{Client, ConnectError};

/// How long less than a handful waits for more of it.
const PAUSE: Duration = Duration::from_millis(5);
/// The window is filled again when so much of it is free: one in this many of its commands or octets. A write for each
/// command would cost more than it brings.
const REFILLED_AT: usize = 32;
/// Octets of a header that is only looked at.
const HEADER_MAX: usize = 1 << 20;

/// A command in flight.
enum Flight {
    Look(usize, Doubt),
    Fetch(usize, Doubt),
    /// `None`: it was never fetched, and the journal does not know it.
    Remove(usize, Option<Key>),
    Noop,
}

/// What the journal knows a message by: `None` is its unique-id.
type Key = Option<Box<str>>;

/// Messages that the server has marked as deleted: four octets for each of nearly all.
#[derive(Default)]
pub(super) struct Marked {
    by_id: Vec<u32>,
    by_other: Vec<Box<str>>,
}

impl Marked {
    fn add(&mut self, index: usize, key: Key) {
        match (key, u32::try_from(index)) {
            (Some(key), _) => self.by_other.push(key),
            (None, Ok(number)) => {
                reserve(&mut self.by_id, 1);
                self.by_id.push(number);
            }
            (None, Err(_)) => unreachable!("a listing has no more messages than there are numbers"),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_id.len() + self.by_other.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the journal knows them by.
    pub(super) fn keys<'a>(&'a self, listing: &'a Listing) -> impl Iterator<Item = &'a str> {
        let by_id = self.by_id.iter().map(|number| listing.id(*number as usize).unwrap_or_default());
        by_id.chain(self.by_other.iter().map(AsRef::as_ref))
    }
}

/// What the server said.
enum Heard {
    Begins,
    Octets,
    Whole,
    Refused(Option<ResponseCode>, Untrusted),
}

/// Why a session ends early.
enum Halt {
    /// The keeper has ended: it says why.
    Keeper,
    /// The connection or the server is at fault.
    Session(SessionError),
}

impl<E: Into<SessionError>> From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Session(error.into())
    }
}

/// One session between its listing and QUIT.
pub(super) struct Transfer<'a> {
    needs: &'a Needs<'a>,
    client: &'a mut Client,
    keeper: Keeper,
    listing: &'a Listing,
    orphans: Orphans,
    steps: Steps,
    removals: VecDeque<(usize, Option<Key>)>,
    flights: VecDeque<Flight>,
    report: &'a mut Report,
    /// What the keeper gets next: the messages that have come in, and what there is of the one that is coming.
    hand: Handful,
    /// Octets of the message that is coming.
    came: u64,
    /// The header that is looked at.
    header: Vec<u8>,
    /// Whether the window was full, and how much of it has become free since.
    full: Option<(usize, u64)>,
    /// Messages of which the keeper has not told yet what became of them.
    unknown: usize,
    removed: Marked,
    stop_at: tokio::time::Instant,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(
        needs: &'a Needs<'a>,
        client: &'a mut Client,
        keeper: Keeper,
        listing: &'a Listing,
        found: (Orphans, Steps),
        report: &'a mut Report,
    ) -> Self {
        let (orphans, steps) = found;
        let fetched = steps.iter().filter_map(|step| match step {
            Step::Look(number, _) | Step::Fetch(number, _) => listing.octets(number as usize).or(Some(0)),
            Step::Remove(_) => None,
        });
        let (messages, octets) = fetched.fold((0, 0_u64), |(messages, all), octets| (messages + 1, all + octets));
        needs.gauge.expect(messages, octets);
        Self {
            needs,
            client,
            keeper,
            listing,
            orphans,
            steps,
            removals: VecDeque::new(),
            flights: VecDeque::new(),
            report,
            hand: Handful::default(),
            came: 0,
            header: Vec::new(),
            full: None,
            unknown: 0,
            removed: Marked::default(),
            stop_at: tokio::time::Instant::from_std(needs.clock.now()) + needs.account.session_time,
        }
    }

    /// Fetches everything. Gives back the journal, what the server has marked as deleted, and how it went.
    pub(super) async fn run(mut self) -> (Journal, Marked, Result<(), SessionError>) {
        let result = self.all().await;
        if let Err(Halt::Session(error)) = &result {
            let failed = format!("{error}");
            self.blame(&failed);
        }
        // Whether the keeper still listens shows at its end.
        let _ = self.hand_over().await;
        // What is on its way to the disk arrives there, whatever became of the connection.
        let (journal, late, ended) = self.keeper.close().await;
        for kept in &late {
            count(self.report, kept, self.listing);
        }
        let result = match (result, ended) {
            (_, Err(error)) => Err(error.into()),
            (Err(Halt::Session(error)), Ok(())) => Err(error),
            (Ok(()) | Err(Halt::Keeper), Ok(())) => Ok(()),
        };
        (journal, self.removed, result)
    }

    async fn all(&mut self) -> Result<(), Halt> {
        loop {
            self.fill()?;
            while let Some(heard) = self.heard()? {
                self.hear(heard).await?;
            }
            self.fill()?;
            if self.flights.is_empty() || self.hand.is_full() {
                self.hand_over().await?;
            }
            if self.flights.is_empty() && self.steps.is_empty() && self.unknown == 0 {
                return Ok(());
            }
            tokio::select! {
                exchanged = self.client.exchange(), if !self.flights.is_empty() => exchanged?,
                kept = self.keeper.from.recv(), if self.unknown > 0 => self.keep(&kept.ok_or(Halt::Keeper)?),
                () = tokio::time::sleep(PAUSE), if !self.hand.is_empty() => self.hand_over().await?,
                () = tokio::time::sleep(self.needs.account.silence), if self.flights.is_empty() => {
                    self.client.submit(&Command::Noop)?;
                    self.flights.push_back(Flight::Noop);
                }
            }
        }
    }

    /// What has come in already. Octets go where they belong at once.
    fn heard(&mut self) -> Result<Option<Heard>, ConnectError> {
        let into = match self.flights.front() {
            Some(Flight::Fetch(..)) => &mut self.hand.octets,
            _ => &mut self.header,
        };
        self.client.heard(|event| Heard::of(&event, into))
    }

    /// As many commands as the window takes: removals first, since they cost the server nothing.
    fn fill(&mut self) -> Result<(), Halt> {
        if !self.steps.is_empty() && tokio::time::Instant::from_std(self.needs.clock.now()) >= self.stop_at {
            self.steps.clear();
            self.report.more = true;
        }
        if let Some((commands, octets)) = self.full {
            let limits = self.client.session().limits();
            let share = (limits.window / REFILLED_AT, limits.window_octets / REFILLED_AT as u64);
            if commands < share.0 && octets < share.1 && self.flights.len() > share.0 {
                return Ok(());
            }
            self.full = None;
        }
        loop {
            if let (None, Some(Step::Remove(number))) = (self.removals.front(), self.steps.front()) {
                self.removals.push_back((number as usize, Some(None)));
                self.steps.pop_front();
            }
            let (command, announced) = match (self.removals.front(), self.steps.front()) {
                (Some((index, _)), _) => (Command::Dele(number_of(*index)), 0),
                (None, Some(Step::Look(number, _))) => (Command::Top(number_of(number as usize), 0), 0),
                (None, Some(Step::Fetch(number, _))) => {
                    let index = number as usize;
                    (Command::Retr(number_of(index)), self.listing.octets(index).unwrap_or_default())
                }
                (None, Some(Step::Remove(_)) | None) => return Ok(()),
            };
            match self.client.submit_announced(&command, Octets(announced)) {
                Ok(_) => {}
                Err(Refused::WindowFull) => {
                    self.full = Some((0, 0));
                    return Ok(());
                }
                Err(Refused::Busy) => return Ok(()),
                Err(refused) => return Err(ConnectError::from(refused).into()),
            }
            let flight = match self.removals.pop_front() {
                Some((index, key)) => Flight::Remove(index, key),
                None => match self.steps.pop_front() {
                    Some(Step::Look(number, doubt)) => Flight::Look(number as usize, doubt),
                    Some(Step::Fetch(number, doubt)) => Flight::Fetch(number as usize, doubt),
                    Some(Step::Remove(_)) | None => unreachable!("a command was made of it"),
                },
            };
            self.flights.push_back(flight);
        }
    }

    async fn hear(&mut self, heard: Heard) -> Result<(), Halt> {
        match (heard, self.flights.front()) {
            (Heard::Begins, Some(Flight::Fetch(index, doubt))) => {
                self.hand.add(Brought::Begin { index: *index, doubt: *doubt });
                self.came = 0;
            }
            (Heard::Begins, _) => self.header.clear(),
            (Heard::Octets, Some(Flight::Fetch(..))) => {
                self.arrived();
                if self.hand.is_full() {
                    self.hand_over().await?;
                }
            }
            (Heard::Octets, _) => self.header.truncate(HEADER_MAX),
            (Heard::Whole, _) => self.whole(),
            (Heard::Refused(meaning, text), _) => self.refused(meaning, &text),
        }
        Ok(())
    }

    /// The reply to the oldest command is complete.
    fn landed(&mut self) -> Option<Flight> {
        let flight = self.flights.pop_front();
        if let (Some((commands, octets)), Some(flight)) = (&mut self.full, &flight) {
            *commands += 1;
            if let Flight::Fetch(index, _) = flight {
                *octets = octets.saturating_add(self.listing.octets(*index).unwrap_or_default());
            }
        }
        flight
    }

    fn whole(&mut self) {
        match self.landed() {
            Some(Flight::Fetch(index, _)) => {
                self.unknown += 1;
                let id = self.listing.id(index).unwrap_or_default();
                self.report.missized.note(id, self.listing.octets(index), self.came);
                if planted("fetch.removes-before-it-is-durable") {
                    self.removals.push_back((index, None));
                }
                let more = self.flights.iter().any(|flight| matches!(flight, Flight::Fetch(..)));
                self.hand.add(Brought::End { more });
            }
            Some(Flight::Look(index, doubt)) => self.looked(index, doubt),
            Some(Flight::Remove(index, Some(key))) => self.removed.add(index, key),
            Some(Flight::Remove(_, None) | Flight::Noop) | None => {}
        }
    }

    /// The header is here: it is one that we know, or the rules say what to do.
    fn looked(&mut self, index: usize, doubt: Doubt) {
        let header = std::mem::take(&mut self.header);
        let listed = self.listing.octets(index).unwrap_or_default();
        if doubt == Doubt::Renamed {
            let mut prints = Fingerprinter::default();
            prints.push(&header);
            // TOP ends behind the empty line, so that the whole of it is the header.
            if let Some(old) = self.orphans.by_header.remove(&(listed, prints.finish(listed).whole)) {
                self.unknown += 1;
                self.hand.add(Brought::Same { index, old });
                return;
            }
        }
        match decide(&self.needs.account.rules, &header) {
            Verdict::Fetch => self.fetch_first(index, doubt),
            Verdict::Skip => self.report.skipped += 1,
            Verdict::Delete => {
                self.report.skipped += 1;
                self.removals.push_back((index, None));
            }
        }
    }

    fn refused(&mut self, meaning: Option<ResponseCode>, text: &Untrusted) {
        match self.landed() {
            // Not the fault of the message: another session asks for it in UTF8 mode (RFC 6856 §5; C-052).
            Some(Flight::Fetch(..))
                if meaning == Some(ResponseCode::Utf8) && matches!(self.report.utf8, Utf8::Off | Utf8::Wanted) =>
            {
                self.report.utf8 = Utf8::Wanted;
            }
            Some(Flight::Fetch(index, _)) => {
                let id = self.listing.id(index).unwrap_or_default().to_owned();
                let passes = meaning != Some(ResponseCode::SysPerm);
                self.report.failed.push(Failed { id, why: text.to_string(), passes });
                if !is_passing(meaning) {
                    self.hand.add(Brought::Failed { index });
                }
            }
            // TOP is optional (RFC 1939 §7).
            Some(Flight::Look(index, doubt)) => self.fetch_first(index, doubt),
            Some(Flight::Remove(index, key)) => {
                let id = self.listing.id(index).filter(|_| key.is_some()).unwrap_or_default();
                let id = key.flatten().map_or_else(|| id.to_owned(), String::from);
                self.report.failed.push(Failed { id, why: text.to_string(), passes: true });
            }
            Some(Flight::Noop) | None => {}
        }
    }

    fn fetch_first(&mut self, index: usize, doubt: Doubt) {
        let number = u32::try_from(index).expect("a listing has no more messages than there are numbers");
        self.steps.push_front(Step::Fetch(number, doubt));
    }

    /// The connection ended within the first message of a session: three such sessions in a row, and the message is
    /// left alone (C-071). A message above the limit is always at fault.
    fn blame(&mut self, error: &str) {
        let Some(&Flight::Fetch(index, _)) = self.flights.front() else { return };
        if self.report.delivered + self.report.known + self.unknown > 0 && !error.contains("above the limit") {
            return;
        }
        let id = self.listing.id(index).unwrap_or_default().to_owned();
        self.report.failed.push(Failed { id, why: error.to_owned(), passes: true });
        self.hand.add(Brought::GivenUp);
        self.hand.add(Brought::Failed { index });
    }

    /// Octets have come.
    fn arrived(&mut self) {
        let octets = self.hand.name_octets() as u64;
        self.report.octets += octets;
        self.came += octets;
        self.needs.gauge.octets(octets);
    }

    /// Gives the keeper what has gathered. While it has too much already, nothing is read from the server.
    async fn hand_over(&mut self) -> Result<(), Halt> {
        if self.hand.is_empty() {
            return Ok(());
        }
        let hand = std::mem::take(&mut self.hand);
        self.hand = self.keeper.to.give(hand).await.map_err(|_| Halt::Keeper)?;
        Ok(())
    }

    /// DELE follows what is durable, and nothing else (C-060).
    fn keep(&mut self, kept: &[Kept]) {
        self.unknown -= kept.len();
        for kept in kept {
            count(self.report, kept, self.listing);
            if let Kept::Delivered { index, key } | Kept::Known { index, key } = kept {
                self.needs.gauge.message();
                if self.needs.account.policy.leave == Leave::Never {
                    self.removals.push_back((*index, Some(key.clone())));
                }
            }
        }
    }
}

fn count(report: &mut Report, kept: &Kept, listing: &Listing) {
    match kept {
        Kept::Delivered { .. } => report.delivered += 1,
        Kept::Known { .. } => report.known += 1,
        Kept::Refused { index, reason, in_doubt, passes } => {
            let id = listing.id(*index).unwrap_or_default();
            report.failed.push(Failed { id: id.to_owned(), why: reason.clone(), passes: *passes });
            report.in_doubt.extend(in_doubt.then(|| id.to_owned()).filter(|id| !report.in_doubt.contains(id)));
        }
    }
}

impl Heard {
    fn of(event: &Event<'_>, piece: &mut Vec<u8>) -> Self {
        match event {
            Event::MessageBegins(..) => Self::Begins,
            Event::Message(_, octets) => {
                piece.extend_from_slice(octets);
                Self::Octets
            }
            Event::Done(_, Err(negative)) => Self::Refused(negative.meaning, Untrusted::new(negative.text)),
            _ => Self::Whole,
        }
    }
}
