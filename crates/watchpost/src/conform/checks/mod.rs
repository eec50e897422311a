//! Everything that is asked of a server, a room for each part of the protocol.

mod capabilities;
mod commands;
mod greeting;
mod idle;
mod language;
mod login;
mod message;
mod pipeline;
mod sasl;
mod tls;
mod transaction;
mod update;

use crate::conform::check::Check;
pub(super) use update::clean_up;

/// All checks, in the order in which they run.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [
        greeting::CHECKS,
        commands::CHECKS,
        capabilities::CHECKS,
        tls::CHECKS,
        login::CHECKS,
        sasl::CHECKS,
        transaction::CHECKS,
        message::CHECKS,
        pipeline::CHECKS,
        language::CHECKS,
        update::CHECKS,
        idle::CHECKS,
    ]
    .into_iter()
    .flatten()
}
