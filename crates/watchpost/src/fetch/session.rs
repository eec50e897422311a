//! One session with one server: log in, list, decide, fetch, remove, QUIT.
//!
//! ```text
//!   greeting ─ CAPA ─ [STLS ─ CAPA] ─ login ─ STAT + LIST + UIDL in one flight ─ plan
//!   RETR RETR RETR …  as many as the window takes, refilled on every reply
//!      └─ octets ─► keeper: durable ─► DELE, between the RETRs
//!   QUIT ─ +OK ─► the journal knows what was removed
//! ```

use std::sync::Arc;

use watchpost_observatory::Untrusted;
use watchpost_proto::MessageNumber;
use watchpost_proto::planted::planted;
use watchpost_proto::pop3::ResponseCode;
use watchpost_proto::pop3::client::{Answer, Command, Event, Violation};

use super::account::Account;
use super::crash_point;
use super::destination::{DeliveryError, Destination, Found};
use super::exchange::ask;
use super::journal::{Fate, Intent, Journal, JournalError, Record};
use super::keeper::Keeper;
use super::listing::{Contradiction, Listing};
use super::login::{LoginError, Method, Utf8, log_in};
use super::plan::{FAILURES_MAX, Orphans, Step, plan};
use super::progress::Gauge;
use super::secret::{Secret, SecretError};
use super::transfer::{Marked, Transfer};
use crate::clock::Clock;
use crate::connect::{Client, ConnectError, Connector};

/// Gmail shows 250 to 300 messages to a session: a maildrop of so many may have more than it shows. One with many more
/// than that is shown whole, and another session would only ask for its listing again.
const PORTIONS: std::ops::RangeInclusive<usize> = 200..=500;

/// More messages than any maildrop has: a server that claims more wants our memory.
const MESSAGES_MAX: usize = 2_000_000;

/// Records of the journal that are written at once.
const PIECE: usize = 1000;

/// What came of a session.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Messages the server lists.
    pub listed: usize,
    /// Delivered now.
    pub delivered: usize,
    /// Octets of these.
    pub octets: u64,
    /// Fetched or looked at, and found to have been delivered before.
    pub known: usize,
    /// Removed from the server, which has confirmed it.
    pub removed: usize,
    /// Left alone because a rule said so.
    pub skipped: usize,
    /// Left alone because they are larger than wanted.
    pub too_large: usize,
    /// Left alone because they failed too often: their unique-ids.
    pub given_up: Vec<String>,
    /// Could not be fetched or delivered this time.
    pub failed: Vec<Failed>,
    /// Messages that LIST announced with another size than they came with: no hindrance (C-031).
    pub missized: Missized,
    /// Delivered after a crash though they may have been delivered before it: their unique-ids.
    pub in_doubt: Vec<String>,
    /// Removed messages that the server lists again.
    pub returned: usize,
    /// Without a unique-id, left alone.
    pub nameless: usize,
    /// Whether another session would find more.
    pub more: bool,
    /// Whether the server has confirmed the end of the session.
    pub complete: bool,
    /// How we logged in.
    pub method: Option<Method>,
    /// Seconds that the server wants between logins.
    pub login_delay: Option<u64>,
    /// Days after which the server removes mail by itself.
    pub expire_days: Option<u64>,
    /// Whether several commands were in flight.
    pub pipelined: bool,
    /// Whether messages came as they are stored (RFC 6856).
    pub utf8: Utf8,
}

/// A message that did not get where it belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Its unique-id.
    pub id: String,
    /// Why.
    pub why: String,
    /// Whether another run tries again, and may succeed: what is refused for good needs somebody.
    pub passes: bool,
}

/// A message of another size than LIST had announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherSize {
    /// Its unique-id.
    pub id: String,
    /// Octets that LIST announced.
    pub listed: u64,
    /// Octets that came (RFC 1939 §11: with CRLF, without stuffing).
    pub octets: u64,
}

/// Messages whose sizes were announced wrongly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missized {
    /// How many.
    pub count: usize,
    /// The first of them: a server that is always wrong must not make us keep all.
    pub named: Vec<OtherSize>,
}

impl Missized {
    /// Messages that are named.
    const NAMED_MAX: usize = 1000;

