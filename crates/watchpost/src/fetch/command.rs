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
use super::url::{self, NotAUrl, PopUrl};
use super::{init, service};
use crate::cli::{ExitCode, FetchArgs, FetchCommand};
use crate::clock::SystemClock;
use crate::config::{FetchConfig, parse_duration};
use crate::connect::Security;
use crate::console::{Failure, Surroundings, Talk, runtime};
use crate::descriptors;
use crate::notify::Notifier;

/// Runs the command.
pub fn run(arguments: &FetchArgs, talk: &Talk, surroundings: &Surroundings) -> Result<(), Failure> {
    if let Some(FetchCommand::Import(import)) = &arguments.command {
        // The journals belong where the configuration that is there already will look for them.
        let data_dir = found(arguments, surroundings).and_then(|path| FetchConfig::load(&path).ok()?.data_dir);
        let (home, config) = (home(surroundings)?, to_write(arguments, surroundings));
        return super::import::run(import, (&home, &config), &state_folder(data_dir, surroundings)?, talk);
    }
    if let Some(FetchCommand::Init(init)) = &arguments.command {
        return init::run(init, (to_write(arguments, surroundings), home(surroundings)?), talk, surroundings);
    }
    let (names, json, said) = match &arguments.command {
        Some(FetchCommand::Check(names)) => (&names.accounts, names.json, &names.url),
        Some(FetchCommand::Status(names)) => (&names.accounts, names.json, &arguments.url),
        _ => (&Vec::new(), arguments.json, &arguments.url),
    };
    let names: Vec<String> = arguments.accounts.iter().chain(names).cloned().collect();
    let (urls, names): (Vec<String>, Vec<String>) = names.into_iter().partition(|name| url::is_url(name));
    let config = if urls.is_empty() {
        load(arguments, talk, surroundings)?
    } else {
        load_beside_urls(arguments, talk, surroundings)?
    };
    let with_data = config.data_dir.is_some();
    let folder = state_folder(config.data_dir, surroundings)?;
    if let Some(FetchCommand::Service(service)) = &arguments.command {
        let path = found(arguments, surroundings).unwrap_or_default();
        let path = std::path::absolute(&path).unwrap_or(path);
        let places = service::Places { config: &path, state: &folder, with_data };
        return service::run(service, &config.accounts, &places, talk);
    }
    let mut accounts = Vec::new();
    for text in &urls {
        let path = found(arguments, surroundings).unwrap_or_else(|| PathBuf::from("watchpost.toml"));
        let looks = matches!(arguments.command, Some(FetchCommand::Check(_) | FetchCommand::Status(_)));
        accounts.push(meant(text, &config.accounts, (said, arguments.to.as_deref(), looks), &path, talk)?);
    }
    if urls.is_empty() || !names.is_empty() {
        accounts.extend(chosen(config.accounts, &names, talk)?);
    }
    if let Some(FetchCommand::Status(_)) = &arguments.command {
        return check::status(&accounts, &folder, json, talk);
    }
    // A batch is as many open files as it has messages, and there may be many accounts.
    descriptors::raise();
    let accounts = asked(accounts, talk)?;
    warn_of_clear_text(&accounts, talk);
    let bars = !(json || arguments.quiet || arguments.every.is_some());
    let fetcher = Arc::new(Fetcher {
        folder,
        finder: Finder { variable: surroundings.variable, may_ask: false, question: String::new() },
        clock: Arc::new(SystemClock),
        board: if bars { Board::shown() } else { Board::hidden() },
        drain: arguments.drain,
    });
    if let Some(FetchCommand::Check(_)) = &arguments.command {
        return runtime()?.block_on(check::check(&fetcher, &accounts, json, talk));
    }
    if arguments.retry {
        for account in &accounts {
            fetcher.forgive(account).map_err(|error| say::failure(&account.name, &error.into(), talk))?;
        }
    }
    let tell = |outcome: &super::run::Outcome| tell_once(&fetcher, outcome, (json, arguments.quiet), talk);
    if let Some(pause) = &arguments.every {
        let notifier = Notifier::found(surroundings.variable);
        return again_and_again(&fetcher, &accounts, (pause, &notifier), tell, talk);
    }
    let outcomes = runtime()?.block_on(fetcher.all(&accounts, tell));
    conclude(outcomes.iter().map(say::exit_code))
}

