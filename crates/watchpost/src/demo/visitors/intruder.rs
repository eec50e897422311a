//! Somebody who has carol's password, after a few that were wrong, and reads everything (rules H1, H2).

use super::maildrop::MESSAGES;
use super::scanners::done;
use super::stage::{Door, Stage};
use super::{ACCOUNT, Deed};
use crate::connect::ConnectError;

pub(super) fn comes(stage: &Stage) -> Deed {
    let stage = stage.clone();
    Box::pin(async move { done(harvest(&stage).await) })
}

async fn harvest(stage: &Stage) -> Result<(), ConnectError> {
    let source = stage.stranger(50);
    for wrong in [["carol1984", "Carol!2025"], ["carolcarol", "ilovecarol"]] {
        let mut visit = stage.enter(source, Door::Pop3).await?;
        for password in wrong {
            visit.log_in(ACCOUNT, password).await?;
        }
    }
    let mut visit = stage.enter(source, Door::Pop3s).await?;
    if visit.log_in(ACCOUNT, stage.password()).await? {
        visit.ask("LIST").await?;
        for number in 1..=MESSAGES {
            visit.ask(&format!("RETR {number}")).await?;
        }
        visit.say("QUIT").await?;
    }
    Ok(())
}
