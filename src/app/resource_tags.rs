//! Tags of repositories as AWS resources: setting, removing and listing them, and the copy in memory that conditions on
//! them are judged by. The tags of images are in [`crate::tags`].

use std::collections::{HashMap, HashSet};

use aws::is_tag_character;
use store::{Conn, Pending, stamps};
use types::{RegistryId, RepoName};

use crate::{Action, Ctx, Error, Permit, Result, repositories};

/// How many a repository may have.
const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;
const CHARACTERS: &str = "Tag keys and values must consist of letters, digits, spaces and any of _.:/=+-@";

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceTag {
    /// Unique in its repository.
    pub key: String,
    /// May be empty.
    pub value: String,
}

/// The tags of all repositories, as they were a moment ago.
#[derive(Default)]
pub(crate) struct ResourceTags {
    version: i64,
    by_repository: HashMap<RegistryId, HashMap<RepoName, Vec<(String, String)>>>,
}

impl ResourceTags {
    /// The tags of one repository.
    pub(crate) fn of(&self, registry: &RegistryId, name: &RepoName) -> &[(String, String)] {
        self.by_repository.get(registry).and_then(|names| names.get(name)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Reads all tags, unless this copy is up to date.
    pub(crate) async fn renewed(&self, conn: &mut Conn) -> Result<Option<Self>> {
        // Read first: a change that comes in between is seen at the next look.
        let version = stamps::find(conn, stamps::RESOURCE_TAGS).await?.unwrap_or_default();
        if version == self.version {
            return Ok(None);
        }
        let mut fresh = Self { version, by_repository: HashMap::new() };
        for row in store::resource_tags::list_all(conn).await? {
            let names = fresh.by_repository.entry(row.registry).or_default();
            names.entry(row.name).or_default().push((row.key, row.value));
        }
        Ok(Some(fresh))
    }
}

/// Sets tags of a repository, replacing those of the same keys.
pub async fn set(ctx: &Ctx, permit: &Permit, tags: Vec<ResourceTag>) -> Result<()> {
    permit.require(Action::TagResource)?;
    check(&tags)?;
    let permit = permit.clone();
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let id = repositories::lock(conn, &permit).await?.repository_id;
                for tag in &tags {
                    store::resource_tags::upsert(conn, &id, &tag.key, &tag.value).await?;
                }
                let count = store::resource_tags::list(conn, &id).await?.len();
                if count > MAX_TAGS {
                    return Err(too_many(count));
                }
                Ok(stamps::update_next(conn, stamps::RESOURCE_TAGS).await?)
            }) as Pending<'_, (), Error>
        })
        .await?;
    ctx.app.refresh().await
}

/// Removes tags of a repository by their keys. Keys that it does not have are passed over, as on ECR.
pub async fn remove(ctx: &Ctx, permit: &Permit, keys: Vec<String>) -> Result<()> {
    permit.require(Action::UntagResource)?;
    keys.iter().try_for_each(|key| check_key(key))?;
    let permit = permit.clone();
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let id = repositories::lock(conn, &permit).await?.repository_id;
                store::resource_tags::delete(conn, &id, &keys).await?;
                Ok(stamps::update_next(conn, stamps::RESOURCE_TAGS).await?)
            }) as Pending<'_, (), Error>
        })
        .await?;
    ctx.app.refresh().await
}

/// The tags of a repository by their keys.
pub async fn list(ctx: &Ctx, permit: &Permit) -> Result<Vec<ResourceTag>> {
    permit.require(Action::ListTagsForResource)?;
    let mut conn = ctx.app.db.reader().await?;
    let id = repositories::find(&mut conn, permit).await?.repository_id;
    let tags = store::resource_tags::list(&mut conn, &id).await?;
    Ok(tags.into_iter().map(|(key, value)| ResourceTag { key, value }).collect())
}

/// Checks tags that are to be set together.
pub(crate) fn check(tags: &[ResourceTag]) -> Result<()> {
    if tags.len() > MAX_TAGS {
        return Err(too_many(tags.len()));
    }
    let mut keys = HashSet::new();
    for ResourceTag { key, value } in tags {
        check_key(key)?;
        if value.chars().count() > MAX_VALUE {
            return invalid("Tag values must have at most 256 characters");
        }
        if !value.chars().all(is_tag_character) {
            return invalid(CHARACTERS);
        }
        if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            return invalid("Tag keys that begin with aws: are reserved");
        }
        if !keys.insert(key) {
            return invalid("Tag keys must not be given twice");
        }
    }
    Ok(())
}

/// Checks the key of a tag that is to be set or removed.
fn check_key(key: &str) -> Result<()> {
    if !(1..=MAX_KEY).contains(&key.chars().count()) {
        return invalid("Tag keys must have 1 to 128 characters");
    }
    if key.chars().all(is_tag_character) { Ok(()) } else { invalid(CHARACTERS) }
}

fn invalid(what: &str) -> Result<()> {
    Err(Error::InvalidTagParameter(what.to_owned()))
}

fn too_many(count: usize) -> Error {
    Error::TooManyTags { count, limit: MAX_TAGS }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Vec<ResourceTag> {
        pairs.iter().map(|(key, value)| ResourceTag { key: (*key).to_owned(), value: (*value).to_owned() }).collect()
    }

    #[test]
    fn tags_of_the_documented_form_are_taken() {
        check(&tags(&[("team", "web"), ("größe", ""), ("a b_.:/=+-@", "x y"), ("k", &"v".repeat(256))])).unwrap();
        check(&tags(&[(&"k".repeat(128), "v")])).unwrap();
        check(&[]).unwrap();
    }

    #[test]
    fn other_tags_are_refused() {
        let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
        for bad in [
            [("", "v")],
            [(long_key.as_str(), "v")],
            [("k", long_value.as_str())],
            [("k", "a\nb")],
            [("k!", "v")],
            [("aws:k", "v")],
            [("AWS:k", "v")],
        ] {
            assert!(matches!(check(&tags(&bad)), Err(Error::InvalidTagParameter(_))), "{bad:?}");
        }
        assert!(matches!(check(&tags(&[("k", "1"), ("k", "2")])), Err(Error::InvalidTagParameter(_))));
        let many: Vec<ResourceTag> =
            (0..51).map(|number| ResourceTag { key: number.to_string(), value: String::new() }).collect();
        assert!(matches!(check(&many), Err(Error::TooManyTags { count: 51, limit: 50 })));
    }
}
