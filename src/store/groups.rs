//! Tables `groups` and `group_members`.

use crate::{Conn, Result};

/// Who is in which group: pairs of user id and group id, for the copy of the authorization data in memory.
pub async fn list_members(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    conn.all("select user_id, group_id from group_members", [], |row| Ok((row.text(0)?, row.text(1)?))).await
}
