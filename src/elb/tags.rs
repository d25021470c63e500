//! Tags of load balancers, target groups, listeners and rules.

use std::collections::BTreeSet;

use app::Grant;
use app::api::Call;
use aws::{Need, is_tag_character};
use serde::{Deserialize, Serialize};
use store::{Conn, load_balancing_tags};

use crate::arns::Named;
use crate::change::change;
use crate::error::{Error, Quota, Result};
use crate::{checks, lookup};

/// The most resources of one call.
pub(crate) const MAX_RESOURCES: usize = 20;

/// A tag on the wire.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    /// Its key.
    pub(crate) key: String,
    /// Its value.
    #[serde(default)]
    pub(crate) value: String,
}

/// Checks the tags of a request.
pub(crate) fn check(tags: &[Tag]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for (index, tag) in tags.iter().enumerate() {
        let member = format!("tags.{}.member", index + 1);
        check_key(&format!("{member}.key"), &tag.key)?;
        checks::length(&format!("{member}.value"), &tag.value, 0..=256)?;
        if !tag.value.chars().all(is_tag_character) {
            return Err(Error::Validation(format!("Tag value of key '{}' has characters that are not valid", tag.key)));
        }
        if !seen.insert(&tag.key) {
            return Err(Error::DuplicateTagKeys(tag.key.clone()));
        }
    }
    if tags.len() as u64 > Quota::Tags.most() {
        return Err(Error::TooMany(Quota::Tags));
    }
    Ok(())
}

fn check_key(member: &str, key: &str) -> Result<()> {
    checks::length(member, key, 1..=128)?;
    if !key.chars().all(is_tag_character) {
        return Err(Error::Validation(format!("'{member}' has characters that are not valid")));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        return Err(Error::Validation("Tag keys cannot begin with 'aws:'".to_owned()));
    }
    Ok(())
}

/// The condition keys that the tags of a request set.
pub(crate) fn with_request_tags(need: Need, tags: &[Tag]) -> Need {
    need.with_request_tags(tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
}

/// What making something takes: the action itself, and tagging if it has tags from the beginning.
pub(crate) fn needs_to_make(need: impl Fn(&'static str) -> Need, action: &'static str, tags: &[Tag]) -> Vec<Need> {
    let mut needs = vec![with_request_tags(need(action), tags)];
    if !tags.is_empty() {
        needs.push(with_request_tags(need("elasticloadbalancing:AddTags"), tags));
    }
    needs
}

/// Gives a resource tags.
pub(crate) async fn insert(conn: &mut Conn, resource_id: &str, tags: &[Tag]) -> Result<()> {
    for tag in tags {
        load_balancing_tags::upsert(conn, resource_id, &tag.key, &tag.value).await?;
    }
    Ok(())
}

/// Adds tags to resources.
pub(crate) async fn add(call: &Call, grant: &Grant, resources: Vec<Named>, tags: Vec<Tag>) -> Result<()> {
    for resource in &resources {
        grant.require_on("elasticloadbalancing:AddTags", resource.arn().as_str())?;
    }
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            for resource in &resources {
                lookup::any(conn, &registry, resource).await?;
                insert(conn, resource.id(), &tags).await?;
                if load_balancing_tags::list(conn, &[resource.id()]).await?.len() as u64 > Quota::Tags.most() {
                    return Err(Error::TooMany(Quota::Tags));
                }
            }
            Ok(())
        })
    })
    .await
}

/// Removes tags of resources.
pub(crate) async fn remove(call: &Call, grant: &Grant, resources: Vec<Named>, keys: Vec<String>) -> Result<()> {
    for resource in &resources {
        grant.require_on("elasticloadbalancing:RemoveTags", resource.arn().as_str())?;
    }
    let registry = call.ctx.registry.clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            for resource in &resources {
                lookup::any(conn, &registry, resource).await?;
                load_balancing_tags::delete(conn, resource.id(), &keys).await?;
            }
            Ok(())
        })
    })
    .await
}

/// The tags of resources, in the order in which these are named.
pub(crate) async fn list(call: &Call, grant: &Grant, resources: Vec<Named>) -> Result<Vec<(String, Vec<Tag>)>> {
    grant.require("elasticloadbalancing:DescribeTags")?;
    let mut conn = call.ctx.app.db().reader().await?;
    for resource in &resources {
        lookup::any(&mut conn, &call.ctx.registry, resource).await?;
    }
    let ids: Vec<&str> = resources.iter().map(Named::id).collect();
    let found = load_balancing_tags::list(&mut conn, &ids).await?;
    let of = |id: &str| {
        let its = found.iter().filter(|(resource, ..)| resource == id);
        its.map(|(_, key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
    };
    Ok(resources.iter().map(|resource| (resource.arn().to_string(), of(resource.id()))).collect())
}
