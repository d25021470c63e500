//! Table `parameters`: what parameters there are. What they hold is in `parameter_versions`.

use types::{AccountId, Region, RegistryId};

use crate::conn::Lock;
use crate::parameter_versions::ParameterVersionRow;
use crate::row::Row;
use crate::{Conn, Result};

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterRow {
    /// Names it for good.
    pub parameter_id: String,
    /// Whose it is, and where.
    pub registry: RegistryId,
    /// As its clients name it.
    pub name: String,
    /// The number of its newest version.
    pub version: u64,
    /// A JSON object.
    pub tags: String,
}

fn read(row: &Row) -> Result<ParameterRow> {
    Ok(ParameterRow {
        parameter_id: row.text(0)?,
        registry: RegistryId {
            account: row.parsed::<AccountId>(1, "account_id")?,
            region: row.parsed::<Region>(2, "region")?,
        },
        name: row.text(3)?,
        version: row.size(4)?,
        tags: row.text(5)?,
    })
}

fn read_both(row: &Row) -> Result<(ParameterRow, ParameterVersionRow)> {
    let parameter = read(row)?;
    let version = ParameterVersionRow {
        parameter_id: parameter.parameter_id.clone(),
        version: parameter.version,
        kind: row.text(6)?,
        sealed_value: row.bytes(7)?,
        document: row.text(8)?,
        modified_at: row.time(9)?,
    };
    Ok((parameter, version))
}

/// Adds a parameter. False if there is one with this name.
pub async fn insert(conn: &mut Conn, row: &ParameterRow) -> Result<bool> {
    // uq_parameters_name
    let rows = conn
        .execute(
            "insert into parameters (parameter_id, account_id, region, name, version, tags)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (account_id, region, name) do nothing",
            [
                (&row.parameter_id).into(),
                (&row.registry.account).into(),
                (&row.registry.region).into(),
                (&row.name).into(),
                row.version.into(),
                (&row.tags).into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// A parameter with its newest version.
pub async fn find(
    conn: &mut Conn,
    registry: &RegistryId,
    name: &str,
) -> Result<Option<(ParameterRow, ParameterVersionRow)>> {
    // uq_parameters_name, pk_parameter_versions
    conn.optional(
        "select p.parameter_id, p.account_id, p.region, p.name, p.version, p.tags, v.kind, v.sealed_value, v.document,
             v.modified_at
         from parameters p
         join parameter_versions v on v.parameter_id = p.parameter_id and v.version = p.version
         where p.account_id = $1 and p.region = $2 and p.name = $3",
        [(&registry.account).into(), (&registry.region).into(), name.into()],
        read_both,
    )
    .await
}

/// A parameter, held until the transaction ends.
pub async fn lock(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<Option<ParameterRow>> {
    // uq_parameters_name
    let found = conn
        .all_locked(
            "select parameter_id, account_id, region, name, version, tags
             from parameters
             where account_id = $1 and region = $2 and name = $3",
            Lock::Update,
            [(&registry.account).into(), (&registry.region).into(), name.into()],
            read,
        )
        .await?;
    Ok(found.into_iter().next())
}

/// Parameters after `after` whose names are at least `from` and less than `to`, each with its newest version, by name, at
/// most `limit`.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    after: &str,
    (from, to): (&str, &str),
    limit: usize,
) -> Result<Vec<(ParameterRow, ParameterVersionRow)>> {
    // uq_parameters_name, pk_parameter_versions
    conn.all(
        "select p.parameter_id, p.account_id, p.region, p.name, p.version, p.tags, v.kind, v.sealed_value, v.document,
             v.modified_at
         from parameters p
         join parameter_versions v on v.parameter_id = p.parameter_id and v.version = p.version
         where p.account_id = $1 and p.region = $2 and p.name > $3 and p.name >= $4 and p.name < $5
         order by p.name
         limit $6",
        [(&registry.account).into(), (&registry.region).into(), after.into(), from.into(), to.into(), limit.into()],
        read_both,
    )
    .await
}

/// Says which version of a parameter is the newest.
pub async fn update_version(conn: &mut Conn, parameter_id: &str, version: u64) -> Result<()> {
    // pk_parameters
    conn.execute("update parameters set version = $2 where parameter_id = $1", [parameter_id.into(), version.into()])
        .await?;
    Ok(())
}

/// Replaces the tags of a parameter.
pub async fn update_tags(conn: &mut Conn, parameter_id: &str, tags: &str) -> Result<()> {
    // pk_parameters
    conn.execute("update parameters set tags = $2 where parameter_id = $1", [parameter_id.into(), tags.into()]).await?;
    Ok(())
}

/// Deletes a parameter whose versions are gone.
pub async fn delete(conn: &mut Conn, parameter_id: &str) -> Result<bool> {
    Ok(conn.execute("delete from parameters where parameter_id = $1", [parameter_id.into()]).await? == 1)
}
