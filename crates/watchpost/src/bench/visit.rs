//! One session as a client has it, with every answer compared with every other.

use std::collections::VecDeque;
use std::time::Instant;

use aws_lc_rs::digest::{Context, SHA256};
use watchpost_proto::MessageNumber;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::client::{Answer, Command, Event};

use crate::bench::accounts::Account;
use crate::bench::fault::Fault;
use crate::bench::tally::Tally;
use crate::clock::{Clock, SystemClock};
use crate::connect::{Client, Connector};

/// How messages are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Commands that may wait for their replies.
    pub(super) in_flight: usize,
    /// Whether a digest of every message is taken.
    pub(super) verify: bool,
}

/// A session in the TRANSACTION state.
pub(super) struct Visit {
    client: Client,
}

/// What STAT says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Total {
    pub(super) messages: u64,
    pub(super) octets: u64,
}

impl Visit {
    /// Connects and logs in.
    pub(super) async fn begin(connector: &Connector, account: &Account) -> Result<Self, Fault> {
        let mut visit = Self { client: connector.connect().await? };
        visit.ask("USER", &Command::User(account.name.clone())).await?;
        visit.ask("PASS", &Command::Pass(account.password.clone())).await?;
        Ok(visit)
    }

    async fn ask(&mut self, word: &'static str, command: &Command) -> Result<(), Fault> {
        self.client.submit(command)?;
        self.done(word).await
    }

    /// Waits for the end of a reply, whatever lines it has.
    async fn done(&mut self, word: &'static str) -> Result<(), Fault> {
        loop {
            let done = self.client.event(|event| match event {
                Event::Done(_, Ok(_)) => Ok(true),
                Event::Done(_, Err(negative)) => Err(Fault::refused(word, &negative)),
                _ => Ok(false),
            });
            if done.await?? {
                return Ok(());
            }
        }
    }

    /// RFC 1939 §5.
    pub(super) async fn stat(&mut self) -> Result<Total, Fault> {
        self.client.submit(&Command::Stat)?;
        self.client
            .event(|event| match event {
                Event::Done(_, Ok(Answer::DropListing { count, octets })) => {
                    Ok(Total { messages: count, octets: octets.0 })
                }
                Event::Done(_, Err(negative)) => Err(Fault::refused("STAT", &negative)),
                _ => Err(Fault::Numbers),
            })
            .await?
    }

    /// RFC 1939 §5: the size of each message.
    pub(super) async fn list(&mut self) -> Result<Vec<u64>, Fault> {
        let mut sizes = Vec::new();
        self.lines("LIST", &Command::List(None), |event| match event {
            Event::Listing(_, number, octets) => {
                sizes.push(octets.0);
                Some(*number)
            }
            _ => None,
        })
        .await?;
        Ok(sizes)
    }

    /// RFC 1939 §7: how many lines UIDL has.
    pub(super) async fn uidl(&mut self) -> Result<u64, Fault> {
        self.lines("UIDL", &Command::Uidl(None), |event| match event {
            Event::UniqueId(_, number, _) => Some(*number),
            _ => None,
        })
        .await
    }

