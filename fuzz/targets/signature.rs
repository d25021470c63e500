//! The signature of a request, in the header and in the query: whatever is claimed, reading it does not panic; what was read stands
//! in the request; and nothing verifies with a secret that nobody signed with.

#![no_main]

use bytes::Bytes;
use http::Request;
use libfuzzer_sys::fuzz_target;
use wharf_aws::{Head, Signature, SigningKeys};
use wharf_types::{Secret, Timestamp};

// Lines: the target, the Authorization header, then header fields.
fuzz_target!(|input: &str| {
    let mut lines = input.split('\n');
    let target = lines.next().unwrap_or_default();
    let mut request = Request::builder().method("POST").uri(format!("/?{target}")).header("host", "localhost:5000");
    if let Some(authorization) = lines.next().filter(|line| !line.is_empty()) {
        request = request.header("authorization", authorization);
    }
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        request = request.header(name, value);
    }
    let Ok(request) = request.body(()) else {
        return;
    };
    let head = Head {
        parts: request.into_parts().0,
        source: [127, 0, 0, 1].into(),
        secure: false,
        host: None,
        request_id: String::new(),
        received_at: Timestamp::from_micros(0),
    };
    let Ok(Some(signature)) = Signature::read(&head) else {
        return;
    };
    for part in [&signature.access_key_id, &signature.date, &signature.region, &signature.service] {
        assert!(!part.is_empty() && part.len() <= 128 && !part.contains('/'), "{part:?}");
    }
    assert_eq!(signature.date.len(), 8);
    let _ = signature.check_time(Timestamp::from_micros(i64::MAX));
    let _ = signature.check_time(Timestamp::from_micros(i64::MIN));
    let keys = SigningKeys::new();
    let verified = signature.verify(&head, &Bytes::from_static(b"{}"), &Secret::new("nobody signed with it"), &keys);
    assert!(verified.is_err(), "{input:?}");
});
