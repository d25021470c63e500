//! The refusal of request heads that hyper lets pass and that two programs could understand differently.

use http::{HeaderMap, Request, StatusCode, Version, header, uri::Authority};

use crate::AmbiguousFraming;

/// The most bytes of headers, names and values together.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// The status of a request whose head is not acceptable, and why it is not.
pub fn fault<B>(request: &Request<B>) -> Option<(StatusCode, &'static str)> {
    if request.extensions().get::<AmbiguousFraming>().is_some() {
        return Some((StatusCode::BAD_REQUEST, "the length of the request is ambiguous"));
    }
    let bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if bytes > MAX_HEADER_BYTES {
        return Some((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too large"));
    }
    let fault = host_fault(request).or_else(|| {
        // The only expectation that HTTP defines; hyper answers it by itself.
        let expect = request.headers().get(header::EXPECT)?;
        (!expect.as_bytes().eq_ignore_ascii_case(b"100-continue")).then_some("the expectation is unknown")
    });
    fault.map(|fault| (StatusCode::BAD_REQUEST, fault))
}

/// RFC 9112 section 3.2: exactly one `Host`, and it is a host. In HTTP/2 and in the absolute form of HTTP/1 the target
/// names it too; then both must say the same, or proxy and server would disagree on who is asked.
fn host_fault<B>(request: &Request<B>) -> Option<&'static str> {
    let headers: &HeaderMap = request.headers();
    let mut hosts = headers.get_all(header::HOST).iter();
    let target = request.uri().authority();
    let Some(host) = hosts.next() else {
        let needed =
            request.version() == Version::HTTP_11 || (request.version() > Version::HTTP_11 && target.is_none());
        return needed.then_some("the Host header is missing");
    };
    if hosts.next().is_some() {
        return Some("there is more than one Host header");
    }
    // An empty Host is legal when the target has no host, but nothing asks a registry so.
    let Ok(host) = Authority::try_from(host.as_bytes()) else {
        return Some("the Host header is malformed");
    };
    // RFC 3986 allows much more in a host than any registry is called, and its readers differ on it.
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if !host.as_str().bytes().all(usual) {
        return Some("the Host header is malformed");
    }
    match target {
        Some(target) if *target != host => Some("the request names two hosts"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(version: Version, uri: &str, headers: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::builder().version(version).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        fault(&request.body(()).unwrap()).map(|(status, _)| status.as_u16())
    }

    #[test]
    fn ordinary_heads_pass() {
        assert_eq!(status(Version::HTTP_11, "/v2/", &[("host", "registry.example.com:5000")]), None);
        assert_eq!(status(Version::HTTP_11, "/v2/", &[("host", "[::1]:5000"), ("expect", "100-Continue")]), None);
        assert_eq!(status(Version::HTTP_10, "/healthz", &[]), None);
        assert_eq!(status(Version::HTTP_2, "https://registry.example.com/v2/", &[]), None);
        assert_eq!(status(Version::HTTP_11, "http://A.example/v2/", &[("host", "a.example")]), None);
    }

    #[test]
    fn doubtful_hosts_are_refused() {
        for headers in [
            &[][..],
            &[("host", "")],
            &[("host", "a"), ("host", "a")],
            &[("host", "a/b")],
            &[("host", "a b")],
            &[("host", "user@a")],
            &[("host", "a,b")],
        ] {
            assert_eq!(status(Version::HTTP_11, "/v2/", headers), Some(400), "{headers:?}");
        }
        assert_eq!(status(Version::HTTP_11, "http://evil/v2/", &[("host", "a")]), Some(400));
        assert_eq!(status(Version::HTTP_2, "https://a/v2/", &[("host", "b")]), Some(400));
    }

    #[test]
    fn unknown_expectations_and_too_many_header_bytes_are_refused() {
        assert_eq!(status(Version::HTTP_11, "/", &[("host", "a"), ("expect", "200-maybe")]), Some(400));
        let large = "a".repeat(MAX_HEADER_BYTES);
        assert_eq!(status(Version::HTTP_11, "/", &[("host", "a"), ("x", &large)]), Some(431));
    }
}
