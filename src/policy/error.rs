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
        /// Of which sort that is.
        flaw: Flaw,
    },
}

/// The sorts of faults that IAM has texts of its own for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// Any other one.
    Syntax,
    /// A version of the language that there is not.
    Version,
    /// A `Sid` of other characters than letters and digits.
    SidCharacters,
    /// A `Sid` that two statements have.
    SidTwice,
    /// No `Action`.
    NoAction,
    /// No `Resource`.
    NoResource,
    /// No `Principal`.
    NoPrincipal,
    /// A `Principal` where there must be none.
    PrincipalProhibited,
    /// A `Resource` where there must be none.
    ResourceProhibited,
    /// An action that names no service.
    ActionForm,
    /// An action of a trust policy that is not one of STS.
    ActionOfTrust,
    /// A resource that is no ARN.
    ResourceForm(String),
    /// A principal that cannot be.
    PrincipalForm {
        /// `AWS`, `Service` or `Federated`.
        kind: String,
        /// What was named.
        text: String,
    },
}
