//! The server under test: how to reach it, who to be there, and what it has in its maildrop.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use watchpost_proto::Password;

use crate::conform::corpus::{Corpus, Item};
use crate::conform::stop::Stop;
use crate::conform::wire::{Block, Wire};
use crate::connect::{ConnectError, Connector, Security};

/// Commands of a whole run at the most.
const COMMANDS_MAX: u32 = 8000;
/// Messages that are read from a maildrop beside those that were put there.
const FOREIGN_MAX: usize = 40;
/// A message above this is not read.
const OCTETS_MAX: u64 = 4 * 1024 * 1024;
/// How often, and how long, a login waits for the lock of the session before it (P-064).
const LOCK_TRIES: u32 = 60;
const LOCK_WAIT: Duration = Duration::from_millis(50);

/// Who to be.
pub struct Account {
    /// The name.
    pub name: String,
    /// The password.
    pub password: Password,
}

/// What may be done to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Messages that the run has put into the maildrop itself may be removed again.
    pub delete: bool,
    /// The run may wait for the inactivity timer: eleven minutes.
    pub idle: bool,
}

/// A message as it was received.
pub(super) struct Received {
    pub(super) number: usize,
    pub(super) uid: Option<String>,
    /// What LIST said.
    pub(super) listed: u64,
    /// The first line of RETR.
    pub(super) first_line: Vec<u8>,
    pub(super) block: Block,
    /// Which of our own it is.
    pub(super) item: Option<&'static Item>,
    /// What went wrong while it was read.
    pub(super) trouble: Option<Stop>,
}

/// The maildrop as the run found it.
pub(super) struct Survey {
    pub(super) received: Vec<Received>,
    /// Messages that appeared with our delivery: how many.
    pub(super) appeared: usize,
}

/// The server under test.
pub struct Subject {
    pub(super) connector: Connector,
    pub(super) account: Option<Account>,
    pub(super) permissions: Permissions,
    pub(super) corpus: Option<Corpus>,
    pub(super) survey: Option<Survey>,
    /// Why there is no login, if there is none.
    pub(super) no_login: Option<String>,
    /// What CAPA lists before login on the channel where logins happen; `None`: it has no CAPA.
    pub(super) capabilities: Option<Vec<String>>,
    commands: Arc<AtomicU32>,
}

impl Subject {
    /// A server that nothing is known of yet.
    pub fn new(connector: Connector, account: Option<Account>, permissions: Permissions) -> Self {
        Self {
            connector,
            account,
            permissions,
            corpus: None,
            survey: None,
            no_login: None,
            capabilities: None,
            commands: Arc::default(),
        }
    }

    fn wire(&self, link: crate::connect::Link, behind: Vec<u8>) -> Wire {
        Wire::new(link, behind, Arc::clone(&self.commands), COMMANDS_MAX)
    }

    /// A connection on which nothing was said: in the clear, or behind the handshake of POP3S.
    pub(super) async fn raw(&self) -> Result<Wire, ConnectError> {
        let link = self.connector.dial().await?;
        let link = if self.security() == Security::Tls { self.connector.handshake(link).await? } else { link };
        Ok(self.wire(link, Vec::new()))
    }

    /// A connection whose greeting was taken; in the clear where STLS would follow.
    pub(super) async fn greeted(&self) -> Result<Wire, Stop> {
        let mut wire = self.raw().await.map_err(|error| unreachable(&error))?;
        let greeting = wire.reply().await?;
        if greeting.is_ok() { Ok(wire) } else { Err(Stop::came("+OK as greeting", &greeting.0, "")) }
    }

    /// A connection that is ready for a login, TLS included.
    pub(super) async fn connect(&self) -> Result<Wire, Stop> {
        if self.security() != Security::Stls {
            return self.greeted().await;
        }
        let client = self.connector.connect().await.map_err(|error| unreachable(&error))?;
        let (link, behind) = client.into_link().map_err(|error| unreachable(&error))?;
        Ok(self.wire(link, behind))
    }

    /// Begins TLS on a connection that has said STLS and was answered.
    pub(super) async fn upgrade(&self, wire: Wire) -> Result<Wire, Stop> {
        let (link, behind) = wire.into_link();
        if !behind.is_empty() {
            return Err(Stop::came("nothing behind the reply to STLS", &behind, ""));
        }
        let link = self.connector.handshake(link).await.map_err(|error| unreachable(&error))?;
        Ok(self.wire(link, Vec::new()))
    }

    pub(super) fn security(&self) -> Security {
        self.connector.target().security
    }

    pub(super) fn account(&self) -> Result<&Account, Stop> {
        if let Some(reason) = &self.no_login {
            return Err(Stop::skipped(reason));
        }
        self.account.as_ref().ok_or_else(|| Stop::skipped("no account was given (--user)"))
    }