/// Tells of an account, and remembers that somebody was told.
fn tell_once(fetcher: &Fetcher, outcome: &super::run::Outcome, (json, quiet): (bool, bool), talk: &Talk) {
    say::outcome(outcome, json, quiet, talk);
    fetcher.told(outcome);
}

/// What a URL means, or what is wrong with it.
fn meant(
    text: &str,
    known: &[Account],
    (said, to, looks): (&crate::cli::FetchUrlArgs, Option<&str>, bool),
    path: &Path,
    talk: &Talk,
) -> Result<Account, Failure> {
    let url = PopUrl::parse(text).map_err(|wrong| {
        let mechanism = if let NotAUrl::Mechanism(name) = &wrong { name.as_str() } else { "" };
        let shown = |text: &str| watchpost_observatory::Untrusted::new(text.as_bytes()).to_string();
        // A password that stands where it must not is not said again.
        let url = if wrong == NotAUrl::Password { String::from("pop://…") } else { shown(text) };
        let variables = [("url", url.into()), ("mechanism", shown(mechanism).into())];
        Failure::new(ExitCode::Usage, talk.texts.format(wrong.id(), &variables))
    })?;
    let account = url.account(known, said, to, path).map_err(|errors| {
        Failure::new(ExitCode::Usage, if talk.colour { errors.coloured() } else { errors.plain() })
    })?;
    if !looks && url::goes_nowhere(&account) {
        return Err(Failure::new(ExitCode::Usage, talk.texts.text("error-url-to")));
    }
    if account.secret == Source::Prompt && !std::io::stdin().is_terminal() {
        let server = format!("{}:{}", account.host, account.port);
        let text = talk.texts.format("error-url-stored", &[("server", server.into())]);
        return Err(Failure::new(ExitCode::NoPermission, text));
    }
    Ok(account)
}

/// Until somebody ends it.
fn again_and_again(
    fetcher: &Arc<Fetcher>,
    accounts: &[Account],
    (pause, notifier): (&str, &Notifier),
    mut tell: impl FnMut(&super::run::Outcome),
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
        notifier.tell("READY=1");
        let told = |outcome: &super::run::Outcome| {
            notifier.status(&say::status(outcome, talk));
            tell(outcome);
        };
        tokio::select! {
            () = every(fetcher, accounts, pause, stop, told) => {}
            () = alive(notifier) => {}
        }
        notifier.tell("STOPPING=1");
        Ok(())
    })
}

/// Says that we are alive as often as systemd wants to hear it.
async fn alive(notifier: &Notifier) {
    let Some(watchdog) = notifier.watchdog else { return std::future::pending().await };
    let mut often = tokio::time::interval(watchdog / 3);
    loop {
        often.tick().await;
        notifier.tell("WATCHDOG=1");
    }
}

/// The worst of them, whichever ended last: what passes by itself is better than what needs somebody.
fn conclude(codes: impl Iterator<Item = ExitCode>) -> Result<(), Failure> {
    let worst = codes.max_by_key(|code| match code {
        ExitCode::Ok => (0, 0),
        ExitCode::TemporaryFailure => (1, 0),
        ExitCode::DataError => (2, 0),
        code => (3, *code as u8),
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

/// The configuration that is there, or the one of the user.
fn to_write(arguments: &FetchArgs, surroundings: &Surroundings) -> PathBuf {
    let path = found(arguments, surroundings).or_else(|| places(surroundings).into_iter().nth(1));
    path.unwrap_or_else(|| PathBuf::from("watchpost.toml"))
}

/// A URL needs no configuration; one that is there says which server is ours.
fn load_beside_urls(arguments: &FetchArgs, talk: &Talk, surroundings: &Surroundings) -> Result<FetchConfig, Failure> {
    let Some(path) = found(arguments, surroundings).filter(|path| path.exists()) else {
        return Ok(FetchConfig { accounts: Vec::new(), data_dir: None });
    };
    FetchConfig::load(&path)
        .map_err(|errors| Failure::new(ExitCode::Config, if talk.colour { errors.coloured() } else { errors.plain() }))
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
