//! `watchpost demo`: everything at once on loopback, nothing to configure, and a second start continues the first.

mod imported;
mod passwords;
mod visitors;

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use watchpost_observatory::journal::{Filter, Reader};
use watchpost_proto::planted::planted;
use watchpost_proto::{Listing, Password};
use watchpost_store::maildir::MaildirStore;
use watchpost_store::{AccountError, Maildrop, SqliteDirectory, Store, User};

use crate::accounts;
use crate::certificate;
use crate::cli::{DemoArgs, ExitCode};
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, ListenerProtocol, Log, LogLevel};
use crate::console::{Failure, Surroundings, Talk, port_trouble, runtime};
use crate::private_file::{cannot_write, write_private};
use crate::serve::{self, Bound, Ready, StartError};

use passwords::Passwords;

/// The domain of the demo's accounts: reserved for examples (RFC 2606).
const DOMAIN: &str = "example.org";
/// The accounts, in the order of their passwords. The first one gets the mail.
const ACCOUNTS: [&str; 2] = ["alice", "bob"];

/// The folder the demo lives in.
struct Premises {
    dir: PathBuf,
    config: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

/// Runs the demo until it is told to stop.
pub fn run(arguments: &DemoArgs, talk: &Talk, surroundings: &Surroundings) -> Result<(), Failure> {
    let premises =
        Premises::make(&folder(arguments, talk, surroundings)?).map_err(|error| cannot_write(talk, error))?;
    premises.write(arguments).map_err(|error| cannot_write(talk, error))?;
    let config = Config::load(&premises.config).map_err(|errors| {
        Failure::new(ExitCode::Software, format!("the demo's own configuration:\n{}", errors.plain()))
    })?;
    let mut names = ACCOUNTS.to_vec();
    let are_invited = !arguments.no_visitors || planted("demo.visitors-come-uninvited");
    names.extend(are_invited.then_some(visitors::ACCOUNT));
    let passwords = Passwords::keep(&premises.dir, &names).map_err(|error| failed(&error))?;
    // A line for each of the visitors would carry away what there is to try: their sessions are in the journal.
    let level = if are_invited { LogLevel::Warn } else { config.log.level };
    crate::log::start(Log { level, ..config.log }, talk.colour);
    let runtime = runtime()?;
    runtime.block_on(async {
        let ready = serve::prepare(config).map_err(|error| match error {
            StartError::Listen(listen) => {
                Failure::new(ExitCode::Unavailable, port_trouble(&listen, "--pop3 / --pop3s", talk))
            }
            error => failed(&error),
        })?;
        let directory = accounts::open_sqlite(ready.config()).map_err(|cause| failed(&cause))?;
        add_accounts(&directory, &passwords).map_err(|error| failed(&error))?;
        let store = serve::open_store(ready.config()).map_err(|cause| failed(&cause))?;
        let [alice, bob] = [0, 1].map(|place| user(&directory, ACCOUNTS[place]));
        let (alice, bob) = (alice.map_err(|error| failed(&error))?, bob.map_err(|error| failed(&error))?);
        imported::import(arguments.mail.as_deref(), &premises.dir, &store, &alice, talk)?;
        let listing = list(&store, &alice).await?;
        let bobs = list(&store, &bob).await?.len();
        let stage = if are_invited { stage(&ready, &directory, &store, &passwords)? } else { None };
        let told = Told { ready: &ready, premises: &premises, passwords: &passwords, has_visitors: stage.is_some() };
        if arguments.json {
            talk.print(&told.announcement(&listing));
        } else {
            talk.print(&told.banner([listing.len(), bobs], talk));
        }
        tokio::select! {
            ended = ready.run() => ended.map_err(|error| failed(&error))?,
            () = entertain(stage, &premises, arguments, talk) => {}
        }
        let command = continue_command(arguments);
        let dir = premises.dir.display().to_string();
        talk.say(&talk.texts.format("talk-demo-stopped", &[("dir", dir.into()), ("command", command.into())]));
        Ok(())
    })
}

fn folder(arguments: &DemoArgs, talk: &Talk, surroundings: &Surroundings) -> Result<PathBuf, Failure> {
    let variable = |name| (surroundings.variable)(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = || variable("XDG_DATA_HOME").or_else(|| Some(variable("HOME")?.join(".local/share")));
    let folder = match &arguments.dir {
        Some(dir) => Some(dir.clone()),
        None => data().map(|data| data.join("watchpost/demo")),
    };
    folder.ok_or_else(|| Failure::new(ExitCode::NoInput, talk.texts.text("error-no-data-folder")))
}

impl Premises {
    fn make(dir: &Path) -> Result<Self, (PathBuf, io::Error)> {
        let named = |error| (dir.to_owned(), error);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(named)?;
        let dir = dir.canonicalize().map_err(named)?;
        let file = |name: &str| dir.join(name);
        Ok(Self { config: file("watchpost.toml"), certificate: file("cert.pem"), key: file("key.pem"), dir })
    }

    /// The configuration is written anew at each start, for the ports of this one; the certificate only once.
    fn write(&self, arguments: &DemoArgs) -> Result<(), (PathBuf, io::Error)> {
        if !(self.certificate.exists() && self.key.exists()) {
            let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
            let made = certificate::self_signed(&names, SystemClock.wall())
                .map_err(|error| (self.certificate.clone(), io::Error::other(error)))?;
            write_private(&self.key, &made.key)?;
            write_private(&self.certificate, &made.certificate)?;
        }
        write_private(&self.config, &configuration(arguments.pop3, arguments.pop3s))
    }

    /// What shows what the observatory made of everybody.
    fn commands(&self) -> [String; 3] {
        let config = self.config.display();
        let session = format!("session {} --explain", self.worst_session().unwrap_or_else(|| "ID".to_owned()));
        ["report", "sessions --severity medium", session.as_str()]
            .map(|command| format!("watchpost {command} --config {config}"))
    }

    /// The session with the worst verdict, the latest of them, by the beginning of its name.
    fn worst_session(&self) -> Option<String> {
        let reader = Reader::open(&self.dir.join("journal.sqlite")).ok()?;
        let sessions = reader.sessions(&Filter { severity: Some(1), ..Filter::default() }).ok()?;
        let worst = sessions.iter().rev().max_by_key(|session| session.row.severity)?;
        Some(worst.row.connection.to_string()[..16].to_owned())
    }
}

fn configuration(pop3: SocketAddr, pop3s: SocketAddr) -> String {
    format!(
        r#"# Written by `watchpost demo` at each start: what you change here is lost.
domain   = "{DOMAIN}"
data_dir = "."

[[listener]]
protocol = "pop3s"
address  = "{pop3s}"

[[listener]]
protocol = "pop3"
address  = "{pop3}"
plaintext_login = "loopback"

[tls]
certificate = "cert.pem"
key         = "key.pem"

[limits]
shutdown_grace = "3s"
# Nobody guesses on loopback, and who mistypes while trying things out shall not wait.
failed_login_delay = "50ms"

[observatory]
public_networks = ["{network}"]

[capture]
mode = "redacted"
"#,
        network = visitors::NETWORK,
    )
}

fn add_accounts(directory: &SqliteDirectory, passwords: &Passwords) -> Result<(), AccountError> {
    for (name, password) in passwords.iter() {
        match directory.add(name, &Password::new(password.as_bytes())) {
            Ok(_) | Err(AccountError::AlreadyExists) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn user(directory: &SqliteDirectory, name: &str) -> Result<User, AccountError> {
    Ok(directory.account(name)?.user())
}

/// What visitors play on; `None` where they cannot reach the demo.
fn stage(
    ready: &Ready,
    directory: &SqliteDirectory,
    store: &MaildirStore,
    passwords: &Passwords,
) -> Result<Option<visitors::Stage>, Failure> {
    let door = |protocol| visitors::reachable(address(ready, protocol));
    let (Some(pop3), Some(pop3s)) = (door(ListenerProtocol::Pop3), door(ListenerProtocol::Pop3s)) else {
        return Ok(None);
    };
    let user = user(directory, visitors::ACCOUNT).map_err(|error| failed(&error))?;
    visitors::fill(store, &user).map_err(|error| failed(&error))?;
    let chance = uuid::Uuid::now_v7().as_bytes()[15];
    Ok(Some(visitors::Stage::new(pop3, pop3s, passwords.of(visitors::ACCOUNT), chance)))
}

/// Lets the visitors in, and says what to look at when they have left. Never ends: the server does.
async fn entertain(stage: Option<visitors::Stage>, premises: &Premises, arguments: &DemoArgs, talk: &Talk) {
    if let Some(stage) = stage {
        let departure = visitors::play(stage).await;
        let commands = premises.commands();
        if arguments.json {
            talk.print(&serde_json::json!({ "visitors": "left", "connections": departure.connections, "sent_away": departure.sent_away, "try": commands }).to_string());
        } else {
            let [report, sessions, session] = commands;
            let variables = [
                ("connections", departure.connections.into()),
                ("report", report.into()),
                ("sessions", sessions.into()),
                ("session", session.into()),
            ];
            talk.print(&format!("\n{}", talk.texts.format("talk-demo-visitors-left", &variables)));
        }
    }
    std::future::pending::<()>().await;
}

async fn list(store: &MaildirStore, user: &User) -> Result<std::sync::Arc<Listing>, Failure> {
    let maildrop = store.open(user).await.map_err(|error| failed(&error))?;
    Ok(std::sync::Arc::clone(maildrop.listing()))
}

fn address(ready: &Ready, protocol: ListenerProtocol) -> SocketAddr {
    let of_protocol = |bound: &&Bound| bound.listener.protocol == protocol;
    ready.bound().iter().find(of_protocol).expect("the demo's configuration has one of each").address
}

/// What the demo tells once its ports are open.
struct Told<'a> {
    ready: &'a Ready,
    premises: &'a Premises,
    passwords: &'a Passwords,
    has_visitors: bool,
}

impl Told<'_> {
    fn banner(&self, messages: [usize; 2], talk: &Talk) -> String {
        let pop3s = address(self.ready, ListenerProtocol::Pop3s);
        let variables = [
            ("pop3", address(self.ready, ListenerProtocol::Pop3).to_string().into()),
            ("pop3s", pop3s.to_string().into()),
            ("alice", self.passwords.of("alice").into()),
            ("bob", self.passwords.of("bob").into()),
            ("messages", messages[0].into()),
            ("bobs", messages[1].into()),
            ("dir", self.premises.dir.display().to_string().into()),
            ("host", pop3s.ip().to_string().into()),
            ("port", pop3s.port().to_string().into()),
        ];
        let mut parts = vec!["talk-demo-banner", "talk-demo-next"];
        parts.extend(self.has_visitors.then_some("talk-demo-visitors-come"));
        let parts: Vec<String> = parts.into_iter().map(|part| talk.texts.format(part, &variables)).collect();
        parts.join("\n\n")
    }

    fn announcement(&self, listing: &Listing) -> String {
        let visitors = serde_json::json!({
            "account": visitors::ACCOUNT,
            "network": visitors::NETWORK,
            "seconds_max": visitors::STAY.as_secs(),
            "try": self.premises.commands(),
        });
        serde_json::json!({
            "pop3": address(self.ready, ListenerProtocol::Pop3),
            "pop3s": address(self.ready, ListenerProtocol::Pop3s),
            "accounts": { "alice": self.passwords.of("alice"), "bob": self.passwords.of("bob") },
            "messages": listing.len(),
            "octets": listing.total().0,
            "dir": self.premises.dir,
            "certificate": self.premises.certificate,
            "config": self.premises.config,
            "visitors": self.has_visitors.then_some(visitors),
        })
        .to_string()
    }
}

fn continue_command(arguments: &DemoArgs) -> String {
    match &arguments.dir {
        Some(dir) => format!("watchpost demo --dir {}", dir.display()),
        None => "watchpost demo".to_owned(),
    }
}

fn failed(error: &(impl std::fmt::Display + ?Sized)) -> Failure {
    Failure::new(ExitCode::TemporaryFailure, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demos_configuration_is_one() {
        let text = configuration("127.0.0.1:1110".parse().unwrap(), "[::1]:1995".parse().unwrap());
        assert!(text.contains("address  = \"[::1]:1995\""));
    }
}
