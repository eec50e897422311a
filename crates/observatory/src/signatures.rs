//! Lines that are attacks on servers of the past, and lines that no honest client sends.
//!
//! One table: who scans with old exploits is known by them. None can harm this server, which bounds every line.

use watchpost_proto::pop3::Verb;

use crate::event::{Oddities, Spoken};
use crate::fingerprint::says;

/// A published attack, as it looks on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// What it is known as, with its number.
    pub name: &'static str,
    /// The program it was made for.
    pub target: &'static str,
    /// Where it is written.
    pub source: &'static str,
    /// Whether it is an attack; else a lie that a proxy set up wrongly may tell too.
    pub(crate) is_attack: bool,
    pub(crate) matches: fn(&Spoken) -> bool,
}

/// The signatures. The first that matches counts, so the narrow ones stand first.
pub const SIGNATURES: &[Signature] = &[
    Signature {
        name: "CVE-2003-0264",
        target: "SLMail 5.5 and earlier",
        source: "Metasploit windows/pop3/seattlelab_pass: PASS with 2 606 or 4 654 octets and more",
        is_attack: true,
        matches: |spoken| is(spoken, Verb::Pass) && spoken.octets > 2_600,
    },
    Signature {
        name: "CVE-1999-0006",
        target: "Qualcomm qpopper before 2.5",
        source: "CVE-1999-0006; also CVE-2006-6605 (MailEnable) and Snort 1:1634 (CVE-1999-1511): a very long PASS",
        is_attack: true,
        matches: |spoken| is(spoken, Verb::Pass) && has(spoken, Oddities::VERY_LONG),
    },
    Signature {
        name: "CVE-2006-4364",
        target: "Alt-N MDaemon before 9.0.6",
        source: "CVE-2006-4364: USER or APOP, long, full of @",
        is_attack: true,
        matches: |spoken| (is(spoken, Verb::User) || is(spoken, Verb::Apop)) && at_signs(spoken) >= 32,
    },
    Signature {
        name: "CVE-2006-2502",
        target: "Cyrus pop3d with popsubfolders",
        source: "CVE-2006-2502: USER with a folder longer than 256 octets",
        is_attack: true,
        matches: |spoken| is(spoken, Verb::User) && spoken.octets > 256 && argument(spoken).starts_with(b"user."),
    },
    Signature {
        name: "NetcPlus SmartServer3 USER overflow",
        target: "NetcPlus SmartServer3",
        source: "BID 790: USER with more than 800 octets",
        is_attack: true,
        matches: |spoken| is(spoken, Verb::User) && spoken.octets > 800,
    },
    Signature {
        name: "CVE-2001-1046",
        target: "Qualcomm qpopper 4.0",
        source: "CVE-2001-1046; also CVE-1999-1004 (Norton POProxy), CVE-1999-0494 (IMail), Snort 1:1866: a long USER",
        is_attack: true,
        matches: |spoken| is(spoken, Verb::User) && has(spoken, Oddities::LONG),
    },
    Signature {
        name: "CVE-1999-0822",
        target: "Qualcomm qpopper 3.0",
        source: "CVE-1999-0822: AUTH with more than 256 octets that are no SASL data",
        is_attack: true,
        matches: |spoken| is(spoken, Verb::Auth) && has(spoken, Oddities::LONG),
    },
    Signature {
        name: "CVE-2003-0143",
        target: "Qualcomm qpopper 4.0",
        source: "CVE-2003-0143: the macro command MDEF",
        is_attack: true,
        matches: |spoken| says(spoken, b"MDEF"),
    },
    Signature {
        name: "CVE-2004-2375",
        target: "1st Class Mail Server 4.0",
        source: "CVE-2004-2375: APOP with a long digest",
        is_attack: true,
        matches: |spoken| is(spoken, Verb::Apop) && has(spoken, Oddities::LONG),
    },
    Signature {
        name: "Snort 1:1938 / 1:2110",
        target: "POP3 servers with XTND or with an argument of STAT copied",
        source: "Snort 1:1938 (XTND), 1:2110 (STAT): a long argument",
        is_attack: true,
        matches: |spoken| (says(spoken, b"XTND") || is(spoken, Verb::Stat)) && has(spoken, Oddities::LONG),
    },
    Signature {
        name: "CVE-2002-1539",
        target: "Alt-N MDaemon 6.0",
        source: "CVE-2002-1539, Snort 1:2122: UIDL or DELE with a negative number",
        is_attack: true,
        matches: |spoken| (is(spoken, Verb::Uidl) || is(spoken, Verb::Dele)) && argument(spoken).starts_with(b"-"),
    },
    Signature {
        name: "BID 10976",
        target: "Courier POP3 1.6 to 3.0.2",
        source: "BID 10976, Snort 1:2666: format directives in USER",
        is_attack: true,
        matches: |spoken| is(spoken, Verb::User) && directives(argument(spoken)) >= 2,
    },
    Signature {
        name: "CVE-2017-2669",
        target: "Dovecot before 2.2.29 with a dict",
        source: "CVE-2017-2669: a variable %{…} in the user name",
        is_attack: true,
        matches: |spoken| is(spoken, Verb::User) && argument(spoken).windows(2).any(|pair| pair == b"%{"),
    },
    Signature {
        name: "CVE-2020-12674",
        target: "Dovecot before 2.3.11.3",
        source: "CVE-2020-12674 (RPA), CVE-2020-12673 (NTLM): SASL data of no octets",
        is_attack: true,
        matches: |spoken| {
            let begins = says(spoken, b"AUTH RPA") || says(spoken, b"AUTH NTLM");
            begins && (has(spoken, Oddities::EMPTY_SASL) || spoken.text.as_octets().ends_with(b" ="))
        },
    },
    Signature {
        name: "POP3.Invalid.Message.Number",
        target: "POP3 servers with numbers of 16 or 32 bits",
        source: "Fortinet POP3.Invalid.Message.Number; RFC 1939 §2 knows no number beyond 2³¹",
        is_attack: true,
        matches: |spoken| is_numbered(spoken) && has(spoken, Oddities::NUMBER) && argument(spoken).len() >= 10,
    },
    Signature {
        name: "PROXY / XCLIENT",
        target: "servers that believe who says whom he speaks for",
        source: "haproxy's PROXY protocol and Postfix's XCLIENT, from a client that is no proxy of ours (S-062)",
        is_attack: false,
        matches: |spoken| says(spoken, b"PROXY") || says(spoken, b"XCLIENT"),
    },
];

