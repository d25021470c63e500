//! Header fields on their way through. What is about one connection (RFC 9110, section 7.6.1) does not go on to the next, and
//! the target learns who asked.

use std::net::SocketAddr;

use elb::routing::{ForwardedFor, LoadBalancer};
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// Those that are about one connection, whether or not `Connection` names them.
static HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Never left out because `Connection` names them: without these the message would be another one.
static KEPT: [HeaderName; 6] =
    [header::HOST, header::CONTENT_LENGTH, FORWARDED_FOR, FORWARDED_PROTO, FORWARDED_PORT, header::AUTHORIZATION];

/// Removes what is about one connection.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .filter(|name| !KEPT.contains(name))
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// Whether the body of a message is in a transfer coding that is not undone on the way: any but `chunked`, once and by itself
/// (RFC 9112, section 7).
pub(crate) fn is_coded(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::TRANSFER_ENCODING).iter();
    let alone = values.next().is_none_or(|value| value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"));
    !alone || values.next().is_some()
}

/// Whether a client wants a websocket instead of an answer.
pub(crate) fn wants_websocket(headers: &HeaderMap) -> bool {
    let has = |name: HeaderName, word: &str| {
        let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        texts.flat_map(|text| text.split(',')).any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    has(header::CONNECTION, "upgrade") && has(header::UPGRADE, "websocket")
}

/// Asks for a websocket.
pub(crate) fn ask_for_websocket(headers: &mut HeaderMap) {
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
}

/// Where a request came to.
pub(crate) struct Arrival<'a> {
    pub(crate) load_balancer: &'a LoadBalancer,
    pub(crate) client: SocketAddr,
    pub(crate) tls: bool,
    pub(crate) port: u16,
    pub(crate) trace_id: String,
}

/// Makes the fields of a client's request those of the request to a target.
pub(crate) fn forward(headers: &mut HeaderMap, arrival: &Arrival<'_>) {
    strip(headers);
    // The body is asked for as it is needed, so the client gets its leave from us.
    headers.remove(header::EXPECT);
    if arrival.load_balancer.drop_invalid_headers {
        let unusual: Vec<HeaderName> = headers
            .keys()
            .filter(|name| !name.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
            .cloned()
            .collect();
        for name in unusual {
            headers.remove(name);
        }
    }
    let client = match (arrival.load_balancer.client_port, arrival.client) {
        (true, address) => address.to_string(),
        (false, address) => address.ip().to_string(),
    };
    match arrival.load_balancer.forwarded_for {
        ForwardedFor::Append => {
            let before: Vec<&[u8]> = headers.get_all(FORWARDED_FOR).iter().map(HeaderValue::as_bytes).collect();
            let mut all = before.join(&b", "[..]);
            if !all.is_empty() {
                all.extend_from_slice(b", ");
            }
            all.extend_from_slice(client.as_bytes());
            insert(headers, FORWARDED_FOR, &all);
        }
        ForwardedFor::Preserve => {}
        ForwardedFor::Remove => _ = headers.remove(FORWARDED_FOR),
    }
    insert(headers, FORWARDED_PROTO, if arrival.tls { b"https" } else { b"http" });
    insert(headers, FORWARDED_PORT, arrival.port.to_string().as_bytes());
    if !headers.contains_key(TRACE_ID) {
        insert(headers, TRACE_ID, arrival.trace_id.as_bytes());
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn load_balancer() -> LoadBalancer {
        LoadBalancer {
            registry: types::RegistryId {
                account: "000000000000".parse().unwrap(),
                region: "us-east-1".parse().unwrap(),
            },
            name: "app/web/0123456789abcdef".to_owned(),
            idle_timeout: Duration::from_secs(60),
            forwarded_for: ForwardedFor::Append,
            client_port: false,
            drop_invalid_headers: false,
        }
    }

    fn forwarded(load_balancer: &LoadBalancer, fields: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let client = "192.0.2.1:4711".parse().unwrap();
        let arrival = Arrival { load_balancer, client, tls: true, port: 443, trace_id: "Root=1".to_owned() };
        forward(&mut headers, &arrival);
        headers
    }

    #[test]
    fn what_is_about_one_connection_stays_there() {
        let headers = forwarded(
            &load_balancer(),
            &[
                ("connection", "close, X-Secret, authorization"),
                ("x-secret", "1"),
                ("authorization", "Basic x"),
                ("keep-alive", "timeout=5"),
                ("te", "trailers"),
                ("transfer-encoding", "chunked"),
                ("upgrade", "h2c"),
                ("proxy-authorization", "x"),
                ("expect", "100-continue"),
                ("x-other", "kept"),
            ],
        );
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["authorization", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-other"]
        );
    }

    #[test]
    fn the_target_learns_who_asked() {
        let fields = [("x-forwarded-for", "10.0.0.1"), ("x-forwarded-for", "10.0.0.2"), ("x-forwarded-proto", "ftp")];
        let headers = forwarded(&load_balancer(), &fields);
        assert_eq!(headers["x-forwarded-for"], "10.0.0.1, 10.0.0.2, 192.0.2.1");
        assert_eq!(
            (&headers["x-forwarded-proto"], &headers["x-forwarded-port"]),
            (&"https".parse().unwrap(), &"443".parse().unwrap())
        );
        let with_port = LoadBalancer { client_port: true, ..load_balancer() };
        assert_eq!(forwarded(&with_port, &[])["x-forwarded-for"], "192.0.2.1:4711");
        let preserve = LoadBalancer { forwarded_for: ForwardedFor::Preserve, ..load_balancer() };
        assert_eq!(forwarded(&preserve, &[("x-forwarded-for", "a")])["x-forwarded-for"], "a");
        let remove = LoadBalancer { forwarded_for: ForwardedFor::Remove, ..load_balancer() };
        assert!(!forwarded(&remove, &[("x-forwarded-for", "a")]).contains_key("x-forwarded-for"));
        let strict = LoadBalancer { drop_invalid_headers: true, ..load_balancer() };
        assert!(!forwarded(&strict, &[("x_under", "a")]).contains_key("x_under"));
    }

    #[test]
    fn only_websockets_are_asked_for() {
        let wants = |connection: &str, upgrade: &str| {
            let mut headers = HeaderMap::new();
            headers.append(header::CONNECTION, connection.parse().unwrap());
            headers.append(header::UPGRADE, upgrade.parse().unwrap());
            wants_websocket(&headers)
        };
        assert!(wants("keep-alive, Upgrade", "WebSocket"));
        assert!(!wants("keep-alive", "websocket") && !wants("upgrade", "h2c"));
    }
}
