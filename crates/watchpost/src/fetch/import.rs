//! x
use crate::cli::{ExitCode, FetchImportArgs};
use crate::console::{Failure, Talk};
use std::path::Path;
pub(super) fn run(_a: &FetchImportArgs, _h: &Path, _s: &Path, _t: &Talk) -> Result<(), Failure> {
    Err(Failure::new(ExitCode::Usage, ""))
}
