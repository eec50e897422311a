//! What the commands that read the journal say of what happened, in both languages, to people and to programs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod mmdb;
mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Instant;

use serde_json::Value;
use support::{Demo, PATIENCE, PROGRAM};

/// A demo that had visitors, and its folder.
struct Gate {
    demo: Demo,
    folder: tempfile::TempDir,
}

/// What hostile visitors call themselves: escapes for terminals, bidi marks, HTML, SQL, a formula, Mermaid, XML.
const HOSTILE: [&str; 7] = [
    "\u{1b}[31mred\u{1b}[0m\u{7}",
    "\u{202e}ecila\u{2066}",
    "<script>alert(1)</script>",
    "'; DROP TABLE session; --",
    "=cmd|'/C calc'!A0",
    "x;C->>S:forged",
    "a\"b&c]]>",
];

impl Gate {
    fn open() -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let demo = Demo::start(folder.path(), &[]);
        Self { demo, folder }
    }

    /// Says lines from an address of loopback, and takes an answer to each.
    fn visit(&self, from: &str, lines: &[&str]) {
        let from: IpAddr = from.parse().unwrap();
        let stream = connect(SocketAddr::new(from, 0), self.demo.pop3());
        let mut stream = BufReader::new(stream);
        let mut answer = String::new();
        stream.read_line(&mut answer).unwrap();
        for line in lines {
            if stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).is_err() {
                return;
            }
            answer.clear();
            if stream.read_line(&mut answer).unwrap_or(0) == 0 {
                return;
            }
        }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        run(self.folder.path(), arguments)
    }

    fn say(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.say(arguments)).unwrap()
    }

    fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        self.say(arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Waits until the journal has so many sessions that are over.
    fn wait_for(&self, count: usize) -> Vec<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let output = self.run(&["sessions", "--json", "--limit", "1000"]);
            let sessions: Vec<Value> = String::from_utf8(output.stdout)
                .unwrap()
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .filter(|session: &Value| session["ending"] != "open")
                .collect();
            if sessions.len() >= count {
                return sessions;
            }
            assert!(Instant::now() < end, "{} of {count} sessions", sessions.len());
            std::thread::yield_now();
        }
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    if !arguments.contains(&"--lang") {
        command.args(["--lang", "en"]);
    }
    command.args(arguments).arg("--config").arg(folder.join("watchpost.toml")).env("COLUMNS", "100").output().unwrap()
}

/// A connection from one of the many addresses of loopback.
fn connect(from: SocketAddr, to: SocketAddr) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&from.into()).unwrap();
    socket.connect(&to.into()).unwrap();
    let stream: TcpStream = socket.into();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

#[test]
fn a_night_is_told_in_one_sentence_and_every_command_reads_the_same_journal() {
    // S-060
    let gate = Gate::open();
    let password = gate.demo.password();
    gate.visit("127.0.0.1", &["USER alice", &format!("PASS {password}"), "STAT", "QUIT"]);
    gate.visit("127.7.0.9", &["USER alice", "PASS geheim1", "USER alice", "PASS geheim2"]);
    gate.visit("127.9.0.2", &["CAPA", "QUIT"]);
    gate.wait_for(3);

    let report = gate.json(&["report", "--json"]);
    assert_eq!((report["sessions"].as_u64(), report["logins"].as_u64()), (Some(3), Some(1)));
    assert_eq!((report["guesses"].as_u64(), report["sources"].as_u64()), (Some(2), Some(3)));
    let text = gate.say(&["report"]);
    assert!(
        text.lines().nth(1).unwrap().starts_with("No stranger got in: 2 guesses on one name (one exists here)"),
        "{text}"
    );
    let japanese = gate.say(&["report", "--lang", "ja"]);
    assert!(japanese.contains("第三者の侵入はありませんでした"), "{japanese}");

    let guessed = gate.lines(&["sessions", "--json", "--address", "127.7.0.0/16"]);
    assert_eq!(guessed.len(), 1);
    assert_eq!(guessed[0]["failed_logins"], 2);
    assert_eq!(gate.lines(&["sessions", "--json", "--account", "alice"]).len(), 2);
    assert_eq!(gate.lines(&["sessions", "--json", "--ending", "quit"]).len(), 2);

    let id = guessed[0]["id"].as_str().unwrap();
    let page = gate.say(&["session", &id[..20], "--explain"]);
    for words in
        ["127.7.0.9", "AUTHORIZATION", "+OK Watchpost ready", "USER alice", "PASS ••••••", "-ERR [AUTH]", "attempt 2"]
    {
        assert!(page.contains(words), "no {words}:\n{page}");
    }
    assert!(page.contains("It says QUIT and waits for the answer."), "{page}");
    let session = gate.json(&["session", id, "--json"]);
    assert!(session["steps"].as_array().unwrap().len() >= 10);

    let account = gate.json(&["account", "alice", "--json"]);
    assert_eq!((account["guesses"].as_u64(), account["strangers"].as_u64()), (Some(2), Some(1)));
    assert_eq!(account["last_login"]["address"], "127.0.0.1");
    let held = gate.json(&["privacy", "report", "127.7.0.9", "--json"]);
    assert_eq!((held["sessions"].as_u64(), held["passwords"].as_u64()), (Some(1), Some(0)));
    let Gate { demo, folder } = gate;
    demo.stop();
    // Without a server it can be read too.
    assert_eq!(run(folder.path(), &["report", "--json"]).status.code(), Some(0));
}

