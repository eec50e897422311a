//! Connect, USER, PASS, STAT, QUIT: one after the other, or whenever one is due.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout_at};

use crate::bench::accounts::Account;
use crate::bench::course::Course;
use crate::bench::fault::Fault;
use crate::bench::visit::{Leaving, Visit};
use crate::clock::{Clock, SystemClock};

/// Logins that come when they are due, whether earlier ones have been answered or not: a slow server cannot slow
/// those down that are measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// Logins per second.
    pub(super) rate: u32,
    /// For how long.
    pub(super) time: Duration,
    /// How long after it was due a login is given up.
    pub(super) patience: Duration,
}

async fn session(course: &Course, account: &Account) -> Result<Leaving, Fault> {
    let mut visit = Visit::begin(&course.connector, account).await?;
    visit.stat().await?;
    visit.quit().await
}

/// As fast as the connections allow.
pub(super) async fn one_after_the_other(course: &Arc<Course>) {
    let mut workers = JoinSet::new();
    for _ in 0..course.connections {
        let course = Arc::clone(course);
        workers.spawn(async move {
            while course.another() {
                let Some(held) = course.accounts.take().await else { break };
                let begun = SystemClock.now();
                match session(&course, held.account()).await {
                    Ok(leaving) => {
                        course.tally.session(SystemClock.now().duration_since(begun));
                        leaving.closed().await;
                    }
                    Err(fault) => course.failed(&fault).await,
                }
            }
        });
    }
    workers.join_all().await;
}

/// When they are due. Returns how many were.
pub(super) async fn when_due(course: &Arc<Course>, schedule: Schedule) -> u64 {
    let begun = SystemClock.now();
    let mut offered = 0;
    let mut waiting = JoinSet::new();
    loop {
        let due = begun + Duration::from_secs(1) * offered / schedule.rate;
        if due >= begun + schedule.time {
            break;
        }
        sleep_until(due.into()).await;
        if !course.another() {
            break;
        }
        offered += 1;
        waiting.spawn(due_login(Arc::clone(course), due, schedule.patience));
        while waiting.try_join_next().is_some() {}
    }
    waiting.join_all().await;
    u64::from(offered)
}

async fn due_login(course: Arc<Course>, due: Instant, patience: Duration) {
    let served = async {
        let Some(held) = course.accounts.take().await else { return Ok(()) };
        let leaving = session(&course, held.account()).await?;
        course.tally.session(SystemClock.now().duration_since(due));
        leaving.closed().await;
        Ok(())
    };
    match timeout_at((due + patience).into(), served).await {
        Ok(Ok(())) => {}
        Ok(Err(fault)) => course.tally.fault(&fault),
        Err(_) => course.tally.late(SystemClock.now().duration_since(due)),
    }
}
