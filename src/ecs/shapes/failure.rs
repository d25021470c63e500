//! What a batch could not do, member by member.

use serde::Serialize;

/// A member of a batch that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    /// What was asked for, as an ARN.
    pub(crate) arn: Option<String>,
    /// A word for it.
    pub(crate) reason: String,
    /// More of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

impl Failure {
    /// It was there, and is not any more.
    pub(crate) fn inactive(arn: impl Into<String>) -> Self {
        Self { arn: Some(arn.into()), reason: "INACTIVE".to_owned(), detail: None }
    }

    /// There is no such thing.
    pub(crate) fn missing(arn: impl Into<String>) -> Self {
        Self { arn: Some(arn.into()), reason: "MISSING".to_owned(), detail: None }
    }
}
