//! Brings messages to their destination on a thread of its own, many with one sync: while one batch is made durable the
//! next one gathers, so that a batch is as large as the disk is slow, and a lone message waits for nobody.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use watchpost_proto::planted::planted;

use super::destination::{Arrived, DeliveryError, Destination};
use super::fingerprint::{Fingerprinter, Print};
use super::journal::{Journal, Record};
use super::plan::Doubt;
use crate::clock::Clock;

/// Pieces that wait for the keeper: with pieces of 64 KiB, 2 MiB and a little more.
const PIECES_WAITING: usize = 32;
/// Messages in a row that the destination does not take now; then it takes none.
const LATER_MAX: u32 = 20;
/// For how many of those one counts that it leaves us in the dark about.
const DOUBT_WEIGHS: u32 = 5;
/// Octets of the messages of one batch.
const BATCH_OCTETS: u64 = 8 << 20;

/// What the session brings.
pub enum Brought {
    /// A message begins.
    Begin {
        /// Its place in the listing.
        index: usize,
        /// Its unique-id; empty if it has none.
        id: String,
        /// What LIST announced.
        listed: u64,
        /// Why it may have been delivered already.
        doubt: Doubt,
    },
    /// Its next octets.
    Octets(Vec<u8>),
    /// It is whole.
    End,
    /// It will never be whole.
    GivenUp,
    /// It is one that was delivered under another unique-id: its header and size say so.
    Same {
        /// Its place in the listing.
        index: usize,
        /// Its unique-id.
        id: String,
        /// What the journal knew it by.
        old: Box<str>,
    },
    /// The server does not give it.
    Failed {
        /// Its unique-id.
        id: String,
    },
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is durable where it belongs.
    Delivered {
        /// Its place in the listing.
        index: usize,
        /// What the journal knows it by.
        key: String,
    },
    /// It had been delivered before.
    Known {
        /// Its place in the listing.
        index: usize,
        /// What the journal knows it by.
        key: String,
    },
    /// The destination does not take it.
    Refused {
        /// Its place in the listing.
        index: usize,
        /// What the destination says.
        reason: String,
        /// Whether it may have taken it nevertheless.
        in_doubt: bool,
    },
}

/// A running keeper.
pub struct Keeper {
    /// To it.
    pub to: Sender<Brought>,
    /// From it.
    pub from: Receiver<Kept>,
    task: JoinHandle<(Journal, Result<(), DeliveryError>)>,
}

impl Keeper {
    /// Starts it. `orphans`: messages that the server may have renamed, by their hash.
    pub fn start(
        journal: Journal,
        destination: Destination,
        orphans: HashMap<Print, Box<str>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (to, brought) = channel(PIECES_WAITING);
        let (kept, from) = channel(PIECES_WAITING);
        let work = Work {
            journal,
            destination,
            orphans,
            clock,
            kept,
            batch: Vec::new(),
            batch_octets: 0,
            later: 0,
            ended: Ok(()),
        };
        let task = tokio::task::spawn_blocking(move || {
            let work = work.run(brought);
            (work.journal, work.ended)
        });
        Self { to, from, task }
    }

    /// Waits until everything brought is kept. Gives back the journal, what was not heard yet, and why it ended early.
    pub async fn close(self) -> (Journal, Vec<Kept>, Result<(), DeliveryError>) {
        drop(self.to);
        let (mut from, mut late) = (self.from, Vec::new());
        while let Some(kept) = from.recv().await {
            late.push(kept);
        }
        let (journal, ended) = self.task.await.expect("the keeper does not panic");
        (journal, late, ended)
    }
}

struct Work {
    journal: Journal,
    destination: Destination,
    orphans: HashMap<Print, Box<str>>,
    clock: Arc<dyn Clock>,
    kept: Sender<Kept>,
    batch: Vec<(usize, Arrived)>,
    batch_octets: u64,
    /// Messages in a row that were not taken now.
    later: u32,
    ended: Result<(), DeliveryError>,
}

struct Incoming {
    index: usize,
    id: String,
    listed: u64,
    doubt: Doubt,
    prints: Fingerprinter,
    spool: super::destination::Spool,
}

impl Work {
    fn run(mut self, mut brought: Receiver<Brought>) -> Self {
        let mut incoming = None;
        loop {
            let next = match brought.try_recv() {
                Ok(next) => Some(next),
                // Nothing waits: what has gathered is made durable now.
                Err(_) => match self.commit() {
                    Ok(()) => brought.blocking_recv(),
                    Err(error) => return Self { ended: Err(error), ..self },
                },
            };
            let Some(next) = next else {
                self.ended = self.commit();
                return self;
            };
            if let Err(error) = self.take(next, &mut incoming) {
                return Self { ended: Err(error), ..self };
            }
        }
    }