#[test]
fn a_replay_equals_what_was_stored() {
    let gate = Gate::open();
    for source in ["127.7.0.9", "127.7.1.9", "127.7.2.9"] {
        for number in 0..3 {
            gate.visit(source, &["USER alice", &format!("PASS one{number}"), "USER bob", &format!("PASS two{number}")]);
        }
    }
    gate.visit("127.9.0.1", &["GET / HTTP/1.1"]);
    gate.wait_for(10);
    let mut again = gate.lines(&["rules", "replay", "--json"]);
    let summary = again.pop().unwrap()["summary"].take();
    assert_eq!(summary["refused_logins"], 0, "{summary}");
    assert!(!again.is_empty(), "nothing was said of nine sessions of guessing");
    assert!(again.iter().all(|line| line["as_stored"] == true), "{again:#?}");
    let sessions = gate.lines(&["sessions", "export"]);
    let alerts = sessions.iter().filter(|document| document["event"]["kind"] == "alert").count();
    assert_eq!(alerts, again.len());
}

#[test]
fn what_visitors_call_themselves_is_harmless_wherever_it_is_shown() {
    // S-044, S-061
    let gate = Gate::open();
    for (number, name) in HOSTILE.iter().enumerate() {
        let from = format!("127.8.{number}.1");
        gate.visit(&from, &[&format!("USER {name}"), "PASS sesame-open-please", name]);
    }
    // The one formula that can be a name.
    gate.visit("127.8.9.1", &["USER =SUM(1)", "PASS sesame-open-please"]);
    let sessions = gate.wait_for(HOSTILE.len() + 1);
    let mut shown = vec![
        gate.say(&["report"]),
        gate.say(&["sessions"]),
        gate.say(&["sessions", "--json"]),
        gate.say(&["sessions", "export"]),
        gate.demo.running.log(),
    ];
    let table = gate.say(&["sessions", "export", "--format", "csv"]);
    assert_eq!(table.matches("\r\n").count(), 2 + HOSTILE.len(), "{table}");
    assert!(table.contains("\"'=SUM(1)\"") && !table.contains(",\"=SUM"), "{table}");
    for language in ["en", "ja"] {
        let page = gate.folder.path().join("report.html");
        gate.say(&["report", "--html", page.to_str().unwrap(), "--lang", language]);
        let page = std::fs::read_to_string(page).unwrap();
        assert!(page.contains(&format!("<html lang=\"{language}\">")) && page.contains("127.8.2.1"), "{page}");
        for reaches_out in ["<script", "http://", "https://", "url(", "@import", "<link", "<img", "src="] {
            assert!(!page.contains(reaches_out), "{reaches_out}: {page}");
        }
        shown.push(page);
    }
    for session in &sessions {
        let id = session["id"].as_str().unwrap();
        shown.push(gate.say(&["session", id, "--explain"]));
        shown.push(gate.say(&["session", id, "--json"]));
        let svg = gate.say(&["session", id, "--diagram", "svg"]);
        assert!(!svg.contains("<script") && !svg.contains("]]>"), "{svg}");
        assert_eq!(svg.matches('<').count(), svg.matches('>').count(), "{svg}");
        let mermaid = gate.say(&["session", id, "--diagram", "mermaid"]);
        assert!(!mermaid.contains("C->>S:forged") && !mermaid.contains("<script"), "{mermaid}");
        shown.extend([svg, mermaid]);
    }
    for name in HOSTILE {
        shown.push(gate.say(&["account", name]));
        shown.push(gate.say(&["privacy", "report", name]));
    }
    for text in &shown {
        let forbidden = ['\u{1b}', '\u{7}', '\u{202e}', '\u{2066}', '\0'];
        assert!(!text.contains(forbidden), "{text:?}");
        assert!(!text.contains("sesame-open-please"), "{text}");
    }
}

