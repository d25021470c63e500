//! Names to addresses, where the connection is made: what a name meant when somebody looked at it before does not count.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::guard::Guard;
use crate::{Error, Proxy};

/// Gives only addresses that may be asked.
pub(crate) struct Guarded {
    pub(crate) guard: Guard,
    pub(crate) loopback: bool,
    pub(crate) proxy: Option<Proxy>,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let own = self.proxy.as_ref().is_some_and(|proxy| proxy.is_at(name.as_str()));
        let (guard, loopback) = (if own { Guard::None } else { self.guard }, self.loopback);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let mut why = "its name has no address";
            let may = |found: &SocketAddr| match guard.forbids(found.ip(), loopback) {
                Some(reason) => {
                    why = reason;
                    false
                }
                None => true,
            };
            let addresses: Vec<SocketAddr> = found.into_iter().filter(may).collect();
            if addresses.is_empty() {
                return Err(Error::Forbidden(host, why).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
