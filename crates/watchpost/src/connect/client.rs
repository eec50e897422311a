//! A session of the protocol's client half over a link.

use watchpost_proto::Octets;
use watchpost_proto::pop3::client::{Command, Event, Refused, Session, Ticket};
use watchpost_proto::sasl::Initiator;
use watchpost_proto::sasl::scram::ChannelBinding;

use super::pace::Pace;
use super::{ConnectError, Link, Pin, Transfer};

/// A session and the link it speaks over.
pub struct Client {
    pub(super) session: Session,
    /// Away only while its handshake goes on.
    pub(super) link: Option<Link>,
    pub(super) buffer: Vec<u8>,
    pub(super) used: usize,
    pub(super) pace: Pace,
}

impl Client {
    /// Queues a command; it goes out with the next call of [`Client::event`].
    pub fn submit(&mut self, command: &Command) -> Result<Ticket, ConnectError> {
        Ok(self.session.submit(command)?)
    }

    /// The same for RETR of a message that LIST has announced with so many octets.
    pub fn submit_announced(&mut self, command: &Command, announced: Octets) -> Result<Ticket, Refused> {
        self.session.submit_announced(command, announced)
    }

    /// Queues a login by SASL.
    pub fn authenticate(&mut self, initiator: Initiator) -> Result<Ticket, ConnectError> {
        Ok(self.session.authenticate(initiator)?)
    }

    /// Sends what waits, and takes what the server says next. May be given up at any moment, and called again.
    pub async fn event<R>(&mut self, take: impl FnOnce(Event<'_>) -> R) -> Result<R, ConnectError> {
        let mut take = Some(take);
        loop {
            let heard = self.heard(|event| take.take().map(|take| take(event)))?;
            match heard.flatten() {
                Some(heard) => return Ok(heard),
                None => self.exchange().await?,
            }
        }
    }

    /// Takes what the server has said already; `None`: nothing of it is left.
    pub fn heard<R>(&mut self, take: impl FnOnce(Event<'_>) -> R) -> Result<Option<R>, ConnectError> {
        loop {
            let step = self.session.input(&self.buffer[self.used..])?;
            self.used += step.used;
            match step.event {
                Some(event) => {
                    if matches!(event, Event::Done(..) | Event::Greeting(_)) {
                        self.pace.rest();
                    }
                    return Ok(Some(take(event)));
                }
                None if step.used > 0 => {}
                None => return Ok(None),
            }
        }
    }

    /// Sends what waits, or waits for more of what the server says. May be given up at any moment, and called again.
    pub async fn exchange(&mut self) -> Result<(), ConnectError> {
        let link = self.link.as_mut().ok_or(ConnectError::Closed)?;
        self.buffer.drain(..self.used);
        self.used = 0;
        let (since, had) = (Pace::now(), self.buffer.len());
        if link.transfer(&mut self.session, &mut self.buffer).await? == Transfer::End {
            self.session.end_of_input()?;
            return Err(ConnectError::Closed);
        }
        self.pace.came(self.buffer.len() - had, since, link.deadline)
    }

    /// What ties a login to this connection.
    pub fn channel_binding(&self) -> Option<ChannelBinding> {
        self.link.as_ref()?.channel_binding()
    }

    /// The key of the certificate that the server showed.
    pub fn pin(&self) -> Option<Pin> {
        self.link.as_ref()?.pin()
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The link alone, and octets that were read and not yet looked at.
    pub fn into_link(mut self) -> Result<(Link, Vec<u8>), ConnectError> {
        let behind = self.buffer.split_off(self.used);
        Ok((self.link.ok_or(ConnectError::Closed)?, behind))
    }
}
