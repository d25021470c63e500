//! How the databases carry out what requests ask for: by index, whatever the number of rows.
//!
//! While a test listens, a connection explains every statement before it runs it.

use std::cell::RefCell;

use types::{StorageClass, Timestamp};

use super::harness::{NOW, on_each, registry, repo_name, write};
use super::plans_task_definitions;
use crate::advisory_packages::AdvisoryPackageRow;
use crate::edges::Kind;
use crate::lifecycle_preview_results::Tagged;
use crate::{Conn, Db, Result};
use crate::{
    access_keys, advisories, advisory_packages, blob_reviews, blobs, cached_tags, deleted_manifests, edges,
    group_members, groups, iam_tags, image_scan_findings, image_scans, image_uses, inline_policies, jobs,
    layer_contents, lifecycle_policies, lifecycle_preview_results, lifecycle_previews, manifest_storage, manifests,
    policy_attachments, pull_gates, pull_through_cache_rules, pull_time_exclusions, registry_settings, registry_usage,
    removals, replications, repositories, repository_blobs, repository_creation_templates, repository_policies,
    repository_usage, resource_tags, scan_requests, service_deployments, service_events, service_tasks, services, tags,
    unlinked_blobs, uploads, upstream_credentials, usage, users, webhook_deliveries,
};

tokio::task_local! {
    static NOTES: RefCell<Vec<(String, Vec<String>)>>;
}

/// Whether plans are wanted at the moment.
pub(crate) fn listening() -> bool {
    NOTES.try_with(|_| ()).is_ok()
}

/// A statement and how it is carried out, line by line.
pub(crate) fn note(sql: &str, plan: Vec<String>) {
    NOTES.with(|notes| notes.borrow_mut().push((sql.to_owned(), plan)));
}

