//! Tags of groups. They are kept with their group; no condition of a policy can ask for them.

use std::collections::BTreeMap;

use app::Grant;
use app::api::Call;
use aws::is_tag_character;
use store::{Pending, log_groups};
use types::Arn;

use crate::error::Error;
use crate::failures;
use crate::groups;
use crate::names::GroupName;

/// How many a group may have.
const MOST: usize = 50;

/// Sets tags of a group, replacing those of the same keys.
pub(crate) async fn set(
    call: &Call,
    grant: &Grant,
    action: &str,
    name: &GroupName,
    tags: BTreeMap<String, String>,
) -> Result<(), Error> {
    grant.require(action)?;
    check(&tags)?;
    change(call, name, move |known| known.extend(tags)).await
}

/// Removes tags of a group by their keys. Keys that it does not have are passed over.
pub(crate) async fn remove(
    call: &Call,
    grant: &Grant,
    action: &str,
    name: &GroupName,
    keys: Vec<String>,
) -> Result<(), Error> {
    grant.require(action)?;
    change(call, name, move |known| known.retain(|key, _| !keys.contains(key))).await
}

/// The tags of a group.
pub(crate) async fn list(
    call: &Call,
    grant: &Grant,
    action: &str,
    name: &GroupName,
) -> Result<BTreeMap<String, String>, Error> {
    grant.require(action)?;
    let group = groups::find(&mut call.ctx.app.db().reader().await?, &call.ctx.registry, name).await?;
    Ok(from_json(&group.tags))
}

async fn change(
    call: &Call,
    name: &GroupName,
    change: impl FnOnce(&mut BTreeMap<String, String>) + Send + 'static,
) -> Result<(), Error> {
    let (registry, name) = (call.ctx.registry.clone(), name.clone());
    call.ctx
        .app
        .db()
        .write(move |conn| {
            Box::pin(async move {
                let group = log_groups::lock(conn, &registry, name.as_str()).await?;
                let group = group.ok_or_else(failures::no_such_group)?;
                let mut tags = from_json(&group.tags);
                change(&mut tags);
                if tags.len() > MOST {
                    return Err(failures::too_many_tags(Arn::log_group(&registry, name.as_str()).as_str()));
                }
                Ok(log_groups::update_tags(conn, &group.log_group_id, &to_json(&tags)).await?)
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Checks tags that are to be set together.
pub(crate) fn check(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > MOST {
        return Err(failures::invalid("A resource can have no more than 50 tags."));
    }
    for (key, value) in tags {
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(is_tag_character) {
            return Err(failures::invalid("Tag keys must have 1 to 128 letters, digits, spaces and any of _.:/=+-@"));
        }
        if value.chars().count() > 256 || !value.chars().all(is_tag_character) {
            return Err(failures::invalid(
                "Tag values must have at most 256 letters, digits, spaces and any of _.:/=+-@",
            ));
        }
        if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            return Err(failures::invalid("Tag keys that begin with aws: are reserved"));
        }
    }
    Ok(())
}

pub(crate) fn to_json(tags: &BTreeMap<String, String>) -> String {
    serde_json::json!(tags).to_string()
}

fn from_json(text: &str) -> BTreeMap<String, String> {
    serde_json::from_str(text).unwrap_or_default()
}
