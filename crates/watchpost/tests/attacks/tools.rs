//! Attackers' own tools, as Debian packages them, each bounded in tries and time.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Output};

use crate::premises::{Premises, wrong};
use crate::process;
use crate::relay::{Relay, Transcript};
use crate::shape::Shape;

/// A tool and how it is called.
pub struct Tool {
    /// The name of its file of shapes.
    pub name: &'static str,
    pub package: &'static str,
    /// The command: words apart by spaces; PORT, ACCOUNT, USERS, PASSWORDS stand for what a run gives.
    pub command: &'static str,
    pub transport: Transport,
    /// What a reader of its shape should notice.
    pub remarks: &'static str,
}

/// Which port a tool is pointed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Pop3,
    Pop3s,
}

/// Passwords that a tool tries: all wrong.
pub const TRIES: usize = 6;

pub const HYDRA: Tool = Tool {
    name: "hydra",
    package: "hydra",
    command: "hydra -I -t 2 -w 30 -l ACCOUNT -P PASSWORDS -s PORT 127.0.0.1 pop3",
    transport: Transport::Pop3,
    remarks: "A first connection asks CAPA and says QUIT; where SASL PLAIN is offered, two workers use it without an\n\
              initial response, with the user name as authorization identity too: name NUL name NUL password.\n\
              A worker stays until the server closes, then connects again. 100 ms before whatever it says.",
};

pub const HYDRA_CLEAR: Tool = Tool {
    name: "hydra-clear",
    package: "hydra",
    command: "hydra -I -t 2 -w 30 -l ACCOUNT -P PASSWORDS -s PORT 127.0.0.1 pop3 CLEAR",
    transport: Transport::Pop3,
    remarks: "The same with USER and PASS.",
};

pub const HYDRA_POP3S: Tool = Tool {
    name: "hydra-pop3s",
    package: "hydra",
    command: "hydra -I -t 1 -w 30 -S -l ACCOUNT -P PASSWORDS -s PORT 127.0.0.1 pop3 CLEAR",
    transport: Transport::Pop3s,
    remarks: "As hydra-clear, inside TLS 1.3 of OpenSSL without a server name.",
};

pub const MEDUSA: Tool = Tool {
    name: "medusa",
    package: "medusa",
    command: "medusa -h 127.0.0.1 -n PORT -u ACCOUNT -P PASSWORDS -M pop3 -t 1",
    transport: Transport::Pop3,
    remarks: "STLS first, always; its ClientHello there offers TLS 1.0 alone, so a server of today refuses it (alert 40)\n\
              and medusa gives up. Where STLS is not available: STLS, CAPA once, USER, PASS; a connection per try, no QUIT.",
};

pub const MEDUSA_POP3S: Tool = Tool {
    name: "medusa-pop3s",
    package: "medusa",
    command: "medusa -s -h 127.0.0.1 -n PORT -u ACCOUNT -P PASSWORDS -M pop3 -t 1",
    transport: Transport::Pop3s,
    remarks: "Inside TLS 1.3 of OpenSSL: CAPA on the first connection, then USER and PASS; a connection per try, no QUIT.",
};

pub const NCRACK: Tool = Tool {
    name: "ncrack",
    package: "ncrack",
    command: "ncrack -T5 --user ACCOUNT -P PASSWORDS pop3://127.0.0.1:PORT",
    transport: Transport::Pop3,
    remarks: "USER and PASS until the server closes; the first connection finds out how many tries it bears, then several\n\
              at once; 10 ms between tries; no CAPA, no QUIT.",
};

pub const PATATOR: Tool = Tool {
    name: "patator",
    package: "patator",
    command: "patator pop_login host=127.0.0.1 port=PORT user=ACCOUNT password=FILE0 0=PASSWORDS -x ignore:code=-ERR -t 1",
    transport: Transport::Pop3,
    remarks: "Python's poplib: USER and PASS until the server closes; it does not notice the end, says USER again\n\
              into the closed connection, and counts that as a try. No CAPA, no QUIT.",
};

pub const PATATOR_ANEW: Tool = Tool {
    name: "patator-anew",
    package: "patator",
    command: "patator pop_login host=127.0.0.1 port=PORT user=ACCOUNT password=FILE0 0=PASSWORDS persistent=0 \
              -x ignore:code=-ERR -t 1",
    transport: Transport::Pop3,
    remarks: "The same with a connection per try; it says QUIT, as poplib does.",
};

