//! What captures must hold, and what they must not. Each check begins a server of its own.
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::search::Secret;
use crate::site::{CAROL, Site, Visit, WRONG, is_flawless, tshark};
use crate::support::Typist;

const FULL: &str = "mode = \"full\"\ninclude_authenticated = true\nsession_max = \"8MiB\"\nmemory_max = \"256MiB\"";

fn wrong() -> String {
    format!("PASS {WRONG}")
}

/// TLS 1.3 in full and resumed, TLS 1.2, STLS, IPv6, many at once, HTTP, and a large message: decrypted, with nothing
/// to complain about.
pub fn every_kind_of_session_is_read_by_wireshark() {
    let site = Site::open(FULL);
    let body = "All is well, and will be for long.\r\n".repeat(150_000);
    site.deliver(format!("From: a@example.net\r\nSubject: five million octets\r\n\r\n{body}").as_bytes());
    let (wrong, right) = (wrong(), format!("PASS {CAROL}"));
    let guess = ["CAPA", "USER carol", wrong.as_str(), "QUIT"];
    let thirteen = Visit { times: 2, ..Visit::new(site.pop3s, "implicit", &guess) };
    assert_eq!(site.visit(&thirteen), "TLSv1.3 full\nTLSv1.3 resumed\n");
    let twelve = Visit { times: 2, version: "TLSv1_2", ..Visit::new(site.pop3s, "implicit", &guess) };
    assert_eq!(site.visit(&twelve), "TLSv1.2 full\nTLSv1.2 full\n");
    assert_eq!(site.visit(&Visit::new(site.pop3, "stls", &guess)), "TLSv1.3 full\n");
    site.visit(&Visit::new(site.pop3s_v6, "implicit", &guess));
    site.visit(&Visit { at_once: 20, ..Visit::new(site.pop3s, "implicit", &guess) });
    site.visit(&Visit::new(site.pop3, "", &["GET / HTTP/1.1"]));
    site.visit(&Visit::new(site.pop3s, "implicit", &["USER carol", &right, "TOP 1 0", "RETR 1", "QUIT"]));
    site.sessions(28);
    let (file, told) = site.pcap("keys.pcapng", &["--since", "1h", "--with-keys", "--yes"]);
    assert_eq!(told["sessions"], 28, "{told}");
    assert_eq!(told["decryption_blocks"], 27, "{told}");
    is_flawless(&file);
    let commands = tshark(&file, "tls && pop.request.command == \"PASS\"", &["tcp.stream", "pop.request.parameter"]);
    assert_eq!(commands.iter().filter(|line| line.ends_with(&format!("|{WRONG}"))).count(), 26, "{commands:?}");
    assert_eq!(commands.iter().filter(|line| line.ends_with(&format!("|{CAROL}"))).count(), 1);
    let versions = |version| tshark(&file, &format!("tls.handshake.type == 2 && {version}"), &["tcp.stream"]).len();
    assert_eq!((versions("tls.handshake.extensions.supported_version == 0x0304"), versions("tls")), (25, 27));
    assert_eq!(tshark(&file, "ipv6 && pop.request.command == \"PASS\"", &["tcp.dstport"]), ["995"]);
    assert_eq!(tshark(&file, "tcp.port == 110 && pop.request.command == \"STLS\"", &["tcp.dstport"]), ["110"]);
    assert_eq!(tshark(&file, "tcp.port == 110 && tls && pop.request.command == \"PASS\"", &["tcp.dstport"]), ["110"]);
    assert_eq!(tshark(&file, "frame contains \"GET / HTTP/1.1\"", &["tcp.dstport"]), ["110"]);
    // The header that TOP sent, and the message that RETR sent.
    assert_eq!(tshark(&file, "imf", &["imf.subject"]), ["five million octets"; 2]);
    // What was said inside TLS, without it and without secrets, opens in anything.
    let (file, told) = site.pcap("redacted.pcapng", &["--since", "1h"]);
    assert_eq!((&told["decryption_blocks"], &told["from_recording"]), (&0.into(), &28.into()), "{told}");
    is_flawless(&file);
    assert_eq!(tshark(&file, "imf", &["imf.subject"]), ["five million octets"; 2]);
    let commands = tshark(&file, "pop.request.command == \"PASS\"", &["pop.request.parameter"]);
    assert_eq!(commands, ["******"; 27]);
    assert_eq!(tshark(&file, "tls", &["frame.number"]), [""; 0]);
    no_secret_in(&fs::read(&file).unwrap(), "redacted.pcapng");
}

