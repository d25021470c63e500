//! The APIs of Secrets Manager (`manager`) and of the parameter store of Systems Manager (`parameters`). Each has one front,
//! so their rules live here too. What they keep is sealed in `app::sealed`, which also opens secrets for the
//! pull-through cache.
//!
//! Rotation, replicas, policies of secrets, keys of AWS KMS, labels and policies of parameters are not here: what asks for
//! them is refused, and their operations are unknown.

mod error;
mod manager;
mod parameters;
mod plain;
mod tags;
mod tokens;

pub use manager::service as manager;
pub use manager::upkeep::remove_deleted;
pub use parameters::service as parameters;
