//! What the server reports of real clients: every session becomes events, and no reply changes by it.
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

#[path = "../support/mod.rs"]
mod support;

mod planted;
mod tls;
mod told;
mod unchanged;
mod watched;
