//! A proxy that an operator names: the way out of a network that lets nobody out by himself.

use std::fmt;

use reqwest::{NoProxy, Url};

/// Through what requests go out, and which hosts are asked without it.
#[derive(Clone)]
pub struct Proxy {
    url: Url,
    direct: String,
}

impl Proxy {
    /// `url`: http or https, perhaps with a name and a password for the proxy. `direct`: domains, addresses and networks
    /// that are asked without it, separated by commas, as in `NO_PROXY`.
    ///
    /// # Errors
    ///
    /// Why there can be no such proxy, without its password.
    pub fn parse(url: &str, direct: &str) -> Result<Self, &'static str> {
        const WANTED: &str = "it is not the address of a proxy, such as http://proxy.example.com:3128";
        let url = Url::parse(url).map_err(|_| WANTED)?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let proxy = Self { url, direct: direct.to_owned() };
        if !bare || !matches!(proxy.url.scheme(), "http" | "https") || proxy.own().is_err() {
            return Err(WANTED);
        }
        Ok(proxy)
    }

    /// For a client of our own kind.
    pub(crate) fn own(&self) -> reqwest::Result<reqwest::Proxy> {
        Ok(reqwest::Proxy::all(self.url.clone())?.no_proxy(NoProxy::from_string(&self.direct)))
    }

    /// Whether a name is that of the proxy, which may be near: the operator named it.
    pub(crate) fn is_at(&self, name: &str) -> bool {
        self.url.host_str() == Some(name)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("host", &self.url.host_str()).field("direct", &self.direct).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_named_by_its_address_and_its_password_is_not_shown() {
        let proxy = Proxy::parse("http://name:pass%2Fword@proxy.example.com:3128", "example.com,10.0.0.0/8").unwrap();
        assert!(proxy.is_at("proxy.example.com") && !proxy.is_at("example.com"));
        assert!(!format!("{proxy:?}").contains("word"));
        for wrong in [
            "",
            "proxy.example.com:3128",
            "socks5://proxy",
            "http://",
            "http://proxy/path",
            "http://proxy?q",
            "file:///x",
        ] {
            let refusal = Proxy::parse(wrong, "").unwrap_err();
            assert!(refusal.contains("not the address of a proxy"), "{wrong}");
        }
    }
}
