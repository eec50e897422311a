//! `watchpost fetch`: from the command line to the accounts, and from what came of them to an exit code.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::account::Account;
use super::check;
use super::progress::Board;
use super::run::{Fetcher, every};
use super::say;
use super::secret::{Finder, Source};
use crate::cli::{ExitCode, FetchArgs, FetchCommand};
use crate::clock::SystemClock;
use crate::config::{FetchConfig, parse_duration};
use crate::connect::Security;
use crate::console::{Failure, Surroundings, Talk, runtime};

/// Runs the command.
pub fn run(arguments: &FetchArgs, talk: &Talk, surroundings: &Surroundings) -> Result<(), Failure> {
    if let Some(FetchCommand::Import(import)) = &arguments.command {
        // The journals belong where the configuration that is there already will look for them.
        let data_dir = found(arguments, surroundings).and_then(|path| FetchConfig::load(&path).ok()?.data_dir);
        return super::import::run(import, &home(surroundings)?, &state_folder(data_dir, surroundings)?, talk);
    }
    let config = load(arguments, talk, surroundings)?;
    let (names, json) = match &arguments.command {
        Some(FetchCommand::Check(names) | FetchCommand::Status(names)) => (&names.accounts, names.json),
        _ => (&Vec::new(), arguments.json),
    };
    let names: Vec<String> = arguments.accounts.iter().chain(names).cloned().collect();
    let accounts = chosen(config.accounts, &names, talk)?;
    let folder = state_folder(config.data_dir, surroundings)?;
    if let Some(FetchCommand::Status(_)) = &arguments.command {
        return check::status(&accounts, &folder, json, talk);
    }
    let accounts = asked(accounts, talk)?;
    warn_of_clear_text(&accounts, talk);
    let bars = !(json || arguments.quiet || arguments.every.is_some());
    let fetcher = Arc::new(Fetcher {
        folder,
        finder: Finder { variable: surroundings.variable, may_ask: false, question: String::new() },
        clock: Arc::new(SystemClock),
        board: if bars { Board::shown() } else { Board::hidden() },
    });
    if let Some(FetchCommand::Check(_)) = &arguments.command {
        return runtime()?.block_on(check::check(&fetcher, &accounts, json, talk));
    }
    if arguments.retry {
        for account in &accounts {
            fetcher.forgive(account).map_err(|error| say::failure(&account.name, &error.into(), talk))?;
        }
    }
    let tell = |outcome: &super::run::Outcome| say::outcome(outcome, json, arguments.quiet, talk);
    if let Some(pause) = &arguments.every {
        return again_and_again(&fetcher, &accounts, pause, tell, talk);
    }
    let outcomes = runtime()?.block_on(fetcher.all(&accounts, tell));
    conclude(outcomes.iter().map(say::exit_code))
}

/// Until somebody ends it.
fn again_and_again(
    fetcher: &Arc<Fetcher>,
    accounts: &[Account],
    pause: &str,
    tell: impl FnMut(&super::run::Outcome),
    talk: &Talk,
) -> Result<(), Failure> {
    let pause = parse_duration(pause).ok().filter(|pause| *pause >= Duration::from_secs(1));
    let pause = pause.ok_or_else(|| Failure::new(ExitCode::Usage, talk.texts.text("error-fetch-every")))?;
    runtime()?.block_on(async {
        let mut ended = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
            .map_err(|error| Failure::new(ExitCode::OsError, error.to_string()))?;
        let stop = async {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = ended.recv() => {}
            }
        };
        every(fetcher, accounts, pause, stop, tell).await;
        Ok(())
    })
}

/// The worst of them.
fn conclude(codes: impl Iterator<Item = ExitCode>) -> Result<(), Failure> {
    let worst = codes.max_by_key(|code| match code {
        ExitCode::Ok => 0,
        ExitCode::DataError => 1,
        ExitCode::TemporaryFailure => 2,
        _ => 3,
    });
    match worst {
        None | Some(ExitCode::Ok) => Ok(()),
        // What is wrong was said already.
        Some(code) => Err(Failure::new(code, "")),
    }
}

