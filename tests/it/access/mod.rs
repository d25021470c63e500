//! Who may do what: several principals, policies of users and repositories, and changes to them while the server runs.

mod catalog;
mod coverage;
mod create_on_push;
mod login_password;
mod matrix;
pub(crate) mod model;
mod mount;
mod operations;
mod oracle;
mod public_repository;
mod registries;
mod revocation;
mod secrets;
mod sessions;
mod signing_keys;
mod stored_tags;
mod tag_mutability;
mod token_use;
pub(crate) mod world;
