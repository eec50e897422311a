//! The inactivity timer: only when the run may wait for it.

use std::time::Duration;

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::Subject;

/// RFC 1939 §3: ten minutes at least.
const LEAST: Duration = Duration::from_mins(10);

checks! {
    ["P-009", "P-010"], "RFC 1939 §3", "An idle session lasts ten minutes, and ends without a line",
        "何も送らないセッションは 10 分間続き、何も送らずに切断される",
        "The timer is 600 seconds at least; when it fires the server sends nothing, and removes nothing.", idles;
}

async fn idles(subject: &Subject) -> Result<(), Stop> {
    if !subject.permissions.idle {
        return Err(Stop::skipped("waiting takes ten minutes (--wait-idle)"));
    }
    let mut wire = subject.login().await?;
    match wire.outcome_within(LEAST).await {
        None => Ok(()),
        Some(came) => {
            ensure(came.is_empty(), "no line when the timer fires", &came)?;
            Err(Stop::failed("a session of ten minutes without a command", "the end before that"))
        }
    }
}
