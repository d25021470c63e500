//! Table `alarms`: what is watched, and the state that it is in.

use types::{AccountId, Region, RegistryId, Timestamp};

use crate::conn::Lock;
use crate::row::Row;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRow {
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// Unique there.
    pub name: String,
    /// JSON: how it was configured.
    pub document: String,
    /// A JSON object.
    pub tags: String,
    /// How it is.
    pub state: AlarmState,
    /// When it was configured last.
    pub configured_at: Timestamp,
}

/// The state of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmState {
    /// OK, ALARM or INSUFFICIENT_DATA.
    pub value: String,
    /// Why, for people.
    pub reason: String,
    /// Why, as JSON.
    pub reason_data: Option<String>,
    /// Since when.
    pub updated_at: Timestamp,
}

fn read(row: &Row) -> Result<AlarmRow> {
    Ok(AlarmRow {
        registry: RegistryId {
            account: row.parsed::<AccountId>(0, "account_id")?,
            region: row.parsed::<Region>(1, "region")?,
        },
        name: row.text(2)?,
        document: row.text(3)?,
        tags: row.text(4)?,
        state: AlarmState {
            value: row.text(5)?,
            reason: row.text(6)?,
            reason_data: row.optional_text(7)?,
            updated_at: row.time(8)?,
        },
        configured_at: row.time(9)?,
    })
}

/// Adds an alarm in its first state, or configures the one of that name anew; its tags and its state stay then.
pub async fn upsert(conn: &mut Conn, row: &AlarmRow) -> Result<()> {
    conn.execute(
        "insert into alarms (account_id, region, name, document, tags, state, state_reason, state_reason_data,
             state_updated_at, configured_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (account_id, region, name) do update
         set document = excluded.document, configured_at = excluded.configured_at",
        [
            (&row.registry.account).into(),
            (&row.registry.region).into(),
            (&row.name).into(),
            (&row.document).into(),
            (&row.tags).into(),
            (&row.state.value).into(),
            (&row.state.reason).into(),
            row.state.reason_data.clone().into(),
            row.state.updated_at.into(),
            row.configured_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Those of these alarms that exist, by name.
pub async fn find_all(conn: &mut Conn, registry: &RegistryId, names: &[String]) -> Result<Vec<AlarmRow>> {
    // pk_alarms
    conn.all(
        "select account_id, region, name, document, tags, state, state_reason, state_reason_data, state_updated_at,
             configured_at
         from alarms
         where account_id = $1 and region = $2 and name in (select value from json_each($3))
         order by name",
        [(&registry.account).into(), (&registry.region).into(), text_list(names.iter().map(String::as_str))],
        read,
    )
    .await
}

/// An alarm, held until the transaction ends.
pub async fn lock(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<Option<AlarmRow>> {
    // pk_alarms
    let found = conn
        .all_locked(
            "select account_id, region, name, document, tags, state, state_reason, state_reason_data, state_updated_at,
                 configured_at
             from alarms
             where account_id = $1 and region = $2 and name = $3",
            Lock::Update,
            [(&registry.account).into(), (&registry.region).into(), name.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// Alarms behind `after` whose names are at least `from` and less than `to`, by name, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    after: &str,
    (from, to): (&str, &str),
    limit: usize,
) -> Result<Vec<AlarmRow>> {
    // pk_alarms
    conn.all(
        "select account_id, region, name, document, tags, state, state_reason, state_reason_data, state_updated_at,
             configured_at
         from alarms
         where account_id = $1 and region = $2 and name > $3 and name >= $4 and name < $5
         order by name
         limit $6",
        [(&registry.account).into(), (&registry.region).into(), after.into(), from.into(), to.into(), limit.into()],
        read,
    )
    .await
}

/// Alarms of all accounts and regions behind a place, at most `limit`.
pub async fn list_all(
    conn: &mut Conn,
    (account, region, name): (&str, &str, &str),
    limit: usize,
) -> Result<Vec<AlarmRow>> {
    // pk_alarms
    conn.all(
        "select account_id, region, name, document, tags, state, state_reason, state_reason_data, state_updated_at,
             configured_at
         from alarms
         where (account_id, region, name) > ($1, $2, $3)
         order by account_id, region, name
         limit $4",
        [account.into(), region.into(), name.into(), limit.into()],
        read,
    )
    .await
}

/// Sets the state of an alarm.
pub async fn update_state(conn: &mut Conn, registry: &RegistryId, name: &str, state: &AlarmState) -> Result<bool> {
    // pk_alarms
    let rows = conn
        .execute(
            "update alarms
             set state = $4, state_reason = $5, state_reason_data = $6, state_updated_at = $7
             where account_id = $1 and region = $2 and name = $3",
            [
                (&registry.account).into(),
                (&registry.region).into(),
                name.into(),
                (&state.value).into(),
                (&state.reason).into(),
                state.reason_data.clone().into(),
                state.updated_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Replaces how an alarm is configured, and its tags.
pub async fn update(conn: &mut Conn, registry: &RegistryId, name: &str, document: &str, tags: &str) -> Result<bool> {
    // pk_alarms
    let rows = conn
        .execute(
            "update alarms
             set document = $4, tags = $5
             where account_id = $1 and region = $2 and name = $3",
            [(&registry.account).into(), (&registry.region).into(), name.into(), document.into(), tags.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Deletes an alarm.
pub async fn delete(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<bool> {
    // pk_alarms
    let rows = conn
        .execute(
            "delete from alarms
             where account_id = $1 and region = $2 and name = $3",
            [(&registry.account).into(), (&registry.region).into(), name.into()],
        )
        .await?;
    Ok(rows == 1)
}
