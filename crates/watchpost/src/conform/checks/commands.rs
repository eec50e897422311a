//! How lines are read: their length, their spaces, their numbers, their octets.

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::Subject;
use crate::conform::wire::Wire;

checks! {
    ["P-020"], "RFC 1939 §3", "Keywords match in any case, and +OK and -ERR are upper case",
        "キーワードは大文字と小文字を区別せず、+OK と -ERR は大文字で返す",
        "Commands are case-insensitive; status indicators are sent in upper case.", any_case;
    ["P-021"], "RFC 2449 §4", "A command line of 255 octets is read as one command",
        "255 オクテットのコマンド行を 1 つのコマンドとして読む",
        "Servers must take command lines of 255 octets, CRLF included.", longest_line;
    ["P-022", "S-042"], "RFC 2449 §4", "A line that is too long gets one -ERR, and its tail is no command",
        "長すぎる行には -ERR を 1 回だけ返し、残りをコマンドとして読まない",
        "Everything up to the line end is dropped; a tail that is obeyed lets others put commands into a line.", too_long;
    ["P-023", "P-033", "S-044"], "RFC 2449 §4", "Replies have 512 octets at the most and do not echo what came",
        "応答は 512 オクテット以内で、受け取った内容をそのまま返さない",
        "A first line has at most 512 octets; echoed controls reach terminals and logs.", no_echo;
    ["P-024"], "RFC 1957", "A status is followed by a space and a text", "状態表示の後には空白と文章が続く",
        "Some clients cannot read a status that stands alone.", status_text;
    ["P-025"], "RFC 1939 §3", "A space at the end does no harm", "行末の空白を許す",
        "Clients in the field send trailing spaces; only the argument of PASS takes them in.", spaces;
    ["P-027"], "RFC 1939 §3", "A CR inside a line is neither dropped nor a line end",
        "行の途中の CR を取り除かず、行末ともみなさない",
        "Commands end with CRLF; a bare CR is an invalid character.", bare_cr;
    ["P-028"], "RFC 1939 §3", "NUL, controls and DEL in a command are refused",
        "コマンド中の NUL・制御文字・DEL を拒否する",
        "Keywords and arguments are printable ASCII.", controls;
    ["P-029"], "RFC 6856 §2.2", "Octets beyond ASCII in USER are refused unless UTF8 USER is announced",
        "UTF8 USER を通知していなければ、USER の ASCII 以外の文字を拒否する",
        "Names in UTF-8 are allowed only where the server announces UTF8 with the argument USER.", beyond_ascii;
    ["P-030"], "RFC 1939 §5", "What is no message number is refused, and none wraps around",
        "メッセージ番号でないものを拒否し、桁あふれで別の番号にしない",
        "Message numbers are decimal, from 1 to the number of messages.", numbers;
    ["P-031"], "RFC 1939 §5", "Surplus arguments are refused", "余分な引数を拒否する",
        "STAT, NOOP, RSET, QUIT and CAPA take no argument; the others take no more than theirs.", surplus;
    ["P-177"], "RFC 1939 §3", "Commands that are no longer in the protocol are refused",
        "廃止されたコマンドを拒否する",
        "LAST, RPOP and XTND are gone since RFC 1725.", retired;
}

async fn any_case(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    wire.refused("xYzZy").await?;
    if subject.capabilities.is_some() {
        wire.listing("cApA").await?;
    }
    wire.ok("qUiT").await.map(drop)
}

async fn longest_line(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    let reply = wire.ask(&format!("USER {}", "a".repeat(248))).await?;
    let text = String::from_utf8_lossy(reply.text()).to_lowercase();
    ensure(!text.contains("too long"), "a line of 255 octets taken", &reply.0)?;
    in_step(&mut wire).await
}

/// The next reply is the reply to the next command: nothing is left of the ones before.
async fn in_step(wire: &mut Wire) -> Result<(), Stop> {
    wire.refused("XYZZY").await?;
    let reply = wire.ask("QUIT").await?;
    ensure(reply.is_ok(), "+OK to QUIT: one reply to each line", &reply.0)
}

