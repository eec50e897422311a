//! Retrieval: exactly once, from servers that behave and from servers that do not.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

#[path = "../support/mod.rs"]
mod support;

mod checks;
mod crash;
mod descriptors;
mod destinations;
mod discovery;
mod doors;
mod exits;
mod hostile;
mod house;
mod kill;
mod kill_relays;
mod locks;
mod names;
mod pki;
mod power;
mod program;
mod promises;
mod proofs;
mod proxies;
mod receivers;
mod sequence;
mod server;
mod service;
mod sweep;
mod takeover;
mod terminal;
mod urls;
mod world;
