//! `watchpost user`: accounts, offline or beside a running server.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::SystemTime;

use jiff::Timestamp;
use watchpost_observatory::{AccountChange, journal};
use watchpost_proto::{Password, prepared};
use watchpost_store::maildir::MaildirPath;
use watchpost_store::{Account, AccountError, AccountState, AnyDirectory, NotAUserName, User, UserName};

use crate::accounts;
use crate::cli::{ExitCode, ListArgs, NameArgs, PasswordArgs, ShowArgs, UserCommand};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::console::{Failure, Talk};
use crate::password;

/// Does what was asked with the accounts of this configuration.
pub fn run(command: &UserCommand, config: &Config, talk: &Talk) -> Result<(), Failure> {
    let directory = accounts::open(config).map_err(|cause| Failure::new(ExitCode::IoError, cause.to_string()))?;
    let path =
        MaildirPath::parse(&config.store.path).map_err(|error| Failure::new(ExitCode::Config, error.to_string()))?;
    let accounts = Accounts { directory, path, config, talk };
    match command {
        UserCommand::Add(arguments) => accounts.add(arguments),
        UserCommand::Passwd(arguments) => accounts.passwd(arguments),
        UserCommand::Disable(arguments) => accounts.set_state(arguments, AccountState::Disabled),
        UserCommand::Enable(arguments) => accounts.set_state(arguments, AccountState::Enabled),
        UserCommand::Remove(arguments) => accounts.remove(arguments),
        UserCommand::List(arguments) => accounts.list(arguments),
        UserCommand::Show(arguments) => accounts.show(arguments),
    }
}

struct Accounts<'a> {
    directory: AnyDirectory,
    path: MaildirPath,
    config: &'a Config,
    talk: &'a Talk,
}

