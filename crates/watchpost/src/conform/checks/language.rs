//! LANG and UTF8 (RFC 6856).

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::Subject;
use crate::connect::Security;

checks! {
    ["P-200"], "RFC 6856 §2", "UTF8 works where it is announced", "UTF8 を通知したら、使える",
        "Valid before login, without argument, and again without harm.", utf8;
    ["P-155"], "RFC 6856 §2.1", "STLS after UTF8 is refused", "UTF8 の後の STLS を拒否する",
        "What was agreed in clear text must not reach into TLS.", stls_after_utf8;
    ["P-208"], "RFC 6856 §3.2", "LANG lists languages where it is announced", "LANG を通知したら、言語の一覧を返す",
        "A tag, a space, and what the language calls itself.", lists;
    ["P-209", "P-210"], "RFC 6856 §3.2", "LANG changes to what it lists, and to nothing else",
        "LANG は一覧にある言語にだけ切り替える",
        "+OK, the tag, a text; without a match -ERR, and the old language stays.", changes;
}

async fn utf8(subject: &Subject) -> Result<(), Stop> {
    subject.needs("UTF8")?;
    let mut wire = subject.connect().await?;
    wire.refused("UTF8 x").await?;
    wire.ok("UTF8").await?;
    wire.ok("UTF8").await?;
    wire.quit().await
}

async fn stls_after_utf8(subject: &Subject) -> Result<(), Stop> {
    if subject.security() != Security::Stls {
        return Err(Stop::skipped("this run does not use STLS (--tls stls)"));
    }
    let mut wire = subject.greeted().await?;
    if wire.ask("UTF8").await?.is_error() {
        return Err(Stop::skipped("the server refuses UTF8 before TLS"));
    }
    wire.refused("STLS").await.map(drop)
}

async fn lists(subject: &Subject) -> Result<(), Stop> {
    subject.needs("LANG")?;
    let mut wire = subject.connect().await?;
    let lines = wire.listing("LANG").await?.lines();
    ensure(!lines.is_empty(), "at least one language", b"none")?;
    for line in &lines {
        let tag = line.split(' ').next().unwrap_or_default();
        let legal =
            tag.split('-').all(|part| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()));
        ensure(legal, "lines that begin with a language tag", line.as_bytes())?;
    }
    wire.quit().await
}

async fn changes(subject: &Subject) -> Result<(), Stop> {
    subject.needs("LANG")?;
    let mut wire = subject.connect().await?;
    let lines = wire.listing("LANG").await?.lines();
    for line in &lines {
        let tag = line.split(' ').next().unwrap_or_default().to_owned();
        let reply = wire.ok(&format!("LANG {}", tag.to_uppercase())).await?;
        let said = reply.words().first().is_some_and(|word| word.eq_ignore_ascii_case(&tag));
        ensure(said, &format!("+OK {tag} and a text"), &reply.0)?;
        let error = wire.refused("XYZZY").await?;
        ensure(error.0.len() <= 512 && std::str::from_utf8(&error.0).is_ok(), "UTF-8 of at most 512 octets", &error.0)?;
    }
    wire.refused("LANG x-conform").await?;
    wire.ok("LANG *").await?;
    wire.quit().await
}
