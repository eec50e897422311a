//! USER, PASS and the lock.

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::{Account, Subject};
use crate::conform::wire::{Reply, Wire};
use crate::connect::Security;

checks! {
    ["P-069"], "RFC 1939 §7", "A second USER replaces the first", "2 回目の USER は最初のものに置き換わる",
        "USER may be given again; the last name counts.", second_user;
    ["P-070"], "RFC 1939 §7", "PASS counts only right behind USER", "PASS は USER の直後でだけ有効",
        "Any other command in between takes the name away.", pass_behind_user;
    ["P-071", "P-073", "P-007"], "RFC 1939 §7", "A failed PASS is answered, uses USER up, and login may be tried again",
        "失敗した PASS に応答し、USER は無効になり、もう一度ログインできる",
        "After -ERR the session is where it was before USER.", failed_pass;
    ["P-072", "S-020"], "RFC 1939 §13", "An unknown name looks like a wrong password",
        "存在しない名前と誤ったパスワードを区別できない",
        "Different replies tell which names exist.", same_reply;
    ["P-026"], "RFC 1939 §7", "The password is everything behind the first space",
        "最初の空白より後のすべてがパスワードである",
        "PASS may hold spaces: none is dropped, and none is a surplus argument.", verbatim;
    ["P-061", "P-062", "P-141"], "RFC 1939 §4", "A maildrop has one session at a time, and the second is told before +OK",
        "メールドロップのセッションは同時に 1 つだけで、2 つ目には +OK の前に断る",
        "The lock is taken before the reply to PASS; with RESP-CODES the refusal says [IN-USE].", lock;
    ["P-063"], "RFC 2449 §8.1.2", "A wrong password looks the same while the maildrop is locked",
        "ロック中でも、誤ったパスワードへの応答は変わらない",
        "[IN-USE] tells that the credentials were right.", locked_and_wrong;
    ["P-064"], "RFC 1939 §4", "The lock goes with its session", "ロックはセッションとともに解放される",
        "A session that was cut off must not keep the next one out.", freed;
    ["P-074"], "RFC 5034 §4", "There is no second login", "ログイン後の再ログインを拒否する",
        "USER, PASS, APOP and AUTH are valid in AUTHORIZATION alone.", no_second;
    ["P-075"], "RFC 7628 §3", "Bearer tokens are neither offered nor taken in clear text",
        "平文ではベアラートークンを提示も受理もしない",
        "Whoever hears a token has it: TLS is required.", bearer;
    ["P-075"], "RFC 5034 §4", "Passwords are neither offered nor taken in clear text",
        "平文ではパスワードによるログインを提示も受理もしない",
        "Mechanisms that reveal the password need TLS by default.", clear_passwords;
}

async fn pass(wire: &mut Wire, account: &Account) -> Result<Reply, Stop> {
    wire.ask_octets(&crate::conform::subject::pass(account)).await
}

/// Tries until the lock of the session before is free.
async fn logs_in(subject: &Subject, before: &[&str]) -> Result<Reply, Stop> {
    let account = subject.account()?;
    loop {
        let mut wire = subject.connect().await?;
        for command in before {
            wire.ask(command).await?;
        }
        wire.ok(&format!("USER {}", account.name)).await?;
        let reply = pass(&mut wire, account).await?;
        if reply.is_ok() {
            wire.quit().await?;
        }
        if !reply.has_code("IN-USE") {
            return Ok(reply);
        }
    }
}

async fn second_user(subject: &Subject) -> Result<(), Stop> {
    let reply = logs_in(subject, &["USER conform-nobody"]).await?;
    ensure(reply.is_ok(), "+OK to the password of the second name", &reply.0)
}

async fn pass_behind_user(subject: &Subject) -> Result<(), Stop> {
    let account = subject.account()?;
    let mut wire = subject.connect().await?;
    let reply = pass(&mut wire, account).await?;
    ensure(reply.is_error(), "-ERR to PASS without USER", &reply.0)?;
    wire.ok(&format!("USER {}", account.name)).await?;
    wire.refused("XYZZY").await?;
    let reply = pass(&mut wire, account).await?;
    ensure(reply.is_error(), "-ERR to PASS behind another command", &reply.0)
}

async fn failed_pass(subject: &Subject) -> Result<(), Stop> {
    let account = subject.account()?;
    let mut wire = subject.connect().await?;
    wire.ok(&format!("USER {}", account.name)).await?;
    wire.refused("PASS conform-wrong").await?;
    let reply = pass(&mut wire, account).await?;
    ensure(reply.is_error(), "-ERR to PASS without a new USER", &reply.0)?;
    wire.ok(&format!("USER {}", account.name)).await?;
    let reply = pass(&mut wire, account).await?;
    ensure(reply.is_ok() || reply.has_code("IN-USE"), "+OK to the right password after a wrong one", &reply.0)?;
    wire.quit().await
}

