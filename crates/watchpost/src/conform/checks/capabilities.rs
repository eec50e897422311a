//! What CAPA lists, and whether it is true.

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::{Subject, find};
use crate::connect::Security;

/// Registered with IANA.
const REGISTERED: [&str; 13] = [
    "TOP",
    "USER",
    "SASL",
    "RESP-CODES",
    "LOGIN-DELAY",
    "PIPELINING",
    "EXPIRE",
    "UIDL",
    "IMPLEMENTATION",
    "STLS",
    "AUTH-RESP-CODE",
    "UTF8",
    "LANG",
];

checks! {
    ["P-130"], "RFC 2449 §5", "CAPA answers before and after login, in lines of at most 512 octets",
        "CAPA はログインの前後で使え、各行は 512 オクテット以内",
        "CAPA is valid in AUTHORIZATION and TRANSACTION.", answers;
    ["P-131"], "RFC 2449 §5", "What is announced before login stays announced after it",
        "ログイン前に通知した機能は、ログイン後も通知する",
        "Only STLS belongs to one state; everything else is announced in both.", stays;
    ["P-132"], "RFC 2449 §3", "Tags without arguments stand alone in their lines",
        "引数のないタグは、行に単独で置く",
        "Clients compare the whole line with TOP, UIDL and STLS.", alone => known;
    ["P-133", "P-060"], "RFC 2449 §6.2", "USER is announced if it would be accepted, and some login is",
        "USER を受け付けるときだけ通知し、何らかのログイン方法がある",
        "A capability is announced only if it can be used now.", user;
    ["P-084"], "RFC 2449 §6", "APOP is no capability", "APOP を機能として通知しない",
        "APOP is announced by the timestamp in the greeting alone.", apop => known;
    ["P-105"], "RFC 4422 §3.1", "Names of SASL mechanisms are names", "SASL 機構の名前が規則どおりである",
        "One to twenty capital letters, digits, hyphens and underscores.", mechanism_names => known;
    ["P-134"], "RFC 3206 §6", "With AUTH-RESP-CODE, a wrong password gets [AUTH], and nothing else does",
        "AUTH-RESP-CODE を通知したら、誤ったパスワードにだけ [AUTH] を返す",
        "The code tells a client whether the credentials are at fault.", auth_code;
    ["P-139"], "RFC 2449 §6.9", "No version is shown before login", "ログイン前にバージョンを見せない",
        "IMPLEMENTATION is optional; a version helps whoever looks for old ones.", version => known;
    ["P-140"], "RFC 2595 §4", "STLS is announced only where it can be used", "STLS は使えるところでだけ通知する",
        "Not under TLS, and not after login.", stls;
    ["P-141", "P-032"], "RFC 2449 §6.4", "Texts in brackets are response codes, and announced",
        "角括弧で始まる応答は応答コードであり、RESP-CODES で通知する",
        "With RESP-CODES a text that begins with [ is a code; codes are registered.", codes;
    ["P-142"], "RFC 2449 §9", "All tags are registered", "すべてのタグが登録されている",
        "Private tags begin with X.", registered => known;
    ["P-143"], "RFC 1957", "TOP and UIDL are there", "TOP と UIDL がある",
        "Optional in the RFC; clients that leave mail on the server need them.", needed => known;
}

fn listed(subject: &Subject) -> Result<&[String], Stop> {
    subject.capabilities.as_deref().ok_or_else(|| Stop::skipped("the server has no CAPA (RFC 2449)"))
}

async fn answers(subject: &Subject) -> Result<(), Stop> {
    listed(subject)?;
    let mut wire = subject.connect().await?;
    let before = wire.listing("CAPA").await?;
    let again = wire.listing("CAPA").await?;
    ensure(before.raw == again.raw, "the same twice", &again.raw)?;
    for line in before.raw.split_inclusive(|octet| *octet == b'\n') {
        ensure(line.len() <= 512 && line.ends_with(b"\r\n"), "lines of at most 512 octets", line)?;
    }
    if subject.account().is_ok() {
        let mut wire = subject.login().await?;
        wire.listing("CAPA").await?;
        wire.quit().await?;
    }
    Ok(())
}

async fn stays(subject: &Subject) -> Result<(), Stop> {
    let before = listed(subject)?;
    let mut wire = subject.login().await?;
    let after = wire.listing("CAPA").await?.lines();
    for line in before {
        let tag = line.split(' ').next().unwrap_or_default();
        let free = ["STLS", "IMPLEMENTATION"].iter().any(|free| tag.eq_ignore_ascii_case(free));
        ensure(free || find(&after, tag).is_some(), &format!("{tag} after login too"), after.join(", ").as_bytes())?;
    }
    wire.quit().await
}

