//! AWS JSON 1.1: an object in, an object out.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{Common, Fault, Protocol, structure};

/// The content type of every answer.
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// That of version 1.0, for clients that ask in it.
pub(crate) const CONTENT_TYPE_1_0: &str = "application/x-amz-json-1.0";

/// Reads the body of a request. No body at all is an empty object: some clients send none for an operation without
/// input.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8], missing: fn(&str) -> Fault) -> Result<T, Fault> {
    let body = if body.is_empty() { b"{}" } else { body };
    // Nearly no client sends null, and a layer is not read twice for the sake of those that do.
    if !may_have_null(body) {
        let mut reader = serde_json::Deserializer::from_slice(body);
        let input = structure(&mut reader).and_then(|input| reader.end().map(|()| input));
        return input.map_err(|error| refusal(&error, missing));
    }
    let value = serde_json::from_slice(body).map_err(|error| refusal(&error, missing))?;
    decode_value(value, missing)
}

/// [`decode`] of what was read already.
pub(crate) fn decode_value<T: DeserializeOwned>(mut value: Value, missing: fn(&str) -> Fault) -> Result<T, Fault> {
    drop_null(&mut value);
    structure(value).map_err(|error| refusal(&error, missing))
}

/// Whether a member of an object may be null: one that is follows a colon.
fn may_have_null(body: &[u8]) -> bool {
    body.split(|byte| *byte == b':').skip(1).any(|rest| rest.trim_ascii_start().starts_with(b"null"))
}

/// Takes out the members that are null: to AWS they are absent, whatever they are. In a list null stays, and is no element.
fn drop_null(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_null);
        }
        Value::Array(elements) => elements.iter_mut().for_each(drop_null),
        _ => {}
    }
}

/// The refusal of an input that is not what the operation reads.
pub(crate) fn refusal(error: &serde_json::Error, missing: fn(&str) -> Fault) -> Fault {
    let text = error.to_string();
    // serde tells an absent member only by this text; a test below holds it to that.
    match text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
        Some((member, _)) if error.is_data() => missing(member),
        _ => Fault::common(Common::Serialization, text),
    }
}

/// Writes an answer. An operation without output answers an empty object.
pub(crate) fn encode(output: &impl Serialize) -> Result<Vec<u8>, Fault> {
    let bytes = serde_json::to_vec(output).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Fault::internal()
    })?;
    Ok(if bytes == b"null" { b"{}".to_vec() } else { bytes })
}

/// Writes a failure.
pub(crate) fn encode_fault(fault: &Fault, protocol: &Protocol) -> Vec<u8> {
    fault_body(fault, protocol).to_string().into_bytes()
}

/// A failure as a value.
pub(crate) fn fault_body(fault: &Fault, protocol: &Protocol) -> Value {
    let mut body = Map::new();
    body.insert("__type".to_owned(), Value::from(fault.code(protocol)));
    body.insert("message".to_owned(), Value::from(fault.message()));
    for (member, value) in fault.members() {
        body.insert((*member).to_owned(), value.clone());
    }
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{Blob, invalid_parameter};

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Input {
        repository_name: String,
        layer_part_blob: Option<Blob>,
    }

    fn missing(member: &str) -> Fault {
        invalid_parameter(member, "must not be null")
    }

    #[test]
    fn an_absent_member_is_told_from_a_malformed_body() {
        let input: Input = decode(br#"{"repositoryName":"a","layerPartBlob":"AAE=","unknown":1}"#, missing).unwrap();
        assert_eq!(input.repository_name, "a");
        assert_eq!(input.layer_part_blob.unwrap().0, [0, 1]);
        let error = decode::<Input>(b"", missing).unwrap_err();
        assert_eq!(error, missing("repositoryName"));
        let serialization = |body: &[u8]| {
            let json = Protocol::Json { target: "x" };
            assert_eq!(decode::<Input>(body, missing).unwrap_err().code(&json), "SerializationException");
        };
        serialization(b"{");
        serialization(b"[]");
        serialization(br#"["a",null]"#);
        serialization(br#"{"repositoryName":"a"}{}"#);
        serialization(br#"{"repositoryName":7}"#);
        serialization(br#"{"repositoryName":"a","layerPartBlob":"***"}"#);
        serialization(b"\xff");
        serialization("[".repeat(100_000).as_bytes());
    }

    #[test]
    fn a_member_that_is_null_is_absent() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Lists {
            name: String,
            #[serde(default)]
            tags: Vec<String>,
            #[serde(default)]
            force: bool,
            document: Option<Value>,
        }
        let read = |body: &str| decode::<Lists>(body.as_bytes(), missing);
        let lists =
            read(r#"{"name":"a: null","tags":null,"force" : null,"document":{"a":[{"b":  null,"c":1}]}}"#).unwrap();
        let document = Some(serde_json::json!({ "a": [{ "c": 1 }] }));
        assert_eq!(lists, Lists { name: "a: null".to_owned(), tags: Vec::new(), force: false, document });
        assert_eq!(read(r#"{"name":null}"#).unwrap_err(), missing("name"));
        let serialization = |body: &str| {
            let json = Protocol::Json { target: "x" };
            assert_eq!(read(body).unwrap_err().code(&json), "SerializationException", "{body}");
        };
        for body in ["null", r#"{"name":"a","tags":[null]}"#, r#"{"name":"a","tags":null"#, r#"{"a":nullx}"#] {
            serialization(body);
        }
        serialization(&r#"{"a":null,"b":"#.repeat(100_000));
    }

    #[test]
    fn faults_carry_their_members() {
        let fault = Fault::new("InvalidLayerPartException", "no").with("lastValidByteReceived", 7);
        let text = String::from_utf8(encode_fault(&fault, &Protocol::Json { target: "x" })).unwrap();
        assert_eq!(text, r#"{"__type":"InvalidLayerPartException","lastValidByteReceived":7,"message":"no"}"#);
        assert_eq!(encode(&()).unwrap(), b"{}");
    }
}
