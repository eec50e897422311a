//! The heart of a session: commands out as the window allows, messages to the keeper, removals behind what is durable.

use std::collections::VecDeque;

use watchpost_observatory::Untrusted;
use watchpost_proto::Octets;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::ResponseCode;
use watchpost_proto::pop3::client::{Command, Event, Refused};

use super::fingerprint::Fingerprinter;
use super::journal::Journal;
use super::keeper::{Brought, Keeper, Kept};
use super::listing::Listing;
use super::login::Utf8;
use super::plan::{Doubt, Leave, Orphans, Step};
use super::rule::{Verdict, decide};
use super::session::{Needs, Report, SessionError, is_passing, number_of};
use crate::connect::{Client, ConnectError};

/// Octets that go to the keeper at once.
const PIECE: usize = 64 * 1024;
/// Octets of a header that is only looked at.
const HEADER_MAX: usize = 1 << 20;

/// A command in flight.
enum Flight {
    Look(usize, Doubt),
    Fetch(usize, Doubt),
    /// What the journal knows the message by; `None`: it was never fetched.
    Remove(Option<String>),
    Noop,
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
    steps: VecDeque<Step>,
    removals: VecDeque<(usize, Option<String>)>,
    flights: VecDeque<Flight>,
    report: &'a mut Report,
    /// Octets of the message that is coming in.
    piece: Vec<u8>,
    /// Messages of which the keeper has not told yet what became of them.
    unknown: usize,
    removed: Vec<String>,
    stop_at: tokio::time::Instant,
}

impl<'a> Transfer<'a> {
    pub(super) fn new(
        needs: &'a Needs<'a>,
        client: &'a mut Client,
        keeper: Keeper,
        listing: &'a Listing,
        found: (Orphans, Vec<Step>),
        report: &'a mut Report,
    ) -> Self {
        let (orphans, steps) = found;
        let fetched = steps.iter().filter_map(|step| match step {
            Step::Look(index, _) | Step::Fetch(index, _) => Some(listing.octets(*index).unwrap_or_default()),
            Step::Remove(_) => None,
        });
        let sizes: Vec<u64> = fetched.collect();
        needs.gauge.expect(sizes.len(), sizes.iter().sum());
        Self {
            needs,
            client,
            keeper,
            listing,
            orphans,
            steps: steps.into(),
            removals: VecDeque::new(),
            flights: VecDeque::new(),
            report,
            piece: Vec::new(),
            unknown: 0,
            removed: Vec::new(),
            stop_at: tokio::time::Instant::from_std(needs.clock.now()) + needs.account.session_time,
        }
    }

