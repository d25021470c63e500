//! The part of the plans about automatic scaling: rows, and what requests and the job ask for.

use std::sync::atomic::{AtomicU64, Ordering};

use types::Timestamp;

use super::super::harness::{NOW, registry};
use crate::scaling_activities::ScalingActivityRow;
use crate::{Conn, Result, scalable_targets, scaling_activities, scaling_policies, scheduled_actions};

pub(super) const ROWS: &str = "
    insert into scalable_targets (account_id, region, resource_id, scalable_target_id, min_capacity, max_capacity, document,
            state, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select '000000000000', 'us-east-1', 'service/c/' || cast(i as text), 'st' || cast(i as text), 0, 1, '{}', '{}', 0
        from n;
    insert into scaling_policies (account_id, region, resource_id, name, document, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select '000000000000', 'us-east-1', 'service/c/' || cast(i as text), 'cpu', '{}', 0 from n;
    insert into scheduled_actions (account_id, region, resource_id, name, document, next_at, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select '000000000000', 'us-east-1', 'service/c/' || cast(i as text), 'night', '{}', i, 0 from n;
    insert into scaling_activities (activity_id, account_id, region, resource_id, document, started_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'sa' || cast(i as text), '000000000000', 'us-east-1',
            'service/c/' || cast(100001 + case when i % 2 = 0 then i % 600 else i % 9000 end as text), '{}', i
        from n;
";

static ASKED: AtomicU64 = AtomicU64::new(0);

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let (registry, resource) = (registry(), "service/c/105007");
    scalable_targets::find(conn, &registry, resource).await?;
    scalable_targets::find_by_id(conn, "st105007").await?;
    let target = scalable_targets::lock(conn, &registry, resource).await?.expect("a target");
    scalable_targets::insert(conn, &target).await?;
    scalable_targets::update(conn, &target).await?;
    scalable_targets::list(conn, &registry, resource, 100).await?;
    scalable_targets::list_all(conn, ("000000000000", "us-east-1", resource), 100).await?;
    scalable_targets::delete(conn, &registry, "never").await?;
    let policies = scaling_policies::list_of(conn, &registry, resource).await?;
    scaling_policies::upsert(conn, policies.first().expect("a policy")).await?;
    scaling_policies::list(conn, &registry, (resource, "cpu"), 100).await?;
    scaling_policies::delete(conn, &registry, resource, "never").await?;
    scaling_policies::delete_of(conn, &registry, "never").await?;
    let actions = scheduled_actions::list_of(conn, &registry, resource).await?;
    scheduled_actions::upsert(conn, actions.first().expect("an action")).await?;
    scheduled_actions::list(conn, &registry, (resource, "night"), 100).await?;
    let names = ["night".to_owned()];
    scheduled_actions::list_named(conn, &registry, &names, (resource, "a"), 100).await?;
    scaling_policies::list_named(conn, &registry, &names, (resource, "a"), 100).await?;
    scheduled_actions::list_due(conn, Timestamp::from_micros(100_100), 100).await?;
    scheduled_actions::delete(conn, &registry, resource, "never").await?;
    scheduled_actions::delete_of(conn, &registry, "never").await?;
    let activity = ScalingActivityRow {
        // They are asked more than once of a database.
        activity_id: format!("sb{}", ASKED.fetch_add(1, Ordering::Relaxed)),
        resource_id: resource.to_owned(),
        document: "{}".to_owned(),
        started_at: NOW,
    };
    scaling_activities::insert(conn, &registry, &activity).await?;
    scaling_activities::list(conn, &registry, "sa105000", 100).await?;
    scaling_activities::list_of(conn, &registry, "service/c/100007", "sa150000", 100).await?;
    Ok(())
}
