//! Holds sessions open, so that somebody can look at what they cost.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::bench::accounts::Held;
use crate::bench::course::Course;
use crate::bench::fault::Fault;
use crate::bench::visit::{Visit, Waiting};
use crate::clock::{Clock, SystemClock};

/// Sessions that open at the same time: opening is not what is looked at.
const OPENING: usize = 32;

/// Where sessions are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Behind the greeting, and the TLS handshake if there is one.
    BeforeLogin,
    /// In the TRANSACTION state.
    LoggedIn,
}

enum Open {
    Before(Waiting),
    Inside(Visit, #[allow(dead_code, reason = "held so that nobody else uses the account")] Held),
}

/// Opens all sessions, says how many are open, holds them, and ends them. Returns how many were held.
pub(super) async fn run(course: &Arc<Course>, stage: Stage, time: Duration, all_held: impl FnOnce(u64)) -> u64 {
    let opening = Arc::new(Semaphore::new(OPENING));
    let mut sessions = JoinSet::new();
    for _ in 0..course.connections {
        let (course, opening) = (Arc::clone(course), Arc::clone(&opening));
        sessions.spawn(async move {
            let _turn = opening.acquire().await.ok()?;
            let begun = SystemClock.now();
            match open(&course, stage).await {
                Ok(open) => {
                    course.tally.session(SystemClock.now().duration_since(begun));
                    open
                }
                Err(fault) => {
                    course.tally.fault(&fault);
                    None
                }
            }
        });
    }
    let held: Vec<Open> = sessions.join_all().await.into_iter().flatten().collect();
    let count = held.len() as u64;
    all_held(count);
    tokio::time::sleep(time).await;
    for open in held {
        let ended = match open {
            Open::Before(waiting) => waiting.quit().await,
            Open::Inside(visit, _) => match visit.quit().await {
                Ok(leaving) => {
                    leaving.closed().await;
                    Ok(())
                }
                Err(fault) => Err(fault),
            },
        };
        if let Err(fault) = ended {
            course.tally.fault(&fault);
        }
    }
    count
}

async fn open(course: &Course, stage: Stage) -> Result<Option<Open>, Fault> {
    match stage {
        Stage::BeforeLogin => Ok(Some(Open::Before(Waiting::begin(&course.connector).await?))),
        Stage::LoggedIn => {
            let Some(held) = course.accounts.take().await else { return Ok(None) };
            let visit = Visit::begin(&course.connector, held.account()).await?;
            Ok(Some(Open::Inside(visit, held)))
        }
    }
}
