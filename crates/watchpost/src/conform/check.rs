//! What a check is, and how it ends.

use std::pin::Pin;

use watchpost_observatory::Untrusted;

use crate::conform::subject::Subject;

/// One thing that is asked of a server.
pub struct Check {
    /// The requirements it proves.
    pub ids: &'static [&'static str],
    /// Where that is written.
    pub rfc: &'static str,
    /// What must hold, in English.
    pub english: &'static str,
    /// What must hold, in Japanese.
    pub japanese: &'static str,
    /// What the paragraph says, for whoever must mend it.
    pub rule: &'static str,
    pub(super) run: for<'a> fn(&'a Subject) -> Doing<'a>,
}

/// A check on its way.
pub(super) type Doing<'a> = Pin<Box<dyn Future<Output = Result<(), Stop>> + 'a>>;

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

/// How a check ended.
pub struct Finding {
    /// Which check.
    pub check: &'static Check,
    /// Passed, failed or skipped.
    pub result: Result<(), Stop>,
}

/// Writes a table of checks down: ids, section, English, Japanese, the rule, and the function.
///
/// `=> known` stands behind a function that judges what the run knows already, and waits for nothing.
macro_rules! checks {
    (@doing $run:ident) => {
        |subject| Box::pin($run(subject))
    };
    (@doing $run:ident known) => {
        |subject| Box::pin(std::future::ready($run(subject)))
    };
    ($($ids:expr, $rfc:literal, $english:literal, $japanese:literal, $rule:literal, $run:ident $(=> $known:ident)?;)*) => {
        /// The checks of this room.
        pub(super) const CHECKS: &[$crate::conform::check::Check] = &[
            $($crate::conform::check::Check {
                ids: &$ids,
                rfc: $rfc,
                english: $english,
                japanese: $japanese,
                rule: $rule,
                run: $crate::conform::check::checks!(@doing $run $($known)?),
            },)*
        ];
    };
}
pub(super) use checks;
