//! Finds in a line what no honest line has (rule X1 of the observatory).

use crate::pop3::Verb;
use crate::pop3::server::discretion::Parts;
use crate::pop3::server::told::Oddities;

/// A line of commands may have this many octets, its end counted (RFC 2449 §4).
const LONG: usize = 255;
/// No client of ours or anybody's comes near this.
const VERY_LONG: usize = 512;

/// So many equal octets in a row no honest line has.
const SHORTEST_RUN: usize = 64;

/// What no directive, no command of a shell, no control and no octet beyond ASCII is made of.
const fn is_usual(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b' ' | b'@' | b'.' | b'-' | b'_' | b'+' | b'=')
}

/// Of a line of commands, or as much of it as was kept. `octets` counts all of it.
///
/// Of what may be secret only that is told which no password has that is ever right: a NUL, a run of 0x90, and in
/// lines that are refused for their length a run of equal octets.
pub(super) fn of_line(line: &[u8], octets: usize, verb: Option<Verb>, parts: Parts) -> Oddities {
    let (open, secret) = line.split_at(parts.secret.min(line.len()));
    let number = verb.is_some_and(|verb| has_impossible_number(open, verb));
    // Nearly every line is short and of letters, digits and the marks of addresses: nothing else can be odd in it.
    if line.len() < SHORTEST_RUN && octets <= LONG && line.iter().all(|octet| is_usual(*octet)) {
        return if number { Oddities::NUMBER } else { Oddities::default() };
    }
    let mut odd = of_length(octets);
    let mut mark = |is: bool, oddity: Oddities| {
        if is {
            odd = odd.and(oddity);
        }
    };
    mark(line.contains(&0), Oddities::NUL);
    mark(run(line, |octet, _| octet == 0x90) >= 16, Oddities::NOP_RUN);
    mark(run(open, |octet, previous| octet == previous) >= SHORTEST_RUN, Oddities::REPEATED);
    mark(octets > LONG && run(secret, |octet, previous| octet == previous) >= SHORTEST_RUN, Oddities::REPEATED);
    mark(open.iter().any(|octet| octet.is_ascii_control() && *octet != 0), Oddities::CONTROL);
    mark(!is_utf8_in_place(open, verb), Oddities::NOT_UTF8);
    mark(has_format(open), Oddities::FORMAT);
    mark(has_shell(open), Oddities::SHELL);
    mark(number, Oddities::NUMBER);
    odd
}

/// Of the length alone: all there is to say of SASL data that is too long.
pub(super) const fn of_length(octets: usize) -> Oddities {
    if octets > VERY_LONG {
        Oddities::LONG.and(Oddities::VERY_LONG)
    } else if octets > LONG {
        Oddities::LONG
    } else {
        Oddities(0)
    }
}

/// The longest run of octets that are alike.
fn run(octets: &[u8], alike: fn(u8, u8) -> bool) -> usize {
    let mut longest = 0;
    let mut length = 0;
    let mut previous = None;
    for octet in octets {
        length = if alike(*octet, previous.unwrap_or(*octet)) { length + 1 } else { 1 };
        if !alike(*octet, *octet) {
            length = 0;
        }
        longest = longest.max(length);
        previous = Some(*octet);
    }
    longest
}

