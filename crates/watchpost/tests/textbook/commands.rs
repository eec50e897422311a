//! Every command line that the textbook shows, run as it stands, but for addresses and names that are a reader's own.
//! Those of the chapter about Wireshark that tshark prints are run in `textbook.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::checks::textbook::LANGUAGES;
use crate::site::{CAROL, Site, Visit, is_flawless, tshark};
use crate::support::{Demo, PATIENCE, PROGRAM, Typist};
use crate::{Book, blocks};

/// What begins a command line.
const PROGRAMS: [&str; 6] = ["watchpost", "openssl", "tshark", "capinfos", "editcap", "printf"];

/// The command lines of a book that nothing else runs: those of blocks, and those in the midst of sentences.
fn command_lines(language: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut look = |line: &str| {
        let (program, rest) = line.split_once(' ').unwrap_or((line, ""));
        if PROGRAMS.contains(&program) && !rest.is_empty() {
            found.insert(line.to_owned());
        }
    };
    for (name, page) in &Book::read(language).pages {
        for (kind, text) in blocks(page) {
            if !(name == "wireshark.md" && kind == "sh") {
                text.replace("\\\n", " ").lines().for_each(|line| look(line.trim()));
            }
        }
        let outside: String = page.split("```").step_by(2).collect();
        outside.split('`').skip(1).step_by(2).for_each(&mut look);
    }
    found
}

/// How a command line is tried.
enum Way {
    /// It prints this.
    Prints(&'static str),
    /// It is the name of a command, which knows itself.
    Known,
    /// Another test runs it: this one.
    Elsewhere(&'static str),
}

fn ways() -> BTreeMap<&'static str, Way> {
    use Way::{Elsewhere, Known, Prints};
    let hands = || Elsewhere("what_is_done_with_ones_own_hands_gives_the_answers_that_stand_there");
    let own = || Elsewhere("files_of_ones_own_server_are_what_the_table_says");
    BTreeMap::from([
        ("watchpost demo", Elsewhere("the folder of all others")),
        ("watchpost explain RETR", Prints("RFC 1939")),
        ("watchpost explain RETR --lang ja", Prints("メッセージ")),
        ("watchpost talk", Known),
        ("watchpost explain E-31", Prints("E-31")),
        ("watchpost report", Prints("connection")),
        ("watchpost sessions", Prints("alice")),
        ("watchpost session ID --explain", Prints("AUTHORIZATION")),
        ("watchpost session ID --diagram svg > session.svg", Prints("")),
        ("watchpost rules list", Prints("B1")),
        ("watchpost account NAME", Prints("alice")),
        ("watchpost account 名前", Prints("alice")),
        ("watchpost user list", Prints("alice")),
        ("watchpost campaign", Known),
        ("watchpost fetch", Known),
        ("watchpost user passwd", Known),
        ("watchpost talk 127.0.0.1:1995 --tls --insecure", hands()),
        ("watchpost pcap ID -o night.pcapng", own()),
        ("watchpost pcap ID --with-keys -o forensic.pcapng", own()),
        ("openssl s_client -connect mail.example.org:995 -verify_return_error", Prints("Verify return code: 0 (ok)")),
        (
            "openssl s_client -connect mail.example.org:110 -starttls pop3 -verify_return_error",
            Prints("Verify return code: 0 (ok)"),
        ),
        (
            "printf '%s' '<1896.697170952@dbc.mtview.ca.us>tanstaaf' | md5sum",
            Prints("c4c9334bac560ecc979e58001b3e22fb"),
        ),
        (r"printf '%s' 'AG1yb3NlAHRhbnN0YWFm' | base64 -d | tr '\0' ' '", Prints(" mrose tanstaaf")),
    ])
}

/// A shell in which `watchpost` is this program, in the folder of a demo.
fn shell(line: &str, folder: &Path, demo: &Demo) -> String {
    let programs = tempfile::tempdir().unwrap();
    symlink(PROGRAM, programs.path().join("watchpost")).unwrap();
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command
        .args(["-e", "-c", line])
        .current_dir(folder)
        .env("PATH", path)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null());
    // Who looks for a reason to believe the demo's certificate finds one.
    command.env("SSL_CERT_FILE", demo.text("certificate"));
    let output = command.output().unwrap();
    let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{line}\n{printed}{said}");
    printed.into_owned()
}

