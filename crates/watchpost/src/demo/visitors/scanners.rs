//! Those who look what this is, and those who take it for something else (rules W1, W2, W3).

use std::net::Ipv4Addr;
use std::time::Duration;

use super::stage::{Door, Stage};
use super::{Deed, visit::Visit};
use crate::connect::ConnectError;

pub(super) fn all(stage: &Stage) -> Vec<Deed> {
    let with = |number| (stage.clone(), stage.stranger(number));
    let (banner, scanner, web) = (with(1), with(2), with(3));
    vec![
        Box::pin(async move { done(look(&banner.0, banner.1).await) }),
        Box::pin(async move { done(ask_around(&scanner.0, scanner.1).await) }),
        Box::pin(async move { speak_in_tongues(&web.0, web.1).await }),
    ]
}

/// The end of a visit, however it came: being thrown out is part of the play.
pub(super) fn done(_: Result<(), ConnectError>) {}

/// Takes the greeting on both ports and leaves.
async fn look(stage: &Stage, source: Ipv4Addr) -> Result<(), ConnectError> {
    for door in [Door::Pop3, Door::Pop3s] {
        drop(stage.enter(source, door).await?);
    }
    Ok(())
}

/// What scanners of the whole internet ask: HELP is no word of POP3, and NOOP none before login.
async fn ask_around(stage: &Stage, source: Ipv4Addr) -> Result<(), ConnectError> {
    let mut visit = stage.enter(source, Door::Pop3).await?;
    visit.say("HELP").await?;
    visit.say("NOOP").await?;
    visit.ask("CAPA").await?;
    visit.say("STLS").await?;
    let mut visit = stage.begin_tls(source, visit).await?;
    visit.say("QUIT").await?;
    Ok(())
}

/// How long those who speak something else wait for an answer.
const MOMENT: Duration = Duration::from_secs(1);

/// What other protocols begin with.
const TONGUES: [&[u8]; 4] = [
    b"GET / HTTP/1.1\r\nHost: mail.example.org\r\nUser-Agent: Mozilla/5.0\r\n\r\n",
    b"EHLO scanner.example.net\r\n",
    b"SSH-2.0-Go\r\n",
    b"\x03\x00\x00\x2f\x2a\xe0\x00\x00\x00\x00\x00Cookie: mstshash=Administr\r\n\x01\x00\x08\x00\x03\x00\x00\x00",
];

/// One source that tries one protocol after another, TLS on the plain port and HTTP on the other too.
async fn speak_in_tongues(stage: &Stage, source: Ipv4Addr) {
    for tongue in TONGUES {
        done(utter(stage.knock(source, Door::Pop3).await, tongue).await);
    }
    done(utter(stage.knock(source, Door::Pop3s).await, TONGUES[0]).await);
    if let Ok(visit) = stage.knock(source, Door::Pop3).await {
        done(stage.begin_tls(source, visit).await.map(drop));
    }
}

/// Says it and waits a moment for a word behind the greeting: to some of this there is no answer.
async fn utter(visit: Result<Visit, ConnectError>, octets: &[u8]) -> Result<(), ConnectError> {
    let mut visit = visit?;
    visit.send(octets).await?;
    let heard = async {
        visit.line().await?;
        visit.line().await
    };
    let _ = tokio::time::timeout(MOMENT, heard).await;
    Ok(())
}
