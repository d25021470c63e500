//! Tags of what ECS has: at most 50, and the keys and values that AWS allows. Those that ECS sets itself do not count.

use std::collections::HashSet;

use aws::{Need, is_tag_character};
use serde::{Deserialize, Serialize};
use store::{Conn, ecs_tags};
use types::RegistryId;

use crate::error::{Error, Result};

const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// A tag on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Unique in its resource.
    #[serde(default)]
    pub key: String,
    /// May be empty.
    #[serde(default)]
    pub value: String,
}

/// Refuses tags that nothing may have.
pub(crate) fn check(tags: &[Tag]) -> Result<()> {
    if tags.len() > MAX_TAGS {
        return invalid("Tags can not have more than 50 elements.");
    }
    let mut keys = HashSet::new();
    for Tag { key, value } in tags {
        check_length(key)?;
        if value.chars().count() > MAX_VALUE {
            return invalid("Tag values must have at most 256 characters.");
        }
        check_characters(key)?;
        check_characters(value)?;
        check_ours(key)?;
        if !keys.insert(key) {
            return invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
        }
    }
    Ok(())
}

/// Refuses keys that no tag can have, and those that only AWS itself sets.
pub(crate) fn check_keys(keys: &[String]) -> Result<()> {
    keys.iter()
        .try_for_each(|key| check_length(key).and_then(|()| check_characters(key)).and_then(|()| check_ours(key)))
}

fn check_length(key: &str) -> Result<()> {
    match (1..=MAX_KEY).contains(&key.chars().count()) {
        true => Ok(()),
        false => invalid("Tag keys must have 1 to 128 characters."),
    }
}

fn check_characters(text: &str) -> Result<()> {
    match text.chars().all(is_tag_character) {
        true => Ok(()),
        false => invalid("Tag keys and values must consist of letters, digits, spaces and any of _.:/=+-@."),
    }
}

fn check_ours(key: &str) -> Result<()> {
    match is_reserved(key) {
        true => invalid("Tag keys that begin with aws: are reserved."),
        false => Ok(()),
    }
}

fn invalid(message: &str) -> Result<()> {
    Err(Error::InvalidParameter(message.to_owned()))
}

/// Whether a key is one that only AWS itself sets.
fn is_reserved(key: &str) -> bool {
    key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

/// For the condition keys of requests that set tags.
pub(crate) fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()))
}

/// What tags that are set with something new need: `need` is `ecs:TagResource` on it.
pub(crate) fn on_creation(need: Need, operation: &str, tags: &[Tag]) -> Need {
    need.with("ecs:CreateAction", [operation.to_owned()]).with_request_tags(pairs(tags))
}

/// Sets tags of a resource, replacing those of the same keys. `resource` is what its ARN ends with.
pub(crate) async fn set(conn: &mut Conn, registry: &RegistryId, resource: &str, tags: &[Tag]) -> Result<()> {
    for tag in tags {
        ecs_tags::upsert(conn, registry, resource, &tag.key, &tag.value).await?;
    }
    if tags.is_empty() {
        return Ok(());
    }
    let all = ecs_tags::list(conn, registry, resource).await?;
    if all.iter().filter(|(key, _)| !is_reserved(key)).count() <= MAX_TAGS {
        return Ok(());
    }
    Err(Error::InvalidParameter("A resource can not have more than 50 tags.".to_owned()))
}

/// The tags of a resource.
pub(crate) async fn list(conn: &mut Conn, registry: &RegistryId, resource: &str) -> Result<Vec<Tag>> {
    let found = ecs_tags::list(conn, registry, resource).await?;
    Ok(found.into_iter().map(|(key, value)| Tag { key, value }).collect())
}
