//! Table `stamps`: counters that tell every process when its copy in memory is out of date.

use crate::{Conn, Result};

/// Counts changes to accounts, users, keys, policies and repository policies.
pub const AUTHORIZATION: &str = "authorization";

/// Counts changes to the resource tags of repositories.
pub const RESOURCE_TAGS: &str = "resource-tags";

/// Counts changes to webhooks.
pub const WEBHOOKS: &str = "webhooks";

/// Counts imports of advisories.
pub const ADVISORIES: &str = "advisories";

/// Counts changes to pull gates.
pub const PULL_GATES: &str = "pull-gates";

/// Counts changes to load balancers and their targets.
pub const LOAD_BALANCING: &str = "load-balancing";

/// Counts probes of whether the database takes writes.
pub(crate) const PROBES: &str = "probes";

/// The present count.
pub async fn find(conn: &mut Conn, name: &str) -> Result<Option<i64>> {
    conn.optional("select version from stamps where name = $1", [name.into()], |row| row.integer(0)).await
}

/// Counts one change, in the transaction that makes it. A count begins with its first change.
pub async fn update_next(conn: &mut Conn, name: &str) -> Result<()> {
    conn.execute(
        "insert into stamps (name, version)
         values ($1, 1)
         on conflict (name) do update
         set version = stamps.version + 1",
        [name.into()],
    )
    .await?;
    Ok(())
}
