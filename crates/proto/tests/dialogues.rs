//! Runs the transcripts of `tests/dialogues/`: `C:` is said, `S:` must come back, line by line.
//!
//! `M:` adds a message to the maildrop (`\n`, `\r` and `\0` as in Rust); `channel:` is `tls` (the default), `clear`,
//! `clear-login` or `no-tls`; `apop:` takes APOP over a timestamp of this number; `end:` says how it ends: `closed`, `open`; `notice:` what was noticed.
//! `C>` is said in one write together with the `C>` lines that follow it.

mod driver;

use driver::Driver;
use watchpost_proto::Timestamp;
use watchpost_proto::pop3::server::{BareLineFeed, Channel, ClearLogin, Last, Quirks, Stls, WithoutUtf8};

fn channel(word: &str) -> Channel {
    match word {
        "tls" => Channel::Tls,
        "clear" => Channel::Clear { stls: Stls::Available, login: ClearLogin::Refused },
        "clear-login" => Channel::Clear { stls: Stls::Available, login: ClearLogin::Allowed },
        "no-tls" => Channel::Clear { stls: Stls::Unavailable, login: ClearLogin::Allowed },
        other => panic!("no such channel: {other}"),
    }
}

fn unescape(text: &str) -> Vec<u8> {
    let text = text.replace("\\n", "\n").replace("\\r", "\r").replace("\\0", "\0");
    text.into_bytes()
}

fn run(name: &str, text: &str) {
    assert!(text.starts_with("# RFC"), "{name}: the first line cites the RFC");
    let field = |key: &'static str| text.lines().filter_map(move |line| line.strip_prefix(key)).map(str::trim);
    let mail: Vec<Vec<u8>> = text.lines().filter_map(|line| line.strip_prefix("M: ")).map(unescape).collect();
    let mail: Vec<&[u8]> = mail.iter().map(Vec::as_slice).collect();
    let mut driver = Driver::new(channel(field("channel:").next().unwrap_or("tls")), &mail);
    if let Some(random) = field("apop:").next() {
        driver = driver.with_apop(Timestamp::new(random.parse().expect("a number"), "mail.example.org"));
    }
    for quirk in field("quirk:") {
        driver = driver.with_quirks(match quirk {
            "bare-line-feed-refused" => Quirks { bare_line_feed: BareLineFeed::Refused, ..Quirks::default() },
            "without-utf8-refusal" => Quirks { without_utf8: WithoutUtf8::Refusal, ..Quirks::default() },
            "last-answered" => Quirks { last: Last::Answered, ..Quirks::default() },
            other => panic!("no such quirk: {other}"),
        });
    }
    let mut heard = String::new();
    let mut together = String::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        if let Some(said) = line.strip_prefix("C> ") {
            together.push_str(said);
            together.push_str("\r\n");
            if lines.peek().is_some_and(|(_, next)| next.starts_with("C> ")) {
                continue;
            }
            heard.push_str(&driver.say(&unescape(&std::mem::take(&mut together))));
        } else if let Some(said) = line.strip_prefix("C: ") {
            assert_eq!(heard, "", "{name}:{}: more was answered than the transcript shows", number + 1);
            heard = driver.say(&[unescape(said), b"\r\n".to_vec()].concat());
        } else if let Some(expected) = line.strip_prefix("S: ").or((line == "S:").then_some("")) {
            let (first, rest) = heard.split_once("\r\n").unwrap_or_else(|| panic!("{name}:{}: silence", number + 1));
            assert_eq!(first, expected, "{name}:{}", number + 1);
            heard = rest.to_owned();
        }
    }
    assert_eq!(heard, "", "{name}: more was answered than the transcript shows");
    if let Some(end) = field("end:").next() {
        assert_eq!(driver.closed, end == "closed", "{name}: closed");
    }
    let notices: Vec<String> = driver.notices.iter().map(|notice| format!("{notice:?}")).collect();
    assert_eq!(notices, field("notice:").collect::<Vec<_>>(), "{name}: notices");
}

#[test]
fn every_dialogue_goes_as_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dialogues");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 12, "the dialogues are gone");
    for file in files {
        run(&file.file_name().unwrap().to_string_lossy(), &std::fs::read_to_string(&file).unwrap());
    }
}
