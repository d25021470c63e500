//! Which addresses may be asked. Private networks may: a registry of one's own lives in one, and so do its identity
//! providers. Addresses that mean this machine, this link, everybody or nobody may not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address must not be asked; nothing if it may. `loopback`: this machine may.
pub(crate) fn forbidden(address: IpAddr, loopback: bool) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => forbidden_v4(address, loopback),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => forbidden_v4(inner, loopback),
            None => forbidden_v6(address, loopback),
        },
    }
}

/// Whether an address is this machine's own.
pub(crate) fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => inner.is_loopback(),
            None => address.is_loopback(),
        },
    }
}

/// Whether an address belongs to a private network, or to the inside of a provider's.
pub(crate) fn is_private(address: IpAddr) -> bool {
    let private_v4 = |address: Ipv4Addr| {
        // 100.64.0.0/10 (RFC 6598), and the networks for benchmarks (RFC 2544).
        let [first, second, ..] = address.octets();
        address.is_private() || (first == 100 && second & 0xc0 == 64) || (first == 198 && second & 0xfe == 18)
    };
    match address {
        IpAddr::V4(address) => private_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(inner) => private_v4(inner),
            None => address.is_unique_local(),
        },
    }
}

fn forbidden_v4(address: Ipv4Addr, loopback: bool) -> Option<&'static str> {
    /// Metadata services that are not at a link-local address.
    const METADATA: [Ipv4Addr; 2] = [Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
    if address.is_loopback() {
        return (!loopback).then_some("a loopback address");
    }
    if address.is_link_local() {
        return Some("a link-local address");
    }
    if METADATA.contains(&address) {
        return Some("a metadata service");
    }
    let first = address.octets()[0];
    // 0.0.0.0/8 reaches this machine on Linux; 240.0.0.0/4 is reserved and holds the broadcast address.
    (first == 0 || address.is_multicast() || first >= 240).then_some("not the address of a host")
}

fn forbidden_v6(address: Ipv6Addr, loopback: bool) -> Option<&'static str> {
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    if address.is_loopback() {
        return (!loopback).then_some("a loopback address");
    }
    let first = address.segments()[0];
    // Link-local, and the site-local addresses that came before unique local ones.
    if (first & 0xff80) == 0xfe80 {
        return Some("a link-local address");
    }
    if address == METADATA {
        return Some("a metadata service");
    }
    (address.is_unspecified() || address.is_multicast()).then_some("not the address of a host")
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, translated (NAT64) or tunneled (6to4).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let low = Ipv4Addr::from_bits(u32::from(g) << 16 | u32::from(h));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0, 0, 0, 0, 0xffff, 0] => Some(low),
        [0, 0, 0, 0, 0, 0] if g != 0 => Some(low),
        [0x64, 0xff9b, 0, 0, 0, 0] | [0x64, 0xff9b, 1, ..] => Some(low),
        [0x2002, high, next, ..] => Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(next))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(text: &str, loopback: bool) -> bool {
        forbidden(text.parse().unwrap(), loopback).is_none()
    }

    #[test]
    fn ordinary_and_private_addresses_may_be_asked() {
        for text in ["93.184.216.34", "10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1", "2606:4700::1", "fd00::1"]
        {
            assert!(may(text, false), "{text}");
        }
    }

    #[test]
    fn what_is_near_to_this_machine_may_not_in_any_clothes() {
        for text in [
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "192.0.0.192",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::ffff:0:169.254.169.254",
        ] {
            assert!(!may(text, true), "{text}");
        }
    }

    #[test]
    fn private_networks_are_told_apart() {
        for text in ["10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1", "198.18.0.1", "fd00::1", "::ffff:10.0.0.1"]
        {
            assert!(is_private(text.parse().unwrap()), "{text}");
        }
        for text in ["93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1"] {
            assert!(!is_private(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn loopback_is_a_choice() {
        for text in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(may(text, true) && !may(text, false), "{text}");
            assert!(is_loopback(text.parse().unwrap()), "{text}");
        }
        assert!(!is_loopback("10.0.0.1".parse().unwrap()));
    }
}
