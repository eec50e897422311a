//! Those who belong here, and those who only look: none of them may be taken for an attacker.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::cell::{Authentication, Cell, Client, Transport};
use crate::premises::{MESSAGES, Premises, home, password_of, source, wrong};
use crate::relay::Relay;
use crate::support::PROGRAM;
use crate::talk::Talk;
use crate::{fetchers, getmail, neomutt, process, scripts, wire};

/// Real clients, each on every transport it has, with the first login it can do. The same account: one after another.
pub fn clients() -> Vec<(Box<dyn Client>, Transport, Authentication)> {
    let mut all = Vec::new();
    for transport in Transport::ALL {
        for client in every_client() {
            let can = |login: &Authentication| client.unable(transport, *login).is_none();
            if let Some(login) = [Authentication::UserPass, Authentication::Plain].into_iter().find(can) {
                all.push((client, transport, login));
            }
        }
    }
    all
}

fn every_client() -> Vec<Box<dyn Client>> {
    vec![
        Box::new(wire::Curl),
        Box::new(scripts::POPLIB),
        Box::new(wire::OpenSsl),
        Box::new(fetchers::Fetchmail),
        Box::new(getmail::Getmail),
        Box::new(fetchers::Mpop),
        Box::new(neomutt::Neomutt),
        Box::new(scripts::NET_POP3),
        Box::new(scripts::NET_POP),
        Box::new(scripts::PHP_IMAP),
        Box::new(scripts::NODE_POP3),
    ]
}

/// The client lists and fetches alice's mail, from a network of its own.
pub fn fetches(premises: &Premises, network: u16, client: &dyn Client, transport: Transport, login: Authentication) {
    let relays = [premises.pop3(), premises.pop3s()].map(|server| Relay::start(server, source(network)));
    let folder = tempfile::tempdir().unwrap();
    // A client that must not run as root looks into its part of this.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    let cell = Cell {
        transport,
        login,
        ports: [relays[0].address.port(), relays[1].address.port()],
        certificate: premises.certificate(),
        password: password_of("alice"),
        folder: folder.path().to_owned(),
    };
    let what = format!("{} over {transport}", client.version());
    let fetched = client.list(&cell).map(drop).and_then(|()| client.fetch(&cell).map(drop));
    fetched.unwrap_or_else(|failure| panic!("{what}: {failure}"));
    for relay in relays {
        relay.finish();
    }
}

/// A monitor that looks at the greeting.
pub fn monitor(premises: &Premises, network: u16) {
    for _ in 0..25 {
        Talk::greeted(source(network), premises.pop3()).quit();
    }
}

/// A load balancer that looks whether somebody is there.
pub fn health_check(premises: &Premises, network: u16) {
    for _ in 0..5 {
        Talk::open(source(network), premises.pop3()).hang_up();
    }
}

/// A mail program that sets an account up: it asks what is there, and goes.
pub fn autoconfig(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    talk.ask("CAPA");
    talk.quit();
}

/// A phone that was not told of the new password.
pub fn stale_device(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    assert!(talk.log_in("phone", &password_of("phone")));
    talk.quit();
    for _ in 0..12 {
        let mut talk = Talk::greeted(source(network), premises.pop3());
        assert!(!talk.log_in("phone", "the-old-password"));
        talk.quit();
    }
}

/// A person at home who hunts for the password.
pub fn mistyping_at_home(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    assert!(talk.log_in("typist", &password_of("typist")));
    talk.quit();
    for number in 0..6 {
        let mut talk = Talk::greeted(source(network), premises.pop3());
        talk.log_in("typist", &wrong(600 + number));
        talk.quit();
    }
    let mut talk = Talk::greeted(source(network), premises.pop3());
    assert!(talk.log_in("typist", &password_of("typist")));
    talk.quit();
}

/// A person who mistypes twice in a hotel.
pub fn mistyping_elsewhere(premises: &Premises, network: u16) {
    for password in [wrong(620), wrong(621), password_of("traveller")] {
        let mut talk = Talk::greeted(source(network), premises.pop3());
        talk.log_in("traveller", &password);
        talk.quit();
    }
}

/// A person who mistypes the name.
pub fn mistyped_name(premises: &Premises, network: u16) {
    for name in ["typsit", "typist2"] {
        let mut talk = Talk::greeted(source(network), premises.pop3());
        talk.log_in(name, &password_of("typist"));
        talk.quit();
    }
}

