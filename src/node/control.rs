//! Signed calls of JSON operations at the control plane: ECS, and what else the agent calls on behalf of tasks.

use std::time::Duration;

use aws::Credentials;
use bytes::Bytes;
use http::Request;
use outbound::{Call, ChosenBy, Client, HeaderMap};
use serde::Serialize;
use serde::de::DeserializeOwned;
use types::Timestamp;

use crate::{Error, Result};

/// Answers are read up to this length.
const LIMIT: usize = 4 << 20;
/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A service, as it is signed for and named in requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    /// The name in the scope of a signature.
    pub(crate) name: &'static str,
    /// What comes before the operation in `X-Amz-Target`.
    pub(crate) target: &'static str,
}

pub(crate) const ECS: Service = Service { name: "ecs", target: "AmazonEC2ContainerServiceV20141113" };
pub(crate) const ECR: Service = Service { name: "ecr", target: "AmazonEC2ContainerRegistry_V20150921" };
pub(crate) const LOGS: Service = Service { name: "logs", target: "Logs_20140328" };
pub(crate) const SECRETS: Service = Service { name: "secretsmanager", target: "secretsmanager" };
pub(crate) const PARAMETERS: Service = Service { name: "ssm", target: "AmazonSSM" };

/// The control plane.
pub(crate) struct Control {
    pub(crate) client: Client,
    pub(crate) server: String,
    pub(crate) region: String,
    pub(crate) credentials: Credentials,
}

impl Control {
    /// Calls an operation of the server with the agent's own credentials.
    pub(crate) async fn ecs<I: Serialize, O: DeserializeOwned>(&self, operation: &str, input: &I) -> Result<O> {
        self.call(
            ECS,
            operation,
            input,
            &Target { url: &self.server, region: &self.region, credentials: &self.credentials },
        )
        .await
    }

    /// Calls an operation somewhere.
    pub(crate) async fn call<I: Serialize, O: DeserializeOwned>(
        &self,
        service: Service,
        operation: &str,
        input: &I,
        target: &Target<'_>,
    ) -> Result<O> {
        let body = serde_json::to_vec(input).map_err(|error| Error::Malformed(error.to_string()))?;
        let url = format!("{}/", target.url.trim_end_matches('/'));
        let headers = [
            ("content-type", "application/x-amz-json-1.1".to_owned()),
            ("x-amz-target", format!("{}.{operation}", service.target)),
        ];
        let headers = signed("POST", &url, &headers, &body, target, service.name)?;
        let body = Some(Bytes::from(body));
        let call = Call { url: &url, chosen_by: ChosenBy::Operator, headers, body, patience: PATIENCE };
        let answer = self.client.call(call).await?;
        let status = answer.status();
        let answer = answer.body(LIMIT).await?;
        if status == 200 {
            return serde_json::from_slice(&answer).map_err(|error| Error::Malformed(error.to_string()));
        }
        Err(refusal(status, &answer))
    }
}

/// Where a call goes and what it is signed with.
pub(crate) struct Target<'a> {
    pub(crate) url: &'a str,
    pub(crate) region: &'a str,
    pub(crate) credentials: &'a Credentials,
}

/// The headers of a signed request.
pub(crate) fn signed(
    method: &str,
    url: &str,
    headers: &[(&str, String)],
    body: &[u8],
    target: &Target<'_>,
    service: &str,
) -> Result<HeaderMap> {
    let malformed = |error: &dyn std::fmt::Display| Error::Malformed(format!("{url}: {error}"));
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let (mut parts, ()) = request.body(()).map_err(|error| malformed(&error))?.into_parts();
    let host = parts.uri.authority().map(|authority| authority.as_str().to_owned());
    let host = host.ok_or_else(|| malformed(&"no host"))?;
    let now = Timestamp::from(std::time::SystemTime::now());
    aws::sign(&mut parts, &host, body, target.credentials, target.region, service, now)
        .ok_or_else(|| malformed(&"credentials that cannot be sent"))?;
    Ok(parts.headers)
}

#[derive(serde::Deserialize)]
struct Refusal {
    #[serde(rename = "__type", default)]
    kind: String,
    #[serde(alias = "Message", default)]
    message: String,
}

fn refusal(status: u16, answer: &[u8]) -> Error {
    match serde_json::from_slice::<Refusal>(answer) {
        Ok(Refusal { kind, message }) if !kind.is_empty() => {
            // Some services put a namespace before the name.
            let kind = kind.rsplit('#').next().unwrap_or_default().to_owned();
            Error::Refused { kind, message }
        }
        // What stands in front of a control plane that is away.
        _ if status >= 500 => Error::Broken(format!("status {status} without an error in it")),
        _ => Error::Malformed(format!("status {status} without an error in it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_the_name_that_aws_gives_it() {
        let error = refusal(400, br#"{"__type":"com.amazonaws.ecs#ClientException","message":"no"}"#);
        assert!(matches!(&error, Error::Refused { kind, message } if kind == "ClientException" && message == "no"));
        assert!(error.is_final());
        let away = refusal(502, b"<html>");
        assert!(!away.is_final() && away.is_passing());
        assert!(!refusal(404, b"<html>").is_passing());
    }
}
