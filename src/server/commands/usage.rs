//! `wharf usage`: what the repositories of the default registry hold, as it was measured last, or measured now. It runs
//! beside running servers. To show what is kept it needs the database alone; to measure it lists the storage too.

use std::io::{self, Write};
use std::time::SystemTime;

use anyhow::Result;
use store::{Conn, registry_usage, repository_usage, store_usage};
use types::{RegistryId, Timestamp};

use crate::config::Config;
use crate::open;

/// Repositories of one query.
const PAGE: usize = 1000;

pub(crate) async fn run(config: &Config, now: bool) -> Result<()> {
    let db = open::existing_database(config).await?;
    if now {
        let blobs = open::blob_store(config).await?;
        app::usage::measure(&db, &blobs, || Timestamp::from(SystemTime::now())).await?;
    }
    let registry = RegistryId { account: config.account_id.clone(), region: config.region.clone() };
    let mut out = io::stdout().lock();
    writeln!(out, "{:<60} {:>9} {:>16} {:>16} {:>16}", "REPOSITORY", "IMAGES", "LOGICAL", "DEDUPLICATED", "OWN")?;
    let mut after = String::new();
    loop {
        let mut conn = db.reader().await?;
        let page = repository_usage::list(&mut conn, &registry, &after, PAGE).await?;
        drop(conn);
        for (name, held) in &page {
            let name = name.as_str();
            match held {
                Some((held, _)) => writeln!(
                    out,
                    "{name:<60} {:>9} {:>16} {:>16} {:>16}",
                    held.images, held.logical, held.deduplicated, held.own
                )?,
                None => writeln!(out, "{name:<60} {:>9} {:>16} {:>16} {:>16}", "-", "-", "-", "-")?,
            }
        }
        match page.last().filter(|_| page.len() == PAGE) {
            Some((name, _)) => name.as_str().clone_into(&mut after),
            None => break,
        }
    }
    let mut conn = db.reader().await?;
    writeln!(out)?;
    totals(&mut conn, &registry, &mut out).await?;
    drop(conn);
    out.flush()?;
    db.close().await;
    Ok(())
}

async fn totals(conn: &mut Conn, registry: &RegistryId, out: &mut impl Write) -> Result<()> {
    if let Some(row) = registry_usage::find(conn, registry).await? {
        let held = row.held;
        writeln!(
            out,
            "registry: {} images, {} bytes logical, {} deduplicated, {} of them in no other registry",
            held.images, held.logical, held.deduplicated, held.own
        )?;
    }
    match store_usage::find(conn).await? {
        Some(row) => writeln!(
            out,
            "store: {} blobs of {} bytes in all registries; {} objects of {} bytes in the storage\nmeasured {}",
            row.blobs,
            row.blob_bytes,
            row.objects,
            row.object_bytes,
            row.measured_at.rfc3339()
        )?,
        None => writeln!(out, "nothing was measured yet; wharf usage --now does")?,
    }
    Ok(())
}