#[test]
fn every_command_line_of_the_book_does_what_the_book_says() {
    let ways = ways();
    let shown: BTreeSet<String> = LANGUAGES.iter().flat_map(|language| command_lines(language)).collect();
    let tried = ways.keys().map(|line| (*line).to_owned()).collect();
    assert_eq!(shown, tried, "at the left what is shown, at the right what is tried");
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &[]);
    let mut visitor = Typist::logged_in(&demo);
    visitor.ok("QUIT");
    let mut sessions = String::new();
    while !sessions.contains("\"quit\"") {
        sessions = shell("watchpost sessions --json", folder.path(), &demo);
    }
    let session: serde_json::Value = serde_json::from_str(sessions.lines().next().unwrap()).unwrap();
    for (line, way) in &ways {
        let typed = line
            .replace("ID", session["id"].as_str().unwrap())
            .replace("NAME", "alice")
            .replace("名前", "alice")
            .replace("mail.example.org:995", &demo.pop3s().to_string())
            .replace("mail.example.org:110", &demo.pop3().to_string());
        match way {
            Way::Prints(words) => {
                let printed = shell(&typed, folder.path(), &demo);
                assert!(printed.contains(words), "{line} prints no {words:?}, but\n{printed}");
            }
            Way::Known => assert!(!shell(&format!("{typed} --help"), folder.path(), &demo).is_empty(), "{line}"),
            Way::Elsewhere(test) => assert!(!test.is_empty()),
        }
    }
    assert!(fs::read_to_string(folder.path().join("session.svg")).unwrap().contains("<svg"));
    demo.stop();
}

/// The exercises that are done with `talk`, and what their answers promise.
#[test]
fn what_is_done_with_ones_own_hands_gives_the_answers_that_stand_there() {
    for language in LANGUAGES {
        let book = Book::read(language);
        let exercises = book.pages["exercises.md"].split("{#hands}").nth(1).unwrap();
        let answers = book.pages["answers.md"].split("{#hands}").nth(1).unwrap();
        for typed in ["USER alice", "PASS", "STAT", "LIST", "TOP 1 0", "RETR 1", "DELE", "QUIT"] {
            assert!(exercises.contains(typed), "{language}: {typed} is tried here, and is not asked for");
        }
        assert!(answers.contains("-ERR [IN-USE]"), "{language}");
    }
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path(), &[]);
    let password = demo.password();
    let say = |script: &str| {
        let host = demo.pop3s().to_string();
        let mut command = Command::new(PROGRAM);
        command.args(["talk", &host, "--tls", "--insecure", "--full", "--lang", "en"]).env("COLUMNS", "500");
        command.env("WATCHPOST_PASSWORD", &password).env("XDG_STATE_HOME", folder.path());
        let script = format!("USER alice\n< +OK\nPASS ${{password}}\n{script}");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    // Whoever comes again at once may find that the server has not yet seen the last one go.
    let end = Instant::now() + PATIENCE;
    let talk = |script: &str| loop {
        let (is_as_expected, said) = say(script);
        if is_as_expected || Instant::now() > end || !said.contains("[IN-USE]") {
            assert!(is_as_expected, "{said}");
            return said;
        }
    };
    let first = talk("< +OK\nSTAT\n< +OK 14 \nLIST\n< +OK\nTOP 1 0\n< +OK\nRETR 1\n< +OK\nDELE 1\n< +OK\n");
    assert!(first.contains("14 messages"), "{first}");
    // 1: left without QUIT, it is there; 2: with QUIT it is gone.
    talk("< +OK\nSTAT\n< +OK 14 \nDELE 1\n< +OK\nQUIT\n< +OK\n");
    talk("< +OK\nSTAT\n< +OK 13 \nQUIT\n< +OK\n");
    // 3: a message with leading dots is among them, and the line in which a dot was put in is pointed out.
    let all = (1..=13).map(|number| format!("RETR {number}\n< +OK\n")).collect::<Vec<_>>().concat();
    let dots = talk(&format!("< +OK\n{all}QUIT\n"));
    assert!(dots.contains("S: .."), "no line begins with two dots:\n{dots}");
    // 4: while one session is open, another one is told so behind the password.
    let mut first = Typist::logged_in(&demo);
    talk("< -ERR [IN-USE]\nQUIT\n< +OK\n");
    first.ok("QUIT");
    // 5: each has its line, and the one that was left has an end without QUIT.
    loop {
        let sessions = shell("watchpost sessions --json", folder.path(), &demo);
        if sessions.contains("\"peer-closed\"") && sessions.contains("\"quit\"") {
            break;
        }
        assert!(Instant::now() < end, "{sessions}");
    }
    demo.stop();
}

