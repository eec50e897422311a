//! Retrieval: exactly once, from servers that behave and from servers that do not.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

#[path = "../support/mod.rs"]
mod support;

mod checks;
mod crash;
mod destinations;
mod hostile;
mod house;
mod kill;
mod power;
mod program;
mod proxies;
mod receivers;
mod sequence;
mod server;
mod sweep;
mod takeover;
