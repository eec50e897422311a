//! What the observatory must say of each visitor. Written by hand; what a run says must equal it.

use crate::hand;
use crate::honest;
use crate::premises::Premises;
use crate::tools::{self, Tool};

/// What is expected of one rule.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    pub rule: &'static str,
    pub severity: &'static str,
    /// Octets that an event it cites must contain.
    pub proof: &'static str,
}

const fn is(rule: &'static str, severity: &'static str, proof: &'static str) -> Expected {
    Expected { rule, severity, proof }
}

/// Who comes.
#[derive(Clone, Copy)]
pub enum Comes {
    Tool(&'static Tool),
    Hand(fn(&Premises, u16)),
}

/// A visitor.
pub struct Visitor {
    pub name: &'static str,
    pub comes: Comes,
    /// Networks it comes from, from its own on.
    pub networks: u16,
    pub expected: &'static [Expected],
    /// The sorts of visitor its sessions are.
    pub classes: &'static [&'static str],
    /// The tool, where its shape is its own.
    pub tool: Option<&'static str>,
}

const fn tool(
    tool: &'static Tool,
    known: Option<&'static str>,
    expected: &'static [Expected],
    classes: &'static [&'static str],
) -> Visitor {
    Visitor { name: tool.name, comes: Comes::Tool(tool), networks: 1, expected, classes, tool: known }
}

const fn by_hand(
    name: &'static str,
    deed: fn(&Premises, u16),
    expected: &'static [Expected],
    classes: &'static [&'static str],
) -> Visitor {
    Visitor { name, comes: Comes::Hand(deed), networks: 1, expected, classes, tool: None }
}

const fn wide(mut visitor: Visitor, networks: u16) -> Visitor {
    visitor.networks = networks;
    visitor
}

/// Attackers, each with every rule that must fire, and no other.
pub const ATTACKERS: &[Visitor] = &[
    tool(
        &tools::HYDRA,
        Some("hydra"),
        &[is("B1", "medium", "guessed-hydra"), is("W2", "info", "opened")],
        &["guesser", "probe"],
    ),
    tool(
        &tools::HYDRA_CLEAR,
        Some("hydra"),
        &[is("B1", "medium", "guessed-hydra-clear"), is("W2", "info", "opened")],
        &["guesser", "probe"],
    ),
    // What it asks before it guesses is what a mail program asks that sets an account up.
    tool(
        &tools::HYDRA_POP3S,
        Some("hydra"),
        &[is("B1", "medium", "guessed-hydra-pop3s"), is("W2", "info", "opened")],
        &["guesser", "autoconfig"],
    ),
    tool(&tools::MEDUSA, None, &[is("W2", "info", "opened")], &["probe"]),
    tool(&tools::MEDUSA_POP3S, Some("one_guess"), &[is("B1", "medium", "guessed-medusa-pop3s")], &["guesser"]),
    tool(&tools::NCRACK, None, &[is("B1", "medium", "guessed-ncrack")], &["guesser"]),
    // Three tries come through: it does not notice that the server has closed.
    tool(&tools::PATATOR, Some("hydra"), &[], &["guesser"]),
    tool(&tools::PATATOR_ANEW, None, &[is("B1", "medium", "guessed-patator-anew")], &["guesser"]),
    tool(
        &tools::NMAP_CAPABILITIES,
        Some("capability_probe"),
        &[is("W1", "info", "opened"), is("W2", "info", "opened")],
        &["silent", "probe"],
    ),
    tool(
        &tools::NMAP_NTLM,
        Some("nmap"),
        &[is("N1", "low", "AUTH NTLM"), is("W1", "info", "opened"), is("W3", "info", "\x16\x03")],
        &["other", "silent", "wrong_protocol"],
    ),
    tool(
        &tools::NMAP_BRUTE,
        Some("one_guess"),
        &[is("DC", "medium", "guessed-nmap"), is("W1", "info", "opened")],
        &["guesser", "silent"],
    ),
    tool(
        &tools::NMAP_VERSION,
        None,
        &[is("W1", "info", "opened"), is("W3", "info", "OPTIONS")],
        &["silent", "wrong_protocol", "other"],
    ),
    by_hand("a web browser", hand::web_browser, &[is("W3", "info", "GET / HTTP/1.1")], &["wrong_protocol"]),
    by_hand("one protocol after another", hand::tongues, &[is("W3", "low", "SSH-2.0")], &["wrong_protocol"]),
    by_hand("TLS on the plain port", hand::tls_on_plain, &[is("W3", "info", "\x16\x03")], &["wrong_protocol"]),
    by_hand("a survey", hand::survey, &[is("W2", "info", "opened")], &["scanner"]),
    by_hand("STLS injection", hand::stls_injection, &[is("S1", "high", "ClearTextBehindStls")], &["exploiter"]),
    by_hand("an overlong name", hand::overlong_user, &[is("X1", "high", "USER AAAAAAAA")], &["exploiter"]),
    by_hand("NUL", hand::nul, &[is("X1", "high", "USER root\0x")], &["exploiter"]),
    by_hand("a format string", hand::format_string, &[is("X1", "high", "USER %n%n")], &["exploiter"]),
    by_hand("NTLM by hand", hand::ntlm, &[is("N1", "low", "AUTH NTLM")], &["other"]),
    by_hand("mechanisms", hand::mechanisms, &[is("A1", "info", "AUTH KERBEROS_V4")], &["probe"]),
    by_hand("names without passwords", hand::enumeration, &[is("E1", "medium", "USER felix")], &["other"]),
    by_hand("many passwords", hand::brute_force, &[is("B1", "medium", "brute")], &["guesser"]),
    by_hand("one password", hand::spray, &[is("P1", "high", "staff9")], &["guesser"]),
    by_hand(
        "stolen pairs",
        hand::stuffing,
        &[is("C1", "high", "person8@"), is("E1", "medium", "person8@")],
        &["guesser"],
    ),
    by_hand("passwords of devices", hand::defaults, &[is("DC", "medium", "root")], &["guesser"]),
    wide(
        by_hand("one account from everywhere", hand::distributed, &[is("B2", "high", "besieged")], &["guesser"]),
        hand::DISTRIBUTED,
    ),
    wide(by_hand("a botnet", hand::botnet, &[is("D1", "high", "helpdesk")], &["guesser"]), hand::BOTS),
    by_hand("an intruder", hand::intruder, &[is("H1", "high", "entered")], &["intruder", "guesser", "fetcher"]),
    by_hand("everything taken", hand::harvest, &[is("H2", "high", "message")], &["intruder", "fetcher"]),
    by_hand("headers read", hand::top_scan, &[is("H3", "high", "message")], &["intruder", "fetcher"]),
    by_hand("a maildrop emptied", hand::wipe, &[is("H5", "critical", "DELE")], &["intruder", "fetcher"]),
    by_hand("resets looked for", hand::reset_hunt, &[is("H4", "critical", "message")], &["intruder", "fetcher"]),
    by_hand("handshakes", hand::handshakes, &[is("F1", "medium", "opened"), is("W1", "info", "opened")], &["silent"]),
    by_hand("TLS taken away", hand::stripping, &[is("S2", "high", "USER stripped")], &["fetcher"]),
    by_hand("a negative number", hand::negative_number, &[is("X1", "high", "UIDL -1")], &["exploiter"]),
];

