//! A terminal of its own, by tmux: a server of its own, gone with the test.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may fail here")]

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use super::{PATIENCE, planted_fault};

/// A terminal in which a program runs.
pub struct Screen {
    dir: tempfile::TempDir,
}

impl Screen {
    /// Runs a program in a terminal of so many columns. It knows of its surroundings what stands here.
    pub fn run(columns: u16, variables: &[(&str, &str)], words: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let screen = Self { dir };
        let state = screen.dir.path().join("state").display().to_string();
        let usual = [("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8"), ("NO_COLOR", "1"), ("XDG_STATE_HOME", state.as_str())];
        let fault = planted_fault();
        let fault = fault.as_deref().map(|fault| ("WATCHPOST_PLANTED_FAULT", fault));
        let variables = usual.iter().chain(&fault).chain(variables);
        let columns = columns.to_string();
        let mut command = screen.tmux();
        command.args(["-f", "/dev/null", "new-session", "-d", "-s", "talk", "-x", &columns, "-y", "50", "env"]);
        command.args(variables.map(|(name, value)| format!("{name}={value}"))).args(words);
        // The window stays when the program has ended, so that its last words can be read.
        command.args([";", "set-option", "-g", "remain-on-exit", "on"]);
        assert!(command.status().expect("tmux").success());
        screen
    }

    fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        command.arg("-u").arg("-S").arg(self.dir.path().join("socket")).env_remove("TMUX").env("TERM", "xterm");
        command.env("LC_ALL", "C.UTF-8");
        command
    }

    pub fn types(&self, text: &str) {
        assert!(self.tmux().args(["send-keys", "-t", "talk", "-l", text]).status().unwrap().success());
    }

    pub fn key(&self, key: &str) {
        assert!(self.tmux().args(["send-keys", "-t", "talk", key]).status().unwrap().success());
    }

    pub fn enter(&self) {
        self.key("Enter");
    }

    /// What stands on the screen, and what has left it at the top.
    pub fn everything(&self) -> String {
        let output = self.tmux().args(["capture-pane", "-t", "talk", "-p", "-S", "-"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until the terminal shows this.
    pub fn shows(&self, text: &str) -> String {
        self.waits(text, |everything| everything.contains(text))
    }

    /// Waits until its last line that is not empty is this.
    pub fn ends_with(&self, text: &str) -> String {
        self.waits(text, |everything| everything.trim_end().ends_with(text))
    }

    fn waits(&self, what: &str, until: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let everything = self.everything();
            if until(&everything) {
                return everything;
            }
            assert!(Instant::now() < end, "never on the screen: {what:?}\n{everything}");
            std::thread::yield_now();
        }
    }

    /// Where the program keeps what it remembers.
    pub fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.tmux().arg("kill-server").status();
    }
}