async fn same_reply(subject: &Subject) -> Result<(), Stop> {
    let account = subject.account()?;
    let mut heard = Vec::new();
    for name in [account.name.as_str(), "conform-nobody"] {
        let mut wire = subject.connect().await?;
        let user = wire.ask(&format!("USER {name}")).await?;
        let refusal = wire.refused("PASS conform-wrong").await?;
        heard.push((String::from_utf8_lossy(&user.0).replace(name, "NAME"), refusal.0));
    }
    ensure(heard[0] == heard[1], &format!("{:?} for an unknown name too", heard[0].0.trim_end()), &heard[1].1)
}

async fn verbatim(subject: &Subject) -> Result<(), Stop> {
    let account = subject.account()?;
    let password = account.password.expose();
    for line in [[b"PASS ".as_slice(), password, b" \r\n"].concat(), [b"PASS  ".as_slice(), password, b"\r\n"].concat()]
    {
        let mut wire = subject.connect().await?;
        wire.ok(&format!("USER {}", account.name)).await?;
        let reply = wire.ask_octets(&line).await?;
        ensure(reply.is_error(), "-ERR to the password with a space more", &reply.0)?;
        if subject.announces("AUTH-RESP-CODE") {
            ensure(reply.has_code("AUTH"), "-ERR [AUTH]: a wrong password, no surplus argument", &reply.0)?;
        }
    }
    Ok(())
}

async fn lock(subject: &Subject) -> Result<(), Stop> {
    let account = subject.account()?;
    let holder = subject.login().await?;
    let mut other = subject.connect().await?;
    other.ok(&format!("USER {}", account.name)).await?;
    let reply = pass(&mut other, account).await?;
    ensure(reply.is_error(), "-ERR to PASS while another session holds the maildrop", &reply.0)?;
    if subject.announces("RESP-CODES") {
        ensure(reply.has_code("IN-USE"), "-ERR [IN-USE]", &reply.0)?;
    }
    other.refused("STAT").await?;
    holder.quit().await?;
    other.ok(&format!("USER {}", account.name)).await?;
    other.quit().await
}

async fn locked_and_wrong(subject: &Subject) -> Result<(), Stop> {
    let account = subject.account()?;
    let wrong = async || {
        let mut wire = subject.connect().await?;
        wire.ok(&format!("USER {}", account.name)).await?;
        wire.refused("PASS conform-wrong").await
    };
    let holder = subject.login().await?;
    let locked = wrong().await?;
    holder.quit().await?;
    let free = wrong().await?;
    ensure(locked.0 == free.0, &format!("{:?}", String::from_utf8_lossy(&free.0).trim_end()), &locked.0)
}

async fn freed(subject: &Subject) -> Result<(), Stop> {
    drop(subject.login().await?);
    let reply = tokio::time::timeout(std::time::Duration::from_secs(5), logs_in(subject, &[])).await;
    match reply {
        Ok(reply) => {
            reply.and_then(|reply| ensure(reply.is_ok(), "+OK to PASS once the other session is cut off", &reply.0))
        }
        Err(_) => Err(Stop::failed("a free maildrop within a second", "a maildrop that stays locked")),
    }
}

async fn no_second(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    let digest = "0".repeat(32);
    for command in ["USER conform", "PASS conform", "AUTH PLAIN AGEAYg==", &format!("APOP conform {digest}")] {
        wire.refused(command).await?;
    }
    wire.quit().await
}

/// What CAPA lists on a connection without TLS.
async fn in_clear(subject: &Subject) -> Result<(bool, Vec<String>), Stop> {
    if subject.security() == Security::Tls {
        return Err(Stop::skipped("this run uses no clear connection"));
    }
    let mut wire = subject.greeted().await?;
    let loopback = wire.link().is_loopback();
    Ok((loopback, wire.listing("CAPA").await?.lines()))
}

async fn bearer(subject: &Subject) -> Result<(), Stop> {
    let (_, lines) = in_clear(subject).await?;
    let sasl = crate::conform::subject::find(&lines, "SASL").unwrap_or_default();
    let offered = sasl.split(' ').any(|name| ["OAUTHBEARER", "XOAUTH2"].contains(&name));
    ensure(!offered, "no OAUTHBEARER or XOAUTH2 without TLS", sasl.as_bytes())?;
    for mechanism in ["OAUTHBEARER", "XOAUTH2"] {
        subject.greeted().await?.refused(&format!("AUTH {mechanism}")).await?;
    }
    Ok(())
}

async fn clear_passwords(subject: &Subject) -> Result<(), Stop> {
    let (loopback, lines) = in_clear(subject).await?;
    let offered = crate::conform::subject::find(&lines, "USER").is_some();
    if offered && (loopback || subject.security() == Security::Clear) {
        return Err(Stop::skipped("this server allows it here: on this machine, or because the run asks for it"));
    }
    ensure(!offered, "no USER without TLS", lines.join(", ").as_bytes())?;
    subject.greeted().await?.refused("USER conform-nobody").await.map(drop)
}
