//! Requests that real SDKs signed (botocore, aws-sdk-js v3, aws-sdk-go-v2, aws-sdk-rust), as a running server got and
//! verified them.
//! `tools/signatures/record` makes the files. Whatever byte of what is signed is changed, the request is refused.

use bytes::Bytes;
use types::Secret;

use super::testing::parse;
use super::{Signature, SigningKeys};
use crate::Head;

const SECRET: &str = "recorded/Secret+Key/abcdefghijklmnopqrstu";

macro_rules! recorded {
    ($($name:literal),*) => {
        &[$(($name, include_bytes!(concat!("testdata/", $name, ".http")))),*]
    };
}

const REQUESTS: &[(&str, &[u8])] = recorded!(
    "go-ecr",
    "go-ecr-registries",
    "go-sts",
    "go-sts-presigned",
    "javascript-ecr",
    "javascript-ecr-registries",
    "javascript-sts",
    "javascript-sts-presigned",
    "python-ecr",
    "python-ecr-registries",
    "python-sts",
    "python-sts-presigned",
    "rust-ecr",
    "rust-ecr-registries",
    "rust-sts"
);

fn verifies(head: &Head, body: &Bytes, keys: &SigningKeys) -> bool {
    match Signature::read(head) {
        // What is not for `/` never comes here.
        _ if head.parts.uri.path() != "/" => false,
        // There is no secret of another key.
        Ok(Some(signature)) if signature.access_key_id != "AKIARECORDEDREQUESTS" => false,
        Ok(Some(signature)) => signature.verify(head, body, &Secret::new(SECRET), keys).is_ok(),
        _ => false,
    }
}

/// The places of the text that are signed: method, target, signed header fields, the signature itself, and the body.
fn signed_places(text: &[u8], head: &Head) -> Vec<usize> {
    let signature = Signature::read(head).unwrap().unwrap();
    let body = text.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let mut places = Vec::new();
    let mut start = 0;
    for (index, line) in text[..body].split(|byte| *byte == b'\n').enumerate() {
        let line_start = start;
        start += line.len() + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if index == 0 {
            places.extend(line_start..line_start + line.len() - " HTTP/1.1".len());
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap();
        let name = String::from_utf8(line[..colon].to_ascii_lowercase()).unwrap();
        if name == "authorization" || signature.signed_headers.contains(&name) {
            places.extend(line_start + colon + 2..line_start + line.len());
        }
    }
    places.extend(body + 4..text.len());
    places
}

#[test]
fn requests_of_real_sdks_verify_and_every_signed_byte_counts() {
    for (name, text) in REQUESTS {
        let keys = SigningKeys::new();
        let (head, body) = parse(text).unwrap();
        assert!(verifies(&head, &body, &keys), "{name}");
        let places = signed_places(text, &head);
        assert!(places.len() > 200, "{name}: {}", places.len());
        for place in places {
            for bit in [0x01, 0x20] {
                let mut altered = text.to_vec();
                altered[place] ^= bit;
                // `%2f` is another way to write `%2F`: the same request.
                let same = bit == 0x20 && altered[place].is_ascii_hexdigit() && is_escape(text, place);
                let refused = parse(&altered).map_or(true, |(head, body)| !verifies(&head, &body, &keys));
                assert!(refused || same, "{name}: byte {place} of {}", String::from_utf8_lossy(&altered));
            }
        }
    }
}

fn is_escape(text: &[u8], place: usize) -> bool {
    text[..place].ends_with(b"%") || (place > 1 && text[place - 2] == b'%')
}
