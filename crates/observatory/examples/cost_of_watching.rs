//! What it costs to watch a session (S-060): `cargo run --release -p watchpost-observatory --example cost_of_watching`.
//!
//! First the session alone, then with its witness, then the whole path: witness, sink, the journal's thread with the
//! classifier and SQLite. What the journal's thread takes is told by Linux, so that two cores do not hide it. A number
//! behind the command sets how many sessions there are.
#![allow(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use watchpost_observatory::journal::{Clocks, Journal, JournalSink, Judge, Said, Terms};
use watchpost_observatory::{
    BootKey, Classifier, ConnectionId, Ending, Event, EventKind, EventSink, Guess, HashKey, InstallationKey,
    LoginAttempt, LoginMechanism, LoginOutcome, PasswordAccounts, PasswordFacts, PasswordLength, PasswordTables, Port,
    SessionSummary, Settings, Untrusted, Witness,
};
use watchpost_proto::catalogue::Refusal;
use watchpost_proto::pop3::server::{Action, Channel, Limits, Session};

const SESSIONS: u32 = 200_000;
/// As many commands as a client says that finds no new mail.
const COMMANDS: [&str; 6] = ["CAPA\r\n", "USER alice\r\n", "AUTH X\r\n", "LANG\r\n", "AUTH\r\n", "QUIT\r\n"];

fn main() {
    run(Watched::Yes);
    let ((alone, _), (watched, events)) = (run(Watched::No), run(Watched::Yes));
    println!("a session of {} commands, without sockets, TLS and mail", COMMANDS.len());
    println!("alone      {:6.2} µs", microseconds(alone, SESSIONS));
    println!("watched    {:6.2} µs, {} events", microseconds(watched, SESSIONS), events / SESSIONS as usize);
    println!("difference {:6.2} µs", microseconds(watched.saturating_sub(alone), SESSIONS));
    println!("facts of a wrong password {:6.2} µs", microseconds(facts(), SESSIONS));
    let sessions = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(SESSIONS);
    println!("the whole path, in processor time for each session: with an owner's login, and with a wrong password");
    for (name, outcome) in [("owners", LoginOutcome::Accepted), ("guesses", LoginOutcome::Refused)] {
        for (judged, judge) in [("unjudged", unjudged()), ("judged", judged())] {
            let whole = whole(sessions, outcome, judge);
            let [server, writer] = [whole.server, whole.writer].map(|time| microseconds(time, sessions));
            let sum = server + writer;
            println!("{name:8} {judged:9} server {server:6.2} µs, writer {writer:6.2} µs, together {sum:6.2} µs");
        }
    }
}

fn unjudged() -> Judge {
    Box::new(|_, _: &Event| Said::default())
}

fn judged() -> Judge {
    let mut classifier = Classifier::new(Settings::default(), &HashKey::new([3; 16]));
    Box::new(move |sequence, event: &Event| Said::from(classifier.observe(sequence, event)))
}

/// Processor time of both ends.
struct Whole {
    server: Duration,
    writer: Duration,
}

/// Sessions from the socket to the file; the sessions themselves are not counted, only what watching adds.
fn whole(sessions: u32, outcome: LoginOutcome, judge: Judge) -> Whole {
    let folder = tempfile::TempDir::new().expect("a folder");
    let clocks = Clocks { wall: SystemTime::now, now: Instant::now };
    let terms = Terms::new(folder.path().join("journal.sqlite"));
    let journal = Journal::begin(terms, clocks, judge, Box::new(|trouble| println!("{trouble}"))).expect("a thread");
    let sink = journal.sink();
    let main = thread_time("cost_of_watching");
    (0..sessions).for_each(|number| visit(number, outcome, None));
    let alone = thread_time("cost_of_watching").saturating_sub(main);
    let main = thread_time("cost_of_watching");
    for number in 0..sessions {
        visit(number, outcome, Some(&sink));
        // The server of this program is endlessly fast: the queue must not run over.
        if number % 1000 == 999 {
            journal.flush();
        }
    }
    let watched = thread_time("cost_of_watching").saturating_sub(main);
    journal.flush();
    let writer = thread_time("journal");
    drop(journal);
    Whole { server: watched.saturating_sub(alone), writer }
}

/// What a client says that finds no new mail.
const VISIT: [&str; 6] = ["CAPA\r\n", "USER alice\r\n", "PASS tiger\r\n", "STAT\r\n", "UIDL\r\n", "QUIT\r\n"];

