//! Mail servers that are not ours, each from a folder of its own: Postfix takes mail by SMTP, Dovecot by LMTP.

use std::collections::BTreeSet;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::time::Instant;

use crate::house::House;
use crate::kill_relays::{Figures, Receiving, judge};
use crate::peer;
use crate::server::Server;
use crate::support::{PATIENCE, canonical, corpus, messages_of as corpus_messages};

/// Whose the delivered mail is.
const UID: u32 = 8110;

const POSTFIX: &str = "compatibility_level = 3.6
queue_directory = @DIR@/queue
data_directory = @DIR@/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = receiver.example.org
mydestination =
virtual_mailbox_domains = example.org
virtual_mailbox_base = @DIR@/mail
virtual_mailbox_maps = static:alice/
virtual_uid_maps = static:@UID@
virtual_gid_maps = static:@UID@
virtual_minimum_uid = 100
maillog_file = /dev/stdout
smtpd_recipient_restrictions = check_recipient_access inline:{{later@example.org=450 4.2.0 not now}, {never@example.org=550 5.1.1 unknown}}, permit
smtpd_client_connection_rate_limit = 0
local_header_rewrite_clients =
message_drop_headers =
in_flow_delay = 0
";
const POSTFIX_SERVICES: &str = "127.0.0.1:@PORT@ inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";
const DOVECOT: &str = "base_dir = @DIR@/run
state_dir = @DIR@/state
log_path = @DIR@/log
protocols = lmtp
ssl = no
mail_location = maildir:@DIR@/mail/alice
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=@UID@ gid=@UID@ home=@DIR@/mail allow_all_users=yes
}
service lmtp {
  executable = @UNPACKED@/dovecot-lmtpd/usr/lib/dovecot/lmtp
  inet_listener lmtp {
    address = 127.0.0.1
    port = @PORT@
  }
}
";

/// Delivers what Postfix has taken.
const POSTFIX_DELIVERY: &str = "qmgr unix n - n 300 1 qmgr\n";

/// A receiver, killed with everything it has started when dropped.
pub struct Receiver {
    kind: Kind,
    port: u16,
    dir: Arc<tempfile::TempDir>,
    child: Child,
}

/// Which mail server.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Takes mail by SMTP, and delivers it from a queue.
    Postfix,
    /// Takes mail by LMTP, and has delivered it when it says so.
    Dovecot,
}