#[test]
fn what_cannot_be_answered_says_what_to_do() {
    let gate = Gate::open();
    let refused = |arguments: &[&str], code: i32, words: &str| {
        let output = gate.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    };
    refused(&["report", "--since", "soon"], 64, "yesterday-20:00");
    refused(&["report", "--since", "today", "--until", "yesterday"], 64, "--since must come before --until");
    refused(&["session", "zz"], 65, "8 to 32 hexadecimal digits");
    refused(&["session", "00000000"], 65, "There is no session 00000000");
    refused(&["sessions", "--address", "300.1.1.1"], 64, "203.0.113.0/24");
    refused(&["campaign", "c-none"], 65, "There is no campaign");
    refused(&["rules", "replay", "Z9"], 64, "rules list");
    let Gate { demo, folder } = gate;
    demo.stop();
    for file in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"] {
        let _ = std::fs::remove_file(folder.path().join(file));
    }
    let output = run(folder.path(), &["report"]);
    assert_eq!(output.status.code(), Some(66));
    assert!(String::from_utf8(output.stderr).unwrap().contains("There is no journal yet"));
    std::fs::write(folder.path().join("journal.sqlite"), "this is no journal, but long enough to be one").unwrap();
    assert_eq!(run(folder.path(), &["report"]).status.code(), Some(65));
}

