//! The registries that a cache rule can stand for: those that ECR knows by host, and those that the operator named.

use super::check::{invalid, is_account, is_region};
use crate::{Error, Result};

/// A kind of registry that ECR knows.
struct Known {
    /// As ECR spells it.
    name: &'static str,
    /// Its host. Of some kinds there are many.
    host: fn(&str) -> bool,
    /// Whether it gives nothing without a login.
    needs_credentials: bool,
}

const KNOWN: &[Known] = &[
    Known { name: "ecr-public", host: |host| host == "public.ecr.aws", needs_credentials: false },
    Known { name: "quay", host: |host| host == "quay.io", needs_credentials: false },
    Known { name: "k8s", host: |host| host == "registry.k8s.io", needs_credentials: false },
    Known { name: "docker-hub", host: |host| host == "registry-1.docker.io", needs_credentials: true },
    Known { name: "github-container-registry", host: |host| host == "ghcr.io", needs_credentials: true },
    Known { name: "gitlab-container-registry", host: |host| host == "registry.gitlab.com", needs_credentials: true },
    Known { name: "azure-container-registry", host: is_azure, needs_credentials: true },
    Known { name: "chainguard", host: |host| host == "cgr.dev", needs_credentials: true },
    Known { name: "ecr", host: is_ecr, needs_credentials: false },
];

/// `<name>.azurecr.io`
fn is_azure(host: &str) -> bool {
    host.strip_suffix(".azurecr.io")
        .is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// `<account>.dkr.ecr.<region>.amazonaws.com`, and China's
fn is_ecr(host: &str) -> bool {
    let host = host.strip_suffix(".cn").unwrap_or(host);
    let labels: Vec<&str> = host.split('.').collect();
    matches!(labels[..], [account, "dkr", "ecr", region, "amazonaws", "com"] if is_account(account) && is_region(region))
}

/// A registry that an operator allows beside those that ECR knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnUpstream {
    /// Host, and port if it is not the usual one, as rules name it.
    pub host: String,
    /// Whether it speaks plain HTTP.
    pub plain: bool,
}

/// What a cache rule stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upstream<'u> {
    /// Host, and port if it is not the usual one.
    pub host: &'u str,
    /// The kind as ECR spells it; none for one of the operator's.
    pub kind: Option<&'static str>,
    /// Whether it gives nothing without a login.
    pub needs_credentials: bool,
    /// Whether it speaks plain HTTP.
    pub plain: bool,
    /// Whether the operator named it: then it may be anywhere, also in a network of one's own.
    pub own: bool,
}

/// The registry of a host; `kind` is what the caller says it is, if anything.
pub fn find<'u>(host: &'u str, kind: Option<&str>, own: &[OwnUpstream]) -> Result<Upstream<'u>> {
    if let Some(kind) = kind.filter(|kind| KNOWN.iter().all(|known| known.name != *kind)) {
        let names: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        tracing::debug!(kind, "an upstream registry of an unknown kind was refused");
        return Err(invalid("upstreamRegistry", format!("must satisfy enum value set: [{}]", names.join(", "))));
    }
    if let Some(own) = own.iter().find(|own| own.host == host) {
        return Ok(Upstream { host, kind: None, needs_credentials: false, plain: own.plain, own: true });
    }
    let known = KNOWN.iter().find(|known| (known.host)(host));
    match known {
        Some(known) if kind.is_none_or(|kind| kind == known.name) => Ok(Upstream {
            host,
            kind: Some(known.name),
            needs_credentials: known.needs_credentials,
            plain: false,
            own: false,
        }),
        _ => Err(Error::UpstreamUnsupported(host.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_known_by_their_hosts() {
        for (host, kind, login) in [
            ("public.ecr.aws", "ecr-public", false),
            ("quay.io", "quay", false),
            ("registry.k8s.io", "k8s", false),
            ("registry-1.docker.io", "docker-hub", true),
            ("ghcr.io", "github-container-registry", true),
            ("registry.gitlab.com", "gitlab-container-registry", true),
            ("myname.azurecr.io", "azure-container-registry", true),
            ("cgr.dev", "chainguard", true),
            ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", "ecr", false),
        ] {
            let found = find(host, None, &[]).unwrap();
            assert_eq!((found.kind, found.needs_credentials, found.plain), (Some(kind), login, false), "{host}");
            assert!(find(host, Some(kind), &[]).is_ok());
        }
        for host in
            ["docker.io", "https://quay.io", "quay.io/", "", ".azurecr.io", "a.b.azurecr.io", "evil.com#quay.io"]
        {
            assert!(matches!(find(host, None, &[]), Err(Error::UpstreamUnsupported(_))), "{host}");
        }
        assert!(matches!(find("quay.io", Some("k8s"), &[]), Err(Error::UpstreamUnsupported(_))));
        assert!(matches!(find("quay.io", Some("nexus"), &[]), Err(Error::InvalidParameter { .. })));
    }

    #[test]
    fn an_operator_can_name_others() {
        let own = [OwnUpstream { host: "registry.lan:5000".to_owned(), plain: true }];
        let found = find("registry.lan:5000", None, &own).unwrap();
        assert!(found.plain && found.own && found.kind.is_none());
        assert!(find("registry.lan", None, &own).is_err());
    }
}
