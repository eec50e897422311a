//! `talk` on a terminal of its own.

use std::ops::Deref;
use std::path::PathBuf;

use crate::support::{self, PROGRAM};

/// A terminal in which `talk` runs.
pub struct Screen(support::screen::Screen);

impl Screen {
    /// Runs `talk` in a terminal of so many columns, in English unless the arguments say otherwise.
    pub fn start(columns: u16, arguments: &[&str]) -> Self {
        let words = [&[PROGRAM, "talk", "--no-times"], arguments].concat();
        Self(support::screen::Screen::run(columns, &[], &words))
    }

    pub fn history(&self) -> PathBuf {
        self.state().join("watchpost/talk-history")
    }
}

impl Deref for Screen {
    type Target = support::screen::Screen;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
