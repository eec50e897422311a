//! Recognises by its first octets what somebody speaks who does not speak POP3 (rule W3).

use watchpost_proto::pop3::Verb;

use crate::event::Foreign;

/// What these first octets are; `None` when they are a command of POP3, or text that may be a mistyped one.
pub fn recognise(octets: &[u8]) -> Option<Foreign> {
    if octets.is_empty() {
        return None;
    }
    if let Some(foreign) = by_prefix(octets).or_else(|| by_words(octets)) {
        return Some(foreign);
    }
    is_binary(octets).then_some(Foreign::Binary)
}

/// What these first octets are where a TLS handshake must begin: a command of POP3 is foreign there too.
pub fn recognise_before_tls(octets: &[u8]) -> Option<Foreign> {
    let word = first_word(octets);
    match octets {
        [] => None,
        _ if Verb::ALL.iter().any(|verb| word.eq_ignore_ascii_case(verb.word().as_bytes())) => Some(Foreign::ClearPop3),
        _ => recognise(octets).or(Some(Foreign::Text)),
    }
}

/// Binary protocols, and texts that begin with one sign.
fn by_prefix(octets: &[u8]) -> Option<Foreign> {
    let foreign = match octets {
        // The second is SSL 2: a record of at least 128 octets, a ClientHello, version 2 or 3.
        [0x16, 3, ..] | [0x80..=0xff, _, 1, 0 | 3, 0..=4, ..] => Foreign::Tls,
        // TPKT, and an X.224 connection request.
        [3, 0, _, _, _, 0xe0, ..] => Foreign::Rdp,
        [5, count @ 1..=10, methods @ ..] if methods.len() >= usize::from(*count) => Foreign::Socks,
        [4, 1 | 2, _, _, _, _, _, _, ..] => Foreign::Socks,
        [0, _, _, _, 0xff | 0xfe, b'S', b'M', b'B', ..] => Foreign::Smb,
        [b'S', b'S', b'H', b'-', ..] => Foreign::Ssh,
        [b'{' | b'[', ..] => Foreign::JsonRpc,
        _ => return None,
    };
    Some(foreign)
}

const HTTP: [&[u8]; 10] =
    [b"GET", b"POST", b"HEAD", b"PUT", b"DELETE", b"CONNECT", b"TRACE", b"PATCH", b"PRI", b"PROPFIND"];
const SIP: [&[u8]; 5] = [b"REGISTER", b"INVITE", b"SUBSCRIBE", b"MESSAGE", b"BYE"];
const SMTP: [&[u8]; 7] = [b"EHLO", b"HELO", b"LHLO", b"MAIL", b"RCPT", b"VRFY", b"STARTTLS"];
const IMAP: [&[u8]; 11] = [
    b"LOGIN",
    b"CAPABILITY",
    b"AUTHENTICATE",
    b"LOGOUT",
    b"NOOP",
    b"STARTTLS",
    b"ID",
    b"SELECT",
    b"EXAMINE",
    b"NAMESPACE",
    b"LIST",
];

/// Protocols of words.
fn by_words(octets: &[u8]) -> Option<Foreign> {
    let word = first_word(octets);
    let behind = octets.get(word.len() + 1..).unwrap_or_default();
    let second = first_word(behind);
    if word == b"OPTIONS" || SIP.contains(&word) {
        return Some(if second.starts_with(b"sip:") { Foreign::Sip } else { Foreign::Http });
    }
    if HTTP.contains(&word) && (matches!(second, [b'/' | b'*', ..] | b"") || second.contains(&b':')) {
        return Some(Foreign::Http);
    }
    let among = |words: &[&[u8]], word: &[u8]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
    if among(&SMTP, word) {
        return Some(Foreign::Smtp);
    }
    let is_tag = !word.is_empty()
        && word.len() <= 10
        && word.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'.');
    let tagged = is_tag && (word.iter().any(u8::is_ascii_digit) || word.len() == 1);
    (tagged && among(&IMAP, second)).then_some(Foreign::Imap)
}

