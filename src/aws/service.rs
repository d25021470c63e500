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
    /// Smithy RPC v2 with CBOR.
    Cbor {
        /// What stands behind `/service/` in the path.
        service: &'static str,
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
    /// The refusal of an operation that the service has on AWS and not here, by its name. Whoever signs a call hears it; what
    /// is in neither place is an unknown operation. For JSON and CBOR alone.
    pub unsupported: fn(&str) -> Option<crate::Fault>,
    /// How a required member that is absent is refused.
    pub missing: fn(&str) -> crate::Fault,
}
