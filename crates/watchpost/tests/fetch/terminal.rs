//! What a newcomer sees and types: `fetch init` and the questions of `fetch`, on a terminal of its own.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::doors::{Door, Manners, PASSWORD};
use crate::house::{House, messages_of};
use crate::server::Server;
use crate::support::PROGRAM;
use crate::support::screen::Screen;
use crate::world::{World, said};

/// The questions of one language, in the order in which they are asked.
struct Words {
    language: &'static str,
    consent: &'static str,
    password: &'static str,
    to: &'static str,
    write: &'static str,
    keep: &'static str,
    written: &'static str,
}

const WORDS: [Words; 2] = [
    Words {
        language: "en",
        consent: "may it get your password? [y/N]",
        password: "Password of alice@example.test:",
        to: "Where should the mail go? [",
        write: "watchpost.toml? [y/N]",
        keep: "[1]",
        written: "Written to ",
    },
    Words {
        language: "ja",
        consent: "パスワードを送ってもよいですか? [y/N]",
        password: "alice@example.test のパスワード:",
        to: "メールの配送先を指定してください。[",
        write: "watchpost.toml に書き込みますか? [y/N]",
        keep: "[1]",
        written: "watchpost.toml に書き込みました",
    },
];

/// A program in a terminal, whose settings are written down before and afterwards.
fn terminal(home: &Path, arguments: &[&str]) -> Screen {
    let place = home.display();
    // The shell outlives a Ctrl-C; what it starts does not inherit that.
    let script = format!(
        "trap : INT; unset SSL_CERT_DIR XDG_CONFIG_HOME; cd {place}; stty -a > {place}/before; \"$0\" \"$@\"; \
         code=$?; stty -a > {place}/after; echo \"it ended with $code, and that is all\""
    );
    let ca = home.join("ca.pem").display().to_string();
    let variables = [("SSL_CERT_FILE", ca.as_str()), ("HOME", home.to_str().unwrap())];
    let words = [&["/bin/sh", "-c", &script, PROGRAM], arguments].concat();
    Screen::run(120, &variables, &words)
}

/// Waits for its end. The terminal is as it was, and what was typed in secret is nowhere on it.
fn ended(screen: &Screen, home: &Path, secret: &str) -> (i32, String) {
    let everything = screen.shows("and that is all");
    let setting = |name: &str| fs::read_to_string(home.join(name)).unwrap();
    assert_eq!(setting("after"), setting("before"), "the terminal is left as it was found");
    assert!(!everything.contains(secret), "S-029: {everything}");
    let code = everything.split("it ended with ").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    (code, everything)
}

/// A provider whose SRV record leads out of its domain, to a host that this machine finds too.
fn provider(world: &World) -> Door {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    world.names.host("localhost", Ipv4Addr::LOCALHOST);
    world.names.srv("_pop3s._tcp.example.test", 0, port, "localhost");
    Door::start(listener, Manners::new(world.pki.server(&["localhost"])))
}

fn init(world: &World, words: &Words) -> Screen {
    let ports: Vec<String> = (0..4).map(|place| world.port(place).to_string()).collect();
    let (ports, resolver) = (ports.join(","), world.names.address.to_string());
    let arguments = ["fetch", "init", "alice@example.test", "--lang", words.language, "--ports", &ports];
    terminal(world.folder.path(), &[&arguments[..], &["--resolver", &resolver]].concat())
}

