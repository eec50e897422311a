//! Both halves of the protocol in one process: the client session speaks with the server session, without a socket.

#![allow(clippy::unwrap_used, reason = "a test may fail here")]

mod driver;

use std::time::Duration;

use driver::{Driver, NAME, PASSWORD};
use proptest::prelude::*;
use watchpost_proto::pop3::client::{Answer, Channel, Command, Event, Limits, Refused, Session, Ticket, Violation};
use watchpost_proto::pop3::server::{self, ClearLogin, Stls};
use watchpost_proto::sasl::Initiator;
use watchpost_proto::{MessageNumber, OctetCounter, Octets, Password, Timestamp};

const CLEAR: server::Channel = server::Channel::Clear { stls: Stls::Available, login: ClearLogin::Allowed };
const MAIL: [&[u8]; 3] = [b".A: 1\n\n.\n..two", b"B: 2\r\n\r\nthree\r\n", b""];

/// What the client heard, in words that own themselves.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Greeting,
    Done(Ticket, Result<String, Option<String>>),
    Line(String),
    Message(Vec<u8>),
    StartTls,
}

struct Pair {
    client: Session,
    server: Driver,
    /// Octets on their way to the client.
    wire: Vec<u8>,
    /// How many octets arrive at once.
    cut: usize,
    heard: Vec<Heard>,
}

impl Pair {
    fn new(channel: server::Channel, client: Channel, cut: usize) -> Self {
        let server = Driver::new(channel, &MAIL);
        let mut wire = Vec::new();
        server.session.greeting().write(&mut wire);
        let client = Session::new(Limits::default(), client);
        let mut pair = Self { client, server, wire, cut, heard: Vec::new() };
        pair.exchange().unwrap();
        assert_eq!(pair.heard, [Heard::Greeting]);
        pair.heard.clear();
        pair
    }

    fn tls(cut: usize) -> Self {
        Self::new(server::Channel::Tls, Channel::Tls, cut)
    }

    fn logged_in(cut: usize) -> Self {
        let mut pair = Self::tls(cut);
        pair.ask(&Command::Capa);
        pair.authenticate(plain(NAME, PASSWORD));
        assert!(matches!(pair.heard.last(), Some(Heard::Done(_, Ok(_)))));
        pair.heard.clear();
        pair
    }

    fn submit(&mut self, command: &Command) -> Ticket {
        self.client.submit(command).unwrap()
    }

    /// Submits, and carries octets until both are silent.
    fn ask(&mut self, command: &Command) -> Ticket {
        let ticket = self.submit(command);
        self.exchange().unwrap();
        ticket
    }

    fn authenticate(&mut self, initiator: Initiator) -> Ticket {
        let ticket = self.client.authenticate(initiator).unwrap();
        self.exchange().unwrap();
        ticket
    }

    fn exchange(&mut self) -> Result<(), Violation> {
        loop {
            let said = self.client.output().to_vec();
            self.client.wrote(said.len());
            let answer = self.server.hear(&said);
            self.wire.extend(answer);
            if self.wire.is_empty() && self.client.output().is_empty() {
                return Ok(());
            }
            self.deliver()?;
        }
    }

    /// Hands the wire to the client in pieces; the driver keeps what is not used up.
    fn deliver(&mut self) -> Result<(), Violation> {
        let mut buffer = Vec::new();
        for piece in std::mem::take(&mut self.wire).chunks(self.cut) {
            buffer.extend_from_slice(piece);
            loop {
                let step = self.client.input(&buffer)?;
                let (used, silent) = (step.used, step.event.is_none());
                self.heard.extend(step.event.as_ref().map(owned));
                buffer.drain(..used);
                if used == 0 && silent {
                    break;
                }
            }
        }
        assert!(buffer.is_empty(), "half a reply: {}", String::from_utf8_lossy(&buffer));
        Ok(())
    }

    fn messages(&self) -> Vec<u8> {
        let octets = self.heard.iter().filter_map(|heard| match heard {
            Heard::Message(octets) => Some(octets.as_slice()),
            _ => None,
        });
        octets.collect::<Vec<_>>().concat()
    }
}

fn plain(name: &str, password: &str) -> Initiator {
    Initiator::Plain { name: name.to_owned(), password: Password::new(password) }
}