    /// Takes the lines of a listing, whose numbers must be 1, 2, 3 and so on.
    async fn lines(
        &mut self,
        word: &'static str,
        command: &Command,
        mut line: impl FnMut(&Event<'_>) -> Option<MessageNumber>,
    ) -> Result<u64, Fault> {
        self.client.submit(command)?;
        let mut count = 0;
        loop {
            let step = self.client.event(|event| match event {
                Event::Done(_, Ok(_)) => Ok(true),
                Event::Done(_, Err(negative)) => Err(Fault::refused(word, &negative)),
                event => match line(&event) {
                    Some(number) if number.index() == count => Ok(false),
                    _ => Err(Fault::Numbers),
                },
            });
            if step.await?? {
                return Ok(count as u64);
            }
            count += 1;
        }
    }

    /// STAT, UIDL and LIST, which must agree.
    pub(super) async fn listings(&mut self) -> Result<Vec<u64>, Fault> {
        let total = self.stat().await?;
        let unique_ids = self.uidl().await?;
        let sizes = self.list().await?;
        let listed = sizes.len() as u64;
        if total.messages != listed || unique_ids != listed {
            return Err(Fault::Count { stat: total.messages, list: listed, uidl: unique_ids });
        }
        let sum = sizes.iter().fold(0, |sum: u64, size| sum.saturating_add(*size));
        if sum == total.octets { Ok(sizes) } else { Err(Fault::Sum { stat: total.octets, list: sum }) }
    }

    /// RETR of every message; its octets must be those of LIST. With `verify`, one digest of all: the same whatever the
    /// order of the messages is.
    pub(super) async fn retrieve(
        &mut self,
        sizes: &[u64],
        reading: Reading,
        tally: &Tally,
    ) -> Result<Option<[u8; 32]>, Fault> {
        if reading.in_flight > 1 {
            self.ask("CAPA", &Command::Capa).await?;
            if !self.client.session().capabilities().has("PIPELINING") {
                return Err(Fault::NoPipelining);
            }
        }
        let mut asked: VecDeque<Instant> = VecDeque::with_capacity(reading.in_flight);
        let mut digests = Vec::new();
        let (mut next, mut octets, mut digest) = (0, 0, Context::new(&SHA256));
        for (index, listed) in sizes.iter().enumerate() {
            // Half a window at a time: one write for many commands, and never an idle server.
            if asked.len() <= reading.in_flight / 2 {
                while next < sizes.len() && asked.len() < reading.in_flight {
                    let number = MessageNumber::from_index(next).ok_or(Fault::Numbers)?;
                    self.client.submit(&Command::Retr(number))?;
                    asked.push_back(SystemClock.now());
                    next += 1;
                }
            }
            self.message(&mut octets, reading.verify.then_some(&mut digest)).await?;
            let begun = asked.pop_front().expect("this message was asked for");
            tally.message(octets, SystemClock.now().duration_since(begun));
            if octets != *listed && !planted("bench.sizes-not-compared") {
                tally.fault(&Fault::Size { number: index + 1, listed: *listed, came: octets });
            }
            if reading.verify {
                digests.push(finished(std::mem::replace(&mut digest, Context::new(&SHA256))));
            }
        }
        digests.sort_unstable();
        let mut all = Context::new(&SHA256);
        for digest in &digests {
            all.update(digest);
        }
        Ok(reading.verify.then(|| finished(all)))
    }

    /// The reply to RETR: how many octets the message has, and what they are.
    async fn message(&mut self, octets: &mut u64, mut digest: Option<&mut Context>) -> Result<(), Fault> {
        *octets = 0;
        loop {
            let step = self.client.event(|event| match event {
                Event::Message(_, piece) => {
                    *octets += piece.len() as u64;
                    if let Some(digest) = &mut digest {
                        digest.update(piece);
                    }
                    Ok(false)
                }
                Event::Done(_, Ok(_)) => Ok(true),
                Event::Done(_, Err(negative)) => Err(Fault::refused("RETR", &negative)),
                _ => Ok(false),
            });
            if step.await?? {
                return Ok(());
            }
        }
    }

    /// QUIT, its answer, and the end: then the maildrop is free again.
    pub(super) async fn quit(mut self) -> Result<Leaving, Fault> {
        self.ask("QUIT", &Command::Quit).await?;
        Ok(Leaving { client: self.client })
    }
}

/// A session that has said good-bye and waits for the server to close.
pub(super) struct Leaving {
    client: Client,
}

impl Leaving {
    /// Waits. How a server closes is no matter of this room.
    pub(super) async fn closed(mut self) {
        let _ = self.client.event(|_| ()).await;
    }
}

/// A session before its login, for as long as it is held.
pub(super) struct Waiting {
    client: Client,
}

impl Waiting {
    /// Connects and takes the greeting.
    pub(super) async fn begin(connector: &Connector) -> Result<Self, Fault> {
        Ok(Self { client: connector.connect().await? })
    }

    /// Tries a password that must be wrong: `Ok` says that it was refused.
    pub(super) async fn try_wrong(&mut self, account: &Account) -> Result<(), Fault> {
        self.client.submit(&Command::User(account.name.clone()))?;
        // Some servers refuse an unknown name here already.
        if !self.granted().await? {
            return Ok(());
        }
        self.client.submit(&Command::Pass(account.password.clone()))?;
        if self.granted().await? { Err(Fault::WrongPassword) } else { Ok(()) }
    }

    async fn granted(&mut self) -> Result<bool, Fault> {
        self.client
            .event(|event| match event {
                Event::Done(_, result) => Ok(result.is_ok()),
                _ => Err(Fault::Numbers),
            })
            .await?
    }

    /// QUIT.
    pub(super) async fn quit(self) -> Result<(), Fault> {
        Visit { client: self.client }.quit().await?.closed().await;
        Ok(())
    }
}

fn finished(digest: Context) -> [u8; 32] {
    digest.finish().as_ref().try_into().expect("SHA-256 has 32 octets")
}
