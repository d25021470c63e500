//! Why a policy document was refused. The texts name the place in the document and are meant for its author; the
//! fronts decide which of them a client sees, since AWS answers some of these cases with fixed texts.

/// What this crate's fallible functions return.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a policy document cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is longer than the caller allows for this kind of policy.
    #[error("the policy document has {length} bytes, more than the {limit} that are allowed")]
    TooLong {
        /// Bytes in the text.
        length: usize,
        /// Bytes that the caller allows.
        limit: usize,
    },
    /// The text is not one JSON value.
    #[error("the policy document is not valid JSON: {0}")]
    NotJson(String),
    /// The JSON is not a policy of the expected kind.
    #[error("{place}: {problem}")]
    Invalid {
        /// Where, in the form `Statement[2].Condition.StringEquals`.
        place: String,
        /// What is wrong there.
        problem: String,
    },
}
