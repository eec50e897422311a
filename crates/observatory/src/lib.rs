//! What happened at the gate: every session as events that a person can read.
//!
//! Nothing here reads a clock, opens a socket or sees mail: an event carries its own time, and whoever serves mail
//! hands it to an [`EventSink`] that never makes mail wait.

mod event;
mod foreign;
mod hello;
mod password;
mod queue;
mod untrusted;
mod witness;

pub use event::{
    Answered, ConnectionId, Ending, Event, EventKind, EventSink, Foreign, Hello, Letters, LoginAttempt, LoginMechanism,
    LoginOutcome, MessageFacts, Oddities, PasswordAccounts, PasswordFacts, PasswordLength, Port, Sequence,
    SessionSummary, Spoken, SpokenEnd, Status, TlsFacts, TlsFailure,
};
pub use foreign::recognise_before_tls;
pub use hello::read_hello;
pub use password::{BootKey, Guess, InstallationKey, PasswordTables};
pub use queue::{Inlet, Outlet, queue};
pub use untrusted::Untrusted;
pub use witness::Witness;