/// People of the office behind one address; some mistype once on Monday.
pub fn office(premises: &Premises, network: u16) {
    for worker in 1..=12 {
        let name = format!("worker{worker}");
        let mut talk = Talk::greeted(source(network), premises.pop3());
        if worker % 4 == 0 {
            assert!(!talk.log_in(&name, &wrong(640 + worker)));
        }
        assert!(talk.log_in(&name, &password_of(&name)));
        talk.ask("UIDL");
        talk.quit();
    }
}

/// A phone that opens several sessions at once: one gets in, the others hear that the maildrop is in use.
pub fn parallel(premises: &Premises, network: u16) {
    let mut talks: Vec<Talk> = (0..5).map(|_| Talk::greeted(source(network), premises.pop3())).collect();
    let inside =
        talks.iter_mut().filter_map(|talk| talk.log_in("phones", &password_of("phones")).then_some(())).count();
    assert_eq!(inside, 1, "one session at a time");
    talks.into_iter().for_each(Talk::quit);
}

/// Somebody on the road: the right password from one network after another.
pub fn roaming(premises: &Premises, network: u16) {
    for stop in [source(network), home(network), home(network + 1)] {
        let mut talk = Talk::greeted(stop, premises.pop3());
        assert!(talk.log_in("roamer", &password_of("roamer")));
        talk.quit();
    }
}

/// A password that looks like an attack, a name in another script, letters in small.
pub fn odd_but_honest(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    talk.log_in("poet", "%n%s%s ../../ `$(x)` |||| and sixty characters of a poem, at least");
    talk.send("USER \u{3086}\u{304d}@example.org\r\n".as_bytes());
    talk.line();
    talk.say("user poet");
    assert!(talk.say(&format!("pass {}", password_of("poet"))).starts_with("+OK"));
    talk.say("noop");
    talk.quit();
}

/// A program that keeps no copy: it retrieves everything and removes it.
pub fn no_copy(premises: &Premises, network: u16) {
    for _ in 0..2 {
        let mut talk = Talk::greeted(source(network), premises.pop3());
        assert!(talk.log_in("collector", &password_of("collector")));
        let count = talk.ask("LIST");
        for number in 1..=count {
            talk.ask(&format!("RETR {number}"));
            talk.say(&format!("DELE {number}"));
        }
        talk.quit();
    }
}

/// The first synchronisation of a new account: everything.
pub fn first_sync(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    assert!(talk.log_in("newcomer", &password_of("newcomer")));
    for number in 1..=MESSAGES {
        talk.ask(&format!("RETR {number}"));
    }
    talk.quit();
}

/// A mail program with the wrong kind of encryption: POP3 in the clear where TLS must begin.
pub fn clear_on_pop3s(premises: &Premises, network: u16) {
    let mut talk = Talk::open(source(network), premises.pop3s());
    talk.send(b"CAPA\r\n");
    talk.rest();
}

/// An administrator who types.
pub fn administrator(premises: &Premises, network: u16) {
    let mut talk = Talk::greeted(source(network), premises.pop3());
    talk.say("hello");
    talk.say("USER admin-of-old");
    talk.say("STAT");
    talk.quit();
}

/// `watchpost bench`, a moment of it.
pub fn bench(premises: &Premises, network: u16) {
    let relay = Relay::start(premises.pop3(), source(network));
    let password = premises.file("bench.password", &format!("{}\n", password_of("bench")));
    let mut command = Command::new(PROGRAM);
    command.args(["bench", "logins", &relay.address.to_string(), "--tls", "none", "--user", "bench"]);
    command.args(["--password-file", &password, "--connections", "1", "--count", "20"]);
    let output = process::run(&mut command, b"", "watchpost");
    assert!(output.status.success(), "{}", process::said(&output));
    relay.finish();
}

/// `watchpost conform`, without an account: it asks what nobody else asks, so rules may name what it does.
pub fn conform(premises: &Premises, network: u16) {
    let relay = Relay::start(premises.pop3(), source(network));
    let mut command = Command::new(PROGRAM);
    command.args(["conform", &relay.address.to_string(), "--tls", "none", "--json"]);
    process::run(&mut command, b"", "watchpost");
    relay.finish();
}
