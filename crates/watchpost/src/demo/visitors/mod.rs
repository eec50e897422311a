//! Who comes to the demo: a troupe of simulated visitors, so that there is something to see within a minute.
//!
//! Each has addresses of its own in 127.64.0.0/10, speaks to the demo's own ports alone, and is bounded in what it
//! says and how long it stays; the whole troupe leaves within [`STAY`]. Who logs in does so as [`ACCOUNT`], whose mail
//! is made for that; alice's and bob's maildrops are never opened, and none of their passwords is ever sent.

mod exploits;
mod guessers;
mod honest;
mod intruder;
mod maildrop;
mod scanners;
mod stage;
mod visit;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::clock::{Clock as _, SystemClock};

pub(super) use maildrop::fill;
pub(super) use stage::Stage;

/// Whose maildrop visitors open.
pub(super) const ACCOUNT: &str = "carol";
/// Where visitors come from: strangers to the rules although they are on loopback.
pub(super) const NETWORK: &str = "127.64.0.0/10";
/// After this long nobody of the troupe is left. They need half of it where nothing else keeps the machine busy.
pub(super) const STAY: Duration = Duration::from_secs(90);

/// What one visitor does, to its end. What goes wrong for it is its own affair: it may have been thrown out.
type Deed = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// What became of the troupe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Departure {
    /// Connections that were made.
    pub(super) connections: u32,
    /// Visitors who had to be sent away because their time was over.
    pub(super) sent_away: usize,
}

/// Where a visitor can reach a port of the demo, if it is on this machine and speaks IPv4.
pub(super) fn reachable(bound: SocketAddr) -> Option<SocketAddr> {
    match bound.ip() {
        IpAddr::V4(ip) if ip.is_loopback() => Some(bound),
        IpAddr::V4(ip) if ip.is_unspecified() => Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), bound.port())),
        _ => None,
    }
}

/// Plays everything: first those who belong here, so that they are known, then all others at once.
pub(super) async fn play(stage: Stage) -> Departure {
    let end = (SystemClock.now() + STAY).into();
    let mut sent_away = 0;
    for act in [honest::first(&stage), strangers(&stage)] {
        let mut troupe: JoinSet<()> = act.into_iter().collect();
        let all = async { while troupe.join_next().await.is_some() {} };
        if tokio::time::timeout_at(end, all).await.is_err() {
            sent_away += troupe.len();
            troupe.shutdown().await;
        }
    }
    Departure { connections: stage.connections(), sent_away }
}

fn strangers(stage: &Stage) -> Vec<Deed> {
    let mut all = honest::all_along(stage);
    all.extend(scanners::all(stage));
    all.extend(guessers::all(stage));
    all.extend(exploits::all(stage));
    all.push(intruder::comes(stage));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors_reach_this_machine_alone() {
        let reached = |address: &str| reachable(address.parse().expect("an address"));
        assert_eq!(reached("127.0.0.1:1110"), Some("127.0.0.1:1110".parse().expect("an address")));
        assert_eq!(reached("0.0.0.0:1110"), Some("127.0.0.1:1110".parse().expect("an address")));
        for elsewhere in ["192.0.2.1:110", "[::1]:1110", "[::]:1110"] {
            assert_eq!(reached(elsewhere), None, "{elsewhere}");
        }
    }
}
