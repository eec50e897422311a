//! Enumerations as numbers. Lists only grow at their ends: what was written stays readable.

use watchpost_proto::Mechanism;
use watchpost_proto::pop3::server::{ForeignProtocol, Notice};
use watchpost_proto::pop3::{ResponseCode, State, Verb};

use crate::event::{
    AccountChange, Ending, Foreign, Letters, LoginOutcome, PasswordAccounts, PasswordLength, Port, SpokenEnd, Status,
    TlsFailure,
};
use crate::journal::octets::{Damaged, Input, put_number};

/// Verbs in the order in which they came into being here.
const VERBS: [Verb; 18] = [
    Verb::Apop,
    Verb::Auth,
    Verb::Capa,
    Verb::Dele,
    Verb::Lang,
    Verb::Last,
    Verb::List,
    Verb::Noop,
    Verb::Pass,
    Verb::Quit,
    Verb::Retr,
    Verb::Rset,
    Verb::Stat,
    Verb::Stls,
    Verb::Top,
    Verb::Uidl,
    Verb::User,
    Verb::Utf8,
];
/// The command is none of ours.
const NO_VERB: u8 = 31;

pub(super) fn verb_code(verb: Option<Verb>) -> u8 {
    verb.map_or(NO_VERB, |verb| code(&VERBS, &verb))
}

pub(super) fn verb_of(code: u8) -> Result<Option<Verb>, Damaged> {
    if code == NO_VERB { Ok(None) } else { of_code(&VERBS, code).map(Some) }
}

pub(super) fn mechanism_of(name: &str) -> Result<Mechanism, Damaged> {
    Mechanism::ALL.iter().copied().find(|mechanism| mechanism.name() == name).ok_or(Damaged)
}

/// The place of a value in a list.
pub(crate) fn code<T: PartialEq>(list: &[T], value: &T) -> u8 {
    let place = list.iter().position(|known| known == value);
    place.and_then(|place| u8::try_from(place).ok()).expect("every value stands in its list, and no list is long")
}

/// The value at a place of a list.
pub(crate) fn of_code<T: Copy>(list: &[T], code: u8) -> Result<T, Damaged> {
    list.get(usize::from(code)).copied().ok_or(Damaged)
}

pub(super) const STATES: [State; 3] = [State::Authorization, State::Transaction, State::Update];
pub(super) const ENDS: [SpokenEnd; 3] = [SpokenEnd::CrLf, SpokenEnd::Lf, SpokenEnd::None];
pub(super) const LETTERS: [Letters; 3] = [Letters::Upper, Letters::Lower, Letters::Mixed];
pub(super) const STATUSES: [Status; 3] = [Status::Ok, Status::Err, Status::Challenge];
pub(crate) const PORTS: [Port; 2] = [Port::Pop3, Port::Pop3s];
pub(super) const CODES: [ResponseCode; 6] = [
    ResponseCode::Auth,
    ResponseCode::InUse,
    ResponseCode::LoginDelay,
    ResponseCode::SysTemp,
    ResponseCode::SysPerm,
    ResponseCode::Utf8,
];
pub(super) const OUTCOMES: [LoginOutcome; 6] = [
    LoginOutcome::Accepted,
    LoginOutcome::Refused,
    LoginOutcome::Disabled,
    LoginOutcome::NotAuthorizedAs,
    LoginOutcome::InUse,
    LoginOutcome::Unavailable,
];
pub(super) const LENGTHS: [PasswordLength; 6] = [
    PasswordLength::Empty,
    PasswordLength::To5,
    PasswordLength::To8,
    PasswordLength::To11,
    PasswordLength::To15,
    PasswordLength::Longer,
];
pub(super) const PASSWORD_ACCOUNTS: [PasswordAccounts; 3] =
    [PasswordAccounts::One, PasswordAccounts::TwoOrMore, PasswordAccounts::TenOrMore];
pub(super) const FOREIGNS: [Foreign; 13] = [
    Foreign::Http,
    Foreign::Tls,
    Foreign::Smtp,
    Foreign::Imap,
    Foreign::Ssh,
    Foreign::Rdp,
    Foreign::Socks,
    Foreign::Smb,
    Foreign::Sip,
    Foreign::JsonRpc,
    Foreign::ClearPop3,
    Foreign::Text,
    Foreign::Binary,
];
pub(crate) const ENDINGS: [Ending; 10] = [
    Ending::Quit,
    Ending::Limit,
    Ending::Dropped,
    Ending::PeerClosed,
    Ending::Broken,
    Ending::Timeout,
    Ending::HandshakeFailed,
    Ending::ReadFailed,
    Ending::Shutdown,
    Ending::Refused,
];
pub(crate) const ACCOUNT_CHANGES: [AccountChange; 4] =
    [AccountChange::Password, AccountChange::Disabled, AccountChange::Enabled, AccountChange::Removed];
const FAILURES: [TlsFailure; 7] = [
    TlsFailure::Version,
    TlsFailure::NothingInCommon,
    TlsFailure::Alpn,
    TlsFailure::NotTls,
    TlsFailure::Closed,
    TlsFailure::Timeout,
    TlsFailure::Other,
];
/// Comes before an alert's own number.
const PEER_ALERT: u8 = 255;

pub(super) fn put_failure(octets: &mut Vec<u8>, failure: TlsFailure) {
    match failure {
        TlsFailure::PeerAlert(alert) => octets.extend([PEER_ALERT, alert]),
        other => octets.push(code(&FAILURES, &other)),
    }
}

pub(super) fn failure(input: &mut Input<'_>) -> Result<TlsFailure, Damaged> {
    match input.octet()? {
        PEER_ALERT => Ok(TlsFailure::PeerAlert(input.octet()?)),
        other => of_code(&FAILURES, other),
    }
}

const NOTICES: [Notice; 8] = [
    Notice::HelloBehindStls,
    Notice::ForeignProtocol(ForeignProtocol::Tls),
    Notice::ForeignProtocol(ForeignProtocol::Http),
    Notice::LineTooLong,
    Notice::TooManyBadCommands,
    Notice::TooManyFailedLogins,
    Notice::IdleTimeout,
    Notice::LoginTimeout,
];
/// Comes before a count of octets.
const CLEAR_TEXT: u8 = 255;

pub(super) fn put_notice(octets: &mut Vec<u8>, notice: Notice) {
    match notice {
        Notice::ClearTextBehindStls { octets: count } => {
            octets.push(CLEAR_TEXT);
            put_number(octets, count as u64);
        }
        other => octets.push(code(&NOTICES, &other)),
    }
}

pub(super) fn notice(input: &mut Input<'_>) -> Result<Notice, Damaged> {
    match input.octet()? {
        CLEAR_TEXT => Ok(Notice::ClearTextBehindStls { octets: input.small()? }),
        other => of_code(&NOTICES, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_its_number() {
        for verb in Verb::ALL {
            assert_eq!(verb_of(verb_code(Some(*verb))), Ok(Some(*verb)), "{} is missing in VERBS", verb.word());
        }
        assert_eq!(verb_of(verb_code(None)), Ok(None));
    }
}