    /// A message is whole. A server that announced no size was not wrong.
    pub(super) fn note(&mut self, id: &str, listed: Option<u64>, octets: u64) {
        let Some(listed) = listed.filter(|listed| *listed != octets) else { return };
        if planted("fetch.keeps-quiet-about-wrong-sizes") {
            return;
        }
        self.count += 1;
        if self.named.len() < Self::NAMED_MAX {
            self.named.push(OtherSize { id: id.to_owned(), listed, octets });
        }
    }
}

/// Why a session came to nothing, or to an early end.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is no password, or no token.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No connection, or no longer.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Not logged in.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The destination takes nothing.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// What was fetched cannot be written down.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The server contradicts itself.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// The server refuses something that every server must have.
    #[error("the server refuses {0}: {1}")]
    Refused(&'static str, Untrusted),
    /// Mail is to stay on a server that has no unique-ids (C-064).
    #[error("the server has no UIDL, so mail that stays there would be fetched again and again")]
    NoUniqueIds,
    /// It took longer than it may.
    #[error("the session took longer than it may")]
    TooLong,
}

/// What a session needs.
pub struct Needs<'a> {
    /// The account.
    pub account: &'a Account,
    /// The way to its server.
    pub connector: &'a Connector,
    /// What proves who we are.
    pub secret: &'a Secret,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where to show how far we are.
    pub gauge: &'a Gauge,
    /// A folder of ours for messages that outgrow memory.
    pub spool: &'a std::path::Path,
}

/// Runs one session. What was delivered is in the report even when it ends with an error.
pub async fn run(needs: &Needs<'_>, report: &mut Report) -> Result<(), SessionError> {
    let account = needs.account;
    let delivered_before = report.delivered;
    let folder = needs.spool.parent().unwrap_or(needs.spool);
    let mut journal = Journal::open(folder, &account.name, needs.clock.seconds())?;
    let mut destination = account.target.open(&account.name, needs.spool)?;
    recover(&mut journal, &mut destination, needs.clock.seconds(), report)?;
    adopt(&mut journal, account)?;
    let mut client = needs.connector.connect().await?;
    if journal.seen().pin.is_none()
        && account.trust == super::account::TrustChoice::FirstUse
        && let Some(pin) = client.pin()
    {
        journal.append(&[Record::Pin(pin.to_string())])?;
        journal.sync()?;
    }
    enter(&mut client, account, needs.secret, report).await?;
    report.pipelined = client.session().capabilities().has("PIPELINING") && account.window > 1;
    let listing = match list(&mut client).await {
        Ok(listing) => listing,
        Err(error) => {
            note_lying_pipeline(&mut journal, &error, report)?;
            return Err(error);
        }
    };
    report.listed = listing.len();
    let nameless = !listing.is_empty() && (0..listing.len()).all(|index| listing.id(index).is_none());
    if nameless && account.policy.leave != super::plan::Leave::Never {
        return Err(SessionError::NoUniqueIds);
    }
    let orphans = Orphans::of(journal.seen(), &listing.ids());
    if orphans.suspected() && !journal.seen().renaming {
        journal.append(&[Record::Renaming])?;
        journal.sync()?;
    }
    let plan = plan(&listing, journal.seen(), &orphans, &account.policy, needs.clock.seconds());
    report.too_large = plan.too_large.len();
    report.nameless = plan.nameless;
    report.returned += plan.returned;
    report.given_up = plan.given_up.iter().filter_map(|index| listing.id(*index)).map(str::to_owned).collect();
    report.more = plan.postponed > 0;
    let fetched = plan.steps.iter().filter(|step| !matches!(step, Step::Remove(_))).count();
    journal.expect(fetched);
    let listing = Arc::new(listing);
    let clock = Arc::clone(&needs.clock);
    let keeper = Keeper::start(journal, destination, orphans.by_whole.clone(), Arc::clone(&listing), clock);
    let transfer = Transfer::new(needs, &mut client, keeper, &listing, (orphans, plan.steps), report);
    let (mut journal, removed, result) = transfer.run().await;
    // The last failure of a message is the end of trying (C-071).
    let spent = |id: &str| journal.seen().failures.get(id).is_some_and(|times| *times >= FAILURES_MAX);
    report.failed.iter_mut().filter(|failed| spent(&failed.id)).for_each(|failed| failed.passes = false);
    if let Err(error) = result {
        note_lying_pipeline(&mut journal, &error, report)?;
        return Err(error);
    }
    crash_point("fetch.crash-before-quit");
    leave(client, &mut journal, &listing, removed, needs.clock.seconds(), report).await?;
    report.more |= PORTIONS.contains(&listing.len()) && report.delivered > delivered_before;
    Ok(())
}

