//! Names to addresses, where the connection is made: what a name meant when somebody looked at it before does not count.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::Error;
use crate::guard::Guard;

/// Gives only addresses that may be asked.
pub(crate) struct Guarded {
    pub(crate) guard: Guard,
    pub(crate) loopback: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, loopback) = (self.guard, self.loopback);
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
