//! The part of the plans about garbage collection, the archive and usage: rows, and what requests and background work ask for.

use types::{StorageClass, Timestamp};

use super::super::harness::{NOW, registry, repo_name};
use super::{ID, TIME, digest};
use crate::{
    Conn, Result, blob_reviews, blobs, deleted_manifests, edges, image_uses, manifest_storage, registry_usage,
    removals, repository_blobs, repository_usage, tags, unlinked_blobs, usage,
};

pub(super) const ROWS: &str = "
    insert into removals (object_key, not_before)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'gone-' || cast(i as text), i from n;
    insert into blob_reviews (repository_id, digest, registry, since)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            '000000000000/us-east-' || cast(1 + (i - 100001) / 5000 as text), i from n;
    insert into image_uses (repository_id, digest, user_kind, user_id, since)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(100001 + i % 1000 as text),
            'task', 'arn:task-' || cast(i as text), 0 from n;
    insert into repository_usage (repository_id, images, logical_bytes, deduplicated_bytes, own_bytes, measured_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(i as text), 1, 2, 3, 4, 5 from n;
    insert into registry_usage
            (account_id, region, images, logical_bytes, deduplicated_bytes, own_bytes, measured_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select '000000000000', 'region-' || cast(i as text), 1, 2, i, 4, 5 from n;
    insert into unlinked_blobs (digest)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text) from n;
    insert into deleted_manifests (repository_id, digest, media_type, bytes, pushed_at, deleted_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            'application/vnd.oci.image.manifest.v1+json', cast('{}' as blob), 0, i from n;
    insert into deleted_references (repository_id, child_digest, parent_digest)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(100001 + i % 1000 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text) from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let registry = registry();
    let name = repo_name("repo/100001");
    let id = ID;
    let (first, second) = (digest(100_020), digest(100_040));
    let time = TIME;
    removals::contains(conn, "gone-105000").await?;
    removals::list_due(conn, time, 100).await?;
    removals::delete_needed(conn, &["gone-105000".to_owned()]).await?;
    removals::update_not_before(conn, &["gone-105000".to_owned()], NOW).await?;
    removals::delete(conn, &["gone-105000".to_owned()]).await?;
    blob_reviews::upsert(conn, id, &[&first], NOW).await?;
    blob_reviews::update_stale(conn, id, &[&first, &second], NOW, time).await?;
    blob_reviews::find_next_registry(conn, None).await?;
    blob_reviews::find_next_registry(conn, Some("000000000000/a")).await?;
    blob_reviews::list_due(conn, "000000000000/us-east-1", time, 100).await?;
    blob_reviews::lock_due(conn, id, &[&first, &second], time).await?;
    blob_reviews::delete(conn, id, &[&first, &second]).await?;
    manifest_storage::update_class(conn, id, &[&first, &second], StorageClass::Archive, NOW).await?;
    manifest_storage::update_class(conn, id, &[&second], StorageClass::Standard, NOW).await?;
    manifest_storage::list_archived(conn, id, &[&first, &second]).await?;
    manifest_storage::count_active(conn, id, 100).await?;
    manifest_storage::update(conn, id, &first, &manifest_storage::Storage::default()).await?;
    edges::update_archived(conn, id, &[&first, &second], false).await?;
    edges::find_active_parent_of_manifest(conn, id, &first).await?;
    edges::is_blob_archived(conn, id, &first).await?;
    edges::count_of_blobs(conn, id, &[&first, &second]).await?;
    repository_blobs::list_elsewhere(conn, id, &[&first, &second]).await?;
    repository_blobs::list_sizes(conn, (first.as_str(), id), 100).await?;
    let image = image_uses::UsedImage { registry: &registry, repository: &name, digest: &first };
    let user = image_uses::User { kind: "task", id: "arn:task-100500" };
    image_uses::insert(conn, image, user, NOW).await?;
    image_uses::list_used(conn, id, &[&first, &second]).await?;
    image_uses::list(conn, id, first.as_str(), 100).await?;
    image_uses::delete(conn, user).await?;
    image_uses::delete_some(conn, id, 100).await?;
    usage::list_repositories(conn, id, 100).await?;
    usage::list_manifests(conn, (id, first.as_str()), 100).await?;
    usage::list_blobs(conn, first.as_str(), 100).await?;
    repository_usage::list(conn, &registry, "repo/105000", 100).await?;
    repository_usage::delete_gone(conn, "r105000", 100).await?;
    registry_usage::find(conn, &registry).await?;
    registry_usage::list_largest(conn, 100).await?;
    repository_blobs::delete_unneeded(conn, id, &[&first, &second]).await?;
    deleted_manifests::insert(conn, id, &first, NOW).await?;
    deleted_manifests::find(conn, id, &first, time).await?;
    deleted_manifests::list(conn, id, time, "", 100).await?;
    deleted_manifests::lock_before(conn, time, 100).await?;
    deleted_manifests::list_references(conn, id, &[&first, &second]).await?;
    deleted_manifests::list_some(conn, id, 100).await?;
    deleted_manifests::delete(conn, id, &[&first, &second]).await?;
    unlinked_blobs::insert(conn, &[&first, &second]).await?;
    unlinked_blobs::lock(conn, 100).await?;
    blobs::lock_unless_locked(conn, &[&first, &second]).await?;
    blobs::list_existing(conn, &[&first, &second]).await?;
    repository_blobs::lock_for_delete_unless_locked(conn, id, &[&first, &second]).await?;
    repository_blobs::list_linked(conn, id, &[&first, &second]).await?;
    unlinked_blobs::delete(conn, &[&first, &second]).await?;
    blobs::delete_unlinked(conn, &[&first, &second]).await?;
    tags::list_ended(conn, id, &"t100020".parse().expect("a tag"), time, 100).await?;
    tags::list_ended_with(conn, id, &first, time).await?;
    tags::delete_ended(conn, Timestamp::from_micros(0), 100).await?;
    Ok(())
}