/// The published attack that the line is, if it is one.
pub(crate) fn find(spoken: &Spoken) -> Option<&'static Signature> {
    // Nearly every line is honest, and this is asked of every line.
    let plain = spoken.oddities == Oddities::default() && spoken.verb.is_some() && spoken.octets <= 255;
    let may = !plain || argument(spoken).iter().any(|octet| matches!(octet, b'%' | b'-' | b'@' | b'='));
    may.then(|| SIGNATURES.iter().find(|signature| (signature.matches)(spoken)))?
}

fn is(spoken: &Spoken, verb: Verb) -> bool {
    spoken.verb == Some(verb)
}

fn has(spoken: &Spoken, oddity: Oddities) -> bool {
    spoken.oddities.has(oddity)
}

fn is_numbered(spoken: &Spoken) -> bool {
    matches!(spoken.verb, Some(Verb::Retr | Verb::Dele | Verb::List | Verb::Top | Verb::Uidl))
}

fn argument(spoken: &Spoken) -> &[u8] {
    let octets = spoken.text.as_octets();
    octets.iter().position(|octet| *octet == b' ').map_or(&[], |space| &octets[space + 1..])
}

fn at_signs(spoken: &Spoken) -> usize {
    argument(spoken).split(|octet| *octet == b'@').skip(1).count()
}

/// Directives of printf: two of them are no name, though `user%name.example` has one.
fn directives(octets: &[u8]) -> usize {
    let mut found = 0;
    let mut rest = octets;
    while let Some(place) = rest.iter().position(|octet| *octet == b'%') {
        rest = &rest[place + 1..];
        let digits = rest.iter().take_while(|octet| octet.is_ascii_digit() || **octet == b'$').count();
        found += usize::from(rest.get(digits).is_some_and(|octet| b"nsxXpdu".contains(octet)));
    }
    found
}

/// What makes a line an attack without a name: it can be nothing else.
pub(crate) fn harmful(spoken: &Spoken) -> Option<Oddities> {
    [Oddities::VERY_LONG, Oddities::NUL, Oddities::NOP_RUN].into_iter().find(|oddity| has(spoken, *oddity))
}

/// What makes a line strange: it may be a strange program.
pub(crate) fn doubtful(spoken: &Spoken, after_ntlm: bool) -> Option<Oddities> {
    // What stands in a password or in SASL data is nobody's business, except its length.
    let hidden = spoken.hidden > 0 || is(spoken, Verb::Pass) || is(spoken, Verb::Auth);
    let name = is(spoken, Verb::User) || is(spoken, Verb::Apop);
    let judged = [
        (Oddities::LONG, true),
        (Oddities::REPEATED, true),
        (Oddities::CONTROL, !hidden),
        (Oddities::NOT_UTF8, !hidden),
        (Oddities::FORMAT, !hidden && (!name || directives(argument(spoken)) >= 2)),
        (Oddities::SHELL, !hidden),
        (Oddities::NUMBER, !hidden),
        (Oddities::EMPTY_SASL, after_ntlm),
        (Oddities::REPLAYED, true),
    ];
    judged.into_iter().find(|(oddity, judged)| *judged && has(spoken, *oddity)).map(|(oddity, _)| oddity)
}

/// The word for an oddity.
pub(crate) const fn oddity(oddity: Oddities) -> &'static str {
    match oddity {
        Oddities::LONG => "> 255 octets",
        Oddities::VERY_LONG => "> 512 octets",
        Oddities::NUL => "NUL",
        Oddities::CONTROL => "control characters",
        Oddities::NOT_UTF8 => "octets ≥ 0x80",
        Oddities::NOP_RUN => "0x90 × 16",
        Oddities::REPEATED => "× 64",
        Oddities::FORMAT => "%n",
        Oddities::SHELL => "../ | ` $(",
        Oddities::NUMBER => "number",
        Oddities::EMPTY_SASL => "empty SASL",
        Oddities::REPLAYED => "a proof of another session",
        _ => "",
    }
}
