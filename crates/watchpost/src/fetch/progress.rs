//! How far a session is, for somebody who looks at the terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// The bars of all accounts.
#[derive(Clone)]
pub struct Board(Option<MultiProgress>);

/// The bar of one account. It may show nothing.
pub struct Gauge(Option<ProgressBar>);

impl Board {
    /// Bars on standard error, which hide when that is no terminal.
    pub fn shown() -> Self {
        Self(Some(MultiProgress::new()))
    }

    /// No bars.
    pub const fn hidden() -> Self {
        Self(None)
    }

    /// A bar for an account.
    pub fn gauge(&self, account: &str) -> Gauge {
        Gauge(self.0.as_ref().map(|board| {
            let bar = board.add(ProgressBar::new(0));
            let style =
                ProgressStyle::with_template("{prefix:16} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.set_prefix(account.to_owned());
            bar
        }))
    }
}

impl Gauge {
    /// So many messages of so many octets will come.
    pub fn expect(&self, messages: usize, octets: u64) {
        if let Some(bar) = self.0.as_ref().filter(|_| messages > 0) {
            bar.set_length(octets);
        }
    }

    /// Octets have come.
    pub fn octets(&self, octets: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(octets);
        }
    }

    /// A message is where it belongs.
    pub fn message(&self) {
        if let Some(bar) = &self.0 {
            bar.tick();
        }
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
