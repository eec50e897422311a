//! What RETR gives: the messages that the run has delivered itself, to the octet.

use crate::conform::check::checks;
use crate::conform::stop::{Stop, ensure};
use crate::conform::subject::{Received, Subject};

checks! {
    ["P-162", "P-046"], "RFC 1939 §11", "LIST says how many octets RETR gives", "LIST の値は RETR で得られるオクテット数に等しい",
        "Lines end with CRLF, and dots that were added are not counted.", sizes => known;
    ["P-044", "P-040"], "RFC 1939 §3", "No CR and no LF stands alone in a reply", "応答の中に単独の CR や LF がない",
        "Each line of a multi-line reply ends with CRLF; other line ends become CRLF.", line_ends => known;
    ["P-041", "P-042"], "RFC 1939 §3", "Lines that begin with a dot come through", "ドットで始まる行が正しく届く",
        "Each gets one more dot; else a lone dot ends the message, and its rest is read as replies.", dots => known;
    ["P-045", "P-162"], "RFC 1939 §11", "A message without a last line end gets one, and it is counted",
        "末尾に改行のないメッセージに改行を補い、サイズに含める",
        "The terminator must be a line of its own.", no_end => known;
    ["P-044", "P-162"], "RFC 1939 §11", "CRLF, LF and CR all become CRLF, and are counted so",
        "CRLF・LF・CR はすべて CRLF になり、そのように数える", "Listed size and content agree.", mixed_ends => known;
    ["P-240"], "RFC 5322 §2.3", "A NUL does not break a message", "NUL を含むメッセージが壊れない",
        "Everything behind it arrives; the NUL itself is sent as 0x80, as clients written in C stop at it.", nul => known;
    ["P-047", "P-043"], "RFC 5322 §2.1.1", "Lines of any length come through", "どんな長さの行も正しく届く",
        "Unwrapped, uncut, and without dots where buffers end.", long => known;
    ["P-165"], "RFC 1939 §11", "Messages come as they were stored", "メッセージは保存されたとおりに届く",
        "No header is added, and octets beyond ASCII stay as they are.", content => known;
    ["P-162"], "RFC 1939 §11", "A message without octets is one", "空のメッセージも 1 通である",
        "Size 0, and a lone dot.", empty => known;
    ["P-161", "P-066"], "RFC 1939 §5", "All messages are listed, however many", "何通あっても、すべてのメッセージを一覧に示す",
        "LIST shows every message of the maildrop.", all_of_them => known;
    ["P-183", "P-182"], "RFC 1939 §7", "Messages that are the same have different unique-ids",
        "同一内容のメッセージも固有 ID は異なる", "Each message has its own.", twins => known;
    ["P-188"], "RFC 1939 §7", "The sender chooses no unique-id", "送信者は固有 ID を選べない",
        "An X-UIDL header comes from whoever wrote the message.", x_uidl => known;
}

fn is_whole(subject: &Subject, name: &str) -> Result<(), Stop> {
    let message = subject.own(name)?;
    if let Some(trouble) = &message.trouble {
        return Err(trouble.clone());
    }
    let (Some(corpus), Some(item)) = (&subject.corpus, message.item) else {
        return Err(Stop::skipped("nothing was delivered"));
    };
    if corpus.is_whole(item, &message.block.octets) {
        return Ok(());
    }
    let expected = corpus.expected(item);
    let same = expected.iter().zip(&message.block.octets).take_while(|(one, other)| one == other).count();
    let around = &message.block.octets[same.saturating_sub(8).min(message.block.octets.len())..];
    let what = format!("\"{name}\" of {} octets as it was delivered", expected.len());
    let remark = format!("{} octets, different from octet {same} on", message.block.octets.len());
    Err(Stop::came(&what, &around[..around.len().min(40)], &remark))
}

fn size_is_true(message: &Received) -> Result<(), Stop> {
    if let Some(trouble) = &message.trouble {
        return Err(trouble.clone());
    }
    let came = message.block.octets.len() as u64;
    let expected = format!("{} octets, as LIST says of message {}", message.listed, message.number);
    ensure(came == message.listed, &expected, format!("{came} octets").as_bytes())
}

fn sizes(subject: &Subject) -> Result<(), Stop> {
    subject.messages()?.iter().try_for_each(size_is_true)
}

fn line_ends(subject: &Subject) -> Result<(), Stop> {
    for message in subject.messages()? {
        for line in message.block.raw.split_inclusive(|octet| *octet == b'\n') {
            let text = line.strip_suffix(b"\r\n").ok_or_else(|| Stop::came("CRLF", line, "at the end of a line"))?;
            ensure(!text.contains(&b'\r'), "no CR inside a line", text)?;
        }
    }
    Ok(())
}

fn dots(subject: &Subject) -> Result<(), Stop> {
    is_whole(subject, "dots")?;
    is_whole(subject, "last-dot")?;
    match is_whole(subject, "first-dot") {
        Err(Stop::Skipped(_)) => Ok(()),
        other => other,
    }
}

fn no_end(subject: &Subject) -> Result<(), Stop> {
    is_whole(subject, "no-end")?;
    size_is_true(subject.own("no-end")?)
}

fn mixed_ends(subject: &Subject) -> Result<(), Stop> {
    is_whole(subject, "ends")?;
    size_is_true(subject.own("ends")?)
}

fn nul(subject: &Subject) -> Result<(), Stop> {
    is_whole(subject, "nul")
}

fn long(subject: &Subject) -> Result<(), Stop> {
    is_whole(subject, "long")
}

fn content(subject: &Subject) -> Result<(), Stop> {
    for name in ["plain", "eight-bit", "top", "header-only"] {
        match is_whole(subject, name) {
            Err(Stop::Skipped(_)) if name == "header-only" => {}
            other => other?,
        }
    }
    Ok(())
}

fn empty(subject: &Subject) -> Result<(), Stop> {
    size_is_true(subject.own("empty")?)
}

fn all_of_them(subject: &Subject) -> Result<(), Stop> {
    let survey = subject.survey()?;
    let Some(corpus) = &subject.corpus else { return Err(Stop::skipped("nothing was delivered (--deliver-maildir)")) };
    let expected = format!("{} new messages, as many as were delivered", corpus.len());
    ensure(survey.appeared == corpus.len(), &expected, survey.appeared.to_string().as_bytes())
}

fn twins(subject: &Subject) -> Result<(), Stop> {
    subject.own("twin")?;
    let twins =
        subject.survey()?.received.iter().filter(|message| message.item.is_some_and(|item| item.name == "twin"));
    let ids: Vec<&Option<String>> = twins.map(|message| &message.uid).collect();
    ensure(ids.len() == 2 && ids[0] != ids[1], "two messages with two unique-ids", format!("{ids:?}").as_bytes())
}

fn x_uidl(subject: &Subject) -> Result<(), Stop> {
    let message = subject.own("x-uidl")?;
    let chosen = subject.corpus.as_ref().map(crate::conform::corpus::Corpus::chosen_uid);
    let uid = message.uid.clone().unwrap_or_default();
    ensure(message.uid != chosen, "another unique-id than the one in the header", uid.as_bytes())
}
