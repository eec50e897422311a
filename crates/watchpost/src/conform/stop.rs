//! Why a check did not pass.

use watchpost_observatory::Untrusted;

/// Why a check did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The server does something else.
    Failed {
        /// What must have come.
        expected: String,
        /// What came; harmless to show.
        came: String,
    },
    /// It could not be tried, for this reason; it counts neither way.
    Skipped(String),
}

impl Stop {
    pub(super) fn failed(expected: &str, came: &str) -> Self {
        Self::Failed { expected: expected.to_owned(), came: came.to_owned() }
    }

    /// What the server sent, escaped, and a remark.
    pub(super) fn came(expected: &str, octets: &[u8], remark: &str) -> Self {
        let octets = octets.strip_suffix(b"\r\n").unwrap_or(octets);
        let came = match (octets.is_empty(), remark) {
            (true, "") => "nothing".to_owned(),
            (true, remark) => remark.to_owned(),
            (false, "") => format!("{:?}", Untrusted::new(octets)),
            (false, remark) => format!("{:?}, {remark}", Untrusted::new(octets)),
        };
        Self::Failed { expected: expected.to_owned(), came }
    }

    pub(super) fn skipped(reason: &str) -> Self {
        Self::Skipped(reason.to_owned())
    }
}

/// Fails with what came unless something holds.
pub(super) fn ensure(holds: bool, expected: &str, came: &[u8]) -> Result<(), Stop> {
    if holds { Ok(()) } else { Err(Stop::came(expected, came, "")) }
}
