//! Attributes of container instances that clients set, beside those that agents register. Those of ECS itself, such as
//! `ecs.os-type`, are an agent's to set.

use std::collections::{BTreeMap, BTreeSet};

use acs::api::Attribute;
use app::api::Call;
use aws::{Need, Resource};
use store::{Conn, container_instances};
use types::{Arn, RegistryId};

use crate::arns;
use crate::clusters::{self, Cluster, write, written};
use crate::container_instances::{ContainerInstance, Document, arn, find_in};
use crate::error::{Error, Result};
use crate::services;

/// How many attributes of its own a host may have.
const MOST_CUSTOM: usize = 10;

/// How many one call may set or remove.
const MOST: usize = 10;

/// The longest name and the longest value, in characters.
const LONGEST: usize = 128;

/// How many hosts are read at once.
const CHUNK: usize = 100;

fn invalid<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::InvalidParameter(message.into()))
}

/// Whether an attribute is ECS's own.
fn is_reserved(name: &str) -> bool {
    name.starts_with("ecs.") || name.starts_with("com.amazonaws.")
}

/// What clients set stays when an agent registers its host again. What the agent says itself goes before it.
pub(crate) fn keep_custom(document: &mut Document, before: &Document) {
    for attribute in &before.attributes {
        let said = document.attributes.iter().any(|one| one.name == attribute.name);
        if !said && !is_reserved(&attribute.name) {
            document.attributes.push(attribute.clone());
        }
    }
}

fn check(attribute: &Attribute) -> Result<()> {
    let name_is_legal = |character: char| character.is_ascii_alphanumeric() || "-_/\\.".contains(character);
    let name = &attribute.name;
    if !(1..=LONGEST).contains(&name.len()) || !name.chars().all(name_is_legal) {
        return invalid("Attribute names must have 1 to 128 letters, digits and any of -_/\\.");
    }
    if is_reserved(name) {
        return invalid("Attribute names that begin with ecs. or com.amazonaws. are reserved.");
    }
    if let Some(value) = &attribute.value {
        let legal = |character: char| character.is_ascii_alphanumeric() || "-_.@/\\: ".contains(character);
        let edges = value.starts_with(' ') || value.ends_with(' ');
        if !(1..=LONGEST).contains(&value.len()) || !value.chars().all(legal) || edges {
            return invalid("Attribute values must have 1 to 128 letters, digits, spaces and any of -_.@/\\:");
        }
    }
    check_target(attribute)
}

fn check_target(attribute: &Attribute) -> Result<()> {
    if attribute.target_type.as_deref().is_some_and(|kind| kind != "container-instance") {
        return invalid("Invalid target type. The valid value is container-instance.");
    }
    if attribute.target_id.as_deref().is_none_or(str::is_empty) {
        return invalid("The target of an attribute is required.");
    }
    Ok(())
}

/// The attributes of one call by the hosts that they are about, in the order in which hosts are held.
fn by_target(attributes: Vec<Attribute>) -> Result<BTreeMap<String, Vec<Attribute>>> {
    if !(1..=MOST).contains(&attributes.len()) {
        return invalid(format!("Attributes must have between 1 and {MOST} elements."));
    }
    let mut targets: BTreeMap<String, Vec<Attribute>> = BTreeMap::new();
    for attribute in attributes {
        let target = attribute.target_id.clone().unwrap_or_default();
        targets.entry(target).or_default().push(attribute);
    }
    Ok(targets)
}

/// What setting or removing attributes needs: the action on each host. What names none is told so, to whoever may do it in
/// the cluster.
pub(crate) fn needs(
    call: &Call,
    action: &'static str,
    cluster_arn: &Arn,
    cluster: Option<&str>,
    attributes: &[Attribute],
) -> Vec<Need> {
    let registry = &call.ctx.registry;
    let name = arns::cluster_name(registry, cluster).unwrap_or_default();
    let hosts: BTreeSet<&str> = attributes
        .iter()
        .filter_map(|attribute| arns::in_cluster(registry, "container-instance", name, attribute.target_id.as_deref()?))
        .collect();
    let on = |arn| {
        let need = Need::new(action, Resource::Arn(call.account().clone(), arn));
        need.with("ecs:cluster", [cluster_arn.to_string()])
    };
    if hosts.is_empty() {
        return vec![on(cluster_arn.clone())];
    }
    hosts.into_iter().map(|id| on(arn(registry, name, &arns::instance_id(id)))).collect()
}

async fn target(conn: &mut Conn, cluster: &Cluster, given: &str) -> Result<ContainerInstance> {
    let found = find_in(conn, cluster, given).await?;
    found.ok_or_else(|| {
        let shown: String = given.chars().take(255).collect();
        Error::TargetNotFound(format!("The specified target was not found: {shown}"))
    })
}

/// An attribute as answers show it.
fn shown(registry: &RegistryId, cluster: &str, instance_id: &str, attribute: &Attribute) -> Attribute {
    Attribute {
        name: attribute.name.clone(),
        value: attribute.value.clone(),
        target_type: Some("container-instance".to_owned()),
        target_id: Some(arn(registry, cluster, instance_id).to_string()),
    }
}