/// One session. Watched, it leaves its events as the server does: the opening at once, the others when a login was
/// refused, and the end.
fn visit(number: u32, outcome: LoginOutcome, sink: Option<&JournalSink>) {
    let (at, now) = (SystemTime::now(), Instant::now());
    let connection = ConnectionId(u128::from(number) << 64 | 7);
    // Owners come from where they are at home; strangers from anywhere.
    let place = if outcome == LoginOutcome::Accepted { number % 2000 } else { number.wrapping_mul(131) % 500_000 };
    let peer = SocketAddr::from((Ipv4Addr::from(0x0b00_0000 + place * 256), 40_000));
    let mut session = Session::new(Limits::default(), Channel::Tls, now);
    let mut watched = sink.map(|sink| (Witness::new(connection), sink));
    if let Some((_, sink)) = &watched {
        let kind = EventKind::Opened { peer, local: (Ipv4Addr::LOCALHOST, 110).into(), port: Port::Pop3 };
        sink.record_all(vec![Event { at, connection, kind }]);
        session = session.with_witness();
    }
    let mut output = Vec::new();
    for line in VISIT {
        session.receive(line.as_bytes(), now);
        while let Some(action) = session.poll(&mut output) {
            match action {
                Action::Login(_) => {
                    if let Some((witness, _)) = &mut watched {
                        witness.told(session.told(), at);
                        witness.saw(EventKind::Login(Box::new(login(number, outcome))), at);
                    }
                    let refused = outcome == LoginOutcome::Refused;
                    let result = if refused { Err(Refusal::AuthenticationFailed) } else { Ok(Arc::default()) };
                    session.login_result(result, &mut output);
                }
                Action::Update(_) => session.update_result(Ok(0), &mut output),
                Action::Close => break,
                _ => {}
            }
        }
        output.clear();
        let Some((witness, sink)) = &mut watched else { continue };
        witness.told(session.told(), at);
        if witness.is_urgent() {
            sink.record_all(witness.take());
        }
    }
    if let Some((witness, sink)) = watched {
        let user = (outcome == LoginOutcome::Accepted).then(|| account(number));
        sink.record_all(witness.end(SessionSummary { peer, user, ..summary() }, at));
    }
}

fn account(number: u32) -> String {
    format!("user{}@example.org", number % 2000)
}

fn login(number: u32, outcome: LoginOutcome) -> LoginAttempt {
    let facts = PasswordFacts {
        tag: 7,
        length: PasswordLength::To8,
        classes: 5,
        repeat: false,
        source_passwords: 2,
        source_accounts: 1,
        password_accounts: PasswordAccounts::One,
        common: true,
        default: false,
    };
    LoginAttempt {
        name: Untrusted::new(account(number).into_bytes()),
        account: Some(account(number)),
        mechanism: LoginMechanism::User,
        outcome,
        password: (outcome == LoginOutcome::Refused).then_some(facts),
    }
}

/// Processor time that the thread of this name has taken so far, as Linux counts it.
fn thread_time(name: &str) -> Duration {
    // Linux keeps 15 octets of a name.
    let name = &name[..name.len().min(15)];
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let mut paths = tasks.map(|task| task.path());
    let path = paths.find(|path| fs::read_to_string(path.join("comm")).is_ok_and(|found| found.trim() == name));
    let stat = path.and_then(|path| fs::read_to_string(path.join("schedstat")).ok()).unwrap_or_default();
    Duration::from_nanos(stat.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0))
}

#[derive(Clone, Copy, PartialEq)]
enum Watched {
    Yes,
    No,
}

fn run(watched: Watched) -> (Duration, usize) {
    let at = SystemTime::now();
    let begun = Instant::now();
    let mut events = 0;
    for number in 0..SESSIONS {
        let mut session = Session::new(Limits::default(), Channel::Tls, begun);
        let mut witness = (watched == Watched::Yes).then(|| Witness::new(ConnectionId(number.into())));
        if witness.is_some() {
            session = session.with_witness();
        }
        let mut output = Vec::new();
        for line in COMMANDS {
            session.receive(line.as_bytes(), begun);
            while session.poll(&mut output).is_some_and(|action| action != Action::Close) {}
            if let Some(witness) = &mut witness {
                witness.told(session.told(), at);
            }
            output.clear();
        }
        let told: Vec<Event> = witness.map(|witness| witness.end(summary(), at)).unwrap_or_default();
        events += std::hint::black_box(told).len();
    }
    (begun.elapsed(), events)
}

fn facts() -> Duration {
    let tables = PasswordTables::new(&BootKey::new([1; 32]), &InstallationKey::new([2; 32]));
    let at = SystemTime::now();
    let begun = Instant::now();
    for number in 0..SESSIONS {
        let source = Ipv4Addr::from(0x0a00_0000 + number % 50_000).into();
        let password = number.to_string();
        std::hint::black_box(
            tables.facts(Guess { source, name: b"alice@example.org", password: password.as_bytes() }, at),
        );
    }
    begun.elapsed()
}

fn summary() -> SessionSummary {
    let address = (Ipv4Addr::LOCALHOST, 110).into();
    SessionSummary {
        peer: address,
        local: address,
        tls: None,
        user: None,
        state: None,
        tally: watchpost_proto::pop3::server::Tally::default(),
        messages: 0,
        removed_unread: 0,
        commands_dropped: 0,
        octets_in: 0,
        octets_out: 0,
        duration: Duration::ZERO,
        first_octet: None,
        ending: Ending::Quit,
        notice: None,
    }
}

fn microseconds(time: Duration, times: u32) -> f64 {
    time.as_secs_f64() * 1e6 / f64::from(times)
}
