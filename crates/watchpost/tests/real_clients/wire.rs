//! curl and `openssl s_client`: both leave every octet as it came.

use std::process::Command;

use crate::alterations::Alteration;
use crate::cell::{Authentication, Cell, Client, Columns, Deleted, Failure, Fetched, Listed, Transport, named};
use crate::process;

pub struct Curl;

impl Curl {
    fn run(cell: &Cell, arguments: &[&str], path: &str) -> Result<String, Failure> {
        let config = cell.folder.join("curlrc");
        process::private_file(&config, &format!("user = \"alice:{}\"\n", cell.password));
        let mut command = Command::new("curl");
        command.args(["--disable", "--silent", "--show-error", "--fail", "--cacert", &cell.certificate]);
        command.args(["--login-options", &format!("AUTH={}", cell.login)]).arg("--config").arg(config);
        if cell.transport == Transport::Stls {
            command.arg("--ssl-reqd");
        }
        let scheme = if cell.transport == Transport::Pop3s { "pop3s" } else { "pop3" };
        command.args(arguments).arg(format!("{scheme}://127.0.0.1:{}/{path}", cell.port()));
        process::succeeded(&process::run(&mut command, b"", "curl"))
    }

    /// The second word of each line.
    fn column(cell: &Cell, arguments: &[&str]) -> Result<Vec<String>, Failure> {
        let heard = Self::run(cell, arguments, "")?;
        Ok(heard.lines().map(|line| line.split(' ').nth(1).unwrap_or_default().to_owned()).collect())
    }
}

impl Client for Curl {
    fn name(&self) -> &'static str {
        "curl"
    }

    fn package(&self) -> &'static str {
        "curl"
    }

    fn version(&self) -> String {
        process::version("curl", &["--version"], self.package()).split(" (").next().unwrap_or_default().to_owned()
    }

    fn unable(&self, _: Transport, login: Authentication) -> Option<&'static str> {
        (login == Authentication::UserPass)
            .then_some("curl takes SASL wherever it is offered and cannot be told to say USER.")
    }

    fn columns(&self) -> Columns {
        Columns {
            list: "sizes and unique-ids",
            fetch: "octet-exact",
            leave: "the same unique-ids",
            delete: "the named messages, one session each",
            refusal: "exit status: 67",
        }
    }

    fn alterations(&self) -> &'static [(Alteration, &'static str)] {
        &[]
    }

    fn list(&self, cell: &Cell) -> Result<Listed, Failure> {
        let (sizes, uids) = (Self::column(cell, &[])?, Self::column(cell, &["--request", "UIDL"])?);
        let sizes = sizes.iter().map(|size| size.parse().unwrap());
        Ok(Listed::Sizes(sizes.zip(uids.into_iter().map(Some)).collect()))
    }

    fn fetch(&self, cell: &Cell) -> Result<Fetched, Failure> {
        let folder = cell.place("mail");
        let count = Self::column(cell, &[])?.len();
        Self::run(cell, &["--output", &format!("{}/#1", folder.display())], &format!("[1-{count}]"))?;
        Ok(Fetched::Numbered(process::numbered(&folder)))
    }

    fn delete(&self, cell: &Cell, sizes: &[usize]) -> Result<Deleted, Failure> {
        let gone = named(sizes);
        // Each session renumbers what is left, so the last one goes first.
        for at in gone.iter().rev() {
            Self::run(cell, &["--head", "--request", &format!("DELE {}", at + 1)], "")?;
        }
        Ok(Deleted { gone, delivered: None })
    }
}

pub struct OpenSsl;

impl OpenSsl {
    /// Everything in one packet, and everything that was heard behind the greeting.
    fn run(cell: &Cell, commands: &[String]) -> Vec<u8> {
        let base64 = |text: &str| base64(text.as_bytes());
        let password = &cell.password;
        let login = match cell.login {
            Authentication::UserPass => format!("USER alice\nPASS {password}\n"),
            Authentication::Plain => format!("AUTH PLAIN\n{}\n", base64(&format!("\0alice\0{password}"))),
            Authentication::Login => format!("AUTH LOGIN\n{}\n{}\n", base64("alice"), base64(password)),
        };
        let typed = format!("AUTH\n{login}{}\nQUIT\n", commands.join("\n"));
        let mut command = Command::new("openssl");
        command.args(["s_client", "-quiet", "-crlf", "-verify_return_error", "-verify_ip", "127.0.0.1", "-CAfile"]);
        command.args([&cell.certificate, "-connect", &format!("127.0.0.1:{}", cell.port())]);
        if cell.transport == Transport::Stls {
            command.args(["-starttls", "pop3"]);
        }
        process::run(&mut command, typed.as_bytes(), "openssl").stdout
    }

