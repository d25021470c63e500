//! How much repositories, registries and the store hold: measured by a job every night, and kept as rows that say when.
//!
//! One walk over the manifests and one over the links of blobs, page by page, with no connection held in between; what is
//! pushed or deleted meanwhile may count or not. The store is listed too, so that what it really holds stands beside what
//! the rows say. Memory grows with the number of repositories and not with what is in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::blobs::{Blobs, Key};
use store::registry_usage::RegistryUsageRow;
use store::repository_blobs::LinkSize;
use store::repository_usage::RepositoryUsageRow;
use store::store_usage::StoreUsageRow;
pub use store::usage::Held;
use store::{Db, Pending, registry_usage, repository_blobs, repository_usage, store_usage, usage};
use types::{RegistryId, Timestamp};

use crate::{Error, Result};

/// Rows of one statement.
const PAGE: usize = 2000;
/// Rows of one transaction, so that pushes do not wait for it.
const BATCH: usize = 200;

/// A registry in the way rows name it: account and region.
type RegistryName = (String, String);

/// What was counted so far.
#[derive(Default)]
struct Counted {
    repositories: HashMap<String, Held>,
    registries: BTreeMap<RegistryName, Held>,
}

/// Measures everything, and keeps what it found.
pub async fn measure(db: &Db, blobs: &Blobs, now: impl Fn() -> Timestamp) -> Result<()> {
    let begun_at = now();
    let mut counted = Counted::default();
    count_repositories(db, &mut counted).await?;
    count_manifests(db, &mut counted).await?;
    count_links(db, &mut counted).await?;
    let (blob_count, blob_bytes) = count_blobs(db).await?;
    let (objects, object_bytes) = count_objects(blobs).await?;
    let store = StoreUsageRow { blobs: blob_count, blob_bytes, objects, object_bytes, measured_at: now() };
    keep(db, counted, store, begun_at).await
}

/// What holds nothing is known to hold nothing.
async fn count_repositories(db: &Db, counted: &mut Counted) -> Result<()> {
    let mut after = String::new();
    loop {
        let mut conn = db.reader().await?;
        let page = usage::list_repositories(&mut conn, &after, PAGE).await?;
        drop(conn);
        let last = page.len() < PAGE;
        for (repository_id, account, region) in page {
            counted.registries.entry((account, region)).or_default();
            counted.repositories.entry(repository_id.clone()).or_default();
            after = repository_id;
        }
        if last {
            return Ok(());
        }
    }
}

async fn count_manifests(db: &Db, counted: &mut Counted) -> Result<()> {
    let (mut repository_id, mut digest) = (String::new(), String::new());
    loop {
        let mut conn = db.reader().await?;
        let page = usage::list_manifests(&mut conn, (&repository_id, &digest), PAGE).await?;
        drop(conn);
        let last = page.len() < PAGE;
        for row in page {
            let held = Held { images: 1, logical: row.size + row.content, deduplicated: row.size, own: row.size };
            if !row.region.is_empty() {
                add(counted.repositories.entry(row.repository_id.clone()).or_default(), held);
                add(counted.registries.entry((row.account, row.region)).or_default(), held);
            }
            (repository_id, digest) = (row.repository_id, row.digest);
        }
        if last {
            return Ok(());
        }
    }
}

/// A blob, with who has it.
#[derive(Default)]
struct Shared {
    digest: String,
    size: u64,
    /// The repository that has it, as long as it is one alone.
    only: Option<String>,
    repositories: u64,
    registries: BTreeSet<RegistryName>,
}

async fn count_links(db: &Db, counted: &mut Counted) -> Result<()> {
    let (mut digest, mut repository_id) = (String::new(), String::new());
    let mut blob = Shared::default();
    loop {
        let mut conn = db.reader().await?;
        let page = repository_blobs::list_sizes(&mut conn, (&digest, &repository_id), PAGE).await?;
        drop(conn);
        let last = page.len() < PAGE;
        for row in page {
            (digest, repository_id) = (row.digest.clone(), row.repository_id.clone());
            if row.digest != blob.digest {
                counted.close(std::mem::take(&mut blob));
            }
            counted.link(&mut blob, row);
        }
        if last {
            counted.close(blob);
            return Ok(());
        }
    }
}

impl Counted {
    /// A repository has a blob. Links come in the order of blobs.
    fn link(&mut self, blob: &mut Shared, link: LinkSize) {
        (blob.digest, blob.size) = (link.digest, link.size);
        if link.region.is_empty() {
            // Of a repository that is deleted: its link goes in a moment.
            return;
        }
        self.repositories.entry(link.repository_id.clone()).or_default().deduplicated += link.size;
        blob.repositories += 1;
        blob.only = (blob.repositories == 1).then_some(link.repository_id);
        blob.registries.insert((link.account, link.region));
    }

