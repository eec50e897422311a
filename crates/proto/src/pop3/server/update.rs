//! The UPDATE state (RFC 1939 §6): marked messages are removed, and only then is QUIT answered.

use crate::catalogue::Assent;
use crate::pop3::Reply;

/// The reply to QUIT once everything is done, and durable (P-191).
pub(super) const fn done(removed: usize) -> Reply {
    match removed {
        0 => Reply::Ok(Assent::Bye),
        _ => Reply::Ok(Assent::ByeRemoved),
    }
}
