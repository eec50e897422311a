//! What is said of verdicts.

use watchpost_observatory::journal::StoredVerdict;

use super::shown;

/// A verdict in a sentence.
pub(super) fn sentence(verdict: &StoredVerdict) -> String {
    format!("{} {}", verdict.rule, shown(&verdict.subject))
}
