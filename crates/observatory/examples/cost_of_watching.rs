//! What it costs to watch a session (S-060): `cargo run --release -p watchpost-observatory --example cost_of_watching`.
#![allow(clippy::print_stdout, reason = "the figures are what this program is for")]

use std::net::Ipv4Addr;
use std::time::{Duration, Instant, SystemTime};

use watchpost_observatory::{
    BootKey, ConnectionId, Ending, Event, Guess, InstallationKey, PasswordTables, SessionSummary, Witness,
};
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
