//! What a client of the matrix is asked, and what it answers.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use crate::alterations::Alteration;

/// How the octets travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Plain,
    Stls,
    Pop3s,
}

impl Transport {
    pub const ALL: [Self; 3] = [Self::Plain, Self::Stls, Self::Pop3s];
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Stls => "STLS",
            Self::Pop3s => "POP3S",
        })
    }
}

/// How the client proves who it is. APOP is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    UserPass,
    Plain,
    Login,
}

impl Authentication {
    pub const ALL: [Self; 3] = [Self::UserPass, Self::Plain, Self::Login];
}

impl fmt::Display for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserPass => "USER",
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
        })
    }
}

/// One place of the matrix: a server with mail in alice's maildrop, and the way there.
pub struct Cell {
    pub transport: Transport,
    pub login: Authentication,
    /// Where POP3 and POP3S are.
    pub ports: [u16; 2],
    /// The server's own certificate: the only one to be trusted.
    pub certificate: String,
    pub password: String,
    /// What the client keeps between two runs is below this.
    pub folder: PathBuf,
}

impl Cell {
    pub fn port(&self) -> u16 {
        self.ports[usize::from(self.transport == Transport::Pop3s)]
    }

    /// A folder of the cell, made when it is not there.
    pub fn place(&self, name: &str) -> PathBuf {
        let place = self.folder.join(name);
        fs::create_dir_all(&place).unwrap();
        place
    }
}

/// What a client says of the scan listing; each client tells what its interface tells.
#[derive(Debug, PartialEq, Eq)]
pub enum Listed {
    /// Of each message, and the unique-id where it is told.
    Sizes(Vec<(u64, Option<String>)>),
    /// Number of messages, and the octets of all.
    Total(usize, u64),
    /// Number of messages, and the octets of all as the client shows them.
    Shown(usize, String),
    /// Number of messages.
    Count(usize),
}

/// Messages as a client left them.
pub enum Fetched {
    /// By message-number.
    Numbered(Vec<Vec<u8>>),
    /// In any order.
    Delivered(Vec<Vec<u8>>),
}

/// What must be gone after a deletion.
pub struct Deleted {
    /// Positions in the listing, from 0.
    pub gone: Vec<usize>,
    /// The same messages, where the client deletes what it delivered.
    pub delivered: Option<Vec<Vec<u8>>>,
}

/// What the columns of the second table say of a client.
pub struct Columns {
    pub list: &'static str,
    pub fetch: &'static str,
    pub leave: &'static str,
    pub delete: &'static str,
    /// Words in what it says when the password is wrong.
    pub refusal: &'static str,
}

/// What the client said when it did not get in.
pub type Failure = String;

/// A client that is not ours.
pub trait Client {
    fn name(&self) -> &'static str;
    /// What to install where it is missing.
    fn package(&self) -> &'static str;
    /// Runs the client, so that one that is missing is missed at once.
    fn version(&self) -> String;
    /// Why there is no such cell.
    fn unable(&self, transport: Transport, login: Authentication) -> Option<&'static str>;
    fn columns(&self) -> Columns;
    /// What it does to mail, for every message.
    fn alterations(&self) -> &'static [(Alteration, &'static str)];
    fn list(&self, cell: &Cell) -> Result<Listed, Failure>;
    /// Fetches what is new to it, and leaves it on the server.
    fn fetch(&self, cell: &Cell) -> Result<Fetched, Failure>;
    /// Removes some messages and not all. `sizes` are those of the messages there.
    fn delete(&self, cell: &Cell, sizes: &[usize]) -> Result<Deleted, Failure>;

    /// Whether it knows what it has fetched before: then a second run fetches nothing.
    fn remembers(&self) -> bool {
        false
    }

    /// Whether it fetches what it keeps by TOP, which leaves a message unseen (P-166).
    fn tops(&self) -> bool {
        false
    }
}

/// The messages that a client is told to delete by number: the first, the third and the last.
pub fn named(sizes: &[usize]) -> Vec<usize> {
    vec![0, 2, sizes.len() - 1]
}
