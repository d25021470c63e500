//! The part of the plans about replication and webhooks: rows, and what requests and background work ask for.

use super::super::harness::{NOW, registry};
use super::{ID, TIME, digest};
use crate::{
    Conn, Result, replication_backfill_items, replication_backfills, replication_uploads, replications,
    webhook_deliveries, webhooks,
};

pub(super) const ROWS: &str = "
    insert into replications (repository_id, digest, account_id, region, status, requested, updated_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'r' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text),
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            '000000000000', 'eu-west-1', case when i % 3 = 0 then 'IN_PROGRESS' else 'COMPLETE' end, 1, i from n;
    insert into replication_uploads (repository_id, account_id, region, digest, location, began_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'r' || cast(100001 + case when i % 2 = 0 then i % 200 else i % 9000 end as text), '000000000000', 'eu-west-1',
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
    insert into webhooks (webhook_id, account_id, region, url, sealed_secret, actions, repository_prefix, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 103000)
        select 'w' || cast(i as text), '000000000000', 'us-east-1', 'http://x', cast('x' as blob), '[]', '', i from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let registry = registry();
    let id = ID;
    let first = digest(100_020);
    let time = TIME;
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
    webhook_deliveries::list_due(conn, time).await?;
    webhook_deliveries::claim(conn, "w1", time, NOW, 10).await?;
    webhooks::find(conn, "w101000").await?;
    webhook_deliveries::update_pending(conn, "d105000", NOW).await?;
    webhook_deliveries::list(conn, "w1", "d105000", 100).await?;
    webhook_deliveries::delete_ended(conn, time, 100).await?;
    Ok(())
}
