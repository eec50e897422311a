//! `watchpost fetch init`: from an address to an account that works.
//!
//! ```text
//!   address ─► SRV records ─► settings under https ─► usual names, MX records
//!                 └──────────────┴────────────────────────┴─► connect, TLS, CAPA: the first that answers
//!   password ─► login as the whole address, else as its local part ─► [[fetch]] ─► configuration
//! ```
//!
//! What was found is written down and not looked for again (C-004). No password leaves before TLS is up and the
//! certificate is believed (C-002).

mod address;
mod autoconfig;
mod candidate;
mod dns;
mod login;
mod search;
mod tell;
mod web;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use watchpost_proto::Password;

use self::address::Address;
use self::candidate::{Candidate, FoundBy, Ports};
use self::dns::Dns;
use self::login::Look;
use self::search::{Found, Nothing, Search};
use self::tell::{Asker, Teller, shown};
use super::account::Account;
use super::block::{Block, NotWritten};
use super::import::in_home;
use super::say;
use super::secret::{self, Finder, Secret, Source};
use super::session::SessionError;
use crate::cli::{ExitCode, FetchInitArgs, KeepChoice};
use crate::clock::{Clock, SystemClock};
use crate::connect::Security;
use crate::console::{Failure, Surroundings, Talk, runtime};
use crate::private_file::{cannot_write, write_private};
use crate::user;

/// What is known of the password.
enum Given {
    /// Where it is: this is what the configuration says.
    At(String, Secret),
    /// Somebody has typed it.
    Typed(Password, Secret),
    /// Nothing.
    Unknown,
}

/// The command, and where it works.
struct Init<'a> {
    arguments: &'a FetchInitArgs,
    address: Address,
    /// The configuration that is, or may be, written.
    path: PathBuf,
    home: PathBuf,
    talk: &'a Talk,
    surroundings: &'a Surroundings,
    asker: Asker<'a>,
}

/// Runs the command. `path`: the configuration; `home`: where the user's files are.
pub(super) fn run(
    arguments: &FetchInitArgs,
    (path, home): (PathBuf, PathBuf),
    talk: &Talk,
    surroundings: &Surroundings,
) -> Result<(), Failure> {
    let address = Address::parse(&arguments.address).ok_or_else(|| {
        let variables = [("address", shown(&arguments.address))];
        Failure::new(ExitCode::Usage, talk.texts.format("error-init-address", &variables))
    })?;
    let present = std::io::stdin().is_terminal() && !arguments.json;
    let asker = Asker { talk, yes: arguments.yes, present };
    let path = std::path::absolute(&path).unwrap_or(path);
    let init = Init { arguments, address, path, home, talk, surroundings, asker };
    let mut teller = Teller::new(talk, arguments.json);
    let done = runtime()?.block_on(init.all(&mut teller));
    match done {
        Ok(done) if arguments.json => talk.print(&init.as_json(done, &teller.steps).to_string()),
        Ok(_) => {}
        Err(failure) if arguments.json => {
            let told = json!({"address": init.address.full, "ok": false, "error": failure.text, "steps": teller.steps});
            talk.print(&told.to_string());
            return Err(failure);
        }
        Err(failure) => return Err(failure),
    }
    Ok(())
}

/// What came of it.
struct Done {
    found: Found,
    look: Option<Look>,
    block: Block,
    written: bool,
}

