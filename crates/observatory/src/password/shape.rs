//! The shape of a password: its length, roughly, and which kinds of characters it has.

use crate::event::PasswordLength;

pub(super) const fn length(password: &[u8]) -> PasswordLength {
    match password.len() {
        0 => PasswordLength::Empty,
        1..=5 => PasswordLength::To5,
        6..=8 => PasswordLength::To8,
        9..=11 => PasswordLength::To11,
        12..=15 => PasswordLength::To15,
        _ => PasswordLength::Longer,
    }
}

/// Bit 0 lower case, 1 upper case, 2 digits, 3 others in ASCII, 4 beyond ASCII.
pub(super) fn classes(password: &[u8]) -> u8 {
    password.iter().fold(0, |classes, octet| {
        classes
            | match octet {
                b'a'..=b'z' => 1,
                b'A'..=b'Z' => 1 << 1,
                b'0'..=b'9' => 1 << 2,
                ..=0x7f => 1 << 3,
                _ => 1 << 4,
            }
    })
}
