//! The TRANSACTION state (RFC 1939 §5): the maildrop is open, numbered and locked.

use std::sync::Arc;

use crate::catalogue::{Assent, Refusal};
use crate::dot::Progress;
use crate::listing::{Listing, Outcome};
use crate::mime::Headers;
use crate::planted::planted;
use crate::pop3::reply::line;
use crate::pop3::server::{Channel, OUTPUT_OCTETS, Step, capabilities, lang};
use crate::pop3::{Command, Reply, State};
use crate::types::{Extent, MessageNumber, Octets};

/// The maildrop as this session sees it.
pub(super) struct Transaction {
    listing: Arc<Listing>,
    deleted: Marks,
    retrieved: Marks,
    headers: Headers,
}

/// A listing of all messages on its way out, a line per message.
pub(super) struct Multiline {
    of: ListingOf,
    next: usize,
}

#[derive(Clone, Copy)]
enum ListingOf {
    Octets,
    UniqueIds,
}

impl Multiline {
    pub(super) const fn title(&self) -> Assent {
        match self.of {
            ListingOf::Octets => Assent::ScanListing,
            ListingOf::UniqueIds => Assent::UniqueIdListing,
        }
    }
}

impl Transaction {
    pub(super) fn new(listing: Arc<Listing>, headers: Headers) -> Self {
        Self { listing, deleted: Marks::default(), retrieved: Marks::default(), headers }
    }

    /// What RETR sends of the message, in the mode of this session (P-203).
    fn octets(&self, index: usize) -> Octets {
        if planted("proto.lists-the-stored-size-of-a-surrogate") {
            return self.listing.octets(index);
        }
        self.listing.sizes(index).of(self.headers)
    }

    /// How messages with UTF-8 in their header go out.
    pub(super) fn headers(&self) -> Headers {
        self.headers
    }

    /// How many messages are not marked as deleted, and their sizes together.
    pub(super) fn drop_listing(&self) -> (usize, Octets) {
        (self.kept().count(), self.kept().map(|index| self.octets(index)).sum())
    }

    pub(super) fn command(&mut self, command: &Command, channel: Channel) -> Step {
        let step = match command {
            Command::Capa => Ok(Self::capa(channel)),
            Command::Dele(number) => self.dele(*number),
            Command::Lang(range) => Ok(lang(range.as_deref())),
            Command::Last => Ok(self.last()),
            Command::List(None) => Ok(Step::List(Multiline { of: ListingOf::Octets, next: 0 })),
            Command::List(Some(number)) => self.list_one(*number),
            Command::Noop => Ok(Self::noop()),
            Command::Quit => Ok(self.quit()),
            Command::Retr(number) => self.retr(*number),
            Command::Rset => Ok(self.rset()),
            Command::Stat => Ok(self.stat()),
            Command::Top { number, lines } => self.top(*number, *lines),
            Command::Uidl(None) => Ok(Step::List(Multiline { of: ListingOf::UniqueIds, next: 0 })),
            Command::Uidl(Some(number)) => self.uidl_one(*number),
            Command::Apop { .. }
            | Command::Auth(_)
            | Command::Pass(_)
            | Command::Stls
            | Command::User(_)
            | Command::Utf8 => unreachable!("Table A allows these before login only"),
        };
        step.unwrap_or_else(|refusal| Step::Stay(Reply::Err(refusal)))
    }

    /// The only way from a number to a message. No command can see a deleted one (P-167).
    fn message(&self, number: MessageNumber) -> Result<usize, Refusal> {
        let index = number.index();
        if index >= self.listing.len() {
            return Err(Refusal::NoSuchMessage(self.listing.len()));
        }
        if self.deleted.contains(index) && !planted("proto.deleted-messages-answer") {
            return Err(Refusal::MessageDeleted(number));
        }
        Ok(index)
    }

    /// Messages not marked as deleted, in order.
    fn kept(&self) -> impl Iterator<Item = usize> {
        (0..self.listing.len()).filter(|index| !self.deleted.contains(*index))
    }

    /// RFC 2449 §5.
    fn capa(channel: Channel) -> Step {
        Step::Stay(Reply::Capabilities(capabilities(State::Transaction, channel)))
    }

    /// RFC 1939 §5. Only marks (P-167).
    fn dele(&mut self, number: MessageNumber) -> Result<Step, Refusal> {
        let index = self.message(number)?;
        self.deleted.insert(index);
        Ok(Step::Stay(Reply::Ok(Assent::Marked)))
    }

