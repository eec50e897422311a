//! Scenarios of our own: visitors that other servers ban wrongly, and visitors that they miss.

use super::published::{QUIET, Row};
use super::{
    After, BOT, DAY, Dice, Doing, HOUR, MAIL_APP, MINUTE, OTHER_APP, Password, SCRIPT, Visit, home, ip, owner,
    stranger, visit,
};
use std::net::IpAddr;
use watchpost_observatory::RuleId::{
    A1, B1, B2, B3, C1, D1, E1, F1, H1, H2, H4, H5, M1, M2, N1, S1, S2, W1, W2, W3, X1,
};
use watchpost_observatory::{Foreign, TlsFailure};

pub const OWN: &[Row] = &[
    Row { name: "TLS on port 110, each 5 min, 1 d: a client set up wrongly", plan: tls_in_clear, may: &[W3], ..QUIET },
    Row { name: "12 wrong protocols in a minute", plan: protocols, seen: &[(W3, 0.1)], banned: Some(50.0), ..QUIET },
    Row { name: "HTTP twice a day, 5 d", plan: http_twice_a_day, seen: &[(W3, 0.1)], ..QUIET },
    Row { name: "uptime monitor, each minute, 1 d", plan: monitor, seen: &[(M1, 21.0 * MINUTE)], may: &[W1], ..QUIET },
    Row { name: "monitor that logs in, each 5 min, 1 d", plan: login_monitor, seen: &[(M1, 2.0 * HOUR)], ..QUIET },
    Row { name: "fetcher, each 5 min on the second, 1 d", plan: fetcher, ..QUIET },
    Row { name: "new office: 20 users mistype on their first day", plan: first_day, ..QUIET },
    Row { name: "phone with an old password in 60 nets a day", plan: roaming, may: &[M2], ..QUIET },
    Row {
        name: "40 users change passwords, phones and laptops keep the old",
        plan: new_passwords,
        may: &[M2],
        ..QUIET
    },
    Row { name: "Outlook with SPA ticked, each 5 min, then USER and PASS", plan: spa, ..QUIET },
    Row { name: "nmap asks for NTLM", plan: nmap, seen: &[(N1, 0.1)], may: &[W2], ..QUIET },
    Row { name: "our certificate expired: 10 nets complain", plan: expired, seen: &[(S2, 200.0)], may: &[W1], ..QUIET },
    Row {
        name: "one net complains about the certificate",
        plan: one_complains,
        seen: &[(S2, 700.0)],
        may: &[W1],
        ..QUIET
    },
    Row { name: "survey: HELP, NOOP, STLS, QUIT", plan: survey, seen: &[(W2, 0.1)], ..QUIET },
    Row { name: "Latin-1 in the user name, old password, each 5 min, 1 d", plan: latin, may: &[X1, M2], ..QUIET },
    Row { name: "names with USER and QUIT", plan: walk, seen: &[(E1, 60.0)], banned: Some(250.0), ..QUIET },
    Row { name: "8 names that do not exist, each once", plan: names, seen: &[(E1, 8.0 * MINUTE)], may: &[C1], ..QUIET },
    Row {
        name: "6 addresses of one /24 guess in turn",
        plan: one_net,
        seen: &[(B1, 60.0)],
        may: &[B2, B3],
        banned: Some(60.0),
        refused: (0.3, 0.3),
    },
    Row {
        name: "an IPv6 customer rotates in his /64",
        plan: rotating,
        seen: &[(B1, 60.0)],
        may: &[B3],
        banned: Some(120.0),
        ..QUIET
    },
    Row { name: "30 idle phones behind one address", plan: idle_phones, may: &[W1], ..QUIET },
    Row { name: "connections held by the dozen", plan: slowloris, seen: &[(F1, 1.5 * MINUTE)], may: &[W1], ..QUIET },
    Row { name: "handshakes by the dozen", plan: handshakes, seen: &[(F1, 11.0)], may: &[W1], ..QUIET },
    Row { name: "STLS injection", plan: injection, seen: &[(S1, 0.1)], banned: Some(0.1), ..QUIET },
    Row { name: "mechanisms of AUTH", plan: mechanisms, seen: &[(A1, 0.1)], ..QUIET },
    Row { name: "a stranger comes in and looks for codes", plan: codes, seen: &[(H1, 601.0), (H4, 601.0)], ..QUIET },
    Row { name: "a stranger comes in, takes all and removes all", plan: wipe, seen: &[(H2, 1.0), (H5, 1.0)], ..QUIET },
    Row { name: "an owner's new phone at home takes all", plan: new_phone, may: &[H2], ..QUIET },
    Row { name: "owners leave no copy, then travel", plan: no_copy, ..QUIET },
    Row {
        name: "a new owner's first day, while a campaign uses another tool",
        plan: new_owner,
        seen: &[(D1, 3.0 * HOUR)],
        ..QUIET
    },
    Row { name: "the campaign's tool is an owner's too", plan: shared_tool, seen: &[(D1, 3.0 * HOUR)], ..QUIET },
];