async fn too_long(subject: &Subject) -> Result<(), Stop> {
    for length in [300, 3000] {
        let mut wire = subject.connect().await?;
        wire.refused(&format!("{}QUIT", "A".repeat(length))).await?;
        in_step(&mut wire).await?;
    }
    Ok(())
}

async fn no_echo(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    let marker = "Zq".repeat(100);
    for line in [format!("XYZZY{marker}"), format!("XYZZY \x1b[31m{marker}"), format!("XYZZY {}", marker.repeat(9))] {
        wire.send(format!("{line}\r\n").as_bytes()).await?;
        let reply = wire.line().await?;
        let short = reply.len() <= 512;
        let echoed = reply.windows(42).any(|window| marker.as_bytes().windows(42).next() == Some(window));
        let controls = reply.strip_suffix(b"\r\n").unwrap_or(&reply).iter().any(u8::is_ascii_control);
        ensure(short && !echoed && !controls, "-ERR of at most 512 octets, without what was sent", &reply)?;
    }
    Ok(())
}

async fn status_text(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    for command in ["XYZZY", "USER conform", "QUIT"] {
        let reply = wire.ask(command).await?;
        let spaced = reply.0.starts_with(b"+OK ") || reply.0.starts_with(b"-ERR ");
        ensure(spaced && !reply.text().is_empty(), "a status, a space and a text", &reply.0)?;
    }
    Ok(())
}

async fn spaces(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    wire.ok("NOOP ").await?;
    wire.ok("STAT  ").await?;
    wire.quit().await
}

async fn bare_cr(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    for line in [b"CA\rPA\r\n".as_slice(), b"\rCAPA\r\n", b"QU\rIT\r\n"] {
        wire.refused_octets(line).await?;
    }
    in_step(&mut wire).await
}

async fn controls(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    for line in [b"CA\0PA\r\n".as_slice(), b"USER a\0b\r\n", b"USER a\x01b\r\n", b"USER a\x7fb\r\n", b"CAPA\x1b\r\n"] {
        wire.refused_octets(line).await?;
    }
    in_step(&mut wire).await
}

async fn beyond_ascii(subject: &Subject) -> Result<(), Stop> {
    if subject.announced("UTF8").is_some_and(|words| words.contains("USER")) {
        return Err(Stop::skipped("the server announces UTF8 USER"));
    }
    let mut wire = subject.connect().await?;
    wire.refused_octets("USER ゆき\r\n".as_bytes()).await?;
    wire.refused_octets(b"USER \xff\xfe\r\n").await.map(drop)
}

async fn numbers(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    let count = wire.ok("STAT").await?.words().first().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    let beyond = (count + 1).to_string();
    let digits = "9".repeat(200);
    let wrong = [
        "0",
        "-1",
        "+1",
        "0x1",
        "1.5",
        "1a",
        "1x",
        "a",
        &beyond,
        "65537",
        "2147483649",
        "4294967296",
        "4294967297",
        "18446744073709551617",
        &digits,
    ];
    for number in wrong {
        for command in [format!("LIST {number}"), format!("RETR {number}"), format!("TOP {number} 0")] {
            wire.refused(&command).await?;
        }
        if subject.announces("UIDL") {
            wire.refused(&format!("UIDL {number}")).await?;
        }
        // Bad commands in a row are counted; this begins a new row.
        wire.ok("NOOP").await?;
    }
    for command in ["RETR", "DELE", "TOP", "TOP 1", "DELE 0"] {
        wire.refused(command).await?;
    }
    wire.ok("RSET").await?;
    wire.quit().await
}

async fn surplus(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    for command in ["STAT 1", "NOOP x", "LIST 1 2", "RETR 1 2", "TOP 1 2 3", "QUIT now", "RSET x"] {
        wire.refused(command).await?;
    }
    if subject.capabilities.is_some() {
        wire.refused("CAPA x").await?;
    }
    wire.quit().await
}

async fn retired(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    for command in ["LAST", "XTND BBOARDS", "RPOP x"] {
        wire.refused(command).await?;
    }
    wire.quit().await
}