    /// What came behind the login, or the refusal.
    fn session(cell: &Cell, commands: &[String]) -> Result<Vec<u8>, Failure> {
        let heard = Self::run(cell, commands);
        let mechanisms = b"+OK mechanisms follow\r\nPLAIN\r\nLOGIN\r\n.\r\n";
        assert!(heard.windows(mechanisms.len()).any(|part| part == mechanisms), "AUTH alone (P-100)");
        let welcome = b"+OK maildrop has ";
        let Some(start) = heard.windows(welcome.len()).position(|part| part == welcome) else {
            return Err(String::from_utf8_lossy(&heard).into_owned());
        };
        let end = heard[start..].iter().position(|octet| *octet == b'\n').unwrap();
        Ok(heard[start + end + 1..].to_vec())
    }
}

/// The replies to commands whose replies have many lines, without what belongs to the protocol.
fn multiline(mut heard: &[u8], replies: usize) -> Vec<Vec<u8>> {
    let mut line = || {
        let end = heard.iter().position(|octet| *octet == b'\n').map_or(heard.len(), |end| end + 1);
        let (line, rest) = heard.split_at(end);
        heard = rest;
        line
    };
    let mut reply = || {
        let status = line();
        assert!(status.starts_with(b"+OK"), "{}", status.escape_ascii());
        let mut lines = Vec::new();
        loop {
            match line() {
                b".\r\n" | b"" => return lines.concat(),
                stuffed => lines.push(stuffed.strip_prefix(b".").unwrap_or(stuffed)),
            }
        }
    };
    (0..replies).map(|_| reply()).collect()
}

/// RFC 4648 §4.
pub fn base64(octets: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |chunk: &[u8]| {
        let bits = (0..3).fold(0_usize, |bits, at| bits << 8 | usize::from(chunk.get(at).copied().unwrap_or(0)));
        let letter = |at: usize| char::from(LETTERS[bits >> (18 - 6 * at) & 63]);
        (0..4).map(|at| if at <= chunk.len() { letter(at) } else { '=' }).collect::<String>()
    };
    octets.chunks(3).map(encode).collect()
}

impl Client for OpenSsl {
    fn name(&self) -> &'static str {
        "openssl s_client"
    }

    fn package(&self) -> &'static str {
        "openssl"
    }

    fn version(&self) -> String {
        process::version("openssl", &["version"], self.package()).split(" (").next().unwrap_or_default().to_owned()
    }

    fn unable(&self, transport: Transport, _: Authentication) -> Option<&'static str> {
        (transport == Transport::Plain).then_some("s_client speaks nothing but TLS.")
    }

    fn columns(&self) -> Columns {
        Columns {
            list: "sizes and unique-ids",
            fetch: "octet-exact, the whole session in one packet",
            leave: "the same unique-ids",
            delete: "the named messages",
            refusal: "-ERR [AUTH]",
        }
    }

    fn alterations(&self) -> &'static [(Alteration, &'static str)] {
        &[]
    }

    fn list(&self, cell: &Cell) -> Result<Listed, Failure> {
        let heard = Self::session(cell, &["LIST".to_owned(), "UIDL".to_owned()])?;
        let lists = multiline(&heard, 2).into_iter().map(|list| String::from_utf8(list).unwrap());
        let columns: Vec<Vec<String>> =
            lists.map(|list| list.lines().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect()).collect();
        let sizes = columns[0].iter().map(|size| size.parse().unwrap());
        Ok(Listed::Sizes(sizes.zip(columns[1].iter().cloned().map(Some)).collect()))
    }

    fn fetch(&self, cell: &Cell) -> Result<Fetched, Failure> {
        let Listed::Sizes(sizes) = self.list(cell)? else { unreachable!("list tells sizes") };
        let commands: Vec<String> = (1..=sizes.len()).map(|number| format!("RETR {number}")).collect();
        Ok(Fetched::Numbered(multiline(&Self::session(cell, &commands)?, commands.len())))
    }

    fn delete(&self, cell: &Cell, sizes: &[usize]) -> Result<Deleted, Failure> {
        let gone = named(sizes);
        let commands: Vec<String> = gone.iter().map(|at| format!("DELE {}", at + 1)).collect();
        let heard = String::from_utf8(Self::session(cell, &commands)?).unwrap();
        assert_eq!(heard.lines().filter(|line| line.starts_with("+OK")).count(), gone.len() + 1, "{heard}");
        Ok(Deleted { gone, delivered: None })
    }
}

#[test]
fn base64_is_that_of_rfc_4648() {
    assert_eq!(["", "f", "fo", "foo"].map(|text| base64(text.as_bytes())), ["", "Zg==", "Zm8=", "Zm9v"]);
}
