//! The scenarios of the design, row by row. What a row leaves open is committed here, with its reason.

use super::{DAY, Dice, HOUR, MINUTE, Password, Report, Visit, home, ip, owner, stranger};
use watchpost_observatory::RuleId::{self, B1, B2, B3, C1, D1, E1, H1, M2, P1};

/// A scenario: who visits, and what must be seen.
pub struct Row {
    pub name: &'static str,
    pub plan: fn(&mut Dice) -> Vec<Visit>,
    /// Each rule that must fire, with the latest second at which.
    pub seen: &'static [(RuleId, f64)],
    /// Rules that may fire too; no other may.
    pub may: &'static [RuleId],
    /// The latest second of the first ban; none may be where this is `None`.
    pub banned: Option<f64>,
    /// The share of strange visits that the ladder must refuse, and with the gate.
    pub refused: (f64, f64),
}

impl Row {
    /// What the row asks of a report; an explanation where it is not met.
    pub fn check(&self, report: &Report, gate: bool) -> Result<(), String> {
        let rules = report.rules();
        for (rule, latest) in self.seen {
            match rules.get(rule) {
                Some(at) if at <= latest => {}
                Some(at) => return Err(format!("{rule} at {at} s, not by {latest} s")),
                None => return Err(format!("{rule} never fired: {rules:?}")),
            }
        }
        let expected = |rule: &RuleId| self.may.contains(rule) || self.seen.iter().any(|(seen, _)| seen == rule);
        if let Some(rule) = rules.keys().find(|rule| !expected(rule)) {
            let why = report.last(*rule).map(|verdict| (&verdict.subject, &verdict.reason, verdict.count));
            return Err(format!("{rule} fired: {why:?}"));
        }
        match (self.banned, report.bans.first()) {
            (Some(latest), Some((at, _))) if *at <= latest => {}
            (None, None) => {}
            (expected, ban) => return Err(format!("ban {ban:?}, expected by {expected:?}")),
        }
        if report.honest_refused > 0 {
            return Err(format!("{} of {} owners refused", report.honest_refused, report.honest));
        }
        let share = if gate { self.refused.1 } else { self.refused.0 };
        let refused = f64::from(report.strange_refused) / f64::from(report.strange.max(1));
        if refused + 1e-9 < share { Err(format!("{refused:.2} refused of the strange, not {share}")) } else { Ok(()) }
    }
}

/// The minute of a table that says "5m" ends at 5:59.
const fn minutes(minutes: f64) -> f64 {
    minutes * MINUTE + 59.0
}

pub const PUBLISHED: &[Row] = &[
    Row {
        name: "phone, old password, every 5 min, 3 d",
        plan: phone,
        seen: &[(M2, minutes(5.0))],
        may: &[],
        banned: None,
        refused: (0.0, 0.0),
    },
    Row {
        name: "3 devices x 7 parallel, old password, 10 min",
        plan: devices,
        seen: &[(M2, 1.0)],
        may: &[],
        banned: None,
        refused: (0.0, 0.0),
    },
    Row { name: "office NAT, 40 users, 2 % typos then ok, 3 d", plan: office, ..QUIET },
    Row { name: "human: 6 different typos in 3 min then ok, trusted net", plan: six_typos, ..QUIET },
    Row { name: "human: 12 different guesses in 20 min, trusted net", plan: twelve_guesses, ..QUIET },
    Row {
        name: "human: 8 guesses in 8 min, new net, then ok",
        plan: new_net,
        seen: &[(B1, minutes(5.0)), (H1, minutes(8.0))],
        may: &[],
        banned: None,
        refused: (0.0, 0.0),
    },
    Row {
        name: "CGNAT: attacker 1/min on u9, 3 owners each 10 min",
        plan: shared_address,
        seen: &[(B1, minutes(5.0)), (B3, minutes(12.0))],
        may: &[],
        banned: Some(minutes(22.0)),
        refused: (1325.0 / 1440.0, 1325.0 / 1440.0),
    },
    Row {
        name: "mailcow #1837: 6 tries a second",
        plan: six_a_second,
        seen: &[(B1, 0.99)],
        may: &[B3],
        banned: Some(2.99),
        refused: (338.0 / 352.0, 338.0 / 352.0),
    },
    Row {
        name: "hub #1160: 1 address, every 13 min 50 s, 3 d",
        plan: slow,
        seen: &[(B3, 2.8 * HOUR)],
        may: &[],
        banned: Some(5.8 * HOUR),
        refused: (187.0 / 312.0, 187.0 / 312.0),
    },
    Row {
        name: "hub #283: 120 addresses in 40 nets, 1 try/6 h, 3 d",
        plan: botnet,
        seen: &[(D1, 2.7 * HOUR)],
        may: &[],
        banned: None,
        refused: (0.0, 1387.0 / 1440.0),
    },
    Row {
        name: "spray from 1 address",
        plan: spray,
        seen: &[(P1, 2.5 * MINUTE)],
        may: &[B3],
        banned: Some(minutes(7.0)),
        refused: (108.0 / 150.0, 108.0 / 150.0),
    },
    Row {
        name: "distributed spray: 100 addresses, 2 passwords, 200 accounts, 1 d",
        plan: wide_spray,
        seen: &[(P1, 1.06 * HOUR), (D1, 6.0 * HOUR)],
        may: &[],
        banned: None,
        refused: (0.0, 145.0 / 200.0),
    },
    Row {
        name: "stuffing from 1 address",
        plan: stuffing,
        seen: &[(C1, 35.0)],
        may: &[B3, E1],
        banned: Some(75.0),
        refused: (104.0 / 120.0, 104.0 / 120.0),
    },
    Row {
        name: "stuffing: 150 addresses x 4 pairs, 1 d",
        plan: wide_stuffing,
        seen: &[(D1, 2.3 * HOUR)],
        may: &[],
        banned: None,
        refused: (0.0, 548.0 / 600.0),
    },
    Row {
        name: "takeover: 40 addresses guess u11, then ok from a new net",
        plan: takeover,
        seen: &[(B2, 5.25 * HOUR), (H1, 10.01 * HOUR)],
        may: &[],
        banned: None,
        refused: (0.0, 0.0),
    },
    Row {
        name: "attacker resets with his own account",
        plan: resets,
        seen: &[(B1, minutes(3.0))],
        may: &[B3],
        banned: Some(minutes(13.0)),
        refused: (174.0 / 300.0, 174.0 / 300.0),
    },
    Row {
        name: "exploit, 1 packet",
        plan: super::own::exploit,
        seen: &[(RuleId::X1, 0.01)],
        may: &[],
        banned: Some(0.01),
        refused: (0.0, 0.0),
    },
];

