//! Reading what evaluation asks about the images of a repository, page by page: no statement reads a whole repository,
//! and no connection is held between two pages. What is pushed meanwhile may be seen or not.

use std::collections::HashMap;

use store::edges::Kind;
use store::{Db, edges, image_uses, manifests, tags};
use types::{Digest, Timestamp};

use super::Image;
use crate::Result;

/// Rows of one statement.
const PAGE: usize = 1000;

/// All images of a repository.
/// Who runs them is asked only if that counts.
pub(super) async fn read(db: &Db, repository_id: &str, keep_used: bool) -> Result<Vec<Image>> {
    let mut images = Vec::new();
    let mut places: HashMap<Digest, usize> = HashMap::new();
    let (mut time, mut digest) = (Timestamp::from_micros(i64::MIN), String::new());
    loop {
        let mut conn = db.reader().await?;
        let page = manifests::list_pushed(&mut conn, repository_id, (time, &digest), PAGE).await?;
        let indexes: Vec<&Digest> =
            page.iter().filter(|row| row.media_type.is_index()).map(|row| &row.digest).collect();
        let mut children: HashMap<Digest, Vec<Digest>> = HashMap::new();
        for (parent, child) in edges::list_children(&mut conn, repository_id, &indexes, Kind::Child).await? {
            children.entry(parent).or_default().push(child);
        }
        drop(conn);
        let last = page.len() < PAGE;
        if let Some(row) = page.last() {
            (time, digest) = (row.pushed_at, row.digest.as_str().to_owned());
        }
        for row in page {
            places.insert(row.digest.clone(), images.len());
            images.push(Image {
                children: children.remove(&row.digest).unwrap_or_default(),
                digest: row.digest,
                tags: Vec::new(),
                pushed_at: row.pushed_at,
                pulled_at: row.pulled_at,
                archived_at: row.storage.archived_at,
                activated_at: row.storage.activated_at,
                storage_class: row.storage.class,
                subject: row.subject,
                used: false,
            });
        }
        if last {
            break;
        }
    }
    let mut after = String::new();
    loop {
        let mut conn = db.reader().await?;
        let page = tags::list_with_digests(&mut conn, repository_id, &after, PAGE).await?;
        drop(conn);
        let last = page.len() < PAGE;
        for (tag, digest) in page {
            tag.as_str().clone_into(&mut after);
            if let Some(&at) = places.get(&digest) {
                images[at].tags.push(tag);
            }
        }
        if last {
            break;
        }
    }
    if !keep_used {
        return Ok(images);
    }
    let mut after = String::new();
    loop {
        let mut conn = db.reader().await?;
        let page = image_uses::list(&mut conn, repository_id, &after, PAGE).await?;
        drop(conn);
        let last = page.len() < PAGE;
        for digest in page {
            if let Some(&at) = places.get(&digest) {
                images[at].used = true;
            }
            digest.as_str().clone_into(&mut after);
        }
        if last {
            return Ok(images);
        }
    }
}
