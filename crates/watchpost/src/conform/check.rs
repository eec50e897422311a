//! What a check is, and how it ends.

use std::pin::Pin;

use crate::conform::stop::Stop;
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
