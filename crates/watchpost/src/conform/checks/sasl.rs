//! AUTH (RFC 5034) with PLAIN and LOGIN.

use crate::conform::base64::encode as encode64;

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::Subject;
use crate::conform::wire::{Reply, Wire};
use crate::connect::Security;

/// As often as some clients ask in a day.
const ASKED: usize = 32;

checks! {
    ["P-090"], "RFC 5034 §4", "PLAIN is there under TLS", "TLS では PLAIN が使える",
        "A server that has AUTH must have PLAIN over TLS.", plain_is_there => known;
    ["P-091", "P-243"], "RFC 5034 §4", "The empty challenge is a plus and a space, and PLAIN works in two steps",
        "空のチャレンジは「+ 」であり、PLAIN は 2 段階でも使える",
        "A challenge is \"+\", a space, base64 and CRLF; clients wait for the space.", two_steps;
    ["P-092"], "RFC 5034 §4", "= is an initial response of no octets", "= は空の初期応答である",
        "It is present: no challenge follows.", equals;
    ["P-093", "P-091"], "RFC 5034 §4", "LOGIN speaks first, and works", "LOGIN はサーバーが先に話し、正しく動く",
        "An initial response to a mechanism in which the server begins is an error.", login;
    ["P-094"], "RFC 5034 §4", "* ends an exchange with -ERR", "* で認証を中止し、-ERR を返す",
        "The client has cancelled: no credentials were wrong, so there is no [AUTH].", cancelled;
    ["P-095"], "RFC 5034 §4", "Base64 is strict", "Base64 を厳密に読む",
        "Foreign characters and misplaced padding are errors; skipping them lets two readers differ.", base64;
    ["P-096"], "RFC 5034 §4", "Responses may be longer than command lines", "応答はコマンド行より長くてよい",
        "PLAIN has up to 767 octets before base64, tokens many more.", long_response;
    ["P-097"], "RFC 5034 §4", "An initial response may make AUTH longer than 255 octets",
        "初期応答により AUTH が 255 オクテットを超えてもよい", "Many clients send it so.", long_initial;
    ["P-099"], "RFC 5034 §4", "An empty line is a response of no octets", "空行は空の応答である",
        "It ends the exchange in -ERR for PLAIN, and the session goes on.", empty_line;
    ["P-100"], "RFC 5034 §4", "AUTH alone lists mechanisms, however often it is asked",
        "引数のない AUTH は機構の一覧を返し、何度尋ねられてもよい",
        "Old clients ask before each login; that is no attack.", auth_alone;
    ["P-101"], "RFC 5034 §4", "An unknown mechanism is refused without [AUTH]", "不明な機構を [AUTH] なしで拒否する",
        "No credentials were wrong.", unknown_mechanism;
    ["P-102"], "RFC 4616 §2", "A PLAIN message that is none is refused", "形式の誤った PLAIN メッセージを拒否する",
        "Exactly two NULs; neither name nor password is empty.", malformed;
    ["P-222"], "RFC 5034 §4", "Inside an exchange the next line is data, even QUIT",
        "認証の途中では、QUIT でも次の行はデータである", "A line is base64, * or empty there, and no command.", data;
    ["P-033", "S-029"], "RFC 4422 §6.4", "A refusal does not repeat what was refused", "拒否の応答に、送られた秘密を含めない",
        "Passwords and tokens in replies reach screens and logs.", no_secret;
}

fn needs_plain(subject: &Subject) -> Result<(), Stop> {
    let there = subject.has_mechanism("PLAIN");
    if there { Ok(()) } else { Err(Stop::skipped("the server does not announce SASL PLAIN")) }
}

fn message(name: &[u8], password: &[u8]) -> zeroize::Zeroizing<String> {
    zeroize::Zeroizing::new(encode64(zeroize::Zeroizing::new([b"\0", name, b"\0", password].concat())))
}

async fn still_there(wire: &mut Wire) -> Result<(), Stop> {
    wire.refused("XYZZY").await?;
    wire.ok("QUIT").await.map(drop)
}

fn plain_is_there(subject: &Subject) -> Result<(), Stop> {
    if subject.security() == Security::Clear {
        return Err(Stop::skipped("this connection has no TLS"));
    }
    subject.needs("SASL")?;
    ensure(subject.has_mechanism("PLAIN"), "PLAIN", subject.announced("SASL").unwrap_or_default().as_bytes())
}

async fn two_steps(subject: &Subject) -> Result<(), Stop> {
    needs_plain(subject)?;
    let account = subject.account()?;
    loop {
        let mut wire = subject.connect().await?;
        let challenge = wire.ask("AUTH PLAIN").await?;
        ensure(challenge.0 == b"+ \r\n", "\"+ \" and CRLF, four octets", &challenge.0)?;
        let response = message(account.name.as_bytes(), account.password.expose());
        let reply = wire.ask(&response).await?;
        if reply.has_code("IN-USE") {
            continue;
        }
        ensure(reply.is_ok(), "+OK to the response", &reply.0)?;
        return wire.quit().await;
    }
}

async fn equals(subject: &Subject) -> Result<(), Stop> {
    needs_plain(subject)?;
    let mut wire = subject.connect().await?;
    wire.refused("AUTH PLAIN =").await?;
    still_there(&mut wire).await
}

