//! An account to fetch from: everything that is wanted of it, checked.

use std::path::PathBuf;
use std::time::Duration;

use super::destination::Target;
use super::login::Method;
use super::plan::Policy;
use super::rule::Rule;
use super::secret::Source;
use crate::connect::{Deadlines, Pin, Proxy, Security};

/// An account to fetch from.
#[derive(Clone, Debug)]
pub struct Account {
    /// What it is called here, on the command line and in the names of its files.
    pub name: String,
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whose maildrop.
    pub user: String,
    /// What protects the connection.
    pub security: Security,
    /// Which certificates are believed.
    pub trust: TrustChoice,
    /// A certificate of ours and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// What stands between us and the server.
    pub proxy: Option<Proxy>,
    /// What proves who we are.
    pub secret: Source,
    /// The only way to log in, if one was named.
    pub method: Option<Method>,
    /// Where the mail goes.
    pub target: Target,
    /// How much, and for how long it stays.
    pub policy: Policy,
    /// What headers decide before a message is fetched; the first that fits counts.
    pub rules: Vec<Rule>,
    /// Commands that may wait for their replies; 1 means that nothing is pipelined.
    pub window: usize,
    /// How long to wait for the server.
    pub deadlines: Deadlines,
    /// How long one session may take.
    pub session_time: Duration,
    /// How long the server hears nothing while mail is being delivered here.
    pub silence: Duration,
}

/// Many servers drop who is silent for a minute (C-069).
pub const SILENCE: Duration = Duration::from_secs(45);

/// Which certificates are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustChoice {
    /// What the system trusts.
    System,
    /// Those in a file.
    File(PathBuf),
    /// Those of these keys.
    Pins(Vec<Pin>),
    /// Whatever is shown first, and only that from then on.
    FirstUse,
}

impl Account {
    /// Whose mail the journal is about: with another server or user, unique-ids mean nothing.
    pub fn identity_text(&self) -> String {
        format!("{}@{}:{}", self.user, self.host, self.port)
    }
}
