//! STLS and TLS.

use std::time::Duration;

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::Subject;
use crate::connect::{ALPN, Security};

/// How long an unasked line is waited for.
const SILENCE: Duration = Duration::from_millis(150);

checks! {
    ["S-001", "S-002"], "RFC 2595 §4", "What comes in clear text behind STLS is never obeyed",
        "STLS の後に平文で届いたものに決して従わない",
        "Somebody on the path can add it; obeyed inside TLS, it counts as the client's. No reply, and the end.", injection;
    ["P-150"], "RFC 2595 §4", "STLS takes no argument, and works for every connection",
        "STLS は引数を取らず、どの接続でも使える",
        "TLS begins right behind the CRLF of +OK.", twice;
    ["P-151"], "RFC 2595 §4", "STLS under TLS is refused, and the session goes on",
        "TLS 中の STLS を拒否し、セッションを続ける", "A server must answer -ERR once TLS is active.", under_tls;
    ["P-152"], "RFC 2595 §4", "No second greeting comes inside TLS, and login is still to come",
        "TLS 開始後に再び挨拶せず、状態はログイン前のまま",
        "After the handshake the session is in AUTHORIZATION, and the client speaks first.", no_greeting;
    ["P-153"], "RFC 2595 §9", "What was said before TLS is forgotten", "TLS 開始前に言われたことを忘れる",
        "A USER from before the handshake must not be completed by PASS behind it.", forgotten;
    ["P-154"], "RFC 2595 §2.5", "A failed handshake ends the connection", "ハンドシェイクに失敗した接続は切断する",
        "There is no way back to clear text.", failed_handshake;
    ["S-007", "P-150"], "RFC 2595 §4", "STLS after login is refused", "ログイン後の STLS を拒否する",
        "STLS is valid in AUTHORIZATION alone; else a session prepared in clear text could be taken over.", after_login;
    ["S-012"], "RFC 7301 §3.2", "ALPN is pop3 or absent", "ALPN は pop3 か、なし",
        "A client that offers other protocols alone is turned away: it believes to speak to another server.", alpn;
}

fn needs_stls(subject: &Subject) -> Result<(), Stop> {
    if subject.security() == Security::Stls {
        Ok(())
    } else {
        Err(Stop::skipped("this run does not use STLS (--tls stls)"))
    }
}

async fn injection(subject: &Subject) -> Result<(), Stop> {
    needs_stls(subject)?;
    for tail in ["NOOP\r\n", "CAPA\r\n", "USER conform\r\nPASS conform\r\n"] {
        let mut wire = subject.greeted().await?;
        wire.send(format!("STLS\r\n{tail}").as_bytes()).await?;
        let came = wire.rest_or_line().await;
        ensure(came.is_empty(), "no reply to STLS with octets behind it, and the end", &came)?;
    }
    let mut wire = subject.greeted().await?;
    wire.ok("STLS").await?;
    wire.send(b"CAPA\r\n").await?;
    let came = wire.rest_or_line().await;
    ensure(!came.starts_with(b"+") && !came.starts_with(b"-"), "the end: clear text is no ClientHello", &came)
}

async fn twice(subject: &Subject) -> Result<(), Stop> {
    needs_stls(subject)?;
    for _ in 0..3 {
        let mut wire = subject.greeted().await?;
        wire.refused("STLS now").await?;
        wire.ok("STLS").await?;
        subject.upgrade(wire).await?.quit().await?;
    }
    Ok(())
}

async fn under_tls(subject: &Subject) -> Result<(), Stop> {
    if subject.security() == Security::Clear {
        return Err(Stop::skipped("this connection has no TLS"));
    }
    let mut wire = subject.connect().await?;
    wire.refused("STLS").await?;
    wire.quit().await
}

async fn no_greeting(subject: &Subject) -> Result<(), Stop> {
    needs_stls(subject)?;
    let mut wire = subject.connect().await?;
    let came = wire.unasked(SILENCE).await?;
    ensure(came.is_empty(), "silence behind the handshake", &came)?;
    wire.refused("STAT").await?;
    wire.quit().await
}

async fn forgotten(subject: &Subject) -> Result<(), Stop> {
    needs_stls(subject)?;
    let account = subject.account()?;
    let mut wire = subject.greeted().await?;
    if wire.ask(&format!("USER {}", account.name)).await?.is_error() {
        return Err(Stop::skipped("USER is refused before TLS"));
    }
    wire.ok("STLS").await?;
    let mut wire = subject.upgrade(wire).await?;
    let reply = wire.ask_octets(&crate::conform::subject::pass(account)).await?;
    ensure(reply.is_error(), "-ERR to PASS: its USER came before TLS", &reply.0)
}

async fn failed_handshake(subject: &Subject) -> Result<(), Stop> {
    needs_stls(subject)?;
    let mut wire = subject.greeted().await?;
    wire.ok("STLS").await?;
    wire.send(b"\x16\x03\x01\x00\x05hello\r\nCAPA\r\nQUIT\r\n").await?;
    let came = wire.rest().await?;
    ensure(!came.windows(3).any(|window| window == b"+OK"), "an alert or nothing, then the end", &came)
}

async fn after_login(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.login().await?;
    wire.refused("STLS").await?;
    wire.ok("NOOP").await?;
    wire.quit().await
}

async fn alpn(subject: &Subject) -> Result<(), Stop> {
    if subject.security() == Security::Clear {
        return Err(Stop::skipped("this connection has no TLS"));
    }
    let handshake = async |protocols: &'static [&'static [u8]]| {
        let link = if subject.security() == Security::Stls {
            let mut wire = subject.greeted().await?;
            wire.ok("STLS").await?;
            wire.into_link().0
        } else {
            subject.connector.dial().await.map_err(|error| Stop::failed("a connection", &error.to_string()))?
        };
        Ok::<bool, Stop>(subject.connector.handshake_offering(link, protocols).await.is_ok())
    };
    ensure(handshake(&[]).await?, "a handshake without ALPN", b"none")?;
    ensure(handshake(&[ALPN]).await?, "a handshake with pop3", b"none")?;
    ensure(!handshake(&[b"h2"]).await?, "no handshake with h2 alone (no_application_protocol)", b"a handshake")
}
