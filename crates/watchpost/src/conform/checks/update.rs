//! DELE, RSET, QUIT and ends without QUIT: on messages that the run has delivered itself, and with permission.

use std::collections::BTreeSet;

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::{Subject, ids, number_of, sizes};
use crate::conform::wire::Wire;

checks! {
    ["P-167"], "RFC 1939 §5", "A message marked as deleted does not answer", "削除の印を付けたメッセージは応答しない",
        "RETR, TOP, LIST, UIDL and DELE of it get -ERR.", marked;
    ["P-066", "P-160"], "RFC 1939 §5", "DELE takes the message out of STAT, LIST and UIDL, and renumbers nothing",
        "DELE したメッセージは STAT・LIST・UIDL から消え、番号は変わらない",
        "Numbers are fixed at login; marked messages are counted nowhere.", not_counted;
    ["P-168"], "RFC 1939 §5", "RSET takes all marks away", "RSET はすべての削除の印を取り消す",
        "Nothing is removed by a QUIT behind it.", rset;
    ["P-012"], "RFC 1939 §6", "Without QUIT nothing is removed", "QUIT なしでは何も削除しない",
        "An end without QUIT never enters UPDATE.", without_quit;
    ["P-034"], "RFC 1939 §3", "A command without line end is not obeyed", "行末のないコマンドを実行しない",
        "DELE 12 that was cut off must not become DELE 1.", fragment;
    ["P-221"], "RFC 2449 §6.6", "A pipeline behind a failed login does nothing", "ログインに失敗した後の一連のコマンドは何もしない",
        "Each command gets its own -ERR.", failed_pipeline;
    ["P-190", "P-191", "P-194"], "RFC 1939 §6", "QUIT removes exactly what was marked, and answers after the deed",
        "QUIT は印を付けたものだけを削除し、削除後に応答する",
        "+OK means that the message is gone; its twin and what was asked behind QUIT stay.", removes;
}

fn may_delete(subject: &Subject) -> Result<(), Stop> {
    subject.account()?;
    if subject.permissions.delete { Ok(()) } else { Err(Stop::skipped("nothing may be deleted (--allow-delete)")) }
}

async fn all(subject: &Subject) -> Result<BTreeSet<String>, Stop> {
    Ok(subject.unique_ids().await?.into_iter().collect())
}

async fn marked(subject: &Subject) -> Result<(), Stop> {
    may_delete(subject)?;
    let mut wire = subject.login().await?;
    let number = subject.deletable(&mut wire, "marked").await?;
    wire.ok(&format!("DELE {number}")).await?;
    for command in ["RETR", "LIST", "UIDL", "DELE"] {
        wire.refused(&format!("{command} {number}")).await?;
    }
    wire.refused(&format!("TOP {number} 0")).await?;
    wire.ok("RSET").await?;
    wire.quit().await
}

async fn counted(wire: &mut Wire) -> Result<(Vec<(usize, u64)>, Vec<String>, Vec<String>), Stop> {
    let listed = sizes(&wire.listing("LIST").await?)?;
    let ids = wire.listing("UIDL").await?.lines();
    Ok((listed, ids, wire.ok("STAT").await?.words()))
}

async fn not_counted(subject: &Subject) -> Result<(), Stop> {
    may_delete(subject)?;
    let mut wire = subject.login().await?;
    let number = subject.deletable(&mut wire, "marked").await?;
    let (mut listed, mut ids, _) = counted(&mut wire).await?;
    wire.ok(&format!("DELE {number}")).await?;
    listed.retain(|(place, _)| *place != number);
    ids.retain(|line| line.split(' ').next() != Some(&number.to_string()));
    let octets: u64 = listed.iter().map(|(_, octets)| octets).sum();
    let (after, ids_after, stat) = counted(&mut wire).await?;
    ensure(
        after == listed,
        "LIST without the marked message, numbers unchanged",
        format!("{} lines", after.len()).as_bytes(),
    )?;
    ensure(ids_after == ids, "UIDL without it, numbers unchanged", format!("{} lines", ids_after.len()).as_bytes())?;
    let expected = [listed.len().to_string(), octets.to_string()];
    ensure(stat[..2.min(stat.len())] == expected, &expected.join(" "), stat.join(" ").as_bytes())?;
    wire.ok("RSET").await?;
    wire.quit().await
}

