//! neomutt, on the terminal that `script` makes for it.

use std::process::Command;

use crate::alterations::Alteration::{self, BlankLineBehindHeader, Field, LineFeeds, NoFromLine};
use crate::cell::{Authentication, Cell, Client, Columns, Deleted, Failure, Fetched, Listed, Transport, named};
use crate::fetchers::{contents, delivered};
use crate::process;

pub struct Neomutt;

/// Nothing is asked, nothing is waited for, nothing is kept between two runs.
const SETTINGS: &str = "\
set pop_user=alice pop_checkinterval=0 pop_reconnect=no
set ssl_usesystemcerts=no ssl_min_dh_prime_bits=0
set mbox_type=maildir sort=mailbox-order header_cache='' message_cachedir=''
set delete=yes quit=yes wait_key=no confirmappend=no confirmcreate=no copy=no record=''
set net_inc=0 read_inc=0 write_inc=0 sleep_time=0
";

impl Neomutt {
    /// Opens the maildrop, types these keys, and returns what the terminal showed.
    fn run(cell: &Cell, keys: &str) -> Result<String, Failure> {
        let home = cell.place("neomutt");
        let scheme = if cell.transport == Transport::Pop3s { "pops" } else { "pop" };
        let (starttls, force) = match cell.transport {
            Transport::Plain => ("no", "no"),
            Transport::Stls => ("yes", "yes"),
            Transport::Pop3s => ("no", "yes"),
        };
        let text = format!(
            "{SETTINGS}set pop_pass='{}' pop_authenticators='{}'\nset ssl_starttls={starttls} ssl_force_tls={force}\n\
             set ssl_ca_certificates_file='{}' certificate_file='{home}/certificates'\n\
             set folder='{home}' spoolfile='{home}/spool' tmpdir='{home}'\npush '{keys}'\n",
            cell.password,
            cell.login.to_string().to_lowercase(),
            cell.certificate,
            home = home.display(),
        );
        process::private_file(&home.join("rc"), &text);
        let shell = format!("neomutt -n -F '{}/rc' -f {scheme}://127.0.0.1:{}", home.display(), cell.port());
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &shell, "/dev/null"]);
        command.env("HOME", &home).env("TERM", "dumb").env("LC_ALL", "C.UTF-8").current_dir(&home);
        let said = process::succeeded(&process::run(&mut command, b"", "bsdutils"))?;
        if said.contains(" kept, ") { Ok(said) } else { Err(said) }
    }
}

impl Client for Neomutt {
    fn name(&self) -> &'static str {
        "neomutt"
    }

    fn package(&self) -> &'static str {
        "neomutt"
    }

    fn version(&self) -> String {
        process::version("neomutt", &["-v"], self.package()).replace("NeoMutt", "neomutt")
    }

    fn unable(&self, _: Transport, login: Authentication) -> Option<&'static str> {
        (login == Authentication::Login).then_some("Told to use LOGIN, neomutt's SASL library takes PLAIN.")
    }

    fn columns(&self) -> Columns {
        Columns {
            list: "count (when it leaves)",
            fetch: "equal but for what stands below",
            leave: "the same unique-ids",
            delete: "the named messages",
            refusal: "Login failed",
        }
    }

    fn alterations(&self) -> &'static [(Alteration, &'static str)] {
        &[
            (LineFeeds, "a Maildir has the line ends of its system"),
            (NoFromLine, "neomutt takes it for the head of an mbox entry: 5 real mails have one"),
            (BlankLineBehindHeader, "12-header-only has no body, and neomutt ends every header"),
            (Field("Content-Length"), "written anew into every copy"),
            (Field("Lines"), "written anew into every copy"),
            (Field("X-Status"), "flags stand in the Maildir's names instead"),
        ]
    }

    fn list(&self, cell: &Cell) -> Result<Listed, Failure> {
        let said = Self::run(cell, "<quit>")?;
        // 42 kept, 0 deleted
        let count = said.split(" kept, ").next().and_then(|before| before.rsplit(|c: char| !c.is_ascii_digit()).next());
        Ok(Listed::Count(count.and_then(|count| count.parse().ok()).ok_or_else(|| said.clone())?))
    }

    fn fetch(&self, cell: &Cell) -> Result<Fetched, Failure> {
        let keys = "<tag-pattern>~A<enter><tag-prefix><copy-message>=copy<enter><quit>";
        cell.place("neomutt/copy");
        for part in ["cur", "new", "tmp"] {
            cell.place(&format!("neomutt/copy/{part}"));
        }
        let (said, files) = delivered(&cell.place("neomutt/copy/new"), || Self::run(cell, keys));
        said?;
        Ok(Fetched::Delivered(contents(&files)))
    }

    fn delete(&self, cell: &Cell, sizes: &[usize]) -> Result<Deleted, Failure> {
        let gone = named(sizes);
        let pattern: Vec<String> = gone.iter().map(|at| format!("~m {}", at + 1)).collect();
        Self::run(cell, &format!("<delete-pattern>{}<enter><sync-mailbox><quit>", pattern.join("|")))?;
        Ok(Deleted { gone, delivered: None })
    }
}
