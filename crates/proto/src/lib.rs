//! POP3 without I/O: octets in, actions out.
//!
//! ```text
//!              receive(octets)            poll(&mut output) -> Action
//!   socket ──────────────────► Session ──────────────────────────────► driver
//!                                ▲                                        │
//!                                └── login_result · message_chunk · … ◄───┘
//! ```
//!
//! Nothing here opens a socket or a file, reads a clock or draws a random number: the same octets at the same
//! moments give the same actions. The server half is [`pop3::server::Session`], the client half [`pop3::client::Session`]; their words are the words of RFC 1939.

mod apop;
pub mod catalogue;
mod credentials;
mod dot;
mod line;
mod listing;
mod mime;
pub mod planted;
pub mod pop3;
pub mod sasl;
mod types;
mod undot;

pub use apop::{ApopDigest, Timestamp};
pub use credentials::{Credentials, Password, prepared};
pub use dot::{DotStuffer, OctetCounter, Progress};
pub use line::{Line, LineBuffer, LineEnd};
pub use listing::{Listing, ListingFull, Outcome};
pub use mime::{Headers, Sizer};
pub use sasl::Mechanism;
pub use types::{Extent, MessageNumber, NotAUniqueId, Octets, Sizes, UniqueId};
pub use undot::{DotUnstuffer, Unstuffed};