fn owned(event: &Event<'_>) -> Heard {
    match event {
        Event::Greeting(greeting) => {
            assert!(greeting.is_ok());
            Heard::Greeting
        }
        Event::Done(ticket, Ok(Answer::Text(text))) => {
            Heard::Done(*ticket, Ok(String::from_utf8_lossy(text).into_owned()))
        }
        Event::Done(ticket, Ok(Answer::DropListing { count, octets })) => {
            Heard::Done(*ticket, Ok(format!("{count} {octets}")))
        }
        Event::Done(ticket, Ok(Answer::Listing(number, octets))) => {
            Heard::Done(*ticket, Ok(format!("{number} {octets}")))
        }
        Event::Done(ticket, Ok(Answer::UniqueId(number, id))) => Heard::Done(*ticket, Ok(format!("{number} {id}"))),
        Event::Done(ticket, Err(negative)) => Heard::Done(*ticket, Err(negative.code.map(str::to_owned))),
        Event::Listing(_, number, octets) => Heard::Line(format!("{number} {octets}")),
        Event::UniqueId(_, number, id) => Heard::Line(format!("{number} {id}")),
        Event::Capability(_, line) => Heard::Line(String::from_utf8_lossy(line).into_owned()),
        Event::MessageBegins(_, text) => Heard::Line(String::from_utf8_lossy(text).into_owned()),
        Event::Message(_, octets) => Heard::Message(octets.to_vec()),
        Event::StartTls(_) => Heard::StartTls,
    }
}

fn number(number: usize) -> MessageNumber {
    MessageNumber::from_index(number - 1).unwrap()
}

#[test]
fn a_whole_session_one_command_after_the_other() {
    let mut pair = Pair::tls(7);
    pair.ask(&Command::User(NAME.to_owned()));
    pair.ask(&Command::Pass(Password::new(PASSWORD)));
    pair.heard.clear();
    let stat = pair.ask(&Command::Stat);
    let list = pair.ask(&Command::List(Some(number(2))));
    let uid = pair.ask(&Command::Uidl(Some(number(3))));
    let gone = pair.ask(&Command::Dele(number(9)));
    let size = OctetCounter::of(MAIL[0]).0 + OctetCounter::of(MAIL[1]).0;
    assert_eq!(
        pair.heard,
        [
            Heard::Done(stat, Ok(format!("3 {size}"))),
            Heard::Done(list, Ok("2 15".into())),
            Heard::Done(uid, Ok("3 uid2".into())),
            Heard::Done(gone, Err(None)),
        ]
    );
    pair.ask(&Command::Dele(number(2)));
    pair.ask(&Command::Quit);
    assert_eq!(pair.server.outcome.as_ref().unwrap().removed, [1]);
    assert_eq!(pair.client.end_of_input(), Ok(()));
    assert_eq!(pair.client.submit(&Command::Noop), Err(Refused::Busy));
}

#[test]
fn what_was_stored_arrives_wherever_the_wire_is_cut() {
    // C-027, P-041 … P-045
    for cut in 1..40 {
        let mut pair = Pair::logged_in(cut);
        pair.submit(&Command::Retr(number(1)));
        pair.submit(&Command::Retr(number(3)));
        pair.submit(&Command::Top(number(2), 0));
        pair.exchange().unwrap();
        assert_eq!(pair.messages(), b".A: 1\r\n\r\n.\r\n..two\r\nB: 2\r\n\r\n", "{cut}");
    }
}

#[test]
fn commands_are_pipelined_only_when_the_server_has_said_so() {
    // RFC 2449 §6.6
    let mut pair = Pair::tls(99);
    pair.submit(&Command::User(NAME.to_owned()));
    assert_eq!(pair.client.submit(&Command::Pass(Password::new("x"))), Err(Refused::Busy));
    pair.exchange().unwrap();
    pair.ask(&Command::Capa);
    pair.heard.clear();
    pair.submit(&Command::User(NAME.to_owned()));
    pair.submit(&Command::Pass(Password::new(PASSWORD)));
    let tickets: Vec<Ticket> = (0..50).map(|_| pair.submit(&Command::Noop)).collect();
    pair.exchange().unwrap();
    let done: Vec<Ticket> = pair
        .heard
        .iter()
        .filter_map(|heard| match heard {
            Heard::Done(ticket, Ok(_)) => Some(*ticket),
            _ => None,
        })
        .collect();
    assert_eq!(done[2..], tickets, "in the order of the commands");
    let window = Limits::default().window;
    assert!((0..window).all(|_| pair.client.submit(&Command::Noop).is_ok()));
    assert_eq!(pair.client.submit(&Command::Noop), Err(Refused::WindowFull));
}

