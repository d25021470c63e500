//! The context of one request: who asks, from where, about which registry.

use std::net::IpAddr;
use std::sync::Arc;

use types::RegistryId;

use crate::{App, Identity};

/// What every rule takes first. Made by a front after authentication.
#[derive(Clone)]
pub struct Ctx {
    /// The application.
    pub app: Arc<App>,
    /// Who asks.
    pub identity: Arc<Identity>,
    /// Which registry the host name of the request stands for.
    pub registry: RegistryId,
    /// Where the request came from.
    pub source: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
    /// What the client calls itself; empty if it does not.
    pub user_agent: String,
}
