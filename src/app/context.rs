//! The context of one request: who asks, from where, about which registry.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use types::RegistryId;

use crate::{App, Identity, authn};

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

impl Ctx {
    /// What the registry does itself, because somebody asked it to.
    pub(crate) fn of_registry(app: &Arc<App>, registry: &RegistryId) -> Self {
        Self {
            app: Arc::clone(app),
            identity: authn::anonymous(app).identity,
            registry: registry.clone(),
            source: Ipv4Addr::LOCALHOST.into(),
            secure: true,
            user_agent: String::new(),
        }
    }
}