#[test]
fn a_follower_gets_each_session_once() {
    let gate = Gate::open();
    gate.visit("127.7.0.9", &["USER alice", "QUIT"]);
    gate.wait_for(1);
    let mut follower = Command::new(PROGRAM)
        .args(["sessions", "export", "--follow", "--config"])
        .arg(gate.folder.path().join("watchpost.toml"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["source"]["ip"], "127.7.0.9");
    for number in 1..4 {
        gate.visit(&format!("127.6.0.{number}"), &["USER bob", "QUIT"]);
    }
    let mut sources = Vec::new();
    while sources.len() < 3 {
        let document = next();
        if document["event"]["kind"] == "event" {
            sources.push(document["source"]["ip"].as_str().unwrap().to_owned());
        }
    }
    follower.kill().unwrap();
    follower.wait().unwrap();
    // They may end in another order than they came.
    sources.sort();
    assert_eq!(sources, ["127.6.0.1", "127.6.0.2", "127.6.0.3"]);
}

/// A number of the configuration, tried on what has happened: the journal and the running server stay as they are.
#[test]
fn a_replay_with_other_numbers_says_what_would_have_been_and_who_came_in_later() {
    let gate = Gate::open();
    let password = gate.demo.password();
    for number in 0..3 {
        gate.visit("127.7.0.9", &["USER alice", &format!("PASS wrong{number}")]);
    }
    gate.visit("127.7.0.9", &["USER alice", &format!("PASS {password}"), "QUIT"]);
    gate.wait_for(4);
    let path = gate.folder.path().join("watchpost.toml");
    // To the demo, strangers are its own visitors; here everybody is one.
    let text = std::fs::read_to_string(&path).unwrap();
    let is_other = |line: &&str| !line.starts_with("public_networks");
    let text = text.lines().filter(is_other).collect::<Vec<_>>().join("\n");
    let text = text.replace("[observatory]", "[observatory]\npublic_networks = [\"127.0.0.0/8\"]");
    let copy = gate.folder.path().join("tried.toml");
    let numbers = "[observatory.rules.B1]\nshare = 4\n[observatory.ladder]\ntarpit = 1\nthrottle = 2\nban_fast = 5\n";
    std::fs::write(&copy, format!("{text}\n{numbers}")).unwrap();
    let tried = |arguments: &[&str]| {
        let output = Command::new(PROGRAM).args(["--lang", "en"]).args(arguments).arg("--config").arg(&copy).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let said = |text: &str| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let as_it_is = gate.lines(&["rules", "replay", "B1", "--json"]);
    assert_eq!(as_it_is.len(), 1, "three guesses are too few for B1: {as_it_is:#?}");
    let mut lines = said(&tried(&["rules", "replay", "B1", "--json"]));
    let summary = lines.pop().unwrap()["summary"].take();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_eq!((&lines[0]["verdict"]["rule"], &lines[0]["as_stored"]), (&"B1".into(), &false.into()));
    assert!(lines[0]["later"][0].as_str().unwrap().starts_with("alice@"), "{lines:#?}");
    assert_eq!((&summary["refused_guesses"], &summary["refused_logins"]), (&0.into(), &1.into()), "{summary}");
    let text = tried(&["rules", "replay", "B1"]);
    for words in ["later came in from there: alice@", "0 guesses and one login that succeeded", "from 127.7.0.9 would"]
    {
        assert!(text.contains(words), "no {words:?}:\n{text}");
    }
    let listed = tried(&["rules", "list"]);
    assert!(listed.contains("*share = 4 (10)") && listed.contains("guesses = 20  nets = 8"), "{listed}");
    let rules = said(&tried(&["rules", "list", "--json"]));
    let b1 = rules.iter().find(|rule| rule["id"] == "B1").unwrap();
    assert_eq!((&b1["values"]["share"], &b1["changed"][0]), (&4.0.into(), &"share".into()), "{b1}");
    assert!(tried(&["check-config"]).contains("[observatory.rules.B1]\nshare = 4\n"));
}

#[test]
fn what_databases_know_of_an_address_stands_wherever_it_is_shown() {
    // S-060
    use mmdb::Value::{Map, Number, Text};
    let gate = Gate::open();
    gate.visit("127.7.0.9", &["USER alice", "PASS geheim1"]);
    gate.wait_for(1);
    let folder = gate.folder.path().join("geoip");
    std::fs::create_dir(&folder).unwrap();
    let country = Map(vec![("country", Map(vec![("iso_code", Text("NL"))]))]);
    let countries = mmdb::database("GeoLite2-Country", &[([127, 7, 0, 0], 16, country)]);
    std::fs::write(folder.join("country.mmdb"), countries).unwrap();
    let system = vec![
        ("autonomous_system_number", Number(64_496)),
        ("autonomous_system_organization", Text("Example \u{1b}[31mHosting")),
    ];
    let systems = mmdb::database("GeoLite2-ASN", &[([127, 7, 0, 0], 24, Map(system))]);
    std::fs::write(folder.join("asn.mmdb"), systems).unwrap();

    let report = gate.say(&["report"]);
    assert!(report.contains("NL, AS64496"), "{report}");
    let sessions = gate.lines(&["sessions", "--json"]);
    let page = gate.say(&["session", sessions[0]["id"].as_str().unwrap()]);
    assert!(page.contains("NL, AS64496"), "{page}");
    let exported = &gate.lines(&["sessions", "export"])[0]["source"];
    assert_eq!(exported["geo"]["country_iso_code"], "NL", "{exported}");
    assert_eq!(exported["as"]["number"], 64_496);
    let organization = exported["as"]["organization"]["name"].as_str().unwrap();
    assert!(organization.ends_with("[31mHosting") && !organization.contains('\u{1b}'), "{organization:?}");

    for broken in [&b"no database at all"[..], b"", b"\xab\xcd\xefMaxMind.com\xe9"] {
        std::fs::write(folder.join("asn.mmdb"), broken).unwrap();
        let output = gate.run(&["report"]);
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(66), "{message}");
        assert!(message.contains("geoip/asn.mmdb cannot be read"), "{message}");
    }
}

/// A file system of so many MiB over a folder, until this is dropped. `None`: this user may mount nothing.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn over(folder: &Path, mebibytes: u32) -> Option<Self> {
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "watchpost-test"]).arg(folder).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn mail_goes_on_while_the_disk_is_full_and_the_journal_says_so_once() {
    let folder = tempfile::TempDir::new().unwrap();
    let Some(disk) = SmallDisk::over(folder.path(), 48) else {
        eprintln!("skipped: only root may mount a small disk");
        return;
    };
    let demo = Demo::start(folder.path(), &[]);
    let password = demo.password();
    let gate = Gate { demo, folder };
    gate.visit("127.0.0.1", &["USER alice", &format!("PASS {password}"), "QUIT"]);
    gate.wait_for(1);
    let ballast = gate.folder.path().join("ballast");
    let mut file = std::fs::File::create(&ballast).unwrap();
    let chunks: [&[u8]; 2] = [&[7; 8_192], &[7; 1]];
    for chunk in chunks {
        while file.write_all(chunk).is_ok() {}
    }
    let end = Instant::now() + PATIENCE;
    let mut visits = 1;
    let line = "the journal cannot be written, mail goes on without it";
    while !gate.demo.running.log().contains(line) {
        assert!(Instant::now() < end, "no word of the full disk:\n{}", gate.demo.running.log());
        let mut mail = support::Typist::connect(gate.demo.pop3());
        mail.ok("USER alice");
        mail.ok(&format!("PASS {password}"));
        assert!(mail.message("RETR 1").is_some_and(|message| !message.is_empty()));
        mail.ok("QUIT");
        visits += 1;
    }
    drop(file);
    std::fs::remove_file(&ballast).unwrap();
    let sessions = gate.wait_for(visits);
    assert_eq!(sessions.len(), visits, "what waited is written when there is room again");
    let log = gate.demo.running.log();
    assert_eq!(log.matches(line).count(), 1, "{log}");
    assert_eq!(log.matches("the journal is written again; 0 events were lost").count(), 1, "{log}");
    let Gate { demo, folder } = gate;
    demo.stop();
    drop(disk);
    drop(folder);
}