    /// Fetches everything. Gives back the journal, what the server has marked as deleted, and how it went.
    pub(super) async fn run(mut self) -> (Journal, Vec<String>, Result<(), SessionError>) {
        let result = self.all().await;
        if let Err(Halt::Session(error)) = &result {
            let failed = format!("{error}");
            // Whether the keeper still listens shows at its end.
            let _ = self.blame(&failed).await;
        }
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
            if self.flights.is_empty() && self.steps.is_empty() && self.unknown == 0 {
                return Ok(());
            }
            let piece = &mut self.piece;
            tokio::select! {
                heard = self.client.event(|event| Heard::of(&event, piece)), if !self.flights.is_empty() => {
                    let heard = heard?;
                    self.hear(heard).await?;
                }
                kept = self.keeper.from.recv(), if self.unknown > 0 => self.keep(&kept.ok_or(Halt::Keeper)?),
                () = tokio::time::sleep(self.needs.account.silence), if self.flights.is_empty() => {
                    self.client.submit(&Command::Noop)?;
                    self.flights.push_back(Flight::Noop);
                }
            }
        }
    }

    /// As many commands as the window takes: removals first, since they cost the server nothing.
    fn fill(&mut self) -> Result<(), Halt> {
        if !self.steps.is_empty() && tokio::time::Instant::from_std(self.needs.clock.now()) >= self.stop_at {
            self.steps.clear();
            self.report.more = true;
        }
        loop {
            if let Some(Step::Remove(index)) = self.steps.front() {
                let key = self.listing.id(*index).unwrap_or_default().to_owned();
                self.removals.push_back((*index, Some(key)));
                self.steps.pop_front();
                continue;
            }
            let (command, announced) = match (self.removals.front(), self.steps.front()) {
                (Some((index, _)), _) => (Command::Dele(number_of(*index)), 0),
                (None, Some(Step::Look(index, _))) => (Command::Top(number_of(*index), 0), 0),
                (None, Some(Step::Fetch(index, _))) => {
                    (Command::Retr(number_of(*index)), self.listing.octets(*index).unwrap_or_default())
                }
                (None, Some(Step::Remove(_)) | None) => return Ok(()),
            };
            match self.client.submit_announced(&command, Octets(announced)) {
                Ok(_) => {}
                Err(Refused::Busy | Refused::WindowFull) => return Ok(()),
                Err(refused) => return Err(ConnectError::from(refused).into()),
            }
            let flight = match self.removals.pop_front() {
                Some((_, key)) => Flight::Remove(key),
                None => match self.steps.pop_front() {
                    Some(Step::Look(index, doubt)) => Flight::Look(index, doubt),
                    Some(Step::Fetch(index, doubt)) => Flight::Fetch(index, doubt),
                    Some(Step::Remove(_)) | None => unreachable!("a command was made of it"),
                },
            };
            self.flights.push_back(flight);
        }
    }

    async fn hear(&mut self, heard: Heard) -> Result<(), Halt> {
        match (heard, self.flights.front()) {
            (Heard::Begins, Some(Flight::Fetch(index, doubt))) => {
                let id = self.listing.id(*index).unwrap_or_default().to_owned();
                let (index, doubt) = (*index, *doubt);
                let listed = self.listing.octets(index).unwrap_or_default();
                // What LIST says is a hint, and a server may lie (C-031).
                self.piece = Vec::with_capacity(usize::try_from(listed).unwrap_or(PIECE).min(PIECE));
                self.bring(Brought::Begin { index, id, listed, doubt }).await
            }
            (Heard::Begins, _) => {
                self.piece.clear();
                Ok(())
            }
            (Heard::Octets, Some(Flight::Fetch(..))) if self.piece.len() >= PIECE => self.bring_piece().await,
            (Heard::Octets, Some(Flight::Look(..))) => {
                self.piece.truncate(HEADER_MAX);
                Ok(())
            }
            (Heard::Octets, _) => Ok(()),
            (Heard::Whole, _) => self.whole().await,
            (Heard::Refused(meaning, text), _) => self.refused(meaning, &text).await,
        }
    }

    async fn whole(&mut self) -> Result<(), Halt> {
        match self.flights.pop_front() {
            Some(Flight::Fetch(index, _)) => {
                self.bring_piece().await?;
                self.unknown += 1;
                if planted("fetch.removes-before-it-is-durable") {
                    self.removals.push_back((index, None));
                }
                self.bring(Brought::End).await
            }
            Some(Flight::Look(index, doubt)) => self.looked(index, doubt).await,
            Some(Flight::Remove(Some(key))) => {
                self.removed.push(key);
                Ok(())
            }
            Some(Flight::Remove(None) | Flight::Noop) | None => Ok(()),
        }
    }

    /// The header is here: it is one that we know, or the rules say what to do.
    async fn looked(&mut self, index: usize, doubt: Doubt) -> Result<(), Halt> {
        let header = std::mem::take(&mut self.piece);
        let listed = self.listing.octets(index).unwrap_or_default();
        if doubt == Doubt::Renamed {
            let mut prints = Fingerprinter::default();
            prints.push(&header);
            // TOP ends behind the empty line, so that the whole of it is the header.
            if let Some(old) = self.orphans.by_header.remove(&(listed, prints.finish(listed).whole)) {
                let id = self.listing.id(index).unwrap_or_default().to_owned();
                self.unknown += 1;
                return self.bring(Brought::Same { index, id, old }).await;
            }
        }
        match decide(&self.needs.account.rules, &header) {
            Verdict::Fetch => self.steps.push_front(Step::Fetch(index, doubt)),
            Verdict::Skip => self.report.skipped += 1,
            Verdict::Delete => {
                self.report.skipped += 1;
                self.removals.push_back((index, None));
            }
        }
        Ok(())
    }

    async fn refused(&mut self, meaning: Option<ResponseCode>, text: &Untrusted) -> Result<(), Halt> {
        match self.flights.pop_front() {
            // Not the fault of the message: another session asks for it in UTF8 mode (RFC 6856 §5; C-052).
            Some(Flight::Fetch(..))
                if meaning == Some(ResponseCode::Utf8) && matches!(self.report.utf8, Utf8::Off | Utf8::Wanted) =>
            {
                self.report.utf8 = Utf8::Wanted;
                Ok(())
            }
            Some(Flight::Fetch(index, _)) => {
                let id = self.listing.id(index).unwrap_or_default().to_owned();
                self.report.failed.push((id.clone(), text.to_string()));
                if is_passing(meaning) { Ok(()) } else { self.bring(Brought::Failed { id }).await }
            }
            // TOP is optional (RFC 1939 §7).
            Some(Flight::Look(index, doubt)) => {
                self.steps.push_front(Step::Fetch(index, doubt));
                Ok(())
            }
            Some(Flight::Remove(key)) => {
                let id = key.unwrap_or_default();
                self.report.failed.push((id, text.to_string()));
                Ok(())
            }
            Some(Flight::Noop) | None => Ok(()),
        }
    }

    /// The connection ended within the first message of a session: three such sessions in a row, and the message is
    /// left alone (C-071). A message above the limit is always at fault.
    async fn blame(&mut self, error: &str) -> Result<(), Halt> {
        let Some(Flight::Fetch(index, _)) = self.flights.front() else { return Ok(()) };
        if self.report.delivered + self.report.known + self.unknown > 0 && !error.contains("above the limit") {
            return Ok(());
        }
        let id = self.listing.id(*index).unwrap_or_default().to_owned();
        self.report.failed.push((id.clone(), error.to_owned()));
        self.bring(Brought::GivenUp).await?;
        self.bring(Brought::Failed { id }).await
    }

    async fn bring_piece(&mut self) -> Result<(), Halt> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::take(&mut self.piece);
        self.report.octets += piece.len() as u64;
        self.needs.gauge.octets(piece.len() as u64);
        self.bring(Brought::Octets(piece)).await
    }

    /// Hands something to the keeper, and listens to it meanwhile: both could otherwise wait for each other.
    async fn bring(&mut self, brought: Brought) -> Result<(), Halt> {
        loop {
            let kept = tokio::select! {
                permit = self.keeper.to.reserve() => {
                    permit.map_err(|_| Halt::Keeper)?.send(brought);
                    return Ok(());
                }
                kept = self.keeper.from.recv() => kept.ok_or(Halt::Keeper)?,
            };
            self.keep(&kept);
        }
    }

    /// DELE follows what is durable, and nothing else (C-060).
    fn keep(&mut self, kept: &Kept) {
        self.unknown -= 1;
        count(self.report, kept, self.listing);
        if let Kept::Delivered { index, key } | Kept::Known { index, key } = kept {
            self.needs.gauge.message();
            if self.needs.account.policy.leave == Leave::Never {
                self.removals.push_back((*index, Some(key.clone())));
            }
        }
    }
}

fn count(report: &mut Report, kept: &Kept, listing: &Listing) {
    match kept {
        Kept::Delivered { .. } => report.delivered += 1,
        Kept::Known { .. } => report.known += 1,
        Kept::Refused { index, reason } => {
            report.failed.push((listing.id(*index).unwrap_or_default().to_owned(), reason.clone()));
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