fn first_word(octets: &[u8]) -> &[u8] {
    octets.split(|octet| matches!(octet, b' ' | b'\r' | b'\n')).next().unwrap_or_default()
}

/// Octets that no text has.
fn is_binary(octets: &[u8]) -> bool {
    let text = std::str::from_utf8(octets);
    let is_utf8 = text.map_or_else(|error| error.error_len().is_none() && error.valid_up_to() > 0, |_| true);
    !is_utf8 || octets.iter().any(|octet| matches!(octet, 0..=8 | 14..=26 | 28..=31 | 127))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_protocols_are_known_by_their_first_octets() {
        // S-062, W3
        let cases: [(&[u8], Foreign); 32] = [
            (b"GET / HTTP/1.1", Foreign::Http),
            (b"PRI * HTTP/2.0", Foreign::Http),
            (b"OPTIONS / HTTP/1.0", Foreign::Http),
            (b"CONNECT example.org:443 HTTP/1.1", Foreign::Http),
            (b"GET /?auth", Foreign::Http),
            (b"OPTIONS sip:nm SIP/2.0", Foreign::Sip),
            (b"REGISTER sip:example.org SIP/2.0", Foreign::Sip),
            (b"\x16\x03", Foreign::Tls),
            (b"\x80\x2e\x01\x00\x02", Foreign::Tls),
            (b"\x80\x9e\x01\x03\x01", Foreign::Tls),
            (b"EHLO example.org", Foreign::Smtp),
            (b"helo x", Foreign::Smtp),
            (b"MAIL FROM:<a@b>", Foreign::Smtp),
            (b"\x03\x00\x00\x2b\x26\xe0\x00\x00\x00\x00\x00Cookie", Foreign::Rdp),
            (b"\x03\x00\x00\x13\x0e\xe0\x00", Foreign::Rdp),
            (b"SSH-2.0-Go", Foreign::Ssh),
            (b"\x05\x01\x00", Foreign::Socks),
            (b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", Foreign::Socks),
            (b"\x00\x00\x00\x85\xffSMBr", Foreign::Smb),
            (b"\x00\x00\x00\x45\xfeSMB@", Foreign::Smb),
            (b"A001 LOGIN", Foreign::Imap),
            (b"a CAPABILITY", Foreign::Imap),
            (b"1 id", Foreign::Imap),
            (b"{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"login\"", Foreign::JsonRpc),
            (b"\0\0\0\0", Foreign::Binary),
            (b"\xff\xfb\x1f", Foreign::Binary),
            (b"\x10\x1f\0\x04MQTT", Foreign::Binary),
            (b"\x01\x02", Foreign::Binary),
            (b"\x7f", Foreign::Binary),
            (b"l\0\x0b\0\0\0", Foreign::Binary),
            (b"\x12\x01\0\x34", Foreign::Binary),
            (b"\x30\x0c\x02\x01\x01\x60\x07", Foreign::Binary),
        ];
        for (octets, foreign) in cases {
            assert_eq!(recognise(octets), Some(foreign), "{:?}", String::from_utf8_lossy(octets));
            assert_eq!(recognise_before_tls(octets), Some(foreign));
        }
    }

    #[test]
    fn what_may_be_a_mistyped_command_is_not_foreign() {
        for text in ["HELP", "XTND", "USR alice", "ゆき", "", "LIST 1", "noop", "get", "alice LOGIN", "ＱＵＩＴ"]
        {
            assert_eq!(recognise(text.as_bytes()), None, "{text}");
        }
        assert_eq!(recognise_before_tls(b"HELP"), Some(Foreign::Text));
        assert_eq!(recognise_before_tls(b"user alice"), Some(Foreign::ClearPop3));
        assert_eq!(recognise_before_tls(b""), None);
    }
}
