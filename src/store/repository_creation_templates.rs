//! Table `repository_creation_templates`.

use types::{RegistryId, Timestamp};

use crate::conn::Lock;
use crate::row::Row;
use crate::value::list as text_list;
use crate::{Conn, Result};

/// What repositories get that are created on somebody's behalf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryCreationTemplateRow {
    /// Of names of repositories, without a slash at its end, or `ROOT`.
    pub prefix: String,
    /// JSON: the settings.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

fn read(row: &Row) -> Result<RepositoryCreationTemplateRow> {
    Ok(RepositoryCreationTemplateRow {
        prefix: row.text(0)?,
        document: row.text(1)?,
        created_at: row.time(2)?,
        updated_at: row.time(3)?,
    })
}

/// Those of these templates that exist, by prefix.
pub async fn find_all(
    conn: &mut Conn,
    registry: &RegistryId,
    prefixes: &[String],
) -> Result<Vec<RepositoryCreationTemplateRow>> {
    conn.all(
        "select prefix, document, created_at, updated_at
         from repository_creation_templates
         where account_id = $1 and region = $2 and prefix in (select value from json_each($3))
         order by prefix",
        [(&registry.account).into(), (&registry.region).into(), text_list(prefixes.iter().map(String::as_str))],
        read,
    )
    .await
}

/// Templates after `after`, by prefix, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    registry: &RegistryId,
    after: &str,
    limit: usize,
) -> Result<Vec<RepositoryCreationTemplateRow>> {
    conn.all(
        "select prefix, document, created_at, updated_at
         from repository_creation_templates
         where account_id = $1 and region = $2 and prefix > $3
         order by prefix
         limit $4",
        [(&registry.account).into(), (&registry.region).into(), after.into(), limit.into()],
        read,
    )
    .await
}

/// A template, held so that nobody changes it before the transaction ends.
pub async fn lock(
    conn: &mut Conn,
    registry: &RegistryId,
    prefix: &str,
) -> Result<Option<RepositoryCreationTemplateRow>> {
    let rows = conn
        .all_locked(
            "select prefix, document, created_at, updated_at
             from repository_creation_templates
             where account_id = $1 and region = $2 and prefix = $3",
            Lock::Update,
            [(&registry.account).into(), (&registry.region).into(), prefix.into()],
            read,
        )
        .await?;
    Ok(rows.into_iter().next())
}

/// Adds a template. False if there is one with this prefix.
pub async fn insert(conn: &mut Conn, registry: &RegistryId, row: &RepositoryCreationTemplateRow) -> Result<bool> {
    let rows = conn
        .execute(
            "insert into repository_creation_templates
                 (account_id, region, prefix, document, version, created_at, updated_at)
             values ($1, $2, $3, $4, 1, $5, $6)
             on conflict do nothing",
            [
                (&registry.account).into(),
                (&registry.region).into(),
                (&row.prefix).into(),
                (&row.document).into(),
                row.created_at.into(),
                row.updated_at.into(),
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Replaces the document of a template. False if there is none with this prefix.
pub async fn update_document(
    conn: &mut Conn,
    registry: &RegistryId,
    prefix: &str,
    document: &str,
    now: Timestamp,
) -> Result<bool> {
    let rows = conn
        .execute(
            "update repository_creation_templates
             set document = $4, version = version + 1, updated_at = $5
             where account_id = $1 and region = $2 and prefix = $3",
            [(&registry.account).into(), (&registry.region).into(), prefix.into(), document.into(), now.into()],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes a template and gives it back.
pub async fn delete(
    conn: &mut Conn,
    registry: &RegistryId,
    prefix: &str,
) -> Result<Option<RepositoryCreationTemplateRow>> {
    conn.optional(
        "delete from repository_creation_templates
         where account_id = $1 and region = $2 and prefix = $3
         returning prefix, document, created_at, updated_at",
        [(&registry.account).into(), (&registry.region).into(), prefix.into()],
        read,
    )
    .await
}