/// Nothing is seen, nobody is refused.
pub const QUIET: Row = Row { name: "", plan: phone, seen: &[], may: &[], banned: None, refused: (0.0, 0.0) };

/// The phone is at home where its owner logged in the day before: he changed the password since.
fn phone(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, dice.below(250) as u8);
    let poll = |number: u32| {
        let at = dice.about(f64::from(number) * 5.0 * MINUTE, if number == 0 { 0.0 } else { 20.0 });
        Visit { honest: false, ..owner(at, from, "alice", Password::Wrong(1)) }
    };
    (0..864).map(poll).chain([home(from, "alice")]).collect()
}

/// Seven connections at once of each device: clients with many folders and windows do so.
fn devices(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, 7);
    let mut visits = vec![home(from, "alice")];
    for poll in 0..432 {
        for device in 0..3 {
            for _ in 0..7 {
                let at = f64::from(poll) * 10.0 * MINUTE + f64::from(device) * 0.2 + dice.share() * 0.1;
                visits.push(Visit { honest: false, ..owner(at, from, "alice", Password::Wrong(1)) });
            }
        }
    }
    visits
}

/// Everybody was there the day before. A typo is a new wrong password each time, and the right one follows at once.
fn office(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, 7);
    let mut visits: Vec<Visit> = (0..40).map(|user| home(from, &format!("u{user}"))).collect();
    for user in 0..40 {
        let name = format!("u{user}");
        let offset = dice.share() * 10.0 * MINUTE;
        for poll in 0..432 {
            let at = offset + f64::from(poll) * 10.0 * MINUTE;
            if dice.share() < 0.02 {
                visits.push(owner(at, from, &name, Password::Wrong(dice.below(1 << 30) as u32)));
            }
            visits.push(owner(at + 8.0, from, &name, Password::Right));
        }
    }
    visits
}

fn six_typos(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, 7);
    let typo = |number: u32| owner(dice.about(f64::from(number) * 30.0, 5.0), from, "alice", Password::Wrong(number));
    let mut visits: Vec<Visit> = (0..6).map(typo).collect();
    for visit in &mut visits {
        visit.at = visit.at.max(0.0);
    }
    visits.extend([home(from, "alice"), owner(190.0, from, "alice", Password::Right)]);
    visits
}

fn twelve_guesses(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, 7);
    let guess =
        |number: u32| owner(dice.about(f64::from(number) * 100.0 + 20.0, 20.0), from, "alice", Password::Wrong(number));
    (0..12).map(guess).chain([home(from, "alice")]).collect()
}

/// One a minute, each with another password, then the right one. He has been at home elsewhere.
fn new_net(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(192, 0, 2, dice.below(250) as u8);
    let guess = |number: u32| owner(f64::from(number) * MINUTE, from, "alice", Password::Wrong(number));
    let mut visits: Vec<Visit> = (0..8).map(guess).collect();
    visits.extend([home(ip(198, 51, 100, 7), "alice"), owner(8.0 * MINUTE, from, "alice", Password::Right)]);
    visits
}

