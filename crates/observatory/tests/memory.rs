//! Whatever strangers do, memory stays below 32 MiB. Alone in its process: it measures the process.
#![allow(clippy::print_stdout, reason = "the figures are what this test reports")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the numbers of simulations are small"
)]

mod simulator;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use simulator::lines::spoken;
use simulator::{key, moment, settings};
use watchpost_observatory::{
    Classifier, ConnectionId, Event, EventKind, Hello, LoginAttempt, LoginMechanism, LoginOutcome, PasswordAccounts,
    PasswordFacts, PasswordLength, Port, Sequence, Untrusted,
};
use watchpost_proto::pop3::State;

const LIMIT: usize = 32 << 20;

struct Flood {
    classifier: Classifier,
    sequence: u64,
}

impl Flood {
    fn tell(&mut self, at: f64, connection: u64, kind: EventKind) {
        self.sequence += 1;
        let event = Event { at: moment(at), connection: ConnectionId(connection.into()), kind };
        self.classifier.observe(Sequence(self.sequence), &event);
    }

    /// Connects, says who it is, guesses, and stays: sessions that are never closed are the worst.
    fn guess(&mut self, at: f64, source: u32, (name, account): (&str, Option<&str>), ja4: &str) {
        let connection = self.arrive(at, source);
        self.tell(at, connection, EventKind::Hello(Box::new(Hello { ja4: ja4.to_owned(), ..Hello::default() })));
        let line = format!("USER {name}\r\n");
        self.tell(at, connection, EventKind::Command(spoken(line.as_bytes(), State::Authorization)));
        self.try_password(at, connection, source, (name, account));
    }

    fn arrive(&mut self, at: f64, source: u32) -> u64 {
        let connection = self.sequence + 1;
        let peer = SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(0x0100_0000 + source)), 4_000);
        self.tell(at, connection, EventKind::Opened { peer, local: peer, port: Port::Pop3s });
        connection
    }

    fn try_password(&mut self, at: f64, connection: u64, source: u32, (name, account): (&str, Option<&str>)) {
        let password = PasswordFacts {
            tag: source as u16,
            length: PasswordLength::To8,
            classes: 1,
            repeat: false,
            source_passwords: 16,
            source_accounts: 16,
            password_accounts: PasswordAccounts::TenOrMore,
            common: true,
            default: true,
        };
        let attempt = LoginAttempt {
            name: Untrusted::new(name.as_bytes()),
            account: account.map(str::to_owned),
            mechanism: LoginMechanism::User,
            outcome: LoginOutcome::Refused,
            password: Some(password),
        };
        self.tell(at, connection, EventKind::Login(Box::new(attempt)));
    }

    fn check(&self, what: &str) {
        let octets = self.classifier.octets();
        println!("{what}: {} KiB", octets >> 10);
        assert!(octets < LIMIT, "{what}: {octets}");
    }
}

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0);
    pages * 4_096
}

/// Nanoseconds that this process had a processor: other processes do not count.
fn on_processor() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let spent = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok());
    spent.filter_map(|text| text.split(' ').next()?.parse::<u64>().ok()).sum()
}

/// A million sources and a million names, then few sources with many names, tools, accounts, owners.
#[test]
fn a_flood_of_sources_names_and_tools_takes_no_more_than_its_share() {
    let (before, began) = (resident(), on_processor());
    let mut flood = Flood { classifier: Classifier::new(settings(), &key()), sequence: 0 };
    for source in 0..1_000_000_u32 {
        let at = f64::from(source) * 0.01;
        let connection = flood.arrive(at, source);
        flood.try_password(at, connection, source, (&format!("name{source}"), None));
    }
    flood.check("a million sources and names");
    for number in 0..400_000_u32 {
        let name = format!("deep{}", number / 8_192);
        flood.guess(10_000.0 + f64::from(number) * 0.01, number % 8_192, (&name, None), "");
    }
    flood.check("thousands of sources with dozens of names each");
    for number in 0..100_000_u32 {
        let account = format!("u{}@example.org", number % 20_000);
        let ja4 = format!("t13d{number:032}");
        flood.guess(20_000.0 + f64::from(number) * 0.01, number * 256, (&account, Some(&account)), &ja4);
    }
    flood.check("a hundred thousand tools, and accounts that exist");
    let grown = resident().saturating_sub(before);
    let each = (on_processor() - began) / flood.sequence;
    println!(
        "{} events, {each} ns of a processor each with the making of them, resident memory grew by {} KiB",
        flood.sequence,
        grown >> 10
    );
    assert!(grown < 2 * LIMIT, "{grown}");
}
