//! The mail that visitors read: made for them, the same in each start.

use uuid::Uuid;
use watchpost_store::User;
use watchpost_store::maildir::{ImportError, MaildirStore};

use super::ACCOUNT;

/// Messages that the intruder finds: enough for a harvest.
pub(super) const MESSAGES: u16 = 60;
/// The UUIDv7 before the first one: what is there already is not put there again.
const BEFORE_THE_FIRST: u128 = 0x019a_0000_0000_7000_8000_6361_726f_0000;

/// Puts those messages into the maildrop that are not there. Blocks.
pub(in crate::demo) fn fill(store: &MaildirStore, user: &User) -> Result<(), ImportError> {
    let mut import = store.import(user)?;
    for number in 1..=MESSAGES {
        import.put(Uuid::from_u128(BEFORE_THE_FIRST + u128::from(number)), &message(number))?;
    }
    import.finish()
}

fn message(number: u16) -> Vec<u8> {
    let subject = match number % 6 {
        0 => "Your invoice",
        1 => "Reset your password",
        2 => "Minutes of the meeting",
        3 => "Your verification code",
        4 => "Photos from the trip",
        _ => "Re: Lunch on Friday",
    };
    format!(
        "From: Somebody <somebody@example.net>\r\nTo: Carol <{ACCOUNT}@example.org>\r\nSubject: {subject} ({number})\r\n\
         Date: Mon, 2 Nov 2026 10:{:02}:00 +0000\r\nMessage-ID: <visitors-{number}@example.net>\r\n\r\n\
         This message was made for the demo's visitors: some of them read it, though nobody gave it to them.\r\n",
        number % 60
    )
    .into_bytes()
}