/// The carrier's address is one for all; the three owners were there the day before, u9's owner never.
fn shared_address(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(198, 51, 100, 7);
    let mut visits: Vec<Visit> = (1..4).map(|user| home(from, &format!("u{user}"))).collect();
    visits
        .extend((0..1440_u32).map(|minute| stranger(f64::from(minute) * MINUTE, from, "u9", Password::Wrong(minute))));
    for user in 1..4 {
        let offset = dice.share() * 10.0 * MINUTE;
        let poll = |poll| owner(offset + f64::from(poll) * 10.0 * MINUTE, from, &format!("u{user}"), Password::Right);
        visits.extend((0..144).map(poll));
    }
    visits
}

/// A name that does not exist, as in the report it is made from.
fn six_a_second(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(203, 0, 113, dice.below(250) as u8);
    (0..352).map(|number| stranger(f64::from(number) / 6.0, from, "info", Password::Wrong(number))).collect()
}

/// Three of eight names exist, each try has another password: the mean weight is between 2.5 and 3.
fn slow(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(203, 0, 113, dice.below(250) as u8);
    let names = ["u1", "scan", "u2", "fax", "helpdesk", "office", "u4", "sales"];
    let guess = |number: u32| {
        let name = names[number as usize % names.len()];
        stranger(f64::from(number) * 830.0, from, name, Password::Wrong(number))
    };
    (0..312).map(guess).collect()
}

/// Each address tries once in six hours, evenly spread over the addresses, with some jitter.
fn botnet(dice: &mut Dice) -> Vec<Visit> {
    let names =
        ["testuser", "helpdesk", "scan", "marketing", "noreply", "fax", "office", "sales", "support", "billing"];
    let mut visits = Vec::new();
    for round in 0..12 {
        for address in 0..120_u32 {
            let from = ip(100, (address / 3) as u8 + 128, 7, (address % 3) as u8 + 1);
            let at = dice.about(f64::from(round * 120 + address) * 180.0 + 60.0, 50.0);
            let name = format!("{}{}", names[dice.below(10) as usize], dice.below(40));
            visits.push(stranger(at, from, &name, Password::Wrong(dice.below(1 << 30) as u32)));
        }
    }
    visits
}

/// Accounts that exist, two passwords, one try each twenty seconds.
fn spray(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(203, 0, 113, dice.below(250) as u8);
    let guess = |number: u32| {
        let password = Password::Wrong(number / 75);
        stranger(f64::from(number) * 20.0, from, &format!("u{}", number % 75), password)
    };
    (0..150).map(guess).collect()
}

/// All accounts with the first password, then all with the second; each address tries two.
fn wide_spray(dice: &mut Dice) -> Vec<Visit> {
    let guess = |number: u32| {
        let from = ip(100, (number % 100) as u8 + 20, 9, 9);
        let at = dice.about(f64::from(number) * 400.0 + 30.0, 30.0);
        stranger(at, from, &format!("u{number}"), Password::Wrong(number / 100))
    };
    (0..200).map(guess).collect()
}

/// Pairs of a list: every third address is one of ours, each with its own password, one each five seconds.
fn stuffing(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(203, 0, 113, dice.below(250) as u8);
    let guess = |number: u32| {
        let name =
            if number.is_multiple_of(3) { format!("u{number}@example.org") } else { format!("x{number}@else.example") };
        stranger(f64::from(number) * 5.0, from, &name, Password::Wrong(number))
    };
    (0..120).map(guess).collect()
}

fn wide_stuffing(dice: &mut Dice) -> Vec<Visit> {
    let guess = |number: u32| {
        let from = ip(100, (number % 150) as u8 + 20, 9, 9);
        let at = dice.about(f64::from(number) * 144.0 + 70.0, 70.0);
        stranger(at, from, &format!("u{}", number % 97), Password::Wrong(number))
    };
    (0..600).map(guess).collect()
}

/// One try each quarter of an hour, each from an address in a net of its own; then the password is right.
fn takeover(dice: &mut Dice) -> Vec<Visit> {
    let guess = |number: u32| {
        let at = dice.about(f64::from(number) * 15.0 * MINUTE + 5.0, 5.0);
        stranger(at, ip(100, number as u8 + 20, 9, 9), "u11", Password::Wrong(number))
    };
    let mut visits: Vec<Visit> = (0..40).map(guess).collect();
    visits.extend([home(ip(198, 51, 100, 7), "u11"), stranger(10.0 * HOUR, ip(100, 99, 9, 9), "u11", Password::Right)]);
    visits
}

/// A guess at u1 each 36 seconds, and after each a login to an account of his own, which he has had for a day.
fn resets(dice: &mut Dice) -> Vec<Visit> {
    let from = ip(203, 0, 113, dice.below(250) as u8);
    let mut visits = vec![home(from, "u50")];
    for number in 0..300_u32 {
        let at = f64::from(number) * 36.0;
        visits.push(stranger(at, from, "u1", Password::Wrong(number)));
        visits.push(Visit { honest: true, ..stranger(at + 10.0, from, "u50", Password::Right) });
    }
    visits.retain(|visit| visit.at < DAY);
    visits
}