/// What a crash has left is completed or removed, and what nobody can tell is named.
fn recover(
    journal: &mut Journal,
    destination: &mut Destination,
    seconds: u64,
    report: &mut Report,
) -> Result<(), SessionError> {
    let intents = Vec::from(journal.seen().open.clone());
    if !intents.is_empty() {
        complete(intents, journal, destination, seconds)?;
    }
    // A run that was killed may have found it out, and told nobody.
    let untold = journal.seen().doubtful.iter().filter(|key| !report.in_doubt.contains(key));
    let untold: Vec<String> = untold.cloned().collect();
    report.in_doubt.extend(untold);
    Ok(destination.sweep()?)
}

/// Writes down what became of deliveries that were begun.
fn complete(
    intents: Vec<Intent>,
    journal: &mut Journal,
    destination: &mut Destination,
    seconds: u64,
) -> Result<(), SessionError> {
    let found = destination.recover(&intents)?;
    for (intent, found) in intents.into_iter().zip(found) {
        let (doubtful, record) = match found {
            Found::Delivered => (None, Record::Done { key: intent.key, prints: Some(intent.prints), seconds }),
            Found::Nothing => (None, Record::Forgotten { key: intent.key }),
            Found::InDoubt => {
                (Some(Record::Doubtful { key: intent.key.clone() }), Record::Forgotten { key: intent.key })
            }
        };
        let doubtful = doubtful.filter(|_| !planted("fetch.names-what-is-doubtful-only-once"));
        let records: Vec<Record> = doubtful.into_iter().chain([record]).collect();
        journal.append(&records)?;
    }
    Ok(journal.sync()?)
}

/// A journal that is about another server or user: its unique-ids mean nothing here, its fingerprints may.
fn adopt(journal: &mut Journal, account: &Account) -> Result<(), SessionError> {
    let identity = account.identity_text();
    if journal.seen().account.as_ref() == Some(&identity) {
        return Ok(());
    }
    let mut records = vec![Record::Account(identity)];
    if journal.seen().account.is_some() {
        let moved = journal.seen().entries.iter().filter_map(|(key, entry)| {
            let renamed = format!("\u{1}{key}");
            let done = Record::Done { key: renamed, prints: Some(entry.prints?), seconds: entry.seconds };
            Some([done, Record::Forgotten { key: key.to_string() }])
        });
        let moved: Vec<Record> = moved.flatten().collect();
        records.extend(moved);
        records.push(Record::Renaming);
    }
    journal.append(&records)?;
    Ok(journal.sync()?)
}

/// CAPA, the login, and CAPA again where the server said that it depends on who asks (C-026).
pub(super) async fn enter(
    client: &mut Client,
    account: &Account,
    secret: &Secret,
    report: &mut Report,
) -> Result<(), SessionError> {
    // A server without CAPA says -ERR, which is no failure (C-024).
    let _ = ask(client, &Command::Capa).await?;
    report.method = Some(log_in(client, account, secret, &mut report.utf8).await?);
    let offered = client.session().capabilities();
    let by_user = |tag: &str| {
        offered.arguments(tag).is_some_and(|text| text.split(' ').any(|word| word.eq_ignore_ascii_case("USER")))
    };
    if by_user("LOGIN-DELAY") || by_user("EXPIRE") {
        let _ = ask(client, &Command::Capa).await?;
    }
    let offered = client.session().capabilities();
    let number = |tag: &str| offered.arguments(tag).and_then(|text| text.split(' ').next()?.parse().ok());
    report.login_delay = number("LOGIN-DELAY");
    report.expire_days = number("EXPIRE");
    Ok(())
}

/// STAT, LIST and UIDL, in one flight where the server takes one.
pub(super) async fn list(client: &mut Client) -> Result<Listing, SessionError> {
    let mut asked = Vec::new();
    let mut waiting = [Command::Stat, Command::List(None), Command::Uidl(None)].into_iter().peekable();
    let mut listing = Listing::default();
    let mut answered = 0;
    loop {
        while let Some(command) = waiting.peek() {
            match client.submit(command) {
                Ok(ticket) => asked.push(ticket),
                Err(ConnectError::Refused(_)) if answered < asked.len() => break,
                Err(error) => return Err(error.into()),
            }
            waiting.next();
        }
        if answered == asked.len() {
            return Ok(listing);
        }
        let heard = client.event(|event| Heard::of(&event, &mut listing)).await?;
        match heard {
            Heard::Line(line) => line?,
            Heard::Count(count) => {
                let known = usize::try_from(count).ok().filter(|count| *count <= MESSAGES_MAX).ok_or(Contradiction)?;
                listing = Listing::of(known);
                answered += 1;
            }
            Heard::Done => answered += 1,
            // Servers without UIDL say so here (RFC 1939 §7: it is optional).
            Heard::Refused(_) if answered == 2 => answered += 1,
            Heard::Refused(text) => return Err(SessionError::Refused(["STAT", "LIST"][answered], text)),
        }
    }
}

