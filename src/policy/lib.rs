//! The IAM policy language and its evaluation. Pure: documents and a request in, a decision and its reason out.
//!
//! Parsing is strict and happens when a document is stored; evaluation is cheap, allocates little and cannot fail: what
//! it does not understand it denies. There is no I/O and no clock here: the time of the request is a condition key
//! that the caller sets.

mod condition;
mod context;
mod decision;
mod denial;
mod document;
mod error;
mod evaluate;
mod explain;
mod glob;
mod json;
mod parse;
mod pattern;
mod place;
mod position;
mod principal;
mod principal_set;
mod rename;
mod request;

pub use context::{Context, Facts};
pub use decision::{Decision, Grant, Layer, Origin, Reason};
pub use denial::{denial_message, unexplained_denial};
pub use document::{Document, Effect, Kind, Version};
pub use error::{Error, Flaw, Result};
pub use evaluate::{Policies, Policy, evaluate};
pub use explain::{Explanation, explain};
pub use position::{Position, statement_positions};
pub use principal::{Principal, PrincipalKind};
pub use principal_set::NamedPrincipal;
pub use rename::rename_principals;
pub use request::Request;
