//! Where a request came from and what name it used, after trusted proxies were believed. The listener knows; this is
//! how it tells.

use std::net::{IpAddr, Ipv4Addr};

use app::App;
use types::{Region, RegistryId};

/// Put into the extensions of every request by the program.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The client's address.
    pub source: IpAddr,
    /// Whether the client used TLS.
    pub secure: bool,
    /// The host and port that the client used; none if it sent something that is not a host.
    pub host: Option<String>,
    /// The id of the request.
    pub request_id: String,
}

impl Default for Origin {
    fn default() -> Self {
        Self { source: IpAddr::V4(Ipv4Addr::UNSPECIFIED), secure: false, host: None, request_id: String::new() }
    }
}

impl Origin {
    /// The registry that the host name stands for: `<account>.dkr.ecr.<region>.…` names one, any other host is the
    /// default one. The error is a region that does not exist.
    pub(crate) fn registry(&self, app: &App) -> Result<RegistryId, Region> {
        match self.host.as_deref().and_then(named) {
            None => Ok(app.config().registry.clone()),
            Some(registry) if app.config().regions.contains(&registry.region) => Ok(registry),
            Some(registry) => Err(registry.region),
        }
    }
}

fn named(host: &str) -> Option<RegistryId> {
    let mut labels = host.split(':').next()?.split('.');
    let (account, dkr, ecr, region) = (labels.next()?, labels.next()?, labels.next()?, labels.next()?);
    if dkr != "dkr" || ecr != "ecr" || labels.next().is_none() {
        return None;
    }
    Some(RegistryId { account: account.parse().ok()?, region: region.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ecr_host_names_name_a_registry() {
        let registry = named("123456789012.dkr.ecr.eu-west-1.example.com:5000").unwrap();
        assert_eq!((registry.account.as_str(), registry.region.as_str()), ("123456789012", "eu-west-1"));
        for host in
            ["127.0.0.1:5000", "localhost", "registry.example.com", "12.dkr.ecr.x.com", "123456789012.dkr.ecr.x"]
        {
            assert!(named(host).is_none(), "{host}");
        }
    }
}
