//! A question whose answer nobody sees: a password.
//!
//! Read octet by octet, so that Ctrl-C is one of them: a program that a signal ends leaves a terminal that shows nothing.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use watchpost_proto::Password;
use zeroize::Zeroizing;

/// Octets of an answer.
const ANSWER_MAX: usize = 1024;

/// Asks whoever sits at the terminal, whatever standard input is. Ctrl-C is [`io::ErrorKind::Interrupted`], Ctrl-D
/// [`io::ErrorKind::UnexpectedEof`].
pub fn ask(question: &str) -> io::Result<Password> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    // Whoever sees the question may answer at once.
    let _hidden = Hidden::begin(terminal.try_clone()?)?;
    terminal.write_all(question.as_bytes())?;
    let mut answer = Answer::new();
    let result = loop {
        let mut octet = [0];
        match terminal.read(&mut octet) {
            Ok(0) => break Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            // A window has changed its size, say.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => break Err(error),
        }
        match answer.typed(octet[0]) {
            Ok(false) => {}
            Ok(true) => break Ok(Password::new(answer.octets.as_slice())),
            Err(error) => break Err(error),
        }
    };
    terminal.write_all(b"\n")?;
    result
}

/// While it lives, the terminal shows nothing and gives every octet as it is typed.
struct Hidden {
    terminal: File,
    before: Termios,
}

impl Hidden {
    fn begin(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
        hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Now, &hidden)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// What has been typed. It never moves in memory, where it would leave itself behind.
struct Answer {
    octets: Zeroizing<Vec<u8>>,
    escape: Escape,
}

/// How far into a key that is more than a character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escape {
    None,
    Begun,
    Sequence,
}

impl Answer {
    fn new() -> Self {
        Self { octets: Zeroizing::new(Vec::with_capacity(ANSWER_MAX)), escape: Escape::None }
    }

    /// Whether the answer is complete.
    fn typed(&mut self, octet: u8) -> io::Result<bool> {
        match (self.escape, octet) {
            (_, 0x03) => return Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted")),
            (_, b'\r' | b'\n') => return Ok(true),
            // Arrows and the like mean nothing here.
            (Escape::Begun, b'[' | b'O') => self.escape = Escape::Sequence,
            (Escape::Sequence, 0x40..=0x7e) | (Escape::Begun, _) => self.escape = Escape::None,
            (Escape::Sequence, _) => {}
            (Escape::None, 0x1b) => self.escape = Escape::Begun,
            (Escape::None, 0x04) if self.octets.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
            (Escape::None, 0x08 | 0x7f) => self.remove_character(),
            (Escape::None, 0x15) => self.octets.clear(),
            (Escape::None, octet) if octet.is_ascii_control() => {}
            (Escape::None, _) if self.octets.len() == ANSWER_MAX => {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "the answer is too long"));
            }
            (Escape::None, octet) => self.octets.push(octet),
        }
        Ok(false)
    }

    /// The last character, which may be several octets.
    fn remove_character(&mut self) {
        while self.octets.pop().is_some_and(|octet| octet & 0xc0 == 0x80) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(typed: &[u8]) -> Result<Vec<u8>, io::ErrorKind> {
        let mut answer = Answer::new();
        for octet in typed {
            if answer.typed(*octet).map_err(|error| error.kind())? {
                return Ok(answer.octets.to_vec());
            }
        }
        panic!("it does not end");
    }

    #[test]
    fn what_is_typed_is_edited_as_terminals_do() {
        assert_eq!(answer(b"sesame\r"), Ok(b"sesame".to_vec()));
        assert_eq!(answer("s\u{3042}\u{7f}\u{e9}\n".as_bytes()), Ok("s\u{e9}".into()), "a character, not an octet");
        assert_eq!(answer(b"wrong\x15right\x08\x08\x08\x08\x08\x08\x08x\n"), Ok(b"x".to_vec()));
        assert_eq!(answer(b"a\x1b[Db\x1bOHc\x1b[1;5Cd\n"), Ok(b"abcd".to_vec()), "arrows are no text");
        assert_eq!(answer(b"a\x04\tb\n"), Ok(b"ab".to_vec()));
        assert_eq!(answer(b"half\x03"), Err(io::ErrorKind::Interrupted));
        assert_eq!(answer(b"\x1b[\x03"), Err(io::ErrorKind::Interrupted), "whatever was begun");
        assert_eq!(answer(b"\x04"), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(answer(&[b'x'; ANSWER_MAX + 1]), Err(io::ErrorKind::InvalidInput));
    }
}
