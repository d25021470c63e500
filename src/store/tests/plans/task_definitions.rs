//! The part of the plans about task definitions: rows, and what requests ask for.

use types::Timestamp;

use super::super::harness::registry;
use crate::task_definitions::{Families, Filter, TaskDefinitionRow};
use crate::{Conn, Result, ecs_account_settings, task_definitions};

pub(super) const ROWS: &str = "
    insert into task_definition_families (account_id, region, family, last_revision, active, inactive)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select '000000000000', 'us-east-1', 'family-' || cast(i as text), 3, case when i % 2 = 0 then 1 else 0 end, 2
            from n;
    insert into task_definitions (account_id, region, family, revision, status, document, registered_by, registered_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 130000)
        select '000000000000', 'us-east-1', 'family-' || cast(100001 + i % 10000 as text), (i - 100001) / 10000 + 1,
            case when i % 3 = 0 then 'ACTIVE' else 'INACTIVE' end, '{}', 'x', 0 from n;
    insert into ecs_account_settings (account_id, region, principal_arn, name, value)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 110000)
        select '000000000000', 'us-east-1', 'arn:' || cast(i as text), 'containerInsights', 'enabled' from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let (registry, family, time) = (registry(), "family-105000", Timestamp::from_micros(100_100));
    let row = TaskDefinitionRow {
        registry: registry.clone(),
        family: family.to_owned(),
        revision: 0,
        status: String::new(),
        document: "{}".to_owned(),
        registered_by: String::new(),
        registered_at: time,
        deregistered_at: None,
        delete_requested_at: None,
    };
    task_definitions::insert(conn, &row).await?;
    task_definitions::find(conn, &registry, family, 2).await?;
    task_definitions::find_newest(conn, &registry, family).await?;
    for family in [None, Some(family)] {
        for descending in [false, true] {
            let filter = Filter { status: "ACTIVE", family, descending };
            task_definitions::list(conn, &registry, filter, None, 100).await?;
            task_definitions::list(conn, &registry, filter, Some(("family-105000", 2)), 100).await?;
        }
    }
    for which in [Families::Active, Families::Inactive, Families::All] {
        task_definitions::list_families(conn, &registry, which, "", "family-105000", 100).await?;
        task_definitions::list_families(conn, &registry, which, "family-10", "", 100).await?;
    }
    task_definitions::update_inactive(conn, &registry, family, 4, time).await?;
    task_definitions::update_deleting(conn, &registry, family, 4, time).await?;
    task_definitions::list_deleting(conn, time, None, 100).await?;
    task_definitions::list_deleting(conn, time, Some(&row), 100).await?;
    task_definitions::delete(conn, &registry, family, 4).await?;
    ecs_account_settings::list(conn, &registry, "arn:105000").await?;
    ecs_account_settings::delete(conn, &registry, "arn:105000", "containerInsights").await?;
    Ok(())
}
