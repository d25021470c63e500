//! Importing advisories. They come as documents of OSV, each of which replaces what was known under its name.

use scan::osv::Document;
use store::advisory_packages::AdvisoryPackageRow;
use store::{Conn, Pending, advisory_ecosystems, advisory_packages, stamps};
use types::Timestamp;

use crate::{App, Error, Result};

/// Documents of one transaction.
pub const BATCH: usize = 200;

/// What came of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Advisories that are known now.
    pub advisories: u64,
    /// Advisories that were taken back.
    pub withdrawn: u64,
    /// Advisories about nothing that Wharf looks for.
    pub other: u64,
}

impl std::ops::AddAssign for Imported {
    fn add_assign(&mut self, other: Self) {
        self.advisories += other.advisories;
        self.withdrawn += other.withdrawn;
        self.other += other.other;
    }
}

/// Imports some documents, all or none. They count in matches once [`finish`] was called.
pub async fn import(app: &App, documents: Vec<Document>) -> Result<Imported> {
    let now = app.now();
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move {
                let mut imported = Imported::default();
                for document in &documents {
                    put(conn, document, now, &mut imported).await?;
                }
                Ok(imported)
            }) as Pending<'_, Imported, Error>
        })
        .await
}

async fn put(conn: &mut Conn, document: &Document, now: Timestamp, imported: &mut Imported) -> Result<()> {
    let id = &document.advisory.id;
    advisory_packages::delete_of(conn, id).await?;
    if document.withdrawn || document.affected.is_empty() {
        store::advisories::delete(conn, id).await?;
        *(if document.withdrawn { &mut imported.withdrawn } else { &mut imported.other }) += 1;
        return Ok(());
    }
    store::advisories::upsert(conn, id, &json(&document.advisory)?).await?;
    for ((ecosystem, package), affected) in &document.affected {
        let row = AdvisoryPackageRow { package: package.clone(), advisory_id: id.clone(), document: json(affected)? };
        advisory_packages::insert(conn, ecosystem, &row).await?;
        advisory_ecosystems::upsert(conn, ecosystem, now).await?;
    }
    imported.advisories += 1;
    Ok(())
}

/// Ends an import: every scanned image is matched again.
pub async fn finish(app: &App) -> Result<()> {
    app.db
        .write_in_background(|conn| {
            Box::pin(async move { Ok(stamps::update_next(conn, stamps::ADVISORIES).await?) }) as Pending<'_, (), Error>
        })
        .await
}

/// Of which ecosystems there are advisories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ecosystem {
    /// As OSV writes it.
    pub name: String,
    /// How many.
    pub advisories: u64,
    /// When some were last imported.
    pub imported_at: Timestamp,
}

/// Of which ecosystems there are how many advisories.
pub async fn list(app: &App) -> Result<Vec<Ecosystem>> {
    let mut conn = app.db.reader().await?;
    let mut found = Vec::new();
    for (name, imported_at) in advisory_ecosystems::list(&mut conn).await? {
        let advisories = advisory_packages::count(&mut conn, &name).await?;
        found.push(Ecosystem { name, advisories, imported_at });
    }
    Ok(found)
}

fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|_| Error::Internal)
}
