//! `watchpost init`: a commented configuration, a self-signed certificate, and the first account.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use watchpost_observatory::Untrusted;
use watchpost_proto::Password;

use crate::accounts;
use crate::certificate;
use crate::cli::{ExitCode, InitArgs};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, Config, Domain, Listener};
use crate::console::{Failure, Talk};
use crate::password;
use crate::private_file::{cannot_write, write_private};
use crate::user;

/// What stands in the configuration when no domain was given.
const DOMAIN: &str = "example.org";

/// Writes everything, or nothing when something is there already.
pub fn run(arguments: &InitArgs, talk: &Talk) -> Result<(), Failure> {
    let domain = arguments.domain.as_deref().unwrap_or(DOMAIN);
    let Ok(domain) = Domain::parse(domain) else {
        let variables = [("domain", Untrusted::new(domain).to_string().into())];
        return Err(Failure::new(ExitCode::DataError, talk.texts.format("error-domain-invalid", &variables)));
    };
    let password = first_password(arguments, talk)?;
    let named = |error| cannot_write(talk, (arguments.dir.clone(), error));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&arguments.dir).map_err(named)?;
    let dir = arguments.dir.canonicalize().map_err(named)?;
    let [config_file, certificate_file, key_file] =
        ["watchpost.toml", "cert.pem", "key.pem"].map(|name| dir.join(name));
    for file in [&config_file, &certificate_file, &key_file] {
        if file.exists() {
            let variables = [("path", file.display().to_string().into())];
            return Err(Failure::new(ExitCode::CannotCreate, talk.texts.format("error-file-exists", &variables)));
        }
    }
    let subjects = [format!("mail.{domain}"), domain.to_string(), "localhost".to_owned()];
    let made = certificate::self_signed(&subjects, SystemClock.wall())
        .map_err(|error| cannot_write(talk, (certificate_file.clone(), io::Error::other(error))))?;
    let written = write_private(&key_file, &made.key)
        .and_then(|()| write_private(&certificate_file, &made.certificate))
        .and_then(|()| {
            write_private(&config_file, &config::template(domain.as_str(), Path::new("."), &Listener::usual()))
        });
    written.map_err(|error| cannot_write(talk, error))?;
    let config = Config::load(&config_file).map_err(|errors| Failure::new(ExitCode::Config, errors.plain()))?;
    let directory =
        accounts::open_sqlite(&config).map_err(|cause| Failure::new(ExitCode::CannotCreate, cause.to_string()))?;
    let name = directory
        .add(&arguments.user, &Password::new(password.expose()))
        .map_err(|error| user::failure(&error, &arguments.user, talk))?;
    report(arguments, talk, &config, &name.to_string(), &password);
    Ok(())
}

/// The first account's password: given, or made and then shown once.
struct FirstPassword {
    password: Password,
    made: Option<zeroize::Zeroizing<String>>,
}

impl FirstPassword {
    fn expose(&self) -> &[u8] {
        self.password.expose()
    }
}

fn first_password(arguments: &InitArgs, talk: &Talk) -> Result<FirstPassword, Failure> {
    if arguments.password_stdin {
        return Ok(FirstPassword { password: user::password_from_stdin(talk)?, made: None });
    }
    let made = password::generate().map_err(|error| Failure::new(ExitCode::OsError, error.to_string()))?;
    Ok(FirstPassword { password: Password::new(made.as_bytes()), made: Some(made) })
}

fn report(arguments: &InitArgs, talk: &Talk, config: &Config, name: &str, password: &FirstPassword) {
    let dir = config.path.parent().unwrap_or(&config.path).to_owned();
    let path = |name: &str| dir.join(name).display().to_string();
    let made = password.made.as_ref().map(|made| made.as_str());
    if arguments.json {
        let report = serde_json::json!({
            "config": config.path,
            "certificate": path("cert.pem"),
            "key": path("key.pem"),
            "domain": config.domain.as_str(),
            "account": name,
            "password": made,
        });
        talk.print(&report.to_string());
        return;
    }
    let config_file = config.path.display().to_string();
    let variables = [
        ("config", config_file.as_str().into()),
        ("certificate", path("cert.pem").into()),
        ("key", path("key.pem").into()),
        ("accounts", path("accounts.sqlite").into()),
        ("domain", config.domain.as_str().into()),
    ];
    talk.print(&talk.texts.format("talk-init-written", &variables));
    if arguments.domain.is_none() {
        talk.print(&talk.texts.format("talk-init-domain-missing", &variables));
    }
    talk.print(&talk.texts.format("talk-init-account", &[("name", name.into())]));
    if let Some(made) = made {
        talk.print(&talk.texts.format("talk-user-generated", &[("name", name.into()), ("password", made.into())]));
    }
    talk.print(&talk.texts.format("talk-init-dns", &[("domain", config.domain.as_str().into())]));
    talk.print(&talk.texts.format("talk-init-next", &[("config", config_file.into())]));
}
