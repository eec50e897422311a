//! How long a server is waited for, step by step (C-010).

use std::time::Duration;

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// For each address of the host, and for finding them.
    pub address: Duration,
    /// For the TLS handshake.
    pub handshake: Duration,
    /// For the next octets of the server, and for it to take ours.
    pub reply: Duration,
}

impl Deadlines {
    /// Those that suit most servers.
    pub const USUAL: Self =
        Self { address: Duration::from_secs(15), handshake: Duration::from_secs(30), reply: Duration::from_mins(1) };
}

impl Default for Deadlines {
    fn default() -> Self {
        Self::USUAL
    }
}
