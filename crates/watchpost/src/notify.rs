//! Tells systemd how a service is (`sd_notify(3)`): a datagram to the socket that `$NOTIFY_SOCKET` names.

use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The way to systemd. Without one, nothing is told.
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// How often systemd wants to hear that we are alive.
    pub watchdog: Option<Duration>,
}

impl Notifier {
    /// What the environment says.
    pub fn found(variable: fn(&str) -> Option<String>) -> Self {
        let address = variable("NOTIFY_SOCKET").and_then(|name| address(&name));
        let socket = address.and_then(|address| Some((UnixDatagram::unbound().ok()?, address)));
        let watchdog = variable("WATCHDOG_USEC").and_then(|text| text.parse().ok()).filter(|usec| *usec > 0);
        Self { socket, watchdog: watchdog.map(Duration::from_micros) }
    }

    /// `READY=1`, `STATUS=…` and the like; lines of a status are one line.
    pub fn tell(&self, state: &str) {
        if let Some((socket, address)) = &self.socket {
            // A service that cannot tell goes on all the same.
            let _ = socket.send_to_addr(state.as_bytes(), address);
        }
    }

    /// What is being done, for `systemctl status`.
    pub fn status(&self, text: &str) {
        self.tell(&format!("STATUS={}", text.replace(['\n', '\r'], " ")));
    }
}

fn address(name: &str) -> Option<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(abstract_name) = name.strip_prefix('@') {
        use std::os::linux::net::SocketAddrExt;
        return SocketAddr::from_abstract_name(abstract_name).ok();
    }
    name.starts_with('/').then(|| SocketAddr::from_pathname(name).ok()).flatten()
}