/// What is logged of TLS 1.2 is the master secret, which opens resumed sessions too.
pub fn sessions_of_tls_1_2_are_not_resumed_while_keys_are_kept() {
    for (mode, second) in [("redacted", "resumed"), ("full", "full")] {
        let site = Site::open(&format!("mode = \"{mode}\""));
        let twelve = Visit { times: 2, version: "TLSv1_2", ..Visit::new(site.pop3s, "implicit", &["CAPA", "QUIT"]) };
        assert_eq!(site.visit(&twelve), format!("TLSv1.2 full\nTLSv1.2 {second}\n"), "{mode}");
    }
}

/// Nothing that was typed where a password stands is in a redacted file, in whatever form.
fn no_secret_in(octets: &[u8], what: &str) {
    for secret in [Secret::new("the right password", CAROL), Secret::new("a wrong password", WRONG)] {
        let found = secret.found_in(octets);
        assert!(found.is_empty(), "{what} holds {}: {found:?}", secret.name);
    }
}

/// PASS, SASL, APOP, a password in the line of USER, one in the wrong place, and one behind a wrong verb: neither in
/// memory that is written, nor in files, nor in what is exported; nor how long they are.
pub fn what_is_redacted_never_got_in() {
    let site = Site::open("mode = \"redacted\"");
    let wrong = wrong();
    let sasl = format!("AUTH PLAIN {}", crate::search::base64(format!("\0carol\0{WRONG}").as_bytes()));
    let (typed, apop) = (format!("PSAS {WRONG}"), format!("APOP carol {}", "0123456789abcdef".repeat(2)));
    let together = format!("USER carol {WRONG}");
    let lines = ["USER carol", typed.as_str(), &together, "USER carol", &wrong, &sasl, &apop];
    site.visit(&Visit::new(site.pop3s, "implicit", &lines));
    site.visit(&Visit::new(site.pop3s, "implicit", &["USER carol", "PASS short-one"]));
    let sessions = site.sessions(2);
    let (file, told) = site.pcap("redacted.pcapng", &["--since", "1h"]);
    assert_eq!(told["from_recording"], 2, "{told}");
    let files = site.wait_for_captures(2);
    for path in files.iter().chain([&file]) {
        let octets = fs::read(path).unwrap();
        no_secret_in(&octets, &path.display().to_string());
        assert!(Secret::new("APOP", "0123456789abcdef0123456789abcdef").found_in(&octets).is_empty());
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    // The search finds what must be there.
    let name = Secret::new("a line", "USER carol\r\n");
    assert!(files.iter().any(|path| !name.found_in(&fs::read(path).unwrap()).is_empty()));
    let passwords = tshark(&file, "pop.request.command == \"PASS\"", &["pop.request.parameter"]);
    assert_eq!(passwords, ["******"; 2], "the length of a password is not told");
    let folder = fs::metadata(site.dir.path().join("captures")).unwrap().permissions().mode();
    assert_eq!(folder & 0o777, 0o700);
    drop(sessions);
}

/// What an owner did is wiped when the owner has logged in; where nothing is asked for, nothing is written.
pub fn sessions_of_owners_are_not_kept() {
    let mut site = Site::open("mode = \"full\"");
    let right = format!("PASS {CAROL}");
    site.visit(&Visit::new(site.pop3s, "implicit", &["USER carol", &right, "STAT", "QUIT"]));
    site.visit(&Visit::new(site.pop3s, "implicit", &["CAPA", "QUIT"]));
    site.sessions(2);
    let (file, told) = site.pcap("redacted.pcapng", &["--since", "1h"]);
    assert_eq!((&told["from_recording"], &told["from_journal"]), (&1.into(), &1.into()), "{told}");
    is_flawless(&file);
    let refused = site.ask(&["pcap", "--account", "carol", "--with-keys", "--yes", "-o", "/dev/null"]);
    assert_eq!(refused.status.code(), Some(66));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("No TLS keys are held"));
    site.close();
    for path in site.captures() {
        no_secret_in(&fs::read(&path).unwrap(), &path.display().to_string());
    }
    assert_eq!(site.captures().len(), 1);
}

