//! A service: its name in signatures, its protocol and its operations.

use crate::{Call, Entry};

/// How the operations of a service are named and carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON 1.1.
    Json {
        /// What stands before the operation's name in `X-Amz-Target`, without the dot.
        target: &'static str,
    },
    /// AWS Query.
    Query {
        /// The `Version` of requests.
        version: &'static str,
        /// The namespace of answers.
        namespace: &'static str,
    },
}

/// A service of one host.
pub struct Service<C: Call> {
    /// The name in signatures and in actions, `ecr`.
    pub name: &'static str,
    /// Its protocol.
    pub protocol: Protocol,
    /// Everything that it can do.
    pub operations: &'static [Entry<C>],
    /// How a required member that is absent is refused.
    pub missing: fn(&str) -> crate::Fault,
}