impl Accounts<'_> {
    fn add(&self, arguments: &PasswordArgs) -> Result<(), Failure> {
        // Before anybody is asked for a password.
        let name = self.parse(&arguments.name)?;
        self.writable()?;
        if self.directory.account(name.as_str()).is_ok() {
            return Err(failure(&AccountError::AlreadyExists, &arguments.name, self.talk));
        }
        let (password, made) = self.password(arguments, &name)?;
        let name = self.asked(&arguments.name, self.directory.add(&arguments.name, &password))?;
        let path = self.maildir(&User::new(name.clone()));
        if arguments.json {
            return self.print_done(&name, made.as_deref());
        }
        self.say("talk-user-added", &[("name", name.as_str()), ("path", &path)]);
        self.show_made(&name, made.as_deref());
        Ok(())
    }

    fn passwd(&self, arguments: &PasswordArgs) -> Result<(), Failure> {
        self.writable()?;
        let account = self.asked(&arguments.name, self.directory.account(&arguments.name))?;
        let (password, made) = self.password(arguments, &account.name)?;
        self.asked(&arguments.name, self.directory.set_password(&arguments.name, &password))?;
        self.tell_observatory(&account.name, AccountChange::Password);
        if arguments.json {
            return self.print_done(&account.name, made.as_deref());
        }
        self.say("talk-user-password-changed", &[("name", account.name.as_str())]);
        self.show_made(&account.name, made.as_deref());
        Ok(())
    }

    fn set_state(&self, arguments: &NameArgs, state: AccountState) -> Result<(), Failure> {
        self.writable()?;
        let account = self.asked(&arguments.name, self.directory.account(&arguments.name))?;
        let id = match (state, account.state == state) {
            (AccountState::Disabled, false) => "talk-user-disabled",
            (AccountState::Disabled, true) => "talk-user-already-disabled",
            (AccountState::Enabled, false) => "talk-user-enabled",
            (AccountState::Enabled, true) => "talk-user-already-enabled",
        };
        self.asked(&arguments.name, self.directory.set_state(&arguments.name, state))?;
        if account.state != state {
            let disabled = state == AccountState::Disabled;
            let change = if disabled { AccountChange::Disabled } else { AccountChange::Enabled };
            self.tell_observatory(&account.name, change);
        }
        if arguments.json {
            return self.print_done(&account.name, None);
        }
        self.say(id, &[("name", account.name.as_str())]);
        Ok(())
    }

    fn remove(&self, arguments: &NameArgs) -> Result<(), Failure> {
        self.writable()?;
        let account = self.asked(&arguments.name, self.directory.account(&arguments.name))?;
        self.asked(&arguments.name, self.directory.remove(&arguments.name))?;
        self.tell_observatory(&account.name, AccountChange::Removed);
        let path = self.maildir(&account.user());
        if arguments.json {
            let removed = serde_json::json!({ "name": account.name.as_str(), "removed": true, "maildir": path });
            self.talk.print(&removed.to_string());
            return Ok(());
        }
        self.say("talk-user-removed", &[("name", account.name.as_str()), ("path", &path)]);
        Ok(())
    }

    /// The account is changed, whatever becomes of the word: what the observatory learned of it is doubtful.
    fn tell_observatory(&self, name: &UserName, change: AccountChange) {
        let path = &self.config.observatory.journal;
        if let Err(error) = journal::tell(path, name.as_str(), change, SystemClock.wall()) {
            let (path, cause) = (path.display().to_string(), error.to_string());
            self.say("talk-user-untold", &[("name", name.as_str()), ("path", &path), ("cause", &cause)]);
        }
    }

    fn list(&self, arguments: &ListArgs) -> Result<(), Failure> {
        let accounts = self.asked("", self.directory.list())?;
        for warning in accounts::warnings(self.config) {
            self.talk.say(&if self.talk.colour { warning.coloured() } else { warning.plain() });
        }
        if arguments.json {
            let accounts: Vec<_> = accounts.iter().map(|account| self.json(account)).collect();
            self.talk.print(&serde_json::Value::Array(accounts).to_string());
        } else if accounts.is_empty() {
            self.say(if self.writable().is_ok() { "talk-user-none" } else { "talk-user-none-in-file" }, &[]);
        } else {
            let width = accounts.iter().map(|account| account.name.as_str().chars().count()).max().unwrap_or(0);
            for account in &accounts {
                self.talk.print(&format!("{:width$}  {}", account.name.as_str(), self.state(account.state)));
            }
        }
        Ok(())
    }

    fn show(&self, arguments: &ShowArgs) -> Result<(), Failure> {
        let account = self.asked(&arguments.name, self.directory.account(&arguments.name))?;
        if arguments.json {
            self.talk.print(&self.json(&account).to_string());
            return Ok(());
        }
        let scheme = account.scheme.map_or_else(|| self.talk.texts.text("talk-user-scheme-none"), str::to_owned);
        let rows = [
            ("talk-user-label-name", Some(account.name.to_string())),
            ("talk-user-label-state", Some(self.state(account.state))),
            ("talk-user-label-scheme", Some(scheme)),
            ("talk-user-label-mail", Some(self.maildir(&account.user()))),
            ("talk-user-label-created", account.created.map(local_time)),
            ("talk-user-label-changed", account.changed.map(local_time)),
        ];
        for (label, value) in rows {
            if let Some(value) = value {
                self.talk.print(&format!("{}: {value}", self.talk.texts.text(label)));
            }
        }
        Ok(())
    }

    fn json(&self, account: &Account) -> serde_json::Value {
        serde_json::json!({
            "name": account.name.as_str(),
            "enabled": account.state == AccountState::Enabled,
            "scheme": account.scheme,
            "home": account.home,
            "maildir": self.maildir(&account.user()),
            "created": account.created.and_then(universal_time),
            "changed": account.changed.and_then(universal_time),
        })
    }

    /// The account as it is now, for programs, with the password that was made for it.
    fn print_done(&self, name: &UserName, made: Option<&String>) -> Result<(), Failure> {
        let account = self.asked(name.as_str(), self.directory.account(name.as_str()))?;
        let mut done = self.json(&account);
        if let Some(made) = made {
            done["password"] = made.as_str().into();
        }
        self.talk.print(&done.to_string());
        Ok(())
    }

    fn state(&self, state: AccountState) -> String {
        self.talk.texts.text(match state {
            AccountState::Enabled => "talk-user-state-enabled",
            AccountState::Disabled => "talk-user-state-disabled",
        })
    }

    fn maildir(&self, user: &User) -> String {
        self.path.of(user).unwrap_or_else(|_| PathBuf::new()).display().to_string()
    }

    /// Whether accounts can be changed here; else where they can.
    fn writable(&self) -> Result<(), Failure> {
        let path = self.config.directory.path.display().to_string();
        let elsewhere = |_| self.talk.texts.format("error-accounts-elsewhere", &[("path", path.into())]);
        let writable = self.directory.writable().map(|_| ());
        writable.map_err(|error| Failure::new(ExitCode::NoPermission, elsewhere(error)))
    }

    fn parse(&self, name: &str) -> Result<UserName, Failure> {
        let parsed = UserName::parse(name.as_bytes(), self.config.domain.as_str());
        parsed.map_err(|reason| failure(&AccountError::NotAName(reason), name, self.talk))
    }

    /// The password, and the same in clear when it was made here.
    fn password(
        &self,
        arguments: &PasswordArgs,
        name: &UserName,
    ) -> Result<(Password, Option<zeroize::Zeroizing<String>>), Failure> {
        if arguments.generate {
            let made = password::generate().map_err(|error| Failure::new(ExitCode::OsError, error.to_string()))?;
            return Ok((Password::new(made.as_bytes()), Some(made)));
        }
        if arguments.password_stdin {
            return Ok((password_from_stdin(self.talk)?, None));
        }
        if !std::io::stdin().is_terminal() {
            return Err(Failure::new(ExitCode::Usage, self.talk.texts.text("error-password-unasked")));
        }
        let first = self.talk.texts.format("talk-prompt-password", &[("name", name.as_str().into())]);
        let again = self.talk.texts.text("talk-prompt-repeat");
        let typed = password::from_terminal(&format!("{first} "), &format!("{again} "))
            .map_err(|error| Failure::new(ExitCode::IoError, error.to_string()))?;
        let Some(typed) = typed else {
            return Err(Failure::new(ExitCode::DataError, self.talk.texts.text("error-passwords-differ")));
        };
        usable(&typed, self.talk).map(|typed| (typed, None))
    }

    fn asked<T>(&self, name: &str, result: Result<T, AccountError>) -> Result<T, Failure> {
        result.map_err(|error| failure(&error, name, self.talk))
    }

    /// What was done is talk; what was made is data.
    fn say(&self, id: &str, variables: &[(&str, &str)]) {
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, (*value).into())).collect();
        self.talk.say(&self.talk.texts.format(id, &variables));
    }

    fn show_made(&self, name: &UserName, made: Option<&String>) {
        if let Some(made) = made {
            let variables = [("name", name.as_str().into()), ("password", made.as_str().into())];
            self.talk.print(&self.talk.texts.format("talk-user-generated", &variables));
        }
    }
}