fn says(at: f64, from: IpAddr, lines: &[&[u8]]) -> Visit {
    visit(at, from, Doing::Says(lines.iter().map(|line| line.to_vec()).collect()))
}

fn each(times: u32, gap: f64, mut one: impl FnMut(f64) -> Visit) -> Vec<Visit> {
    (0..times).map(|number| one(f64::from(number) * gap)).collect()
}

pub fn exploit(dice: &mut Dice) -> Vec<Visit> {
    let line = [b"PASS ".as_slice(), &[b'A'; 2_606], b"\r\n"].concat();
    vec![says(0.0, ip(203, 0, 113, dice.below(250) as u8), &[b"USER admin\r\n", &line])]
}

/// Its owner never gets his mail this way, so nobody is at home there.
fn tls_in_clear(_: &mut Dice) -> Vec<Visit> {
    each(288, 5.0 * MINUTE, |at| visit(at, ip(198, 51, 100, 7), Doing::Speaks(Foreign::Tls)))
}

fn protocols(dice: &mut Dice) -> Vec<Visit> {
    let kinds = [Foreign::Http, Foreign::Smtp, Foreign::Rdp, Foreign::Ssh];
    let mut number = dice.below(4) as usize;
    each(12, 5.0, |at| {
        number += 1;
        visit(at, ip(203, 0, 113, 9), Doing::Speaks(kinds[number % 4]))
    })
}

fn http_twice_a_day(_: &mut Dice) -> Vec<Visit> {
    each(10, 12.0 * HOUR, |at| visit(at, ip(203, 0, 113, 9), Doing::Speaks(Foreign::Http)))
}

fn monitor(dice: &mut Dice) -> Vec<Visit> {
    each(1440, MINUTE, |at| {
        visit(dice.about(at + 2.0, 2.0), ip(203, 0, 113, 9), Doing::Says(vec![b"QUIT\r\n".to_vec()]))
    })
}

fn login_monitor(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(203, 0, 113, 9);
    let mut visits = each(288, 5.0 * MINUTE, |at| owner(dice.about(at + 5.0, 5.0), from, "u5", Password::Right));
    visits.push(home(from, "u5"));
    visits
}

/// It asks for what is there each time, as fetchers do, so it is no monitor.
fn fetcher(_: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, 7);
    let then = After { messages: 1, retrieves: 1, octets_each: 2_000, removes: 1, ..After::default() };
    let doing = Doing::Login { name: "alice".to_owned(), password: Password::Right, then };
    let fetch = |at| Visit { program: OTHER_APP, doing: doing.clone(), ..owner(at, from, "alice", Password::Right) };
    each(288, 5.0 * MINUTE, fetch)
}

/// Nobody was ever there: each mistypes up to three times, and is in within two minutes.
fn first_day(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, 7);
    let mut visits = Vec::new();
    for user in 0..20 {
        let name = format!("u{user}");
        let at = f64::from(user) * 90.0 + dice.share() * 30.0;
        let typos = dice.below(3) as u32;
        visits.extend(
            (0..typos).map(|typo| owner(at + f64::from(typo) * 15.0, from, &name, Password::Wrong(user * 10 + typo))),
        );
        visits.push(owner(at + 60.0, from, &name, Password::Right));
    }
    visits
}

/// Each network sees it five times; it has one password, so it is one device and no siege of the account.
fn roaming(dice: &mut Dice) -> Vec<Visit> {
    let mut visits = vec![home(ip(198, 51, 100, 7), "alice")];
    for net in 0..60 {
        for poll in 0..5 {
            let at = dice.about(f64::from(net) * 24.0 * MINUTE + f64::from(poll) * 5.0 * MINUTE + 30.0, 20.0);
            visits.push(owner(at, ip(100, net as u8 + 20, 3, 3), "alice", Password::Wrong(1)));
        }
    }
    visits
}

