//! What calls name: the namespace `ecs`, its one dimension, `service/CLUSTER/SERVICE`; the ARNs of what is made of it; and
//! what a call about it needs.

use app::api::Call;
use aws::{Need, Resource, Violations};
use types::{Arn, RegistryId};

use crate::error::Error;
use crate::failures;

/// The one namespace.
pub(crate) const NAMESPACE: &str = "ecs";
/// Its one dimension.
pub(crate) const DIMENSION: &str = "ecs:service:DesiredCount";

/// Checks a namespace, and a dimension if there is one.
pub(crate) fn check(namespace: &str, dimension: Option<&str>) -> Result<(), Error> {
    let mut violations = Violations::new();
    violations.one_of("serviceNamespace", namespace, &[NAMESPACE]);
    if let Some(dimension) = dimension {
        violations.one_of("scalableDimension", dimension, &[DIMENSION]);
    }
    failures::finish(&violations)
}

/// Checks all three.
pub(crate) fn check_all(namespace: &str, dimension: &str, resource_id: &str) -> Result<(), Error> {
    check(namespace, Some(dimension))?;
    if ecs::services::scaling::names(resource_id).is_none() {
        return Err(failures::invalid(format!(
            "Unsupported service namespace, resource type or scalable dimension: {}",
            resource_id.chars().take(256).collect::<String>()
        )));
    }
    Ok(())
}

/// Checks the name of a policy or a scheduled action.
pub(crate) fn check_name(member: &str, name: &str) -> Result<(), Error> {
    let mut violations = Violations::new();
    violations.length(member, name, 1..=256).pattern(
        member,
        name,
        "(?!((^[ ]+.*)|(.*([\\u0000-\\u001f]|[\\u007f-\\u009f]|[:/|])+.*)|(.*[ ]+$))).+",
        |one| !one.is_control() && !":/|".contains(one),
    );
    if name.starts_with(' ') || name.ends_with(' ') {
        violations.add(member, name, "Member must not begin or end with a space");
    }
    failures::finish(&violations)
}

/// What a call needs that changes something: an action on scalable targets, whichever.
pub(crate) fn need(call: &Call, action: &'static str) -> Need {
    let registry = &call.ctx.registry;
    Need::new(action, Resource::Arn(registry.account.clone(), target_arn(registry, "*")))
        .with("application-autoscaling:service-namespace", [NAMESPACE.to_owned()])
        .with("application-autoscaling:scalable-dimension", [DIMENSION.to_owned()])
}

/// What a call needs that lists something.
pub(crate) fn need_to_list(action: &'static str) -> Need {
    Need::new(action, Resource::Any)
}

/// What a call needs that is about the tags of one target.
pub(crate) fn need_for_tags(call: &Call, action: &'static str, arn: &str) -> Result<Need, Error> {
    let registry = &call.ctx.registry;
    let id = target_id(registry, arn)?;
    Ok(Need::new(action, Resource::Arn(registry.account.clone(), target_arn(registry, id))))
}

/// The ARN of a target.
pub(crate) fn target_arn(registry: &RegistryId, id: &str) -> Arn {
    Arn::of("application-autoscaling", registry, &format!("scalable-target/{id}"))
}

/// The id in the ARN of a target.
pub(crate) fn target_id<'t>(registry: &RegistryId, arn: &'t str) -> Result<&'t str, Error> {
    let id = arn.strip_prefix(target_arn(registry, "").as_str());
    id.filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .ok_or_else(|| failures::no_resource(arn))
}

/// The ARN of a policy.
pub(crate) fn policy_arn(registry: &RegistryId, uuid: &str, resource_id: &str, name: &str) -> String {
    let resource = format!("scalingPolicy:{uuid}:resource/ecs/{resource_id}:policyName/{name}");
    Arn::of("autoscaling", registry, &resource).to_string()
}

/// The ARN of a scheduled action.
pub(crate) fn action_arn(registry: &RegistryId, uuid: &str, resource_id: &str, name: &str) -> String {
    let resource = format!("scheduledAction:{uuid}:resource/ecs/{resource_id}:scheduledActionName/{name}");
    Arn::of("autoscaling", registry, &resource).to_string()
}
