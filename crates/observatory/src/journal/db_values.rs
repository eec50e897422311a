//! Values as columns hold them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};
use smallvec::SmallVec;
use watchpost_proto::pop3::State;

use super::codec::words::{ENDINGS, code, of_code};
use super::row::SessionEnd;

/// Nobody knows how it ended.
const UNKNOWN: i64 = 99;

/// How a session ended; NULL while it goes on.
pub(super) fn end_value(end: SessionEnd) -> Option<i64> {
    match end {
        SessionEnd::Open => None,
        SessionEnd::Ended(ending) => Some(i64::from(code(&ENDINGS, &ending))),
        SessionEnd::Unknown => Some(UNKNOWN),
    }
}

pub(super) fn end_of(value: Option<i64>) -> SessionEnd {
    let Some(value) = value else { return SessionEnd::Open };
    let ending = u8::try_from(value).ok().and_then(|code| of_code(&ENDINGS, code).ok());
    ending.map_or(SessionEnd::Unknown, SessionEnd::Ended)
}

pub(super) fn state_value(state: State) -> i64 {
    match state {
        State::Authorization => 0,
        State::Transaction => 1,
        State::Update => 2,
    }
}

pub(super) fn state_of(value: Option<i64>) -> Option<State> {
    [State::Authorization, State::Transaction, State::Update].get(usize::try_from(value?).ok()?).copied()
}

/// An address as its octets, so that a network is a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address(SmallVec<[u8; 16]>);

impl Address {
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self(SmallVec::from_slice(&address.octets())),
            IpAddr::V6(address) => Self(SmallVec::from_slice(&address.octets())),
        }
    }

    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl ToSql for Address {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.octets())))
    }
}

pub(super) fn address_of(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Some(Ipv4Addr::from(four).into());
    }
    <[u8; 16]>::try_from(octets).ok().map(|six| Ipv6Addr::from(six).into())
}
