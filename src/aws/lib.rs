//! AWS's wire protocols, for every service that Wharf speaks: signatures (SigV4), AWS JSON 1.1, AWS Query with XML, CBOR,
//! error shapes, and the table of operations from which dispatch, authorization, metrics and tests derive.
//!
//! # Adding an operation
//!
//! 1. A file `ops/<operation>.rs` in the crate of its service: `Input`, `Output`, and an [`Operation`] on a type that is
//!    named as AWS names it. [`Operation::needs`] says which action on which resource a call needs; without at least one
//!    need a call is refused, unless [`Operation::ACCESS`] says that it needs none.
//!    [`Operation::AUDIT`] follows from the name; only what moves content says something else.
//! 2. Its `mod` line and one [`Entry::of`] in the `OPERATIONS` of `ops/mod.rs`.
//! 3. A test in `tests/it/<service>/`.
//!
//! Nothing here knows a database, a policy or a web framework: who a caller is and what it may do is asked of the
//! [`Host`], which the application implements.

mod blob;
mod cbor;
mod dispatch;
mod fault;
mod gzip;
mod host;
mod json;
mod need;
mod operation;
mod query;
mod record;
mod request;
mod service;
mod sigv4;
mod structure;
mod time;
mod unwritable;
mod validate;

pub use blob::Blob;
pub use dispatch::Dispatcher;
pub use fault::{Common, Fault};
pub use host::{Call, Host};
pub use need::{Need, Resource};
pub use operation::{Access, Entry, Operation};
pub use query::Form;
pub use record::{Audit, Record};
pub use request::{Answer, Head, Label};
pub use service::{Protocol, Service};
pub use sigv4::{Credentials, Signature, SigningKeys, sign};
pub use structure::structure;
pub use time::{Epoch, Iso, Moment};
pub use validate::{Violations, invalid_parameter, is_tag_character};