#[test]
fn a_password_that_does_not_fit_into_one_line_goes_in_two_steps() {
    // P-096, P-243; RFC 5034 §4
    let mut pair = Pair::tls(3);
    pair.ask(&Command::Capa);
    pair.heard.clear();
    let ticket = pair.authenticate(plain("tim", &"x".repeat(200)));
    assert_eq!(pair.heard, [Heard::Done(ticket, Err(Some("AUTH".into())))]);
    let long = "x".repeat(255);
    pair.heard.clear();
    let ticket = pair.authenticate(Initiator::Login {
        name: NAME.into(),
        password: Password::new(long),
        step: watchpost_proto::sasl::LoginStep::default(),
    });
    assert_eq!(pair.heard, [Heard::Done(ticket, Err(Some("AUTH".into())))]);
}

#[test]
fn the_window_counts_announced_octets() {
    // C-067: 4 messages of 30 octets, 64 at once; one is always allowed.
    let limits = Limits { window_octets: 64, ..Limits::default() };
    let mut client = Session::new(limits, Channel::Tls);
    let wire: &[u8] = b"+OK\r\n";
    client.input(wire).unwrap();
    client.submit(&Command::Capa).unwrap();
    let mut capa: &[u8] = b"+OK\r\nPIPELINING\r\n.\r\n";
    while !capa.is_empty() {
        capa = &capa[client.input(capa).unwrap().used..];
    }
    client.submit(&Command::User("a".into())).unwrap();
    client.submit(&Command::Pass(Password::new("b"))).unwrap();
    client.input(wire).unwrap();
    client.input(wire).unwrap();
    let retr = |client: &mut Session, octets| client.submit_announced(&Command::Retr(number(1)), Octets(octets));
    assert!(retr(&mut client, 30).is_ok() && retr(&mut client, 30).is_ok());
    assert_eq!(retr(&mut client, 30), Err(Refused::WindowFull));
    for _ in 0..2 {
        let mut message: &[u8] = b"+OK\r\n.\r\n";
        for _ in 0..2 {
            message = &message[client.input(message).unwrap().used..];
        }
        assert!(retr(&mut client, 30).is_ok(), "a reply makes room at once");
        assert_eq!(retr(&mut client, 30), Err(Refused::WindowFull));
    }
    let mut alone = Session::new(Limits { window_octets: 1, window: 1, ..Limits::default() }, Channel::Tls);
    alone.input(wire).unwrap();
    alone.submit(&Command::User("a".into())).unwrap();
    alone.input(wire).unwrap();
    alone.submit(&Command::Pass(Password::new("b"))).unwrap();
    alone.input(wire).unwrap();
    assert!(retr(&mut alone, 1 << 40).is_ok());
}

#[test]
fn apop_is_digested_over_the_timestamp_of_this_channel() {
    // S-026: RFC 1939 §7
    let timestamp = Timestamp::new(7, "mail.example.org");
    let server = Driver::new(server::Channel::Tls, &MAIL).with_apop(timestamp);
    let mut wire = Vec::new();
    server.session.greeting().write(&mut wire);
    let client = Session::new(Limits::default(), Channel::Tls);
    let mut pair = Pair { client, server, wire, cut: 4, heard: Vec::new() };
    pair.exchange().unwrap();
    assert!(pair.client.offers_apop());
    let apop = |password: &str| Command::Apop { name: NAME.into(), password: Password::new(password) };
    pair.ask(&apop("wrong"));
    assert!(matches!(pair.heard.last(), Some(Heard::Done(_, Err(_)))));
    pair.ask(&apop(PASSWORD));
    assert!(matches!(pair.heard.last(), Some(Heard::Done(_, Ok(_)))));
    // A timestamp from before TLS counts no more, and a greeting without one offers nothing.
    let mut session = Session::new(Limits::default(), Channel::Clear);
    session.input(b"+OK <a@b>\r\n").unwrap();
    session.submit(&Command::Stls).unwrap();
    session.input(b"+OK\r\n").unwrap();
    session.tls_established(b"").unwrap();
    assert_eq!(session.submit(&apop("x")), Err(Refused::NotAnnounced));
}

