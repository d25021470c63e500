//! `wharf usage`: measures what the repositories of the default registry hold. It reads all rows about them, beside running
//! servers, and needs the database and no key.

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use store::{repositories, usage};
use types::RegistryId;

use crate::config::Config;
use crate::open;

/// Repositories of one query.
const PAGE: usize = 1000;

pub(crate) async fn run(config: Config) -> ExitCode {
    match show(&config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn show(config: &Config) -> Result<()> {
    let db = open::database(config).await?;
    let registry = RegistryId { account: config.account_id.clone(), region: config.region.clone() };
    let mut out = io::stdout().lock();
    writeln!(out, "{:<60} {:>9} {:>16} {:>16} {:>16}", "REPOSITORY", "IMAGES", "LOGICAL", "DEDUPLICATED", "OWN")?;
    let (mut after, mut images, mut logical) = (String::new(), 0, 0);
    loop {
        let mut conn = db.reader().await?;
        let page = repositories::list(&mut conn, &registry, &after, PAGE).await?;
        for repository in &page {
            let held = usage::measure(&mut conn, &repository.repository_id).await?;
            let name = repository.name.as_str();
            writeln!(
                out,
                "{name:<60} {:>9} {:>16} {:>16} {:>16}",
                held.images, held.logical, held.deduplicated, held.own
            )?;
            images += held.images;
            logical += held.logical;
        }
        match page.last().filter(|_| page.len() == PAGE) {
            Some(last) => last.name.as_str().clone_into(&mut after),
            None => break,
        }
    }
    let mut conn = db.reader().await?;
    let (blobs, stored) =
        (usage::measure_registry(&mut conn, &registry).await?, usage::measure_store(&mut conn).await?);
    drop(conn);
    writeln!(out, "\nregistry: {images} images, {logical} bytes logical, {blobs} bytes of blobs, each once")?;
    writeln!(out, "store: {stored} bytes of blobs of all registries")?;
    out.flush()?;
    db.close().await;
    Ok(())
}
