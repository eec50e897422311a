//! Mail that lies in files: finds the messages under a folder and reads them, octet by octet as they are.
//!
//! ```text
//! folder ── walk ──► *.eml      one message each, whatever its first line
//!               ├──► Maildir    each file in cur/ and new/, by time of arrival
//!               └──► *.mbox     cut at its "From " lines, quoting undone while reading
//! ```
//!
//! Nothing here writes, prints or follows a symbolic link.

mod error;
mod mbox;
mod samples;
mod source;
mod walk;

pub use self::error::ImportError;
pub use self::samples::samples;
pub use self::source::{Source, SourceReader};
pub use self::walk::{Sources, sources};
