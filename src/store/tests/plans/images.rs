//! The part of the plans about repositories with their images, and uploads: rows, and what requests and background work ask for.

use types::{MediaType, StorageClass, Timestamp};

use super::super::harness::{NOW, registry, repo_name};
use super::{ID, TIME, digest};
use crate::edges::Kind;
use crate::{
    Conn, Result, blobs, edges, manifests, pull_gates, repositories, repository_blobs, repository_policies,
    resource_tags, tags, uploads,
};

pub(super) const ROWS: &str = "
    insert into accounts (account_id, created_at) values ('000000000000', 0);
    insert into repositories (repository_id, account_id, region, name, tag_mutability, tag_filters, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(i as text), '000000000000', 'us-east-1', 'repo/' || cast(i as text), 'MUTABLE', '[]', 0 from n;
    insert into repository_policies (repository_id, document, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select 'r' || cast(i as text), '{}', 0 from n;
    insert into resource_tags (repository_id, tag_key, tag_value)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select 'r' || cast(i as text), 'key', 'value' from n;
    insert into blobs (digest, object_key, size, state, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            'key-' || cast(i as text), 1, 'live', 0 from n;
    insert into repository_blobs (repository_id, digest, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(case when i % 2 = 0 then 100001 else 100001 + i % 10000 end as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text), 0 from n;
    insert into manifests (repository_id, digest, media_type, artifact_type, subject_digest, size, pushed_at, bytes)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(case when i % 2 = 0 then 100001 else 100001 + i % 10000 end as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            'application/vnd.oci.image.manifest.v1+json', 'application/type-' || cast(i % 7 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000100001',
            2, i, cast('{}' as blob) from n;
    insert into edges (repository_id, parent_digest, kind, child_digest)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(case when i % 2 = 0 then 100001 else 100001 + i % 10000 end as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            case when i % 3 = 0 then 'child' when i % 3 = 1 then 'config' else 'layer' end,
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(100001 + i % 1000 as text) from n;
    insert into tags (tag_id, repository_id, name, manifest_digest, created_at, ended_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select cast(i as text), 'r' || cast(case when i % 2 = 0 then 100001 else 100001 + i % 10000 end as text),
            't' || cast(i as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(100001 + i % 1000 as text),
            0, case when i % 4 = 0 then 1 end from n;
    insert into uploads (upload_id, repository_id, principal, staged, object_key, tail_key, received, state, lease_until,
            created_at, expires_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'u' || cast(i as text), 'r' || cast(100001 + i % 20 as text), 'x', '{}', 'up-' || cast(i as text),
            case when i % 4 = 0 then 'tail-' || cast(i as text) end, 0,
            case when i % 10 = 0 then 'open' else 'done' end, 0, 0, i from n;
    insert into pull_gates (repository_id, document, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select 'r' || cast(i as text), '{}', 0 from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let registry = registry();
    let name = repo_name("repo/100001");
    let id = ID;
    let (first, second) = (digest(100_020), digest(100_040));
    let time = TIME;
    repositories::find(conn, &registry, &name).await?;
    repositories::find_by_id(conn, id).await?;
    repositories::list_names(conn, &registry, "repo/1015", 100).await?;
    repositories::lock(conn, &registry, &name).await?;
    repositories::lock_live(conn, id).await?;
    repositories::list(conn, &registry, "repo/1015", 100).await?;
    repositories::list_named(conn, &registry, &[&name]).await?;
    repositories::list_deleted(conn, 10).await?;
    repositories::count(conn, &registry, 100).await?;
    repositories::update_deleted(conn, "never", NOW).await?;
    repositories::delete(conn, "never").await?;
    repository_policies::find(conn, id).await?;
    resource_tags::upsert(conn, id, "key", "value").await?;
    resource_tags::list(conn, id).await?;
    resource_tags::delete(conn, id, &["key".to_owned()]).await?;
    resource_tags::delete_all(conn, id).await?;
    manifests::find_by_tag(conn, &registry, &name, &"t100020".parse().expect("a tag")).await?;
    manifests::find_by_digest(conn, &registry, &name, &first).await?;
    manifests::find(conn, id, &first).await?;
    manifests::lock(conn, id, &[&first, &second]).await?;
    manifests::lock_for_delete(conn, id, &first).await?;
    manifests::list_referrers(conn, id, &digest(100_001), None, Some(StorageClass::Standard), "", 10).await?;
    manifests::list_referrers(conn, id, &digest(100_001), Some("application/type-1"), None, "", 10).await?;
    manifests::find_annotations(conn, id, &first).await?;
    manifests::list_existing(conn, id, &[&first, &second]).await?;
    manifests::list_described(conn, id, &[&first, &second]).await?;
    manifests::list_pushed(conn, id, (Timestamp::from_micros(100_500), ""), 100).await?;
    manifests::find_largest(conn, id, &[&first, &second]).await?;
    manifests::count(conn, id, 100).await?;
    manifests::update_pulled(conn, id, &[&first, &second], NOW, NOW).await?;
    manifests::lock_some_for_delete(conn, id, 100).await?;
    manifests::lock_all_for_delete(conn, id, &[&first, &second]).await?;
    repository_blobs::find_by_id(conn, id, &first).await?;
    repository_blobs::list_existing(conn, id, &[&first, &second]).await?;
    repository_blobs::find(conn, &registry, &name, &first).await?;
    repository_blobs::list_layers(conn, &registry, &name, &[&first, &second]).await?;
    repository_blobs::lock(conn, id, &[&first, &second]).await?;
    let media_type: MediaType = "application/vnd.oci.image.layer.v1.tar+gzip".parse().expect("a media type");
    repository_blobs::update_media_types(conn, id, &[(&first, &media_type), (&second, &media_type)]).await?;
    repository_blobs::lock_for_delete(conn, id, &first).await?;
    repository_blobs::list_repositories(conn, &registry, &first, 16).await?;
    blobs::list_by_object_key(conn, "key-105000", 100).await?;
    blobs::list_known_object_keys(conn, &["key-105000", "up-105000"], NOW).await?;
    blobs::list_live_object_keys(conn, &["key-105000"]).await?;
    blobs::update_missing(conn, "never").await?;
    edges::find_parent_of_blob(conn, id, &first).await?;
    edges::find_parent_of_manifest(conn, id, &first).await?;
    edges::insert(conn, id, &first, Kind::Layer, &[(&second, None)]).await?;
    edges::delete(conn, id, &first).await?;
    tags::find(conn, id, &"t100020".parse().expect("a tag")).await?;
    tags::list(conn, id, "t105000", 100).await?;
    tags::list_with_digests(conn, id, "t105000", 100).await?;
    tags::list_targets(conn, id, &[&"t100020".parse().expect("a tag")]).await?;
    tags::lock_all(conn, id, &[&"t100020".parse().expect("a tag")]).await?;
    tags::list_of_manifests(conn, id, &[&first, &second]).await?;
    tags::list_tagged(conn, id, &[&first, &second]).await?;
    tags::count_of_manifest(conn, id, &first, 1000).await?;
    tags::upsert(conn, "new", id, &"t100020".parse().expect("a tag"), &first, NOW).await?;
    tags::delete(conn, id, &"t100040".parse().expect("a tag"), NOW).await?;
    tags::delete_of_manifest(conn, id, &second, NOW).await?;
    tags::delete_some(conn, id, 10).await?;
    edges::delete_all(conn, id, &[&first, &second]).await?;
    repository_blobs::delete_some(conn, id, 10).await?;
    uploads::find(conn, "u105000").await?;
    uploads::claim(conn, "u105000", "me", NOW, NOW).await?;
    uploads::update_released(conn, "u105000", "me").await?;
    uploads::list_expired(conn, time, 100).await?;
    uploads::delete_done(conn, time, 100).await?;
    uploads::update_expired(conn, id, time).await?;
    edges::list_children(conn, id, &[&first, &second], Kind::Child).await?;
    pull_gates::find(conn, id).await?;
    pull_gates::upsert(conn, id, "{}", NOW).await?;
    pull_gates::delete(conn, id).await?;
    Ok(())
}
