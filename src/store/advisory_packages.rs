//! Table `advisory_packages`: what advisories say of packages.

use crate::value::list as text_list;
use crate::{Conn, Result};

/// What an advisory says of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvisoryPackageRow {
    /// The package.
    pub package: String,
    /// The advisory.
    pub advisory_id: String,
    /// What it says.
    pub document: String,
}

/// Adds what an advisory says of a package of an ecosystem.
pub async fn insert(conn: &mut Conn, ecosystem: &str, row: &AdvisoryPackageRow) -> Result<()> {
    conn.execute(
        "insert into advisory_packages (ecosystem, package, advisory_id, document)
         values ($1, $2, $3, $4)
         on conflict (ecosystem, package, advisory_id) do update
         set document = excluded.document",
        [ecosystem.into(), (&row.package).into(), (&row.advisory_id).into(), (&row.document).into()],
    )
    .await?;
    Ok(())
}

/// What is said of these packages of an ecosystem.
pub async fn list_of(conn: &mut Conn, ecosystem: &str, packages: &[&str]) -> Result<Vec<AdvisoryPackageRow>> {
    // pk_advisory_packages
    conn.all(
        "select package, advisory_id, document
         from advisory_packages
         where ecosystem = $1 and package in (select value from json_each($2))",
        [ecosystem.into(), text_list(packages.iter().copied())],
        |row| Ok(AdvisoryPackageRow { package: row.text(0)?, advisory_id: row.text(1)?, document: row.text(2)? }),
    )
    .await
}

/// Removes what an advisory says.
pub async fn delete_of(conn: &mut Conn, advisory_id: &str) -> Result<u64> {
    // ix_advisory_packages_advisory
    conn.execute(
        "delete from advisory_packages
         where advisory_id = $1",
        [advisory_id.into()],
    )
    .await
}

/// How many advisories say something of packages of an ecosystem. It counts them all: for an operator.
pub async fn count(conn: &mut Conn, ecosystem: &str) -> Result<u64> {
    crate::conn::count(
        conn,
        "select count(*)
         from advisory_packages
         where ecosystem = $1",
        [ecosystem.into()],
    )
    .await
}
