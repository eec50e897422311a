//! Those who guess: one account, many accounts, many addresses (rules B1, P1, C1, D1, DC, E1).

use std::net::Ipv4Addr;
use std::time::Duration;

use super::Deed;
use super::scanners::done;
use super::stage::{Door, Stage};
use crate::connect::ConnectError;

/// Guesses on one connection: the server closes after three.
const GUESSES_EACH: usize = 3;
/// Addresses of the botnet, what each of them tries, and how long it waits in between.
const BOTS: u8 = 12;
const BOT_GUESSES: usize = 5;
const BOT_PAUSE: Duration = Duration::from_secs(6);

/// What people use and programs try. None is a password of the demo: those are made by chance.
const COMMON: [&str; 9] =
    ["123456", "password", "qwerty", "letmein", "dragon", "monkey", "sunshine", "iloveyou", "welcome1"];
/// Names that a sprayer knows from a web page.
const STAFF: [&str; 10] = ["anna", "ben", "carla", "david", "emma", "felix", "greta", "hugo", "ida", "jonas"];
/// Pairs as they stand in lists of stolen accounts.
const STOLEN: [(&str, &str); 10] = [
    ("lena@example.com", "Sommer2019!"),
    ("m.huber@example.net", "fussball11"),
    ("tanaka@example.jp", "sakura88"),
    ("olivier@example.fr", "azerty2020"),
    ("j.smith@example.com", "Liverpool1"),
    ("nina@example.org", "katze123"),
    ("paulo@example.com.br", "flamengo10"),
    ("sofia@example.it", "juventus7"),
    ("kim@example.com", "pokemon25"),
    ("ivan@example.org", "zenit2018"),
];
/// Names that exist in every system, with the passwords that devices have when they are unpacked.
const DEFAULTS: [(&str, &str); 4] = [("admin", "admin"), ("root", "root"), ("scan", "scan"), ("test", "test123")];
/// Names that a botnet walks through.
const OFFICES: [&str; 6] = ["helpdesk", "marketing", "noreply", "office", "fax", "backup"];

pub(super) fn all(stage: &Stage) -> Vec<Deed> {
    let pairs = |names: &[&str], passwords: &[&str]| -> Vec<(String, String)> {
        let names = names.iter().flat_map(|name| passwords.iter().map(move |password| (*name, *password)));
        names.map(owned).collect()
    };
    let mut all = vec![
        guesses(stage, stage.stranger(10), pairs(&["alice"], &COMMON)),
        guesses(stage, stage.stranger(11), pairs(&STAFF, &["Winter2026!"])),
        guesses(stage, stage.stranger(12), STOLEN.iter().copied().map(owned).collect()),
        guesses(stage, stage.stranger(13), DEFAULTS.iter().copied().map(owned).collect()),
        enumerates(stage, stage.stranger(14)),
    ];
    all.extend((0..BOTS).map(|bot| walks_the_list(stage, bot)));
    all
}

/// One address of the botnet: a guess on a connection, a pause, the next one. All of them write as one program does.
fn walks_the_list(stage: &Stage, bot: u8) -> Deed {
    let (stage, source) = (stage.clone(), stage.stranger(20 + bot));
    Box::pin(async move {
        let mut clock = tokio::time::interval(BOT_PAUSE);
        let first = usize::from(bot) * BOT_GUESSES;
        for number in first..first + BOT_GUESSES {
            clock.tick().await;
            let guess = async {
                let mut visit = stage.enter(source, Door::Pop3).await?;
                visit.send(format!("user {}\n", OFFICES[number % OFFICES.len()])).await?;
                visit.line().await?;
                visit.send(format!("pass Spring-{}!\n", 1980 + number)).await?;
                visit.line().await?;
                Ok(())
            };
            done(guess.await);
        }
    })
}

fn owned((name, password): (&str, &str)) -> (String, String) {
    (name.to_owned(), password.to_owned())
}

/// Tries these one after another, a few on each connection, and hangs up without QUIT.
fn guesses(stage: &Stage, source: Ipv4Addr, pairs: Vec<(String, String)>) -> Deed {
    let stage = stage.clone();
    Box::pin(async move {
        for some in pairs.chunks(GUESSES_EACH) {
            done(guess(&stage, source, some).await);
        }
    })
}

async fn guess(stage: &Stage, source: Ipv4Addr, pairs: &[(String, String)]) -> Result<(), ConnectError> {
    let mut visit = stage.enter(source, Door::Pop3).await?;
    for (name, password) in pairs {
        visit.log_in(name, password).await?;
    }
    Ok(())
}

/// Asks for names and never sends a password: some servers tell by their answer which exist.
fn enumerates(stage: &Stage, source: Ipv4Addr) -> Deed {
    let stage = stage.clone();
    Box::pin(async move {
        for name in STAFF {
            let asked = async {
                let mut visit = stage.enter(source, Door::Pop3).await?;
                visit.say(&format!("USER {name}")).await?;
                visit.say("QUIT").await?;
                Ok(())
            };
            done(asked.await);
        }
    })
}
