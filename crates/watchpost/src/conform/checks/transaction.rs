//! STAT, LIST, UIDL, TOP, RETR and NOOP, on whatever is in the maildrop.

use std::collections::HashSet;

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::{Subject, ids, sizes};

checks! {
    ["P-160"], "RFC 1939 §5", "STAT answers with two numbers and nothing else", "STAT は 2 つの数だけを返す",
        "+OK, a space, the count, a space, the size.", stat;
    ["P-163", "P-160"], "RFC 1939 §5", "STAT is the count and the sum of LIST", "STAT は LIST の件数と合計に等しい",
        "Sizes are 64 bits wide: a maildrop may be larger than 4 GiB.", sum;
    ["P-161"], "RFC 1939 §5", "LIST with a number answers for that message alone", "番号付きの LIST はそのメッセージだけを返す",
        "+OK, the number, the size: the same as in LIST.", list_one;
    ["P-067"], "RFC 1939 §4", "LIST and UIDL are in the order of the numbers, from 1", "LIST と UIDL は 1 からの番号順である",
        "Messages are numbered from 1 at login.", ordered;
    ["P-174"], "RFC 1939 §7", "UIDL with a number answers for that message alone", "番号付きの UIDL はそのメッセージだけを返す",
        "+OK, the number, the unique-id: three words.", uidl_one;
    ["P-175", "P-040"], "RFC 1939 §3", "Listings have no blank line, and end with a lone dot", "一覧に空行はなく、. だけの行で終わる",
        "Each line ends with CRLF; clients stop at a blank line.", no_blank;
    ["P-180"], "RFC 1939 §7", "A unique-id has 1 to 70 characters from ! to ~", "固有 ID は ! から ~ までの 1～70 文字である",
        "Octets from 0x21 to 0x7E.", legal_ids;
    ["P-182", "P-183"], "RFC 1939 §7", "No two messages have the same unique-id, even if they are the same",
        "同じ内容でも、固有 ID はメッセージごとに異なる",
        "Clients take a message with a known unique-id for one they have.", unique;
    ["P-181"], "RFC 1939 §7", "Unique-ids are the same in the next session", "固有 ID は次のセッションでも変わらない",
        "They persist across sessions.", persist;
    ["P-164"], "RFC 1939 §5", "RETR says how many octets follow", "RETR は後に続くオクテット数を伝える",
        "\"+OK 120 octets\": some clients read the number.", octets_line => known;
    ["P-169"], "RFC 1939 §5", "NOOP does nothing but +OK, and only after login", "NOOP は +OK を返すだけで、ログイン後にのみ有効",
        "NOOP is valid in TRANSACTION alone.", noop;
    ["P-170"], "RFC 1939 §7", "TOP with zero lines is the header and the blank line", "TOP n 0 はヘッダーと空行だけを返す",
        "Zero lines of the body are none, and not all.", top_zero;
    ["P-171", "P-041"], "RFC 1939 §7", "TOP counts lines of the body, stuffed like RETR", "TOP は本文の行だけを数え、RETR と同じく . を補う",
        "The header and the blank line are not counted.", top_lines;
    ["P-172"], "RFC 1939 §7", "TOP with more lines than there are is the whole message", "行数が多すぎる TOP はメッセージ全体を返す",
        "Clients fetch whole messages so, to leave them unread.", top_all;
    ["P-050"], "RFC 1939 §5", "An empty maildrop lists nothing", "空のメールドロップの一覧は空である",
        "+OK and a lone dot.", empty;
}

async fn stat(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    let reply = wire.ok("STAT").await?;
    let words = reply.words();
    let numbers =
        words.len() == 2 && words.iter().all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit()));
    ensure(numbers, "+OK nn mm", &reply.0)?;
    wire.quit().await
}

async fn sum(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    let reply = wire.ok("STAT").await?;
    let listed = sizes(&wire.listing("LIST").await?)?;
    let octets: u64 = listed.iter().map(|(_, octets)| octets).sum();
    let expected = format!("+OK {} {octets}", listed.len());
    ensure(reply.words().get(..2) == Some(&[listed.len().to_string(), octets.to_string()]), &expected, &reply.0)?;
    wire.quit().await
}

async fn list_one(subject: &Subject) -> Result<(), Stop> {
    let first = subject.messages()?;
    let mut wire = subject.login().await?;
    for message in first.iter().take(20) {
        let reply = wire.ok(&format!("LIST {}", message.number)).await?;
        let expected = format!("+OK {} {}\r\n", message.number, message.listed);
        ensure(reply.0 == expected.as_bytes(), expected.trim_end(), &reply.0)?;
    }
    wire.ok("NOOP").await?;
    wire.quit().await
}

async fn ordered(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    for command in ["LIST", "UIDL"] {
        let lines = wire.listing(command).await?.lines();
        for (line, number) in lines.iter().zip(1_usize..) {
            ensure(
                line.split(' ').next() == Some(&number.to_string()),
                &format!("line {number} of {command}"),
                line.as_bytes(),
            )?;
        }
    }
    wire.quit().await
}

