//! From the command line to the command, and from its result to an exit code.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use crate::cli::{CheckConfigArgs, Cli, Command, CompletionsArgs, ConfigArgs, ExitCode, ManArgs};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, ConfigError, ConfigErrors, ConfigKey};
use crate::console::{Failure, Surroundings, Talk, port_trouble, runtime};
use crate::i18n::{Language, Texts, localize};
use crate::serve::{Ready, StartError};
use crate::times::Reckoning;
use crate::watch::{self, Desk};
use crate::{accounts, bench, conform, demo, explain, fetch, init, log, serve, talk, user};

/// Where a configuration is looked for when none is named.
const CONFIG_PLACES: [&str; 2] = ["watchpost.toml", "/etc/watchpost/watchpost.toml"];

/// Runs the program.
pub fn run(surroundings: &Surroundings) -> ExitCode {
    let language =
        Language::of_arguments(&surroundings.arguments).unwrap_or_else(|| Language::from_locale(surroundings.variable));
    let talk = Talk { texts: Texts::new(language), colour: surroundings.colour, program: surroundings.program.clone() };
    let command = localize(Cli::command(), &talk.texts);
    let parsed =
        command.try_get_matches_from(&surroundings.arguments).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match dispatch(cli, &talk, surroundings) {
        Ok(()) => ExitCode::Ok,
        Err(failure) => {
            if !failure.text.is_empty() {
                talk.say(failure.text.trim_end());
            }
            failure.code
        }
    }
}

/// Help that was asked for is data; help that was not is talk.
fn usage(error: &clap::Error) -> ExitCode {
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let _ = error.print();
    if asked { ExitCode::Ok } else { ExitCode::Usage }
}

fn dispatch(cli: Cli, talk: &Talk, surroundings: &Surroundings) -> Result<(), Failure> {
    match cli.command {
        Command::Demo(arguments) => demo::run(&arguments, talk, surroundings),
        Command::Init(arguments) => init::run(&arguments, talk),
        Command::Serve(arguments) => serve_command(&arguments, talk),
        Command::CheckConfig(arguments) => check_config(&arguments, talk),
        Command::User(arguments) => {
            let config = load_config(&arguments.file, talk)?;
            user::run(&arguments.command, &config, talk)
        }
        Command::Report(arguments) => {
            watch::report::run(&arguments, &desk(&load_config(&arguments.file, talk)?, talk, surroundings))
        }
        Command::Sessions(arguments) => {
            watch::sessions::run(&arguments, &desk(&load_config(&arguments.file, talk)?, talk, surroundings))
        }
        Command::Session(arguments) => {
            watch::session::run(&arguments, &desk(&load_config(&arguments.file, talk)?, talk, surroundings))
        }
        Command::Pcap(arguments) => {
            watch::pcap::run(&arguments, &desk(&load_config(&arguments.file, talk)?, talk, surroundings))
        }
        Command::Account(arguments) => {
            watch::account::run(&arguments, &desk(&load_config(&arguments.file, talk)?, talk, surroundings))
        }
        Command::Campaign(arguments) => {
            watch::campaign::run(&arguments, &desk(&load_config(&arguments.file, talk)?, talk, surroundings))
        }
        Command::Rules(arguments) => {
            watch::rules::run(&arguments, &desk(&load_config(&arguments.file, talk)?, talk, surroundings))
        }
        Command::Privacy(arguments) => {
            watch::privacy::run(&arguments, &desk(&load_config(&arguments.file, talk)?, talk, surroundings))
        }
        Command::Explain(arguments) => explain::run(&arguments, talk, surroundings),
        Command::Fetch(arguments) => fetch::command::run(&arguments, talk, surroundings),
        Command::Talk(arguments) => talk::run(&arguments, talk, surroundings),
        Command::Conform(arguments) => conform::run(&arguments, talk),
        Command::Bench(arguments) => bench::run(&arguments, talk),
        Command::Completions(arguments) => completions(&arguments, talk),
        Command::Man(arguments) => man(&arguments, talk),
    }
}

/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 100;
/// Below this a table cannot be read, whatever the terminal says.
const COLUMNS_MIN: usize = 40;

