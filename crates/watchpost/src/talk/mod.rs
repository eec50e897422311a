//! `watchpost talk HOST[:PORT]`: a session with any POP3 server, by hand, that explains each line as it goes.
//!
//! Nothing that a server says is believed or corrected: octets are shown as they came, escaped; what no RFC allows is
//! pointed out; whatever a server can make grow is bounded.

mod chain;
mod conversation;
mod input;
mod known;
mod login;
mod meaning;
mod output;
mod reply;
mod script;
mod secrets;
mod told;
mod typed;
mod wire;

use std::io::{self, IsTerminal};
use std::time::Duration;

use self::conversation::{Beginning, Conversation};
use self::input::Input;
use self::output::Output;
use self::script::Script;
use self::secrets::Secrets;
use crate::cli::{ExitCode, TalkArgs};
use crate::conform::host_and_port;
use crate::connect::{self, Connector, Deadlines, Security, Target, Trust};
use crate::console::{Failure, Surroundings, Talk};

/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;
/// The port of POP3S (RFC 8314 §7.2), and that of POP3.
const POP3S: u16 = 995;
const POP3: u16 = 110;

/// Runs the command.
pub fn run(arguments: &TalkArgs, talk: &Talk, surroundings: &Surroundings) -> Result<(), Failure> {
    let input = input(arguments, talk, surroundings)?;
    let secrets = Secrets::new(arguments, talk, surroundings)?;
    let (connector, trust) = connector(arguments)?;
    let on_terminal = io::stdout().is_terminal();
    let colour = on_terminal && !arguments.json && (surroundings.variable)("NO_COLOR").is_none();
    let columns = (surroundings.variable)("COLUMNS").and_then(|columns| columns.trim().parse().ok());
    let columns = columns.unwrap_or(COLUMNS);
    let mut output = Output::new(arguments.json, colour, !arguments.no_times, arguments.full, columns);
    let mut input = input;
    output.columns = input.columns().unwrap_or(output.columns);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(ExitCode::OsError, error.to_string()))?;
    let beginning = Beginning { talk, arguments, connector, trust, output, secrets, input };
    runtime.block_on(Conversation::hold(beginning))
}

fn input(arguments: &TalkArgs, talk: &Talk, surroundings: &Surroundings) -> Result<Input, Failure> {
    if let Some(path) = &arguments.script {
        return Script::open(path).map(Input::Script).map_err(|error| {
            let variables = [("path", path.display().to_string().into()), ("cause", error.to_string().into())];
            Failure::new(ExitCode::NoInput, talk.texts.format("error-talk-file", &variables))
        });
    }
    if arguments.json || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Ok(Input::Script(Script::from_standard_input()));
    }
    let colour = (surroundings.variable)("NO_COLOR").is_none();
    Input::terminal(surroundings, colour).map_err(|error| Failure::new(ExitCode::IoError, error.to_string()))
}

/// Without a port and without a word on TLS it is POP3S (RFC 8314 §3).
fn connector(arguments: &TalkArgs) -> Result<(Connector, Trust), Failure> {
    let (host, port) = host_and_port(&arguments.host, if arguments.stls { POP3 } else { POP3S });
    let is_tls = arguments.tls || (port == POP3S && !arguments.stls);
    // The other kind can begin TLS later on.
    let security = if is_tls { Security::Tls } else { Security::Stls };
    let failed = |error: connect::ConnectError| Failure::new(ExitCode::NoInput, error.to_string());
    let trust = match &arguments.ca {
        Some(path) => Trust::Certificates(connect::certificates(path).map_err(failed)?),
        None => Trust::System,
    };
    let step = Duration::from_secs(arguments.timeout.into());
    let deadlines = Deadlines { address: step, handshake: step, reply: step };
    // Certificates are judged behind the handshake, so that all that is wrong with them can be shown.
    let target = Target { host, port, security, trust: Trust::Anything };
    let connector = Connector::new(target, deadlines).map_err(failed)?;
    Ok((connector, trust))
}
