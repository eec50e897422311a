//! Logins: accounts in a file, failures that wait, and what the operator sees of both.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod checks;
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use checks::logins::{SHA512_OF_X, Site};
use support::{PROGRAM, Typist};

fn watchpost(site: &Site, language: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["--lang", language]).args(arguments).arg("--config").arg(site.config());
    command.stdin(Stdio::null()).output().unwrap()
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

#[test]
fn a_failed_login_waits_and_nothing_else_does() {
    checks::logins::a_failed_login_waits_and_nothing_else_does();
}

#[test]
fn a_wait_ends_when_the_client_leaves_or_the_server_stops() {
    // S-024
    let site = Site::new("alice:{PLAIN}right\n", "failed_login_delay = \"10s\"\nshutdown_grace = \"20s\"");
    let (mut running, address) = site.serve();
    let began = Instant::now();
    let mut leaving = Typist::connect(address);
    leaving.ok("USER alice");
    leaving.send(b"PASS wrong\r\nNOOP\r\n");
    drop(leaving);
    running.logged("session ended");
    let mut waiting = Typist::connect(address);
    waiting.ok("USER alice");
    waiting.send(b"PASS wrong\r\n");
    // The server has taken the line when a later connection is served by it.
    for _ in 0..8 {
        Typist::connect(address).ok("QUIT");
    }
    running.signal("-TERM");
    assert_eq!(waiting.line(), "-ERR [AUTH] Authentication failed\r\n");
    drop(waiting);
    assert!(running.wait().success());
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[test]
fn so_many_wait_and_one_more_is_answered_and_closed() {
    // S-024, S-025
    let limits = "failed_login_delay = \"10s\"\nconnections_per_address = 1000\nshutdown_grace = \"0s\"";
    let site = Site::new("alice:{PLAIN}right\n", limits);
    let (_running, address) = site.serve();
    let mut waiting = Vec::new();
    for _ in 0..256 {
        let mut typist = Typist::connect(address);
        typist.ok("USER alice");
        typist.send(b"PASS wrong\r\n");
        waiting.push(typist);
    }
    let mut further = 0;
    let began = Instant::now();
    // Some of them may not have been read yet: then this one takes a place, and the next is one too many.
    while began.elapsed() < Duration::from_secs(7) {
        let mut typist = Typist::connect(address);
        typist.ok("USER alice");
        typist.send(b"PASS wrong\r\n");
        typist.stream().set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut said = Vec::new();
        if std::io::Read::read_to_end(typist.reader(), &mut said).is_ok() {
            assert_eq!(text(&said), "-ERR [AUTH] Authentication failed\r\n");
            further += 1;
            break;
        }
        waiting.push(typist);
    }
    assert_eq!(further, 1, "nobody was answered and closed");
    let mut good = Typist::connect(address);
    good.ok("USER alice");
    good.ok("PASS right");
}

#[test]
fn nobody_outside_learns_who_exists() {
    // S-020, P-063
    let accounts = format!("alice:{{PLAIN}}right\nbob:{SHA512_OF_X}\ncarol:{SHA512_OF_X}::::::nologin\ndave:!\n");
    let site = Site::new(&accounts, "failed_login_delay = \"1ms\"");
    let (_running, address) = site.serve();
    let mut all = Vec::new();
    for name in ["alice", "bob", "carol", "dave", "nobody", "no/body"] {
        let mut typist = Typist::connect(address);
        for _ in 0..3 {
            typist.ok(&format!("USER {name}"));
            typist.send(b"PASS wrong\r\n");
            all.push(typist.line());
        }
        assert_eq!(typist.rest(), b"", "closed at the same place");
        let mut typist = Typist::connect(address);
        // "NAME" NUL "NAME" NUL "wrong" in base64, without a crate for it.
        let plain =
            Command::new("sh").args(["-c", &format!("printf '\\0%s\\0wrong' '{name}' | base64 -w0")]).output().unwrap();
        typist.send(format!("AUTH PLAIN {}\r\n", text(&plain.stdout)).as_bytes());
        all.push(typist.line());
    }
    all.dedup();
    assert_eq!(all, ["-ERR [AUTH] Authentication failed\r\n"]);
    let mut disabled = Typist::connect(address);
    disabled.ok("USER carol");
    let said = disabled.say("PASS x");
    assert!(said.starts_with("-ERR") && !said.contains("failed"), "who knows the password is told: {said}");
}

#[test]
fn a_file_of_accounts_serves_and_is_taken_over_when_it_changes() {
    let site = Site::new(&format!("bob:{SHA512_OF_X}\n"), "failed_login_delay = \"1ms\"");
    let home = site.dir.path().join("homes/alice");
    for folder in ["tmp", "new", "cur"] {
        fs::create_dir_all(home.join("Maildir").join(folder)).unwrap();
    }
    fs::write(home.join("Maildir/new/1700000000.M1P1.host"), b"Subject: here\n\n").unwrap();
    let (running, address) = site.serve();
    let login = |name: &str, password: &str| {
        let mut typist = Typist::connect(address);
        typist.ok(&format!("USER {name}"));
        let said = typist.say(&format!("PASS {password}"));
        (said.starts_with("+OK").then(|| typist.ok("STAT")), said)
    };
    assert_eq!(login("bob", "x").0.as_deref(), Some("+OK 0 0\r\n"));
    assert_eq!(login("alice", "secret").1, "-ERR [AUTH] Authentication failed\r\n");
    let alice = format!("alice:{{PLAIN}}secret:::A:{}::userdb_mail=maildir:~/Maildir", home.display());
    site.accounts(&format!("{alice}\nbob:{{MD5-CRYPT}}$1$y\n"));
    assert_eq!(login("alice", "secret").0.as_deref(), Some("+OK 1 17\r\n"));
    assert!(login("bob", "x").0.is_none());
    let log = running.logged("an account is not served");
    assert!(log.contains("line=2") && log.contains("MD5-CRYPT") && !log.contains("$1$y"), "{log}");
    fs::remove_file(site.dir.path().join("passwd")).unwrap();
    assert!(login("alice", "secret").1.starts_with("-ERR [SYS/TEMP]"));
    assert!(running.logged("cannot ask the directory").contains("passwd: No such file"));
}

#[test]
fn check_config_says_what_is_wrong_in_the_file_of_accounts() {
    let site = Site::new("alice:{PLAIN}s3cret\nbob:{MD5}s3cret\nalice:s3cret\ncarol s3cret\n", "");
    let output = watchpost(&site, "en", &["check-config"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "the server runs: {said}");
    for words in ["passwd:2:5", "{MD5} is not supported", "passwd:3:7", "no scheme in front", "passwd:4:1", "no colon"]
    {
        assert!(said.contains(words), "{words} in\n{said}");
    }
    assert!(!said.contains("s3cret"), "S-029: {said}");
    assert!(text(&output.stdout).contains("kind = \"passwd-file\""));
    let output = watchpost(&site, "en", &["check-config", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let places: Vec<_> = json["findings"].as_array().unwrap().iter().map(|f| (&f["line"], &f["column"])).collect();
    assert_eq!(places, [(&2.into(), &5.into()), (&3.into(), &7.into()), (&4.into(), &1.into())]);
    assert_eq!(json["effective"]["directory"]["kind"], "passwd-file");
    assert!(!json.to_string().contains("s3cret"));
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(site.dir.path().join("passwd"), open).unwrap();
    let said = text(&watchpost(&site, "en", &["check-config"]).stderr);
    assert!(said.contains("every user of this machine can read") && said.contains("chmod 640"), "{said}");
}

/// Types on a terminal what is asked for, and prints what the terminal showed.
const AT_A_TERMINAL: &str = r#"
import os, pty, sys, termios, time
answers = sys.argv[1].split(",")
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
while True:
    try:
        octets = os.read(terminal, 1024)
    except OSError:
        break
    if not octets:
        break
    shown += octets
    if answers and octets.rstrip(b" ").endswith(b":"):
        # As a person does, it looks up after the prompt has appeared: by then nothing is shown any more.
        end = time.monotonic() + 10
        while termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < end:
            os.sched_yield()
        os.write(terminal, answers.pop(0).encode() + b"\n")
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

#[test]
fn a_password_is_asked_for_twice_and_never_shown() {
    // S-029
    let dir = tempfile::tempdir().unwrap();
    let init = ["init", "--domain", "example.org", "--dir", dir.path().to_str().unwrap()];
    assert!(Command::new(PROGRAM).args(init).output().unwrap().status.success());
    let config = dir.path().join("watchpost.toml");
    let type_in = |answers: &str, arguments: &[&str]| {
        let mut command = Command::new("python3");
        command.args(["-c", AT_A_TERMINAL, answers, PROGRAM, "--lang", "en", "user", "--config"]);
        let output = command.arg(&config).args(arguments).output().unwrap();
        (output.status.code(), text(&output.stdout))
    };
    let (code, shown) = type_in("s3cret-1,s3cret-1", &["add", "alice"]);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("New password for alice@example.org:") && shown.contains("Repeat:"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
    let (code, shown) = type_in("s3cret-2,s3cret-3", &["passwd", "alice"]);
    assert_eq!(code, Some(65), "{shown}");
    assert!(shown.contains("The two passwords differ") && !shown.contains("s3cret"), "{shown}");
    let (code, shown) = type_in(",", &["passwd", "alice"]);
    assert_eq!((code, shown.contains("password is empty")), (Some(65), true), "{shown}");
}

#[test]
fn accounts_of_others_are_shown_and_not_changed() {
    let site = Site::new(&format!("alice:{SHA512_OF_X}::::/home/alice\nbob:!\n"), "");
    let listed = watchpost(&site, "en", &["user", "list"]);
    assert_eq!(text(&listed.stdout), "alice@example.org  enabled\nbob@example.org    disabled\n");
    let shown = text(&watchpost(&site, "en", &["user", "show", "alice"]).stdout);
    assert!(shown.contains("SHA512-CRYPT") && !shown.contains("$6$") && !shown.contains("Created"), "{shown}");
    let json = watchpost(&site, "en", &["user", "show", "alice", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["scheme"], &json["home"]), (&"SHA512-CRYPT".into(), &"/home/alice".into()));
    let before = fs::read(site.dir.path().join("passwd")).unwrap();
    for arguments in [
        &["add", "carol", "--generate"][..],
        &["passwd", "alice", "--generate"],
        &["disable", "alice"],
        &["remove", "alice"],
    ] {
        for (language, words) in [("en", "changed elsewhere"), ("ja", "別の仕組み")] {
            let refused = watchpost(&site, language, &[&["user"], arguments].concat());
            let said = text(&refused.stderr);
            assert_eq!(refused.status.code(), Some(77), "{arguments:?}: {said}");
            assert!(said.contains(words) && said.contains("passwd"), "{said}");
        }
    }
    assert_eq!(fs::read(site.dir.path().join("passwd")).unwrap(), before);
}

#[test]
fn what_was_done_with_an_account_is_data_for_programs() {
    let dir = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap();
    let made = run(&["init", "--domain", "example.org", "--json", "--dir", dir.path().to_str().unwrap()]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let config = dir.path().join("watchpost.toml");
    let user = |arguments: &[&str]| -> serde_json::Value {
        let all = [&["user", "--config", config.to_str().unwrap()], arguments, &["--json"]].concat();
        let output = run(&all);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let added = user(&["add", "alice", "--generate"]);
    assert_eq!((&added["name"], &added["enabled"]), (&"alice@example.org".into(), &true.into()));
    let first = added["password"].as_str().unwrap().to_owned();
    assert_ne!(user(&["passwd", "alice", "--generate"])["password"], first.as_str());
    assert_eq!(user(&["disable", "alice"])["enabled"], false);
    assert_eq!(user(&["enable", "alice"])["enabled"], true);
    assert_eq!(user(&["show", "alice"])["scheme"], "ARGON2ID");
    assert_eq!(user(&["remove", "alice"])["removed"], true);
    assert_eq!(user(&["list"]).as_array().unwrap().len(), 1, "postmaster is left");
}