    fn take(&mut self, brought: Brought, incoming: &mut Option<Incoming>) -> Result<(), DeliveryError> {
        match (brought, incoming.as_mut()) {
            (Brought::Begin { index, id, listed, doubt }, _) => {
                let spool = self.destination.spool();
                *incoming = Some(Incoming { index, id, listed, doubt, prints: Fingerprinter::default(), spool });
            }
            (Brought::Octets(octets), Some(incoming)) => {
                incoming.prints.push(&octets);
                let pushed = incoming.spool.push(&octets);
                pushed.map_err(|error| DeliveryError::Unavailable(format!("cannot write: {error}")))?;
            }
            (Brought::End, Some(_)) => {
                if let Some(whole) = incoming.take() {
                    self.whole(whole)?;
                }
            }
            (Brought::GivenUp, _) => *incoming = None,
            (Brought::Same { index, id, old }, _) => {
                let known = self.journal.seen().entries.get(&old).copied();
                let (prints, seconds) =
                    known.map_or((None, self.clock.seconds()), |entry| (entry.prints, entry.seconds));
                let (key, old) = (id.clone(), old.into());
                self.journal.append(&[Record::Done { key: id, prints, seconds }, Record::Forgotten { key: old }])?;
                self.tell(Kept::Known { index, key });
            }
            (Brought::Failed { id }, _) => {
                let times = self.journal.seen().failures.get(id.as_str()).copied().unwrap_or_default() + 1;
                self.journal.append(&[Record::Failed { key: id, times }])?;
            }
            (Brought::Octets(_) | Brought::End, None) => unreachable!("octets belong to a message"),
        }
        Ok(())
    }

    fn whole(&mut self, incoming: Incoming) -> Result<(), DeliveryError> {
        let Incoming { index, id, listed, doubt, prints, mut spool } = incoming;
        let prints = prints.finish(listed);
        let key = match doubt {
            Doubt::Shared | Doubt::Nameless => format!("{id} {}", prints.whole),
            _ => id.clone(),
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
            Doubt::Shared => same(&key) || same(&id),
        };
        let renamed = if doubt == Doubt::Renamed { self.orphans.remove(&prints.whole) } else { None };
        if known || renamed.is_some() {
            let seconds = entries.get(key.as_str()).map_or_else(|| self.clock.seconds(), |entry| entry.seconds);
            let mut records = vec![Record::Done { key: key.clone(), prints: Some(prints), seconds }];
            records.extend(renamed.map(|old| Record::Forgotten { key: old.into() }));
            self.journal.append(&records)?;
            self.tell(Kept::Known { index, key });
            return Ok(());
        }
        spool.finish();
        let mut arrived = Arrived { key, prints, spool };
        self.destination.arrived(&mut arrived)?;
        self.batch_octets += arrived.spool.octets();
        self.batch.push((index, arrived));
        if self.batch.len() >= self.destination.batch_max() || self.batch_octets >= BATCH_OCTETS {
            self.commit()?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), DeliveryError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.batch_octets = 0;
        let (indexes, batch): (Vec<usize>, Vec<Arrived>) = std::mem::take(&mut self.batch).into_iter().unzip();
        let keys: Vec<String> = batch.iter().map(|arrived| arrived.key.clone()).collect();
        match self.destination.commit(batch, &mut self.journal, self.clock.seconds()) {
            Ok(()) => {
                self.later = 0;
                for (index, key) in indexes.into_iter().zip(keys) {
                    self.tell(Kept::Delivered { index, key });
                }
                Ok(())
            }
            // Destinations that can refuse take one message at a time.
            Err(error @ (DeliveryError::Refused(_) | DeliveryError::Later(_) | DeliveryError::InDoubt(_))) => {
                let (counts, in_doubt) = match error {
                    DeliveryError::Refused(_) => (1, false),
                    DeliveryError::InDoubt(_) => (1, true),
                    _ => (0, false),
                };
                for (index, key) in indexes.into_iter().zip(keys) {
                    self.not_delivered(key, counts)?;
                    self.tell(Kept::Refused { index, reason: error.to_string(), in_doubt });
                }
                self.later += match error {
                    DeliveryError::Later(_) => 1,
                    DeliveryError::InDoubt(_) => DOUBT_WEIGHS,
                    _ => 0,
                };
                if self.later >= LATER_MAX { Err(DeliveryError::Unavailable(error.to_string())) } else { Ok(()) }
            }
            Err(error @ DeliveryError::Unavailable(_)) if self.destination.batch_max() == 1 => {
                // It never left our hands.
                keys.into_iter().try_for_each(|key| self.not_delivered(key, 0))?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Nothing is under way any more; what counts against a message stays, and may grow.
    fn not_delivered(&mut self, key: String, counts: u32) -> Result<(), DeliveryError> {
        let id = key.split(' ').next().unwrap_or_default().to_owned();
        let times = self.journal.seen().failures.get(id.as_str()).copied().unwrap_or_default() + counts;
        let failed = (times > 0).then_some(Record::Failed { key: id, times });
        let records: Vec<Record> = std::iter::once(Record::Forgotten { key }).chain(failed).collect();
        Ok(self.journal.append(&records)?)
    }

    /// A session that has ended hears no more: what was kept is in the journal.
    fn tell(&self, kept: Kept) {
        let _ = self.kept.blocking_send(kept);
    }
}
