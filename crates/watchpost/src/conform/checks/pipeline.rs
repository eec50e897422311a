//! Commands that do not wait for replies (RFC 2449 §6.6), and octets that come one by one.

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::Subject;

/// Commands sent without reading a reply.
const MANY: usize = 1000;

checks! {
    ["P-220"], "RFC 2449 §6.6", "Every command gets exactly one reply, in order, however octets are cut",
        "オクテットがどう区切られても、各コマンドに順番どおり 1 つずつ応答する",
        "A server that drops what waits behind a command loses replies.", any_cutting;
    ["P-244"], "RFC 2449 §6.6", "USER and PASS in one packet work", "USER と PASS を 1 つのパケットで送ってもよい",
        "Some clients send them together.", user_and_pass;
    ["P-223"], "RFC 2449 §6.6", "A thousand commands in one go are all answered", "1000 個のコマンドを一度に送っても、すべてに応答する",
        "A server may stop reading while it writes; it must not lock up.", many;
}

fn needs_pipelining(subject: &Subject) -> Result<(), Stop> {
    subject.needs("PIPELINING")
}

async fn any_cutting(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    for octet in b"XYZZY\r\n" {
        wire.send(&[*octet]).await?;
    }
    let reply = wire.reply().await?;
    ensure(reply.is_error(), "-ERR to XYZZY, octet by octet", &reply.0)?;
    if subject.announces("PIPELINING") {
        wire.send(b"XYZZY\r\nCAPA\r\nSTAT\r\nCAPA\r\nQUIT\r\n").await?;
        ensure(wire.reply().await?.is_error(), "-ERR, +OK, -ERR, +OK, +OK", b"+OK first")?;
        for _ in 0..2 {
            let reply = wire.reply().await?;
            ensure(reply.is_ok(), "+OK to CAPA", &reply.0)?;
            wire.block().await?;
            let reply = wire.reply().await?;
            let last = reply.is_ok();
            if last {
                let rest = wire.rest().await?;
                return ensure(rest.is_empty(), "one reply to each command", &rest);
            }
        }
        return Err(Stop::failed("+OK to QUIT", "-ERR"));
    }
    wire.ok("QUIT").await.map(drop)
}

async fn user_and_pass(subject: &Subject) -> Result<(), Stop> {
    needs_pipelining(subject)?;
    subject.needs("USER")?;
    let mut wire = subject.connect().await?;
    wire.send(b"USER conform-nobody\r\nPASS conform-wrong\r\nXYZZY\r\n").await?;
    let replies = [wire.reply().await?, wire.reply().await?, wire.reply().await?];
    let shape: Vec<bool> = replies.iter().map(super::super::wire::Reply::is_ok).collect();
    ensure(shape == [true, false, false], "+OK, -ERR, -ERR", &replies[2].0)
}

async fn many(subject: &Subject) -> Result<(), Stop> {
    needs_pipelining(subject)?;
    let mut wire = subject.login().await?;
    wire.send("NOOP\r\n".repeat(MANY).as_bytes()).await?;
    for _ in 0..MANY {
        let reply = wire.reply().await?;
        ensure(reply.is_ok(), "+OK to every NOOP", &reply.0)?;
    }
    wire.quit().await
}
