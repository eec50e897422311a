//! From where an account may log in: `allow_nets=10.0.0.0/8,2001:db8::/32`.

use std::net::IpAddr;

/// Networks, by their addresses and the bits that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Networks(Vec<(IpAddr, u32)>);

impl Networks {
    /// Reads a list with commas. An address alone is a network of one. `None`: something in it is neither.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let network = |text: &str| {
            let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
            let address: IpAddr = address.parse().ok()?;
            let width = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Some(width), |bits| bits.parse().ok())?;
            (bits <= width).then_some((address, bits))
        };
        text.split(',').map(network).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Whether the address lies in one of them.
    pub(super) fn allow(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|(network, bits)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (network.to_bits() ^ address.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                (network.to_bits() ^ address.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
            }
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_lies_in_a_network_or_it_does_not() {
        for (networks, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.0/31,2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("::/0", "2001:db8::1", "203.0.113.9"),
        ] {
            let networks = Networks::parse(networks).unwrap();
            assert!(networks.allow(inside.parse().unwrap()), "{inside} in {networks:?}");
            assert!(!networks.allow(outside.parse().unwrap()), "{outside} in {networks:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_not_guessed_at() {
        for wrong in ["", "local", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/8,", "10.0.0.0/-1", "::1/129", "a.example"] {
            assert_eq!(Networks::parse(wrong), None, "{wrong}");
        }
    }
}
