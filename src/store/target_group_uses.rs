//! Table `target_group_uses`: which rules forward to which target groups.

use crate::value::list as texts;
use crate::{Conn, Result};

/// Notes that a rule of a load balancer forwards to a target group.
pub async fn insert(conn: &mut Conn, target_group_id: &str, rule_id: &str, load_balancer_id: &str) -> Result<()> {
    conn.execute(
        "insert into target_group_uses (target_group_id, rule_id, load_balancer_id)
         values ($1, $2, $3)
         on conflict do nothing",
        [target_group_id.into(), rule_id.into(), load_balancer_id.into()],
    )
    .await?;
    Ok(())
}

/// Target groups and the load balancers that forward to them, each pair once.
pub async fn list_load_balancers(conn: &mut Conn, target_group_ids: &[&str]) -> Result<Vec<(String, String)>> {
    // pk_target_group_uses
    conn.all(
        "select distinct target_group_id, load_balancer_id
         from target_group_uses
         where target_group_id in (select value from json_each($1))
         order by target_group_id, load_balancer_id",
        [texts(target_group_ids.iter().copied())],
        |row| Ok((row.text(0)?, row.text(1)?)),
    )
    .await
}

/// Removes those of a rule.
pub async fn delete(conn: &mut Conn, rule_id: &str) -> Result<u64> {
    // ix_target_group_uses_rule
    conn.execute("delete from target_group_uses where rule_id = $1", [rule_id.into()]).await
}