/// The section "Files of your own server": its configuration, each row of its table, and its two commands.
#[test]
fn files_of_ones_own_server_are_what_the_table_says() {
    let mut terms = BTreeSet::new();
    for language in LANGUAGES {
        let page = Book::read(language).pages["wireshark.md"].clone();
        let section = page.split("{#own}").nth(1).expect("the section");
        let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        assert_eq!(rows.skip(1).collect::<Vec<_>>(), ["off", "metadata", "redacted", "full"], "{language}");
        let shown = blocks(section).into_iter().find(|(kind, _)| *kind == "toml").expect("the configuration").1;
        terms.insert(shown.strip_prefix("[capture]\n").expect("a table of its own").trim().to_owned());
    }
    assert_eq!(terms.iter().map(String::as_str).collect::<Vec<_>>(), ["mode = \"redacted\""]);
    for (mode, kept) in
        [("off", ""), ("metadata", "from_journal"), ("redacted", "from_recording"), ("full", "from_wire")]
    {
        let site = Site::open(&format!("mode = \"{mode}\""));
        site.visit(&Visit::new(site.pop3s, "implicit", &["CAPA", "USER carol", "PASS not-this-one", "QUIT"]));
        site.visit(&Visit::new(site.pop3s, "implicit", &["USER carol", &format!("PASS {CAROL}"), "QUIT"]));
        let sessions = site.sessions(2);
        let (stranger, owner) = (sessions[0]["id"].as_str().unwrap(), sessions[1]["id"].as_str().unwrap());
        if mode == "off" {
            assert_eq!(site.ask(&["pcap", stranger, "-o", "night.pcapng"]).status.code(), Some(78));
            continue;
        }
        let (file, told) = site.pcap("night.pcapng", &[stranger]);
        let from = if mode == "metadata" { kept } else { "from_recording" };
        assert_eq!((&told[from], &told["decryption_blocks"]), (&1.into(), &0.into()), "{mode}: {told}");
        is_flawless(&file);
        assert_eq!(
            tshark(&file, "pop.request.command == PASS", &["tcp.dstport", "pop.request.parameter"]),
            ["110|******"]
        );
        assert!(!tshark(&file, "pop || frame.comment", &["frame.number"]).is_empty());
        // What an owner said is wiped at the login, as the text below the table says.
        let (_, told) = site.pcap("owner.pcapng", &[owner]);
        assert_eq!(told["from_journal"], 1, "{mode}: {told}");
        let forensic = site.dir.path().join("forensic.pcapng").display().to_string();
        let keys = site.ask(&["pcap", stranger, "--with-keys", "-o", &forensic]);
        if mode != "full" {
            assert_eq!(keys.status.code(), Some(66), "{mode}");
            continue;
        }
        assert_eq!(keys.status.code(), Some(64), "it asks first");
        let (file, told) = site.pcap("forensic.pcapng", &[stranger, "--with-keys", "--yes"]);
        assert_eq!((&told[kept], &told["decryption_blocks"]), (&1.into(), &1.into()), "{told}");
        is_flawless(&file);
        for phase in ["tcp.flags.syn == 1", "tls.handshake.type == 1", "pop.request.command == PASS"] {
            assert!(!tshark(&file, phase, &["frame.number"]).is_empty(), "{phase}");
        }
        let report: serde_json::Value = serde_json::from_slice(&site.ask(&["report", "--json"]).stdout).unwrap();
        assert_eq!(report["keys_taken"].as_array().unwrap().len(), 1);
    }
}