impl Kind {
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Postfix => &[("main.cf", POSTFIX), ("master.cf", POSTFIX_SERVICES)],
            Self::Dovecot => &[("dovecot.conf", DOVECOT)],
        }
    }

    /// The file that also starts what delivers, and that line: without it mail is taken and stays in the queue.
    fn delivery(self) -> (&'static str, &'static str) {
        match self {
            Self::Postfix => ("master.cf", POSTFIX_DELIVERY),
            Self::Dovecot => ("dovecot.conf", ""),
        }
    }

    fn script(self) -> &'static str {
        match self {
            // Whoever changes its groups lives on when its parent dies: the shell stays, and all of them die with it.
            Self::Postfix => "chown postfix data\npostfix -c @DIR@ start-fg &\nwait",
            Self::Dovecot => "dovecot -F -c @DIR@/dovecot.conf &\nwait",
        }
    }

    fn protocol(self) -> &'static str {
        match self {
            Self::Postfix => "smtp",
            Self::Dovecot => "lmtp",
        }
    }

    fn is_there(self) {
        let lmtp = format!("{}/dovecot-lmtpd/usr/lib/dovecot/lmtp", peer::UNPACKED);
        let (path, package) = match self {
            Self::Postfix => ("/usr/sbin/postfix", "postfix"),
            Self::Dovecot => (lmtp.as_str(), "dovecot-lmtpd"),
        };
        assert!(Path::new(path).exists(), "{path} is missing: it is of the package {package} (`./check peers`)");
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Receiver {
    pub fn start(kind: Kind) -> Self {
        Self::start_in(kind, Self::make_folders(kind), true)
    }

    /// One that delivers nothing from its queue: what is killed between delivery and its note of it would deliver twice,
    /// whoever gave it the mail.
    fn start_taking(kind: Kind) -> Self {
        Self::start_in(kind, Self::make_folders(kind), false)
    }

    fn make_folders(kind: Kind) -> Arc<tempfile::TempDir> {
        kind.is_there();
        assert!(rustix::process::geteuid().is_root(), "needs root: mail servers change to uids of their own");
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for folder in ["queue", "data", "run", "state", "mail"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        chown(dir.path().join("mail"), Some(UID), Some(UID)).unwrap();
        Arc::new(dir)
    }

    /// On another port, with what the one before has left, all of which it delivers.
    fn again(&self) -> Self {
        self.remove_incomplete();
        Self::start_in(self.kind, Arc::clone(&self.dir), true)
    }

    /// What was being written when it died, and nobody was told of. Postfix makes a file of its queue executable when it
    /// is whole and on the disk, and says that it took it behind that.
    fn remove_incomplete(&self) {
        let is_whole = |file: &PathBuf| fs::metadata(file).unwrap().permissions().mode() & 0o100 != 0;
        let queued = files_of(&self.dir.path().join("queue/incoming")).into_iter().filter(|file| !is_whole(file));
        for file in queued.chain(files_of(&self.dir.path().join("mail/alice/tmp"))) {
            fs::remove_file(file).unwrap();
        }
    }

    fn start_in(kind: Kind, dir: Arc<tempfile::TempDir>, delivers: bool) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = dir.path().display().to_string();
        let fill_in = |text: &str| {
            let text = text.replace("@DIR@", &place).replace("@PORT@", &port.to_string());
            text.replace("@UID@", &UID.to_string()).replace("@UNPACKED@", peer::UNPACKED)
        };
        for (name, text) in kind.files() {
            let (file, line) = kind.delivery();
            let more = if delivers && file == *name { line } else { "" };
            fs::write(dir.path().join(name), fill_in(&format!("{text}{more}"))).unwrap();
        }
        let child = peer::spawn(&fill_in(&format!("set -eu\ncd @DIR@\n{}\n", kind.script())), dir.path());
        let mut running = Self { kind, port, dir, child };
        running.wait_for_connections();
        running
    }

    fn wait_for_connections(&mut self) {
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.child.try_wait().unwrap();
            let log = || fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < end, "it did not begin ({ended:?}):\n{}", log());
            std::thread::yield_now();
        }
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("mail/alice/new")
    }

    /// Everything of it ends at once.
    fn die(&self) {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    }

    /// Waits until so many messages are delivered: Postfix takes them before it does that.
    fn delivered(&self, count: usize) -> Vec<Vec<u8>> {
        let end = Instant::now() + PATIENCE;
        loop {
            let files = files_of(&self.folder());
            if files.len() >= count {
                return files.iter().map(|file| fs::read(file).unwrap()).collect();
            }
            assert!(Instant::now() < end, "{} of {count} were delivered", files.len());
            std::thread::yield_now();
        }
    }

    /// Messages that Postfix has taken and not delivered.
    fn queued(&self) -> usize {
        let queues = ["incoming", "active", "deferred", "maildrop"];
        queues.iter().map(|name| files_below(&self.dir.path().join("queue").join(name))).sum()
    }

    /// How many messages it has taken, more or less.
    fn taken_about(&self) -> usize {
        self.queued() + files_of(&self.folder()).len()
    }

    /// Everything that it has taken, once nothing is under way any more.
    fn everything(&self) -> Vec<PathBuf> {
        let end = Instant::now() + PATIENCE;
        let under_way = || self.queued() + files_of(&self.dir.path().join("mail/alice/tmp")).len();
        while under_way() > 0 {
            assert!(Instant::now() < end, "{} messages are under way and do not arrive", under_way());
            std::thread::yield_now();
        }
        files_of(&self.folder())
    }
}

impl Receiving for Receiver {
    fn keys(&self, _: &Path) -> String {
        let protocol = self.kind.protocol();
        format!("to = \"{protocol}:127.0.0.1:{}\"\nrecipient = \"alice@example.org\"", self.port)
    }