async fn rset(subject: &Subject) -> Result<(), Stop> {
    may_delete(subject)?;
    let before = all(subject).await?;
    let mut wire = subject.login().await?;
    let number = subject.deletable(&mut wire, "marked").await?;
    let full = wire.ok("STAT").await?.words();
    wire.ok(&format!("DELE {number}")).await?;
    wire.ok("RSET").await?;
    let again = wire.ok("STAT").await?.words();
    ensure(again[..2.min(again.len())] == full[..2.min(full.len())], &full.join(" "), again.join(" ").as_bytes())?;
    wire.ok(&format!("LIST {number}")).await?;
    wire.quit().await?;
    ensure(all(subject).await? == before, "all messages still there", b"fewer")
}

async fn without_quit(subject: &Subject) -> Result<(), Stop> {
    may_delete(subject)?;
    let before = all(subject).await?;
    let mut wire = subject.login().await?;
    let number = subject.deletable(&mut wire, "marked").await?;
    wire.ok(&format!("DELE {number}")).await?;
    drop(wire);
    ensure(all(subject).await? == before, "all messages still there", b"fewer")
}

async fn fragment(subject: &Subject) -> Result<(), Stop> {
    may_delete(subject)?;
    let before = all(subject).await?;
    let mut wire = subject.login().await?;
    let number = subject.deletable(&mut wire, "marked").await?;
    wire.send(format!("DELE {number}").as_bytes()).await?;
    wire.shut_down().await?;
    let came = wire.rest().await?;
    ensure(!came.starts_with(b"+OK"), "no +OK to half a line", &came)?;
    ensure(all(subject).await? == before, "all messages still there", b"fewer")
}

async fn failed_pipeline(subject: &Subject) -> Result<(), Stop> {
    may_delete(subject)?;
    let account = subject.account()?;
    let mut wire = subject.login().await?;
    let number = subject.deletable(&mut wire, "marked").await?;
    wire.quit().await?;
    let before = all(subject).await?;
    let mut wire = subject.connect().await?;
    let lines = format!("USER {}\r\nPASS conform-wrong\r\nSTAT\r\nLIST\r\nDELE {number}\r\nQUIT\r\n", account.name);
    wire.send(lines.as_bytes()).await?;
    for expected in [true, false, false, false, false, true] {
        let reply = wire.reply().await?;
        ensure(reply.is_ok() == expected, "+OK, four times -ERR, +OK", &reply.0)?;
    }
    ensure(all(subject).await? == before, "all messages still there", b"fewer")
}

async fn removes(subject: &Subject) -> Result<(), Stop> {
    may_delete(subject)?;
    let mut expected = all(subject).await?;
    let mut wire = subject.login().await?;
    let removed = [subject.deletable(&mut wire, "removed").await?, subject.deletable(&mut wire, "twin").await?];
    let kept = subject.deletable(&mut wire, "marked").await?;
    let ids = ids(&mut wire).await?;
    for number in removed {
        wire.ok(&format!("DELE {number}")).await?;
        if let Some(id) = ids.get(number - 1) {
            expected.remove(id);
        }
    }
    let before = wire.ok("NOOP").await.is_ok();
    wire.send(format!("QUIT\r\nDELE {kept}\r\n").as_bytes()).await?;
    let reply = wire.reply().await?;
    ensure(reply.is_ok() && before, "+OK to QUIT", &reply.0)?;
    let rest = wire.rest().await?;
    ensure(rest.is_empty(), "nothing behind the reply to QUIT", &rest)?;
    let after = all(subject).await?;
    let came = format!("{} messages instead of {}", after.len(), expected.len());
    ensure(after == expected, "the marked messages gone, and no other", came.as_bytes())
}

/// Removes what the run has delivered. Says how many messages it could not remove.
pub(in crate::conform) async fn clean_up(subject: &Subject) -> Result<usize, Stop> {
    let survey = subject.survey()?;
    let mut wire = subject.login().await?;
    let mut left = 0;
    for message in survey.received.iter().filter(|message| message.item.is_some()) {
        let number = match &message.uid {
            Some(uid) if wire_has(&mut wire, uid, message.number).await? => Some(message.number),
            Some(uid) => number_of(&mut wire, uid).await?,
            None => None,
        };
        match number {
            Some(number) => left += usize::from(wire.ask(&format!("DELE {number}")).await?.is_error()),
            None => left += usize::from(message.uid.is_none()),
        }
    }
    wire.quit().await?;
    Ok(left)
}

async fn wire_has(wire: &mut Wire, uid: &str, number: usize) -> Result<bool, Stop> {
    let reply = wire.ask(&format!("UIDL {number}")).await?;
    Ok(reply.words().get(1).is_some_and(|found| found == uid))
}
