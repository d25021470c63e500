//! The rules of the registry: authentication, authorization, repositories, uploads, images, tags, referrers.
//!
//! Fronts call these functions, so that a `docker push` and its AWS counterpart cannot disagree. A rule takes the
//! [`Ctx`] of its request first and, where it touches a repository, the [`Permit`] that authorization gave out: without
//! one it cannot be called. Nothing here knows HTTP.

mod action;
mod ambiguity;
mod app;
mod config;
mod context;
mod directory;
mod error;
mod facts;
mod identity;
mod limits;
mod role;
mod seal;
mod snapshot;
mod stored_tags;
mod turns;

pub mod accounts;
pub mod admin;
pub mod api;
pub mod audit;
pub mod authn;
pub mod authz;
pub mod blobs;
pub mod bootstrap;
pub mod built_in_policies;
pub mod cache;
pub mod catalog;
pub mod environment_files;
pub mod events;
pub mod fsck;
pub mod garbage;
pub mod images;
pub mod key_uses;
pub mod layers;
pub mod lifecycle;
pub mod manifest;
pub mod page_token;
pub mod policy_principals;
pub mod pulls;
pub mod referrers;
pub mod registry;
pub mod replication;
pub mod repositories;
pub mod repository_policies;
pub mod resource_tags;
pub mod scanning;
pub mod sealed;
pub mod service_roles;
pub mod sessions;
pub mod tags;
pub mod trust;
pub mod uploads;
pub mod usage;
pub mod web_identity;

pub use action::Action;
pub use app::App;
pub use authz::{Grant, Permit};
pub use config::Config;
pub use context::Ctx;
pub use directory::{Directory, Entity, EntityKind};
pub use error::{Error, Result, UpstreamFailure};
pub use identity::Identity;
pub use limits::Limits;
pub use role::Role;
pub use seal::Sealer;
pub use snapshot::Snapshot;