#[test]
fn names_beyond_ascii_need_utf8_user_and_utf8_follows_tls() {
    // C-051
    let mut pair = Pair::tls(9);
    let yuki = Command::User("ゆき".into());
    assert_eq!(pair.client.submit(&yuki), Err(Refused::NotAnnounced));
    assert_eq!(pair.client.submit(&Command::Utf8), Err(Refused::NotAnnounced));
    pair.ask(&Command::Capa);
    pair.ask(&Command::Utf8);
    assert!(matches!(pair.heard.last(), Some(Heard::Done(_, Ok(_)))));
    pair.ask(&yuki);
    let mut clear = Pair::new(CLEAR, Channel::Clear, 9);
    clear.ask(&Command::Capa);
    assert_eq!(clear.client.submit(&Command::Utf8), Err(Refused::NotAnnounced));
    assert_eq!(clear.client.authenticate(plain("a", "b")), Err(Refused::ClearTextPassword));
}

#[test]
fn auth_needs_an_announcement_unless_the_server_speaks_first() {
    // C-041
    let mut pair = Pair::tls(9);
    assert_eq!(pair.client.authenticate(plain(NAME, PASSWORD)), Err(Refused::NotAnnounced));
    let (name, password) = (NAME.to_owned(), Password::new(PASSWORD));
    pair.authenticate(Initiator::Login { name, password, step: watchpost_proto::sasl::LoginStep::default() });
    assert!(matches!(pair.heard.last(), Some(Heard::Done(_, Ok(_)))));
}

#[test]
fn what_was_said_before_tls_is_forgotten() {
    // S-005, C-026
    let mut pair = Pair::new(CLEAR, Channel::Clear, 5);
    pair.ask(&Command::Capa);
    assert!(pair.client.capabilities().has("STLS") && pair.client.capabilities().has("pipelining"));
    assert_eq!(pair.client.submit(&Command::User(NAME.into())), Err(Refused::ClearTextPassword));
    pair.ask(&Command::Stls);
    assert_eq!(pair.heard.last(), Some(&Heard::StartTls));
    assert_eq!(pair.client.submit(&Command::Capa), Err(Refused::Busy), "nothing goes out before the handshake");
    pair.client.tls_established(b"").unwrap();
    assert_eq!(pair.client.capabilities().lines().len(), 0);
    pair.ask(&Command::Capa);
    assert_eq!(pair.client.capabilities().arguments("SASL"), Some("PLAIN LOGIN"));
    assert_eq!(pair.client.submit(&Command::Stls), Err(Refused::WrongState));
    pair.ask(&Command::User(NAME.into()));
}

#[test]
fn any_octet_behind_the_reply_to_stls_is_an_error() {
    // S-004
    let stls = || {
        let mut session = Session::new(Limits::default(), Channel::Clear);
        session.input(b"+OK ready\r\n").unwrap();
        session.submit(&Command::Stls).unwrap();
        session
    };
    assert_eq!(stls().input(b"+OK\r\n+"), Err(Violation::ClearTextBehindStls));
    let mut session = stls();
    assert!(matches!(session.input(b"+OK\r\n").unwrap().event, Some(Event::StartTls(_))));
    assert_eq!(session.input(b"\x16"), Err(Violation::ClearTextBehindStls));
    assert_eq!(session.tls_established(b"+OK\r\n"), Err(Violation::ClearTextBehindStls));
}

#[test]
fn arguments_with_controls_never_leave() {
    // S-040
    let mut pair = Pair::tls(9);
    pair.ask(&Command::Capa);
    for wrong in ["", "a\r\nDELE 1", "a\n", "a\0", "a\u{7f}", "\t", &"a".repeat(255)] {
        let password = Password::new(wrong);
        for command in [Command::User(wrong.into()), Command::Pass(password.clone())] {
            assert_eq!(pair.client.submit(&command), Err(Refused::InvalidArgument), "{wrong:?}");
        }
        if wrong.len() > 200 {
            continue;
        }
        for initiator in [plain("a", wrong), plain(wrong, "x")] {
            assert_eq!(pair.client.authenticate(initiator), Err(Refused::InvalidArgument), "{wrong:?}");
        }
    }
    assert!(pair.client.output().is_empty());
    assert!(!format!("{:?}", Command::Pass(Password::new("sesame"))).contains("sesame"), "S-029");
}

