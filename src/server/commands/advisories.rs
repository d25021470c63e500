//! `wharf advisories`: imports what is known of vulnerabilities, beside running servers, and lists what there is.
//!
//! Documents are read on a thread of their own and written in batches. One that cannot be read is told of and left out;
//! then the command fails, with everything else imported.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use app::scanning::advisories::{self, Imported};
use app::{App, audit};
use scan::osv::{Document, archive};
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::config::{AdvisoriesCommand, Config};
use crate::open;

/// Bytes of the largest collection that is fetched: that of all ecosystems has about a gigabyte.
const MAX_DOWNLOAD: u64 = 4 << 30;
/// How long fetching one may take.
const PATIENCE: Duration = Duration::from_secs(3600);

pub(crate) async fn run(config: &Config, command: AdvisoriesCommand) -> Result<()> {
    open::with_application(config, async |app| match command {
        AdvisoriesCommand::Import { sources } => import(config, app, &sources).await,
        AdvisoriesCommand::List => list(app).await,
    })
    .await
}

async fn list(app: &App) -> Result<()> {
    let found = advisories::list(app).await?;
    let mut out = io::stdout().lock();
    writeln!(out, "{:<30} {:>10} IMPORTED", "ECOSYSTEM", "ADVISORIES")?;
    for ecosystem in found {
        writeln!(out, "{:<30} {:>10} {}", ecosystem.name, ecosystem.advisories, ecosystem.imported_at.rfc3339())?;
    }
    Ok(out.flush()?)
}

async fn import(config: &Config, app: &App, sources: &[String]) -> Result<()> {
    let mut total = Imported::default();
    let mut faults = Vec::new();
    let outcome = import_all(config, app, sources, &mut total, &mut faults).await;
    // What came in counts, whatever came after it.
    if total != Imported::default() {
        advisories::finish(app).await?;
    }
    let failure = outcome.as_ref().err().map(|error| format!("{error:#}"));
    let sources: Vec<String> = sources.iter().map(|source| shown(source)).collect();
    let parameters = json!({ "sources": sources, "advisories": total.advisories, "withdrawn": total.withdrawn });
    audit::record_command(app, "ImportAdvisories", parameters, failure.as_deref()).await;
    writeln!(
        io::stdout(),
        "{} advisories imported, {} withdrawn, {} about nothing that is looked for",
        total.advisories,
        total.withdrawn,
        total.other
    )?;
    outcome?;
    if let Some(first) = faults.first() {
        bail!("{} documents could not be read, the first: {first}", faults.len());
    }
    if total == Imported::default() {
        bail!("there was no advisory to import");
    }
    Ok(())
}

async fn import_all(
    config: &Config,
    app: &App,
    sources: &[String],
    total: &mut Imported,
    faults: &mut Vec<String>,
) -> Result<()> {
    for source in sources {
        let fetched = match is_address(source) {
            true => Some(fetch(config, source).await?),
            false => None,
        };
        let path = fetched.as_ref().map_or_else(|| PathBuf::from(source), |fetched| fetched.0.clone());
        let (sender, mut receiver) = mpsc::channel::<Told>(advisories::BATCH);
        let reader = tokio::task::spawn_blocking(move || read_path(&path, &sender));
        let mut batch = Vec::with_capacity(advisories::BATCH);
        while let Some((name, document)) = receiver.recv().await {
            match document {
                Ok(document) => batch.push(document),
                Err(error) => faults.push(format!("{name}: {error}")),
            }
            if batch.len() == advisories::BATCH {
                *total += advisories::import(app, std::mem::take(&mut batch)).await?;
            }
        }
        *total += advisories::import(app, batch).await?;
        reader.await?.with_context(|| format!("cannot import {}", shown(source)))?;
    }
    Ok(())
}

/// A source as everybody may see it: an address without what opens it.
fn shown(source: &str) -> String {
    outbound::shown(source).filter(|_| is_address(source)).unwrap_or_else(|| source.to_owned())
}

fn is_address(source: &str) -> bool {
    source.starts_with("https://") || source.starts_with("http://")
}

/// A document with the place that it is from.
type Told = (String, scan::Result<Document>);

/// Reads a document, an archive, or a directory with such, to its end or until nobody listens.
fn read_path(path: &Path, sender: &mpsc::Sender<Told>) -> Result<()> {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        entries.sort();
        for entry in entries {
            let known = entry.extension().is_some_and(|extension| extension == "json" || extension == "zip");
            if entry.is_dir() || known {
                read_path(&entry, sender)?;
            }
        }
        return Ok(());
    }
    let place = path.display().to_string();
    let mut file = File::open(path).with_context(|| format!("cannot read {place}"))?;
    let mut start = [0; 2];
    let is_archive = file.read(&mut start)? == 2 && &start == b"PK";
    file.seek(SeekFrom::Start(0))?;
    if is_archive {
        archive::read(io::BufReader::new(file), |name, document| {
            sender.blocking_send((format!("{place}: {name}"), document)).is_ok()
        })?;
        return Ok(());
    }
    let mut bytes = Vec::new();
    file.take(archive::MAX_DOCUMENT).read_to_end(&mut bytes)?;
    // Whoever listens no longer needs no answer.
    let _ = sender.blocking_send((place, Document::parse(&bytes)));
    Ok(())
}

/// A file that is there only as long as this.
struct Fetched(PathBuf);

impl Drop for Fetched {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn fetch(config: &Config, url: &str) -> Result<Fetched> {
    let client = outbound::Client::new(config.outbound.clone());
    let path = std::env::temp_dir().join(format!("wharf-advisories-{}", Uuid::new_v4().simple()));
    // New, so that nobody has put a link there.
    let mut file = File::create_new(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let fetched = Fetched(path);
    client
        .download(url, MAX_DOWNLOAD, PATIENCE, |piece| file.write_all(piece))
        .await
        .with_context(|| format!("cannot fetch {}", shown(url)))?;
    Ok(fetched)
}
