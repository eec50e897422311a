//! Plays the examples of the textbook against sessions: what it shows is what the server says.

#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

mod driver;

use driver::Driver;
use watchpost_proto::Timestamp;
use watchpost_proto::catalogue::explain::{Kind, Lesson, Scene, all};
use watchpost_proto::pop3::server::{Channel, ClearLogin, Stls};

const MAIL: [&[u8]; 2] = [
    b"From: anna@example.org\r\nTo: mrose@example.org\r\nSubject: Lunch\r\n\r\nAt noon?\r\nAnna\r\n",
    b"From: ben@example.org\r\nTo: mrose@example.org\r\nSubject: Dots\r\n\r\nOne line is a dot:\r\n.\r\nand this is the last one.\r\n",
];

/// The unique-ids of RFC 1939 §7 stand in the examples; the driver counts.
const UNIQUE_IDS: [(&str, &str); 2] = [("whqtswO00WBw418f9t5JxYwZ", "uid0"), ("QhdPYR:00WBw1Ph7x7", "uid1")];

fn driver(lesson: &Lesson) -> Option<Driver> {
    let clear = |stls| Channel::Clear { stls, login: ClearLogin::Refused };
    Some(match lesson.scene {
        Scene::Told => return None,
        Scene::Tls => Driver::new(Channel::Tls, &MAIL),
        Scene::Clear => Driver::new(clear(Stls::Available), &MAIL),
        Scene::NoTls => Driver::new(clear(Stls::Unavailable), &MAIL),
        Scene::Apop => {
            let random = lesson.dialogue.split(['<', '@']).nth(1).expect("a greeting with a timestamp");
            let random = u128::from_str_radix(random, 16).expect("128 bits");
            Driver::new(Channel::Tls, &MAIL).with_apop(Timestamp::new(random, "mail.example.org"))
        }
        Scene::LoggedIn => Driver::logged_in(&MAIL),
        Scene::Unreadable => {
            let mut driver = Driver::logged_in(&MAIL);
            driver.unreadable.insert(0);
            driver
        }
        Scene::UpdateFails => {
            let mut driver = Driver::logged_in(&MAIL);
            driver.update_fails = true;
            driver
        }
    })
}

/// What the server has said and the example has not shown yet.
struct Heard(Vec<String>);

impl Heard {
    fn of(text: &str) -> Self {
        let text = UNIQUE_IDS.iter().fold(text.to_owned(), |text, (shown, counted)| text.replace(counted, shown));
        Self(text.split_terminator("\r\n").map(str::to_owned).collect())
    }

    fn expect(&mut self, shown: &str, after_gap: bool, word: &str) {
        let at = self.0.iter().position(|line| line == shown);
        let at = at.unwrap_or_else(|| panic!("{word}: {shown:?} is not in {:?}", self.0));
        assert!(at == 0 || after_gap, "{word}: {:?} before {shown:?}", &self.0[..at]);
        self.0.drain(..=at);
    }
}

/// Whether the example could be played.
fn play(lesson: &Lesson) -> bool {
    let Some(mut driver) = driver(lesson) else { return false };
    let word = lesson.word;
    let mut greeting = Vec::new();
    driver.session.greeting().write(&mut greeting);
    let mut lines = lesson.dialogue.lines().map(str::to_owned).collect::<Vec<_>>();
    // An error's own line comes from Table B.
    lines.extend(lesson.error().map(|_| lesson.example().pop().unwrap()));
    let begins_with_greeting = lines.iter().find(|line| !line.starts_with("   <")).unwrap().starts_with("S: ");
    let mut heard = Heard(Vec::new());
    if begins_with_greeting {
        heard = Heard::of(&String::from_utf8(greeting).unwrap());
    }
    let mut gap = false;
    let mut together = String::new();
    for line in &lines {
        if let Some(said) = line.strip_prefix("C> ") {
            together = format!("{together}{said}\r\n");
            continue;
        }
        if !together.is_empty() {
            heard = Heard::of(&driver.say(std::mem::take(&mut together).as_bytes()));
        }
        if let Some(said) = line.strip_prefix("C: ") {
            assert!(heard.0.is_empty(), "{word}: the example leaves {:?} out", heard.0);
            heard = Heard::of(&driver.say(format!("{said}\r\n").as_bytes()));
        } else if line == "S: …" {
            gap = true;
        } else if let Some(shown) = line.strip_prefix("S: ") {
            heard.expect(shown, std::mem::take(&mut gap), word);
        }
    }
    assert!(heard.0.is_empty(), "{word}: the example leaves {:?} out", heard.0);
    true
}

#[test]
fn every_example_that_can_be_played_goes_as_shown() {
    let played: Vec<Lesson> = all().filter(play).collect();
    let of = |kind| played.iter().filter(|lesson| lesson.kind == kind).count();
    assert!(of(Kind::Command) >= 17, "all commands but XCLIENT: {}", of(Kind::Command));
    assert!(of(Kind::Error) >= 26, "errors: {}", of(Kind::Error));
    assert!(of(Kind::Reply) == 5 && of(Kind::State) == 3, "all replies and all states");
    assert!(of(Kind::Capability) >= 11 && of(Kind::Word) >= 10, "{} {}", of(Kind::Capability), of(Kind::Word));
}

#[test]
fn every_capability_that_a_session_announces_has_its_lesson() {
    let clear = |login| Channel::Clear { stls: Stls::Available, login };
    let channels = [Channel::Tls, clear(ClearLogin::Allowed), clear(ClearLogin::Refused)];
    let before = channels.map(|channel| Driver::new(channel, &MAIL).say(b"CAPA\r\n"));
    let after = Driver::logged_in(&MAIL).say(b"CAPA\r\n");
    let lines: Vec<&str> = before.iter().chain([&after]).flat_map(|text| text.split("\r\n").skip(1)).collect();
    let tags: Vec<&str> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
    for tag in tags.iter().filter(|tag| !["", "."].contains(*tag)) {
        assert!(all().any(|lesson| lesson.kind == Kind::Capability && lesson.word == *tag), "{tag}");
    }
    assert!(tags.contains(&"STLS") && tags.contains(&"SASL") && tags.len() > 30, "{tags:?}");
}

/// What cannot be played is at least what the server would write.
#[test]
fn a_told_error_line_is_the_line_of_table_b() {
    use watchpost_proto::catalogue::{Language, Refusal};
    use watchpost_proto::pop3::Reply;
    for refusal in [Refusal::MaildropInUse, Refusal::LoginTooSoon(30), Refusal::NoSuchMessage(2), Refusal::ProxyLoop] {
        for language in Language::ALL {
            let mut output = Vec::new();
            Reply::Err(refusal).write(*language, &mut output);
            let line = watchpost_proto::catalogue::explain::line_of(refusal.row(), *language);
            assert_eq!(String::from_utf8(output).unwrap(), format!("{line}\r\n"));
        }
    }
}