fn new_passwords(dice: &mut Dice) -> Vec<Visit> {
    let office = ip(198, 51, 100, 7);
    let mut visits: Vec<Visit> = (0..40).map(|user| home(office, &format!("u{user}"))).collect();
    for user in 0..40_u32 {
        let name = format!("u{user}");
        let mobile = ip(100, 20 + user as u8, 3, 3);
        let offset = dice.share() * 5.0 * MINUTE;
        for poll in 0..48 {
            let at = offset + f64::from(poll) * 5.0 * MINUTE;
            visits.push(owner(at, office, &name, Password::Wrong(user)));
            visits.push(owner(at + 1.0, mobile, &name, Password::Wrong(user)));
            visits.push(owner(at + 2.0, office, &name, Password::Right));
        }
    }
    visits
}

fn spa(_: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, 7);
    let mut program = MAIL_APP;
    program.before = &["CAPA", "AUTH NTLM"];
    let mut visits = each(288, 5.0 * MINUTE, |at| Visit { program, ..owner(at, from, "alice", Password::Right) });
    // It reads what came, so it is no monitor.
    let then = After { messages: 1, retrieves: 1, octets_each: 900, ..After::default() };
    for visit in &mut visits {
        visit.doing = Doing::Login { name: "alice".to_owned(), password: Password::Right, then };
    }
    visits
}

fn nmap(_: &mut Dice) -> Vec<Visit> {
    let first: &[u8] = b"TlRMTVNTUAABAAAAB4IIoAAAAAAAAAAAAAAAAAAAAAA=\r\n";
    vec![says(0.0, ip(203, 0, 113, 9), &[b"AUTH NTLM\r\n", first])]
}

fn expired(_: &mut Dice) -> Vec<Visit> {
    let from = |net: u32| ip(100, net as u8 + 20, 3, 3);
    let fails = |net: u32| visit(f64::from(net) * 40.0, from(net), Doing::FailsTls(TlsFailure::PeerAlert(42)));
    let homes = (0..10).map(|net| home(from(net), &format!("u{net}")));
    (0..10).map(fails).chain(homes).collect()
}

fn one_complains(_: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, 7);
    let mut visits = each(5, 5.0 * MINUTE, |at| visit(at, from, Doing::FailsTls(TlsFailure::PeerAlert(48))));
    visits.push(home(from, "alice"));
    visits
}

fn survey(_: &mut Dice) -> Vec<Visit> {
    vec![says(0.0, ip(203, 0, 113, 9), &[b"HELP\r\n", b"NOOP\r\n", b"STLS\r\n", b"QUIT\r\n"])]
}

/// The name is that of no account, as a name in another encoding never is.
fn latin(_: &mut Dice) -> Vec<Visit> {
    let mut visits = Vec::new();
    for poll in 0..288_u32 {
        let at = f64::from(poll) * 5.0 * MINUTE;
        visits.push(says(at, ip(198, 51, 100, 7), &[b"CAPA\r\n", b"USER j\xfcrgen\r\n", b"PASS x\r\n"]));
        visits.push(owner(at + 1.0, ip(198, 51, 100, 7), "jurgen", Password::Wrong(1)));
    }
    visits
}

fn walk(dice: &mut Dice) -> Vec<Visit> {
    let first = dice.below(1_000);
    let mut number = first;
    each(60, 5.0, |at| {
        number += 1;
        says(at, ip(203, 0, 113, 9), &[format!("USER name{number}\r\n").as_bytes(), b"QUIT\r\n"])
    })
}

fn names(_: &mut Dice) -> Vec<Visit> {
    let mut number = 0;
    each(8, MINUTE, |at| {
        number += 1;
        stranger(at, ip(203, 0, 113, 9), &format!("name{number}"), Password::Wrong(number))
    })
}

/// Each guesses until it is banned, then the next one comes; from the fifth on the network is banned.
fn one_net(_: &mut Dice) -> Vec<Visit> {
    let guess = |number: u32| {
        let from = ip(203, 0, 113, (number / 25) as u8 + 1);
        stranger(f64::from(number), from, "u1", Password::Wrong(number))
    };
    (0..150).map(guess).collect()
}

fn rotating(dice: &mut Dice) -> Vec<Visit> {
    let guess = |number: u32| {
        let from = format!("2001:db8:1:2:{:x}::1", dice.below(65_536)).parse().expect("an address");
        stranger(f64::from(number) * 4.0, from, "u1", Password::Wrong(number))
    };
    (0..100).map(guess).collect()
}

/// One of them logs in, as at each of them somebody does.
fn idle_phones(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, 7);
    let mut visits = vec![home(from, "alice")];
    visits.extend((0..30).map(|_| visit(dice.share() * 10.0, from, Doing::Silent(180.0))));
    visits
}

