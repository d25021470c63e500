//! The schema comes once, whole or not at all, and never under a program that does not know it.

use tokio::task::JoinSet;

use super::harness::{number, on_each, write};
use crate::migrations::{MIGRATIONS, Migration, apply_list, versions};
use crate::{Config, Db, Error};

const WIPE: &str = "
    drop table parameter_versions; drop table parameters; drop table secret_stages; drop table secret_versions;
    drop table secrets;
    drop table scaling_activities; drop table scheduled_actions; drop table scaling_policies;
    drop table scalable_targets;
    drop table service_tasks; drop table service_events; drop table service_deployments; drop table services;
    drop table ecs_account_settings; drop table task_definitions; drop table task_definition_families;
    drop table tasks; drop table container_instances; drop table ecs_tags; drop table clusters;
    drop table image_uses; drop table repository_usage; drop table registry_usage; drop table store_usage;
    drop table scan_requests;
    drop table replication_backfill_items; drop table replication_backfills; drop table replication_uploads;
    drop table replication_targets;
    drop table alarm_history; drop table alarms; drop table metric_points; drop table metric_series;
    drop table log_chunks; drop table log_streams; drop table log_groups;
    drop table load_balancing_tags; drop table listener_states; drop table target_health; drop table balancers;
    drop table targets; drop table target_group_uses; drop table listener_rules; drop table listeners;
    drop table target_groups; drop table load_balancers;
    drop table pull_gates; drop table image_scan_findings; drop table image_scans; drop table layer_contents;
    drop table advisory_ecosystems; drop table advisory_packages; drop table advisories;
    drop table cached_tags; drop table jobs; drop table blob_reviews;
    drop table unlinked_blobs; drop table deleted_references; drop table deleted_manifests; drop table replications;
    drop table webhook_deliveries; drop table webhooks;
    drop table lifecycle_preview_results; drop table lifecycle_previews; drop table lifecycle_policies;
    drop table pull_time_exclusions; drop table repository_creation_templates; drop table pull_through_cache_rules;
    drop table registry_settings;
    drop table upload_parts; drop table uploads; drop table edges; drop table tags; drop table manifests;
    drop table repository_blobs; drop table blobs; drop table repository_policies; drop table resource_tags;
    drop table repositories; drop table audit_events; drop table removals; drop table leases; drop table stamps;
    drop table signing_keys; drop table policy_principals; drop table inline_policies;
    drop table policy_attachments; drop table policy_versions; drop table policies; drop table iam_tags;
    drop table open_id_connect_providers; drop table account_aliases; drop table access_keys; drop table group_members;
    drop table groups; drop table roles; drop table users; drop table accounts; drop table schema_versions";

const WIPE_POSTGRES: &str = "drop function json_each(text); drop domain sorted_text; drop domain blob";

/// As if nothing had been opened yet.
async fn wipe(db: &Db) {
    let postgres = db.is_postgres();
    write(db, move |conn| {
        Box::pin(async move {
            conn.script(WIPE).await?;
            if postgres {
                conn.script(WIPE_POSTGRES).await?;
            }
            Ok(())
        })
    })
    .await
    .unwrap();
}

async fn open_at_once(config: &Config, processes: usize) {
    let mut opening = JoinSet::new();
    for _ in 0..processes {
        let config = config.clone();
        opening.spawn(async move { Db::open(&config).await });
    }
    for opened in opening.join_all().await {
        opened.unwrap().close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_at_once_apply_migrations_once() {
    on_each(|test| async move {
        for processes in [2, 8] {
            wipe(&test.db).await;
            open_at_once(&test.config, processes).await;
            let applied = number(&test.db, "select count(*) from schema_versions").await;
            assert_eq!(applied, MIGRATIONS.len() as i64);
            assert_eq!(number(&test.db, "select count(*) from stamps").await, 1);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_from_the_future_is_refused() {
    on_each(|test| async move {
        write(&test.db, |conn| {
            Box::pin(async move {
                conn.script("insert into schema_versions (version, name, checksum) values (9999, 'later', 'x')").await
            })
        })
        .await
        .unwrap();
        match Db::open(&test.config).await.map(drop) {
            Err(Error::Unusable(message)) => assert!(message.contains("9999"), "{message}"),
            other => panic!("{other:?}"),
        }
        let (applied, known) = versions(&mut test.db.reader().await.unwrap()).await.unwrap();
        assert_eq!((applied, known), (9999, MIGRATIONS.last().unwrap().version));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_was_changed_after_it_was_applied_is_refused() {
    on_each(|test| async move {
        write(&test.db, |conn| {
            Box::pin(async move { conn.script("update schema_versions set checksum = 'x' where version = 2").await })
        })
        .await
        .unwrap();
        match Db::open(&test.config).await.map(drop) {
            Err(Error::Unusable(message)) => assert!(message.contains("another content"), "{message}"),
            other => panic!("{other:?}"),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_leaves_nothing_behind() {
    const MORE: [Migration; 2] = [
        Migration::of_both(9001, "good", "create table good (id bigint); insert into good values (1)"),
        Migration::of_both(9002, "broken", "create table half (id bigint); insert into nowhere values (1)"),
    ];
    let broken: &'static [Migration] = MIGRATIONS.iter().copied().chain(MORE).collect::<Vec<_>>().leak();
    on_each(|test| async move {
        for empty in [false, true] {
            if empty {
                wipe(&test.db).await;
            }
            assert!(matches!(apply_list(&test.db, broken).await, Err(Error::Statement(_))));
            for table in ["select count(*) from good", "select count(*) from half"] {
                let mut conn = test.db.reader().await.unwrap();
                assert!(conn.optional(table, [], |_| Ok(())).await.is_err(), "{table}");
            }
        }
        // The same database serves a program whose migrations are whole.
        apply_list(&test.db, MIGRATIONS).await.unwrap();
        assert_eq!(number(&test.db, "select count(*) from schema_versions").await, MIGRATIONS.len() as i64);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_outlives_every_migration() {
    const THERE: &str = "
        insert into accounts (account_id, created_at) values ('000000000000', 1);
        insert into repositories (repository_id, account_id, region, name, tag_mutability, tag_filters, created_at)
        values ('one', '000000000000', 'us-east-1', 'app', 'MUTABLE', '[]', 1);
        insert into blobs (digest, object_key, size, state, created_at) values ('sha256:b', 'key', 7, 'live', 2);
        insert into repository_blobs (repository_id, digest, created_at) values ('one', 'sha256:b', 3);
        insert into removals (object_key, not_before) values ('gone', 4)";
    on_each(|test| async move {
        wipe(&test.db).await;
        apply_list(&test.db, &MIGRATIONS[..2]).await.unwrap();
        write(&test.db, |conn| Box::pin(async move { conn.script(THERE).await })).await.unwrap();
        apply_list(&test.db, MIGRATIONS).await.unwrap();
        for (kept, expected) in [
            ("select size * 10 + created_at from blobs where digest = 'sha256:b' and object_key = 'key'", 72),
            ("select created_at from repository_blobs where repository_id = 'one' and digest = 'sha256:b'", 3),
            ("select not_before from removals where object_key = 'gone'", 4),
            ("select count(*) from blob_reviews where registry = '000000000000/us-east-1' and since = 3", 1),
        ] {
            assert_eq!(number(&test.db, kept).await, expected, "{kept}");
        }
        // What refers to another table still does.
        let orphan = write(&test.db, |conn| {
            Box::pin(async move { conn.script("delete from blobs where digest = 'sha256:b'").await })
        });
        assert!(orphan.await.is_err());
    })
    .await;
}
