//! Mail of the textbook's recordings.

use std::time::Duration;

use super::stage::Letter;

const DAY: Duration = Duration::from_hours(24);

fn letter(text: &str, age: Duration) -> Letter {
    Letter { octets: text.replace('\n', "\r\n").into_bytes(), age }
}

/// Two messages: one short, one with lines that begin with a dot.
pub(super) fn two() -> Vec<Letter> {
    vec![
        letter(
            "From: Yuki Tanaka <yuki@example.net>\nTo: Marshall Rose <mrose@example.org>\nSubject: Lunch?\n\
             Date: Mon, 2 Mar 2026 07:12:00 +0000\n\nShall we meet at noon?\n",
            Duration::from_hours(1),
        ),
        letter(
            "From: Lists <lists@example.net>\nTo: mrose@example.org\nSubject: Notes on dots\n\
             Date: Sun, 1 Mar 2026 19:40:00 +0000\n\n.profile is a hidden file.\n..  is the parent folder.\n.\n\
             The line above is a dot alone.\n",
            DAY,
        ),
    ]
}

/// So many ordinary messages.
pub(super) fn many(count: usize) -> Vec<Letter> {
    let one = |number| {
        letter(
            &format!(
                "From: shop@example.net\nTo: alice@example.org\nSubject: Newsletter {number}\n\
                 Date: Sun, 1 Mar 2026 10:00:00 +0000\n\nThis week we have {number} offers for you.\n"
            ),
            DAY * 3,
        )
    };
    (1..=count).map(one).collect()
}

/// Ordinary messages, and among them two that thieves look for.
pub(super) fn with_codes() -> Vec<Letter> {
    let mut letters = many(12);
    for (place, subject) in [(3, "Reset your password"), (8, "Your verification code is 493021")] {
        letters[place] = letter(
            &format!(
                "From: no-reply@bank.example\nTo: alice@example.org\nSubject: {subject}\n\
                 Date: Mon, 2 Mar 2026 07:58:00 +0000\n\nIf this was not you, do nothing.\n"
            ),
            Duration::from_mins(2),
        );
    }
    letters
}