/// Enough rows that reading all of them is never the best plan. The digests are 64 digits.
const ROWS: &str = "
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
        select 'r' || cast(100001 + i % 20 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text), 0 from n;
    insert into manifests (repository_id, digest, media_type, artifact_type, subject_digest, size, pushed_at, bytes)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + i % 20 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            'application/vnd.oci.image.manifest.v1+json', 'application/type-' || cast(i % 7 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000100001',
            2, i, cast('{}' as blob) from n;
    insert into edges (repository_id, parent_digest, kind, child_digest)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + i % 20 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            case when i % 3 = 0 then 'child' when i % 3 = 1 then 'config' else 'layer' end,
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(100001 + i % 1000 as text) from n;
    insert into tags (tag_id, repository_id, name, manifest_digest, created_at, ended_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select cast(i as text), 'r' || cast(100001 + i % 20 as text), 't' || cast(i as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(100001 + i % 1000 as text),
            0, case when i % 4 = 0 then 1 end from n;
    insert into uploads (upload_id, repository_id, principal, staged, object_key, tail_key, received, state, lease_until,
            created_at, expires_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'u' || cast(i as text), 'r' || cast(100001 + i % 20 as text), 'x', '{}', 'up-' || cast(i as text),
            case when i % 4 = 0 then 'tail-' || cast(i as text) end, 0,
            case when i % 10 = 0 then 'open' else 'done' end, 0, 0, i from n;
    insert into users (user_id, account_id, name, path, boundary_arn, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'AIDA' || cast(i as text), '000000000000', 'user-' || cast(i as text), '/',
            case when i % 500 = 0 then 'arn:limit-' || cast(i % 7 as text) end, 0 from n;
    insert into groups (group_id, account_id, name, path, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'AGPA' || cast(i as text), '000000000000', 'group-' || cast(i as text), '/', 0 from n;
    insert into group_members (group_id, user_id)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'AGPA' || cast(100001 + i % 1000 as text), 'AIDA' || cast(i as text) from n;
    insert into access_keys (access_key_id, account_id, user_id, sealed_secret, status, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'AKIA' || cast(i as text), '000000000000', 'AIDA' || cast(i as text), cast('x' as blob), 'Active', 0
            from n;
    insert into inline_policies (principal_id, name, document)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'AIDA' || cast(i as text), 'own', '{}' from n;
    insert into policy_attachments (principal_id, policy_arn, account_id)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'AIDA' || cast(i as text), 'arn:policy-' || cast(i % 2000 as text), '000000000000' from n;
    insert into iam_tags (resource_id, folded_key, key, value)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'AIDA' || cast(i as text), 'team', 'Team', 'a' from n;
    insert into removals (object_key, not_before)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'gone-' || cast(i as text), i from n;
    insert into blob_reviews (repository_id, digest, registry, since)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + i % 20 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            '000000000000/us-east-' || cast(1 + (i - 100001) / 5000 as text), i from n;
    insert into image_uses (repository_id, digest, user_kind, user_id, since)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + i % 20 as text),
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
        select 'r' || cast(100001 + i % 20 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            'application/vnd.oci.image.manifest.v1+json', cast('{}' as blob), 0, i from n;
    insert into deleted_references (repository_id, child_digest, parent_digest)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + i % 20 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(100001 + i % 1000 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text) from n;
    insert into jobs (job_id, kind, subject, due_at, attempts, lease_until, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'j' || cast(i as text), 'kind-' || cast(i % 7 as text), 'r' || cast(i as text), i,
            case when i % 1000 = 0 then 1 else 0 end, 0, 0 from n;
    insert into replications (repository_id, digest, account_id, region, status, requested, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'r' || cast(100001 + i % 20 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            '000000000000', 'eu-west-1', case when i % 3 = 0 then 'IN_PROGRESS' else 'COMPLETE' end, 1, i from n;
    insert into webhook_deliveries (delivery_id, webhook_id, event, state, attempts, due_at, ended_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'd' || cast(i as text), 'w' || cast(i % 20 as text), '{}',
            case when i % 500 = 0 then 'PENDING' else 'DELIVERED' end, 0, i,
            case when i % 500 = 0 then null else i end from n;
    insert into registry_settings (account_id, region, name, document, version, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select '000000000000', 'region-' || cast(i as text), 'policy', '{}', 1, 0 from n;
    insert into pull_through_cache_rules (account_id, region, prefix, upstream_url, upstream_prefix, version, created_at,
            updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select '000000000000', 'us-east-1', 'p' || cast(i as text), 'quay.io', 'ROOT', 1, 0, 0 from n;
    insert into cached_tags (repository_id, name, digest, checked_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + i % 20 as text), 't' || cast(i as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text), 0 from n;
    insert into upstream_credentials (credential_arn, upstream_host, username, sealed_password, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'arn:secret-' || cast(i as text), 'quay.io', 'user', cast('x' as blob), 0 from n;
    insert into repository_creation_templates (account_id, region, prefix, document, version, created_at, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select '000000000000', 'us-east-1', 'p' || cast(i as text), '{}', 1, 0, 0 from n;
    insert into pull_time_exclusions (account_id, region, principal_arn, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select '000000000000', 'us-east-1', 'p' || cast(i as text), 0 from n;
    insert into lifecycle_policies (repository_id, document, version, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select 'r' || cast(i as text), '{}', 1, 0 from n;
    insert into lifecycle_previews (repository_id, run_id, document, status, expiring_count, transitioning_count,
            lease_until, started_at, ended_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select 'r' || cast(i as text), 'run' || cast(i as text), '{}',
            case when i % 500 = 0 then 'IN_PROGRESS' else 'COMPLETE' end, 0, 0, i, 0, i from n;
    insert into lifecycle_preview_results (run_id, position, digest, tags, pushed_at, storage_class, action, rule_priority)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'run' || cast(100001 + i % 20 as text), i,
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            case when i % 2 = 0 then '[]' else '[\"t\"]' end, 0, 'STANDARD', 'EXPIRE', 1 from n;
    insert into advisories (advisory_id, document)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'CVE-' || cast(i as text), '{}' from n;
    insert into advisory_packages (ecosystem, package, advisory_id, document)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'Debian:' || cast(i % 7 as text), 'p' || cast(i % 10000 as text), 'CVE-' || cast(i as text), '[]' from n;
    insert into layer_contents (digest, reader_version, document)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text), 1, '{}' from n;
    insert into image_scans (repository_id, digest, run_id, status, description, counts, requested_at, matched_version)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'r' || cast(100001 + i % 20 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            'run' || cast(i as text), 'COMPLETE', '', '{}', i, i from n;
    insert into scan_requests (repository_id, digest, request_id, requested_at, expires_at, state)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'r' || cast(100001 + i % 20 as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            'request' || cast(i as text), 0, 0, '{}' from n;
    insert into image_scan_findings (run_id, position, severity, document)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'run' || cast(100001 + i % 20 as text), i, 3, '{}' from n;
    insert into pull_gates (repository_id, document, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select 'r' || cast(i as text), '{}', 0 from n;
    insert into clusters (cluster_id, account_id, region, name, status, document, created_at)
        with recursive n (i) as (select 0 union all select i + 1 from n where i < 19)
        select 'c' || cast(i as text), '000000000000', 'us-east-1', 'cluster-' || cast(i as text), 'ACTIVE', '{}', 0 from n;
    insert into services (service_id, cluster_id, name, status, strategy, launch_type, desired_count, document, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 's' || cast(i as text), 'c' || cast(i % 20 as text), 'service-' || cast(i as text), 'ACTIVE', 'REPLICA',
            'EC2', 1, '{}', 0 from n;
    insert into service_deployments (deployment_id, service_id, status, rollout, outcome, document, created_at,
            completed_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'd' || cast(i as text), 's' || cast(100001 + i % 600 as text),
            case when i % 100 = 0 then 'PRIMARY' else 'INACTIVE' end, 'COMPLETED', 'SUCCESSFUL', '{}', i, i from n;
    insert into service_events (service_id, number, event_id, message, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 's' || cast(100001 + i % 600 as text), i, 'e', 'm', 0 from n;
    insert into service_tasks (task_id, service_id, deployment_id, was_healthy)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 't' || cast(i as text), 's' || cast(100001 + i % 600 as text), 'd1', 0 from n;";

/// Asks for everything that a request, or frequent background work, asks for.
async fn ask(conn: &mut Conn) -> Result<()> {
    let (registry, name, id) = (registry(), repo_name("repo/100001"), "r100001");
    let digest =
        |number: usize| format!("sha256:{number:064}").parse::<types::Digest>().expect("64 digits are a digest");
    let (first, second) = (digest(100_020), digest(100_040));
    let time = Timestamp::from_micros(100_100);

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
    manifests::list_existing(conn, id, &[&first, &second]).await?;
    manifests::list_described(conn, id, &[&first, &second]).await?;
    manifests::list_pushed(conn, id, (Timestamp::from_micros(100_500), ""), 100).await?;
    manifests::find_largest(conn, id, &[&first, &second]).await?;
    manifests::count(conn, id, 100).await?;
    manifests::update_pulled(conn, id, &[&first, &second], NOW, NOW).await?;
    manifests::list_some(conn, id, 100).await?;
    manifests::lock_all_for_delete(conn, id, &[&first, &second]).await?;
    repository_blobs::find_by_id(conn, id, &first).await?;
    repository_blobs::list_existing(conn, id, &[&first, &second]).await?;
    repository_blobs::find(conn, &registry, &name, &first).await?;
    repository_blobs::lock(conn, id, &[&first, &second]).await?;
    repository_blobs::lock_for_delete(conn, id, &first).await?;
    repository_blobs::list_repositories(conn, &registry, &first, 16).await?;
    blobs::list_by_object_key(conn, "key-105000", 100).await?;
    blobs::list_known_object_keys(conn, &["key-105000", "up-105000"]).await?;
    blobs::update_missing(conn, "never").await?;
    edges::find_parent_of_blob(conn, id, &first).await?;
    edges::find_parent_of_manifest(conn, id, &first).await?;
    edges::insert(conn, id, &first, Kind::Layer, &[&second]).await?;
    edges::delete(conn, id, &first).await?;
    tags::find(conn, id, &"t100020".parse().expect("a tag")).await?;
    tags::list(conn, id, "t105000", 100).await?;
    tags::list_with_digests(conn, id, "t105000", 100).await?;
    tags::list_targets(conn, id, &[&"t100020".parse().expect("a tag")]).await?;
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
    let account = registry.account.clone();
    let user = users::find(conn, &account, "user-105000").await?.expect("a user");
    users::find_by_id(conn, "AIDA105000").await?;
    users::insert(conn, &user).await?;
    users::update_name(conn, &user, "user-105000", "/").await?;
    users::list_page(conn, &account, "/", "user-105000", 100).await?;
    groups::find(conn, &account, "group-105000").await?;
    groups::list_page(conn, &account, "/", "group-105000", 100).await?;
    group_members::list_group_names(conn, &["AIDA105000", "AIDA105001"]).await?;
    group_members::insert(conn, "AGPA105000", "AIDA105000").await?;
    group_members::delete(conn, "AGPA105000", "AIDA105000").await?;
    access_keys::find(conn, "AKIA105000").await?;
    access_keys::list_of_user(conn, "AIDA105000").await?;
    access_keys::count_of_user(conn, "AIDA105000").await?;
    access_keys::update_status(conn, "AKIA105000", true).await?;
    inline_policies::find(conn, "AIDA105000", "own").await?;
    inline_policies::list_of(conn, &["AIDA105000", "AIDA105001"]).await?;
    inline_policies::list_names(conn, "AIDA105000", "", 100).await?;
    policy_attachments::list_of(conn, &["AIDA105000", "AIDA105001"]).await?;
    policy_attachments::count(conn, "AIDA105000").await?;
    policy_attachments::delete(conn, "AIDA105000", "arn:policy-7").await?;
    iam_tags::list_of(conn, &["AIDA105000", "AIDA105001"]).await?;
    iam_tags::list_page(conn, "AIDA105000", "", 100).await?;
    iam_tags::delete(conn, "AIDA105000", &["team"]).await?;
    uploads::update_expired(conn, id, time).await?;
    let service = services::find(conn, "c7", "service-105007").await?.expect("a service");
    services::find_by_id(conn, "s105007").await?;
    services::lock(conn, "s105007").await?;
    services::list(conn, "c7", "", "REPLICA", "service-110000", 100).await?;
    services::update(conn, &service).await?;
    let shown = service_deployments::list_shown(conn, "s100301").await?;
    service_deployments::update(conn, shown.first().expect("a deployment")).await?;
    service_deployments::find(conn, "d105000").await?;
    service_deployments::find_completed(conn, "s100301", "d105000").await?;
    let filter =
        service_deployments::Filter { outcomes: &[], created_after: Timestamp::from_micros(0), created_before: NOW };
    service_deployments::list(conn, "s100301", filter, (Timestamp::from_micros(130_000), ""), 100).await?;
    service_deployments::delete_old(conn, "s100301", 90, "d105000").await?;
    let event = service_events::ServiceEventRow { event_id: "e".to_owned(), message: "m".to_owned(), created_at: NOW };
    service_events::insert(conn, "s100301", &event).await?;
    service_events::list(conn, "s100301").await?;
    service_tasks::list(conn, "s100301").await?;
    service_tasks::update_healthy(conn, "t105000").await?;
    service_tasks::delete(conn, "t105000").await?;
    registry_settings::find(conn, &registry, "policy").await?;
    registry_settings::upsert(conn, &registry, "policy", "{}", NOW).await?;
    registry_settings::delete(conn, &registry, "policy").await?;
    let prefixes = ["p101000".to_owned(), "p102000".to_owned()];
    pull_through_cache_rules::find_all(conn, &registry, &prefixes).await?;
    pull_through_cache_rules::list(conn, &registry, "p102000", 100).await?;
    pull_through_cache_rules::update(conn, &registry, "p101000", None, None, NOW).await?;
    pull_through_cache_rules::delete(conn, &registry, "p101000").await?;
    let tag = "t100020".parse().expect("a tag");
    cached_tags::find(conn, id, &tag).await?;
    cached_tags::upsert(conn, id, &tag, &first, NOW).await?;
    cached_tags::update_checked(conn, id, &tag, NOW).await?;
    cached_tags::delete_some(conn, id, 10).await?;
    upstream_credentials::find(conn, "arn:secret-105000").await?;
    upstream_credentials::delete(conn, "arn:secret-105000").await?;
    repository_creation_templates::find_all(conn, &registry, &prefixes).await?;
    repository_creation_templates::list(conn, &registry, "p102000", 100).await?;
    repository_creation_templates::lock(conn, &registry, "p101000").await?;
    repository_creation_templates::delete(conn, &registry, "p101000").await?;
    pull_time_exclusions::list(conn, &registry, "p102000", 100).await?;
    pull_time_exclusions::delete(conn, &registry, "p101000").await?;
    lifecycle_policies::find(conn, id).await?;
    lifecycle_policies::upsert(conn, id, "{}", NOW).await?;
    lifecycle_policies::delete(conn, id).await?;
    lifecycle_previews::find(conn, id).await?;
    lifecycle_previews::insert(conn, id, "another", "{}", NOW).await?;
    lifecycle_previews::claim(conn, "claimed", time, NOW).await?;
    lifecycle_previews::update_lease(conn, "claimed", NOW).await?;
    lifecycle_previews::update_expired(conn, time).await?;
    lifecycle_previews::contains(conn, "run101000").await?;
    lifecycle_preview_results::list(conn, "run100005", Tagged::Yes, 100_500, 100).await?;
    lifecycle_preview_results::find_all(conn, "run100005", &[first.clone(), second.clone()]).await?;
    lifecycle_preview_results::find_next_run(conn, "run100005").await?;
    lifecycle_preview_results::delete(conn, "run100005", 100).await?;
    edges::list_children(conn, id, &[&first, &second], Kind::Child).await?;
    removals::contains(conn, "gone-105000").await?;
    removals::list_due(conn, time, 100).await?;
    removals::delete_needed(conn, time).await?;
    removals::delete(conn, &["gone-105000".to_owned()]).await?;
    blob_reviews::upsert(conn, id, &[&first], NOW).await?;
    blob_reviews::any_stale(conn, id, &[&first, &second], time).await?;
    blob_reviews::update_stale(conn, id, &[&first, &second], NOW, time).await?;
    blob_reviews::find_next_registry(conn, None).await?;
    blob_reviews::find_next_registry(conn, Some("000000000000/a")).await?;
    blob_reviews::lock_due(conn, "000000000000/us-east-1", time, 100).await?;
    blob_reviews::delete(conn, id, &[&first, &second]).await?;
    manifest_storage::update_class(conn, id, &[&first, &second], StorageClass::Archive, NOW).await?;
    manifest_storage::update_class(conn, id, &[&second], StorageClass::Standard, NOW).await?;
    manifest_storage::list_archived(conn, id, &[&first, &second]).await?;
    manifest_storage::count_active(conn, id, 100).await?;
    manifest_storage::update(conn, id, &first, &manifest_storage::Storage::default()).await?;
    edges::update_archived(conn, id, &[&first, &second], false).await?;
    edges::find_active_parent_of_manifest(conn, id, &first).await?;
    edges::list_archived_blobs(conn, id, &[&first, &second]).await?;
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
    deleted_manifests::list_before(conn, time, 100).await?;
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
    replications::upsert(conn, id, &first, &registry, "IN_PROGRESS", NOW).await?;
    replications::list_open(conn, id, 100).await?;
    replications::list_of_image(conn, id, &first).await?;
    replications::delete_of_image(conn, id, &first).await?;
    replications::delete_some(conn, id, 10).await?;
    webhook_deliveries::claim(conn, time, NOW, 10).await?;
    webhook_deliveries::update_pending(conn, "d105000", NOW).await?;
    webhook_deliveries::list(conn, "w1", "d105000", 100).await?;
    webhook_deliveries::delete_ended(conn, time, 100).await?;
    jobs::insert(conn, "new", "kind-1", "r1", NOW).await?;
    jobs::upsert(conn, "newer", "kind-1", "r1", NOW).await?;
    jobs::is_due(conn, "kind-1", time).await?;
    jobs::claim(conn, "kind-1", "me", time, NOW).await?;
    jobs::update_lease(conn, "j100001", "me", NOW).await?;
    jobs::list(conn, ("kind-1", "r105000"), 100).await?;
    jobs::depth(conn, "kind-1", time, 100).await?;
    jobs::delete(conn, "j100001", "me").await?;
    let said = AdvisoryPackageRow {
        package: "p5000".to_owned(),
        advisory_id: "CVE-105000".to_owned(),
        document: "[]".to_owned(),
    };
    advisories::upsert(conn, "CVE-105000", "{}").await?;
    advisories::find_all(conn, &["CVE-105000", "CVE-105001"]).await?;
    advisories::delete(conn, "CVE-105001").await?;
    advisory_packages::insert(conn, "Debian:1", &said).await?;
    advisory_packages::list_of(conn, "Debian:1", &["p5000", "p5001"]).await?;
    advisory_packages::delete_of(conn, "CVE-105001").await?;
    layer_contents::find(conn, &first, 1).await?;
    layer_contents::upsert(conn, &first, 1, "{}").await?;
    layer_contents::delete(conn, &second).await?;
    image_scans::insert(conn, id, &first, "new", NOW, NOW).await?;
    image_scans::find(conn, id, &first).await?;
    image_scans::list_matched_before(conn, 100_100, 10).await?;
    image_scans::delete_gone(conn, id, &second).await?;
    image_scans::count_requested(conn, &registry, Timestamp::from_micros(159_990), 100).await?;
    scan_requests::find(conn, id, &first).await?;
    scan_requests::find_by_id(conn, "request100005").await?;
    scan_requests::update_state(conn, "request100005", "{}").await?;
    scan_requests::update_ended(conn, "request100005", "message").await?;
    scan_requests::delete(conn, id, &first).await?;
    image_scan_findings::list(conn, "run100005", 100_500, 100).await?;
    image_scan_findings::delete(conn, "run100006").await?;
    pull_gates::find(conn, id).await?;
    pull_gates::upsert(conn, id, "{}", NOW).await?;
    pull_gates::delete(conn, id).await?;
    plans_task_definitions::ask(conn).await?;
    Ok(())
}

/// A line of a plan that reads a whole table, or sorts a page that an index could give in order.
fn reads_too_much(sql: &str, line: &str) -> bool {
    // A sort before rows are locked sorts what was asked for, not what is there.
    let page = sql.contains("limit") && sql.contains("order by") && !sql.contains("delete");
    let sqlite_scan = line.starts_with("SCAN ")
        && !["json_each", "SCAN asked VIRTUAL", "CONSTANT", "open_uploads", "(subquery", "SCAN counted"]
            .iter()
            .any(|known| line.contains(known));
    sqlite_scan || line.contains("Seq Scan on") || (page && (line.contains("TEMP B-TREE FOR ORDER BY") || sorts(line)))
}

fn sorts(line: &str) -> bool {
    line.trim_start().trim_start_matches("->").trim_start().starts_with("Sort ")
}

async fn check(db: &Db) {
    let plans = write(db, |conn| {
        Box::pin(NOTES.scope(RefCell::default(), async move {
            ask(conn).await?;
            Ok(NOTES.with(RefCell::take))
        }))
    })
    .await
    .unwrap();
    assert!(plans.len() > 30);
    let bad: Vec<String> = plans
        .iter()
        .filter(|(sql, plan)| plan.iter().any(|line| reads_too_much(sql, line)))
        .map(|(sql, plan)| format!("{sql}\n    =>\n{}", plan.join("\n")))
        .collect();
    assert!(bad.is_empty(), "\n{}", bad.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_answered_from_indexes() {
    on_each(|test| async move {
        write(&test.db, |conn| Box::pin(conn.script(ROWS))).await.unwrap();
        write(&test.db, |conn| Box::pin(conn.script(plans_task_definitions::ROWS))).await.unwrap();
        if !test.is_postgres() {
            // A database that was never closed in good order has no statistics.
            check(&test.db).await;
        }
        write(&test.db, |conn| Box::pin(conn.script("analyze"))).await.unwrap();
        check(&test.db).await;
    })
    .await;
}
