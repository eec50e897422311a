//! STAT, UIDL and LIST of whole maildrops, and RETR of every message in them. Nothing is deleted.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::bench::accounts::Held;
use crate::bench::course::Course;
use crate::bench::fault::Fault;
use crate::bench::visit::{Leaving, Visit};
use crate::clock::{Clock, SystemClock};

/// How far a session goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// STAT, UIDL and LIST.
    Listings,
    /// And RETR of every message.
    Messages,
}

/// Sessions until the course ends.
pub(super) async fn run(course: &Arc<Course>, depth: Depth) {
    let mut workers = JoinSet::new();
    for _ in 0..course.connections {
        let course = Arc::clone(course);
        workers.spawn(async move {
            while course.another() {
                let Some(held) = course.accounts.take().await else { break };
                let begun = SystemClock.now();
                match session(&course, &held, depth).await {
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

async fn session(course: &Course, held: &Held, depth: Depth) -> Result<Leaving, Fault> {
    let mut visit = Visit::begin(&course.connector, held.account()).await?;
    let sizes = visit.listings().await?;
    if depth == Depth::Messages {
        let digest = visit.retrieve(&sizes, course.reading, &course.tally).await?;
        if let Some(digest) = digest {
            course.tally.digest(held.index(), &held.account().name, digest);
        }
    }
    visit.quit().await
}