#[test]
fn a_proof_that_is_replayed_is_seen() {
    // S-062
    let gate = Gate::open();
    let apop = "APOP alice c4c9334bac560ecc979e58001b3e22fb";
    gate.visit("127.7.0.9", &[apop, "QUIT"]);
    gate.wait_for(1);
    gate.visit("127.8.0.9", &[apop, "QUIT"]);
    gate.wait_for(2);
    let found = gate.lines(&["sessions", "--json", "--rule", "X1"]);
    assert_eq!(found.iter().map(|session| session["address"].as_str().unwrap()).collect::<Vec<_>>(), ["127.8.0.9"]);
    let id = &found[0]["id"].as_str().unwrap()[..16];
    assert!(gate.say(&["session", id, "--explain"]).contains("a proof of another session"));
    assert!(gate.say(&["session", id, "--explain", "--lang", "ja"]).contains("別のセッションの認証データ"));
}

/// Waits until an account's page says so.
fn account_until(gate: &Gate, name: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let account = gate.json(&["account", name, "--json"]);
        if is_so(&account) {
            return account;
        }
        assert!(Instant::now() < end, "{account}");
        std::thread::yield_now();
    }
}

#[test]
fn where_owners_are_at_home_outlives_a_restart_and_ends_with_the_password() {
    let mut gate = Gate::open();
    let password = gate.demo.password();
    gate.visit("127.0.0.1", &["USER alice", &format!("PASS {password}"), "STAT", "QUIT"]);
    let is_at_home = |account: &Value| account["homes"].as_array().unwrap().len() == 1;
    account_until(&gate, "alice", is_at_home);
    drop(gate.demo);
    gate.demo = Demo::start(gate.folder.path(), &[]);
    let account = account_until(&gate, "alice", is_at_home);
    assert_eq!(account["homes"][0]["net"], "127.0.0.0/24");
    assert!(gate.say(&["account", "alice"]).contains("At home in 127.0.0.0/24."));

    gate.say(&["user", "passwd", "alice", "--generate", "--json"]);
    gate.say(&["user", "disable", "alice", "--json"]);
    gate.say(&["user", "disable", "alice", "--json"]);
    let changes = |account: &Value| {
        let changes = account["changes"].as_array().unwrap();
        changes.iter().map(|change| change["change"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let account = account_until(&gate, "alice", |account| changes(account).len() >= 2);
    assert_eq!(changes(&account), ["password", "disabled"], "what changes nothing is not told");
    account_until(&gate, "alice", |account| account["homes"].as_array().unwrap().is_empty());
    assert!(gate.say(&["account", "alice"]).contains("The password was changed."));
    assert!(gate.say(&["account", "alice", "--lang", "ja"]).contains("パスワードが変更されました。"));
}
