//! Brings messages to their destination on a thread of its own, many with one sync: while one batch is made durable the
//! next one gathers, so that a batch is as large as the disk is slow, and a lone message waits for nobody.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use watchpost_proto::planted::planted;

use super::SESSIONS_MAX;
use super::destination::{Arrived, DeliveryError, Destination};
use super::fingerprint::{Fingerprinter, Print};
use super::handful::{Brought, Giver, Taken, Taker, way};
use super::journal::{Journal, Record};
use super::listing::Listing;
use super::plan::Doubt;
use crate::clock::Clock;
use crate::descriptors;

/// Messages in a row that the destination does not take now; then it takes none.
const LATER_MAX: u32 = 20;
/// For how many of those one counts that it leaves us in the dark about.
const DOUBT_WEIGHS: u32 = 5;
/// Octets of the messages of one batch.
const BATCH_OCTETS: u64 = 8 << 20;
/// How long a batch waits for the messages that are on their way.
const LINGER: Duration = Duration::from_millis(100);

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is durable where it belongs.
    Delivered {
        /// Its place in the listing.
        index: usize,
        /// What the journal knows it by, if not by its unique-id.
        key: Option<Box<str>>,
    },
    /// It had been delivered before.
    Known {
        /// Its place in the listing.
        index: usize,
        /// What the journal knows it by, if not by its unique-id.
        key: Option<Box<str>>,
    },
    /// The destination does not take it.
    Refused {
        /// Its place in the listing.
        index: usize,
        /// What the destination says.
        reason: String,
        /// Whether it may have taken it nevertheless.
        in_doubt: bool,
        /// Whether it may take it later.
        passes: bool,
    },
}

/// A running keeper.
pub struct Keeper {
    /// To it.
    pub to: Giver,
    /// From it, batch by batch.
    pub from: UnboundedReceiver<Vec<Kept>>,
    task: JoinHandle<(Journal, Result<(), DeliveryError>)>,
}

impl Keeper {
    /// Starts it. `orphans`: messages that the server may have renamed, by their hash.
    pub fn start(
        journal: Journal,
        destination: Destination,
        orphans: HashMap<Print, Box<str>>,
        listing: Arc<Listing>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (to, brought) = way();
        let (kept, from) = unbounded_channel();
        let mut work = Work {
            batch_max: destination.batch_max().min(descriptors::share(SESSIONS_MAX)),
            journal,
            destination,
            orphans,
            listing,
            clock,
            kept,
            batch: Vec::new(),
            batch_octets: 0,
            unsettled: VecDeque::new(),
            more: false,
            lingering: None,
            spare: Vec::new(),
            later: 0,
        };
        let task = tokio::task::spawn_blocking(move || {
            let ended = work.run(&brought);
            if ended.is_err() {
                // What is at its place already is made durable there if it can be; else the next start does it.
                let _ = work.settle();
            }
            (work.journal, ended)
        });
        Self { to, from, task }
    }

    /// Waits until everything brought is kept. Gives back the journal, what was not heard yet, and why it ended early.
    pub async fn close(self) -> (Journal, Vec<Kept>, Result<(), DeliveryError>) {
        drop(self.to);
        let (mut from, mut late) = (self.from, Vec::new());
        while let Some(kept) = from.recv().await {
            late.extend(kept);
        }
        let (journal, ended) = self.task.await.expect("the keeper does not panic");
        (journal, late, ended)
    }
}

struct Work {
    journal: Journal,
    destination: Destination,
    orphans: HashMap<Print, Box<str>>,
    listing: Arc<Listing>,
    clock: Arc<dyn Clock>,
    kept: UnboundedSender<Vec<Kept>>,
    batch: Vec<(usize, Arrived)>,
    /// Messages of one batch: each may be an open file.
    batch_max: usize,
    batch_octets: u64,
    /// Messages at their place, which will be durable there with the next batch, or when none follows.
    unsettled: VecDeque<(usize, Option<Box<str>>)>,
    /// Whether the server will send more.
    more: bool,
    /// Since when nothing has come for this batch.
    lingering: Option<Instant>,
    /// The memory of the last message, for the next one.
    spare: Vec<u8>,
    /// Messages in a row that were not taken now.
    later: u32,
}

struct Incoming {
    index: usize,
    doubt: Doubt,
    prints: Fingerprinter,
    spool: super::destination::Spool,
}

