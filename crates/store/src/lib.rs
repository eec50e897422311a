//! Maildrops and accounts: where messages lie, and who owns them.
//!
//! A [`Store`] opens maildrops and takes deliveries; a [`Directory`] knows the users. Sizes and unique-ids leave
//! here as [`Listing`]s; nothing in this crate knows a session, a reply or a response code.

mod directory;
pub mod disk;
pub mod maildir;
pub mod memory;

#[cfg(feature = "conformance")]
pub mod conformance;

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::io::AsyncBufRead;
use watchpost_proto::{Credentials, Listing, Outcome, Password, Sizes, UniqueId};

pub use directory::{
    Account, AccountError, AccountState, AnyDirectory, HashCost, NotAHashCost, NotAUserName, PasswdFile, PasswdFinding,
    PasswdTrouble, SqliteDirectory, StaticDirectory, User, UserName,
};
#[cfg(feature = "planted")]
pub use disk::{Operation, Recording, kill_after};

/// Where maildrops live.
pub trait Store: Send + Sync + 'static {
    /// An opened maildrop of this store.
    type Maildrop: Maildrop;
    /// A message on its way into this store.
    type Delivery: Delivery;

    /// Locks the maildrop and lists it (RFC 1939 §4; P-061). New mail stays invisible until the next call (P-065).
    fn open(&self, user: &User) -> impl Future<Output = Result<Self::Maildrop, OpenError>> + Send;

    /// Begins a delivery.
    fn deliver(&self) -> impl Future<Output = Result<Self::Delivery, DeliverError>> + Send;
}

/// One opened maildrop. Dropping it removes nothing and releases the lock (RFC 1939 §6; P-012).
pub trait Maildrop: Send + 'static {
    /// The stored octets of one message, with whatever line ends they have.
    type Reader: AsyncBufRead + Unpin + Send;

    /// Sizes and unique-ids, fixed when the maildrop was opened.
    fn listing(&self) -> &Arc<Listing>;

    /// Opens the message at `index` of the listing.
    fn read(&self, index: usize) -> impl Future<Output = Result<Message<Self::Reader>, ReadError>> + Send;

    /// The UPDATE state (RFC 1939 §6). Consumes the maildrop: nothing comes after it. Removals are durable when it
    /// returns `Ok`; the flags of seen messages are not, and never make it fail.
    fn update(self, outcome: Outcome) -> impl Future<Output = Result<(), UpdateError>> + Send;
}

/// An opened message.
#[derive(Debug)]
pub struct Message<Reader> {
    /// What RETR will send of it, counted from the message itself: the listing may have been told less than the truth.
    pub sizes: Sizes,
    /// When it came into the maildrop.
    pub arrived: SystemTime,
    /// Its stored octets, from the first to the last.
    pub body: Reader,
}

/// One message on its way in. Dropping it leaves nothing behind.
pub trait Delivery: Send + 'static {
    /// Takes the next octets, as they shall be stored.
    fn write(&mut self, chunk: &[u8]) -> impl Future<Output = Result<(), DeliverError>> + Send;

    /// Puts a copy into each maildrop. One result per recipient, in order; `Ok` is durable (RFC 2033 §4.2).
    fn commit(self, recipients: &[User]) -> impl Future<Output = Vec<Result<UniqueId, DeliverError>>> + Send;
}

/// Somebody wants to log in.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// What was offered.
    pub credentials: &'a Credentials,
    /// From where.
    pub from: IpAddr,
    /// How many logins have failed on this connection before. Who has failed waits behind those who have not.
    pub failures: u32,
}

/// Who may enter, and whose maildrop it is then.
pub trait Directory: Send + Sync + 'static {
    /// Verifies what a client offered. Takes as long for a user who does not exist (S-021).
    fn authenticate(&self, login: Login<'_>) -> impl Future<Output = Result<User, AuthError>> + Send;

    /// Whether a password that was refused had been right until the owner changed it, within the last 90 days. To be
    /// asked after the reply alone, or its time would tell: it waits until nothing else is to be verified, for
    /// seconds where there is much to do, and then says no.
    fn was_previous(&self, account: &UserName, password: &Password) -> impl Future<Output = bool> + Send {
        let _ = (account, password);
        std::future::ready(false)
    }

    /// How much has failed from there lately, from 0 (little) to 3 (very much). Who fails from such an address waits
    /// longer for the answer; who succeeds waits for nothing (S-024).
    fn failed_from(&self, from: IpAddr) -> u32 {
        let _ = from;
        0
    }
}

/// The cause of an error, for the operator alone.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a maildrop cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another session holds it (RFC 2449 §8.1.2).
    #[error("cannot open maildrop: it is locked by another session")]
    InUse,
    /// Trying again later may help.
    #[error("cannot open maildrop: {0}")]
    Unavailable(#[source] Cause),
    /// Trying again will not help.
    #[error("cannot open maildrop: {0}")]
    Damaged(#[source] Cause),
}

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Somebody else removed it since the maildrop was opened (P-176).
    #[error("cannot read message: it was removed by other means")]
    Gone,
    /// Trying again later may help.
    #[error("cannot read message: {0}")]
    Unavailable(#[source] Cause),
    /// Trying again will not help.
    #[error("cannot read message: {0}")]
    Damaged(#[source] Cause),
}

/// Why the UPDATE state did not do all it should.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// Not every marked message was removed, or not durably.
    #[error("cannot remove every marked message: {0}")]
    Incomplete(#[source] Cause),
    /// None was removed, and trying again will not help.
    #[error("cannot remove the marked messages: {0}")]
    Impossible(#[source] Cause),
}

/// Why a message cannot be delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// Trying again later may help.
    #[error("cannot deliver message: {0}")]
    Unavailable(#[source] Cause),
    /// No room on the disk.
    #[error("cannot deliver message: {0}")]
    Full(#[source] Cause),
}

/// Why a user is not let in. Whether there is such an account is for the observatory, never for the peer (S-020).
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Unknown user or wrong password: nobody outside is told which (S-020).
    #[error("user name or password is wrong")]
    Refused {
        /// The account that was named; `None`: there is none.
        account: Option<UserName>,
    },
    /// The password is right, but the account is disabled.
    #[error("account is disabled")]
    Disabled {
        /// Which.
        account: UserName,
    },
    /// The password is right, but the client wants to act as somebody else (P-104).
    #[error("may not act as another user")]
    NotAuthorizedAs {
        /// Whose password it is.
        account: UserName,
    },
    /// More passwords wait to be verified than can be in time.
    #[error("too many passwords wait to be verified")]
    Crowded,
    /// The accounts cannot be asked.
    #[error("cannot ask the directory: {0}")]
    Unavailable(#[source] Cause),
}

impl AuthError {
    /// The account that was named, if there is one and it is known.
    pub const fn account(&self) -> Option<&UserName> {
        match self {
            Self::Refused { account } => account.as_ref(),
            Self::Disabled { account } | Self::NotAuthorizedAs { account } => Some(account),
            Self::Crowded | Self::Unavailable(_) => None,
        }
    }
}
