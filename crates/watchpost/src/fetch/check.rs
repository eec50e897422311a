//! `fetch check` logs in and lists, and fetches nothing; `fetch status` says what the journals know, without a network.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::account::Account;
use super::journal::{Fate, Journal};
use super::plan::{FAILURES_MAX, Orphans, Step, plan};
use super::run::{Fetcher, connector};
use super::say;
use super::session::{Report, SessionError, enter, list};
use crate::console::{Failure, Talk};

/// What a look at a server shows.
struct Look {
    report: Report,
    listed: usize,
    fresh: usize,
    capabilities: Vec<String>,
    pin: Option<String>,
}

async fn look(fetcher: &Fetcher, account: &Account) -> Result<Look, SessionError> {
    let seen = Journal::peek(&fetcher.folder, &account.name)?;
    let secret = fetcher.secret(account)?;
    let mut client = connector(account, &seen)?.connect().await?;
    let mut report = Report::default();
    enter(&mut client, account, &secret, &mut report).await?;
    let listing = list(&mut client).await?;
    let orphans = Orphans::of(&seen, &listing.ids());
    let plan = plan(&listing, &seen, &orphans, &account.policy, fetcher.clock.seconds());
    let fresh = plan.steps.iter().filter(|step| !matches!(step, Step::Remove(_))).count() + plan.postponed;
    let capabilities = client.session().capabilities().lines().to_vec();
    let pin = client.pin().map(|pin| pin.to_string());
    // Nothing was marked: how the server says goodbye changes nothing.
    let _ = super::exchange::ask(&mut client, &watchpost_proto::pop3::client::Command::Quit).await;
    Ok(Look { report, listed: listing.len(), fresh, capabilities, pin })
}

/// Looks at every account, one after the other.
pub(super) async fn check(
    fetcher: &Arc<Fetcher>,
    accounts: &[Account],
    json: bool,
    talk: &Talk,
) -> Result<(), Failure> {
    let mut worst = Ok(());
    for account in accounts {
        match look(fetcher, account).await {
            Ok(look) if json => talk.print(&as_json(account, &look).to_string()),
            Ok(look) => talk.print(&text(account, &look, talk)),
            Err(error) => {
                let failure = say::failure(&account.name, &error, talk);
                if json {
                    let shown = json!({ "account": account.name, "ok": false, "error": error.to_string() });
                    talk.print(&shown.to_string());
                } else {
                    talk.say(&failure.text);
                }
                worst = Err(Failure::new(failure.code, ""));
            }
        }
    }
    worst
}

fn text(account: &Account, look: &Look, talk: &Talk) -> String {
    let untrusted = |text: &str| watchpost_observatory::Untrusted::new(text.as_bytes()).to_string();
    let capabilities: Vec<String> = look.capabilities.iter().map(|line| untrusted(line)).collect();
    let variables = [
        ("account", account.name.as_str().into()),
        ("server", format!("{}:{}", account.host, account.port).into()),
        ("method", look.report.method.map_or("?", super::login::Method::word).into()),
        ("messages", look.listed.into()),
        ("fresh", look.fresh.to_string().into()),
        ("capabilities", capabilities.join(", ").into()),
        ("pin", look.pin.clone().unwrap_or_else(|| "-".to_owned()).into()),
        ("to", destination(account).unwrap_or_else(|| "-".to_owned()).into()),
    ];
    talk.texts.format("talk-fetch-check", &variables)
}

fn as_json(account: &Account, look: &Look) -> serde_json::Value {
    json!({
        "account": account.name,
        "ok": true,
        "server": format!("{}:{}", account.host, account.port),
        "method": look.report.method.map(super::login::Method::word),
        "listed": look.listed,
        "new": look.fresh,
        "capabilities": look.capabilities,
        "login_delay": look.report.login_delay,
        "expire_days": look.report.expire_days,
        "pin": look.pin,
        "to": destination(account),
    })
}

/// Where the mail goes, unless it goes nowhere.
fn destination(account: &Account) -> Option<String> {
    (!super::url::goes_nowhere(account)).then(|| account.target.to_string())
}

/// What the journals know.
pub(super) fn status(accounts: &[Account], folder: &Path, json: bool, talk: &Talk) -> Result<(), Failure> {
    for account in accounts {
        let seen = Journal::peek(folder, &account.name);
        let seen = seen.map_err(|error| say::failure(&account.name, &error.into(), talk))?;
        let known = seen.entries.iter().filter(|(_, entry)| entry.fate == Fate::Listed).count();
        let last = seen.entries.iter().map(|(_, entry)| entry.seconds).max();
        let last = last.and_then(|seconds| jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok());
        let given_up: Vec<&str> =
            seen.failures.iter().filter(|(_, times)| **times >= FAILURES_MAX).map(|(id, _)| id.as_ref()).collect();
        if json {
            let shown = json!({
                "account": account.name,
                "known": known,
                "last": last.map(|last| last.to_string()),
                "given_up": given_up,
                "unfinished": seen.open.len(),
                "no_pipelining": seen.no_pipelining,
            });
            talk.print(&shown.to_string());
            continue;
        }
        let zone = jiff::tz::TimeZone::system();
        let last = last.map(|last| last.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string());
        let variables = [
            ("account", account.name.as_str().into()),
            ("messages", known.into()),
            ("last", last.unwrap_or_else(|| "-".to_owned()).into()),
            ("failed", given_up.len().to_string().into()),
        ];
        talk.print(&talk.texts.format("talk-fetch-status", &variables));
    }
    Ok(())
}