#[test]
fn lines_listings_and_messages_are_bounded() {
    // C-022, C-029
    let limits = Limits { line_octets: 20, listing_lines: 2, message_octets: 10, window: 9, window_octets: 99 };
    let session = |commands: &[Command]| {
        let mut session = Session::new(limits.clone(), Channel::ClearForPasswords);
        session.input(b"+OK\r\n").unwrap();
        session.submit(&Command::User("a".into())).unwrap();
        session.input(b"+OK\r\n").unwrap();
        session.submit(&Command::Pass(Password::new("b"))).unwrap();
        session.input(b"+OK\r\n").unwrap();
        for command in commands {
            assert!(session.submit(command).is_ok());
        }
        session
    };
    let all = |session: &mut Session, mut wire: &[u8]| loop {
        match session.input(wire) {
            Ok(step) if step.used == 0 && step.event.is_none() => return Ok(()),
            Ok(step) => wire = &wire[step.used..],
            Err(violation) => return Err(violation),
        }
    };
    assert_eq!(all(&mut session(&[Command::Noop]), &[b'+'; 20]), Err(Violation::LineTooLong));
    assert_eq!(all(&mut session(&[Command::Noop]), b"* hello\r\n"), Err(Violation::NotAReply));
    assert_eq!(all(&mut session(&[]), b"+OK\r\n"), Err(Violation::Unsolicited));
    let list = [Command::List(None)];
    assert_eq!(all(&mut session(&list), b"+OK\r\n1 1\r\n2 2\r\n.\r\n"), Ok(()));
    assert_eq!(all(&mut session(&list), b"+OK\r\n1 1\r\n2 2\r\n3 3\r\n.\r\n"), Err(Violation::ListingTooLong));
    assert_eq!(all(&mut session(&list), b"+OK\r\n1 -1\r\n"), Err(Violation::MalformedListing));
    let retr = [Command::Retr(number(1))];
    assert_eq!(all(&mut session(&retr), b"+OK\r\n01234567\r\n.\r\n"), Ok(()));
    assert_eq!(all(&mut session(&retr), b"+OK\r\n012345678\r\n.\r\n"), Err(Violation::MessageTooLong));
    let mut cut_off = session(&retr);
    all(&mut cut_off, b"+OK\r\n0123").unwrap();
    assert_eq!(cut_off.end_of_input(), Err(Violation::Truncated));
}

#[test]
fn a_server_that_falls_silent_is_noticed_when_it_closes() {
    // P-010: virtual time; the server says nothing, and the client misses nothing between replies.
    let mut pair = Pair::logged_in(9);
    pair.server.wait(Duration::from_mins(10));
    assert!(pair.server.closed);
    assert_eq!(pair.client.end_of_input(), Ok(()));
    pair.submit(&Command::Stat);
    assert_eq!(pair.client.end_of_input(), Err(Violation::Truncated));
}

proptest! {
    #[test]
    fn no_server_makes_the_client_panic(
        wire in prop::collection::vec(prop_oneof![
            Just(b"+OK 1 2\r\n".to_vec()), Just(b".\r\n".to_vec()), Just(b"+ \r\n".to_vec()), Just(b"-ERR [AUTH] x\r\n".to_vec()),
            prop::collection::vec(any::<u8>(), 0..20)], 0..30),
        commands in prop::collection::vec(prop_oneof![
            Just(Command::Capa), Just(Command::Stls), Just(Command::User("a".into())), Just(Command::Pass(Password::new("b"))),
            Just(Command::Retr(number(1))), Just(Command::List(None)), Just(Command::Stat), Just(Command::Quit),
            Just(Command::Utf8)], 0..30),
    ) {
        // S-046 (client responses)
        let mut session = Session::new(Limits { line_octets: 64, ..Limits::default() }, Channel::ClearForPasswords);
        let (mut buffer, mut commands) = (b"+OK\r\n".to_vec(), commands.iter());
        'session: for piece in wire {
            buffer.extend(piece);
            loop {
                let Ok(step) = session.input(&buffer) else { break 'session };
                let (used, silent, tls) = (step.used, step.event.is_none(), matches!(step.event, Some(Event::StartTls(_))));
                prop_assert!(used <= buffer.len());
                buffer.drain(..used);
                if tls && session.tls_established(&buffer).is_err() {
                    break 'session;
                }
                if used == 0 && silent {
                    break;
                }
            }
            match commands.next() {
                Some(Command::Utf8) => {
                    let _ = session.authenticate(plain("a", "b"));
                }
                Some(command) => {
                    let _ = session.submit(command);
                }
                None => {}
            }
        }
    }
}
