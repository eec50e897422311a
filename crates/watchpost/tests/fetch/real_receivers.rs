//! Mail servers that are not ours, each from a folder of its own: Postfix takes mail by SMTP, Dovecot by LMTP.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Instant;

use crate::house::House;
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
";
const POSTFIX_SERVICES: &str = "127.0.0.1:@PORT@ inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
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

/// A receiver, killed with everything it has started when dropped.
struct Receiver {
    port: u16,
    dir: tempfile::TempDir,
    child: Child,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Receiver {
    fn start(files: &[(&str, &str)], script: &str) -> Self {
        assert!(rustix::process::geteuid().is_root(), "needs root: mail servers change to uids of their own");
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let place = dir.path().display().to_string();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for folder in ["queue", "data", "run", "state", "mail"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        chown(dir.path().join("mail"), Some(UID), Some(UID)).unwrap();
        let fill_in = |text: &str| {
            let text = text.replace("@DIR@", &place).replace("@PORT@", &port.to_string());
            text.replace("@UID@", &UID.to_string()).replace("@UNPACKED@", peer::UNPACKED)
        };
        for (name, text) in files {
            fs::write(dir.path().join(name), fill_in(text)).unwrap();
        }
        let child = peer::spawn(&fill_in(&format!("set -eu\ncd @DIR@\n{script}\n")), dir.path());
        let mut running = Self { port, dir, child };
        running.wait_for_connections();
        running
    }

    fn postfix() -> Self {
        assert!(Path::new("/usr/sbin/postfix").exists(), "the package postfix is missing (`./check peers`)");
        let files = [("main.cf", POSTFIX), ("master.cf", POSTFIX_SERVICES)];
        Self::start(&files, "chown postfix data\npostfix -c @DIR@ start-fg")
    }

    fn dovecot() -> Self {
        let lmtp = format!("{}/dovecot-lmtpd/usr/lib/dovecot/lmtp", peer::UNPACKED);
        assert!(Path::new(&lmtp).exists(), "{lmtp} is missing: it is of the package dovecot-lmtpd (`./check peers`)");
        Self::start(&[("dovecot.conf", DOVECOT)], "dovecot -F -c @DIR@/dovecot.conf &\nwait")
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
            let files: Vec<PathBuf> =
                fs::read_dir(self.folder()).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
            if files.len() >= count {
                return files.iter().map(|file| fs::read(file).unwrap()).collect();
            }
            assert!(Instant::now() < end, "{} of {count} were delivered", files.len());
            std::thread::yield_now();
        }
    }
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
    arrives_unchanged(&Receiver::postfix(), "smtp", &fields, known);
}

#[test]
fn real_mail_reaches_dovecot_by_lmtp_unchanged() {
    // C-060, C-072, C-073
    let fields = ["Return-Path: <>", "Delivered-To: ", "Received: "];
    arrives_unchanged(&Receiver::dovecot(), "lmtp", &fields, <[u8]>::to_vec);
}

#[test]
fn a_receiver_that_is_killed_in_the_midst_costs_nothing_and_one_message_at_most_comes_twice() {
    // C-061: what it had taken without saying so is in doubt, and is named.
    let mail: Vec<(String, Vec<u8>)> = (0..400)
        .map(|number| {
            let body = "a line of text\r\n".repeat(2000);
            (format!("id{number}"), format!("Subject: {number}\r\n\r\n{body}").into_bytes())
        })
        .collect();
    for kill in 1..6 {
        let server = Server::start(&[]);
        server.state.lock().unwrap().mail.clone_from(&mail);
        let receiver = Receiver::dovecot();
        let more =
            |port| format!("to = \"lmtp:127.0.0.1:{port}\"\nrecipient = \"alice@example.org\"\nleave = \"never\"");
        let house = House::new(server.port, &more(receiver.port));
        let state = house.path("state");
        let (killed, outcome) = std::thread::scope(|scope| {
            let fetching = scope.spawn(|| house.fetch());
            let killed = receiver.delivered(kill * 20);
            receiver.die();
            let outcome = fetching.join().unwrap();
            (receiver.delivered(killed.len()), outcome)
        });
        assert!(outcome.error.is_some() && outcome.report.delivered < mail.len(), "it was killed in the midst");
        let second = Receiver::dovecot();
        let again = House::new(server.port, &more(second.port));
        // The same account, and what it remembers.
        fs::create_dir_all(again.path("state")).unwrap();
        fs::copy(state.join("a.journal"), again.path("state/a.journal")).unwrap();
        let report = again.fetch_well().report;
        let doubtful = outcome.report.in_doubt.len() + report.in_doubt.len();
        let all = killed.len() + second.delivered(report.delivered).len();
        assert!(server.ids().is_empty(), "nothing is left");
        assert!((mail.len()..=mail.len() + doubtful).contains(&all), "{all} of {}, {doubtful} in doubt", mail.len());
        assert!(doubtful <= 1, "{doubtful}: one at most");
        println!("killed behind {}: {all} copies of {}, {doubtful} in doubt", killed.len(), mail.len());
    }
}
