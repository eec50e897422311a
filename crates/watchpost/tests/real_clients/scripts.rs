//! Libraries, each driven by a short script in `tests/clients` that reads the password from standard input.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Once;

use crate::alterations::Alteration;
use crate::cell::{Authentication, Cell, Client, Columns, Deleted, Failure, Fetched, Listed, Transport, named};
use crate::process;

/// A library and the script that drives it.
pub struct Script {
    name: &'static str,
    package: &'static str,
    interpreter: &'static str,
    /// Prints the version, and fails where the library is missing.
    version: &'static [&'static str],
    file: &'static str,
    unable: fn(Transport, Authentication) -> Option<&'static str>,
    columns: Columns,
    alterations: &'static [(Alteration, &'static str)],
}

const EXACT: Columns = columns("octet-exact");

const fn columns(fetch: &'static str) -> Columns {
    Columns {
        list: "sizes and unique-ids",
        fetch,
        leave: "the same unique-ids",
        delete: "the named messages",
        refusal: "[AUTH] Authentication failed",
    }
}

pub const POPLIB: Script = Script {
    name: "poplib",
    package: "python3",
    interpreter: "python3",
    version: &["-c", "import poplib, ssl, sys; print('Python', sys.version.split()[0])"],
    file: "poplib_cell.py",
    unable: |_, login| (login != Authentication::UserPass).then_some("poplib has no SASL."),
    columns: columns("octet-exact, its limit on lines raised"),
    alterations: &[],
};

pub const NET_POP3: Script = Script {
    name: "Net::POP3",
    package: "libio-socket-ssl-perl (and perl, libauthen-sasl-perl)",
    interpreter: "perl",
    version: &["-MNet::POP3", "-MIO::Socket::SSL", "-MAuthen::SASL", "-e", "print \"Net::POP3 $Net::POP3::VERSION\n\""],
    file: "net_pop3.pl",
    unable: |_, _| None,
    columns: columns("exact but for line ends"),
    alterations: &[(Alteration::LineEnds, "Net::Cmd makes each CRLF LF, but not behind IO::Socket::SSL")],
};

pub const NET_POP: Script = Script {
    name: "net-pop",
    package: "ruby",
    interpreter: "ruby",
    version: &["-e", "require 'net/pop'; require 'openssl'; puts \"net-pop #{Net::POP3::VERSION}\""],
    file: "net_pop.rb",
    unable: |transport, login| match (transport, login) {
        (Transport::Stls, _) => Some("net-pop has no STLS."),
        (_, Authentication::UserPass) => None,
        _ => Some("net-pop has no SASL."),
    },
    columns: EXACT,
    alterations: &[],
};

pub const PHP_IMAP: Script = Script {
    name: "PHP imap",
    package: "php-imap (and php-cli)",
    interpreter: "php",
    version: &["-r", "if (!extension_loaded('imap')) exit(1); echo 'PHP ', PHP_VERSION;"],
    file: "imap.php",
    unable: |transport, _| {
        (transport == Transport::Stls).then_some(
            "Behind STLS, c-client's ClientHello offers nothing newer than TLS 1.0, which Watchpost refuses (S-009).",
        )
    },
    columns: Columns { list: "sizes; it tells no unique-ids", ..EXACT },
    alterations: &[],
};

pub const NODE_POP3: Script = Script {
    name: "node-pop3",
    package: "nodejs (and npm, which fetches node-pop3)",
    interpreter: "node",
    version: &["--version"],
    file: "node_pop3.cjs",
    unable: |transport, login| match (transport, login) {
        (Transport::Stls, _) => Some("node-pop3 has no STLS."),
        (_, Authentication::UserPass) => None,
        _ => Some("node-pop3 has no SASL."),
    },
    columns: columns("exact but for what stands below"),
    alterations: &[
        (Alteration::Stuffed, "node-pop3 hands out the octets as they came, stuffing included"),
        (Alteration::NoLastLineEnd, "node-pop3 takes the last CRLF for a part of the terminator"),
    ],
};

impl Script {
    fn run(&self, cell: &Cell, operation: &str, arguments: &[&str]) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(self.file);
        let (transport, login) = (cell.transport.to_string(), cell.login.to_string());
        let (port, certificate) = (cell.port().to_string(), &cell.certificate);
        let mut command = Command::new(self.interpreter);
        command.arg(script).args([&transport, &login, &port, certificate, operation]).args(arguments);
        command.env("SSL_CERT_FILE", certificate).env("NODE_PATH", node_modules());
        process::run(&mut command, format!("{}\n", cell.password).as_bytes(), self.package)
    }
}

impl Client for Script {
    fn name(&self) -> &'static str {
        self.name
    }

    fn package(&self) -> &'static str {
        self.package
    }

    fn version(&self) -> String {
        let version = process::version(self.interpreter, self.version, self.package);
        if self.name == "node-pop3" {
            install_node_pop3();
            return format!("{} on Node {version}", node_pop3_version());
        }
        version
    }

    fn unable(&self, transport: Transport, login: Authentication) -> Option<&'static str> {
        (self.unable)(transport, login)
    }

    fn columns(&self) -> Columns {
        Columns { ..self.columns }
    }

    fn alterations(&self) -> &'static [(Alteration, &'static str)] {
        self.alterations
    }

    fn list(&self, cell: &Cell) -> Result<Listed, Failure> {
        let printed = process::succeeded(&self.run(cell, "list", &[]))?;
        let mut sizes = Vec::new();
        for (number, line) in (1_usize..).zip(printed.lines()) {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(words[0], number.to_string(), "{line}");
            sizes.push((words[1].parse().unwrap(), Some(words[2].to_owned()).filter(|uid| uid != "-")));
        }
        Ok(Listed::Sizes(sizes))
    }

    fn fetch(&self, cell: &Cell) -> Result<Fetched, Failure> {
        let folder = cell.place("mail");
        process::succeeded(&self.run(cell, "fetch", &[folder.to_str().unwrap()]))?;
        Ok(Fetched::Numbered(process::numbered(&folder)))
    }

    fn delete(&self, cell: &Cell, sizes: &[usize]) -> Result<Deleted, Failure> {
        let gone = named(sizes);
        let numbers: Vec<String> = gone.iter().map(|at| (at + 1).to_string()).collect();
        let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
        process::succeeded(&self.run(cell, "delete", &numbers))?;
        Ok(Deleted { gone, delivered: None })
    }
}

/// Where npm put the module: below the build's own folder.
fn node_modules() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("node-pop3/node_modules")
}

fn node_pop3_version() -> String {
    let manifest = std::fs::read(node_modules().join("node-pop3/package.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    manifest["version"].as_str().unwrap().to_owned()
}

/// Fetches the release that `tests/clients/node/package-lock.json` names by version and checksum, once.
fn install_node_pop3() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/node");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("node-pop3");
        let same = |name: &str| std::fs::read(folder.join(name)).ok() == std::fs::read(lock.join(name)).ok();
        if same("package-lock.json") && folder.join("installed").exists() {
            return;
        }
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["package.json", "package-lock.json"] {
            std::fs::copy(lock.join(name), folder.join(name)).unwrap();
        }
        let mut command = Command::new("npm");
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--prefix"]);
        command.arg(&folder).arg("--cache").arg(folder.join("cache")).current_dir(&folder);
        let output = process::run(&mut command, b"", "npm");
        assert!(output.status.success(), "npm does not fetch node-pop3:\n{}", process::said(&output));
        std::fs::write(folder.join("installed"), b"").unwrap();
    });
}
