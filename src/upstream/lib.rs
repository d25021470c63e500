//! The client's side of the registry protocol: manifests and blobs of other registries, fetched or brought there, and the
//! logins that they ask for.
//!
//! It asks and says what came of it. What is kept, what is believed and who may ask is decided elsewhere; where a
//! request may go is decided in `outbound`.

mod challenge;
mod client;
mod error;
mod login;
mod push;

pub use client::{Blob, Client, Manifest};
pub use error::{Error, Result};
pub use outbound::{ChosenBy, Payload};
pub use push::{Begun, Mount, PushTo, Session};
use types::Secret;

/// A registry to ask.
#[derive(Debug, Clone)]
pub struct Upstream {
    /// Its host, and its port if that is not the usual one.
    pub host: String,
    /// Whether it speaks plain HTTP.
    pub plain: bool,
    /// Who chose it.
    pub chosen_by: ChosenBy,
    /// What opens it, if anything is needed.
    pub credentials: Option<Credentials>,
}

/// A name and a password, or what a registry takes in its place.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

impl Upstream {
    fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", if self.plain { "http" } else { "https" }, self.host)
    }
}
