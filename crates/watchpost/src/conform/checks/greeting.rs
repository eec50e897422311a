//! How a session begins and ends.

use std::time::Duration;

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::Subject;
use crate::connect::Security;

/// How long an unasked line is waited for.
const SILENCE: Duration = Duration::from_millis(150);
/// Bad commands until a server must have had enough.
const BAD_MAX: usize = 60;

checks! {
    ["P-002"], "RFC 1939 §4", "The server greets with one line, and then says nothing unasked",
        "サーバーは最初に 1 行だけ挨拶し、以後は勝手に何も送らない",
        "The greeting is one line beginning with +OK, at most 512 octets long; then it is the client's turn.", greets;
    ["P-003", "P-081"], "RFC 2449 §3", "An angle bracket in the greeting is an APOP timestamp, and new each time",
        "挨拶の中の < は APOP のタイムスタンプであり、毎回異なる",
        "Clients take <left@right> in the greeting for an offer of APOP; a timestamp is never used twice.", timestamp;
    ["P-005", "P-006"], "RFC 1939 §3", "Commands of the TRANSACTION state are refused before login",
        "ログイン前は TRANSACTION 状態のコマンドを拒否する",
        "A command that is not valid in the current state is answered with -ERR and changes nothing.", before_login;
    ["P-007"], "RFC 1939 §3", "An unknown command gets -ERR, and the session goes on",
        "不明なコマンドには -ERR を返し、セッションを続ける",
        "A server must respond to a command it does not know with -ERR.", unknown;
    ["P-008"], "RFC 1939 §3", "Bad commands without end end the session",
        "不正なコマンドが続けば、いつかはセッションを終える",
        "A limit on bad commands in a row must be met at last: one -ERR, and the connection closes.", bad_commands;
    ["P-013"], "RFC 1939 §4", "QUIT before login gets +OK, and the server closes",
        "ログイン前の QUIT には +OK を返して切断する",
        "QUIT in the AUTHORIZATION state ends the session without the UPDATE state.", quit;
    ["P-015"], "RFC 1939 §6", "A client that has shut its writing side gets all its replies",
        "送信側を閉じたクライアントにも、すべての応答を返す",
        "Complete commands that came before the end of input are answered, in order.", half_close;
    ["P-016"], "RFC 8314 §3.4", "TLS ends with close_notify", "TLS は close_notify で終わる",
        "Without close_notify a client cannot tell an end from a cut.", close_notify;
    ["S-016"], "RFC 9325 §3.8", "Another protocol gets no run of -ERR", "別のプロトコルに -ERR を並べて返さない",
        "Clear text on a TLS port, or TLS and HTTP on a clear port, end the connection at once.", other_protocols;
}

async fn greets(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.raw().await.map_err(|error| Stop::failed("a connection", &error.to_string()))?;
    let line = wire.line().await?;
    let shape = line.starts_with(b"+OK") && line.ends_with(b"\r\n") && line.len() <= 512;
    ensure(shape, "one line: +OK, text, CRLF, at most 512 octets", &line)?;
    let more = wire.unasked(SILENCE).await?;
    ensure(more.is_empty(), "nothing behind the greeting", &more)
}

async fn timestamp(subject: &Subject) -> Result<(), Stop> {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let mut wire = subject.raw().await.map_err(|error| Stop::failed("a connection", &error.to_string()))?;
        let line = String::from_utf8_lossy(&wire.line().await?).into_owned();
        let Some(start) = line.find('<') else { return Ok(()) };
        let id: String = line[start..].chars().take_while(|letter| *letter != '>').collect();
        let shape = line.matches('<').count() == 1
            && line[start..].contains('>')
            && id.matches('@').count() == 1
            && id[1..].chars().all(|letter| letter.is_ascii_graphic());
        ensure(shape, "no <, or exactly one <left@right>", line.as_bytes())?;
        ensure(!seen.contains(&id), "another timestamp for each connection", line.as_bytes())?;
        seen.push(id);
    }
    Ok(())
}

async fn before_login(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    for command in ["STAT", "LIST", "UIDL", "RETR 1", "TOP 1 0", "RSET", "LIST 1"] {
        wire.refused(command).await?;
    }
    wire.quit().await
}

async fn unknown(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    for line in ["XYZZY", "", "RETRIEVE 1", "HELO you"] {
        wire.refused(line).await?;
    }
    wire.quit().await
}

async fn bad_commands(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    for _ in 0..BAD_MAX {
        wire.send(b"XYZZY\r\n").await?;
        match wire.reply().await {
            Ok(reply) => ensure(reply.is_error(), "-ERR to an unknown command", &reply.0)?,
            Err(_) => return Ok(()),
        }
        if wire.outcome_within(Duration::from_millis(2)).await.is_some_and(|rest| rest.is_empty()) {
            return Ok(());
        }
    }
    Err(Stop::failed("-ERR and the end of the connection", &format!("an open connection after {BAD_MAX} bad commands")))
}

async fn quit(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    wire.ok("QUIT").await?;
    let rest = wire.rest().await?;
    ensure(rest.is_empty(), "nothing behind the reply to QUIT", &rest)
}

async fn half_close(subject: &Subject) -> Result<(), Stop> {
    if subject.security() != Security::Clear {
        return Err(Stop::skipped("over TLS the end of one side is the end of both for many servers"));
    }
    let mut wire = subject.connect().await?;
    wire.send(b"XYZZY\r\nCAPA\r\nQUIT\r\n").await?;
    wire.shut_down().await?;
    ensure(wire.reply().await?.is_error(), "-ERR to the first command", b"+OK")?;
    if wire.reply().await?.is_ok() && subject.capabilities.is_some() {
        wire.block().await?;
    }
    let reply = wire.reply().await?;
    ensure(reply.is_ok(), "+OK to QUIT", &reply.0)
}

async fn close_notify(subject: &Subject) -> Result<(), Stop> {
    if subject.security() == Security::Clear {
        return Err(Stop::skipped("this connection has no TLS"));
    }
    let mut wire = subject.connect().await?;
    wire.ok("QUIT").await?;
    wire.ends_cleanly().await
}

async fn other_protocols(subject: &Subject) -> Result<(), Stop> {
    let connect = |error: crate::connect::ConnectError| Stop::failed("a connection", &error.to_string());
    if subject.security() == Security::Tls {
        let mut link = subject.connector.dial().await.map_err(connect)?;
        link.write(b"CAPA\r\nQUIT\r\n").await.map_err(connect)?;
        let mut came = Vec::new();
        let _ = link.read(&mut came).await;
        return ensure(!came.starts_with(b"-") && !came.starts_with(b"+"), "a TLS alert, or the end", &came);
    }
    for opening in [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n".as_slice(), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"] {
        let mut wire = subject.greeted().await?;
        wire.send(opening).await?;
        let rest = wire.rest().await?;
        ensure(!rest.windows(4).any(|window| window == b"-ERR"), "the end, without a reply", &rest)?;
    }
    Ok(())
}