fn slowloris(_: &mut Dice) -> Vec<Visit> {
    each(40, 1.0, |at| visit(at, ip(203, 0, 113, 9), Doing::Silent(60.0)))
}

fn handshakes(_: &mut Dice) -> Vec<Visit> {
    each(100, 0.5, |at| says(at, ip(203, 0, 113, 9), &[]))
}

fn injection(_: &mut Dice) -> Vec<Visit> {
    vec![visit(0.0, ip(203, 0, 113, 9), Doing::InjectsBehindStls)]
}

fn mechanisms(_: &mut Dice) -> Vec<Visit> {
    vec![says(0.0, ip(203, 0, 113, 9), &[b"AUTH CRAM-MD5\r\n", b"AUTH XOAUTH2\r\n", b"AUTH GSSAPI\r\n", b"QUIT\r\n"])]
}

/// Three guesses from elsewhere, then the right password from a new network; he looks at headers, and at codes.
fn codes(_: &mut Dice) -> Vec<Visit> {
    let mut visits = vec![home(ip(198, 51, 100, 7), "alice")];
    visits.extend((0..4).map(|number| {
        stranger(f64::from(number) * 100.0, ip(100, number as u8 + 20, 3, 3), "alice", Password::Wrong(number))
    }));
    let then = After {
        messages: 40,
        tops: 12,
        retrieves: 1,
        octets_each: 3_000,
        sensitive: true,
        age_seconds: 60,
        ..After::default()
    };
    let doing = Doing::Login { name: "alice".to_owned(), password: Password::Right, then };
    visits.push(Visit { at: 600.0, from: ip(203, 0, 113, 9), program: BOT, doing, honest: false });
    visits
}

fn wipe(_: &mut Dice) -> Vec<Visit> {
    let then =
        After { messages: 60, retrieves: 60, octets_each: 3_000, removes: 60, removes_unread: 5, ..After::default() };
    let doing = Doing::Login { name: "alice".to_owned(), password: Password::Right, then };
    let program = super::Program { quits: true, ..SCRIPT };
    let enters = Visit { at: 0.0, from: ip(203, 0, 113, 9), program, doing, honest: false };
    vec![home(ip(198, 51, 100, 7), "alice"), enters]
}

fn new_phone(_: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, 7);
    let then = After { messages: 500, retrieves: 500, octets_each: 3_000, ..After::default() };
    let doing = Doing::Login { name: "alice".to_owned(), password: Password::Right, then };
    vec![home(from, "alice"), Visit { program: OTHER_APP, doing, ..owner(0.0, from, "alice", Password::Right) }]
}

/// The first session teaches that its owner does so. The same program removes all that it has retrieved, at home and then in a hotel.
fn no_copy(_: &mut Dice) -> Vec<Visit> {
    let then = After { messages: 25, retrieves: 25, octets_each: 3_000, removes: 25, ..After::default() };
    let doing = Doing::Login { name: "alice".to_owned(), password: Password::Right, then };
    let fetch = |at: f64, from| Visit { doing: doing.clone(), ..owner(at, from, "alice", Password::Right) };
    let at_home = (0..4).map(|day| fetch(-4.0 * DAY + f64::from(day) * DAY, ip(198, 51, 100, 7)));
    at_home.chain([fetch(0.0, ip(192, 0, 2, 9))]).collect()
}

fn campaign(dice: &mut Dice, program: super::Program) -> Vec<Visit> {
    let guess = |number: u32| {
        let at = dice.about(f64::from(number) * 180.0 + 60.0, 50.0);
        let from = ip(100, (number % 120) as u8 + 20, 9, 9);
        Visit { program, ..stranger(at, from, &format!("name{number}"), Password::Wrong(number)) }
    };
    (0..100).map(guess).collect()
}

fn new_owner(dice: &mut Dice) -> Vec<Visit> {
    let mut visits = campaign(dice, SCRIPT);
    visits.extend(
        (0..5).map(|hour| owner(3.5 * HOUR + f64::from(hour) * 1_000.0, ip(192, 0, 2, 9), "u7", Password::Right)),
    );
    visits
}

/// Somebody at home uses the same program: then strangers wait, and a new owner with it still comes in.
fn shared_tool(dice: &mut Dice) -> Vec<Visit> {
    let mut visits = campaign(dice, MAIL_APP);
    visits.push(home(ip(198, 51, 100, 7), "alice"));
    visits.push(owner(3.5 * HOUR, ip(192, 0, 2, 9), "u7", Password::Right));
    visits
}
