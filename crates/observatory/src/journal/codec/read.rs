//! Octets to events.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::time::Duration;

use data_encoding::HEXLOWER;
use watchpost_proto::pop3::server::Tally;

use super::words::{
    self, ACCOUNT_CHANGES, CODES, ENDINGS, ENDS, FOREIGNS, LENGTHS, LETTERS, OUTCOMES, PASSWORD_ACCOUNTS, PORTS,
    STATES, STATUSES, of_code,
};
use super::write::natural_octets;
use super::{Entry, JA3_OCTETS, Micros, Text, Told, VERSION, kind};
use crate::event::{
    AccountChange, Answered, EventKind, Hello, LoginAttempt, LoginMechanism, MessageFacts, Oddities, PasswordFacts,
    Sequence, SessionSummary, Spoken, TlsFacts,
};
use crate::journal::octets::{Damaged, Input};
use crate::untrusted::Untrusted;

/// The events of a blob, whose row says where and when it begins.
pub fn decode(first: Sequence, start: Micros, blob: &[u8], text: &mut Text<'_>) -> Result<Vec<Entry>, Damaged> {
    let mut reading = Reading { input: Input::new(blob), told: Told::default(), text };
    if reading.input.octet()? != VERSION {
        return Err(Damaged);
    }
    let (mut sequence, mut at) = (first, start);
    let mut entries = Vec::new();
    while !reading.input.is_empty() {
        sequence = Sequence(sequence.0.checked_add(reading.input.number()?).ok_or(Damaged)?);
        at = Micros(at.0.wrapping_add(reading.input.signed()?));
        let kind = reading.event()?;
        reading.told.hear(&kind);
        entries.push(Entry { sequence, at, kind });
    }
    Ok(entries)
}

struct Reading<'a, 't> {
    input: Input<'a>,
    told: Told,
    text: &'a mut Text<'t>,
}

impl Reading<'_, '_> {
    fn event(&mut self) -> Result<EventKind, Damaged> {
        Ok(match self.input.octet()? {
            kind::STARTED => EventKind::Started,
            kind::LOST => EventKind::Lost { count: self.input.number()? },
            kind::PASSWORD_CHANGED => {
                EventKind::AccountChanged { account: self.input.text()?, change: AccountChange::Password }
            }
            kind::ACCOUNT_CHANGED => EventKind::AccountChanged {
                change: of_code(&ACCOUNT_CHANGES, self.input.octet()?)?,
                account: self.input.text()?,
            },
            kind::OPENED => {
                let port = of_code(&PORTS, self.input.octet()?)?;
                EventKind::Opened { peer: self.endpoint()?, local: self.endpoint()?, port }
            }
            kind::HELLO => EventKind::Hello(Box::new(self.hello()?)),
            kind::TLS => EventKind::Tls(Box::new(self.tls()?)),
            kind::TLS_FAILED => EventKind::TlsFailed(words::failure(&mut self.input)?),
            kind::COMMAND => EventKind::Command(self.command()?),
            kind::REPLY => EventKind::Reply(self.reply()?),
            kind::LOGIN => EventKind::Login(Box::new(self.login()?)),
            kind::PREVIOUS_PASSWORD => EventKind::PreviousPassword { account: self.input.text()? },
            kind::FOREIGN => EventKind::Foreign {
                language: of_code(&FOREIGNS, self.input.octet()?)?,
                octets: Untrusted::new(self.input.octets()?),
            },
            kind::NOTICE => EventKind::Notice(words::notice(&mut self.input)?),
            kind::CLOSED => EventKind::Closed(Box::new(self.closed()?)),
            _ => return Err(Damaged),
        })
    }

    fn endpoint(&mut self) -> Result<SocketAddr, Damaged> {
        let version = self.input.octet()?;
        if version == 4 {
            let address: [u8; 4] = self.input.take(4)?.try_into().map_err(|_| Damaged)?;
            return Ok(SocketAddrV4::new(Ipv4Addr::from(address), self.port_number()?).into());
        }
        let address: [u8; 16] = self.input.take(16)?.try_into().map_err(|_| Damaged)?;
        let port = self.port_number()?;
        let (flow, scope) = match version {
            6 => (0, 0),
            7 => (self.input.small()?, self.input.small()?),
            _ => return Err(Damaged),
        };
        Ok(SocketAddrV6::new(Ipv6Addr::from(address), port, flow, scope).into())
    }

    fn port_number(&mut self) -> Result<u16, Damaged> {
        Ok(u16::from_be_bytes([self.input.octet()?, self.input.octet()?]))
    }

    fn word(&mut self) -> Result<String, Damaged> {
        match self.input.number()? {
            0 => self.input.text(),
            number => (self.text)(number).ok_or(Damaged),
        }
    }

    fn chosen(&mut self, there: bool) -> Result<Option<Untrusted>, Damaged> {
        if !there {
            return Ok(None);
        }
        let octets = match self.input.number()? {
            0 => self.input.octets()?.to_vec(),
            number => (self.text)(number).ok_or(Damaged)?.into_bytes(),
        };
        Ok(Some(Untrusted::new(octets)))
    }

    fn hello(&mut self) -> Result<Hello, Damaged> {
        let has = self.input.octet()?;
        Ok(Hello {
            version: self.input.small()?,
            server_name: self.chosen(has & 1 != 0)?,
            alpn: self.chosen(has & 2 != 0)?,
            ja3: if has & 4 != 0 { HEXLOWER.encode(self.input.take(JA3_OCTETS)?) } else { self.word()? },
            ja4: self.word()?,
        })
    }