/// The first line of standard input, if it can be a password.
pub(crate) fn password_from_stdin(talk: &Talk) -> Result<Password, Failure> {
    let password =
        password::from_standard_input().map_err(|error| Failure::new(ExitCode::IoError, error.to_string()))?;
    if password.expose().is_empty() {
        return Err(Failure::new(ExitCode::DataError, talk.texts.text("error-password-stdin-empty")));
    }
    usable(&password, talk)
}

/// What POP3 can send: no controls (RFC 1939 §3).
fn usable(password: &Password, talk: &Talk) -> Result<Password, Failure> {
    if password.expose().is_empty() {
        Err(Failure::new(ExitCode::DataError, talk.texts.text("error-password-empty")))
    } else if password.expose().iter().any(u8::is_ascii_control) {
        Err(Failure::new(ExitCode::DataError, talk.texts.text("error-password-line")))
    } else if let Some(prepared) = prepared(password.expose()) {
        // As a client's will be, however it is typed there (P-207).
        Ok(Password::new(prepared.as_slice()))
    } else {
        Err(Failure::new(ExitCode::DataError, talk.texts.text("error-password-line")))
    }
}

/// What went wrong with an account, in words.
pub(crate) fn failure(error: &AccountError, name: &str, talk: &Talk) -> Failure {
    let shown = watchpost_observatory::Untrusted::new(name).to_string();
    let about = |id| talk.texts.format(id, &[("name", shown.as_str().into())]);
    match error {
        AccountError::AlreadyExists => Failure::new(ExitCode::CannotCreate, about("error-account-exists")),
        AccountError::Unknown => Failure::new(ExitCode::NoUser, about("error-account-unknown")),
        AccountError::NotAName(reason) => {
            let reason = talk.texts.text(match reason {
                NotAUserName::Empty => "error-name-reason-empty",
                NotAUserName::TooLong => "error-name-reason-long",
                NotAUserName::NotUtf8 | NotAUserName::Character => "error-name-reason-character",
                NotAUserName::Dots => "error-name-reason-start",
            });
            let variables = [("name", shown.into()), ("reason", reason.into())];
            Failure::new(ExitCode::DataError, talk.texts.format("error-name-invalid", &variables))
        }
        AccountError::ReadOnly => Failure::new(ExitCode::NoPermission, error.to_string()),
        AccountError::Storage(cause) => Failure::new(ExitCode::IoError, cause.to_string()),
    }
}

fn local_time(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(
        |_| "?".to_owned(),
        |time| time.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
    )
}

fn universal_time(time: SystemTime) -> Option<String> {
    Timestamp::try_from(time).ok().map(|time| time.to_string())
}
