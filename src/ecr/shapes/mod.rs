//! Structures that several operations share, as they look on the wire, and the checks that belong to them.

pub(crate) mod arn;
pub(crate) mod encryption;
pub(crate) mod enhanced_finding;
pub(crate) mod image;
pub(crate) mod layer;
pub(crate) mod paging;
pub(crate) mod repository;
pub(crate) mod tag;
pub(crate) mod tag_mutability;
pub(crate) mod target;
