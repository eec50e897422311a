//! How commands talk to people: what goes to standard output, what to standard error, and what a failure says.

use std::ffi::OsString;
use std::io::{self, Write};

use crate::cli::ExitCode;
use crate::i18n::Texts;
use crate::server::ListenError;

/// What the program finds around it. Only `main` asks the machine for it.
pub struct Surroundings {
    /// The arguments, the program's name first.
    pub arguments: Vec<OsString>,
    /// Reads a variable of the environment.
    pub variable: fn(&str) -> Option<String>,
    /// Whether standard error is a terminal that wants colours.
    pub colour: bool,
    /// Where this program lies.
    pub program: String,
}

/// What a command needs to talk to people.
pub struct Talk {
    /// Texts in the language of choice.
    pub texts: Texts,
    /// Whether standard error may have colours.
    pub colour: bool,
    /// Where this program lies.
    pub program: String,
}

/// Why a command ends without having done what was asked. The text is for people, and complete.
pub struct Failure {
    /// What the shell is told.
    pub code: ExitCode,
    /// What people are told.
    pub text: String,
}

impl Failure {
    /// A failure with its text.
    pub fn new(code: ExitCode, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl Talk {
    /// A line for people, on standard error.
    pub fn say(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// A line of data, on standard output. A reader that has gone away is no error of ours.
    pub fn print(&self, text: &str) {
        let _ = writeln!(io::stdout().lock(), "{text}");
    }
}

/// Why a port cannot be opened, and what to do: `option` is where its address is said.
pub fn port_trouble(error: &ListenError, option: &str, talk: &Talk) -> String {
    let id = match error.cause.kind() {
        io::ErrorKind::AddrInUse => "error-port-taken",
        io::ErrorKind::PermissionDenied => "error-port-forbidden",
        io::ErrorKind::AddrNotAvailable => "error-address-absent",
        _ => "error-listen",
    };
    let variables = [
        ("address", error.address.to_string().into()),
        ("option", option.into()),
        ("program", talk.program.as_str().into()),
        ("cause", error.cause.to_string().into()),
    ];
    talk.texts.format(id, &variables)
}

/// What waits for signals, and for whatever a command does beside the sessions.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(ExitCode::OsError, format!("cannot start threads: {error}")))
}
