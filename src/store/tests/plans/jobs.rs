//! The part of the plans about jobs: rows, and what requests and background work ask for.

use types::Timestamp;

use super::super::harness::NOW;
use super::TIME;
use crate::{Conn, Result, jobs};

pub(super) const ROWS: &str = "
    insert into jobs (job_id, kind, subject, due_at, attempts, lease_until, created_at)
        with recursive n (i) as (select 100001 union all select i + 1 from n where i < 160000)
        select 'j' || cast(i as text), 'kind-' || cast(i % 7 as text), 'r' || cast(i as text), i,
            case when i % 1000 = 0 then 1 else 0 end, 0, 0 from n;
";

pub(super) async fn ask(conn: &mut Conn) -> Result<()> {
    let time = TIME;
    jobs::insert(conn, "new", "kind-1", "r1", NOW).await?;
    jobs::upsert(conn, "newer", "kind-1", "r1", NOW).await?;
    jobs::is_due(conn, "kind-1", time, &[]).await?;
    jobs::find_last_run(conn, "kind-1", "r105000").await?;
    jobs::upsert_all(conn, "new-", "kind-1", ["r1", "r105000"], NOW).await?;
    jobs::claim(conn, "kind-1", "me", Timestamp::from_micros(150_000), NOW, 50, &[]).await?;
    jobs::lock(conn, &["j100001", "j100002"], "me").await?;
    jobs::update_lease(conn, &["j100001", "j100002"], "me", NOW).await?;
    jobs::update_done(conn, &["j100001", "j100002"], "me", time, NOW).await?;
    jobs::list(conn, ("kind-1", "r105000"), 100).await?;
    jobs::depth(conn, "kind-1", time, 100).await?;
    jobs::delete(conn, "j100001", "me").await?;
    Ok(())
}