pub const NMAP_CAPABILITIES: Tool = Tool {
    name: "nmap-capabilities",
    package: "nmap",
    command: "nmap --unprivileged -Pn -n -p PORT --script +pop3-capabilities 127.0.0.1",
    transport: Transport::Pop3,
    remarks: "A connect scan that resets before the greeting, then CAPA and close; no QUIT.",
};

pub const NMAP_NTLM: Tool = Tool {
    name: "nmap-ntlm-info",
    package: "nmap",
    command: "nmap --unprivileged -Pn -n -p PORT --script +pop3-ntlm-info 127.0.0.1",
    transport: Transport::Pop3,
    remarks: "A connect scan that resets; a connection with an SSL 3.0 ClientHello on the plain port, whose random is the\n\
              words random1random2random3random4; then STLS, and in TLS 1.3 AUTH NTLM and a type 1 message, whatever the\n\
              server says to AUTH; close without QUIT.",
};

pub const NMAP_BRUTE: Tool = Tool {
    name: "nmap-brute",
    package: "nmap",
    command: "nmap --unprivileged -Pn -n -p PORT --script +pop3-brute --script-args \
              userdb=USERS,passdb=PASSWORDS,brute.threads=2,brute.start=2,brute.guesses=2 127.0.0.1",
    transport: Transport::Pop3,
    remarks: "A connect scan that resets, then a connection per try: USER, PASS, close. The first password of each user is\n\
              the name itself. No CAPA, no QUIT.",
};

pub const NMAP_VERSION: Tool = Tool {
    name: "nmap-version",
    package: "nmap",
    command: "nmap --unprivileged -Pn -n -p PORT -sV 127.0.0.1",
    transport: Transport::Pop3,
    remarks: "A connect scan that resets; six seconds of listening, then two empty lines, five seconds more, close; then\n\
              OPTIONS / HTTP/1.0 on a new connection.",
};

pub const ALL: [&Tool; 12] = [
    &HYDRA,
    &HYDRA_CLEAR,
    &HYDRA_POP3S,
    &MEDUSA,
    &MEDUSA_POP3S,
    &NCRACK,
    &PATATOR,
    &PATATOR_ANEW,
    &NMAP_CAPABILITIES,
    &NMAP_NTLM,
    &NMAP_BRUTE,
    &NMAP_VERSION,
];

impl Tool {
    /// The account it guesses at: nobody else does.
    pub fn account(&self) -> String {
        format!("guessed-{}", self.name)
    }

    fn server(&self, premises: &Premises) -> SocketAddr {
        if self.transport == Transport::Pop3s { premises.pop3s() } else { premises.pop3() }
    }

    /// Runs the tool through a relay, to its end.
    pub fn run(&self, premises: &Premises, source: Ipv4Addr) -> Vec<Transcript> {
        let relay = Relay::start(self.server(premises), source);
        let passwords: String = (1..=TRIES).map(|number| wrong(number) + "\n").collect();
        let passwords = premises.file(&format!("{}.passwords", self.name), &passwords);
        let users = premises.file(&format!("{}.users", self.name), "guessed-nmap-brute\nguessed-nmap-twice\n");
        let argument = |word: &str| {
            let word = word.replace("PORT", &relay.port());
            word.replace("PASSWORDS", &passwords).replace("USERS", &users).replace("ACCOUNT", &self.account())
        };
        let mut words = self.command.split_whitespace().map(argument);
        let mut command = Command::new(words.next().expect("a program"));
        command.args(words).current_dir(premises.folder()).env("HOME", premises.folder()).env("LC_ALL", "C");
        let output = process::run(&mut command, b"", self.package);
        self.must_have_worked(&output);
        relay.finish()
    }

    fn must_have_worked(&self, output: &Output) {
        let said = process::said(output);
        assert!(output.status.success(), "{}: {}\n{said}", self.name, output.status);
    }

    pub fn shape<'a>(&'a self, transcripts: &'a [Transcript]) -> Shape<'a> {
        Shape { name: self.name, command: self.command, remarks: self.remarks, transcripts }
    }
}