/// UTF-8 may stand in names alone (RFC 6856 §2.2). The last character may have been cut.
fn is_utf8_in_place(open: &[u8], verb: Option<Verb>) -> bool {
    if open.is_ascii() {
        return true;
    }
    let may_stand = matches!(verb, Some(Verb::User | Verb::Apop));
    may_stand && std::str::from_utf8(open).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// Directives of printf that read or write memory, and of configuration files. `user%net` is an old kind of address.
fn has_format(line: &[u8]) -> bool {
    let places = line.iter().enumerate().filter(|(_, octet)| **octet == b'%');
    places.map(|(place, _)| (place, &line[place + 1..])).any(|(place, behind)| {
        let digits = behind.iter().take_while(|octet| octet.is_ascii_digit() || **octet == b'$').count();
        match behind.get(digits) {
            Some(b'n') => {
                let in_a_word = place > 0
                    && line[place - 1].is_ascii_alphanumeric()
                    && behind.get(digits + 1).is_some_and(u8::is_ascii_alphanumeric);
                !in_a_word
            }
            Some(b'x' | b'X' | b'p' | b'd' | b'u') if digits > 0 => true,
            Some(b's' | b'x' | b'X' | b'p' | b'd') => behind.get(digits + 1) == Some(&b'%'),
            Some(b'{') => true,
            _ => false,
        }
    })
}

fn has_shell(line: &[u8]) -> bool {
    line.iter().any(|octet| matches!(octet, b'|' | b'`'))
        || line.windows(3).any(|three| three == b"../")
        || line.windows(2).any(|two| two == b"$(")
}

/// Numbers begin at one (RFC 1939 §3), and no maildrop has 2³¹ messages.
fn has_impossible_number(line: &[u8], verb: Verb) -> bool {
    if !matches!(verb, Verb::Dele | Verb::List | Verb::Retr | Verb::Top | Verb::Uidl) {
        return false;
    }
    let mut words = line.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
    let Some(word) = words.nth(1) else { return false };
    let (negative, digits) = word.strip_prefix(b"-").map_or((false, word), |digits| (true, digits));
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let value =
        digits.iter().fold(0_u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    negative || value == 0 || value > 1 << 31
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pop3::server::discretion::{Mood, parts};

    fn odd(line: impl AsRef<[u8]>) -> Oddities {
        let line = line.as_ref();
        let verb = Verb::beginning(line);
        of_line(line, line.len() + 2, verb, parts(line, verb, Mood::default()))
    }

    #[test]
    fn honest_lines_are_not_odd() {
        // S-062: rule X1 would call them exploits
        let honest = [
            "USER alice",
            "user ゆき@example.org",
            "USER alice%nifty.example",
            "APOP ゆき c4c9334bac560ecc979e58001b3e22fb",
            "PASS %n%n%n|../`$(",
            "PASS 合言葉",
            "PASS \u{e9}t\u{e9}",
            "RETR 1",
            "TOP 2147483648 0",
            "LIST",
            "UIDL 99999",
            "XTND",
            "RETR x",
            "",
        ];
        for line in honest {
            assert_eq!(odd(line), Oddities(0), "{line}");
        }
        assert_eq!(odd("x".repeat(253)), Oddities::REPEATED);
        assert_eq!(odd(format!("PASS {}", "x".repeat(200))), Oddities(0), "a silly password tells nothing of itself");
    }

    #[test]
    fn every_oddity_is_found() {
        // S-062
        let cases: [(&[u8], Oddities); 22] = [
            (b"STAT\0", Oddities::NUL),
            (b"PASS a\0b", Oddities::NUL),
            (b"STAT\t", Oddities::CONTROL),
            (b"\x1b[2J", Oddities::CONTROL),
            (b"USER \xff", Oddities::NOT_UTF8),
            ("STAT é".as_bytes(), Oddities::NOT_UTF8),
            (&[0x90; 16], Oddities::NOP_RUN.and(Oddities::NOT_UTF8)),
            (b"USER AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Oddities::REPEATED),
            (b"USER %n", Oddities::FORMAT),
            (b"USER AAAA%n", Oddities::FORMAT),
            (b"USER %s%s%s", Oddities::FORMAT),
            (b"USER %08x", Oddities::FORMAT),
            (b"USER %7$n", Oddities::FORMAT),
            (b"USER %{home}", Oddities::FORMAT),
            (b"USER ../../etc/passwd", Oddities::SHELL),
            (b"USER |id", Oddities::SHELL),
            (b"USER `id`", Oddities::SHELL),
            (b"USER $(id)", Oddities::SHELL),
            (b"DELE -1", Oddities::NUMBER),
            (b"UIDL 0", Oddities::NUMBER),
            (b"RETR 2147483649", Oddities::NUMBER),
            (b"LIST 99999999999999999999999999", Oddities::NUMBER),
        ];
        for (line, oddity) in cases {
            assert_eq!(odd(line), oddity, "{:?}", String::from_utf8_lossy(line));
        }
        assert_eq!(odd([b"PASS ".as_slice(), &[0x90; 16]].concat()), Oddities::NOP_RUN);
        let long = odd([b"PASS ".as_slice(), &[b'A'; 2606]].concat());
        assert_eq!(long, Oddities::LONG.and(Oddities::VERY_LONG).and(Oddities::REPEATED));
        assert_eq!(of_length(256), Oddities::LONG);
        assert_eq!(of_length(255), Oddities(0));
    }
}
