//! Where a request may go, by who chose the place.

use std::net::IpAddr;

use reqwest::Url;

use crate::{ChosenBy, address};

/// How closely a place is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Not at all: the operator named it.
    None,
    /// It may be in a private network, but not on this machine or its link.
    Local,
    /// It must be in the public network.
    Public,
}

impl Guard {
    pub(crate) fn of(chosen_by: ChosenBy) -> Self {
        match chosen_by {
            ChosenBy::Operator => Self::None,
            ChosenBy::Caller => Self::Local,
            ChosenBy::Stranger => Self::Public,
        }
    }

    /// For the places that one under this guard sends us to. What an operator named is trusted, but its word about other
    /// places is not the operator's.
    pub(crate) fn elsewhere(self) -> Self {
        match self {
            Self::None => Self::Local,
            other => other,
        }
    }

    /// Why an address must not be asked; nothing if it may. `loopback`: what is near may be asked as well.
    pub(crate) fn forbids(self, address: IpAddr, loopback: bool) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Local => address::forbidden(address, loopback),
            Self::Public => address::forbidden(address, loopback)
                .or_else(|| (!loopback && address::is_private(address)).then_some("an address of a private network")),
        }
    }

    /// What can be seen before names are resolved. A host that is an address never meets the resolver. `plain`: the
    /// operator chose plain HTTP.
    pub(crate) fn check(self, url: &Url, loopback: bool, plain: bool) -> Result<(), &'static str> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a URL with credentials");
        }
        let text = url.host_str().unwrap_or_default();
        // RFC 6761, section 6.3. A proxy would resolve it to its own machine, which may be this one.
        if self != Self::None && !loopback && (text == "localhost" || text.ends_with(".localhost")) {
            return Err("a loopback address");
        }
        let literal: Option<IpAddr> = text.trim_start_matches('[').trim_end_matches(']').parse().ok();
        if let Some(why) = literal.and_then(|literal| self.forbids(literal, loopback)) {
            return Err(why);
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if plain => Ok(()),
            // Only where nobody can listen in.
            "http" if loopback && literal.is_some_and(address::is_loopback) => Ok(()),
            "http" => Err("plain HTTP"),
            _ => Err("another scheme than https"),
        }
    }
}