enum Heard {
    Line(Result<(), Contradiction>),
    Count(u64),
    Done,
    Refused(Untrusted),
}

impl Heard {
    fn of(event: &Event<'_>, listing: &mut Listing) -> Self {
        match event {
            Event::Listing(_, number, octets) => Self::Line(listing.size(*number, *octets)),
            Event::UniqueId(_, number, id) => Self::Line(listing.unique_id(*number, id)),
            Event::Done(_, Ok(Answer::DropListing { count, .. })) => Self::Count(*count),
            Event::Done(_, Err(negative)) => Self::Refused(Untrusted::new(negative.text)),
            _ => Self::Done,
        }
    }
}

/// A server that announces PIPELINING and breaks under it is asked one thing at a time from then on.
fn note_lying_pipeline(journal: &mut Journal, error: &SessionError, report: &Report) -> Result<(), SessionError> {
    let broke = matches!(
        error,
        SessionError::Connect(
            ConnectError::Violation(_) | ConnectError::Closed | ConnectError::Broken(_) | ConnectError::Deadline
        )
    );
    let limits = matches!(
        error,
        SessionError::Connect(ConnectError::Violation(Violation::MessageTooLong | Violation::ListingTooLong))
    );
    if broke && !limits && report.pipelined && report.delivered == 0 && report.known == 0 {
        journal.append(&[Record::NoPipelining])?;
        journal.sync()?;
    }
    Ok(())
}

/// QUIT. Only its `+OK` says that what was marked is removed (C-062); then the journal may forget what is not listed.
async fn leave(
    mut client: Client,
    journal: &mut Journal,
    listing: &Listing,
    removed: Marked,
    seconds: u64,
    report: &mut Report,
) -> Result<(), SessionError> {
    let reply = ask(&mut client, &Command::Quit).await?;
    let confirmed = match reply {
        Ok(_) => true,
        // Nothing was to be removed: a server that is rude about that has done no harm.
        Err(_) if removed.is_empty() || planted("fetch.believes-in-removal-without-ok") => true,
        Err((_, text)) => return Err(SessionError::Refused("QUIT", text)),
    };
    report.complete = confirmed;
    report.removed += removed.len();
    crash_point("fetch.crash-behind-quit");
    let ids = listing.ids();
    let mut start = 0;
    loop {
        // A few at a time: a maildrop may have a million.
        let mut looked = journal.seen().entries.iter_from(start).take(PIECE).peekable();
        if looked.peek().is_none() {
            break;
        }
        let gone = looked.filter_map(|(place, key, entry)| {
            start = place + 1;
            let id = key.split(' ').next().unwrap_or(key);
            match entry.fate {
                Fate::Listed if !ids.contains(id) => Some(Record::Gone { key: key.to_owned(), seconds }),
                // The server has done what it said.
                Fate::Deleted if !ids.contains(id) => Some(Record::Forgotten { key: key.to_owned() }),
                _ => None,
            }
        });
        let gone: Vec<Record> = gone.collect();
        journal.append(&gone)?;
    }
    let mut keys = removed.keys(listing).peekable();
    while keys.peek().is_some() {
        let deleted = keys.by_ref().take(PIECE).map(|key| Record::Deleted { key: key.to_owned(), seconds });
        let deleted: Vec<Record> = deleted.collect();
        journal.append(&deleted)?;
    }
    if journal.seen().renaming {
        journal.append(&[Record::Settled])?;
    }
    Ok(journal.sync()?)
}

/// Whether a message number means this place in the listing.
pub(super) fn number_of(index: usize) -> MessageNumber {
    MessageNumber::from_index(index).expect("a listing has no more messages than there are numbers")
}

/// Whether trying again later may help with a message that the server did not give.
pub(super) fn is_passing(meaning: Option<ResponseCode>) -> bool {
    matches!(meaning, Some(ResponseCode::SysTemp | ResponseCode::InUse))
}