#[test]
fn a_newcomer_answers_a_few_questions_and_has_an_account_that_works() {
    // C-002, C-004, S-029
    for words in WORDS {
        let world = World::new();
        let door = provider(&world);
        let home = world.folder.path();
        let screen = init(&world, &words);
        screen.ends_with(words.consent);
        assert!(!door.heard().iter().any(|line| line.contains("USER")), "nobody has agreed yet");
        screen.types("y");
        screen.enter();
        screen.ends_with(words.password);
        screen.types(PASSWORD);
        screen.enter();
        screen.shows(words.to);
        let mail = home.join("Mail").display().to_string();
        // A path alone is a Maildir, and is read as a shell would read it.
        screen.types("~/Mail");
        screen.enter();
        screen.shows("[[fetch]]");
        screen.ends_with(words.write);
        let config = home.join(".config/watchpost/watchpost.toml");
        assert!(!config.exists(), "nothing is written before somebody has said so");
        screen.types("y");
        screen.enter();
        screen.ends_with(words.keep);
        screen.enter();
        screen.shows(words.written);
        let (code, everything) = ended(&screen, home, PASSWORD);
        assert_eq!(code, 0, "{everything}");
        let text = fs::read_to_string(&config).unwrap();
        assert!(text.contains("server = \"localhost:") && text.contains(&format!("to = \"maildir:{mail}\"")), "{text}");
        assert!(!text.contains(PASSWORD));
        let kept = home.join(".config/watchpost/alice-example.test.password");
        assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
        // And it works, with what was written alone.
        let fetched = world.command().arg("fetch").output().unwrap();
        assert!(fetched.status.success(), "{}", said(&fetched));
        assert_eq!(messages_of(Path::new(&mail)).len(), 3);
    }
}

#[test]
fn ctrl_c_at_any_question_writes_nothing_and_leaves_the_terminal_as_it_was() {
    // S-029
    for words in WORDS {
        for leave in 0..5 {
            let world = World::new();
            let _door = provider(&world);
            let home = world.folder.path();
            let screen = init(&world, &words);
            let questions = [words.consent, words.password, words.to, words.write, words.keep];
            let answers = ["y", PASSWORD, "", "y", ""];
            for (place, (question, answer)) in questions.into_iter().zip(answers).enumerate() {
                if question == words.to {
                    screen.shows(question);
                } else {
                    screen.ends_with(question);
                }
                if place == leave {
                    // Half an answer is there already.
                    screen.types("ha");
                    screen.key("C-c");
                    break;
                }
                screen.types(answer);
                screen.enter();
            }
            let (code, everything) = ended(&screen, home, PASSWORD);
            assert_ne!(code, 0, "{leave}: {everything}");
            assert!(!everything.contains("haha") && (leave != 1 || !everything.contains("ha^C")), "{everything}");
            assert!(!home.join(".config").exists(), "{leave}: something was written: {everything}");
        }
    }
}

#[test]
fn passwords_are_asked_for_one_after_the_other_before_anything_is_fetched() {
    // S-029
    for (language, question) in [("en", "Password of NAME:"), ("ja", "NAME のパスワード:")] {
        let mail = |text: &'static [u8]| Server::start(&[("one", text)]);
        let (first, second) = (mail(b"A: 1\r\n\r\n"), mail(b"B: 2\r\n\r\n"));
        let house = House::new(first.port, "password = \"prompt\"");
        let home = house.folder.path();
        let text = fs::read_to_string(house.path("watchpost.toml")).unwrap();
        let other =
            text.replace("name = \"a\"", "name = \"b\"").replace(&first.port.to_string(), &second.port.to_string());
        fs::write(house.path("watchpost.toml"), text + &other).unwrap();
        let screen = terminal(home, &["fetch", "--lang", language]);
        screen.ends_with(&question.replace("NAME", "a"));
        screen.types("not-to-be-seen-1");
        screen.enter();
        screen.ends_with(&question.replace("NAME", "b"));
        assert_eq!(first.state.lock().unwrap().sessions, 0, "all are asked first");
        screen.types("not-to-be-seen-2");
        screen.enter();
        let (code, everything) = ended(&screen, home, "not-to-be-seen");
        assert_eq!(code, 0, "{everything}");
        assert_eq!(house.messages().len(), 2);
        assert!(!everything.contains("not-to-be"), "S-029: {everything}");
    }
}

#[test]
fn ctrl_c_at_a_password_fetches_nothing() {
    let server = Server::start(&[("one", b"A: 1\r\n\r\n")]);
    let house = House::new(server.port, "password = \"prompt\"");
    let home = house.folder.path();
    let screen = terminal(home, &["fetch", "--lang", "en"]);
    screen.ends_with("Password of a:");
    screen.types("half-of-it");
    screen.key("C-c");
    let (code, everything) = ended(&screen, home, "half-of-it");
    assert!(code == 77 && everything.contains("no password was given"), "{everything}");
    assert_eq!(server.state.lock().unwrap().sessions, 0);
    assert!(!house.path("md").exists());
}
