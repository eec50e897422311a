//! Commands from a file or from standard input, a line each, with what their replies should begin with.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use zeroize::{Zeroize, Zeroizing};

/// Octets of a line that are read.
const LINE_MAX: u64 = 64 * 1024;
/// What stands for the password.
pub(super) const PASSWORD: &str = "${password}";

/// A line of a script.
pub(super) enum Step {
    /// Something to say.
    Say(Zeroizing<String>),
    /// What the last reply should begin with, and in which line of the script that stands.
    Expect(String, u64),
    /// Something for readers.
    Comment(String),
    /// There is no more.
    End,
}

/// What is to be said.
pub(super) struct Script {
    source: Box<dyn BufRead>,
    number: u64,
}

impl Script {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { source: Box::new(BufReader::new(File::open(path)?)), number: 0 })
    }

    pub(super) fn from_standard_input() -> Self {
        Self { source: Box::new(BufReader::new(io::stdin())), number: 0 }
    }

    /// The next line that is not empty.
    pub(super) fn next(&mut self) -> io::Result<Step> {
        loop {
            let mut line = Zeroizing::new(String::new());
            let source = &mut self.source;
            if io::Read::take(&mut *source, LINE_MAX).read_line(&mut line)? == 0 {
                return Ok(Step::End);
            }
            self.number += 1;
            let text = line.trim_end_matches(['\n', '\r']);
            if let Some(comment) = text.trim_start().strip_prefix('#') {
                return Ok(Step::Comment(comment.trim().to_owned()));
            }
            if let Some(expected) = text.trim_start().strip_prefix('<') {
                return Ok(Step::Expect(expected.trim().to_owned(), self.number));
            }
            if !text.trim().is_empty() {
                let said = Zeroizing::new(text.to_owned());
                line.zeroize();
                return Ok(Step::Say(said));
            }
        }
    }
}