impl Work {
    fn run(&mut self, from: &Taker) -> Result<(), DeliveryError> {
        let mut incoming = None;
        loop {
            let next = match from.take(Some(Duration::ZERO)) {
                Taken::Nothing => self.pause(from)?,
                taken => taken,
            };
            let Taken::Handful(mut next) = next else {
                self.commit()?;
                return self.settle();
            };
            if let Err(error) = next.empty(|brought, octets| self.take(brought, octets, &mut incoming)) {
                // Each run comes further, however few files it may open.
                if matches!(error, DeliveryError::NoDescriptors(_)) {
                    let _ = self.commit();
                }
                return Err(error);
            }
            from.give_back(next);
        }
    }

    /// Nothing waits. What has gathered is made durable: at once if it is all there is, else when nothing has followed
    /// for a while. A batch lingers once, so that none waits for ever.
    fn pause(&mut self, from: &Taker) -> Result<Taken, DeliveryError> {
        let gathers = !(self.batch.is_empty() && self.unsettled.is_empty()) && self.destination.batch_max() > 1;
        if self.more && gathers {
            let now = self.clock.now();
            let since = *self.lingering.get_or_insert(now);
            match from.take(Some(LINGER.saturating_sub(now.saturating_duration_since(since)))) {
                Taken::Nothing => {}
                taken => return Ok(taken),
            }
        }
        self.commit()?;
        self.settle()?;
        Ok(from.take(None))
    }

    fn take(&mut self, brought: Brought, octets: &[u8], incoming: &mut Option<Incoming>) -> Result<(), DeliveryError> {
        match (brought, incoming.as_mut()) {
            (Brought::Begin { index, doubt }, _) => {
                let mut spool = self.destination.spool();
                spool.lend(std::mem::take(&mut self.spare));
                *incoming = Some(Incoming { index, doubt, prints: Fingerprinter::default(), spool });
            }
            (Brought::Octets(_), Some(incoming)) => {
                incoming.prints.push(octets);
                let pushed = incoming.spool.push(octets);
                pushed.map_err(|error| DeliveryError::system("cannot write", &error))?;
            }
            (Brought::End { more }, Some(_)) => {
                self.more = more;
                if let Some(whole) = incoming.take() {
                    self.whole(whole)?;
                }
            }
            (Brought::GivenUp, _) => *incoming = None,
            (Brought::Same { index, old }, _) => {
                let known = self.journal.seen().entries.get(&old);
                let (prints, seconds) =
                    known.map_or((None, self.clock.seconds()), |entry| (entry.prints, entry.seconds));
                let (key, old) = (self.id(index).to_owned(), old.into());
                self.journal.append(&[Record::Done { key, prints, seconds }, Record::Forgotten { key: old }])?;
                self.tell(vec![Kept::Known { index, key: None }]);
            }
            (Brought::Failed { index }, _) => {
                let key = self.id(index).to_owned();
                let times = self.journal.seen().failures.get(key.as_str()).copied().unwrap_or_default() + 1;
                self.journal.append(&[Record::Failed { key, times }])?;
            }
            (Brought::Octets(_) | Brought::End { .. }, None) => unreachable!("octets belong to a message"),
        }
        Ok(())
    }

