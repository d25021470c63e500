//! What is known of images, without their content: some by id, or all in the order in which they were pushed.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
pub use store::manifest_storage::Storage;
use store::manifests::DescribedRow;
use store::repositories::RepositoryRow;
use store::{Conn, manifests, tags};
use types::{Digest, MediaType, StorageClass, Tag, Timestamp};

use super::id::{self, ImageId};
use super::{Shown, Tagged};
use crate::{Action, Ctx, Error, Permit, Result, page_token, repositories};

/// Images that are looked at for one page at most. A filter that few images pass gives short pages with a token for the
/// next, never a request that walks the whole repository.
const LOOKED_AT: usize = 5_000;
const BATCH: usize = 200;

/// An image as a list describes it.
#[derive(Debug, Clone)]
pub struct ImageDetail {
    /// As its pusher named it.
    pub digest: Digest,
    /// Sorted by bytes.
    pub tags: Vec<Tag>,
    /// Bytes of its config and layers; of an index, of its largest image.
    pub size: u64,
    /// When it was pushed first.
    pub pushed_at: Timestamp,
    /// Of the manifest.
    pub media_type: MediaType,
    /// What kind of artifact it is.
    pub artifact_type: Option<String>,
    /// What it is about.
    pub subject: Option<Digest>,
    /// The last pull that was recorded.
    pub pulled_at: Option<Timestamp>,
    /// Where it is.
    pub storage: Storage,
}

/// One page of images.
#[derive(Debug)]
pub struct Page {
    /// In the order in which they were pushed.
    pub images: Vec<ImageDetail>,
    /// Names the next page, if there may be one.
    pub next_token: Option<String>,
}

/// Where a page ends.
#[derive(Debug, Serialize, Deserialize)]
struct Place(i64, String);

/// The images that ids name. One that does not exist fails the whole call, as on ECR.
pub async fn describe(ctx: &Ctx, permit: &Permit, ids: &[ImageId]) -> Result<Vec<ImageDetail>> {
    permit.require(Action::DescribeImages)?;
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    let resolved = id::resolve(&mut conn, &repository.repository_id, ids).await?;
    let mut digests = Vec::with_capacity(ids.len());
    for (id, resolved) in ids.iter().zip(resolved) {
        digests.push(resolved.map_err(|_| unknown(permit, id))?);
    }
    let rows = manifests::list_described(&mut conn, &repository.repository_id, &references(&digests)).await?;
    let mut rows: HashMap<Digest, DescribedRow> = rows.into_iter().map(|row| (row.digest.clone(), row)).collect();
    let mut seen = HashSet::new();
    let mut ordered = Vec::with_capacity(rows.len());
    for (id, digest) in ids.iter().zip(&digests) {
        if seen.insert(digest) {
            ordered.push(rows.remove(digest).ok_or_else(|| unknown(permit, id))?);
        }
    }
    with_tags(&mut conn, &repository, ordered).await
}

/// Images in the order in which they were pushed, at most `limit`, from the page that the token names on.
pub async fn describe_page(
    ctx: &Ctx,
    permit: &Permit,
    shown: Shown,
    next_token: Option<&str>,
    limit: usize,
) -> Result<Page> {
    permit.require(Action::DescribeImages)?;
    let mut conn = ctx.app.db.reader().await?;
    let repository = repositories::find(&mut conn, permit).await?;
    if shown.tagged == Tagged::Neither {
        return Ok(Page { images: Vec::new(), next_token: None });
    }
    let list = format!("images {} {shown:?}", repository.repository_id);
    let Place(micros, digest) =
        page_token::open_next(&ctx.app, &list, next_token)?.unwrap_or_else(|| Place(i64::MIN, String::new()));
    let mut walk = Walk { repository: &repository, shown, after: (Timestamp::from_micros(micros), digest) };
    let (rows, more) = walk.page(&mut conn, limit).await?;
    let next_token = match more {
        true => Some(page_token::seal(&ctx.app, &list, &Place(walk.after.0.micros(), walk.after.1))?),
        false => None,
    };
    Ok(Page { images: with_tags(&mut conn, &repository, rows).await?, next_token })
}

/// A walk over the images of a repository in the order in which they were pushed.
pub(super) struct Walk<'w> {
    pub(super) repository: &'w RepositoryRow,
    /// Which images are wanted.
    pub(super) shown: Shown,
    /// The time and the digest of the last image that was passed.
    pub(super) after: (Timestamp, String),
}

impl Walk<'_> {
    /// The next images that are wanted, at most `limit`, and whether there may be more.
    pub(super) async fn page(&mut self, conn: &mut Conn, limit: usize) -> Result<(Vec<DescribedRow>, bool)> {
        let id = &self.repository.repository_id;
        let mut wanted: Vec<DescribedRow> = Vec::new();
        let mut looked_at = 0;
        loop {
            // One more than fits tells whether there is more.
            let want = match self.shown.tagged {
                Tagged::Any if self.shown.class != Some(StorageClass::Archive) => limit + 1,
                Tagged::Any | Tagged::Tagged | Tagged::Untagged | Tagged::Neither => (limit + 1).max(BATCH),
            };
            let rows = manifests::list_pushed(conn, id, (self.after.0, &self.after.1), want).await?;
            let exhausted = rows.len() < want;
            looked_at += rows.len();
            let with_tags = match self.shown.tagged {
                Tagged::Any => HashSet::new(),
                _ => {
                    let digests: Vec<&Digest> = rows.iter().map(|row| &row.digest).collect();
                    tags::list_tagged(conn, id, &digests).await?.into_iter().collect()
                }
            };
            for row in rows {
                let shown = self.shown.of_class(row.storage.class);
                if shown && self.shown.tagged.shows(with_tags.contains(&row.digest)) {
                    if wanted.len() == limit {
                        return Ok((wanted, true));
                    }
                    self.after = (row.pushed_at, row.digest.as_str().to_owned());
                    wanted.push(row);
                } else {
                    self.after = (row.pushed_at, row.digest.as_str().to_owned());
                }
            }
            if exhausted {
                return Ok((wanted, false));
            }
            if looked_at >= LOOKED_AT {
                return Ok((wanted, true));
            }
        }
    }
}

async fn with_tags(conn: &mut Conn, repository: &RepositoryRow, rows: Vec<DescribedRow>) -> Result<Vec<ImageDetail>> {
    let digests: Vec<&Digest> = rows.iter().map(|row| &row.digest).collect();
    let mut tags_of: HashMap<Digest, Vec<Tag>> = HashMap::new();
    if !digests.is_empty() {
        for (digest, tag) in tags::list_of_manifests(conn, &repository.repository_id, &digests).await? {
            tags_of.entry(digest).or_default().push(tag);
        }
    }
    let details = rows.into_iter().map(|row| ImageDetail {
        tags: tags_of.remove(&row.digest).unwrap_or_default(),
        digest: row.digest,
        size: row.image_size,
        pushed_at: row.pushed_at,
        media_type: row.media_type,
        artifact_type: row.artifact_type,
        subject: row.subject,
        pulled_at: row.pulled_at,
        storage: row.storage,
    });
    Ok(details.collect())
}

fn references(digests: &[Digest]) -> Vec<&Digest> {
    digests.iter().collect()
}

fn unknown(permit: &Permit, id: &ImageId) -> Error {
    Error::ImageUnknown { registry: permit.registry().clone(), repository: permit.repository().clone(), id: id.clone() }
}
