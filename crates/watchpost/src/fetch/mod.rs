//! Retrieval: mail from other servers, each message once, whatever breaks in between.
//!
//! ```text
//!   config ─► Account ─┐
//!                      ├─► run ─► session ─► login, listing, plan (pure)
//!   secret, connect ───┘             │
//!                                 transfer ─ handfuls ─► keeper ──► destination
//!                                    ▲                     │  many messages, one sync
//!                                    └──── what is durable ┘
//!                                          journal: what was fetched, what is about to be
//! ```
//!
//! The journal is written before and after each delivery, so that a crash leaves at most a delivery that the next start
//! completes ([`destination`]). DELE goes out for what is durable alone, and only QUIT's `+OK` counts as removal.

pub mod account;
mod block;
pub mod check;
pub mod command;
pub mod destination;
pub mod entries;
mod exchange;
pub mod fingerprint;
mod handful;
mod import;
mod init;
pub mod journal;
mod keeper;
pub mod listing;
pub mod login;
pub mod plan;
pub mod progress;
pub mod rule;
pub mod run;
mod say;
pub mod schedule;
pub mod secret;
mod service;
pub mod session;
mod table;
mod transfer;
mod url;

/// Sessions at the same time: what each of them may take depends on it.
const SESSIONS_MAX: usize = 32;

/// Where tests of crashes end the program, as a power cut would: nothing behind this happens. Nothing in a release.
fn crash_point(name: &str) {
    if watchpost_proto::planted::planted(name) {
        std::process::abort();
    }
}
