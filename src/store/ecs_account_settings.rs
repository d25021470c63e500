//! Table `ecs_account_settings`.

use types::RegistryId;

use crate::{Conn, Result};

/// A setting of a principal, or of the root of an account: the default of all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRow {
    /// Whose it is.
    pub principal_arn: String,
    /// Which.
    pub name: String,
    /// To what.
    pub value: String,
}

/// Sets it.
pub async fn upsert(conn: &mut Conn, registry: &RegistryId, setting: &SettingRow) -> Result<()> {
    conn.execute(
        "insert into ecs_account_settings (account_id, region, principal_arn, name, value)
         values ($1, $2, $3, $4, $5)
         on conflict (account_id, region, principal_arn, name) do update
         set value = excluded.value",
        [
            (&registry.account).into(),
            (&registry.region).into(),
            (&setting.principal_arn).into(),
            (&setting.name).into(),
            (&setting.value).into(),
        ],
    )
    .await?;
    Ok(())
}

/// What a principal has set, by names. There are as many settings as ECS knows, so this is no page.
pub async fn list(conn: &mut Conn, registry: &RegistryId, principal_arn: &str) -> Result<Vec<SettingRow>> {
    // pk_ecs_account_settings
    conn.all(
        "select principal_arn, name, value
         from ecs_account_settings
         where account_id = $1 and region = $2 and principal_arn = $3
         order by name",
        [(&registry.account).into(), (&registry.region).into(), principal_arn.into()],
        |row| Ok(SettingRow { principal_arn: row.text(0)?, name: row.text(1)?, value: row.text(2)? }),
    )
    .await
}

/// Forgets it.
pub async fn delete(conn: &mut Conn, registry: &RegistryId, principal_arn: &str, name: &str) -> Result<bool> {
    let rows = conn
        .execute(
            "delete from ecs_account_settings
             where account_id = $1 and region = $2 and principal_arn = $3 and name = $4",
            [(&registry.account).into(), (&registry.region).into(), principal_arn.into(), name.into()],
        )
        .await?;
    Ok(rows == 1)
}
