//! Layers that a scan needs and only another registry has: those of images that came through the pull-through cache and that
//! nobody has pulled yet. They are fetched in the way of the cache, so neither the scan nor a pull fetches what the other has.
//!
//! That is a job of its own, with its own workers: an image whose registry is down or busy waits there, and keeps no other
//! from being scanned. When all is here the scan goes on.

use std::sync::Arc;
use std::time::Duration;

use scan::Limits;
use store::{Pending, jobs, repository_blobs};
use types::Digest;

use super::JOB;
use super::contents::{Fault, LAYERS};
use super::finish::failed;
use super::run::{end, subject, under_way};
use super::scanner::Scan;
use crate::manifest::Manifest;
use crate::turns::Turn;
use crate::{App, Error, Result, UpstreamFailure, cache};

/// The kind of the jobs that fetch what scans need, each for one image: `REPOSITORY_ID DIGEST ASKER`.
pub const FETCH: &str = "fetch layers to scan";

/// How many images one process fetches layers for at a time, of each one layer, and half of them from one registry: scans overrun
/// none, and leave places to clients.
pub const FETCHERS: usize = 4;

/// How soon an image is looked at again that others are at, or at whose registry others were faster.
const SOON: Duration = Duration::from_secs(2);
/// How long a client has that goes on from the manifest to the layers.
const CLIENTS_FIRST: Duration = Duration::from_secs(3);

/// How the jobs end that are to be left where they are for now: this process is at their registries already, or leaves them
/// alone.
pub fn spared(app: &App) -> Vec<String> {
    app.fetch_turns.closed()
}

/// How the jobs of a registry end.
fn ending(asker: &str) -> String {
    format!(" {}", asker.trim_end())
}

/// Has fetched what a scan needs, if something is not here. The scan goes on when it is.
pub(super) async fn hand_over(app: &App, scan: &Scan) -> Result<bool> {
    let Some(asker) = cache::asker(app, &scan.repository.registry, &scan.repository.name) else {
        return Ok(false);
    };
    let missing = !missing(app, scan).await?.is_empty();
    if missing {
        put_down(
            app,
            FETCH,
            subject(&scan.repository.repository_id, &scan.image.digest) + &ending(&asker),
            CLIENTS_FIRST,
        )
        .await?;
    }
    Ok(missing)
}

/// What the scan of an image needs and is not here, with its size as the manifest has it.
async fn missing(app: &App, scan: &Scan) -> Result<Vec<(Digest, u64)>> {
    // Of what cannot be read, and of what has too many layers, the scanner says so.
    let manifest = Manifest::parse(&scan.image.bytes, Some(&scan.image.media_type));
    let Some(manifest) = manifest.ok().filter(|manifest| manifest.layers.len() <= LAYERS) else {
        return Ok(Vec::new());
    };
    // Other scanners pull the config too.
    let config = manifest.config.iter().filter(|_| app.config.scanner.is_some());
    let needed: Vec<&Digest> = config.chain(&manifest.layers).collect();
    let mut conn = app.db.reader().await?;
    let here = repository_blobs::list_existing(&mut conn, &scan.repository.repository_id, &needed).await?;
    let absent = needed.into_iter().filter(|needed| !here.iter().any(|(digest, _)| digest == *needed));
    Ok(absent.map(|digest| (digest.clone(), manifest.sizes.get(digest).copied().unwrap_or_default())).collect())
}

/// Fetches what the scan needs that a job is about. Says after which time somebody is to look again; none: it is over. An error
/// is one that passes.
pub async fn fetch(app: &Arc<App>, job: &str) -> Result<Option<Duration>> {
    let Some(scan) = under_way(app, job).await? else {
        return Ok(None);
    };
    // Without a rule nothing can be fetched any more. The scanner says what is missing.
    if let Some(asker) = cache::asker(app, &scan.repository.registry, &scan.repository.name) {
        let Some(turn) = app.fetch_turns.begin(ending(&asker)) else {
            return Ok(Some(SOON));
        };
        let missing = missing(app, &scan).await?;
        for (at, (digest, size)) in missing.iter().enumerate() {
            // Whoever pulls the image goes first: who asks for a layer that is on its way already waits for all of it.
            if missing[at..].iter().any(|(digest, _)| cache::is_coming(app, &scan.repository, digest)) {
                return Ok(Some(SOON));
            }
            // Somebody may have deleted the image meanwhile.
            if under_way(app, job).await?.is_none() {
                return Ok(None);
            }
            match bring(app, &scan, digest, *size, &turn).await {
                Ok(()) => {}
                Err(Fault::Here(error)) => return Err(error),
                Err(Fault::Image(reason)) => {
                    let (repository, image) = (&scan.repository.name, &scan.image.digest);
                    tracing::info!(%repository, image.digest = %image, reason, "an image cannot be scanned");
                    end(app, scan, Box::new(failed(app, reason)), Vec::new()).await?;
                    return Ok(None);
                }
            }
        }
    }
    put_down(app, JOB, subject(&scan.repository.repository_id, &scan.image.digest), Duration::ZERO).await?;
    Ok(None)
}

/// Fetches a part of an image.
async fn bring(
    app: &Arc<App>,
    scan: &Scan,
    digest: &Digest,
    size: u64,
    turn: &Turn<'_>,
) -> std::result::Result<(), Fault> {
    let most = Limits::default().unpacked_bytes;
    if app.config.scanner.is_none() && size > most {
        return Err(Fault::Image(format!("the layer {digest} has {size} bytes; no layer of more than {most} is read")));
    }
    let brought = cache::bring(app, &scan.repository, digest).await;
    match &brought {
        Ok(()) | Err(Error::BlobUnknown(_)) => turn.reached(),
        Err(Error::Upstream { failure: UpstreamFailure::Busy { retry_after }, .. }) => turn.failed(Some(*retry_after)),
        Err(Error::Upstream { .. }) => turn.failed(None),
        Err(_) => {}
    }
    let Err(error) = brought else {
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

async fn put_down(app: &App, kind: &'static str, subject: String, delay: Duration) -> Result<()> {
    let (job_id, due_at) = (app.new_id(), app.now().after(delay));
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(jobs::upsert(conn, &job_id, kind, &subject, due_at).await?) })
                as Pending<'_, (), Error>
        })
        .await
}