/// Who holds connections without a word, at a server of short patience.
pub const DRIP: &Visitor =
    &by_hand("a drip", hand::drip, &[is("F1", "medium", "SessionSummary"), is("W1", "info", "opened")], &["silent"]);

/// Whoever tests servers does what attackers do, and is named for it: a name as its own password once, overlong lines,
/// other protocols. He guesses at nobody.
pub const TESTER: &[&str] = &["DC", "W1", "W2", "W3", "X1"];

/// The honest, each with the labels it may get: a label says what somebody is, and no more.
pub const HONEST: &[Visitor] = &[
    by_hand("a monitor", honest::monitor, &[is("W1", "info", "opened")], &["silent"]),
    by_hand("a health check", honest::health_check, &[is("W1", "info", "opened")], &["silent"]),
    by_hand("autoconfig", honest::autoconfig, &[is("W2", "info", "opened")], &["probe"]),
    by_hand(
        "a phone with an old password",
        honest::stale_device,
        &[is("M2", "info", "phone")],
        &["stale_device", "mistyped", "fetcher"],
    ),
    by_hand("a person hunting for the password at home", honest::mistyping_at_home, &[], &["mistyped", "fetcher"]),
    by_hand("a person who mistypes in a hotel", honest::mistyping_elsewhere, &[], &["fetcher", "guesser"]),
    by_hand("a person who mistypes the name", honest::mistyped_name, &[], &["guesser"]),
    by_hand("an office behind one address", honest::office, &[], &["fetcher", "mail_app"]),
    by_hand("a phone with five sessions at once", honest::parallel, &[], &["fetcher", "other"]),
    wide(by_hand("somebody on the road", honest::roaming, &[], &["fetcher"]), 2),
    by_hand("odd but honest", honest::odd_but_honest, &[], &["mail_app"]),
    by_hand("a program that keeps no copy", honest::no_copy, &[], &["fetcher"]),
    by_hand("a first synchronisation", honest::first_sync, &[], &["mail_app"]),
    by_hand("clear text on POP3S", honest::clear_on_pop3s, &[is("W3", "info", "CAPA")], &["wrong_protocol"]),
    by_hand("an administrator who types", honest::administrator, &[], &["other"]),
    by_hand("watchpost bench", honest::bench, &[], &["fetcher"]),
];
