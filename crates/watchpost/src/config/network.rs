//! Networks of addresses, and who may say a password in the clear.

use std::fmt;
use std::net::IpAddr;

/// A network in CIDR form: `10.0.0.0/8`, `2001:db8::/32`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotANetwork {
    /// Not an address, or not a number behind the slash.
    #[error("it is not an address with a prefix length")]
    Form,
    /// More bits than the address has.
    #[error("the prefix length is at most {0}")]
    Prefix(u8),
    /// Bits are set behind the prefix: most often an address was meant, or another length.
    #[error("it has bits set behind the prefix; the network is {0}")]
    HostBits(Network),
}

impl Network {
    /// Reads CIDR notation; without a slash it is a single address.
    pub fn parse(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| NotANetwork::Form)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(digits) if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) => {
                return Err(NotANetwork::Form);
            }
            Some(digits) => digits.parse().map_err(|_| NotANetwork::Prefix(most))?,
        };
        if prefix > most {
            return Err(NotANetwork::Prefix(most));
        }
        let network = Self { address: masked(address, prefix), prefix };
        if network.address == address { Ok(network) } else { Err(NotANetwork::HostBits(network)) }
    }

    /// Its first address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many bits name it.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether the address lies within. An IPv4 address that came in through an IPv6 socket counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.prefix) == self.address
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

/// The address with nothing but its first `prefix` bits.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    }
}

/// From where a client may log in without TLS (RFC 8314 §3: from nowhere, unless somebody decides otherwise).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PlaintextLogin {
    /// From nowhere.
    #[default]
    Never,
    /// From this machine.
    Loopback,
    /// From these networks.
    Networks(Vec<Network>),
}

impl PlaintextLogin {
    /// Whether a client at this address may log in without TLS.
    pub fn allows(&self, address: IpAddr) -> bool {
        match self {
            Self::Never => false,
            Self::Loopback => address.to_canonical().is_loopback(),
            Self::Networks(networks) => networks.iter().any(|network| network.contains(address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        for (network, within, without) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::10.1.2.3"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
            ("fe80::1", "fe80::1", "fe80::2"),
        ] {
            let network = Network::parse(network).unwrap();
            assert!(network.contains(address(within)), "{within} in {network}");
            assert!(!network.contains(address(without)), "{without} not in {network}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_with_its_reason() {
        for wrong in ["", "/", "10/8", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8", "localhost", "10.0.0.0/-1", " ::/0"]
        {
            assert_eq!(Network::parse(wrong), Err(NotANetwork::Form), "{wrong:?}");
        }
        assert_eq!(Network::parse("10.0.0.0/33"), Err(NotANetwork::Prefix(32)));
        assert_eq!(Network::parse("::/999999"), Err(NotANetwork::Prefix(128)));
        let meant = Network::parse("10.0.0.0/8").unwrap();
        assert_eq!(Network::parse("10.1.2.3/8"), Err(NotANetwork::HostBits(meant)));
    }

    #[test]
    fn a_password_in_the_clear_is_allowed_from_where_it_says() {
        assert!(!PlaintextLogin::Never.allows(address("127.0.0.1")));
        for here in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(PlaintextLogin::Loopback.allows(address(here)), "{here}");
        }
        assert!(!PlaintextLogin::Loopback.allows(address("10.0.0.1")));
        let networks = PlaintextLogin::Networks(vec![Network::parse("10.0.0.0/8").unwrap()]);
        assert!(networks.allows(address("10.0.0.1")) && !networks.allows(address("127.0.0.1")));
    }
}
