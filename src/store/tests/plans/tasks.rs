//! The part of the plans about tasks, their hosts and what runs on them: rows, and what requests and background work ask for.

use super::super::harness::{NOW, registry};
use super::TIME;
use crate::{Conn, Result, clusters, container_instances, ecs_tags, tasks};

pub(super) const ROWS: &str = "
    insert into clusters (cluster_id, account_id, region, name, status, document, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select 'k' || cast(i as text), '000000000000', 'us-east-1', 'k-' || cast(i as text), 'ACTIVE', '{}', 0 from n;
    insert into container_instances (instance_id, cluster_id, status, connected_until, sequence, version, document,
            used_cpu, used_memory, used_ports, registered_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 120000)
        select 'h' || cast(i as text), 'k' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text),
            case when i % 500 = 0 then 'DRAINING' else 'ACTIVE' end, i, 0, 1, '{}', 0, 0, '{}', 0 from n;
    insert into tasks (task_id, cluster_id, instance_id, service_id, deployment_id, family, revision, task_group,
            started_by, launch_type, desired_status, last_status, client_token, version, document, created_at, stopped_at,
            capacity_provider)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 't' || cast(i as text), 'k' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text),
            'h' || cast(100001 + case when i % 2 = 0 then i % 2000 else i % 19000 end as text),
            's' || cast(i % 6000 as text), 'ecs-svc/1', 'family-' || cast(i % 500 as text), 1,
            'service:' || cast(i % 6000 as text), null, 'EC2', case when i % 3 = 0 then 'STOPPED' else 'RUNNING' end,
            case when i % 3 = 0 then 'STOPPED' else 'RUNNING' end, 'token-' || cast(i as text), 1, '{}', i,
            case when i % 3 = 0 then i end, case when i % 100 = 1 then 'FARGATE' end from n;
    insert into ecs_tags (account_id, region, resource, key, value)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select '000000000000', 'us-east-1', 'service/k/' || cast(i as text), 'team', 'a' from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let registry = registry();
    let task = tasks::find(conn, "t105001").await?.expect("a task");
    tasks::lock(conn, "t105001").await?;
    tasks::update(conn, &task).await?;
    tasks::list_named(conn, &["t105001", "t105002"]).await?;
    tasks::list_of_token(conn, "k100007", "token-105006").await?;
    tasks::list_of_instance(conn, "h100007").await?;
    tasks::lock_of_instance(conn, "h100007").await?;
    tasks::list_status_of_instance(conn, "h100007").await?;
    tasks::list_of_services(conn, &["s7", "s8"]).await?;
    tasks::count_of_service(conn, "s7").await?;
    tasks::count_of_group(conn, "k100007", "service:7").await?;
    tasks::use_provider(conn, "k100007", "FARGATE_SPOT").await?;
    tasks::use_definition(conn, &registry, "family-7", 2).await?;
    let filter = tasks::Filter { desired_status: "RUNNING", ..tasks::Filter::default() };
    // Not those of a host, nor of a family: here they are few, which Postgres may sort.
    let filters = [
        filter,
        tasks::Filter { group: Some("service:7"), ..filter },
        tasks::Filter { started_by: Some("somebody"), ..filter },
    ];
    for filter in filters {
        tasks::list(conn, "k100007", filter, "t105000", 100).await?;
    }
    tasks::delete_stopped(conn, TIME, 100).await?;
    clusters::find_by_id(conn, "k100007").await?;
    clusters::lock_by_id(conn, "k100007").await?;
    clusters::list_named(conn, &["k100007", "k100008"]).await?;
    container_instances::find(conn, "h100007").await?;
    container_instances::lock(conn, "h100007").await?;
    container_instances::list(conn, "k100007", "ACTIVE", "h105000", 100).await?;
    container_instances::list_draining(conn, &["k100007", "k100008"]).await?;
    container_instances::list_lost(conn, TIME, 20).await?;
    container_instances::update_used(conn, "h100007", 1, 2, "{}").await?;
    container_instances::update_session(conn, "h100007", "s", NOW).await?;
    container_instances::update_connected(conn, "h100007", "s", NOW).await?;
    container_instances::update_gone(conn, "h100007", NOW).await?;
    container_instances::delete_gone(conn, TIME, 100).await?;
    container_instances::update_excused(conn, TIME).await?;
    container_instances::update_next_sequence(conn, "h100007").await?;
    ecs_tags::list(conn, &registry, "service/k/105000").await?;
    let resources = ["service/k/105000".to_owned(), "service/k/105001".to_owned()];
    ecs_tags::list_of_key(conn, &registry, &resources, "team").await?;
    Ok(())
}
