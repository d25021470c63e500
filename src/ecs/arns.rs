//! What clients call things: by short names or by ARNs, in one place. What an ARN of another account or region names is not
//! here.

use types::{Arn, RegistryId};

use crate::error::{Error, Result};

/// The cluster that is meant when a request names none.
pub(crate) const DEFAULT_CLUSTER: &str = "default";

/// The longest name of a cluster, a service or a family.
const LONGEST_NAME: usize = 255;

/// `arn:aws:ecs:<region>:<account>:<resource>`
pub(crate) fn arn(registry: &RegistryId, resource: &str) -> Arn {
    Arn::of("ecs", registry, resource)
}

/// What stands behind `arn:aws:ecs:<region>:<account>:`, if `text` is an ARN of this account and region.
pub(crate) fn resource<'t>(registry: &RegistryId, text: &'t str) -> Option<&'t str> {
    let rest = text.strip_prefix("arn:aws:ecs:")?;
    let rest = rest.strip_prefix(registry.region.as_str())?.strip_prefix(':')?;
    rest.strip_prefix(registry.account.as_str())?.strip_prefix(':')
}

/// Whether a name has 1 to 255 letters, digits, hyphens and underscores.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The name of a cluster that is given by name or ARN, or not at all.
pub(crate) fn cluster_name<'t>(registry: &RegistryId, given: Option<&'t str>) -> Result<&'t str> {
    let given = match given {
        None | Some("") => return Ok(DEFAULT_CLUSTER),
        Some(given) => given,
    };
    if given.starts_with("arn:") {
        let name = resource(registry, given).and_then(|resource| resource.strip_prefix("cluster/"));
        return name.filter(|name| is_name(name)).ok_or(Error::ClusterNotFound);
    }
    if is_name(given) { Ok(given) } else { Err(Error::InvalidParameter("Identifier is invalid.".to_owned())) }
}

/// The id of a thing in a cluster that is given by id or ARN: `task/CLUSTER/ID`, `container-instance/CLUSTER/ID`,
/// `service/CLUSTER/NAME`. None if it cannot be one of that cluster.
pub(crate) fn in_cluster<'t>(registry: &RegistryId, kind: &str, cluster: &str, given: &'t str) -> Option<&'t str> {
    if !given.starts_with("arn:") {
        return Some(given).filter(|given| is_name(given));
    }
    let rest = resource(registry, given)?.strip_prefix(kind)?.strip_prefix('/')?;
    match rest.split_once('/') {
        Some((of, id)) => (of == cluster && is_name(id)).then_some(id),
        // The short form that old clients have kept.
        None => is_name(rest).then_some(rest),
    }
}

/// The id of a container instance as it is kept: some clients write it as a UUID.
pub(crate) fn instance_id(given: &str) -> String {
    given.replace('-', "")
}

/// The ARN of what a request names so, whether or not it is there, as failures show it.
pub(crate) fn shown(registry: &RegistryId, kind: &str, cluster: &str, given: &str) -> String {
    if given.starts_with("arn:") {
        return given.to_owned();
    }
    arn(registry, &format!("{kind}/{cluster}/{given}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> RegistryId {
        RegistryId { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() }
    }

    #[test]
    fn clusters_are_named_by_name_or_arn() {
        let registry = registry();
        assert_eq!(cluster_name(&registry, None).unwrap(), "default");
        assert_eq!(cluster_name(&registry, Some("web")).unwrap(), "web");
        assert_eq!(cluster_name(&registry, Some("arn:aws:ecs:us-east-1:000000000000:cluster/web")).unwrap(), "web");
        for other in [
            "arn:aws:ecs:us-east-2:000000000000:cluster/web",
            "arn:aws:ecs:us-east-1:000000000001:cluster/web",
            "arn:aws:ecs:us-east-1:000000000000:service/web",
            "arn:aws:ecs:us-east-1:000000000000:cluster/",
            "arn:aws:ecs:us-east-1:000000000000",
        ] {
            assert!(matches!(cluster_name(&registry, Some(other)), Err(Error::ClusterNotFound)), "{other}");
        }
        for bad in ["a b", "a/b", &"a".repeat(256)] {
            assert!(matches!(cluster_name(&registry, Some(bad)), Err(Error::InvalidParameter(_))), "{bad}");
        }
    }

    #[test]
    fn what_is_in_a_cluster_is_named_by_id_or_arn() {
        let registry = registry();
        let arn = "arn:aws:ecs:us-east-1:000000000000:task/web/0123";
        assert_eq!(in_cluster(&registry, "task", "web", "0123"), Some("0123"));
        assert_eq!(in_cluster(&registry, "task", "web", arn), Some("0123"));
        assert_eq!(in_cluster(&registry, "task", "other", arn), None);
        assert_eq!(in_cluster(&registry, "service", "web", arn), None);
        assert_eq!(in_cluster(&registry, "task", "web", "arn:aws:ecs:us-east-1:000000000000:task/0123"), Some("0123"));
    }
}
