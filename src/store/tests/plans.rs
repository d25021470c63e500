//! How the databases carry out what requests ask for: by index, whatever the number of rows.
//!
//! While a test listens, a connection explains every statement before it runs it.

use std::cell::RefCell;

use types::{StorageClass, Timestamp};

use super::harness::{NOW, on_each, registry, repo_name, write};
use super::{plans_scaling, plans_secrets, plans_services, plans_task_definitions};
use crate::advisory_packages::AdvisoryPackageRow;
use crate::edges::Kind;
use crate::lifecycle_preview_results::Tagged;
use crate::{Conn, Db, Result};
use crate::{
    access_keys, advisories, advisory_packages, alarm_history, alarms, balancers, blob_reviews, blobs, cached_tags,
    deleted_manifests, edges, group_members, groups, iam_tags, image_scan_findings, image_scans, image_uses,
    inline_policies, jobs, layer_contents, lifecycle_policies, lifecycle_preview_results, lifecycle_previews,
    listener_rules, listener_states, listeners, load_balancers, load_balancing_tags, log_chunks, log_groups,
    log_streams, manifest_storage, manifests, metric_points, metric_series, policy_attachments, pull_gates,
    pull_through_cache_rules, pull_time_exclusions, registry_settings, registry_usage, removals,
    replication_backfill_items, replication_backfills, replication_uploads, replications, repositories,
    repository_blobs, repository_creation_templates, repository_policies, repository_usage, resource_tags,
    scan_requests, tags, target_group_uses, target_groups, target_health, targets, unlinked_blobs, uploads, usage,
    users, webhook_deliveries,
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
    insert into replication_uploads (repository_id, account_id, region, digest, location, began_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + i % 200 as text), '000000000000', 'eu-west-1',
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text), 'there', i from n;
    insert into replication_backfills (backfill_id, account_id, region, destination_account_id, destination_region, status,
            prepared, total, completed, failed, failure_codes, started_at, ended_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'f' || cast(i as text), '000000000000', 'region-' || cast(i % 200 as text), '000000000000', 'eu-west-1',
            'COMPLETE', '', 0, 0, 0, '[]', i, i from n;
    insert into replication_backfill_items (backfill_id, repository_name, digest, tag, repository_id, status)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'f' || cast(i % 20 as text), 'app',
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text), '', 'r',
            case when i % 3 = 0 then 'QUEUED' else 'COMPLETE' end from n;
    insert into webhook_deliveries (delivery_id, webhook_id, event, state, attempts, due_at, ended_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'd' || cast(i as text), 'w' || cast(i % 20 as text), '{}',
            case when i % 500 = 0 then 'PENDING' else 'DELIVERED' end, 0, i,
            case when i % 500 = 0 then null else i end from n;
    insert into load_balancers (load_balancer_id, account_id, region, name, settings, attributes, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'lb' || cast(i as text), '000000000000', 'us-east-1', 'lb-' || cast(i as text), '{}', '{}', 0 from n;
    insert into target_groups (target_group_id, account_id, region, name, settings, attributes, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'tg' || cast(i as text), '000000000000', 'us-east-1', 'tg-' || cast(i as text), '{}', '{}', 0 from n;
    insert into listeners (listener_id, load_balancer_id, port, settings, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'li' || cast(i as text), 'lb' || cast(100001 + i % 10000 as text), i, '{}', 0 from n;
    insert into listener_rules (rule_id, listener_id, priority, conditions, actions)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 140000)
        select 'ru' || cast(i as text), 'li' || cast(100001 + i % 20 as text), i, '[]', '[]' from n;
    insert into target_group_uses (target_group_id, rule_id, load_balancer_id)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'tg' || cast(100001 + i % 10000 as text), 'ru' || cast(i as text),
            'lb' || cast(100001 + i % 10000 as text) from n;
    insert into targets (target_group_id, target_id, port, address, registered_at, draining_until)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 140000)
        select 'tg' || cast(100001 + i % 10000 as text), '10.0.0.1', i, '10.0.0.1', 0,
            case when i % 500 = 0 then i end from n;
    insert into balancers (balancer_id, seen_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'ba' || cast(i as text), i from n;
    insert into target_health (target_group_id, target_id, port, balancer_id, state, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 140000)
        select 'tg' || cast(100001 + i % 10000 as text), '10.0.0.1', i, 'ba' || cast(100001 + i % 1000 as text),
            'healthy', 0 from n;
    insert into listener_states (listener_id, balancer_id, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'li' || cast(i as text), 'ba' || cast(100001 + i % 1000 as text), 0 from n;
    insert into load_balancing_tags (resource_id, tag_key, tag_value)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'lb' || cast(i as text), 'key', 'value' from n;
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
    insert into log_groups (log_group_id, account_id, region, name, retention_days, tags, stored_bytes, created_at, deleted_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'lg' || cast(i as text), '000000000000', 'us-east-1', 'group-' || cast(i as text),
            case when i % 500 = 0 then 7 end, '{}', 0, 0, case when i % 1000 = 1 then i end from n;
    insert into log_streams (log_stream_id, log_group_id, name, next_sequence, recent_batches, last_event_at, created_at,
            deleted_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 130000)
        select 'ls' || cast(i as text), 'lg' || cast(100001 + i % 20 as text), 'stream-' || cast(i as text), 1, '[]', i, 0,
            case when i % 1000 = 1 then i end from n;
    insert into log_chunks (chunk_id, log_stream_id, log_group_id, first_event_at, last_event_at, base_sequence, level,
            raw_bytes, created_at, body)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'lc' || cast(i as text), 'ls' || cast(100001 + i % 20 as text), 'lg' || cast(100001 + i % 20 as text), i, i + 5,
            1, case when i % 200 = 0 then 0 else 1 end, 100, i, cast('x' as blob) from n;
    insert into metric_series (series_id, account_id, region, namespace, name, dimensions, unit, seen_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 130000)
        select 'ms' || cast(i as text), '000000000000', 'us-east-1', 'ns-' || cast(i % 20 as text), 'name-' || cast(i as text),
            '[]', 'None', i from n;
    insert into metric_points (series_id, minute_at, sample_count, sum, minimum, maximum)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'ms' || cast(100001 + i % 20 as text), i, 1, 1, 1, 1 from n;
    insert into alarms (account_id, region, name, document, tags, state, state_reason, state_updated_at, configured_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select '000000000000', 'us-east-1', 'alarm-' || cast(i as text), '{}', '{}', 'OK', '', 0, 0 from n;
    insert into alarm_history (history_id, account_id, region, alarm_name, recorded_at, kind, summary, data)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'ah' || cast(i as text), '000000000000', 'us-east-1', 'alarm-' || cast(100001 + i % 20 as text), i,
            'StateUpdate', '', '{}' from n;
    insert into pull_gates (repository_id, document, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select 'r' || cast(i as text), '{}', 0 from n;";

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
    replications::list_open(conn, id, &registry, 100).await?;
    replications::list_open_destinations(conn, id).await?;
    replication_uploads::upsert(conn, id, &registry, &first, "https://there/1", NOW).await?;
    replication_uploads::find(conn, id, &registry, &first).await?;
    replication_uploads::delete(conn, id, &registry, &first).await?;
    replication_uploads::delete_all(conn, id, &registry).await?;
    replication_uploads::delete_of_repository(conn, id).await?;
    replication_backfills::insert(conn, "b1", &registry, &registry, NOW).await?;
    replication_backfills::count_open(conn, &registry, 10).await?;
    replication_backfills::find(conn, "b1").await?;
    replication_backfills::list(conn, &registry, (time, ""), 50).await?;
    replication_backfills::find_ended(conn, time).await?;
    replication_backfill_items::list(conn, "b1", "FAILED", ("app", "", ""), 100).await?;
    replication_backfill_items::list_queued(conn, "b1", &registry, 100).await?;
    replication_backfill_items::delete_some(conn, "b1", 100).await?;
    replication_backfills::delete(conn, "b1").await?;
    replications::list_of_image(conn, id, &first).await?;
    replications::delete_of_image(conn, id, &first).await?;
    replications::delete_some(conn, id, 10).await?;
    webhook_deliveries::claim(conn, time, NOW, 10).await?;
    webhook_deliveries::update_pending(conn, "d105000", NOW).await?;
    webhook_deliveries::list(conn, "w1", "d105000", 100).await?;
    webhook_deliveries::delete_ended(conn, time, 100).await?;
    let some = ["lb105000", "lb105001"];
    load_balancers::find(conn, some[0]).await?;
    load_balancers::list_of(conn, &some).await?;
    load_balancers::list_named(conn, &registry, &["lb-105000"]).await?;
    load_balancers::list_page(conn, &registry, "lb-105000", 100).await?;
    load_balancers::update_attributes(conn, some[0], "{}").await?;
    target_groups::find(conn, "tg105000").await?;
    target_groups::list_named(conn, &registry, &["tg-105000"]).await?;
    target_groups::list_page(conn, &registry, "tg-105000", 100).await?;
    target_groups::update_settings(conn, "tg105000", "{}").await?;
    let listener = listeners::find(conn, "li105000").await?.expect("a listener");
    listeners::find_on(conn, some[0], 105_000).await?;
    listeners::list_of_load_balancers(conn, &some).await?;
    listeners::list_page(conn, some[0], 0, 100).await?;
    listeners::count(conn, some[0]).await?;
    listeners::update(conn, &listener).await?;
    let rule = listener_rules::list_of(conn, &["ru105000"]).await?.pop().expect("a rule");
    listener_rules::list_page(conn, "li100005", 0, 100).await?;
    listener_rules::list_at(conn, &["li100005"], 100_000).await?;
    listener_rules::count(conn, "li100005").await?;
    listener_rules::update_priority(conn, &rule, 7).await?;
    target_group_uses::list_load_balancers(conn, &["tg105000", "tg105001"]).await?;
    target_group_uses::delete(conn, "ru105001").await?;
    listener_rules::delete(conn, "ru105001").await?;
    targets::list(conn, "tg105000").await?;
    targets::list_drained(conn, time, 100).await?;
    targets::count(conn, "tg105000").await?;
    targets::update_draining(conn, "tg105000", "10.0.0.1", 104_999, NOW).await?;
    targets::delete_draining(conn, "tg105000", "10.0.0.1", 104_999).await?;
    balancers::list(conn, Timestamp::from_micros(109_990)).await?;
    balancers::list_gone(conn, time, 100).await?;
    balancers::delete(conn, "ba105000").await?;
    target_health::list(conn, "tg105000").await?;
    target_health::delete(conn, "tg105000", "10.0.0.1", 104_999).await?;
    target_health::delete_of_balancer(conn, "ba100500").await?;
    listener_states::list(conn, &["li105000", "li105001"]).await?;
    listener_states::delete(conn, "li105000").await?;
    listener_states::delete_of_balancer(conn, "ba100500").await?;
    load_balancing_tags::list(conn, &some).await?;
    load_balancing_tags::delete(conn, some[0], &["key".to_owned()]).await?;
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
    log_groups::find(conn, &registry, "group-105000").await?;
    log_groups::lock(conn, &registry, "group-105000").await?;
    log_groups::list(conn, &registry, "group-105000", ("group-1", "group-2"), 50).await?;
    log_groups::update_retention(conn, &registry, "group-105000", Some(7)).await?;
    log_groups::update_stored(conn, "lg105000", -5).await?;
    log_groups::update_deleted(conn, &registry, "group-105002", NOW).await?;
    log_groups::list_deleted(conn, 10).await?;
    log_groups::list_with_retention(conn, "lg105000", 100).await?;
    log_groups::delete(conn, "never").await?;
    log_streams::find(conn, "lg100003", "stream-105002").await?;
    log_streams::lock(conn, "lg100003", "stream-105002").await?;
    log_streams::list(conn, "lg100003", "stream-105000", ("stream-1", "stream-2"), 50).await?;
    log_streams::list_descending(conn, "lg100003", "stream-105000", ("stream-1", "stream-2"), 50).await?;
    log_streams::list_by_time(conn, "lg100003", (time, "stream"), 50).await?;
    log_streams::list_by_time_descending(conn, "lg100003", (time, "stream"), 50).await?;
    log_streams::update_deleted(conn, "lg100003", "stream-105002", NOW).await?;
    log_streams::list_deleted(conn, 1).await?;
    log_streams::delete(conn, "never").await?;
    let at = Timestamp::from_micros;
    let range = log_chunks::Range { least: at(100_500), from: at(101_000), to: at(159_000), most: at(160_000) };
    log_chunks::list_of_stream(conn, "ls100003", range, 10).await?;
    log_chunks::list_of_stream_descending(conn, "ls100003", range, 10).await?;
    log_chunks::list_of_group(conn, "lg100003", range, 10).await?;
    log_chunks::list_of_group_descending(conn, "lg100003", range, 10).await?;
    log_chunks::list_bodies(conn, &["lc100001", "lc100002"]).await?;
    log_chunks::find_fresh(conn, time).await?;
    log_chunks::list_loose(conn, "ls100003", (range.from, range.to), 1000, 10).await?;
    log_chunks::update_settled(conn, &["lc100001", "lc100002"]).await?;
    log_chunks::delete(conn, &["lc100001", "lc100002"]).await?;
    log_chunks::delete_before(conn, "lg100003", at(100_100), 100).await?;
    log_chunks::delete_of_stream(conn, "ls100003", 10).await?;
    log_streams::delete_some(conn, "lg105000", 10).await?;
    let key = metric_series::Key {
        namespace: "ns-2".to_owned(),
        name: "name-105002".to_owned(),
        dimensions: "[]".to_owned(),
        unit: "None".to_owned(),
    };
    let series = metric_series::find(conn, &registry, &key).await?.expect("a series");
    metric_series::insert(conn, &registry, &series).await?;
    metric_series::list_units(conn, &registry, ("ns-2", "name-105002", "[]")).await?;
    metric_series::update_seen(conn, "ms105002", at(105_002)).await?;
    metric_series::list(conn, &registry, &key, ("ns-2", "name-2"), 100).await?;
    metric_series::list_ids(conn, "ms105000", 100).await?;
    metric_series::list_unseen(conn, time, 100).await?;
    metric_series::delete_unseen(conn, &["never".to_owned()], time).await?;
    let point = metric_points::MetricPointRow {
        minute_at: at(100_500),
        sample_count: 1.0,
        sum: 1.0,
        minimum: 1.0,
        maximum: 1.0,
    };
    metric_points::upsert(conn, "ms100003", &point).await?;
    metric_points::list(conn, "ms100003", (at(100_500), at(160_000)), 10).await?;
    metric_points::delete_before(conn, &["ms100003".to_owned()], at(100_100)).await?;
    let names = ["alarm-105000".to_owned(), "alarm-105001".to_owned()];
    alarms::find_all(conn, &registry, &names).await?;
    let alarm = alarms::lock(conn, &registry, "alarm-105000").await?.expect("an alarm");
    alarms::upsert(conn, &alarm).await?;
    alarms::list(conn, &registry, "alarm-105000", ("alarm-1", "alarm-2"), 100).await?;
    alarms::list_all(conn, ("000000000000", "us-east-1", "alarm-105000"), 100).await?;
    alarms::update_state(conn, &registry, "alarm-105000", &alarm.state).await?;
    alarms::update(conn, &registry, "alarm-105000", "{}", "{}").await?;
    alarms::delete(conn, &registry, "never").await?;
    alarm_history::list(conn, &registry, "ah105000", 100).await?;
    alarm_history::list_of_alarm(conn, &registry, "alarm-100003", "ah105000", 100).await?;
    alarm_history::delete_before(conn, time, 100).await?;
    pull_gates::find(conn, id).await?;
    pull_gates::upsert(conn, id, "{}", NOW).await?;
    pull_gates::delete(conn, id).await?;
    plans_scaling::ask(conn).await?;
    plans_secrets::ask(conn).await?;
    plans_services::ask(conn).await?;
    plans_task_definitions::ask(conn).await?;
    Ok(())
}

/// A line of a plan that reads a whole table, or sorts a page that an index could give in order.
fn reads_too_much(sql: &str, line: &str) -> bool {
    // A sort before rows are locked sorts what was asked for, not what is there.
    let page = sql.contains("limit") && sql.contains("order by") && !sql.contains("delete");
    let sqlite_scan = line.starts_with("SCAN ")
        && ![
            "json_each",
            "SCAN asked VIRTUAL",
            "CONSTANT",
            "open_uploads",
            "(subquery",
            "SCAN counted",
            "SCAN planned",
        ]
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
        write(&test.db, |conn| Box::pin(conn.script(plans_scaling::ROWS))).await.unwrap();
        write(&test.db, |conn| Box::pin(conn.script(plans_secrets::ROWS))).await.unwrap();
        write(&test.db, |conn| Box::pin(conn.script(plans_services::ROWS))).await.unwrap();
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
