//! Base64 (RFC 4648 §4) for AUTH.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The octets as base64, padded.
pub(super) fn encode(octets: impl AsRef<[u8]>) -> String {
    let mut text = String::with_capacity(octets.as_ref().len().div_ceil(3) * 4);
    for three in octets.as_ref().chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, octet| (bits << 8) | u32::from(*octet)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        // RFC 4648 §10
        for (plain, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(super::encode(plain), encoded);
        }
    }
}
