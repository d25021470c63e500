//! Table `listener_rules`: what listeners do with which requests.

use crate::conn;
use crate::row::Row;
use crate::value::list as texts;
use crate::{Conn, Result};

/// A rule.
#[derive(Debug, Clone)]
pub struct ListenerRuleRow {
    /// 16 hexadecimal digits, never used twice.
    pub rule_id: String,
    /// Whose it is.
    pub listener_id: String,
    /// Unique there; that of the default rule is above all others.
    pub priority: u64,
    /// JSON.
    pub conditions: String,
    /// JSON.
    pub actions: String,
}

fn read(row: &Row) -> Result<ListenerRuleRow> {
    Ok(ListenerRuleRow {
        rule_id: row.text(0)?,
        listener_id: row.text(1)?,
        priority: row.size(2)?,
        conditions: row.text(3)?,
        actions: row.text(4)?,
    })
}

/// Adds a rule. False if another one has the priority.
pub async fn insert(conn: &mut Conn, row: &ListenerRuleRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into listener_rules (rule_id, listener_id, priority, conditions, actions)
             values ($1, $2, $3, $4, $5)
             on conflict do nothing",
            [
                (&row.rule_id).into(),
                (&row.listener_id).into(),
                row.priority.into(),
                (&row.conditions).into(),
                (&row.actions).into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Those of some ids.
pub async fn list_of(conn: &mut Conn, rule_ids: &[&str]) -> Result<Vec<ListenerRuleRow>> {
    conn.all(
        "select rule_id, listener_id, priority, conditions, actions
         from listener_rules
         where rule_id in (select value from json_each($1))
         order by priority, rule_id",
        [texts(rule_ids.iter().copied())],
        read,
    )
    .await
}

/// Those of a listener with priorities above `after`, at most `limit`.
pub async fn list_page(conn: &mut Conn, listener_id: &str, after: u64, limit: usize) -> Result<Vec<ListenerRuleRow>> {
    // uq_listener_rules_priority
    conn.all(
        "select rule_id, listener_id, priority, conditions, actions
         from listener_rules
         where listener_id = $1 and priority > $2
         order by priority
         limit $3",
        [listener_id.into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// The rules of one priority of some listeners: their default rules.
pub async fn list_at(conn: &mut Conn, listener_ids: &[&str], priority: u64) -> Result<Vec<ListenerRuleRow>> {
    // uq_listener_rules_priority
    conn.all(
        "select rule_id, listener_id, priority, conditions, actions
         from listener_rules
         where listener_id in (select value from json_each($1)) and priority = $2",
        [texts(listener_ids.iter().copied()), priority.into()],
        read,
    )
    .await
}

/// All of them, for those that balance.
pub async fn list_all(conn: &mut Conn) -> Result<Vec<ListenerRuleRow>> {
    conn.all(
        "select rule_id, listener_id, priority, conditions, actions
         from listener_rules
         order by listener_id, priority",
        [],
        read,
    )
    .await
}

/// How many a listener has, its default rule among them.
pub async fn count(conn: &mut Conn, listener_id: &str) -> Result<u64> {
    // uq_listener_rules_priority
    conn::count(conn, "select count(*) from listener_rules where listener_id = $1", [listener_id.into()]).await
}

/// Changes conditions and actions.
pub async fn update(conn: &mut Conn, rule_id: &str, conditions: &str, actions: &str) -> Result<()> {
    conn.execute(
        "update listener_rules set conditions = $2, actions = $3 where rule_id = $1",
        [rule_id.into(), conditions.into(), actions.into()],
    )
    .await?;
    Ok(())
}

/// Gives a rule another priority. False if another rule of the listener has it.
pub async fn update_priority(conn: &mut Conn, row: &ListenerRuleRow, priority: u64) -> Result<bool> {
    // uq_listener_rules_priority
    let rows = conn
        .execute(
            "update listener_rules
             set priority = $3
             where rule_id = $1
               and not exists (
                   select 1
                   from listener_rules other
                   where other.listener_id = $2 and other.priority = $3 and other.rule_id <> $1
               )",
            [(&row.rule_id).into(), (&row.listener_id).into(), priority.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes one, whose uses are gone.
pub async fn delete(conn: &mut Conn, rule_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from listener_rules where rule_id = $1", [rule_id.into()]).await? == 1)
}
