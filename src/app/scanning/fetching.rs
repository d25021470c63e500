//! Layers that a scan needs and only another registry has: those of images that came through the pull-through cache and that
//! nobody has pulled yet. They are fetched in the way of the cache, so neither the scan nor a pull fetches what the other has.
//!
//! That is a job of its own, with its own workers: an image whose registry is down or busy waits there as failed jobs do, and
//! keeps no other from being scanned. When all is here the scan goes on.

use std::sync::Arc;

use scan::Limits;
use store::{Pending, jobs, repository_blobs};
use types::Digest;

use super::JOB;
use super::contents::{Fault, LAYERS};
use super::finish::failed;
use super::run::{end, under_way};
use super::scanner::Scan;
use crate::manifest::Manifest;
use crate::{App, Error, Result, UpstreamFailure, cache};

/// The kind of the jobs that fetch what scans need, each for one image.
pub const FETCH: &str = "fetch layers to scan";

/// How many images one process fetches layers for at a time, of each one layer: other registries are not overrun by scans, and
/// places are left to clients.
pub const FETCHERS: usize = 2;

/// Has fetched what a scan needs, if something is not here. The scan goes on when it is.
pub(super) async fn hand_over(app: &App, scan: &Scan) -> Result<bool> {
    let missing = !missing(app, scan).await?.is_empty();
    if missing {
        wake(app, FETCH, scan).await?;
    }
    Ok(missing)
}

/// What the scan of an image needs and can be fetched, with its size as the manifest has it.
async fn missing(app: &App, scan: &Scan) -> Result<Vec<(Digest, u64)>> {
    let (repository, image) = (&scan.repository, &scan.image);
    if !cache::is_cached(app, &repository.registry, &repository.name) {
        return Ok(Vec::new());
    }
    // Of what cannot be read, and of what has too many layers, the scanner says so.
    let manifest = Manifest::parse(&image.bytes, Some(&image.media_type));
    let Some(manifest) = manifest.ok().filter(|manifest| manifest.layers.len() <= LAYERS) else {
        return Ok(Vec::new());
    };
    // Other scanners pull the config too.
    let config = manifest.config.iter().filter(|_| app.config.scanner.is_some());
    let needed: Vec<&Digest> = config.chain(&manifest.layers).collect();
    let mut conn = app.db.reader().await?;
    let here = repository_blobs::list_existing(&mut conn, &repository.repository_id, &needed).await?;
    let absent = needed.into_iter().filter(|needed| !here.iter().any(|(digest, _)| digest == *needed));
    Ok(absent.map(|digest| (digest.clone(), manifest.sizes.get(digest).copied().unwrap_or_default())).collect())
}

/// Fetches what the scan needs that a job is about: `REPOSITORY_ID DIGEST`. An error is one that passes.
pub async fn fetch(app: &Arc<App>, subject: &str) -> Result<()> {
    let Some(scan) = under_way(app, subject).await? else {
        return Ok(());
    };
    for (digest, size) in missing(app, &scan).await? {
        // Somebody may have deleted the image meanwhile.
        if under_way(app, subject).await?.is_none() {
            return Ok(());
        }
        match bring(app, &scan, &digest, size).await {
            Ok(()) => {}
            Err(Fault::Here(error)) => return Err(error),
            Err(Fault::Image(reason)) => {
                tracing::info!(repository = %scan.repository.name, image.digest = %scan.image.digest, reason, "an image cannot be scanned");
                return end(app, scan, Box::new(failed(app, reason)), Vec::new()).await;
            }
        }
    }
    wake(app, JOB, &scan).await
}

/// Fetches a part of an image.
async fn bring(app: &Arc<App>, scan: &Scan, digest: &Digest, size: u64) -> std::result::Result<(), Fault> {
    let most = Limits::default().unpacked_bytes;
    if app.config.scanner.is_none() && size > most {
        return Err(Fault::Image(format!("the layer {digest} has {size} bytes; no layer of more than {most} is read")));
    }
    let Err(error) = cache::bring(app, &scan.repository, digest).await else {
        return Ok(());
    };
    let patience = app.config.scan_fetch_timeout;
    match &error {
        Error::BlobUnknown(_) => Err(Fault::Image(format!(
            "the blob {digest} is missing here, and the upstream registry does not have it any more"
        ))),
        // It would be the same another time.
        Error::LimitExceeded(_)
        | Error::Upstream {
            failure: UpstreamFailure::Wrong | UpstreamFailure::Forbidden | UpstreamFailure::Unsupported,
            ..
        } => Err(Fault::Image(format!("the blob {digest} cannot be fetched: {error}"))),
        _ if app.now() >= scan.row.requested_at.after(patience) => Err(Fault::Image(format!(
            "the blob {digest} could not be fetched within {} seconds: {error}",
            patience.as_secs()
        ))),
        _ => Err(error.into()),
    }
}

/// Puts a job about a scan down.
async fn wake(app: &App, kind: &'static str, scan: &Scan) -> Result<()> {
    let subject = format!("{} {}", scan.repository.repository_id, scan.image.digest);
    let (job_id, now) = (app.new_id(), app.now());
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(jobs::upsert(conn, &job_id, kind, &subject, now).await?) })
                as Pending<'_, (), Error>
        })
        .await
}