    /// A session in TRANSACTION.
    pub(super) async fn login(&self) -> Result<Wire, Stop> {
        self.account()?;
        self.try_login().await
    }

    /// The same, without asking whether it has ever worked.
    pub(super) async fn try_login(&self) -> Result<Wire, Stop> {
        let account = self.account.as_ref().ok_or_else(|| Stop::skipped("no account was given (--user)"))?;
        let mut tries = 0;
        loop {
            let mut wire = self.connect().await?;
            wire.ok(&format!("USER {}", account.name)).await?;
            wire.send(&pass(account)).await?;
            let reply = wire.reply().await?;
            if reply.is_ok() {
                return Ok(wire);
            }
            // Without response codes the reason can only be guessed: the lock of the session before this one.
            let may_be_locked = reply.has_code("IN-USE") || (reply.code().is_none() && tries < 3);
            tries += 1;
            if !may_be_locked || tries > LOCK_TRIES {
                return Err(Stop::came("+OK to PASS", &reply.0, ""));
            }
            wire.quit().await?;
            tokio::time::sleep(LOCK_WAIT).await;
        }
    }

    /// Whether CAPA lists this tag before login.
    pub(super) fn announces(&self, tag: &str) -> bool {
        self.announced(tag).is_some()
    }

    /// What CAPA lists behind this tag before login.
    pub(super) fn announced(&self, tag: &str) -> Option<String> {
        find(self.capabilities.as_deref().unwrap_or_default(), tag)
    }

    pub(super) fn has_mechanism(&self, name: &str) -> bool {
        self.announced("SASL").is_some_and(|names| names.split(' ').any(|word| word.eq_ignore_ascii_case(name)))
    }

    /// Skips unless CAPA lists this tag.
    pub(super) fn needs(&self, tag: &str) -> Result<(), Stop> {
        if self.announces(tag) { Ok(()) } else { Err(Stop::Skipped(format!("the server does not announce {tag}"))) }
    }

    pub(super) fn survey(&self) -> Result<&Survey, Stop> {
        self.account()?;
        self.survey.as_ref().ok_or_else(|| Stop::skipped("the maildrop could not be read"))
    }

    /// The messages of the maildrop that were read; skips when there is none.
    pub(super) fn messages(&self) -> Result<&[Received], Stop> {
        match self.survey()?.received.as_slice() {
            [] => Err(Stop::skipped("the maildrop is empty and nothing was delivered (--deliver-maildir)")),
            messages => Ok(messages),
        }
    }

    /// One of the messages that the run has delivered itself.
    pub(super) fn own(&self, name: &str) -> Result<&Received, Stop> {
        let found = self.survey()?.received.iter().find(|message| message.item.is_some_and(|item| item.name == name));
        match (found, &self.corpus) {
            (Some(message), _) => Ok(message),
            (None, None) => Err(Stop::skipped("nothing was delivered (--deliver-maildir or --deliver-command)")),
            (None, Some(corpus)) if corpus.has(name) => {
                Err(Stop::failed("the message that was delivered", &format!("no message \"{name}\" in the maildrop")))
            }
            (None, Some(_)) => Err(Stop::skipped("this message cannot be delivered by a command")),
        }
    }

    /// Its number in a new session, for a check that may mark it as deleted.
    pub(super) async fn deletable(&self, wire: &mut Wire, name: &str) -> Result<usize, Stop> {
        if !self.permissions.delete {
            return Err(Stop::skipped("nothing may be deleted (--allow-delete)"));
        }
        let own = self.own(name)?;
        let uid = own.uid.clone().ok_or_else(|| Stop::skipped("the server has no UIDL to know the message by"))?;
        number_of(wire, &uid).await?.ok_or_else(|| Stop::skipped("the message is gone already"))
    }

    /// Finds out what everything else depends on. An error: there is no connection at all.
    pub async fn probe(&mut self) -> Result<(), ConnectError> {
        let mut wire = match self.raw().await {
            Ok(wire) => wire,
            Err(error) => return Err(error),
        };
        let greeting = wire.reply().await;
        drop(wire);
        if greeting.is_ok()
            && let Ok(mut wire) = self.connect().await
            && wire.ok("CAPA").await.is_ok()
        {
            self.capabilities = wire.block().await.ok().map(|block| block.lines());
        }
        if self.account.is_some()
            && let Err(stop) = self.check_login().await
        {
            self.no_login = Some(match stop {
                Stop::Failed { came, .. } => format!("the account cannot log in: {came}"),
                Stop::Skipped(reason) => reason,
            });
        }
        Ok(())
    }

    async fn check_login(&self) -> Result<(), Stop> {
        self.try_login().await?.quit().await
    }

