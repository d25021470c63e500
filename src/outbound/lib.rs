//! The one way out: HTTP requests to hosts that somebody else chose, such as the issuer of an identity provider.
//!
//! Whoever chooses a host must not be able to make this program ask what only it can reach: the metadata service of the
//! machine, a link-local neighbor, something on its loopback interface. So addresses are looked at after names are
//! resolved, where the connection is made, and again for every redirect. Credentials go to the host that they are for and
//! never along with a redirect to another, no cookie is used, and nothing is waited for without a limit.
//!
//! Through a [`Proxy`] names are resolved by it: what it lets through is then its operator's to decide.

mod address;
mod call;
mod client;
mod error;
mod exchange;
mod guard;
mod proxy;
mod resolver;
mod roots;
mod submit;
mod upgrade;

pub use call::Call;
pub use client::{ChosenBy, Client};
pub use error::{Error, Result};
pub use exchange::{Answer, Ask, origin, same_origin, shown};
pub use proxy::Proxy;
pub use reqwest::header::{HeaderMap, HeaderValue};
pub use reqwest::{Method, Upgraded};
pub use roots::Roots;
pub use submit::{Payload, Submit};

/// What an operator can choose.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Certificates that are trusted beside those of the system.
    pub roots: Roots,
    /// Whether this machine itself may be asked, and in plain HTTP. For tests and for services beside the registry.
    pub loopback: bool,
    /// Through what requests go out; directly without it.
    pub proxy: Option<Proxy>,
}
