//! The canonical form of a request, of which the signature is made (SigV4, "Create a canonical request"), for services
//! other than S3: the path is encoded once more than it came.

use http::request::Parts;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// Everything but `A-Z a-z 0-9 - . _ ~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const RESERVED_IN_PATHS: &AsciiSet = &RESERVED.remove(b'/');

/// The canonical request. `host` stands for the header field of that name.
pub(super) fn request(
    parts: &Parts,
    host: &[u8],
    signed_headers: &[String],
    presigned: bool,
    payload_hash: &str,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(parts.method.as_str().as_bytes());
    out.push(b'\n');
    out.extend_from_slice(path(parts.uri.path()).as_bytes());
    out.push(b'\n');
    out.extend_from_slice(query(parts.uri.query().unwrap_or_default(), presigned).as_bytes());
    out.push(b'\n');
    for name in signed_headers {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        if name == "host" {
            fold(&mut out, host);
        } else {
            for (index, value) in parts.headers.get_all(name).iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                fold(&mut out, value.as_bytes());
            }
        }
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(signed_headers.join(";").as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload_hash.as_bytes());
    out
}

/// A value without spaces at its ends, and with runs of spaces made one.
fn fold(out: &mut Vec<u8>, value: &[u8]) {
    let mut words = value.split(|byte| *byte == b' ' || *byte == b'\t').filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        out.extend_from_slice(first);
    }
    for word in words {
        out.push(b' ');
        out.extend_from_slice(word);
    }
}

/// The path without `.`, `..` and empty segments, encoded once more.
fn path(raw: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in raw.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let mut normal = format!("/{}", segments.join("/"));
    if raw.ends_with(['/', '.']) && normal.len() > 1 && matches!(raw.rsplit('/').next(), Some("" | "." | "..")) {
        normal.push('/');
    }
    percent_encode(normal.as_bytes(), RESERVED_IN_PATHS).to_string()
}

/// The parameters, each encoded in the one way, sorted. A presigned address does not sign its own signature.
fn query(raw: &str, presigned: bool) -> String {
    let encode = |text: &str| {
        // A `+` is the space that the service reads in it: else it could take the place of one that was signed as `%2B`.
        let spaced = text.replace('+', "%20");
        let decoded: Vec<u8> = percent_decode_str(&spaced).collect();
        percent_encode(&decoded, RESERVED).to_string()
    };
    let mut parameters: Vec<(String, String)> = raw
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            (encode(name), encode(value))
        })
        .filter(|(name, _)| !(presigned && name == "X-Amz-Signature"))
        .collect();
    parameters.sort();
    let parameters: Vec<String> = parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    parameters.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normal_and_encoded_twice() {
        for (raw, canonical) in [
            ("/", "/"),
            ("", "/"),
            ("//", "/"),
            ("/./", "/"),
            ("/example/..", "/"),
            ("/example1/example2/../..", "/"),
            ("//example//", "/example/"),
            ("/./example", "/example"),
            ("/example%20space/", "/example%2520space/"),
            ("/a.b", "/a.b"),
        ] {
            assert_eq!(path(raw), canonical, "{raw}");
        }
    }

    #[test]
    fn parameters_are_sorted_and_encoded() {
        assert_eq!(query("Param2=value2&Param1=value1", false), "Param1=value1&Param2=value2");
        assert_eq!(query("b&a=%7e%2f&a=", false), "a=&a=~%2F&b=");
        assert_eq!(query("X-Amz-Signature=1&a=b", true), "a=b");
        assert_eq!(query("X-Amz-Signature=1&a=b", false), "X-Amz-Signature=1&a=b");
        // As the service reads them.
        assert_eq!(query("a=1+2&b=1%2B2&c=1%202", false), "a=1%202&b=1%2B2&c=1%202");
    }

    #[test]
    fn values_are_folded() {
        let mut out = Vec::new();
        fold(&mut out, b"  a   b\tc  ");
        assert_eq!(out, b"a b c");
    }
}
