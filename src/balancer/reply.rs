//! Answers of the load balancer itself: failures, redirects and fixed responses.

use elb::routing::Action;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::uri::Authority;
use http::{HeaderValue, Response, StatusCode, Uri};
use http_body::Body as _;

use crate::body::{AnyBody, empty, full};

/// A failure, with a page that says no more than its status.
pub(crate) fn failure(status: StatusCode) -> Response<AnyBody> {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let page = format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
    answer(status, Some("text/html"), page)
}

/// What a fixed response says.
pub(crate) fn fixed(status: u16, content_type: Option<&str>, body: &str) -> Response<AnyBody> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(status, content_type, body.to_owned())
}

fn answer(status: StatusCode, content_type: Option<&str>, body: String) -> Response<AnyBody> {
    // Whatever it was given, this status has no body (RFC 9110, section 15.3.5).
    let bodyless = body.is_empty() || status == StatusCode::NO_CONTENT;
    let mut answer = Response::new(if bodyless { empty() } else { full(body) });
    *answer.status_mut() = status;
    if let Some(Ok(value)) = content_type.map(HeaderValue::from_str) {
        answer.headers_mut().insert(CONTENT_TYPE, value);
    }
    answer
}

/// An answer to `HEAD`: without its body, and with the length of it. Over HTTP/1 hyper would leave the body out by itself, but
/// in HTTP/2 it sends what it is given, and clients take that for an error of the protocol (RFC 9113, section 8.1.1).
pub(crate) fn head(mut answer: Response<AnyBody>) -> Response<AnyBody> {
    // What a target said has none, and its length is the target's to say.
    if answer.body().is_end_stream() {
        return answer;
    }
    if let Some(length) = answer.body().size_hint().exact() {
        answer.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    answer.map(|_| empty())
}

/// Sends a client elsewhere.
pub(crate) fn redirect(
    action: &Action,
    host: Option<&Authority>,
    uri: &Uri,
    tls: bool,
    port: u16,
) -> Response<AnyBody> {
    let status = match action {
        Action::Redirect { permanent: true, .. } => StatusCode::MOVED_PERMANENTLY,
        _ => StatusCode::FOUND,
    };
    let place = location(action, host, uri, tls, port).and_then(|text| HeaderValue::from_str(&text).ok());
    let Some(place) = place else {
        return failure(StatusCode::BAD_REQUEST);
    };
    let mut answer = Response::new(empty());
    *answer.status_mut() = status;
    answer.headers_mut().insert(LOCATION, place);
    answer
}

fn location(action: &Action, host: Option<&Authority>, uri: &Uri, tls: bool, port: u16) -> Option<String> {
    let Action::Redirect { protocol, host: to_host, port: to_port, path, query, .. } = action else {
        return None;
    };
    let own_protocol = if tls { "https" } else { "http" };
    let own_port = port.to_string();
    let own_path = uri.path().strip_prefix('/').unwrap_or_default();
    let own_query = uri.query().unwrap_or_default();
    let own_host = host.map(Authority::host).unwrap_or_default();
    let filled = |template: &str| {
        // One pass: what a client sent is never looked at for templates.
        let mut out = String::new();
        let mut rest = template;
        while let Some(at) = rest.find("#{") {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let parts = [
                ("#{protocol}", own_protocol),
                ("#{host}", own_host),
                ("#{port}", own_port.as_str()),
                ("#{path}", own_path),
                ("#{query}", own_query),
            ];
            match parts.iter().find(|(name, _)| rest.starts_with(name)) {
                Some((name, value)) => {
                    out.push_str(value);
                    rest = &rest[name.len()..];
                }
                None => {
                    out.push_str("#{");
                    rest = &rest[2..];
                }
            }
        }
        out.push_str(rest);
        out
    };
    let protocol = filled(protocol).to_lowercase();
    let (host, port) = (filled(to_host), filled(to_port));
    if host.is_empty() {
        return None;
    }
    // A port is left out where clients would put it.
    let default = if protocol == "https" { "443" } else { "80" };
    let port = if port == default { String::new() } else { format!(":{port}") };
    let query = filled(query);
    let query = if query.is_empty() { query } else { format!("?{query}") };
    Some(format!("{protocol}://{host}{port}{}{query}", filled(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(parts: [&str; 5]) -> Action {
        let [protocol, host, port, path, query] = parts.map(str::to_owned);
        Action::Redirect { protocol, host, port, path, query, permanent: true }
    }

    fn to(action: &Action, url: &str) -> Option<String> {
        let uri: Uri = url.parse().unwrap();
        location(action, uri.authority(), &uri, false, 8080)
    }

    #[test]
    fn parts_of_the_request_are_filled_in() {
        let https = redirect(["HTTPS", "#{host}", "443", "/#{path}", "#{query}"]);
        assert_eq!(to(&https, "http://a.org:8080/x/y?z=1").as_deref(), Some("https://a.org/x/y?z=1"));
        let moved = redirect(["#{protocol}", "b.org", "#{port}", "/new/#{path}", ""]);
        assert_eq!(to(&moved, "http://a.org:8080/x?z=1").as_deref(), Some("http://b.org:8080/new/x"));
        // What stands in the request is a text, not a template.
        let twice = redirect(["HTTPS", "#{host}", "443", "/#{path}", "#{query}"]);
        assert_eq!(to(&twice, "http://a.org/x?q=%23{host}").as_deref(), Some("https://a.org/x?q=%23{host}"));
    }
}
