//! The part of the plans about lifecycle policies and their previews: rows, and what requests and background work ask for.

use super::super::harness::NOW;
use super::{ID, TIME, digest};
use crate::lifecycle_preview_results::Tagged;
use crate::{Conn, Result, lifecycle_policies, lifecycle_preview_results, lifecycle_previews};

pub(super) const ROWS: &str = "
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
        select 'run' || cast(100001 + case when i % 2 = 0 then i % 20 else i % 9000 end as text), i,
            'sha256:0000000000000000000000000000000000000000000000000000000000' || cast(i as text),
            case when i % 2 = 0 then '[]' else '[\"t\"]' end, 0, 'STANDARD', 'EXPIRE', 1 from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let id = ID;
    let (first, second) = (digest(100_020), digest(100_040));
    let time = TIME;
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
    Ok(())
}
