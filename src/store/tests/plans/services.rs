//! The part of the plans about services: rows, and what requests and their jobs ask for.

use types::Timestamp;

use super::super::harness::NOW;
use crate::{Conn, Result, service_deployments, service_events, service_tasks, services};

pub(super) const ROWS: &str = "
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
        select 'd' || cast(i as text), 's' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 19000 end as text),
            case when i % 101 = 0 then 'PRIMARY' else 'INACTIVE' end, 'COMPLETED', 'SUCCESSFUL', '{}', i, i from n;
    insert into service_events (service_id, number, event_id, message, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 's' || cast(100001 + case when i % 2 = 0 then i % 600 else i % 19000 end as text), i, 'e', 'm', 0 from n;
    insert into service_tasks (task_id, service_id, deployment_id, was_healthy)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 't' || cast(i as text), 's' || cast(100001 + case when i % 2 = 0 then i % 6000 else i % 19000 end as text),
            'd1', 0 from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let service = services::find(conn, "c7", "service-105007").await?.expect("a service");
    services::find_by_id(conn, "s105007").await?;
    services::lock(conn, "s105007").await?;
    services::list(conn, "c7", "", "REPLICA", "service-110000", 100).await?;
    services::update(conn, &service).await?;
    let shown = service_deployments::list_shown(conn, "s100007").await?;
    service_deployments::update(conn, shown.first().expect("a deployment")).await?;
    service_deployments::find(conn, "d105000").await?;
    service_deployments::find_completed(conn, "s100007", "d105000").await?;
    let filter =
        service_deployments::Filter { outcomes: &[], created_after: Timestamp::from_micros(0), created_before: NOW };
    service_deployments::list(conn, "s100007", filter, (Timestamp::from_micros(130_000), ""), 100).await?;
    service_deployments::delete_old(conn, "s100007", 90, "d105000").await?;
    let event = service_events::ServiceEventRow { event_id: "e".to_owned(), message: "m".to_owned(), created_at: NOW };
    service_events::insert(conn, "s100007", &event).await?;
    service_events::list(conn, "s100007").await?;
    service_tasks::list(conn, &["s100007", "s100008"]).await?;
    services::list_named(conn, &["s105007", "s105008"]).await?;
    services::list_live(conn, "c7", "service-110000", 100).await?;
    services::list_everywhere(conn, "s105007", 100).await?;
    services::list_with_providers(conn, "c7", "s105007", 100).await?;
    service_deployments::list_shown_of(conn, &["s100007", "s100008"]).await?;
    service_tasks::update_healthy(conn, "t105000").await?;
    service_tasks::delete(conn, "t105000").await?;
    Ok(())
}
