//! Brings messages to their destination on a thread of its own, many with one sync: while one batch is made durable the
//! next one gathers, so that a batch is as large as the disk is slow, and a lone message waits for nobody.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::Sleep;
use watchpost_proto::planted::planted;

use super::destination::{Arrived, DeliveryError, Destination};
use super::fingerprint::{Fingerprinter, Print};
use super::handful::{Brought, Handful};
use super::journal::{Journal, Record};
use super::plan::Doubt;
use super::run::SESSIONS_MAX;
use crate::clock::Clock;
use crate::descriptors;

/// Handfuls that wait for the keeper: half a MiB, and at most three times that.
const HANDFULS_WAITING: usize = 8;
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
        /// Whether it may take it later.
        passes: bool,
    },
}

/// A running keeper.
pub struct Keeper {
    /// To it.
    pub to: Sender<Handful>,
    /// From it, batch by batch.
    pub from: UnboundedReceiver<Vec<Kept>>,
    /// Handfuls that it has emptied.
    pub emptied: UnboundedReceiver<Handful>,
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
        let (to, brought) = channel(HANDFULS_WAITING);
        let (kept, from) = unbounded_channel();
        let (empty, emptied) = unbounded_channel();
        let work = Work {
            batch_max: destination.batch_max().min(descriptors::share(SESSIONS_MAX)),
            journal,
            destination,
            orphans,
            clock,
            kept,
            empty,
            batch: Vec::new(),
            batch_octets: 0,
            more: false,
            spare: Vec::new(),
            later: 0,
            ended: Ok(()),
        };
        let runtime = Handle::current();
        let task = tokio::task::spawn_blocking(move || {
            let work = work.run(&runtime, brought);
            (work.journal, work.ended)
        });
        Self { to, from, emptied, task }
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
    clock: Arc<dyn Clock>,
    kept: UnboundedSender<Vec<Kept>>,
    empty: UnboundedSender<Handful>,
    batch: Vec<(usize, Arrived)>,
    /// Messages of one batch: each may be an open file.
    batch_max: usize,
    batch_octets: u64,
    /// Whether the server will send more.
    more: bool,
    /// The memory of the last message, for the next one.
    spare: Vec<u8>,
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
    fn run(mut self, runtime: &Handle, mut brought: Receiver<Handful>) -> Self {
        let (mut incoming, mut lingering) = (None, None);
        loop {
            let next = match brought.try_recv() {
                Ok(next) => Some(next),
                Err(_) => match self.pause(runtime, &mut brought, &mut lingering) {
                    Ok(next) => next,
                    Err(error) => return Self { ended: Err(error), ..self },
                },
            };
            let Some(mut next) = next else {
                self.ended = self.commit();
                return self;
            };
            if let Err(error) = next.empty(|brought, octets| self.take(brought, octets, &mut incoming)) {
                // Each run comes further, however few files it may open.
                if matches!(error, DeliveryError::NoDescriptors(_)) {
                    let _ = self.commit();
                }
                return Self { ended: Err(error), ..self };
            }
            // A session that has ended needs it no more.
            let _ = self.empty.send(next);
            if self.batch.is_empty() {
                lingering = None;
            }
        }
    }

    /// Nothing waits. What has gathered is made durable: at once if it is all there is, else when nothing has followed
    /// for a while. A batch lingers once, so that none waits for ever.
    fn pause(
        &mut self,
        runtime: &Handle,
        brought: &mut Receiver<Handful>,
        lingering: &mut Option<Pin<Box<Sleep>>>,
    ) -> Result<Option<Handful>, DeliveryError> {
        if self.more && !self.batch.is_empty() && self.destination.batch_max() > 1 {
            let linger = lingering.get_or_insert_with(|| {
                let _within = runtime.enter();
                Box::pin(tokio::time::sleep(LINGER))
            });
            let next = runtime.block_on(async {
                tokio::select! {
                    next = brought.recv() => Some(next),
                    () = linger => None,
                }
            });
            if let Some(next) = next {
                return Ok(next);
            }
        }
        *lingering = None;
        self.commit()?;
        Ok(brought.blocking_recv())
    }

    fn take(&mut self, brought: Brought, octets: &[u8], incoming: &mut Option<Incoming>) -> Result<(), DeliveryError> {
        match (brought, incoming.as_mut()) {
            (Brought::Begin { index, id, listed, doubt }, _) => {
                let mut spool = self.destination.spool();
                spool.lend(std::mem::take(&mut self.spare));
                *incoming = Some(Incoming { index, id, listed, doubt, prints: Fingerprinter::default(), spool });
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
            (Brought::Same { index, id, old }, _) => {
                let known = self.journal.seen().entries.get(&old);
                let (prints, seconds) =
                    known.map_or((None, self.clock.seconds()), |entry| (entry.prints, entry.seconds));
                let (key, old) = (id.clone(), old.into());
                self.journal.append(&[Record::Done { key: id, prints, seconds }, Record::Forgotten { key: old }])?;
                self.tell(vec![Kept::Known { index, key }]);
            }
            (Brought::Failed { id }, _) => {
                let times = self.journal.seen().failures.get(id.as_str()).copied().unwrap_or_default() + 1;
                self.journal.append(&[Record::Failed { key: id, times }])?;
            }
            (Brought::Octets(_) | Brought::End { .. }, None) => unreachable!("octets belong to a message"),
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
            self.tell(vec![Kept::Known { index, key }]);
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
        self.batch_octets = 0;
        let (indexes, batch): (Vec<usize>, Vec<Arrived>) = std::mem::take(&mut self.batch).into_iter().unzip();
        let keys: Vec<String> = batch.iter().map(|arrived| arrived.key.clone()).collect();
        match self.destination.commit(batch, &mut self.journal, self.clock.seconds()) {
            Ok(()) => {
                self.later = 0;
                let delivered = indexes.into_iter().zip(keys).map(|(index, key)| Kept::Delivered { index, key });
                self.tell(delivered.collect());
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
                for (index, key) in indexes.into_iter().zip(keys) {
                    if in_doubt {
                        let key = key.split(' ').next().unwrap_or_default().to_owned();
                        self.journal.append(&[Record::Doubtful { key }])?;
                    }
                    self.not_delivered(key, counts)?;
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
    fn tell(&self, kept: Vec<Kept>) {
        let _ = self.kept.send(kept);
    }
}
