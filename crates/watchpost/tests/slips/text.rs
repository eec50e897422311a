//! What messages and responses look like on the wire.

/// Line ends as CRLF, NUL as 0x80, a line end at the end.
pub fn canonical(message: &[u8]) -> Vec<u8> {
    let text: Vec<u8> = message.iter().map(|octet| if *octet == 0 { 0x80 } else { *octet }).collect();
    let mut lines: Vec<Vec<u8>> = vec![Vec::new()];
    let mut octets = text.into_iter().peekable();
    while let Some(octet) = octets.next() {
        match octet {
            b'\r' => {
                octets.next_if_eq(&b'\n');
                lines.push(Vec::new());
            }
            b'\n' => lines.push(Vec::new()),
            octet => lines.last_mut().unwrap().push(octet),
        }
    }
    if lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    lines.into_iter().flat_map(|line| [line, b"\r\n".to_vec()].concat()).collect()
}

/// The header, the blank line and so many lines of the body.
pub fn top(message: &[u8], lines: u64) -> Vec<u8> {
    let (mut out, mut left) = (Vec::new(), None);
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if left == Some(0) {
            break;
        }
        out.extend_from_slice(line);
        left = match left {
            Some(left) => Some(left - 1),
            None if line == b"\r\n" => Some(lines),
            None => None,
        };
    }
    out
}

/// With a dot more in front of each line that begins with one.
pub fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in message.split_inclusive(|octet| *octet == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    out
}

/// Strict base64.
pub fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let padding = text.iter().rev().take_while(|octet| **octet == b'=').count();
    if !text.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut out = Vec::new();
    for four in text[..text.len() - padding].chunks(4) {
        let mut bits = 0_u32;
        for octet in four {
            let value = match octet {
                b'A'..=b'Z' => octet - b'A',
                b'a'..=b'z' => octet - b'a' + 26,
                b'0'..=b'9' => octet - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                _ => return None,
            };
            bits = (bits << 6) | u32::from(value);
        }
        bits <<= 6 * (4 - four.len());
        out.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    Some(out)
}