async fn login(subject: &Subject) -> Result<(), Stop> {
    if !subject.has_mechanism("LOGIN") {
        return Err(Stop::skipped("the server does not announce SASL LOGIN"));
    }
    let account = subject.account()?;
    loop {
        let mut wire = subject.connect().await?;
        let reply = wire.ask("AUTH LOGIN").await?;
        ensure(reply.0.starts_with(b"+ "), "a challenge", &reply.0)?;
        let reply = wire.ask(&encode64(account.name.as_bytes())).await?;
        ensure(reply.0.starts_with(b"+ "), "a challenge", &reply.0)?;
        let password = zeroize::Zeroizing::new(encode64(account.password.expose()));
        let reply = wire.ask(&password).await?;
        if reply.has_code("IN-USE") {
            continue;
        }
        ensure(reply.is_ok(), "+OK to the password", &reply.0)?;
        return wire.quit().await;
    }
}

async fn cancelled(subject: &Subject) -> Result<(), Stop> {
    needs_plain(subject)?;
    let mut wire = subject.connect().await?;
    wire.ask("AUTH PLAIN").await?;
    let reply = wire.refused("*").await?;
    ensure(!reply.has_code("AUTH"), "-ERR without [AUTH]", &reply.0)?;
    still_there(&mut wire).await
}

async fn base64(subject: &Subject) -> Result<(), Stop> {
    needs_plain(subject)?;
    for wrong in ["=AAA", "AAA=BBB", "AGEA YmI=", "AGEA!YmI=", "AGEAYg"] {
        let mut wire = subject.connect().await?;
        wire.ask("AUTH PLAIN").await?;
        let reply = wire.refused(wrong).await?;
        ensure(!reply.has_code("AUTH"), "-ERR without [AUTH]: no credentials were read", &reply.0)?;
    }
    if let Ok(account) = subject.account() {
        let mut right = message(account.name.as_bytes(), account.password.expose());
        right.insert(4, '!');
        let mut wire = subject.connect().await?;
        wire.ask("AUTH PLAIN").await?;
        wire.refused(&right).await?;
    }
    Ok(())
}

async fn too_long(subject: &Subject, initial: &str) -> Result<Reply, Stop> {
    let part = [b'a'; 255];
    let long = encode64([&part[..], b"\0", &part[..], b"\0", &part[..]].concat());
    let mut wire = subject.connect().await?;
    let reply = if initial.is_empty() {
        wire.ask("AUTH PLAIN").await?;
        wire.refused(&long).await?
    } else {
        wire.refused(&format!("{initial}{long}")).await?
    };
    if subject.announces("AUTH-RESP-CODE") {
        ensure(reply.has_code("AUTH"), "-ERR [AUTH]: 767 octets are read, and are wrong", &reply.0)?;
    }
    still_there(&mut wire).await?;
    Ok(reply)
}

async fn long_response(subject: &Subject) -> Result<(), Stop> {
    needs_plain(subject)?;
    too_long(subject, "").await?;
    let mut wire = subject.connect().await?;
    wire.ask("AUTH PLAIN").await?;
    wire.refused(&"A".repeat(16_000)).await?;
    still_there(&mut wire).await
}

async fn long_initial(subject: &Subject) -> Result<(), Stop> {
    needs_plain(subject)?;
    too_long(subject, "AUTH PLAIN ").await.map(drop)
}

async fn empty_line(subject: &Subject) -> Result<(), Stop> {
    needs_plain(subject)?;
    let mut wire = subject.connect().await?;
    wire.ask("AUTH PLAIN").await?;
    wire.refused("").await?;
    still_there(&mut wire).await
}

async fn auth_alone(subject: &Subject) -> Result<(), Stop> {
    subject.needs("SASL")?;
    for _ in 0..ASKED / 8 {
        let mut wire = subject.connect().await?;
        for command in ["AUTH", "AUTH "].iter().cycle().take(8) {
            let lines = wire.listing(command).await?.lines();
            let same = subject.announced("SASL").unwrap_or_default();
            ensure(lines.join(" ") == same, "the mechanisms that CAPA lists", lines.join(" ").as_bytes())?;
        }
        wire.quit().await?;
    }
    subject.connect().await?.quit().await
}

async fn unknown_mechanism(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    let reply = wire.refused("AUTH X-CONFORM").await?;
    ensure(!reply.has_code("AUTH"), "-ERR without [AUTH]", &reply.0)?;
    still_there(&mut wire).await
}

async fn malformed(subject: &Subject) -> Result<(), Stop> {
    needs_plain(subject)?;
    for wrong in [b"conform".as_slice(), b"\0conform", b"\0\0x", b"\0conform\0", b"\0a\0b\0c"] {
        let mut wire = subject.connect().await?;
        wire.refused(&format!("AUTH PLAIN {}", encode64(wrong))).await?;
        still_there(&mut wire).await?;
    }
    Ok(())
}

async fn data(subject: &Subject) -> Result<(), Stop> {
    needs_plain(subject)?;
    let mut wire = subject.connect().await?;
    wire.send(b"AUTH PLAIN\r\nQUIT\r\n").await?;
    let challenge = wire.reply().await?;
    ensure(challenge.0.starts_with(b"+"), "a challenge", &challenge.0)?;
    let reply = wire.reply().await?;
    ensure(reply.is_error(), "-ERR to QUIT as a response", &reply.0)?;
    still_there(&mut wire).await
}

async fn no_secret(subject: &Subject) -> Result<(), Stop> {
    needs_plain(subject)?;
    let encoded = message(b"conform-nobody", b"conform-secret");
    let mut wire = subject.connect().await?;
    let reply = wire.refused(&format!("AUTH PLAIN {}", *encoded)).await?;
    let text = String::from_utf8_lossy(&reply.0);
    let repeated = text.contains("conform-secret") || text.contains(encoded.as_str());
    ensure(!repeated, "-ERR without the response", &reply.0)
}