fn alone(subject: &Subject) -> Result<(), Stop> {
    for line in listed(subject)? {
        let tag = line.split(' ').next().unwrap_or_default();
        let single = ["TOP", "UIDL", "STLS", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "USER"];
        let padded = line.ends_with(' ') || line.contains("  ");
        ensure(!padded && (!single.contains(&tag) || line == tag), "a tag alone", line.as_bytes())?;
    }
    Ok(())
}

async fn user(subject: &Subject) -> Result<(), Stop> {
    listed(subject)?;
    let mut wire = subject.connect().await?;
    let reply = wire.ask("USER conform-nobody").await?;
    let announced = subject.announces("USER");
    ensure(
        reply.is_ok() == announced,
        if announced { "+OK, as USER is announced" } else { "-ERR, as USER is not announced" },
        &reply.0,
    )?;
    let some = announced || subject.announces("SASL") || subject.security() != Security::Tls;
    ensure(some, "USER or SASL in CAPA", b"neither")
}

fn apop(subject: &Subject) -> Result<(), Stop> {
    let lines = listed(subject)?;
    ensure(find(lines, "APOP").is_none(), "no APOP in CAPA", b"APOP")
}

fn mechanism_names(subject: &Subject) -> Result<(), Stop> {
    subject.needs("SASL")?;
    let names = subject.announced("SASL").unwrap_or_default();
    let legal = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || "-_".contains(letter);
    let all = names.split(' ').all(|name| (1..=20).contains(&name.len()) && name.chars().all(legal));
    ensure(all, "names of mechanisms", names.as_bytes())
}

async fn auth_code(subject: &Subject) -> Result<(), Stop> {
    subject.needs("AUTH-RESP-CODE")?;
    subject.needs("USER")?;
    let mut wire = subject.connect().await?;
    let unknown = wire.refused("XYZZY").await?;
    ensure(!unknown.has_code("AUTH"), "no [AUTH] for an unknown command", &unknown.0)?;
    let name = subject.account.as_ref().map_or("conform-nobody", |account| account.name.as_str());
    wire.ok(&format!("USER {name}")).await?;
    let wrong = wire.refused("PASS conform-wrong").await?;
    ensure(wrong.has_code("AUTH"), "-ERR [AUTH] to a wrong password", &wrong.0)
}

fn version(subject: &Subject) -> Result<(), Stop> {
    let text = find(listed(subject)?, "IMPLEMENTATION").unwrap_or_default();
    ensure(!text.contains(|letter: char| letter.is_ascii_digit()), "no version before login", text.as_bytes())
}

async fn stls(subject: &Subject) -> Result<(), Stop> {
    let lines = listed(subject)?;
    if subject.security() != Security::Clear {
        ensure(find(lines, "STLS").is_none(), "no STLS under TLS", b"STLS")?;
    }
    if subject.security() == Security::Stls {
        let lines = subject.greeted().await?.listing("CAPA").await?.lines();
        ensure(find(&lines, "STLS").is_some(), "STLS in CAPA before TLS", lines.join(", ").as_bytes())?;
    }
    if subject.account().is_ok() {
        let mut wire = subject.login().await?;
        let lines = wire.listing("CAPA").await?.lines();
        ensure(find(&lines, "STLS").is_none(), "no STLS after login", b"STLS")?;
        wire.quit().await?;
    }
    Ok(())
}

async fn codes(subject: &Subject) -> Result<(), Stop> {
    let mut wire = subject.connect().await?;
    let mut replies = vec![wire.ask("XYZZY").await?, wire.ask("STAT").await?];
    if subject.announces("USER") {
        replies.push(wire.ask("USER conform-nobody").await?);
        replies.push(wire.ask("PASS conform-wrong").await?);
    }
    for reply in replies {
        let Some(code) = reply.code() else {
            ensure(!reply.text().starts_with(b"["), "a whole code, or no bracket", &reply.0)?;
            continue;
        };
        let known = ["IN-USE", "LOGIN-DELAY", "SYS/TEMP", "SYS/PERM", "AUTH", "UTF8"];
        let known = known.iter().any(|known| code == *known || code.starts_with(&format!("{known}/")));
        ensure(known, "a registered response code", &reply.0)?;
        ensure(subject.announces("RESP-CODES"), "RESP-CODES in CAPA, as codes are sent", &reply.0)?;
    }
    Ok(())
}

fn registered(subject: &Subject) -> Result<(), Stop> {
    for line in listed(subject)? {
        let tag = line.split(' ').next().unwrap_or_default().to_uppercase();
        ensure(tag.starts_with('X') || REGISTERED.contains(&tag.as_str()), "a registered tag", line.as_bytes())?;
    }
    Ok(())
}

fn needed(subject: &Subject) -> Result<(), Stop> {
    let lines = listed(subject)?;
    for tag in ["TOP", "UIDL"] {
        ensure(find(lines, tag).is_some(), &format!("{tag} in CAPA"), lines.join(", ").as_bytes())?;
    }
    Ok(())
}