    /// RFC 1460 §5, for clients older than UIDL.
    fn last(&self) -> Step {
        Step::Stay(Reply::Last(self.retrieved.iter().last().map_or(0, |index| index + 1)))
    }

    /// RFC 1939 §5, LIST with a number.
    fn list_one(&self, number: MessageNumber) -> Result<Step, Refusal> {
        let index = self.message(number)?;
        self.sendable(number)?;
        Ok(Step::Stay(Reply::ScanListing(number, self.octets(index))))
    }

    /// RFC 1939 §5.
    fn noop() -> Step {
        Step::Stay(Reply::Ok(Assent::NothingDone))
    }

    /// RFC 1939 §6: exactly the marked messages are removed (P-190).
    fn quit(&self) -> Step {
        let mut removed: Vec<usize> = self.deleted.iter().collect();
        if planted("proto.removes-one-too-few") {
            removed.pop();
        }
        let seen = self.retrieved.iter().filter(|index| !self.deleted.contains(*index)).collect();
        let unread = removed.iter().filter(|index| !self.retrieved.contains(**index)).count();
        Step::Update(Outcome { removed, seen }, u32::try_from(unread).unwrap_or(u32::MAX))
    }

    /// RFC 1939 §5.
    fn retr(&self, number: MessageNumber) -> Result<Step, Refusal> {
        self.retrieve(number, Extent::Whole)
    }

    /// RFC 1939 §5 (P-168).
    fn rset(&mut self) -> Step {
        self.deleted = Marks::default();
        Step::Stay(Reply::Ok(Assent::Unmarked))
    }

    /// RFC 1939 §5. Messages marked as deleted are not counted (P-160).
    fn stat(&self) -> Step {
        let (count, octets) = self.drop_listing();
        Step::Stay(Reply::DropListing { count, octets })
    }

    /// RFC 1939 §7.
    fn top(&self, number: MessageNumber, lines: u64) -> Result<Step, Refusal> {
        self.retrieve(number, Extent::Top { lines })
    }

    /// RFC 1939 §7, UIDL with a number.
    fn uidl_one(&self, number: MessageNumber) -> Result<Step, Refusal> {
        let index = self.message(number)?;
        Ok(Step::Stay(Reply::UniqueIdListing(number, self.listing.unique_id(index).to_owned())))
    }

    fn retrieve(&self, number: MessageNumber, extent: Extent) -> Result<Step, Refusal> {
        self.message(number)?;
        self.sendable(number)?;
        Ok(Step::Retrieve(number, extent))
    }

    /// RFC 6856 §5: LIST n, RETR and TOP may be refused for a message with UTF-8 in its header.
    fn sendable(&self, number: MessageNumber) -> Result<(), Refusal> {
        let needs_utf8 = self.listing.sizes(number.index()).surrogate.is_some();
        if self.headers == Headers::Refused && needs_utf8 {
            return Err(Refusal::MessageRequiresUtf8(number));
        }
        Ok(())
    }

    /// RETR has sent the message whole: it counts as seen (P-166).
    pub(super) fn retrieved(&mut self, number: MessageNumber) {
        self.retrieved.insert(number.index());
    }

    /// Appends lines of a listing until the output is full; `Enough` when the last has gone out (P-224).
    pub(super) fn list(&self, multiline: &mut Multiline, output: &mut Vec<u8>) -> Progress {
        while let Some(number) = MessageNumber::from_index(multiline.next).filter(|n| n.index() < self.listing.len()) {
            if output.len() >= OUTPUT_OCTETS {
                return Progress::More;
            }
            let index = number.index();
            multiline.next += 1;
            if self.deleted.contains(index) {
                continue;
            }
            match multiline.of {
                ListingOf::Octets => line(output, format_args!("{number} {}", self.octets(index))),
                ListingOf::UniqueIds => line(output, format_args!("{number} {}", self.listing.unique_id(index))),
            }
        }
        line(output, format_args!("."));
        Progress::Enough
    }
}

/// A set of indexes that costs nothing while it is empty.
#[derive(Default)]
struct Marks {
    words: Vec<u64>,
}

impl Marks {
    fn insert(&mut self, index: usize) {
        let word = index / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (index % 64);
    }

    fn contains(&self, index: usize) -> bool {
        self.words.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.words.len() * 64).filter(|index| self.contains(*index))
    }
}
