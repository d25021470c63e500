//! Calls to other registries: only to addresses of the public internet, unless the operator named the host, checked after
//! the name was resolved and on each redirect. Nothing secret is sent along.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, StatusCode, Url};

use crate::registry::upstream::Upstream;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT: Duration = Duration::from_secs(10);
const REDIRECTS: usize = 3;

/// Whether a registry answers as one: to the question of every client, whether it speaks the protocol. The failure is
/// for the caller.
pub(crate) async fn registry_answers(upstream: &Upstream<'_>) -> Result<(), String> {
    let host = upstream.host;
    let scheme = if upstream.plain { "http" } else { "https" };
    let failed = |error: reqwest::Error| {
        tracing::info!(upstream.host = host, error = ?error, "an upstream registry did not answer");
        if error.is_timeout() {
            format!("The upstream registry {host} did not answer in time")
        } else {
            format!("The upstream registry {host} cannot be reached")
        }
    };
    let client = client(upstream.own).map_err(failed)?;
    let answer = client.get(format!("{scheme}://{host}/v2/")).send().await.map_err(failed)?;
    match answer.status() {
        // Whoever asks for a login is a registry too.
        StatusCode::OK | StatusCode::UNAUTHORIZED => Ok(()),
        status => Err(format!("The upstream registry {host} answered with status {}", status.as_u16())),
    }
}

/// A client without cookies, proxies and credentials. `own`: the operator named the host, which may be anywhere.
fn client(own: bool) -> reqwest::Result<Client> {
    let builder = Client::builder().user_agent("wharf").no_proxy().connect_timeout(CONNECT_TIMEOUT).timeout(TIMEOUT);
    if own {
        return builder.redirect(Policy::none()).build();
    }
    builder.redirect(Policy::custom(redirect)).dns_resolver(Arc::new(PublicOnly)).build()
}

/// A redirect leads by name and encrypted to where the resolver lets it, or nowhere.
fn redirect(attempt: Attempt) -> reqwest::redirect::Action {
    let named = attempt.url().domain().is_some();
    if attempt.previous().len() > REDIRECTS || !named || attempt.url().scheme() != "https" {
        let refused = refused(attempt.url());
        return attempt.error(refused);
    }
    attempt.follow()
}

fn refused(url: &Url) -> std::io::Error {
    std::io::Error::other(format!("a redirect to {} is not followed", url.host_str().unwrap_or_default()))
}

/// Resolves names to addresses of the public internet.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name has no address in the public internet".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is in the public internet (the registries of special-purpose addresses of IANA).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Of the whole space only 2000::/3 is given out. Within it stand addresses that carry one of IPv4.
    let [a, b, c, ..] = address.segments();
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match (a, b) {
        (0x2002, _) => is_public_v4(v4(b, c)),
        (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x3fff, _) => false,
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_ones_own_network_are_not_called() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:0a00:0001::1",
            "64:ff9b::a00:1",
            "3fff::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in ["1.1.1.1", "52.94.0.1", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "2002:0101:0101::1"] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }
}
