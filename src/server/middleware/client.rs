//! Who is asking: the peer of the connection, or, when that is a trusted proxy, the client that the proxy names.
//!
//! `X-Forwarded-*` is what proxies set; the standard's `Forwarded` is not read, because most of them pass on what a client
//! put there. The forwarding headers are taken out of every request. What a proxy of ours said is in `Client`; what anyone else said
//! must not be believed by accident further in.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, Request, header, uri::Authority};

use super::peer_of;
use crate::config::Network;

/// The client of a request: an extension of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// Its address.
    pub(crate) address: IpAddr,
    /// Whether it speaks TLS, with us or with the trusted proxy.
    pub(crate) tls: bool,
    /// The host and port that it asked for, by what the trusted proxy says or else by the request itself; `None` if that
    /// is not a host.
    pub(crate) host: Option<Authority>,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Finds the client and removes the forwarding headers.
pub(super) fn resolve<B>(request: &mut Request<B>, trusted: &[Network]) -> Client {
    let peer = peer_of(request);
    // Only a test calls the frame without a listener.
    let address = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.address.ip().to_canonical());
    let mut client = Client { address, tls: peer.is_some_and(|peer| peer.tls), host: None };
    if is_trusted(address, trusted) {
        read_x_forwarded(request.headers(), trusted, &mut client);
    }
    for name in [header::FORWARDED, X_FORWARDED_FOR, X_FORWARDED_PROTO, X_FORWARDED_HOST] {
        request.headers_mut().remove(name);
    }
    client.host = client.host.or_else(|| requested_host(request));
    client
}

fn requested_host<B>(request: &Request<B>) -> Option<Authority> {
    let host = match request.uri().authority() {
        Some(host) => host.clone(),
        None => Authority::try_from(request.headers().get(header::HOST)?.as_bytes()).ok()?,
    };
    (!host.as_str().contains('@')).then_some(host)
}

fn is_trusted(address: IpAddr, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(address))
}

/// The elements of a header that may be repeated and may hold lists, in order.
fn elements(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).collect()
}

/// `X-Forwarded-*`: the addresses are read from the nearest proxy outwards, up to the first that is not ours, because
/// what stands before that came from the client itself.
fn read_x_forwarded(headers: &HeaderMap, trusted: &[Network], client: &mut Client) {
    for element in elements(headers, X_FORWARDED_FOR).into_iter().rev() {
        let Some(address) = parse_address(element) else {
            break;
        };
        client.address = address;
        if !is_trusted(address, trusted) {
            break;
        }
    }
    if let Some(scheme) = elements(headers, X_FORWARDED_PROTO).last() {
        set_scheme(scheme, client);
    }
    if let Some(host) = elements(headers, X_FORWARDED_HOST).last() {
        set_host(host, client);
    }
}

fn set_scheme(scheme: &str, client: &mut Client) {
    if scheme.eq_ignore_ascii_case("https") {
        client.tls = true;
    } else if scheme.eq_ignore_ascii_case("http") {
        client.tls = false;
    }
}

fn set_host(host: &str, client: &mut Client) {
    let host = Authority::try_from(host).ok().filter(|host| !host.as_str().contains('@'));
    client.host = host.or(client.host.take());
}

/// An address, perhaps with a port, perhaps in the brackets of IPv6.
fn parse_address(text: &str) -> Option<IpAddr> {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(address, _)| address);
    let address = match bracketed {
        Some(address) => address.parse().ok(),
        None => text.parse().ok().or_else(|| text.rsplit_once(':')?.0.parse().ok()),
    };
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use listener::Peer;

    fn client(peer: &str, headers: &[(&str, &str)]) -> Client {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(()).unwrap();
        request.extensions_mut().insert(Peer { address: format!("{peer}:1").parse().unwrap(), tls: false });
        let client = resolve(&mut request, &[Network::parse("10.0.0.0/8").unwrap()]);
        assert!(request.headers().keys().all(|name| name == "host"), "forwarding headers must not reach the handlers");
        client
    }

    #[test]
    fn a_stranger_is_not_believed() {
        let headers = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https"), ("forwarded", "for=1.2.3.4")];
        let client = client("192.0.2.1", &headers);
        assert_eq!(client, Client { address: "192.0.2.1".parse().unwrap(), tls: false, host: None });
    }

    #[test]
    fn the_nearest_address_that_is_no_proxy_counts() {
        let headers = [
            ("x-forwarded-for", "6.6.6.6, 203.0.113.5"),
            ("x-forwarded-for", "10.0.0.9"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "registry.example.com"),
        ];
        let client = client("10.0.0.1", &headers);
        assert_eq!(client.address.to_string(), "203.0.113.5");
        assert!(client.tls);
        assert_eq!(client.host.unwrap(), "registry.example.com");
    }

    #[test]
    fn what_a_client_put_into_the_standard_header_is_not_believed() {
        let headers = [("forwarded", "for=6.6.6.6;proto=https;host=evil"), ("x-forwarded-for", "203.0.113.5")];
        let client = client("10.0.0.1", &headers);
        assert_eq!(client.address.to_string(), "203.0.113.5");
        assert!(!client.tls);
    }

    #[test]
    fn nonsense_from_a_proxy_leaves_the_proxy() {
        for headers in [[("x-forwarded-for", "unknown")], [("x-forwarded-host", "a@b")]] {
            let client = client("10.0.0.1", &headers);
            assert_eq!(client, Client { address: "10.0.0.1".parse().unwrap(), tls: false, host: None });
        }
    }

    #[test]
    fn without_a_proxy_the_host_is_what_the_request_says() {
        let host = |headers: &[(&str, &str)]| client("192.0.2.1", headers).host.map(|host| host.to_string());
        assert_eq!(
            host(&[("host", "r.example:5000"), ("x-forwarded-host", "evil")]).as_deref(),
            Some("r.example:5000")
        );
        assert_eq!(host(&[("host", "user@r.example")]), None);
        assert_eq!(host(&[]), None);
    }
}
