//! Tags of users, roles, managed policies and identity providers. Keys that differ only by case are one key.

use std::collections::BTreeSet;

use app::api::Call;
use aws::{Need, is_tag_character};
use serde::{Deserialize, Serialize};
use store::iam_tags::IamTagRow;
use store::{Conn, iam_tags};

use crate::change::change;
use crate::checks::Checks;
use crate::entities::{self, Found};
use crate::error::Error;
use crate::failures;
use crate::paging::{Page, Paging};

/// How many tags a resource may have.
pub(crate) const TAGS_QUOTA: u64 = 50;

/// A tag on the wire.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    /// Its key.
    pub(crate) key: String,
    /// Its value.
    pub(crate) value: String,
}

impl From<IamTagRow> for Tag {
    fn from(row: IamTagRow) -> Self {
        Self { key: row.key, value: row.value }
    }
}

/// What keys and values of tags consist of, as AWS prints it.
const CHARACTERS: &str = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]";

/// Checks the tags of a request.
pub(crate) fn check(tags: &[Tag]) -> Result<(), Error> {
    check_members(tags)?;
    check_keys_differ(tags)
}

/// Checks that keys differ by more than case, and that none is reserved.
fn check_keys_differ(tags: &[Tag]) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    if !tags.iter().all(|tag| seen.insert(folded(&tag.key))) {
        return Err(failures::invalid_input(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ));
    }
    if tags.iter().any(|tag| folded(&tag.key).starts_with("aws:")) {
        return Err(failures::invalid_input("aws: prefixed tag key names are not allowed for external use."));
    }
    Ok(())
}

/// Checks the tags of a managed policy. On AWS keys that differ by case are two keys there, which they are not here.
pub(crate) fn check_of_policy(tags: &[Tag]) -> Result<(), Error> {
    check_members(tags)?;
    let mut seen = BTreeSet::new();
    if !tags.iter().all(|tag| seen.insert(&tag.key)) {
        return Err(failures::invalid_input("Duplicate tag keys found."));
    }
    check_keys_differ(tags)
}

fn check_members(tags: &[Tag]) -> Result<(), Error> {
    let mut checks = Checks::new().count("tags", tags.len(), TAGS_QUOTA as usize);
    for (index, Tag { key, value }) in tags.iter().enumerate() {
        let member = format!("tags.{}.member.key", index + 1);
        checks = checks.length(&member, key, 1, 128).pattern(&member, &format!("{CHARACTERS}+"), of_tags(key));
        let member = format!("tags.{}.member.value", index + 1);
        checks = checks.length(&member, value, 0, 256).pattern(&member, &format!("{CHARACTERS}*"), of_tags(value));
    }
    checks.finish()
}

/// Checks the keys of tags that are to be removed.
pub(crate) fn check_keys(keys: &[String]) -> Result<(), Error> {
    let fine = |key: &String| (1..=128).contains(&key.chars().count()) && of_tags(key);
    let constraints = [
        "Member must have length less than or equal to 128",
        "Member must have length greater than or equal to 1",
        &format!("Member must satisfy regular expression pattern: {CHARACTERS}+"),
        "Member must not be null",
    ];
    Checks::new()
        .count("tagKeys", keys.len(), TAGS_QUOTA as usize)
        .elements("tagKeys", keys.iter().all(fine), &constraints)
        .finish()
}

fn of_tags(text: &str) -> bool {
    text.chars().all(is_tag_character)
}

/// The condition keys that the tags of a request set.
pub(crate) fn with_request_tags(need: Need, tags: &[Tag]) -> Need {
    need.with_request_tags(tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())))
}

/// Gives a resource that was just made its tags.
pub(crate) async fn insert(conn: &mut Conn, resource_id: &str, tags: &[Tag]) -> Result<(), Error> {
    for Tag { key, value } in tags {
        let row = IamTagRow {
            resource_id: resource_id.to_owned(),
            folded_key: folded(key),
            key: key.clone(),
            value: value.clone(),
        };
        iam_tags::upsert(conn, &row).await?;
    }
    Ok(())
}

/// Sets tags of a resource that may have some.
pub(crate) async fn set(conn: &mut Conn, resource_id: &str, tags: &[Tag]) -> Result<(), Error> {
    insert(conn, resource_id, tags).await?;
    if iam_tags::count(conn, resource_id).await? > TAGS_QUOTA {
        return Err(failures::too_many_tags());
    }
    Ok(())
}

/// Removes tags of a resource.
pub(crate) async fn remove(conn: &mut Conn, resource_id: &str, keys: &[String]) -> Result<(), Error> {
    let folded: Vec<String> = keys.iter().map(|key| folded(key)).collect();
    let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
    iam_tags::delete(conn, resource_id, &folded).await?;
    Ok(())
}

/// Sets tags of a user or role.
pub(crate) async fn tag(call: &Call, owner: Found, tags: Vec<Tag>) -> Result<(), Error> {
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            entities::check_exists(conn, &account, &owner).await?;
            set(conn, &owner.id, &tags).await
        })
    })
    .await
}

/// Removes tags of a user or role.
pub(crate) async fn untag(call: &Call, owner: Found, keys: Vec<String>) -> Result<(), Error> {
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            entities::check_exists(conn, &account, &owner).await?;
            remove(conn, &owner.id, &keys).await
        })
    })
    .await
}

/// The tags of a resource by key.
pub(crate) async fn list(call: &Call, resource_id: &str, paging: Paging) -> Result<Page<Tag>, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let found = iam_tags::list_page(&mut conn, resource_id, &paging.after, paging.wanted()).await?;
    let Page { items, is_truncated, marker } = paging.page(call, found, |row| &row.folded_key)?;
    Ok(Page { items: items.into_iter().map(Tag::from).collect(), is_truncated, marker })
}

/// All tags of a resource, for answers that show them beside the resource.
pub(crate) async fn of(conn: &mut Conn, resource_id: &str) -> Result<Vec<Tag>, Error> {
    Ok(iam_tags::list_of(conn, &[resource_id]).await?.into_iter().map(Tag::from).collect())
}

fn folded(key: &str) -> String {
    key.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: key.to_owned(), value: value.to_owned() }
    }

    fn refused(tags: &[Tag]) -> String {
        aws::Fault::from(check(tags).unwrap_err()).message().to_owned()
    }

    #[test]
    fn tags_are_checked() {
        assert!(check(&[tag("team", ""), tag("Größe 1", "a+b=c/d@e:f.g-h_i")]).is_ok());
        assert!(refused(&[tag("a", "1"), tag("A", "2")]).starts_with("Duplicate tag keys found."));
        assert!(refused(&[tag("AWS:x", "1")]).starts_with("aws: prefixed"));
        assert!(refused(&[tag("", "1")]).contains("'tags.1.member.key'"));
        assert!(refused(&[tag("ok", "1"), tag("a\nb", "1")]).contains("'tags.2.member.key'"));
        assert!(refused(&[tag("a", "{}")]).contains("Member must satisfy regular expression pattern"));
        assert!(refused(&[tag("a", &"x".repeat(257))]).contains("less than or equal to 256"));
        let many: Vec<Tag> = (0..51).map(|number| tag(&number.to_string(), "")).collect();
        assert!(refused(&many).contains("at 'tags' failed to satisfy constraint: Member must have length less than"));
    }
}