    /// The unique-ids of the maildrop, in order.
    pub(super) async fn unique_ids(&self) -> Result<Vec<String>, Stop> {
        let mut wire = self.login().await?;
        let ids = ids(&mut wire).await?;
        wire.quit().await?;
        Ok(ids)
    }

    /// Delivers our own messages, and reads the maildrop.
    pub async fn fill_and_survey(&mut self, deliver: Option<Corpus>) -> Result<(), Stop> {
        let before = self.unique_ids().await.unwrap_or_default();
        if let Some(corpus) = deliver {
            corpus.deliver().await?;
            self.corpus = Some(corpus);
        }
        self.survey = Some(self.read_all(&before).await?);
        Ok(())
    }

    async fn read_all(&self, before: &[String]) -> Result<Survey, Stop> {
        let mut wire = self.login().await?;
        let sizes = sizes(&wire.listing("LIST").await?)?;
        let ids = ids(&mut wire).await.unwrap_or_default();
        let is_new = |number: usize| ids.get(number - 1).is_none_or(|id| !before.contains(id));
        let delivered = self.corpus.is_some();
        let appeared = sizes.iter().filter(|(number, _)| is_new(*number)).count();
        let mut wanted: Vec<(usize, u64)> =
            sizes.iter().filter(|(number, _)| delivered && is_new(*number)).copied().collect();
        wanted.extend(sizes.iter().filter(|(number, _)| !(delivered && is_new(*number))).take(FOREIGN_MAX));
        let mut received = Vec::new();
        for (number, listed) in wanted.into_iter().filter(|(_, octets)| *octets <= OCTETS_MAX) {
            let uid = ids.get(number - 1).cloned();
            let message = self.receive(&mut wire, number, listed, uid).await;
            if message.trouble.is_some() {
                // Whatever still comes belongs to the broken reply.
                drop(wire);
                wire = self.login().await?;
            }
            received.push(message);
        }
        wire.quit().await?;
        Ok(Survey { received, appeared })
    }

    async fn receive(&self, wire: &mut Wire, number: usize, listed: u64, uid: Option<String>) -> Received {
        let mut message = Received {
            number,
            uid,
            listed,
            first_line: Vec::new(),
            block: Block::default(),
            item: None,
            trouble: None,
        };
        let retrieved = async {
            let reply = wire.ok(&format!("RETR {number}")).await?;
            message.first_line = reply.0;
            message.block = wire.block().await?;
            // If the message ended too early for us, its rest is what answers this.
            wire.ok("NOOP").await
        };
        message.trouble = retrieved.await.err();
        message.item = self.corpus.as_ref().and_then(|corpus| corpus.recognise(&message.block.octets));
        message
    }
}

/// The line that gives the password away.
pub(super) fn pass(account: &Account) -> zeroize::Zeroizing<Vec<u8>> {
    let password = account.password.expose();
    let mut line = zeroize::Zeroizing::new(Vec::with_capacity(password.len() + 7));
    line.extend_from_slice(b"PASS ");
    line.extend_from_slice(password);
    line.extend_from_slice(b"\r\n");
    line
}

fn unreachable(error: &ConnectError) -> Stop {
    Stop::failed("a connection", &error.to_string())
}

/// What stands behind a tag.
pub(super) fn find(lines: &[String], tag: &str) -> Option<String> {
    lines.iter().find_map(|line| {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        word.eq_ignore_ascii_case(tag).then(|| rest.to_owned())
    })
}

/// `n size` of each line of LIST.
pub(super) fn sizes(block: &Block) -> Result<Vec<(usize, u64)>, Stop> {
    block
        .lines()
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                [number, octets] => number.parse().ok().zip(octets.parse().ok()),
                _ => None,
            }
            .ok_or_else(|| Stop::came("lines of LIST as \"n size\"", line.as_bytes(), ""))
        })
        .collect()
}

/// The unique-ids in the order of UIDL.
pub(super) async fn ids(wire: &mut Wire) -> Result<Vec<String>, Stop> {
    let block = wire.listing("UIDL").await?;
    let id = |line: &String| line.split_once(' ').map(|(_, id)| id.to_owned());
    block
        .lines()
        .iter()
        .map(|line| id(line).ok_or_else(|| Stop::came("lines of UIDL as \"n uid\"", line.as_bytes(), "")))
        .collect()
}

/// The number of the message with this unique-id.
pub(super) async fn number_of(wire: &mut Wire, uid: &str) -> Result<Option<usize>, Stop> {
    let block = wire.listing("UIDL").await?;
    let lines = block.lines();
    let mut numbers = lines.iter().filter_map(|line| line.split_once(' ')).filter(|(_, id)| *id == uid);
    Ok(numbers.next().and_then(|(number, _)| number.parse().ok()))
}