/// What the commands that read the journal need.
fn desk<'a>(config: &'a Config, talk: &'a Talk, surroundings: &Surroundings) -> Desk<'a> {
    let columns = (surroundings.variable)("COLUMNS").and_then(|columns| columns.trim().parse().ok());
    let reckoning = Reckoning::new(SystemClock.wall());
    Desk { config, talk, reckoning, columns: columns.unwrap_or(COLUMNS).max(COLUMNS_MIN) }
}

/// Finds and loads the configuration, or says what is wrong with it and where.
fn load_config(arguments: &ConfigArgs, talk: &Talk) -> Result<Config, Failure> {
    let path = find_config(arguments, talk)?;
    Config::load(&path).map_err(|errors| refused(&errors, talk))
}

fn find_config(arguments: &ConfigArgs, talk: &Talk) -> Result<PathBuf, Failure> {
    if let Some(path) = &arguments.config {
        return Ok(path.clone());
    }
    let found = CONFIG_PLACES.iter().map(Path::new).find(|place| place.exists());
    found.map(Path::to_owned).ok_or_else(|| {
        let places = CONFIG_PLACES.map(|place| format!("  {place}")).join("\n");
        Failure::new(ExitCode::NoInput, talk.texts.format("error-config-missing", &[("places", places.into())]))
    })
}

fn refused(errors: &ConfigErrors, talk: &Talk) -> Failure {
    Failure::new(ExitCode::Config, if talk.colour { errors.coloured() } else { errors.plain() })
}

fn serve_command(arguments: &ConfigArgs, talk: &Talk) -> Result<(), Failure> {
    let config = load_config(arguments, talk)?;
    log::start(config.log, talk.colour);
    for warning in config.warnings(SystemClock.wall()) {
        tracing::warn!("{}", warning.message());
    }
    let runtime = runtime()?;
    runtime.block_on(async {
        let ready = prepare(config, talk)?;
        ready.run().await.map_err(|error| Failure::new(ExitCode::OsError, error.to_string()))
    })
}

/// Opens everything, and says at the place of the configuration why something cannot be opened.
fn prepare(config: Config, talk: &Talk) -> Result<Ready, Failure> {
    let places = config.clone();
    serve::prepare(config).map_err(|error| match error {
        StartError::Listen(listen) => {
            let text = port_trouble(&listen, "`address`", talk);
            let (message, help) = text.split_once('\n').unwrap_or((&text, ""));
            let error = places.refuse(ConfigKey::ListenerAddress(listen.place), message, help);
            Failure::new(ExitCode::Unavailable, if talk.colour { error.coloured() } else { error.plain() })
        }
        error => Failure::new(ExitCode::Unavailable, error.to_string()),
    })
}

fn check_config(arguments: &CheckConfigArgs, talk: &Talk) -> Result<(), Failure> {
    let path = find_config(&arguments.file, talk)?;
    match Config::load(&path) {
        Ok(config) if arguments.json => talk.print(&config.to_json(&warnings(&config))),
        Ok(config) => {
            for warning in warnings(&config) {
                talk.say(&if talk.colour { warning.coloured() } else { warning.plain() });
            }
            talk.print(config.effective().trim_end());
        }
        Err(errors) if arguments.json => {
            talk.print(&errors.to_json());
            return Err(Failure::new(ExitCode::Config, ""));
        }
        Err(errors) => return Err(refused(&errors, talk)),
    }
    Ok(())
}

/// What somebody should look at, in the configuration and in the files that it names.
fn warnings(config: &Config) -> Vec<ConfigError> {
    let mut warnings = config.warnings(SystemClock.wall());
    warnings.extend(accounts::warnings(config));
    warnings
}

fn completions(arguments: &CompletionsArgs, talk: &Talk) -> Result<(), Failure> {
    let mut command = localize(Cli::command(), &talk.texts);
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "watchpost", &mut text);
    io::stdout().lock().write_all(&text).map_err(|error| Failure::new(ExitCode::IoError, error.to_string()))
}

fn man(arguments: &ManArgs, talk: &Talk) -> Result<(), Failure> {
    let command = localize(Cli::command(), &talk.texts);
    let written = match &arguments.dir {
        Some(folder) => clap_mangen::generate_to(command, folder),
        None => clap_mangen::Man::new(command).render(&mut io::stdout().lock()),
    };
    written.map_err(|error| Failure::new(ExitCode::CannotCreate, error.to_string()))
}