/// Sets attributes, replacing those of the same names. All of them or none.
pub(crate) async fn put(call: &Call, cluster: &str, attributes: Vec<Attribute>) -> Result<Vec<Attribute>> {
    attributes.iter().try_for_each(check)?;
    let targets = by_target(attributes)?;
    let (registry, name, now) = (call.ctx.registry.clone(), cluster.to_owned(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            let cluster = clusters::lock(conn, &registry, &name).await?;
            let mut set = Vec::new();
            for (given, wanted) in targets {
                let ContainerInstance { row, mut document, .. } = target(conn, &cluster, &given).await?;
                for attribute in wanted {
                    document.attributes.retain(|one| one.name != attribute.name);
                    set.push(shown(&registry, &name, &row.instance_id, &attribute));
                    let Attribute { name, value, .. } = attribute;
                    document.attributes.push(Attribute { name, value, target_type: None, target_id: None });
                }
                if document.attributes.iter().filter(|one| !is_reserved(&one.name)).count() > MOST_CUSTOM {
                    return Err(Error::AttributeLimitExceeded(format!(
                        "A container instance can not have more than {MOST_CUSTOM} custom attributes."
                    )));
                }
                container_instances::update_document(conn, &row.instance_id, &written(&document)?).await?;
            }
            // Tasks may be placed by them.
            services::wake_all(conn, &cluster.row.cluster_id, now).await?;
            Ok(set)
        })
    })
    .await
}

/// Removes attributes: those of a name, or of a name and a value. What is not there is not missed.
pub(crate) async fn delete(call: &Call, cluster: &str, attributes: Vec<Attribute>) -> Result<Vec<Attribute>> {
    for attribute in &attributes {
        check_target(attribute)?;
        if is_reserved(&attribute.name) {
            return invalid("Attributes whose names begin with ecs. or com.amazonaws. cannot be deleted.");
        }
    }
    let targets = by_target(attributes)?;
    let (registry, name, now) = (call.ctx.registry.clone(), cluster.to_owned(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            let cluster = clusters::lock(conn, &registry, &name).await?;
            let mut gone = Vec::new();
            for (given, wanted) in targets {
                let ContainerInstance { row, mut document, .. } = target(conn, &cluster, &given).await?;
                let is_wanted = |one: &Attribute| {
                    let same = |other: &&Attribute| {
                        other.name == one.name && (other.value.is_none() || other.value == one.value)
                    };
                    wanted.iter().find(same).is_some()
                };
                let (removed, left): (Vec<_>, Vec<_>) = document.attributes.into_iter().partition(is_wanted);
                document.attributes = left;
                gone.extend(removed.iter().map(|one| shown(&registry, &name, &row.instance_id, one)));
                container_instances::update_document(conn, &row.instance_id, &written(&document)?).await?;
            }
            services::wake_all(conn, &cluster.row.cluster_id, now).await?;
            Ok(gone)
        })
    })
    .await
}

/// Which attributes are listed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filter<'f> {
    /// Those of a name.
    pub(crate) name: Option<&'f str>,
    /// Those of a value.
    pub(crate) value: Option<&'f str>,
}

/// Attributes of the hosts of a cluster with their keys, by status, host and name, at most `limit`. `after` is the key of
/// the last one of the page before.
pub(crate) async fn list(
    conn: &mut Conn,
    cluster: &Cluster,
    filter: Filter<'_>,
    after: &str,
    limit: usize,
) -> Result<Vec<(String, Attribute)>> {
    let (row, mut found) = (&cluster.row, Vec::new());
    let mut begin = after.splitn(3, ' ');
    let (from_status, from_host, from_name) = (begin.next(), begin.next(), begin.next());
    for status in ["ACTIVE", "DRAINING"] {
        // Statuses are in the order of the alphabet, too.
        if from_status.is_some_and(|from| status < from) {
            continue;
        }
        let resumed = from_status == Some(status);
        let mut last = if resumed { from_host.unwrap_or_default().to_owned() } else { String::new() };
        let mut hosts =
            if resumed { container_instances::find(conn, &last).await?.into_iter().collect() } else { Vec::new() };
        loop {
            let next = container_instances::list(conn, &row.cluster_id, status, &last, CHUNK).await?;
            let more = next.len() == CHUNK;
            hosts.extend(next);
            for host in hosts.drain(..).filter(|host| host.cluster_id == row.cluster_id) {
                last.clone_from(&host.instance_id);
                let skip = if resumed && Some(host.instance_id.as_str()) == from_host { from_name } else { None };
                let mut attributes = ContainerInstance::read(host).document.attributes;
                attributes.sort_by(|one, other| one.name.cmp(&other.name));
                for attribute in attributes {
                    let wanted = filter.name.is_none_or(|name| attribute.name == name)
                        && filter.value.is_none_or(|value| attribute.value.as_deref() == Some(value))
                        && skip.is_none_or(|from| attribute.name.as_str() > from);
                    if wanted {
                        let key = format!("{status} {last} {}", attribute.name);
                        found.push((key, shown(&row.registry, &row.name, &last, &attribute)));
                    }
                    if found.len() == limit {
                        return Ok(found);
                    }
                }
            }
            if !more {
                break;
            }
        }
    }
    Ok(found)
}
