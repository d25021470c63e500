//! The ARNs of load balancers, target groups, listeners and rules: read from requests, built for answers and policies.

use aws::{Need, Resource};
use types::{Arn, RegistryId};
use uuid::Uuid;

use crate::error::{Error, Result};

/// What an ARN names. Ids are never used twice, so the rest of an ARN only has to agree with what the id stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    /// Whose it is, and where.
    pub(crate) registry: RegistryId,
    /// What it is.
    pub(crate) kind: Kind,
    /// Of the load balancer or the target group.
    pub(crate) name: String,
    /// From the load balancer down to what is named; of a target group its own.
    pub(crate) ids: Vec<String>,
}

/// The kinds of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    LoadBalancer,
    TargetGroup,
    Listener,
    Rule,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::LoadBalancer => "loadbalancer/app",
            Self::TargetGroup => "targetgroup",
            Self::Listener => "listener/app",
            Self::Rule => "listener-rule/app",
        }
    }

    fn ids(self) -> usize {
        match self {
            Self::LoadBalancer | Self::TargetGroup => 1,
            Self::Listener => 2,
            Self::Rule => 3,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::LoadBalancer => "load balancer",
            Self::TargetGroup => "target group",
            Self::Listener => "listener",
            Self::Rule => "listener rule",
        }
    }

    /// There is no such thing.
    pub(crate) fn not_found(self, which: String) -> Error {
        match self {
            Self::LoadBalancer => Error::LoadBalancerNotFound(which),
            Self::TargetGroup => Error::TargetGroupNotFound(which),
            Self::Listener => Error::ListenerNotFound(which),
            Self::Rule => Error::RuleNotFound(which),
        }
    }
}

impl Named {
    /// A thing of that kind.
    pub(crate) fn new(registry: &RegistryId, kind: Kind, name: &str, ids: &[&str]) -> Self {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        Self { registry: registry.clone(), kind, name: name.to_owned(), ids }
    }

    /// Reads an ARN of whatever kind.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let (Some("arn"), Some("aws"), Some("elasticloadbalancing")) = (next(), next(), next()) else {
            return None;
        };
        let (region, account, resource) = (next()?, next()?, next()?);
        let registry = RegistryId { account: account.parse().ok()?, region: region.parse().ok()? };
        for kind in [Kind::LoadBalancer, Kind::TargetGroup, Kind::Listener, Kind::Rule] {
            let Some(rest) = resource.strip_prefix(kind.prefix()).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            let mut parts = rest.split('/');
            let name = parts.next()?;
            let ids: Vec<&str> = parts.collect();
            let legal = |id: &&str| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            if ids.len() != kind.ids() || !ids.iter().all(legal) || !is_name(name) {
                return None;
            }
            return Some(Self::new(&registry, kind, name, &ids));
        }
        None
    }

    /// Reads an ARN that must be of one kind.
    pub(crate) fn read(kind: Kind, text: &str) -> Result<Self> {
        Self::parse(text).filter(|named| named.kind == kind).ok_or_else(|| {
            let shown: String = text.chars().filter(|character| !character.is_control()).take(256).collect();
            Error::Validation(format!("'{shown}' is not a valid {} ARN", kind.word()))
        })
    }

    /// Reads several.
    pub(crate) fn read_all(kind: Kind, texts: &[String]) -> Result<Vec<Self>> {
        texts.iter().map(|text| Self::read(kind, text)).collect()
    }

    /// Its own id.
    pub(crate) fn id(&self) -> &str {
        self.ids.last().map(String::as_str).unwrap_or_default()
    }

    /// What stands behind the account: `loadbalancer/app/web/0123456789abcdef`.
    pub(crate) fn resource(&self) -> String {
        format!("{}/{}/{}", self.kind.prefix(), self.name, self.ids.join("/"))
    }

    /// The ARN.
    pub(crate) fn arn(&self) -> Arn {
        Arn::load_balancing(&self.registry, &self.resource())
    }

    /// What a call needs to do something with it.
    pub(crate) fn need(&self, action: &'static str) -> Need {
        Need::new(action, Resource::Arn(self.registry.account.clone(), self.arn()))
    }

    /// What stands at the other end of its listener and rule ids.
    pub(crate) fn load_balancer(&self) -> Self {
        let id = self.ids.first().map(String::as_str).unwrap_or_default();
        Self::new(&self.registry, Kind::LoadBalancer, &self.name, &[id])
    }

    /// The failure that it does not exist.
    pub(crate) fn not_found(&self) -> Error {
        self.kind.not_found(self.arn().to_string())
    }
}

/// What a call needs to make something of a name, whose id nobody knows yet.
pub(crate) fn need_to_make(registry: &RegistryId, kind: Kind, name: &str, action: &'static str) -> Need {
    let arn = Arn::load_balancing(registry, &format!("{}/{name}/*", kind.prefix()));
    Need::new(action, Resource::Arn(registry.account.clone(), arn))
}

/// Whether a text can be the name of a load balancer or target group.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// A new id: 16 hexadecimal digits.
pub(crate) fn new_id() -> String {
    let mut id = Uuid::new_v4().simple().to_string();
    // The first digits of a version 4 UUID are all random.
    id.replace_range(12.., "");
    let more = Uuid::new_v4().simple().to_string();
    id.push_str(&more[..4]);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_and_written_alike() {
        let start = "arn:aws:elasticloadbalancing:us-east-1:000000000000:";
        for (resource, kind, id) in [
            ("loadbalancer/app/web/0123456789abcdef", Kind::LoadBalancer, "0123456789abcdef"),
            ("targetgroup/web-blue/0123456789abcdef", Kind::TargetGroup, "0123456789abcdef"),
            ("listener/app/web/0123456789abcdef/00000000000000aa", Kind::Listener, "00000000000000aa"),
            (
                "listener-rule/app/web/0123456789abcdef/00000000000000aa/00000000000000bb",
                Kind::Rule,
                "00000000000000bb",
            ),
        ] {
            let text = format!("{start}{resource}");
            let named = Named::parse(&text).unwrap();
            assert_eq!((named.kind, named.id(), named.arn().as_str()), (kind, id, text.as_str()));
        }
    }

    #[test]
    fn other_texts_are_no_arns() {
        for text in [
            "",
            "web",
            "arn:aws:ecr:us-east-1:000000000000:repository/web",
            "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/web/0123456789abcdef",
            "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/web/0123",
            "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/web/0123456789abcdef/0123456789abcdef",
            "arn:aws:elasticloadbalancing:us-east-1:nobody:targetgroup/web/0123456789abcdef",
            "arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/*/0123456789abcdef",
        ] {
            assert_eq!(Named::parse(text), None, "{text}");
        }
        assert!(matches!(Named::read(Kind::Rule, "x"), Err(Error::Validation(_))));
    }

    #[test]
    fn ids_are_sixteen_digits() {
        let id = new_id();
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    }
}
