//! Address ranges in CIDR notation, for the list of proxies whose forwarding headers are believed.

use std::net::{IpAddr, Ipv4Addr};

/// A range of addresses: `10.0.0.0/8`, `fd00::/8`, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads one range; an address without a prefix means that address alone.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let refusal = || format!("'{text}' is not an address range such as 10.0.0.0/8 or fd00::/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = address.parse().map_err(|_| refusal())?;
        let widest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            // A leading sign or an empty text would pass `parse`.
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| refusal())?
            }
            Some(_) => return Err(refusal()),
            None => widest,
        };
        if prefix > widest {
            return Err(refusal());
        }
        Ok(Self { base, prefix })
    }

    /// Whether `address` lies in the range. An IPv4 address that arrived on an IPv6 socket counts as IPv4.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => same_prefix(widen(base), widen(address), self.prefix),
            (IpAddr::V6(base), IpAddr::V6(address)) => same_prefix(base.to_bits(), address.to_bits(), self.prefix),
            _ => false,
        }
    }
}

/// An IPv4 address in the upper bits, so that one comparison serves both families.
fn widen(address: Ipv4Addr) -> u128 {
    u128::from(address.to_bits()) << 96
}

fn same_prefix(left: u128, right: u128, prefix: u8) -> bool {
    let difference = left ^ right;
    prefix == 0 || difference >> (128 - u32::from(prefix)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(network: &str, address: &str) -> bool {
        Network::parse(network).unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_range_contains_its_addresses_and_no_others() {
        assert!(contains("10.0.0.0/8", "10.255.1.2"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("127.0.0.1", "127.0.0.1"));
        assert!(!contains("127.0.0.1", "127.0.0.2"));
        assert!(contains("0.0.0.0/0", "203.0.113.9"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("fd00::/8", "fd12:3456::1"));
        assert!(!contains("fd00::/8", "fe80::1"));
    }

    #[test]
    fn an_ipv4_peer_on_an_ipv6_socket_is_recognized() {
        assert!(contains("192.0.2.0/24", "::ffff:192.0.2.7"));
    }

    #[test]
    fn malformed_ranges_are_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/", "10.0.0.0/+8", "fd00::/129", "proxy.example"] {
            assert!(Network::parse(text).is_err(), "{text}");
        }
    }
}
