//! What evaluation found, with the statement that decided it, for answers, audit and the policy simulator.

use std::sync::Arc;

/// The result of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// The request may go on.
    Allow {
        /// What allowed it. Across accounts, where both sides must allow, it is the resource's side.
        by: Grant,
    },
    /// The request must be refused.
    Deny {
        /// Why.
        reason: Reason,
    },
}

impl Decision {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Decision::Allow { .. })
    }
}

/// What allowed a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// The caller is the root of an account, who may do everything in it.
    AccountRoot,
    /// A statement.
    Statement(Origin),
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A statement denies it.
    Explicit(Origin),
    /// A layer that had to allow it does not.
    Implicit(Layer),
    /// A policy that applies cannot be read, or is of the wrong kind for its place. It might have held a `Deny`.
    Unreadable {
        /// Where the policy stands.
        layer: Layer,
        /// Its label.
        policy: Arc<str>,
    },
    /// The wildcards of the policies take too long to match.
    TooComplex,
}

/// A statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Where the policy stands.
    pub layer: Layer,
    /// The policy's label.
    pub policy: Arc<str>,
    /// The statement's position in the document, from 0.
    pub statement: usize,
    /// The statement's `Sid`.
    pub sid: Option<Arc<str>>,
}

/// Where a policy stands in an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// A limit set above the account, as AWS's service control policies.
    Guard,
    /// A policy of the repository or registry.
    Resource,
    /// The trust policy of a role.
    Trust,
    /// The policies of the user or role and its groups.
    Identity,
    /// The permissions boundary of the user or role.
    Boundary,
    /// The policies given when the session was made.
    Session,
}
