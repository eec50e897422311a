//! Those who belong here: a mail app, a program that fetches, a monitor, and a phone that does not know that the
//! password was changed (labelled M1 and M2, and never refused).

use std::time::Duration;

use super::scanners::done;
use super::stage::{Door, Stage};
use super::{ACCOUNT, Deed};
use crate::clock::{Clock as _, SystemClock};
use crate::connect::ConnectError;

/// Looks of the monitor: regular enough to be known as one.
const LOOKS: u32 = 22;
const LOOKS_EVERY: Duration = Duration::from_secs(2);
/// What the phone was told once. It was never a password here.
const OLD_PASSWORD: &str = "carols-old-password-2024";
const PHONE_TRIES: u32 = 6;
const PHONE_EVERY: Duration = Duration::from_secs(4);

/// Who comes before everybody else.
pub(super) fn first(stage: &Stage) -> Vec<Deed> {
    let stage = stage.clone();
    vec![Box::pin(async move {
        done(read_mail(&stage).await);
        done(fetch(&stage).await);
    })]
}

/// Who is there all along.
pub(super) fn all_along(stage: &Stage) -> Vec<Deed> {
    let (monitor, phone) = (stage.clone(), stage.clone());
    vec![Box::pin(async move { watch(&monitor).await }), Box::pin(async move { poll(&phone).await })]
}

/// A mail app at home: capabilities, STLS, capabilities again, the list, what is new.
async fn read_mail(stage: &Stage) -> Result<(), ConnectError> {
    let home = Stage::friend(1);
    let mut visit = stage.enter(home, Door::Pop3).await?;
    visit.ask("CAPA").await?;
    visit.say("STLS").await?;
    let mut visit = stage.begin_tls(home, visit).await?;
    visit.ask("CAPA").await?;
    visit.log_in(ACCOUNT, stage.password()).await?;
    visit.say("STAT").await?;
    visit.ask("UIDL").await?;
    for number in 1..=3 {
        visit.ask(&format!("RETR {number}")).await?;
    }
    visit.say("QUIT").await?;
    Ok(())
}

/// A program at home that says many things at once.
async fn fetch(stage: &Stage) -> Result<(), ConnectError> {
    let mut visit = stage.enter(Stage::friend(1), Door::Pop3s).await?;
    visit.log_in(ACCOUNT, stage.password()).await?;
    visit.ask("LIST").await?;
    visit.send("RETR 1\r\nRETR 2\r\nQUIT\r\n").await?;
    visit.listen().await;
    Ok(())
}

/// A monitor: the greeting, QUIT, again and again, always in the middle of a second: rules count whole ones.
async fn watch(stage: &Stage) {
    let since = SystemClock.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let middle = Duration::from_millis(u64::from(1_400 - since.subsec_millis()));
    let mut clock = tokio::time::interval_at((SystemClock.now() + middle).into(), LOOKS_EVERY);
    for _ in 0..LOOKS {
        clock.tick().await;
        let look = async {
            stage.enter(Stage::friend(2), Door::Pop3).await?.say("QUIT").await?;
            Ok(())
        };
        done(look.await);
    }
}

/// A phone at home.
async fn poll(stage: &Stage) {
    let mut clock = tokio::time::interval(PHONE_EVERY);
    for _ in 0..PHONE_TRIES {
        clock.tick().await;
        let poll = async {
            let mut visit = stage.enter(Stage::friend(1), Door::Pop3s).await?;
            visit.log_in(ACCOUNT, OLD_PASSWORD).await?;
            visit.say("QUIT").await?;
            Ok(())
        };
        done(poll.await);
    }
}
