//! `--record FILE`: the session as a file that Wireshark opens, decrypted, with what `talk` said of each line.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use watchpost_observatory::pcapng::{self, Finish, Section, Side, Written};

use crate::connect::{Link, Tape};

/// What stands above the packets. The keys are those of one session, which its owner recorded (RFC 9850 §1).
const COMMENT: &str = "A session of watchpost talk, recorded by its own client. It holds the keys of this one TLS \
                       session, and with them whatever was said in it, a password too. Where a server sent the first \
                       line of a reply and a message in one, the line stands alone here, so that Wireshark shows the \
                       message.";
const INTERFACE: &str = "synthesised from an application's socket: TCP headers are reconstructed";

/// Where the recording goes, and what it is so far.
pub(super) struct Record {
    path: PathBuf,
    file: File,
    tape: Tape,
    ends: Option<(SocketAddr, SocketAddr)>,
}

impl Record {
    /// Makes the file, before anything is said: for its owner alone, since it will hold secrets.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { path: path.to_owned(), file, tape: Tape::default(), ends: None })
    }

    pub(super) fn tape(&self) -> Tape {
        self.tape.clone()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Between whom. Wireshark knows POP3 by its ports alone: any other stands as the usual one.
    pub(super) fn between(&mut self, link: &Link, usual_port: u16) {
        let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let mut server = link.peer().unwrap_or(nowhere);
        server.set_port(usual_port);
        self.ends = Some((link.local().unwrap_or(nowhere), server));
    }

    /// The next reply holds a message: RETR or TOP was said.
    pub(super) fn message_follows(&self) {
        self.tape.message_follows();
    }

    /// Tells readers something at the packet with which this side last spoke.
    pub(super) fn remark(&self, from: Side, text: &str) {
        self.tape.remark(from, text);
    }

    /// Writes everything. `ended_by`: who closed the connection.
    pub(super) fn write(self, ended_by: Side) -> io::Result<Written> {
        let Some((client, server)) = self.ends else { return Ok(Written::default()) };
        let conversation = self.tape.conversation(client, server, Finish::Closed(ended_by));
        let application = concat!("watchpost ", env!("CARGO_PKG_VERSION"));
        let section = Section { application, comment: COMMENT, interface: INTERFACE };
        let mut output = BufWriter::new(self.file);
        let written = pcapng::write(&mut output, section, &[conversation])?;
        output.flush()?;
        Ok(written)
    }
}
