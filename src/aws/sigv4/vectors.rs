//! Vectors of AWS's published test suite for SigV4, in both forms. The suite's key, date and scope are the same for all.

use bytes::Bytes;
use types::{Secret, Timestamp};

use super::testing::parse;
use super::{Signature, SigningKeys};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const HEADER: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";
const QUERY: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fus-east-1%2Fservice\
                     %2Faws4_request&X-Amz-Date=20150830T123600Z";

/// 2015-08-30T12:36:00Z.
const SIGNED_AT: Timestamp = Timestamp::from_micros(1_440_938_160_000_000);

/// Name, request line, header fields beside host and date, body, signed header fields, signature.
type Vector = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const BY_HEADER: &[Vector] = &[
    (
        "get-vanilla",
        "GET /",
        "",
        "",
        "host;x-amz-date",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    (
        "post-vanilla",
        "POST /",
        "",
        "",
        "host;x-amz-date",
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    ),
    (
        "post-header-key-sort",
        "POST /",
        "My-Header1:value1\n",
        "",
        "host;my-header1;x-amz-date",
        "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
    ),
    (
        "get-header-value-trim",
        "GET /",
        "My-Header1: value1\nMy-Header2: \"a   b   c\"\n",
        "",
        "host;my-header1;my-header2;x-amz-date",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    (
        "get-header-key-duplicate",
        "GET /",
        "My-Header1:value2\nMy-Header1:value2\nMy-Header1:value1\n",
        "",
        "host;my-header1;x-amz-date",
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    ),
    (
        "get-header-value-order",
        "GET /",
        "My-Header1:value4\nMy-Header1:value1\nMy-Header1:value3\nMy-Header1:value2\n",
        "",
        "host;my-header1;x-amz-date",
        "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
    ),
    (
        "get-unreserved",
        "GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "",
        "",
        "host;x-amz-date",
        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    ),
    (
        "get-slashes-normalized",
        "GET //example//",
        "",
        "",
        "host;x-amz-date",
        "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
    ),
    (
        "get-relative-relative-normalized",
        "GET /example1/example2/../..",
        "",
        "",
        "host;x-amz-date",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    (
        "get-slash-pointless-dot-normalized",
        "GET /./example",
        "",
        "",
        "host;x-amz-date",
        "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5",
    ),
    (
        "get-vanilla-empty-query-key",
        "GET /?Param1=value1",
        "",
        "",
        "host;x-amz-date",
        "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    ),
    (
        "get-vanilla-query-order-key-case",
        "GET /?Param2=value2&Param1=value1",
        "",
        "",
        "host;x-amz-date",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    (
        "get-vanilla-query-order-encoded",
        "GET /?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        "",
        "",
        "host;x-amz-date",
        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ),
    (
        "get-vanilla-query-unreserved",
        "GET /?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ\
         abcdefghijklmnopqrstuvwxyz",
        "",
        "",
        "host;x-amz-date",
        "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    ),
    (
        "get-vanilla-with-session-token",
        "GET /",
        "X-Amz-Security-Token:6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267\n",
        "",
        "host;x-amz-date;x-amz-security-token",
        "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    ),
    (
        "post-x-www-form-urlencoded",
        "POST /",
        "Content-Type:application/x-www-form-urlencoded\nContent-Length:13\n\
         x-amz-content-sha256:9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e\n",
        "Param1=value1",
        "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
        "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
    ),
    (
        "post-x-www-form-urlencoded-parameters",
        "POST /",
        "Content-Type:application/x-www-form-urlencoded; charset=utf-8\nContent-Length:13\n\
         x-amz-content-sha256:9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e\n",
        "Param1=value1",
        "content-length;content-type;host;x-amz-content-sha256;x-amz-date",
        "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422",
    ),
];

const BY_QUERY: &[Vector] = &[
    (
        "get-vanilla-query-order-key-case",
        "GET /?Param2=value2&Param1=value1",
        "",
        "",
        "host",
        "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5",
    ),
    (
        "get-header-value-trim",
        "GET /",
        "My-Header1: value1\nMy-Header2: \"a   b   c\"\n",
        "",
        "host;my-header1;my-header2",
        "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4",
    ),
];

fn by_header((_, line, fields, body, signed, signature): &Vector) -> String {
    format!(
        "{line} HTTP/1.1\nHost:example.amazonaws.com\n{fields}X-Amz-Date:20150830T123600Z\n\
         Authorization:{HEADER}, SignedHeaders={signed}, Signature={signature}\n\n{body}"
    )
}

fn by_query((_, line, fields, body, signed, signature): &Vector) -> String {
    let separator = if line.contains('?') { '&' } else { '?' };
    let signed = signed.replace(';', "%3B");
    format!(
        "{line}{separator}{QUERY}&X-Amz-SignedHeaders={signed}&X-Amz-Expires=3600&X-Amz-Signature={signature} HTTP/1.1\n\
         Host:example.amazonaws.com\n{fields}\n{body}"
    )
}

#[test]
fn the_published_vectors_verify_and_do_so_for_no_other_secret() {
    let requests = BY_HEADER
        .iter()
        .map(|vector| (vector.0, by_header(vector)))
        .chain(BY_QUERY.iter().map(|vector| (vector.0, by_query(vector))));
    for (name, text) in requests {
        let (head, body): (_, Bytes) = parse(text.as_bytes()).unwrap();
        let signature = Signature::read(&head).unwrap().unwrap();
        let keys = SigningKeys::new();
        assert_eq!((signature.access_key_id.as_str(), signature.service.as_str()), ("AKIDEXAMPLE", "service"));
        assert_eq!(signature.verify(&head, &body, &Secret::new(SECRET), &keys), Ok(()), "{name}");
        assert_eq!(signature.verify(&head, &body, &Secret::new(SECRET), &keys), Ok(()), "{name}, from the cache");
        assert!(signature.verify(&head, &body, &Secret::new("another"), &keys).is_err(), "{name}");
        assert_eq!(signature.check_time(SIGNED_AT), Ok(()), "{name}");
    }
}

#[test]
fn the_session_token_of_a_presigned_address_is_signed_with_it() {
    // The suite's file gives the token twice, which no request does; this is the same request with it once.
    let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    let text = format!(
        "GET /?{QUERY}&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Security-Token={token}&X-Amz-Signature=\
         7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c HTTP/1.1\nHost:example.amazonaws.com\n\n"
    );
    let (head, body) = parse(text.as_bytes()).unwrap();
    let signature = Signature::read(&head).unwrap().unwrap();
    assert_eq!(signature.session_token.as_deref(), Some(token));
    let verified = signature.verify(&head, &body, &Secret::new(SECRET), &SigningKeys::new());
    assert_eq!(verified, Ok(()));
}
