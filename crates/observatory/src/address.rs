//! Addresses as rules count them: sources and the networks they stand in.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An address and how many of its bits count. IPv4 inside IPv6 is IPv4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// The network of this many bits that the address stands in.
    pub fn of(address: IpAddr, bits: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let bits = bits.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                Self { address: IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask)), bits }
            }
            IpAddr::V6(address) => {
                let bits = bits.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                Self { address: IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask)), bits }
            }
        }
    }

    /// What counts as one source: an IPv4 address, or the /64 that one customer has at the least.
    pub fn source(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self::of(address, if address.is_ipv4() { 32 } else { 64 })
    }

    /// The network around it: /24, or /56.
    #[must_use]
    pub fn net(self) -> Self {
        Self::of(self.address, if self.address.is_ipv4() { 24 } else { 56 })
    }

    /// Its first address.
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// How many bits count.
    pub const fn bits(self) -> u8 {
        self.bits
    }

    /// Whether all of the other stands in it.
    pub fn contains(self, other: Self) -> bool {
        other.bits >= self.bits && Self::of(other.address, self.bits) == self
    }

    /// Whether it is no address of the internet: loopback, link-local, RFC 1918, RFC 6598, RFC 4193.
    pub fn is_private(self) -> bool {
        match self.address {
            IpAddr::V4(address) => {
                let shared = Self::of(IpAddr::V4(Ipv4Addr::new(100, 64, 0, 0)), 10);
                address.is_loopback()
                    || address.is_private()
                    || address.is_link_local()
                    || address.is_unspecified()
                    || shared.contains(self)
            }
            IpAddr::V6(address) => {
                address.is_loopback()
                    || address.is_unspecified()
                    || address.is_unique_local()
                    || address.is_unicast_link_local()
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.address.is_ipv4() { 32 } else { 128 };
        if self.bits == whole {
            self.address.fmt(formatter)
        } else {
            write!(formatter, "{}/{}", self.address, self.bits)
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")
    }
}

/// What is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotANetwork(String);

impl fmt::Display for NotANetwork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} is no network: write an address, or an address/bits as 192.0.2.0/24", self.0)
    }
}

impl std::error::Error for NotANetwork {}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let refuse = || NotANetwork(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| refuse())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(whole);
        if bits > whole { Err(refuse()) } else { Ok(Self::of(address, bits)) }
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().expect("a network")
    }

    #[test]
    fn a_source_is_an_ipv4_address_or_an_ipv6_64_and_stands_in_a_24_or_56() {
        let source = |text: &str| Network::source(text.parse().expect("an address"));
        assert_eq!(source("203.0.113.9").to_string(), "203.0.113.9");
        assert_eq!(source("::ffff:203.0.113.9"), source("203.0.113.9"));
        assert_eq!(source("203.0.113.9").net().to_string(), "203.0.113.0/24");
        assert_eq!(source("2001:db8:1:2:3:4:5:6").to_string(), "2001:db8:1:2::/64");
        assert_eq!(source("2001:db8:1:2ff:3:4:5:6").net().to_string(), "2001:db8:1:200::/56");
        assert!(network("203.0.113.0/24").contains(source("203.0.113.9")));
        assert!(!network("203.0.113.9").contains(network("203.0.113.0/24")));
        assert!(network("0.0.0.0/0").contains(source("203.0.113.9")));
    }

    #[test]
    fn private_networks_are_known() {
        for private in ["127.0.0.1", "10.1.2.3", "192.168.7.0/24", "100.64.1.1", "::1", "fd00::/64", "fe80::1"] {
            assert!(network(private).is_private(), "{private}");
        }
        assert!(!network("203.0.113.9").is_private());
        assert!(!network("2001:db8::/64").is_private());
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "192.0.2.1/33", "::1/129", "192.0.2.1/", "example.org"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