async fn uidl_one(subject: &Subject) -> Result<(), Stop> {
    subject.needs("UIDL")?;
    let messages = subject.messages()?;
    let mut wire = subject.login().await?;
    for message in messages.iter().take(20) {
        let uid = message.uid.clone().unwrap_or_default();
        let reply = wire.ok(&format!("UIDL {}", message.number)).await?;
        let expected = format!("+OK {} {uid}\r\n", message.number);
        ensure(reply.0 == expected.as_bytes(), expected.trim_end(), &reply.0)?;
    }
    wire.quit().await
}

async fn no_blank(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    for command in ["LIST", "UIDL"] {
        let block = wire.listing(command).await?;
        for line in block.raw.split_inclusive(|octet| *octet == b'\n') {
            ensure(line != b"\r\n" && line.ends_with(b"\r\n"), "lines with something in them, CRLF at the end", line)?;
        }
    }
    wire.quit().await
}

async fn legal_ids(subject: &Subject) -> Result<(), Stop> {
    for id in subject.unique_ids().await? {
        let legal = (1..=70).contains(&id.len()) && id.bytes().all(|octet| (0x21..=0x7e).contains(&octet));
        ensure(legal, "a unique-id", id.as_bytes())?;
    }
    Ok(())
}

async fn unique(subject: &Subject) -> Result<(), Stop> {
    let mut seen = HashSet::new();
    let ids = subject.unique_ids().await?;
    if ids.len() < 2 {
        return Err(Stop::skipped("there are fewer than two messages"));
    }
    for id in ids {
        ensure(seen.insert(id.clone()), "each unique-id once", id.as_bytes())?;
    }
    Ok(())
}

async fn persist(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    let first = ids(&mut wire).await?;
    drop(wire);
    let second = subject.unique_ids().await?;
    ensure(first == second, "the same unique-ids", second.join(" ").as_bytes())
}

fn octets_line(subject: &Subject) -> Result<(), Stop> {
    for message in subject.messages()? {
        if message.first_line.is_empty() {
            continue;
        }
        let line = String::from_utf8_lossy(&message.first_line).into_owned();
        let expected = format!("+OK {} octets", message.listed);
        ensure(line.trim_end().starts_with(&expected), &expected, line.as_bytes())?;
    }
    Ok(())
}

async fn noop(subject: &Subject) -> Result<(), Stop> {
    subject.connect().await?.refused("NOOP").await?;
    let mut wire = subject.login().await?;
    wire.ok("NOOP").await?;
    wire.quit().await
}

/// The message with the numbered lines, or another one that has a body.
fn with_lines(subject: &Subject) -> Result<(usize, &[u8]), Stop> {
    subject.needs("TOP")?;
    let usable = |message: &&crate::conform::subject::Received| {
        message.trouble.is_none() && message.block.octets.windows(4).any(|end| end == b"\r\n\r\n")
    };
    let own = subject.own("top").ok().filter(usable);
    let found = own.or_else(|| subject.messages().ok()?.iter().find(usable));
    let message = found.ok_or_else(|| Stop::skipped("no message with header and body could be read"))?;
    Ok((message.number, &message.block.octets))
}

/// The header, the blank line and so many lines.
fn top_of(message: &[u8], lines: usize) -> &[u8] {
    let mut left = None;
    let mut at = 0;
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if left == Some(0) {
            break;
        }
        at += line.len();
        left = match left {
            Some(left) => Some(left - 1),
            None if line == b"\r\n" => Some(lines),
            None => None,
        };
    }
    &message[..at]
}

async fn top_is(subject: &Subject, lines: &[usize]) -> Result<(), Stop> {
    let (number, message) = with_lines(subject)?;
    let mut wire = subject.login().await?;
    for lines in lines {
        let block = wire.listing(&format!("TOP {number} {lines}")).await?;
        let expected = top_of(message, *lines);
        let what = format!("the header, the blank line and {lines} lines: {} octets", expected.len());
        let came = format!("{} octets", block.octets.len());
        ensure(block.octets == expected, &what, came.as_bytes())?;
        wire.ok("NOOP").await?;
    }
    wire.quit().await
}

async fn top_zero(subject: &Subject) -> Result<(), Stop> {
    top_is(subject, &[0]).await
}

async fn top_lines(subject: &Subject) -> Result<(), Stop> {
    top_is(subject, &[1, 2, 5]).await
}

async fn top_all(subject: &Subject) -> Result<(), Stop> {
    top_is(subject, &[99_999_999, 2_147_483_647, 99_999_999_999]).await
}

async fn empty(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    if wire.ok("STAT").await?.words().first().is_some_and(|count| count != "0") {
        return Err(Stop::skipped("the maildrop is not empty"));
    }
    for command in ["LIST", "UIDL"] {
        let block = wire.listing(command).await?;
        ensure(block.raw == b".\r\n", "a lone dot", &block.raw)?;
    }
    wire.quit().await
}
