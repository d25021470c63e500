//! Lifecycle policies: which images of a repository are to go, and when.
//!
//! Policies are checked and stored, and previewed. Nothing here deletes an image: runs do not exist yet, which the
//! answers show (`lastEvaluatedAt` stays 0).

pub mod evaluate;
mod pattern;
mod policy;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod properties;
mod schema;
#[cfg(test)]
mod vectors;

pub use pattern::TagPattern;
pub use policy::{Count, LifecyclePolicy, PolicyFault, Rule, RuleAction, StorageClass, TagSelection};
