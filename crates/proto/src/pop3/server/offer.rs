//! What a session offers, on its channel and in its state.

use crate::catalogue::{Language, Refusal};
use crate::pop3::server::{Channel, ClearLogin, Step, Stls};
use crate::pop3::{Capability, Reply, State};
use crate::sasl::Mechanism;

/// What CAPA lists. All of it but STLS stays true after login (P-131).
pub(super) fn capabilities(state: State, channel: Channel) -> Vec<Capability> {
    let mut capabilities = vec![Capability::Top, Capability::Uidl];
    if may_send_passwords(channel) {
        capabilities.push(Capability::User);
        capabilities.push(Capability::Sasl(mechanisms(channel)));
    }
    capabilities.extend([
        Capability::RespCodes,
        Capability::AuthRespCode,
        Capability::Pipelining,
        Capability::Utf8,
        Capability::Lang,
        Capability::ExpireNever,
        Capability::Implementation,
    ]);
    if state == State::Authorization && matches!(channel, Channel::Clear { stls: Stls::Available, .. }) {
        capabilities.push(Capability::Stls);
    }
    capabilities
}

/// The mechanisms that would be accepted now (P-133). LOGIN is for old clients, and for TLS alone (P-120).
pub(super) fn mechanisms(channel: Channel) -> &'static [Mechanism] {
    match channel {
        Channel::Tls => Mechanism::ALL,
        Channel::Clear { login: ClearLogin::Allowed, .. } => &[Mechanism::Plain],
        Channel::Clear { login: ClearLogin::Refused, .. } => &[],
    }
}

/// RFC 6856 §3: lists the languages, or changes to the one that fits. The old one stays when none does (P-209).
pub(super) fn lang(range: Option<&[u8]>) -> Step {
    match range.map(Language::lookup) {
        None => Step::Stay(Reply::Languages),
        Some(Some(language)) => Step::Speak(language),
        Some(None) => Step::Stay(Reply::Err(Refusal::LanguageNotSupported)),
    }
}

pub(super) fn may_send_passwords(channel: Channel) -> bool {
    matches!(channel, Channel::Tls | Channel::Clear { login: ClearLogin::Allowed, .. })
}