    /// All links of a blob were seen.
    fn close(&mut self, blob: Shared) {
        if let Some(only) = blob.only {
            self.repositories.entry(only).or_default().own += blob.size;
        }
        let alone = blob.registries.len() == 1;
        for registry in blob.registries {
            let held = self.registries.entry(registry).or_default();
            held.deduplicated += blob.size;
            held.own += if alone { blob.size } else { 0 };
        }
    }
}

fn add(to: &mut Held, held: Held) {
    to.images += held.images;
    to.logical += held.logical;
    to.deduplicated += held.deduplicated;
    to.own += held.own;
}

async fn count_blobs(db: &Db) -> Result<(u64, u64)> {
    let (mut digest, mut count, mut bytes) = (String::new(), 0, 0);
    loop {
        let mut conn = db.reader().await?;
        let page = usage::list_blobs(&mut conn, &digest, PAGE).await?;
        drop(conn);
        let last = page.len() < PAGE;
        for (blob, size) in page {
            (digest, count, bytes) = (blob, count + 1, bytes + size);
        }
        if last {
            return Ok((count, bytes));
        }
    }
}

async fn count_objects(blobs: &Blobs) -> Result<(u64, u64)> {
    let (mut after, mut count, mut bytes): (Option<Key>, u64, u64) = (None, 0, 0);
    loop {
        let page = blobs.list(after.as_ref(), PAGE).await?;
        count += page.len() as u64;
        bytes += page.iter().map(|(_, size)| size).sum::<u64>();
        if page.len() < PAGE {
            return Ok((count, bytes));
        }
        after = page.into_iter().last().map(|(key, _)| key);
    }
}

/// Writes what was found. The rows of what is gone go.
async fn keep(db: &Db, counted: Counted, store: StoreUsageRow, begun_at: Timestamp) -> Result<()> {
    let measured_at = store.measured_at;
    let row = |(repository_id, held)| RepositoryUsageRow { repository_id, held, measured_at };
    let rows: Vec<RepositoryUsageRow> = counted.repositories.into_iter().map(row).collect();
    for batch in rows.chunks(BATCH) {
        let batch = batch.to_vec();
        db.write_in_background(move |conn| {
            Box::pin(async move { Ok(repository_usage::upsert(conn, &batch).await?) }) as Pending<'_, (), Error>
        })
        .await?;
    }
    let mut after = String::new();
    loop {
        let from = after.clone();
        let next = db
            .write_in_background(move |conn| {
                Box::pin(async move { Ok(repository_usage::delete_gone(conn, &from, BATCH).await?) })
                    as Pending<'_, Option<String>, Error>
            })
            .await?;
        match next {
            Some(last) => after = last,
            None => break,
        }
    }
    let rows: Vec<RegistryUsageRow> = counted
        .registries
        .into_iter()
        .filter_map(|((account, region), held)| {
            let registry = RegistryId { account: account.parse().ok()?, region: region.parse().ok()? };
            Some(RegistryUsageRow { registry, held, measured_at })
        })
        .collect();
    db.write_in_background(move |conn| {
        Box::pin(async move {
            for row in &rows {
                registry_usage::upsert(conn, row).await?;
            }
            registry_usage::delete_before(conn, begun_at).await?;
            Ok(store_usage::upsert(conn, &store).await?)
        }) as Pending<'_, (), Error>
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(digest: &str, repository: &str, account: &str, size: u64) -> LinkSize {
        LinkSize {
            digest: digest.to_owned(),
            repository_id: repository.to_owned(),
            account: account.to_owned(),
            region: if account.is_empty() { String::new() } else { "r".to_owned() },
            size,
        }
    }

    #[test]
    fn what_is_shared_is_nobodys_own() {
        let mut counted = Counted::default();
        let of_blobs = [
            // In both repositories of one registry, and in another registry.
            vec![link("a", "one", "1", 100), link("a", "other", "1", 100), link("a", "third", "2", 100)],
            // In one registry alone.
            vec![link("b", "one", "1", 10), link("b", "other", "1", 10)],
            vec![link("c", "one", "1", 1), link("c", "gone", "", 1)],
        ];
        for links in of_blobs {
            let mut blob = Shared::default();
            for link in links {
                counted.link(&mut blob, link);
            }
            counted.close(blob);
        }
        let held = |deduplicated, own| Held { images: 0, logical: 0, deduplicated, own };
        assert_eq!(counted.repositories["one"], held(111, 1));
        assert_eq!(counted.repositories["other"], held(110, 0));
        assert_eq!(counted.repositories["third"], held(100, 0));
        assert!(!counted.repositories.contains_key("gone"));
        let registry = |account: &str| counted.registries[&(account.to_owned(), "r".to_owned())];
        assert_eq!(registry("1"), held(111, 11));
        assert_eq!(registry("2"), held(100, 0));
    }
}
