//! The ids of the images of a repository: one for each tag, and one for each image without a tag.
//!
//! Tags come first, by their names; then images without one, in the order in which they were pushed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use store::{Conn, manifest_storage, tags};
use types::{Digest, StorageClass, Tag, Timestamp};

use super::describe::Walk;
use super::{Shown, Tagged};
use crate::{Action, Ctx, Permit, Result, page_token, repositories};

/// An entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The image.
    pub digest: Digest,
    /// The tag that this entry is about; none for an image without one.
    pub tag: Option<Tag>,
}

/// One page of ids.
#[derive(Debug)]
pub struct Page {
    /// The entries.
    pub ids: Vec<Listed>,
    /// Names the next page, if there may be one.
    pub next_token: Option<String>,
}

/// Where a page ends.
#[derive(Debug, Serialize, Deserialize)]
enum Place {
    #[serde(rename = "t")]
    Tag(String),
    #[serde(rename = "u")]
    Untagged(i64, String),
}

const FIRST_UNTAGGED: Place = Place::Untagged(i64::MIN, String::new());

/// Ids of images, at most `limit`, from the page that the token names on.
pub async fn list(ctx: &Ctx, permit: &Permit, shown: Shown, next_token: Option<&str>, limit: usize) -> Result<Page> {
    permit.require(Action::ListImages)?;
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let tagged = shown.tagged;
    if tagged == Tagged::Neither {
        return Ok(Page { ids: Vec::new(), next_token: None });
    }
    let list = format!("image ids {} {shown:?}", repository.repository_id);
    let first = match tagged {
        Tagged::Untagged => FIRST_UNTAGGED,
        Tagged::Any | Tagged::Tagged | Tagged::Neither => Place::Tag(String::new()),
    };
    let mut place = page_token::open_next(&ctx.app, &list, next_token)?.unwrap_or(first);
    let mut ids = Vec::new();
    let mut more = false;
    if let Place::Tag(after) = &place {
        let (listed, last) = page_of_tags(&mut conn, &repository.repository_id, shown, after, limit).await?;
        ids.extend(listed);
        match last {
            Some(last) => (place, more) = (Place::Tag(last), true),
            None => place = FIRST_UNTAGGED,
        }
    }
    if let Place::Untagged(micros, digest) = &place
        && tagged != Tagged::Tagged
    {
        let after = (Timestamp::from_micros(*micros), digest.clone());
        let mut walk = Walk { repository: &repository, shown: Shown { tagged: Tagged::Untagged, ..shown }, after };
        let rows;
        (rows, more) = walk.page(&mut conn, limit - ids.len()).await?;
        ids.extend(rows.into_iter().map(|row| Listed { digest: row.digest, tag: None }));
        place = Place::Untagged(walk.after.0.micros(), walk.after.1);
    }
    let next_token = match more {
        true => Some(page_token::seal(&ctx.app, &list, &place)?),
        false => None,
    };
    Ok(Page { ids, next_token })
}

/// Tags of images that are to be shown, and the last one that was looked at if there are more.
async fn page_of_tags(
    conn: &mut Conn,
    repository_id: &str,
    shown: Shown,
    after: &str,
    limit: usize,
) -> Result<(Vec<Listed>, Option<String>)> {
    let mut listed = tags::list_with_digests(conn, repository_id, after, limit + 1).await?;
    let more = listed.len() > limit;
    listed.truncate(limit);
    let last = listed.last().filter(|_| more).map(|(tag, _)| tag.as_str().to_owned());
    if let Some(class) = shown.class {
        let digests: BTreeSet<&Digest> = listed.iter().map(|(_, digest)| digest).collect();
        let digests: Vec<&Digest> = digests.into_iter().collect();
        let archived = manifest_storage::list_archived(conn, repository_id, &digests).await?;
        let archived: BTreeSet<Digest> = archived.into_iter().collect();
        listed.retain(|(_, digest)| archived.contains(digest) == (class == StorageClass::Archive));
    }
    Ok((listed.into_iter().map(|(tag, digest)| Listed { digest, tag: Some(tag) }).collect(), last))
}