impl Init<'_> {
    async fn all(&self, teller: &mut Teller<'_>) -> Result<Done, Failure> {
        teller.heading("talk-search-begin", &[("address", shown(&self.address.full))]);
        // A mistake on the command line, or an account that is there already, is said before anybody is asked.
        self.account(&self.block(&self.placeholder()))?;
        let dns = Dns::new(self.arguments.resolver).map_err(|error| {
            let variables = [("cause", shown(&error.to_string()))];
            Failure::new(ExitCode::OsError, self.talk.texts.format("error-init-dns", &variables))
        })?;
        let account = |candidate: &Candidate| self.block(candidate).account(&self.path).ok();
        let (address, asker, ports) = (&self.address, &self.asker, self.ports());
        let search = Search { address, dns: &dns, ports, teller: &mut *teller, asker, account: &account };
        let found = search.find().await.map_err(|nothing| self.nothing(&nothing))?;
        let mut block = self.block(&found.candidate);
        let given = if self.arguments.no_login { Given::Unknown } else { self.password(&block)? };
        let look = self.log_in(&found, &given, &mut block, teller).await?;
        self.where_to(&mut block);
        let account = self.account(&block)?;
        Self::explain(&found, look.as_ref(), teller);
        // Whoever is about to be asked sees what about; elsewhere it is data, and complete.
        let previewed = self.will_ask() && std::io::stdout().is_terminal();
        if previewed {
            self.talk.print(&format!("\n{}", block.text()));
        }
        let writing = self.writing(&block)?;
        if let Given::At(source, _) = &given {
            block.password.clone_from(source);
        }
        if let (true, Given::Typed(password, _)) = (writing, &given) {
            block.password = self.keep(&account, password)?;
        }
        if !self.arguments.json && !previewed {
            self.talk.print(block.text().trim_end());
        }
        if writing {
            block.add_to(&self.path).map_err(|error| self.not_written(error))?;
            let variables = [("path", self.path.display().to_string().into()), ("account", block.name.as_str().into())];
            teller.step("talk-search-written", &variables, json!({"written": self.path}));
        } else {
            teller.step("talk-search-not-written", &[], json!({"written": null}));
        }
        Ok(Done { found, look, block, written: writing })
    }

    /// Something that stands in for a server until one is found.
    fn placeholder(&self) -> Candidate {
        Candidate {
            host: self.address.domain.clone(),
            port: 995,
            security: Security::Tls,
            by: FoundBy::Guess,
            user: None,
            vouched: true,
        }
    }

    fn ports(&self) -> Ports {
        let [pop3s, pop3, https, http] = self.arguments.ports.map_or([995, 110, 443, 80], |ports| ports.0);
        Ports { pop3s, pop3, https, http }
    }

    fn block(&self, candidate: &Candidate) -> Block {
        let id = match candidate.by {
            FoundBy::Srv => "talk-search-comment-srv",
            FoundBy::Settings => "talk-search-comment-settings",
            FoundBy::Guess => "talk-search-comment-guess",
            FoundBy::Exchanger => "talk-search-comment-mx",
        };
        let today = jiff::Timestamp::try_from(SystemClock.wall()).unwrap_or_default().strftime("%Y-%m-%d").to_string();
        let variables = [("domain", self.address.domain.as_str().into()), ("date", today.into())];
        let maildir = || format!("maildir:{}", self.home.join("Maildir").display());
        Block {
            comment: self.talk.texts.format(id, &variables),
            name: self.arguments.name.clone().unwrap_or_else(|| self.address.account_name()),
            host: candidate.host.clone(),
            port: candidate.port,
            user: candidate.user.clone().unwrap_or_else(|| self.address.full.clone()),
            password: self.arguments.password.clone().unwrap_or_else(|| "prompt".to_owned()),
            to: self.arguments.to.as_deref().map_or_else(maildir, |to| self.at_home(to)),
            recipient: self.arguments.recipient.clone(),
            security: candidate.security,
            trust: self.arguments.trust.clone().filter(|trust| trust != "system"),
            auth: None,
        }
    }

    /// What somebody has typed with `~/` in it, as shells would read it.
    fn at_home(&self, to: &str) -> String {
        match to.split_once(':') {
            Some((kind @ ("maildir" | "mbox"), path)) => format!("{kind}:{}", in_home(path, &self.home).display()),
            _ => to.to_owned(),
        }
    }

    fn account(&self, block: &Block) -> Result<Account, Failure> {
        block.account(&self.path).map_err(|errors| {
            Failure::new(ExitCode::Usage, if self.talk.colour { errors.coloured() } else { errors.plain() })
        })
    }

    fn nothing(&self, nothing: &Nothing) -> Failure {
        let domain = ("domain", self.address.domain.as_str().into());
        let texts = &self.talk.texts;
        match nothing {
            Nothing::NotOffered => {
                Failure::new(ExitCode::Unavailable, texts.format("error-init-not-offered", &[domain]))
            }
            Nothing::Nobody => Failure::new(ExitCode::Unavailable, texts.format("error-init-nobody", &[domain])),
            Nothing::Outside(host) => {
                let variables = [domain, ("host", shown(host))];
                Failure::new(ExitCode::NoPermission, texts.format("error-init-outside", &variables))
            }
        }
    }

    /// The password, or where it is. Nothing is asked where nobody is.
    fn password(&self, block: &Block) -> Result<Given, Failure> {
        let account = self.account(block)?;
        let find = |source: &Source, question: String| {
            let finder = Finder { variable: self.surroundings.variable, may_ask: self.asker.present, question };
            let found =
                tokio::task::block_in_place(|| finder.find(source, &account.name, &account.host, &account.user));
            found.map_err(|error| say::failure(&self.address.full, &error.into(), self.talk))
        };
        let question = || self.talk.texts.format("talk-fetch-password", &[("account", shown(&self.address.full))]);
        if self.arguments.password_stdin {
            let password = user::password_from_stdin(self.talk)?;
            let secret = find(&Source::Typed(password.clone()), String::new())?;
            return Ok(Given::Typed(password, secret));
        }
        if let Some(source) = &self.arguments.password {
            let secret = find(&account.secret, question())?;
            return Ok(Given::At(source.clone(), secret));
        }
        if !self.asker.present {
            return Ok(Given::Unknown);
        }
        let secret = find(&Source::Prompt, question())?;
        Ok(Given::Typed(secret.expose().clone(), secret))
    }

    /// Logs in under each name in turn, over a connection whose certificate is believed (C-005).
    async fn log_in(
        &self,
        found: &Found,
        given: &Given,
        block: &mut Block,
        teller: &mut Teller<'_>,
    ) -> Result<Option<Look>, Failure> {
        let (Given::At(_, secret) | Given::Typed(_, secret)) = given else {
            teller.heading("talk-search-login-skipped", &[]);
            return Ok(None);
        };
        teller.heading("talk-search-login-heading", &[]);
        let mut last = None;
        for name in login::names(&self.address, found) {
            block.user = name;
            let account = self.account(block)?;
            match login::look(&account, found.addresses.clone(), secret).await {
                Ok(look) => {
                    let variables = [
                        ("user", shown(&look.user)),
                        ("method", look.method.map_or("?", super::login::Method::word).into()),
                        ("messages", look.messages.into()),
                    ];
                    let told = json!({"login": look.user, "method": look.method.map(super::login::Method::word),
                        "messages": look.messages, "unique_ids": look.unique_ids});
                    teller.step("talk-search-login-in", &variables, told);
                    return Ok(Some(look));
                }
                Err(error) => {
                    let variables = [("user", shown(&block.user)), ("cause", shown(&error.to_string()))];
                    let told = json!({"login": block.user, "error": error.to_string()});
                    teller.step("talk-search-login-refused", &variables, told);
                    let again = login::is_refusal(&error);
                    last = Some(error);
                    if !again {
                        break;
                    }
                }
            }
        }
        let error = last.unwrap_or(SessionError::TooLong);
        Err(say::failure(&self.address.full, &error, self.talk))
    }

    /// Asks where the mail goes, if nobody has said so yet.
    fn where_to(&self, block: &mut Block) {
        if self.arguments.to.is_some() || self.asker.yes {
            return;
        }
        let answer = self.asker.line("talk-search-to-question", &[("to", block.to.as_str().into())]);
        if !answer.is_empty() {
            let answer = if answer.contains(':') { answer } else { format!("maildir:{answer}") };
            block.to = self.at_home(&answer);
        }
    }

    /// Whether somebody will be asked whether it is to be written.
    fn will_ask(&self) -> bool {
        self.asker.present && !self.asker.yes && !self.arguments.write && !self.arguments.dry_run
    }

    /// Whether the configuration is to be written, and can be.
    fn writing(&self, block: &Block) -> Result<bool, Failure> {
        let wanted = match self.arguments {
            FetchInitArgs { dry_run: true, .. } => false,
            FetchInitArgs { write: true, .. } => true,
            _ => self.asker.confirm("talk-search-write-question", &[("path", self.path.display().to_string().into())]),
        };
        if wanted {
            block.fits(&self.path).map_err(|error| self.not_written(error))?;
        }
        Ok(wanted)
    }

    fn not_written(&self, error: NotWritten) -> Failure {
        let path = ("path", self.path.display().to_string().into());
        let texts = &self.talk.texts;
        match error {
            NotWritten::Exists(name) => {
                let text = texts.format("error-init-exists", &[path, ("account", name.into())]);
                Failure::new(ExitCode::CannotCreate, text)
            }
            NotWritten::Config(errors) => {
                Failure::new(ExitCode::Config, if self.talk.colour { errors.coloured() } else { errors.plain() })
            }
            NotWritten::Io(path, error) => cannot_write(self.talk, (path, error)),
            NotWritten::Toml(cause) => {
                Failure::new(ExitCode::Config, texts.format("error-init-toml", &[path, ("cause", cause.into())]))
            }
        }
    }

    /// Keeps a password that was typed where it is wanted. Gives what the configuration says of it.
    fn keep(&self, account: &Account, password: &Password) -> Result<String, Failure> {
        let asked = || {
            let command = self.asker.line("talk-search-keep-question", &[]);
            match command.as_str() {
                "" | "1" => Ok(KeepChoice::File),
                "2" => Ok(KeepChoice::SecretService),
                "3" => Ok(KeepChoice::Prompt),
                _ => Err(format!("command:{command}")),
            }
        };
        let choice = match self.arguments.keep {
            Some(choice) => Ok(choice),
            None if self.asker.yes => Ok(KeepChoice::File),
            None => asked(),
        };
        match choice {
            Err(command) => Ok(command),
            Ok(KeepChoice::Prompt) => Ok("prompt".to_owned()),
            Ok(KeepChoice::SecretService) => {
                let kept = tokio::task::block_in_place(|| secret::keep_in_secret_service(account, password));
                kept.map_err(|error| say::failure(&account.name, &error.into(), self.talk))?;
                Ok("secret-service".to_owned())
            }
            Ok(KeepChoice::File) => self.keep_in_file(account, password),
        }
    }

    fn keep_in_file(&self, account: &Account, password: &Password) -> Result<String, Failure> {
        let folder = self.path.parent().unwrap_or(Path::new("/"));
        let file = folder.join(format!("{}.password", account.name));
        if file.exists() {
            let variables = [("path", file.display().to_string().into())];
            return Err(Failure::new(ExitCode::CannotCreate, self.talk.texts.format("error-file-exists", &variables)));
        }
        let text = std::str::from_utf8(password.expose()).map(|text| zeroize::Zeroizing::new(format!("{text}\n")));
        let text = text.map_err(|_| Failure::new(ExitCode::DataError, self.talk.texts.text("error-password-line")))?;
        std::fs::create_dir_all(folder)
            .map_err(|error| (folder.to_owned(), error))
            .and_then(|()| write_private(&file, &text))
            .map_err(|error| cannot_write(self.talk, error))?;
        Ok(format!("file:{}", file.display()))
    }

    /// What was found, as a textbook would say it.
    fn explain(found: &Found, look: Option<&Look>, teller: &mut Teller<'_>) {
        teller.heading(
            "talk-search-chosen",
            &[("server", shown(&format!("{}:{}", found.candidate.host, found.candidate.port)))],
        );
        let tls = if found.candidate.security == Security::Tls {
            "talk-search-chosen-tls"
        } else {
            "talk-search-chosen-stls"
        };
        teller.step(tls, &[], json!({"tls": found.candidate.security == Security::Tls}));
        let has = |word: &str| found.capabilities.iter().any(|line| line.split(' ').next() == Some(word));
        if has("PIPELINING") {
            teller.step("talk-search-chosen-pipelining", &[], json!({"pipelining": true}));
        }
        if look.map_or(!found.capabilities.is_empty() && !has("UIDL"), |look| !look.unique_ids) {
            teller.step("talk-search-chosen-no-uidl", &[], json!({"unique_ids": false}));
        }
        if let Some(seconds) = look.and_then(|look| look.login_delay).filter(|seconds| *seconds > 0) {
            let variables = [("seconds", seconds.to_string().into())];
            teller.step("talk-search-chosen-delay", &variables, json!({"login_delay": seconds}));
        }
    }

    fn as_json(&self, done: Done, steps: &[Json]) -> Json {
        let Done { found, look, block, written } = done;
        json!({
            "address": self.address.full,
            "ok": true,
            "account": block.name,
            "server": found.candidate.host,
            "port": found.candidate.port,
            "tls": if found.candidate.security == Security::Tls { "implicit" } else { "stls" },
            "by": found.candidate.by.word(),
            "vouched": found.candidate.vouched,
            "capabilities": found.capabilities,
            "user": block.user,
            "method": look.as_ref().and_then(|look| look.method).map(super::login::Method::word),
            "messages": look.as_ref().map(|look| look.messages),
            "password": block.password,
            "block": block.text(),
            "written": written.then(|| self.path.display().to_string()),
            "steps": steps,
        })
    }
}
