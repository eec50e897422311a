//! Lines as the driver reports them: without their secrets, with their oddities.

use watchpost_observatory::{Letters, Oddities, Spoken, SpokenEnd, Untrusted};
use watchpost_proto::pop3::{State, Verb};

/// What the driver makes of a line.
pub fn spoken(line: &[u8], state: State) -> Spoken {
    let (text, line_end) = match line {
        [text @ .., b'\r', b'\n'] => (text, SpokenEnd::CrLf),
        [text @ .., b'\n'] => (text, SpokenEnd::Lf),
        text => (text, SpokenEnd::None),
    };
    let word: Vec<u8> = text.iter().copied().take_while(|octet| *octet != b' ').collect();
    let verb = Verb::ALL.iter().copied().find(|verb| word.eq_ignore_ascii_case(verb.word().as_bytes()));
    let shown = if verb == Some(Verb::Pass) { &text[..text.len().min(4)] } else { &text[..text.len().min(128)] };
    let letters = match (word.iter().any(u8::is_ascii_lowercase), word.iter().any(u8::is_ascii_uppercase)) {
        (false, true) => Letters::Upper,
        (true, false) => Letters::Lower,
        _ => Letters::Mixed,
    };
    let hidden = if verb == Some(Verb::Pass) { text.len().saturating_sub(4) } else { 0 };
    Spoken {
        state,
        verb,
        text: Untrusted::new(shown),
        hidden: u32::try_from(hidden).expect("a line is short"),
        octets: u32::try_from(line.len()).expect("a line is short"),
        line_end,
        letters,
        pipelined: false,
        oddities: oddities(text, line.len(), verb),
    }
}

fn oddities(text: &[u8], octets: usize, verb: Option<Verb>) -> Oddities {
    let argument = text.iter().position(|octet| *octet == b' ').map_or(&[][..], |space| &text[space + 1..]);
    let number = std::str::from_utf8(argument).ok().and_then(|text| text.split(' ').next()?.parse::<i64>().ok());
    let numbered = matches!(verb, Some(Verb::Retr | Verb::Dele | Verb::List | Verb::Top | Verb::Uidl));
    let holds = |word: &[u8]| text.windows(word.len()).any(|octets| octets == word);
    let runs = |length: usize, like: fn(u8, u8) -> bool| {
        text.windows(length).any(|octets| octets.iter().all(|octet| like(octets[0], *octet)))
    };
    let found = [
        (Oddities::LONG, octets > 255),
        (Oddities::VERY_LONG, octets > 512),
        (Oddities::NUL, text.contains(&0)),
        (Oddities::CONTROL, text.iter().any(|octet| *octet != 0 && octet.is_ascii_control())),
        (Oddities::NOT_UTF8, std::str::from_utf8(text).is_err()),
        (Oddities::NOP_RUN, runs(16, |_, octet| octet == 0x90)),
        (Oddities::REPEATED, runs(64, |first, octet| first == octet)),
        (Oddities::FORMAT, holds(b"%n") || holds(b"%s%s") || holds(b"%08x")),
        (Oddities::SHELL, holds(b"../") || holds(b"|") || holds(b"`") || holds(b"$(")),
        (Oddities::NUMBER, numbered && number.is_some_and(|number| !(1..=1 << 31).contains(&number))),
        (Oddities::EMPTY_SASL, text.ends_with(b" =") || text.is_empty()),
    ];
    found.into_iter().filter(|(_, found)| *found).fold(Oddities::default(), |all, (oddity, _)| all.and(oddity))
}
