//! AWS Query: a form in, XML out.

mod form;
mod read;
mod xml;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::form::Form;
use crate::{Common, Fault, Protocol};

/// The content type of every answer.
pub(crate) const CONTENT_TYPE: &str = "text/xml";

impl Form {
    /// Reads the input of an operation. `missing` makes the refusal of a required member that is absent.
    pub fn decode<T: DeserializeOwned>(&self, missing: fn(&str) -> Fault) -> Result<T, Fault> {
        read::read(self).map_err(|error| match error {
            read::Error::Missing(member) => missing(member),
            read::Error::Malformed(text) => Fault::common(Common::Serialization, text),
        })
    }
}

/// Writes an answer: `<PutResponse><PutResult>…</PutResult><ResponseMetadata>…`. An operation without output has no
/// result.
pub(crate) fn encode(
    operation: &str,
    namespace: &str,
    request_id: &str,
    output: &impl Serialize,
) -> Result<Vec<u8>, Fault> {
    let mut body = format!("<{operation}Response xmlns=\"{namespace}\">");
    xml::write(&mut body, &format!("{operation}Result"), output).map_err(|error| {
        tracing::error!(%error, "an answer cannot be written");
        Fault::internal()
    })?;
    body.push_str("<ResponseMetadata>");
    xml::element(&mut body, "RequestId", request_id);
    body.push_str(&format!("</ResponseMetadata></{operation}Response>"));
    Ok(body.into_bytes())
}

/// Writes a failure.
pub(crate) fn encode_fault(fault: &Fault, protocol: &Protocol, request_id: &str) -> Vec<u8> {
    let namespace = match protocol {
        Protocol::Query { namespace, .. } => namespace,
        Protocol::Json { .. } | Protocol::Cbor { .. } => "",
    };
    let mut body = format!("<ErrorResponse xmlns=\"{namespace}\"><Error>");
    let kind = if fault.status(protocol).is_server_error() { "Receiver" } else { "Sender" };
    xml::element(&mut body, "Type", kind);
    xml::element(&mut body, "Code", fault.code(protocol));
    xml::element(&mut body, "Message", fault.message());
    body.push_str("</Error>");
    xml::element(&mut body, "RequestId", request_id);
    body.push_str("</ErrorResponse>");
    body.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_the_shape_of_iam() {
        let protocol =
            Protocol::Query { version: "2010-05-08", namespace: "https://iam.amazonaws.com/doc/2010-05-08/" };
        let fault = Fault::common(Common::AccessDenied, "no <you> may not");
        assert_eq!(
            String::from_utf8(encode_fault(&fault, &protocol, "id")).unwrap(),
            "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>\
             <Code>AccessDenied</Code><Message>no &lt;you&gt; may not</Message></Error><RequestId>id</RequestId>\
             </ErrorResponse>"
        );
        assert_eq!(
            String::from_utf8(encode("DeleteUser", "ns", "id", &()).unwrap()).unwrap(),
            "<DeleteUserResponse xmlns=\"ns\"><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>\
             </DeleteUserResponse>"
        );
    }
}
