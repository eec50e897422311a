//! What happened at the gate: every session as events that a person can read, and what rules make of them.
//!
//! Nothing here reads a clock, opens a socket or sees mail: an event carries its own time, and whoever serves mail
//! hands it to an [`EventSink`] that never makes mail wait. A [`Classifier`] turns events into [`Verdict`]s, each with
//! its evidence, and into [`Ban`]s; [`Classifier::answer`] says what a login gets.

#![allow(clippy::cast_precision_loss, reason = "counts are compared with thresholds that are no more exact")]

mod account;
mod address;
mod answers;
mod campaign;
pub mod capture;
mod carried;
mod classify;
mod dial;
mod episode;
mod event;
mod fingerprint;
mod foreign;
mod ground;
mod header;
mod hello;
pub mod journal;
mod origin;
mod password;
pub mod pcapng;
pub mod rules;
mod score;
mod session;
mod settings;
pub mod signatures;
mod sketch;
mod table;
pub mod texts;
mod trust;
mod untrusted;
mod verdict;
mod volume;
mod witness;

pub use address::{Network, NotANetwork};
pub use answers::{Answer, Ban, Decision, Lists, Visitor as LoginVisitor};
pub use carried::{Carried, Changes, Habit, Learned, UsedTool};
pub use classify::{Classifier, Findings, Visitor};
pub use dial::{Dial, Dialled, Panel, Unit, panels};
pub use event::{
    AccountChange, Answered, ConnectionId, Ending, Event, EventKind, EventSink, Foreign, Hello, Letters, LoginAttempt,
    LoginMechanism, LoginOutcome, MessageFacts, Oddities, PasswordAccounts, PasswordFacts, PasswordLength, Port,
    Sequence, SessionSummary, Spoken, SpokenEnd, Status, TlsFacts, TlsFailure,
};
pub use fingerprint::{Class, Fingerprint, Shape, Tool};
pub use foreign::recognise_before_tls;
pub use ground::{Fact, FactName, Ground, Value};
pub use header::is_sensitive;
pub use hello::read_hello;
pub use origin::{Origin, Origins};
pub use password::{BootKey, Guess, InstallationKey, PasswordTables};
pub use rules::RuleId;
pub use score::{Ladder, Weights};
pub use settings::{Capacity, Settings, Standing};
pub use table::HashKey;
pub use trust::Home;
pub use untrusted::Untrusted;
pub use verdict::{Confidence, Episode, Severity, Subject, Verdict};
pub use volume::Volume;
pub use witness::Witness;