/// Where a configuration is looked for when none is named.
fn places(surroundings: &Surroundings) -> Vec<PathBuf> {
    let own = (surroundings.variable)("XDG_CONFIG_HOME").map(PathBuf::from);
    let own = own.or_else(|| Some(home(surroundings).ok()?.join(".config")));
    let here = PathBuf::from("watchpost.toml");
    let own = own.map(|own| own.join("watchpost/watchpost.toml"));
    [Some(here), own, Some(PathBuf::from("/etc/watchpost/watchpost.toml"))].into_iter().flatten().collect()
}

fn found(arguments: &FetchArgs, surroundings: &Surroundings) -> Option<PathBuf> {
    let named = arguments.file.config.clone();
    named.or_else(|| places(surroundings).into_iter().find(|place| place.exists()))
}

fn load(arguments: &FetchArgs, talk: &Talk, surroundings: &Surroundings) -> Result<FetchConfig, Failure> {
    let path = found(arguments, surroundings).ok_or_else(|| {
        let places: Vec<String> = places(surroundings).iter().map(|place| format!("  {}", place.display())).collect();
        let variables = [("places", places.join("\n").into())];
        Failure::new(ExitCode::NoInput, talk.texts.format("error-fetch-no-config", &variables))
    })?;
    let config = FetchConfig::load(&path).map_err(|errors| {
        Failure::new(ExitCode::Config, if talk.colour { errors.coloured() } else { errors.plain() })
    })?;
    if config.accounts.is_empty() {
        let variables = [("path", path.display().to_string().into())];
        return Err(Failure::new(ExitCode::Config, talk.texts.format("error-fetch-no-accounts", &variables)));
    }
    Ok(config)
}

/// Those that were named, or all.
fn chosen(accounts: Vec<Account>, names: &[String], talk: &Talk) -> Result<Vec<Account>, Failure> {
    if let Some(unknown) = names.iter().find(|name| !accounts.iter().any(|account| account.name == **name)) {
        let known = accounts.iter().map(|account| account.name.as_str()).collect::<Vec<_>>().join(", ");
        let variables = [("name", unknown.as_str().into()), ("known", known.into())];
        return Err(Failure::new(ExitCode::NoUser, talk.texts.format("error-fetch-unknown", &variables)));
    }
    let wanted = |account: &Account| names.is_empty() || names.contains(&account.name);
    Ok(accounts.into_iter().filter(wanted).collect())
}

/// Passwords that are typed are asked for before anything else happens, one after the other.
fn asked(accounts: Vec<Account>, talk: &Talk) -> Result<Vec<Account>, Failure> {
    let may_ask = std::io::stdin().is_terminal();
    let ask = |mut account: Account| {
        if account.secret == Source::Prompt {
            let question = talk.texts.format("talk-fetch-password", &[("account", account.name.as_str().into())]);
            let finder = Finder { variable: |_| None, may_ask, question };
            let found = finder.find(&account.secret, &account.name, &account.host, &account.user);
            let found = found.map_err(|error| say::failure(&account.name, &error.into(), talk))?;
            account.secret = Source::Typed(found.expose().clone());
        }
        Ok(account)
    };
    accounts.into_iter().map(ask).collect()
}

fn warn_of_clear_text(accounts: &[Account], talk: &Talk) {
    for account in accounts.iter().filter(|account| account.security == Security::Clear) {
        talk.say(&talk.texts.format("talk-fetch-clear", &[("account", account.name.as_str().into())]));
    }
}

fn home(surroundings: &Surroundings) -> Result<PathBuf, Failure> {
    let home = (surroundings.variable)("HOME").filter(|home| !home.is_empty());
    home.map(PathBuf::from).ok_or_else(|| Failure::new(ExitCode::Config, "HOME is not set"))
}

/// Where the journals are: with the data of the server, or where the state of a user's programs is.
fn state_folder(data_dir: Option<PathBuf>, surroundings: &Surroundings) -> Result<PathBuf, Failure> {
    if let Some(folder) = data_dir {
        return Ok(folder.join("fetch"));
    }
    let state = (surroundings.variable)("XDG_STATE_HOME").filter(|state| Path::new(state).is_absolute());
    let state = match state {
        Some(state) => PathBuf::from(state),
        None => home(surroundings)?.join(".local/state"),
    };
    Ok(state.join("watchpost/fetch"))
}