    fn taken(&self, _: &Path) -> Vec<Vec<u8>> {
        let files = self.everything();
        files
            .iter()
            .map(|file| {
                let octets = fs::read(file).unwrap();
                fs::remove_file(file).unwrap();
                octets
            })
            .collect()
    }
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

/// Files come and go while somebody counts them.
fn files_below(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}

/// Without the header fields that a receiver puts before a message, each once and in this order.
fn without(fields: &[&str], message: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = message.split_inclusive(|octet| *octet == b'\n').collect();
    for field in fields {
        let first = lines.first().copied().unwrap_or_default();
        let shown = String::from_utf8_lossy(first);
        assert!(first.starts_with(field.as_bytes()), "{field} should begin {shown:?}");
        lines.remove(0);
        while lines.first().is_some_and(|line| line.starts_with(b" ") || line.starts_with(b"\t")) {
            lines.remove(0);
        }
    }
    lines.concat()
}

fn arrives_unchanged(receiver: &Receiver, protocol: &str, fields: &[&str], known: fn(&[u8]) -> Vec<u8>) {
    let mail = corpus_messages(&corpus());
    let numbered = mail.iter().enumerate().map(|(number, octets)| (format!("id{number}"), octets.clone()));
    let server = Server::start(&[]);
    server.state.lock().unwrap().mail = numbered.collect();
    let to = format!("to = \"{protocol}:127.0.0.1:{}\"\nleave = \"never\"\n", receiver.port);
    for (recipient, delivered) in [("later", 0), ("never", 0), ("alice", mail.len())] {
        if recipient != "alice" && protocol == "lmtp" {
            continue;
        }
        let house = House::new(server.port, &format!("{to}recipient = \"{recipient}@example.org\""));
        let outcome = house.fetch();
        assert_eq!(outcome.report.delivered, delivered, "{recipient}: {:?} {:?}", outcome.error, outcome.report.failed);
        assert_eq!(outcome.error.is_none(), recipient == "alice");
        assert!(outcome.report.in_doubt.is_empty() && outcome.report.given_up.is_empty());
        assert_eq!(server.ids().len(), mail.len() - delivered, "{recipient}: what was refused stays");
    }
    let mut expected: Vec<Vec<u8>> = mail.iter().map(|octets| known(octets)).collect();
    let stored = receiver.delivered(mail.len());
    let mut found: Vec<Vec<u8>> = stored.iter().map(|octets| canonical(&without(fields, octets))).collect();
    expected.sort();
    found.sort();
    assert_eq!(found.len(), expected.len());
    let differ = found.iter().filter(|message| expected.binary_search(message).is_err()).collect::<Vec<_>>();
    for message in differ.iter().take(3) {
        println!("differs: {}", String::from_utf8_lossy(&message[..message.len().min(300)]));
    }
    assert!(differ.is_empty(), "{} of {} differ", differ.len(), found.len());
    println!("{protocol}: {} real mails arrived unchanged behind {fields:?}", found.len());
}

#[test]
fn real_mail_reaches_postfix_by_smtp_unchanged() {
    // C-060, C-072, C-073
    let fields = ["Return-Path: <>", "X-Original-To: ", "Delivered-To: ", "Received: "];
    // Five real mails begin with a `From ` line, of which Postfix' smtpd makes a header field.
    let known = |octets: &[u8]| {
        let field: &[u8] = if octets.starts_with(b"From ") { b"X-Mailbox-Line: " } else { b"" };
        [field, octets].concat()
    };
    arrives_unchanged(&Receiver::start(Kind::Postfix), "smtp", &fields, known);
}

#[test]
fn real_mail_reaches_dovecot_by_lmtp_unchanged() {
    // C-060, C-072, C-073
    let fields = ["Return-Path: <>", "Delivered-To: ", "Received: "];
    arrives_unchanged(&Receiver::start(Kind::Dovecot), "lmtp", &fields, <[u8]>::to_vec);
}

/// C-061: each message arrives, told apart by its digest; what was taken without a word about it may be there twice, and
/// is named.
fn killed_in_the_midst(kind: Kind) {
    // Many and small: whoever watches must come in time to see it in the midst of them.
    let mail: Vec<(String, Vec<u8>)> = (0..2000)
        .map(|number| {
            let body = "a line of text\r\n".repeat(number * 37 % 100);
            (format!("id{number}"), format!("Subject: {number}\r\n\r\n{body}").into_bytes())
        })
        .collect();
    for kill in 1..4 {
        let server = Server::start(&[]);
        server.state.lock().unwrap().mail.clone_from(&mail);
        let receiver = Receiver::start_taking(kind);
        let protocol = kind.protocol();
        let more = |port| {
            format!("to = \"{protocol}:127.0.0.1:{port}\"\nrecipient = \"alice@example.org\"\nleave = \"never\"")
        };
        let house = House::new(server.port, &more(receiver.port));
        let state = house.path("state");
        let outcome = std::thread::scope(|scope| {
            let fetching = scope.spawn(|| house.fetch());
            let end = Instant::now() + PATIENCE;
            while receiver.taken_about() < kill * 20 {
                assert!(Instant::now() < end, "nothing arrives");
                std::thread::yield_now();
            }
            receiver.die();
            fetching.join().unwrap()
        });
        let (delivered, error) = (outcome.report.delivered, &outcome.error);
        assert!(error.is_some() && delivered < mail.len(), "it was not killed in the midst: {delivered} {error:?}");
        // What it had taken is still there, and it delivers that first.
        let second = receiver.again();
        let again = House::new(server.port, &more(second.port));
        // The same account, and what it remembers.
        fs::create_dir_all(again.path("state")).unwrap();
        fs::copy(state.join("a.journal"), again.path("state/a.journal")).unwrap();
        let report = again.fetch_well().report;
        assert!(server.ids().is_empty(), "nothing is left");
        let doubtful: BTreeSet<String> = outcome.report.in_doubt.iter().chain(&report.in_doubt).cloned().collect();
        let mut figures = Figures::default();
        judge(&second.taken(Path::new("")), &mail, &doubtful, &mut figures);
        println!("{kind:?} killed behind {}: {figures:?}, in doubt {doubtful:?}", outcome.report.delivered);
        assert!(figures.lost == 0 && figures.twice == 0 && doubtful.len() <= 1, "{figures:?} {doubtful:?}");
    }
}

#[test]
fn a_dovecot_that_is_killed_in_the_midst_costs_nothing_and_one_message_at_most_comes_twice() {
    killed_in_the_midst(Kind::Dovecot);
}

#[test]
fn a_postfix_that_is_killed_in_the_midst_costs_nothing_and_one_message_at_most_comes_twice() {
    killed_in_the_midst(Kind::Postfix);
}
