//! A request before its body was read, and its answer.

use std::net::IpAddr;

use bytes::Bytes;
use http::request::Parts;
use types::Timestamp;

use crate::Audit;

/// A request without its body, with what the listener knows of it.
pub struct Head {
    /// Method, address and header fields, as they came.
    pub parts: Parts,
    /// The client's address, after trusted proxies were believed.
    pub source: IpAddr,
    /// Whether the client used TLS.
    pub secure: bool,
    /// The host and port that the client used, after trusted proxies were believed.
    pub host: Option<String>,
    /// The id of the request, a UUID.
    pub request_id: String,
    /// When it came.
    pub received_at: Timestamp,
}

impl Head {
    /// What the client calls itself; empty if it does not.
    pub fn user_agent(&self) -> &str {
        self.header("user-agent").unwrap_or_default()
    }

    /// The value of a header field, if it is there once and visible ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.parts.headers.get_all(name).iter();
        let value = values.next()?;
        values.next().is_none().then_some(())?;
        value.to_str().ok()
    }
}

/// The answer to a request. Its extensions hold a [`Label`].
pub type Answer = http::Response<Bytes>;

/// Service and operation of an answer, `ecr:PutImage`, for metrics and logs; `ecr` alone when there is no such operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label(pub &'static str);

impl Label {
    /// Whether the operation reads and changes nothing, as its name says.
    pub fn reads(self) -> bool {
        self.0.split_once(':').is_some_and(|(_, operation)| Audit::of(operation) == Audit::Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_reads_is_told_by_its_name() {
        for reads in ["ecr:BatchGetImage", "ecr:GetAuthorizationToken", "iam:ListUsers", "ecs:DescribeTasks"] {
            assert!(Label(reads).reads(), "{reads}");
        }
        for changes in ["ecr:PutImage", "ecr:BatchDeleteImage", "logs:PutLogEvents", "ecr", "aws", "", "Get"] {
            assert!(!Label(changes).reads(), "{changes}");
        }
    }
}
