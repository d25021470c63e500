//! Table `leases`: which process does a piece of background work.

use types::Timestamp;

use crate::{Conn, Result};

/// Takes a lease, or prolongs one's own. False while somebody else holds it.
pub async fn claim(conn: &mut Conn, name: &str, owner: &str, now: Timestamp, until: Timestamp) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into leases (name, owner, until)
             values ($1, $2, $4)
             on conflict (name) do update
             set owner = excluded.owner, until = excluded.until
             where leases.owner = excluded.owner or leases.until < $3",
            [name.into(), owner.into(), now.into(), until.into()],
        )
        .await?;
    Ok(rows == 1)
}