/// A rule of medium severity or more asks for the session by itself, and the file says which rule it was, where.
pub fn a_verdict_asks_for_the_session_it_cites() {
    let mut site = Site::open("mode = \"redacted\"");
    site.visit(&Visit::new(site.pop3, "", &["CAPA", "QUIT"]));
    site.visit(&Visit::new(site.pop3, "", &["CAPA", "USER alice\0", "QUIT"]));
    let sessions = site.sessions(2);
    let captures = site.wait_for_captures(1);
    site.close();
    assert_eq!(site.captures(), captures, "nobody asked for the other one");
    let id = sessions[1]["id"].as_str().unwrap();
    assert!(captures[0].to_string_lossy().contains(id), "{captures:?}");
    let (file, _) = site.pcap("verdict.pcapng", &[id]);
    is_flawless(&file);
    let comments = |filter: &str| tshark(&file, filter, &["frame.comment"]).join("\n");
    assert!(comments("tcp.flags.syn == 1 && tcp.flags.ack == 0").contains("① TCP connection"));
    assert!(comments("pop.request.command == \"CAPA\"").contains("③ POP3 session, AUTHORIZATION"));
    let proof = comments("pop.request.command == \"USER\"");
    assert!(proof.contains("▲ X1 (") && proof.contains("ATT&CK T"), "{proof}");
    let path = site.dir.path().join("ja.pcapng");
    let output = site.ask_in("ja", &["pcap", id, "-o", path.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let japanese = tshark(&path, "pop.request.command == \"CAPA\"", &["frame.comment"]).join("\n");
    assert!(japanese.contains("③ POP3 セッション、AUTHORIZATION"), "{japanese}");
}

/// Files are encrypted to a key whose other half opens them; who takes keys is asked, and written down.
pub fn keys_are_taken_by_those_alone_who_may_and_it_is_written_down() {
    let identity = age::x25519::Identity::generate();
    let mut site = Site::open(&format!("mode = \"full\"\nrecipient = \"{}\"", identity.to_public()));
    let wrong = wrong();
    site.visit(&Visit::new(site.pop3s, "implicit", &["USER carol", &wrong, "QUIT"]));
    let id = site.sessions(1)[0]["id"].as_str().unwrap().to_owned();
    let file = site.dir.path().join("keys.pcapng").display().to_string();
    let locked = site.ask(&["pcap", &id, "-o", &file]);
    assert_eq!(locked.status.code(), Some(77), "{}", String::from_utf8_lossy(&locked.stderr));
    assert!(String::from_utf8_lossy(&locked.stderr).contains("--identity FILE"));
    let captures = site.wait_for_captures(1);
    assert!(fs::read(&captures[0]).unwrap().starts_with(b"age-encryption.org/v1\n"));
    let key = site.dir.path().join("key.txt");
    let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    fs::write(&key, format!("# created by a test\n{secret}\n")).unwrap();
    let key = key.display().to_string();
    let with_keys = ["pcap", &id, "--identity", &key, "--with-keys", "-o", &file];
    let unasked = site.ask(&with_keys);
    assert_eq!(unasked.status.code(), Some(64), "nobody can be asked");
    let said = String::from_utf8_lossy(&unasked.stderr).into_owned();
    assert!(said.contains("TLS keys of one session") && said.contains("one account that exists was tried"), "{said}");
    assert!(!std::path::Path::new(&file).exists());
    let (path, told) = site.pcap("keys.pcapng", &[&id, "--identity", &key, "--with-keys", "--yes"]);
    assert_eq!(told["decryption_blocks"], 1);
    is_flawless(&path);
    assert_eq!(tshark(&path, "pop.request.command == \"PASS\"", &["pop.request.parameter"]), [WRONG]);
    let report: Value = serde_json::from_slice(&site.ask(&["report", "--json"]).stdout).unwrap();
    assert_eq!(report["keys_taken"].as_array().unwrap().len(), 1);
    assert_eq!(report["keys_taken"][0]["secrets"], 1);
    let text = String::from_utf8(site.ask(&["report"]).stdout).unwrap();
    assert!(text.contains("took out the TLS keys of one session"), "{text}");
    let log = site.close();
    no_secret_in(log.as_bytes(), "the log");
}

/// Without recordings the journal tells what it knows.
pub fn what_was_not_recorded_is_made_from_the_journal() {
    let site = Site::open("mode = \"metadata\"");
    let wrong = wrong();
    site.visit(&Visit::new(site.pop3s, "implicit", &["USER carol", &wrong, "QUIT"]));
    site.visit(&Visit::new(site.pop3, "stls", &["USER carol", &wrong, "QUIT"]));
    site.sessions(2);
    let (file, told) = site.pcap("journal.pcapng", &["--since", "1h"]);
    assert_eq!((&told["sessions"], &told["from_journal"]), (&2.into(), &2.into()), "{told}");
    is_flawless(&file);
    let commands = tshark(&file, "pop.request", &["pop.request.command", "pop.request.parameter"]);
    let said = ["USER|carol", "PASS|******", "QUIT|"];
    assert_eq!(commands, [&said[..], &["STLS|"], &said[..]].concat());
    let replies = tshark(&file, "pop.response.indicator == \"-ERR\"", &["pop.response.description"]);
    assert_eq!(replies, ["[AUTH]"; 2]);
    assert!(tshark(&file, "frame.comment contains \"made from the journal\"", &["tcp.stream"]).len() == 2);
    assert!(site.captures().is_empty());
}

/// A file as a server before this one left it: so large, and so old.
fn left(captures: &Path, number: usize, octets: usize, age: Duration) {
    let path = captures.join(format!("{number:032x}.capture"));
    fs::write(&path, vec![b'x'; octets]).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
}

/// `retention` and `disk_max`: what is too old goes, then the oldest of what is too much; a new one takes their place.
pub fn recordings_go_when_they_are_old_or_too_much() {
    let day = Duration::from_hours(24);
    let site = Site::open_on("mode = \"redacted\"\nretention = \"2d\"\ndisk_max = \"1MiB\"", |captures| {
        fs::create_dir(captures).unwrap();
        left(captures, 1, 100, 2 * day);
        left(captures, 2, 100, day + Duration::from_hours(23));
        for (number, hours) in [(4, 2), (5, 1)] {
            left(captures, number, 524_000, Duration::from_hours(hours));
        }
    });
    let names = |numbers: &[usize]| numbers.iter().map(|number| format!("{number:032x}.capture")).collect::<Vec<_>>();
    // Together they are not too much: only the first is too old.
    site.wait_until_captures(|held| held == names(&[2, 4, 5]));
    // A rule asks for a session, and there is no room for it beside them: the oldest go, until there is.
    site.visit(&Visit::new(site.pop3, "", &["CAPA", "USER alice\0", "QUIT"]));
    site.wait_until_captures(|held| held.len() == 2 && held[0] == names(&[5])[0]);
}

/// A file system of so many KiB over a folder, until this is dropped. `None`: this user may mount nothing.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn over(folder: &Path, kibibytes: u32) -> Option<Self> {
        let size = format!("size={kibibytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "watchpost-test"]).arg(folder).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Mail does not wait for a disk that is full; that recordings are missing is said once, and how many when they are
/// written again; the journal tells what it knows of them.
pub fn mail_goes_on_while_recordings_find_no_room() {
    let mut disk = None;
    let site = Site::open_on("mode = \"redacted\"", |captures| {
        fs::create_dir(captures).unwrap();
        disk = SmallDisk::over(captures, 64);
        let mut ballast = fs::File::create(captures.join("ballast")).unwrap();
        while disk.is_some() && ballast.write_all(&[7; 512]).is_ok() {}
    });
    if disk.is_none() {
        eprintln!("skipped: only root may mount a small disk");
        return;
    }
    site.deliver(b"Subject: still here\r\n\r\nAll is well.\r\n");
    let (probe, right) = (["CAPA", "USER alice\0", "QUIT"], format!("PASS {CAROL}"));
    let line = "recordings of sessions cannot be written, mail goes on without them";
    for _ in 0..3 {
        site.visit(&Visit::new(site.pop3, "", &probe));
    }
    site.logged(line);
    let mut mail = Typist::connect(site.pop3);
    mail.ok("USER carol");
    mail.ok(&right);
    assert!(mail.message("RETR 1").is_some_and(|message| !message.is_empty()));
    mail.ok("QUIT");
    let sessions = site.sessions(4);
    let id = sessions[0]["id"].as_str().unwrap();
    let (file, told) = site.pcap("gap.pcapng", &[id]);
    assert_eq!(told["from_journal"], 1, "{told}");
    assert_eq!(tshark(&file, "frame.comment contains \"made from the journal\"", &["tcp.stream"]), ["0"]);
    site.wait_until_captures(|held| held == ["ballast"]);
    fs::remove_file(site.dir.path().join("captures/ballast")).unwrap();
    site.visit(&Visit::new(site.pop3, "", &probe));
    let log = site.logged("recordings of sessions are written again");
    assert_eq!(log.matches(line).count(), 1, "{log}");
    assert!(log.contains("lost="), "{log}");
    site.wait_until_captures(|held| held.iter().any(|name| name.ends_with(".capture")));
    drop(site);
    drop(disk);
}

/// What goes on is in the file as far as it has come, without keys; a login takes it away, an end makes it whole.
pub fn sessions_that_go_on_are_written_as_far_as_they_have_come() {
    let site = Site::open("mode = \"full\"");
    let mut owner = Typist::connect(site.pop3);
    owner.ok("USER carol");
    let id = site.going_on();
    let (file, told) = site.pcap("open.pcapng", &[&id]);
    assert_eq!((&told["open"], &told["from_recording"]), (&1.into(), &1.into()), "{told}");
    is_flawless(&file);
    assert_eq!(tshark(&file, "pop.request", &["pop.request.command", "pop.request.parameter"]), ["USER|carol"]);
    assert_eq!(tshark(&file, "frame.comment contains \"had not ended\"", &["tcp.stream"]), ["0"]);
    assert_eq!(tshark(&file, "tcp.flags.fin == 1 || tcp.flags.reset == 1", &["tcp.stream"]), [""; 0]);
    let path = file.to_str().unwrap();
    let output = site.ask(&["pcap", &id, "--with-keys", "--yes", "-o", path]);
    assert_eq!(output.status.code(), Some(66));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("Keys of a session that goes on are not given out before its end"), "{said}");
    let said = String::from_utf8(site.ask(&["pcap", &id, "-o", path]).stderr).unwrap();
    assert!(said.contains("One session goes on, and is in the file as far as it has come"), "{said}");
    // More was said since, and is in the next file.
    assert!(owner.say("PASS not-this-one").starts_with("-ERR"));
    let (file, _) = site.pcap("more.pcapng", &[&id]);
    let said = tshark(&file, "pop.request", &["pop.request.command", "pop.request.parameter"]);
    assert_eq!(said, ["USER|carol", "PASS|******"]);
    // Whoever logs in is an owner: what was said is nobody's business any more.
    owner.ok("USER carol");
    owner.ok(&format!("PASS {CAROL}"));
    site.wait_until_captures(|held| held.iter().all(|name| !name.contains(&id)));
    let (_, told) = site.pcap("owner.pcapng", &[&id]);
    assert_eq!((&told["open"], &told["from_journal"]), (&1.into(), &1.into()), "{told}");
    owner.ok("QUIT");
    site.sessions(1);
    site.wait_until_captures(<[String]>::is_empty);
    // Of a stranger the whole remains.
    let mut stranger = Typist::connect(site.pop3);
    stranger.ok("CAPA");
    let id = site.going_on();
    site.pcap("stranger.pcapng", &[&id]);
    drop(stranger);
    site.wait_until_captures(|held| held == [format!("{id}.capture")]);
    let (_, told) = site.pcap("whole.pcapng", &[&id]);
    assert_eq!((&told["open"], &told["from_recording"]), (&0.into(), &1.into()), "{told}");
}
