//! `wharf check`: settings, database, migrations, master key and storage, each by using it. It makes nothing that is not there: a path
//! that is mistyped must not look like a new registry.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result};
use app::Sealer;
use blobs::ObjectEncryption;
use store::Db;

use crate::config::{Config, MasterKey, Storage};
use crate::open;

pub(crate) async fn run(config: &Config) -> ExitCode {
    tell("settings: ok".to_owned()); // they would have stopped us before
    let mut healthy = true;
    match open::existing_database(config).await {
        Ok(db) => {
            let usable = show("database", database(config, &db).await);
            // Without a database there is nothing that it could open.
            healthy &= usable && show("master key", master_key(config, &db).await);
            db.close().await;
        }
        Err(error) => healthy = show("database", Err(error)),
    }
    healthy &= show("storage", storage(config).await);
    if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn show(what: &str, result: Result<String>) -> bool {
    match &result {
        Ok(text) => tell(format!("{what}: ok, {text}")),
        Err(error) => tell(format!("{what}: {error:#}")),
    }
    result.is_ok()
}

/// Whoever does not read it still has the exit code.
fn tell(line: String) {
    let _ = writeln!(stdout(), "{line}");
}

async fn database(config: &Config, db: &Db) -> Result<String> {
    let (applied, known) = store::migrations::versions(&mut db.reader().await?).await?;
    db.probe().await.context("it answers and takes no writes")?;
    anyhow::ensure!(applied == known, "the schema has version {applied}, this program needs {known}");
    Ok(format!("{}, schema version {applied}", config.database.shown()))
}

async fn master_key(config: &Config, db: &Db) -> Result<String> {
    let rows = store::access_keys::list(&mut db.reader().await?).await?;
    let key = match &config.master_key {
        Some(key) => key.clone(),
        None => {
            let file = MasterKey::file_in(&config.data_dir);
            if !file.exists() {
                anyhow::ensure!(rows.is_empty(), "WHARF_MASTER_KEY is not set, and {} is not there", file.display());
                return Ok("`wharf serve` makes one".to_owned());
            }
            MasterKey::load_or_create(&config.data_dir)?
        }
    };
    let sealer = Sealer::new(key.expose());
    let opened = rows.iter().filter(|row| sealer.open_text(&row.access_key_id, &row.sealed_secret).is_some()).count();
    anyhow::ensure!(opened > 0 || rows.is_empty(), "it opens none of the {} access keys of the database", rows.len());
    Ok(format!("it opens {opened} of {} access keys", rows.len()))
}

async fn storage(config: &Config) -> Result<String> {
    if let Storage::Disk(root) = &config.storage {
        open::require(root)?;
    }
    let blobs = open::blob_store(config).await?;
    if config.storage.repository_encryption() {
        // What every repository has that says nothing about it. Keys of KMS are known to repositories alone.
        let proven = blobs.prove(ObjectEncryption::Aes256).await;
        proven
            .context("WHARF_S3_ENCRYPTION is repository, and one object that is to be encrypted with AES256 failed")?;
        return Ok("an object was written, encrypted, read back and deleted".to_owned());
    }
    blobs.probe(None).await.context("writing, reading back and deleting one object failed")?;
    Ok(match blobs.space() {
        Some((free, reserve)) => format!("{} MiB free, {} MiB of them reserved", free >> 20, reserve >> 20),
        None => "an object was written, read back and deleted".to_owned(),
    })
}
