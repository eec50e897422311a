//! The configuration: what is refused, where, with which remedy; and that what is accepted says the same again.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod law;
mod meaning;
mod permissions;
mod refusals;
mod reports;
mod site;
mod tls;
