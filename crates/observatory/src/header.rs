//! Whether the header of a message speaks of what a thief in a maildrop looks for (rule H4). Nothing else of the
//! message is looked at, and nothing of it is kept.

use data_encoding::{BASE64, BASE64_NOPAD};

/// Octets of a header that are looked at.
const LOOKED_AT: usize = 8 * 1024;

/// Words of messages that open other doors, or move money.
const WORDS: [&str; 40] = [
    "password",
    "passcode",
    "passwort",
    "mot de passe",
    "contraseña",
    "reset",
    "one-time",
    "one time",
    "otp",
    "verification",
    "verify",
    "verifizier",
    "vérification",
    "security code",
    "login code",
    "sign-in",
    "sign in",
    "2fa",
    "two-factor",
    "two-step",
    "recovery",
    "confirm your",
    "invoice",
    "rechnung",
    "facture",
    "payment",
    "iban",
    "bank",
    "paypal",
    "wire transfer",
    "パスワード",
    "認証",
    "確認コード",
    "ワンタイム",
    "再設定",
    "暗証",
    "請求",
    "銀行",
    "振込",
    "支払",
];

/// Whether From or Subject of a message that begins so speaks of resets, codes, invoices or banks.
pub fn is_sensitive(beginning: &[u8]) -> bool {
    let head = &beginning[..beginning.len().min(LOOKED_AT)];
    let mut field = Vec::new();
    for line in head.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if matches!(line, [b' ' | b'\t', ..]) {
            if !field.is_empty() {
                field.extend_from_slice(line);
            }
            continue;
        }
        if speaks_of_it(&field) {
            return true;
        }
        field.clear();
        if line.is_empty() {
            return false;
        }
        if is_named(line, b"subject:") || is_named(line, b"from:") {
            field.extend_from_slice(line);
        }
    }
    speaks_of_it(&field)
}

fn is_named(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

fn speaks_of_it(field: &[u8]) -> bool {
    if field.is_empty() {
        return false;
    }
    let text = decoded(field).to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// The text of a field, encoded words in UTF-8 decoded (RFC 2047 §2). Other character sets stay as they are.
fn decoded(field: &[u8]) -> String {
    let field = String::from_utf8_lossy(field);
    let mut text = String::new();
    let mut rest = field.as_ref();
    let mut behind_word = false;
    while let Some(start) = rest.find("=?") {
        let between = &rest[..start];
        let Some((word, length)) = encoded_word(&rest[start..]) else {
            text.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            behind_word = false;
            continue;
        };
        // White space between two encoded words is none (RFC 2047 §6.2).
        if !(behind_word && between.trim().is_empty()) {
            text.push_str(between);
        }
        text.push_str(&word);
        rest = &rest[start + length..];
        behind_word = true;
    }
    text + rest
}

/// `=?utf-8?B?…?=` at the beginning, decoded, and how long it is.
fn encoded_word(text: &str) -> Option<(String, usize)> {
    let mut parts = text.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let data = &rest[..rest.find("?=")?];
    let length = 2 + charset.len() + 1 + encoding.len() + 1 + data.len() + 2;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let octets = match encoding {
        "B" | "b" => BASE64.decode(data.as_bytes()).or_else(|_| BASE64_NOPAD.decode(data.as_bytes())).ok()?,
        "Q" | "q" => quoted(data.as_bytes()),
        _ => return None,
    };
    Some((String::from_utf8_lossy(&octets).into_owned(), length))
}

fn quoted(data: &[u8]) -> Vec<u8> {
    let mut octets = Vec::with_capacity(data.len());
    let mut rest = data;
    while let [first, behind @ ..] = rest {
        rest = behind;
        let hexadecimal = |octet: &u8| char::from(*octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (first, behind) {
            (b'_', _) => octets.push(b' '),
            (b'=', [high, low, after @ ..]) if let (Some(high), Some(low)) = (hexadecimal(high), hexadecimal(low)) => {
                octets.push(high << 4 | low);
                rest = after;
            }
            (other, _) => octets.push(*other),
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_thieves_look_for_are_known() {
        // S-062, H4
        for header in [
            "Subject: Reset your password\r\n\r\n",
            "From: x\nSubject: Your one-time\n code\n\n",
            "subject: =?UTF-8?B?44OR44K544Ov44O844OJ44Gu5YaN6Kit5a6a?=\r\n\r\n",
            "Subject: =?utf-8?B?44OR44K5?=\r\n =?utf-8?B?44Ov44O844OJ?=\r\n\r\n",
            "Subject: =?utf-8?q?Your_verific=61tion_c=6Fde?=\r\n\r\n",
            "From: \"My Bank\" <x@example.org>\r\nSubject: hello\r\n\r\n",
            "Subject: Invoice 2026-11",
        ] {
            assert!(is_sensitive(header.as_bytes()), "{header}");
        }
        for header in [
            "Subject: Lunch\r\n\r\npassword",
            "X-Reset: password\r\nSubject: =?utf-8?B?!!!?= =?\r\n\r\n",
            "Received: from bank\r\n by x\r\nSubject: =?utf-8?q?a=?=\r\n\r\n",
            "",
            "\r\n",
        ] {
            assert!(!is_sensitive(header.as_bytes()), "{header}");
        }
        assert!(!is_sensitive(&[b"Subject: ".as_slice(), &vec![0xff; 20_000]].concat()));
    }
}
