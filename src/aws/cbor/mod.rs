//! Smithy RPC v2 with CBOR: `POST /service/<service>/operation/<operation>`, a map in, a map out. Inputs become JSON first, so
//! that they are read by the same rules as those of the JSON protocol.
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>

mod read;
mod write;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Common, Fault, Head, Protocol, json};

/// The content type of requests and answers.
pub(crate) const CONTENT_TYPE: &str = "application/cbor";

/// The name of the protocol, in the header of that name in requests and answers.
pub(crate) const PROTOCOL: &str = "rpc-v2-cbor";

/// The header that names the protocol.
pub(crate) const HEADER: &str = "smithy-protocol";

/// Whether a request is in this protocol.
pub(crate) fn speaks(head: &Head) -> bool {
    head.header(HEADER) == Some(PROTOCOL)
}

/// The service and the operation that a path names.
pub(crate) fn named(path: &str) -> Option<(&str, &str)> {
    let (service, operation) = path.strip_prefix("/service/")?.split_once("/operation/")?;
    (!service.contains('/') && !operation.contains('/')).then_some((service, operation))
}

/// The body of a request as JSON. No body at all is an empty map.
pub(crate) fn to_json(body: &[u8]) -> Result<Value, Fault> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    read::read(body).map_err(|what| Fault::common(Common::Serialization, format!("the body is not CBOR: {what}")))
}

/// Reads the body of a request.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8], missing: fn(&str) -> Fault) -> Result<T, Fault> {
    json::decode_value(to_json(body)?, missing)
}

/// Writes an answer. An operation without output answers an empty map.
pub(crate) fn encode(output: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let bytes = write::write(output).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Fault::internal()
    })?;
    Ok(if bytes == [write::NULL] { vec![write::EMPTY_MAP] } else { bytes })
}

/// Writes a failure.
pub(crate) fn encode_fault(fault: &Fault, protocol: &Protocol) -> Vec<u8> {
    // A map of texts and of JSON can always be written.
    write::write(&json::fault_body(fault, protocol)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use types::Timestamp;

    use super::*;
    use crate::Moment;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Sample {
        name: String,
        at: Moment,
        value: f64,
        count: i64,
        #[serde(default)]
        more: Vec<bool>,
        #[serde(skip_serializing_if = "Option::is_none")]
        none: Option<String>,
    }

    fn missing(member: &str) -> Fault {
        Fault::new("Missing", member)
    }

    #[test]
    fn what_is_written_is_what_the_standard_says() {
        let sample = Sample {
            name: "a".to_owned(),
            at: Moment(Timestamp::from_micros(1_700_000_000_500_000)),
            value: 1.5,
            count: -2,
            more: vec![true, false],
            none: None,
        };
        let bytes = encode(&sample).unwrap();
        let expected = [
            &[0xa5, 0x64][..],
            b"Name",
            &[0x61, b'a', 0x62],
            b"At",
            // Tag 1: seconds since the epoch.
            &[0xc1, 0xfb, 0x41, 0xd9, 0x54, 0xfc, 0x40, 0x20, 0x00, 0x00, 0x65],
            b"Value",
            &[0xf9, 0x3e, 0x00, 0x65],
            b"Count",
            &[0x21, 0x64],
            b"More",
            &[0x82, 0xf5, 0xf4],
        ]
        .concat();
        assert_eq!(hex::encode(&bytes), hex::encode(expected));
        assert_eq!(decode::<Sample>(&bytes, missing).unwrap(), sample);
        assert_eq!(encode(&()).unwrap(), [0xa0]);
    }

    #[test]
    fn lengths_need_not_be_known_and_numbers_may_be_of_any_size() {
        // Indefinite map, text in two pieces, a time in whole seconds, a double as an integer, an unknown member.
        let body = [
            &[0xbf, 0x64][..],
            b"Name",
            &[0x7f, 0x61, b'a', 0x61, b'b', 0xff, 0x62],
            b"At",
            &[0xc1, 0x1a, 0x65, 0x53, 0xf1, 0x00, 0x65],
            b"Value",
            &[0x07, 0x65],
            b"Count",
            &[0x18, 0x64, 0x64],
            b"More",
            &[0x9f, 0xf5, 0xff, 0x61, b'x', 0xa1, 0x61, b'y', 0x42, 0x00, 0x01, 0xff],
        ]
        .concat();
        let read = decode::<Sample>(&body, missing).unwrap();
        assert_eq!((read.name.as_str(), read.value, read.count), ("ab", 7.0, 100));
        assert_eq!(read.at, Moment(Timestamp::from_micros(1_700_000_000_000_000)));
        assert_eq!(read.more, [true]);
        assert_eq!(decode::<Sample>(b"", missing).unwrap_err(), missing("Name"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let cbor = Protocol::Cbor { service: "x" };
        let nested = [[0x81; 100].as_slice(), &[0x00]].concat();
        let huge = [0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        let many = [&[0x9f][..], &vec![0x00; 1 << 20], &[0xff]].concat();
        for body in [
            &[0xff][..],
            &[0x1f],
            &[0x81],
            &[0xa1, 0x01, 0x01],
            &[0xa0, 0xa0],
            &[0x62, b'a'],
            &[0x61, 0xff],
            &[0xf0],
            &nested,
            &huge,
            &many,
            &[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00],
        ] {
            let shown = hex::encode(&body[..body.len().min(16)]);
            let code = decode::<Value>(body, missing).unwrap_err();
            assert_eq!(code.code(&cbor), "SerializationException", "{shown}");
        }
    }

    #[test]
    fn faults_carry_their_members() {
        let cbor = Protocol::Cbor { service: "x" };
        let fault = Fault::new("LimitExceeded", "no").with("limit", 7);
        let read = to_json(&encode_fault(&fault, &cbor)).unwrap();
        assert_eq!(read, serde_json::json!({ "__type": "LimitExceeded", "message": "no", "limit": 7 }));
    }

    #[test]
    fn paths_name_a_service_and_an_operation() {
        assert_eq!(named("/service/S/operation/O"), Some(("S", "O")));
        for path in ["/", "/service/S", "/service/S/operation", "/service/a/b/operation/O", "/service/S/operation/a/b"]
        {
            assert_eq!(named(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = to_json(&bytes);
        }
    }
}
