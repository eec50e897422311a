//! `docs/clients.md`, written from what the matrix runs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::cell::{Authentication, Client, Transport};
use crate::matrix::{cells, unable};

const INTRODUCTION: &str = "\
# Clients

What eleven clients that are not ours do with Watchpost, on every run of `./check`: a cell is one client with one
transport and one login, and in each of them everything of the second table is done. Each cell has a server of its own
with 42 messages: the demo's 14, 25 real ones with something about each (leading dots, 8-bit headers, lines of 2,420
octets, no final line end), and 3 that are hostile (bare CR, NUL, octets that are no text). All connections are on
loopback; inside TLS each client is told to trust the demo's certificate and no other check is switched off.

This file is written by `WATCHPOST_BLESS=1 cargo test -p watchpost --test real_clients`, and compared by the same test
otherwise. Versions are those of Debian 12, and are not compared.

## Who gets in, and how

A cell names the transports over which the login is tested; behind the others stands the number of the reason.

";

const OPERATIONS: &str = "
## What is tested in each of these cells

*List*: what the client is told equals what is there. *Fetch all*: each message is compared. *Leave on server*: after
that nothing is gone, and unique-ids have not changed. *Delete*: exactly those messages are gone afterwards.
*Wrong password*: the client says so in these words, nothing is removed, and the log holds no password.

";

const ALTERATIONS: &str = "
## What clients do to mail

Watchpost sends the octets; these are the differences between them and what the client hands on. Nothing else is
forgiven in the comparison.

";

/// The number of a reason, from 1.
fn note(reasons: &mut Vec<String>, reason: &str) -> usize {
    let known = reasons.iter().position(|known| known == reason);
    known.unwrap_or_else(|| {
        reasons.push(reason.to_owned());
        reasons.len() - 1
    }) + 1
}

/// One cell of the first table: `STLS, POP3S; plain: n/a [1]`.
fn logins(client: &dyn Client, login: Authentication, reasons: &mut Vec<String>) -> String {
    let (able, unable): (Vec<_>, Vec<_>) = Transport::ALL
        .into_iter()
        .map(|transport| (transport, unable(client, transport, login)))
        .partition(|(_, reason)| reason.is_none());
    let able: Vec<String> = able.iter().map(|(transport, _)| transport.to_string()).collect();
    let mut numbers: Vec<(usize, Vec<String>)> = Vec::new();
    for (transport, reason) in unable {
        let number = note(reasons, reason.expect("partitioned"));
        match numbers.iter_mut().find(|(known, _)| *known == number) {
            Some((_, transports)) => transports.push(transport.to_string()),
            None => numbers.push((number, vec![transport.to_string()])),
        }
    }
    let mut parts = Vec::new();
    if !able.is_empty() {
        parts.push(able.join(", "));
    }
    for (number, transports) in numbers {
        let all = transports.len() == Transport::ALL.len();
        parts.push(if all { format!("n/a [{number}]") } else { format!("{}: n/a [{number}]", transports.join(", ")) });
    }
    parts.join("; ")
}

fn text(clients: &[Box<dyn Client>]) -> String {
    let mut text = INTRODUCTION.to_owned();
    let mut reasons = Vec::new();
    text.push_str("| Client | Version | Debian package | USER/PASS | AUTH PLAIN | AUTH LOGIN | APOP |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for client in clients {
        let cells = Authentication::ALL.map(|login| logins(&**client, login, &mut reasons)).join(" | ");
        let apop = note(&mut reasons, "APOP needs passwords that are stored in the clear: Watchpost has it off.");
        let (name, version, package) = (client.name(), client.version(), client.package());
        writeln!(text, "| {name} | {version} | {package} | {cells} | n/a [{apop}] |").unwrap();
    }
    text.push('\n');
    for (number, reason) in (1..).zip(&reasons) {
        writeln!(text, "- [{number}] {reason}").unwrap();
    }
    let count: usize = clients.iter().map(|client| cells(&**client).len()).sum();
    writeln!(text, "\nThese are {count} cells.").unwrap();
    text.push_str(OPERATIONS);
    text.push_str(
        "| Client | List | Fetch all | Leave on server | Delete | Wrong password |\n|---|---|---|---|---|---|\n",
    );
    for client in clients {
        let columns = client.columns();
        let cells = [columns.list, columns.fetch, columns.leave, columns.delete].join(" | ");
        writeln!(text, "| {} | {cells} | `{}` |", client.name(), columns.refusal).unwrap();
    }
    text.push_str(ALTERATIONS);
    text.push_str("| Client | What | Why |\n|---|---|---|\n");
    for client in clients {
        for (alteration, reason) in client.alterations() {
            writeln!(text, "| {} | {alteration} | {reason} |", client.name()).unwrap();
        }
    }
    text
}

/// The third column of the first table is the version.
fn without_versions(text: &str) -> String {
    let mut inside = false;
    let line = |line: &str| {
        inside = line.starts_with("| Client | Version") || inside && line.starts_with('|');
        let cells: Vec<&str> =
            line.split('|').enumerate().filter(|(at, _)| !inside || *at != 2).map(|(_, cell)| cell).collect();
        cells.join("|") + "\n"
    };
    text.lines().map(line).collect()
}

pub fn compare(clients: &[Box<dyn Client>]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/clients.md");
    let text = text(clients);
    if std::env::var_os("WATCHPOST_BLESS").is_some() {
        fs::write(&file, &text).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        without_versions(&written) == without_versions(&text),
        "docs/clients.md is not what is tested; WATCHPOST_BLESS=1 rewrites it"
    );
}
