//! What visitors play on: the demo's ports, and addresses to come from.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use zeroize::Zeroizing;

use super::visit::Visit;
use crate::connect::{ConnectError, Connector, Deadlines, Security, Target, Trust};

/// Strangers' networks begin with one of these octets, one for each start: who came in an earlier one is not known.
const STRANGERS: std::ops::Range<u8> = 96..128;
/// No visitor waits longer for anything. The slowest answer is that to somebody who guesses.
const PATIENCE: Duration = Duration::from_secs(25);
/// Connections of the whole troupe; whoever wants one more gets none.
const CONNECTIONS_MAX: u32 = 400;

/// What visitors play on. Clones are the same stage.
#[derive(Clone)]
pub(in crate::demo) struct Stage {
    pop3: SocketAddr,
    pop3s: SocketAddr,
    /// The second octet of strangers' addresses.
    strangers: u8,
    /// The password of the account that visitors open.
    password: Arc<Zeroizing<String>>,
    connections: Arc<AtomicU32>,
}

/// A port of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Pop3,
    Pop3s,
}

impl Stage {
    /// A stage before these ports. `chance` varies where strangers come from.
    pub(in crate::demo) fn new(pop3: SocketAddr, pop3s: SocketAddr, password: &str, chance: u8) -> Self {
        let strangers = STRANGERS.start + chance % (STRANGERS.end - STRANGERS.start);
        let password = Arc::new(Zeroizing::new(password.to_owned()));
        Self { pop3, pop3s, strangers, password, connections: Arc::default() }
    }

    /// Connections that were made.
    pub(super) fn connections(&self) -> u32 {
        self.connections.load(Ordering::Relaxed).min(CONNECTIONS_MAX)
    }

    /// The password of the account that visitors open.
    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// The address of a stranger: each number is a network of its own.
    pub(super) const fn stranger(&self, number: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, self.strangers, number, 9)
    }

    /// An address of somebody who belongs here: the same in each start.
    pub(super) const fn friend(number: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, 80, number, 7)
    }

    /// Connects without a word, TLS or greeting.
    pub(super) async fn knock(&self, source: Ipv4Addr, door: Door) -> Result<Visit, ConnectError> {
        let link = self.connector(source, door)?.dial().await?;
        Ok(Visit::new(link))
    }

    /// Connects, with TLS where the port wants it, and takes the greeting.
    pub(super) async fn enter(&self, source: Ipv4Addr, door: Door) -> Result<Visit, ConnectError> {
        let connector = self.connector(source, door)?;
        let mut link = connector.dial().await?;
        if door == Door::Pop3s {
            link = connector.handshake(link).await?;
        }
        let mut visit = Visit::new(link);
        visit.line().await?;
        Ok(visit)
    }

    /// Begins TLS on a visit, whatever was said before.
    pub(super) async fn begin_tls(&self, source: Ipv4Addr, visit: Visit) -> Result<Visit, ConnectError> {
        let link = self.connector(source, Door::Pop3s)?.handshake(visit.into_link()).await?;
        Ok(Visit::new(link))
    }

    fn connector(&self, source: Ipv4Addr, door: Door) -> Result<Connector, ConnectError> {
        if self.connections.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS_MAX {
            return Err(ConnectError::Closed);
        }
        let address = if door == Door::Pop3 { self.pop3 } else { self.pop3s };
        let target = Target {
            host: address.ip().to_string(),
            port: address.port(),
            security: Security::Tls,
            // A play on loopback: nothing is said that anybody could want.
            trust: Trust::Anything,
        };
        let deadlines = Deadlines { address: PATIENCE, handshake: PATIENCE, reply: PATIENCE };
        Ok(Connector::new(target, deadlines)?.without_resumption().speaking_from(source.into()))
    }
}
