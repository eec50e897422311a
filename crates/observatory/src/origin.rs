//! What the operator's lists say of an address: company, country, Tor, surveys of the internet.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Where an address belongs. Nothing here comes from the network: the operator gives the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The number of its autonomous system.
    pub asn: Option<u32>,
    /// Who runs that.
    pub organization: Option<String>,
    /// Two letters (ISO 3166).
    pub country: Option<String>,
    /// Whether it leads out of Tor.
    pub tor: bool,
    /// Whether servers are rented there: no person's home.
    pub hosting: bool,
    /// The survey it belongs to: `Censys`, `Shodan`.
    pub scanner: Option<String>,
}

impl Origin {
    /// Whether guesses from there weigh more.
    pub const fn is_anonymous(&self) -> bool {
        self.tor || self.hosting
    }
}

/// Asks the operator's lists. A replay gives the same verdicts with the same lists.
pub type Origins = Box<dyn Fn(IpAddr) -> Option<Origin> + Send + Sync>;
