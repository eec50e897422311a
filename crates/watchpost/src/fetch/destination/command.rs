//! A command of the shell that takes one message on its standard input. Its exit code decides, as for local delivery
//! agents: 0 is delivered, 75 is for later, 126 and 127 are the shell's way to say that there is no such command, a signal
//! leaves open what was done, and anything else is a refusal.

use std::io;
use std::process::{Command as Program, Stdio};
use std::sync::Arc;
use std::time::Duration;

use watchpost_store::disk::Folder;

use super::text::{LineEnds, Quoting, Spool};
use super::{DeliveryError, PATIENCE};

/// `EX_TEMPFAIL` of `sysexits.h`.
const TEMPORARY_FAILURE: i32 = 75;
/// What the shell says of a command that cannot be run, and of one that is not there.
const NO_COMMAND: [i32; 2] = [126, 127];
/// How often to look whether the command has ended.
const LOOK: Duration = Duration::from_millis(10);

/// A command to run for each message.
pub struct Command {
    shell: String,
    line_ends: LineEnds,
    spool: Arc<Folder>,
}

impl Command {
    pub(super) fn new(command: &str, line_ends: LineEnds, spool: &Arc<Folder>) -> Self {
        Self { shell: command.to_owned(), line_ends, spool: Arc::clone(spool) }
    }

    pub(super) fn spool(&self) -> Spool {
        Spool::new(&self.spool, self.line_ends, Quoting::None)
    }

    pub(super) fn run(&self, spool: Spool) -> Result<(), DeliveryError> {
        let unavailable = |error: io::Error| DeliveryError::system(format_args!("cannot run {:?}", self.shell), &error);
        let mut child = Program::new("/bin/sh")
            .args(["-c", &self.shell])
            .stdin(spool.into_input().map_err(unavailable)?)
            .stdout(Stdio::null())
            .spawn()
            .map_err(unavailable)?;
        let mut waited = Duration::ZERO;
        let status = loop {
            match child.try_wait().map_err(unavailable)? {
                Some(status) => break status,
                None if waited >= PATIENCE => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(DeliveryError::InDoubt(format!("{:?} takes too long", self.shell)));
                }
                None => {
                    std::thread::sleep(LOOK);
                    waited += LOOK;
                }
            }
        };
        // A command may succeed without having read everything, as `head` does.
        match status.code() {
            Some(0) => Ok(()),
            Some(TEMPORARY_FAILURE) => Err(DeliveryError::Later(format!("{:?}: {status}", self.shell))),
            Some(code) if NO_COMMAND.contains(&code) => {
                Err(DeliveryError::Unavailable(format!("{:?}: {status}", self.shell)))
            }
            Some(code) => Err(DeliveryError::Refused(format!("{:?} ends with code {code}", self.shell))),
            None => Err(DeliveryError::InDoubt(format!("{:?}: {status}", self.shell))),
        }
    }
}