    fn whole(&mut self, incoming: Incoming) -> Result<(), DeliveryError> {
        let Incoming { index, doubt, prints, mut spool } = incoming;
        let prints = prints.finish(self.listing.octets(index).unwrap_or_default());
        let listing = Arc::clone(&self.listing);
        let id = listing.id(index).unwrap_or_default();
        let key = match doubt {
            Doubt::Shared | Doubt::Nameless => format!("{id} {}", prints.whole),
            _ => id.to_owned(),
        };
        let entries = &self.journal.seen().entries;
        let same = |key: &str| {
            if planted("fetch.delivers-what-it-knows") {
                return false;
            }
            entries.get(key).and_then(|entry| entry.prints).is_some_and(|known| known.whole == prints.whole)
        };
        let known = match doubt {
            Doubt::None | Doubt::Renamed => false,
            Doubt::Changed | Doubt::Nameless => same(&key),
            Doubt::Shared => same(&key) || same(id),
        };
        let renamed = if doubt == Doubt::Renamed { self.orphans.remove(&prints.whole) } else { None };
        if known || renamed.is_some() {
            let seconds = entries.get(key.as_str()).map_or_else(|| self.clock.seconds(), |entry| entry.seconds);
            let kept = Kept::Known { index, key: self.other_key(index, &key) };
            let mut records = vec![Record::Done { key, prints: Some(prints), seconds }];
            records.extend(renamed.map(|old| Record::Forgotten { key: old.into() }));
            self.journal.append(&records)?;
            self.tell(vec![kept]);
            return Ok(());
        }
        spool.finish();
        let mut arrived = Arrived { key, prints, spool };
        self.destination.arrived(&mut arrived)?;
        self.spare = arrived.spool.give_back();
        self.batch_octets += arrived.spool.octets();
        self.batch.push((index, arrived));
        if self.batch.len() >= self.batch_max || self.batch_octets >= BATCH_OCTETS {
            self.commit()?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), DeliveryError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        (self.batch_octets, self.lingering) = (0, None);
        let (indexes, batch): (Vec<usize>, Vec<Arrived>) = std::mem::take(&mut self.batch).into_iter().unzip();
        let of_batch = self.unsettled.len();
        for (index, arrived) in indexes.into_iter().zip(&batch) {
            self.unsettled.push_back((index, self.other_key(index, &arrived.key)));
        }
        match self.destination.commit(batch, &mut self.journal, self.clock.seconds()) {
            Ok(settled) => {
                self.later = 0;
                self.settled(settled);
                Ok(())
            }
            // Destinations that can refuse take one message at a time.
            Err(
                error @ (DeliveryError::Refused(_)
                | DeliveryError::Later(_)
                | DeliveryError::Unwelcome(_)
                | DeliveryError::InDoubt(_)),
            ) => {
                let (counts, in_doubt) = match error {
                    DeliveryError::Refused(_) => (1, false),
                    DeliveryError::InDoubt(_) => (1, true),
                    _ => (0, false),
                };
                let passes = matches!(error, DeliveryError::Later(_) | DeliveryError::InDoubt(_));
                for (index, key) in self.unsettled.split_off(of_batch) {
                    if in_doubt {
                        let key = self.id(index).to_owned();
                        self.journal.append(&[Record::Doubtful { key }])?;
                    }
                    self.not_delivered(index, key, counts)?;
                    self.tell(vec![Kept::Refused { index, reason: error.to_string(), in_doubt, passes }]);
                }
                self.later += match error {
                    DeliveryError::Later(_) | DeliveryError::Unwelcome(_) => 1,
                    DeliveryError::InDoubt(_) => DOUBT_WEIGHS,
                    _ => 0,
                };
                match error.to_string() {
                    _ if self.later < LATER_MAX => Ok(()),
                    why if passes => Err(DeliveryError::Away(why)),
                    why => Err(DeliveryError::Unavailable(why)),
                }
            }
            Err(error @ (DeliveryError::Unavailable(_) | DeliveryError::Away(_)))
                if self.destination.batch_max() == 1 =>
            {
                // It never left our hands.
                for (index, key) in self.unsettled.split_off(of_batch) {
                    self.not_delivered(index, key, 0)?;
                }
                Err(error)
            }
            Err(error) => {
                self.unsettled.truncate(of_batch);
                Err(error)
            }
        }
    }

    /// Makes durable what is at its place and would wait for the next batch.
    fn settle(&mut self) -> Result<(), DeliveryError> {
        let settled = self.destination.settle(&mut self.journal)?;
        self.settled(settled);
        Ok(())
    }

    /// The so many oldest are durable where they belong.
    fn settled(&mut self, messages: usize) {
        if messages > 0 {
            let delivered = self.unsettled.drain(..messages).map(|(index, key)| Kept::Delivered { index, key });
            let delivered = delivered.collect();
            self.tell(delivered);
        }
    }

    /// Nothing is under way any more; what counts against a message stays, and may grow.
    fn not_delivered(&mut self, index: usize, key: Option<Box<str>>, counts: u32) -> Result<(), DeliveryError> {
        let id = self.id(index).to_owned();
        let times = self.journal.seen().failures.get(id.as_str()).copied().unwrap_or_default() + counts;
        let key = key.map_or_else(|| id.clone(), String::from);
        let failed = (times > 0).then_some(Record::Failed { key: id, times });
        let records: Vec<Record> = std::iter::once(Record::Forgotten { key }).chain(failed).collect();
        Ok(self.journal.append(&records)?)
    }

    fn id(&self, index: usize) -> &str {
        self.listing.id(index).unwrap_or_default()
    }

    /// What the journal knows a message by, if not by its unique-id.
    fn other_key(&self, index: usize, key: &str) -> Option<Box<str>> {
        (key != self.id(index)).then(|| key.into())
    }

    /// A session that has ended hears no more: what was kept is in the journal.
    fn tell(&self, kept: Vec<Kept>) {
        let _ = self.kept.send(kept);
    }
}