    fn tls(&mut self) -> Result<TlsFacts, Damaged> {
        let has = self.input.octet()?;
        Ok(TlsFacts {
            version: self.word()?.into(),
            suite: self.word()?.into(),
            server_name: self.chosen(has & 1 != 0)?,
            alpn: self.chosen(has & 2 != 0)?,
            resumed: has & 4 != 0,
        })
    }

    fn command(&mut self) -> Result<Spoken, Damaged> {
        let head = self.input.octet()?;
        let verb = words::verb_of(head & 0x1f)?;
        let state = of_code(&STATES, head >> 5 & 3)?;
        let has = self.input.octet()?;
        let style = self.input.octet()?;
        let (line_end, letters) = (of_code(&ENDS, style / 3)?, of_code(&LETTERS, style % 3)?);
        let mut text = Vec::new();
        if has & 1 != 0 {
            text.extend_from_slice(verb.ok_or(Damaged)?.word().as_bytes());
        }
        if has & 2 != 0 {
            text.extend_from_slice(self.input.octets()?);
        }
        let hidden = if has & 4 == 0 { 0 } else { self.input.small()? };
        let octets = if has & 8 == 0 {
            self.input.small()?
        } else {
            natural_octets(text.len(), hidden, line_end).ok_or(Damaged)?
        };
        let oddities = Oddities(if has & 16 == 0 { 0 } else { self.input.small()? });
        let pipelined = head & 0x80 != 0;
        Ok(Spoken { state, verb, text: Untrusted::new(text), hidden, octets, line_end, letters, pipelined, oddities })
    }

    fn reply(&mut self) -> Result<Answered, Damaged> {
        let head = self.input.octet()?;
        let error = if head & 1 == 0 { None } else { Some(self.input.small()?) };
        let code = if head & 2 == 0 { None } else { Some(of_code(&CODES, self.input.octet()?)?) };
        let octets = self.input.number()?;
        let mut message = None;
        if head & 4 != 0 {
            let (number, age_seconds) = (self.input.small()?, self.input.small()?);
            message = Some(MessageFacts { number, age_seconds, sensitive: head & 8 != 0 });
        }
        Ok(Answered { status: of_code(&STATUSES, head >> 4)?, error, code, octets, message })
    }

    fn login(&mut self) -> Result<LoginAttempt, Damaged> {
        let head = self.input.octet()?;
        let mechanism = match self.input.octet()? {
            0 => LoginMechanism::User,
            1 => LoginMechanism::Apop,
            2 => LoginMechanism::Sasl(words::mechanism_of(&self.word()?)?),
            _ => return Err(Damaged),
        };
        let name = self.input.octets()?;
        let mut account = None;
        if head & 1 != 0 {
            let mut whole = if head & 2 == 0 { Vec::new() } else { name.to_vec() };
            whole.extend_from_slice(self.input.octets()?);
            account = Some(String::from_utf8(whole).map_err(|_| Damaged)?);
        }
        let password = if head & 4 == 0 { None } else { Some(self.password()?) };
        let outcome = of_code(&OUTCOMES, head >> 4)?;
        Ok(LoginAttempt { name: Untrusted::new(name), account, mechanism, outcome, password })
    }

    fn password(&mut self) -> Result<PasswordFacts, Damaged> {
        let tag = self.port_number()?;
        let shape = self.input.octet()?;
        let bits = self.input.octet()?;
        Ok(PasswordFacts {
            tag,
            length: of_code(&LENGTHS, shape >> 5)?,
            classes: shape & 0x1f,
            repeat: bits & 1 != 0,
            common: bits & 2 != 0,
            default: bits & 4 != 0,
            password_accounts: of_code(&PASSWORD_ACCOUNTS, bits >> 4)?,
            source_passwords: self.input.octet()?,
            source_accounts: self.input.octet()?,
        })
    }

    fn closed(&mut self) -> Result<SessionSummary, Damaged> {
        let has = self.input.octet()?;
        let ending = of_code(&ENDINGS, self.input.octet()?)?;
        let (peer, local) = match (has & 1 != 0, self.told.opened) {
            (true, Some((peer, local, _))) => (peer, local),
            (true, None) => return Err(Damaged),
            (false, _) => (self.endpoint()?, self.endpoint()?),
        };
        let tls = match (has & 2 != 0, has & 8 != 0) {
            (true, _) => self.told.tls.as_deref().cloned(),
            (false, true) => Some(self.tls()?),
            (false, false) => None,
        };
        let user = match (has & 4 != 0, has & 16 != 0) {
            (true, _) => self.told.account.as_ref().and_then(|name| String::from_utf8(name.to_vec()).ok()),
            (false, true) => Some(self.input.text()?),
            (false, false) => None,
        };
        let state = if has & 32 == 0 { None } else { Some(of_code(&STATES, self.input.octet()?)?) };
        let tally = Tally {
            commands: self.input.number()?,
            errors: self.input.number()?,
            failed_logins: self.input.small()?,
            retrieved: self.input.number()?,
            retrieved_octets: self.input.number()?,
            topped: self.input.number()?,
            removed: self.input.small()?,
        };
        Ok(SessionSummary {
            peer,
            local,
            tls,
            user,
            state,
            tally,
            messages: self.input.small()?,
            removed_unread: self.input.small()?,
            commands_dropped: self.input.number()?,
            octets_in: self.input.number()?,
            octets_out: self.input.number()?,
            duration: self.duration()?,
            first_octet: if has & 64 == 0 { None } else { Some(self.duration()?) },
            ending,
            notice: if has & 128 == 0 { None } else { Some(words::notice(&mut self.input)?) },
        })
    }

    fn duration(&mut self) -> Result<Duration, Damaged> {
        let (seconds, nanoseconds) = (self.input.number()?, self.input.small()?);
        if nanoseconds >= 1_000_000_000 { Err(Damaged) } else { Ok(Duration::new(seconds, nanoseconds)) }
    }
}
