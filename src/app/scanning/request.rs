//! Asking for scans: by a call, or by a push.

use std::sync::Arc;

use store::repositories::RepositoryRow;
use store::{Conn, Pending, image_scans, jobs, manifest_storage, manifests};
use types::{Digest, Timestamp};

use super::finish::{self, Cause, failed};
use super::run::subject;
use super::{JOB, LIMITED};
use crate::images::{self, ImageId};
use crate::manifest::Manifest;
use crate::registry::scanning::{self as configuration};
use crate::{Action, App, Ctx, Error, Permit, Result, limits, repositories};

/// Types of configs of images whose layers are file systems; other manifests are artifacts.
const CONFIGS: &[&str] =
    &["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

/// Whether a manifest is of an image that can be looked into.
pub(super) fn is_scannable(manifest: &Manifest) -> bool {
    manifest.media_type.is_image() && manifest.artifact_type.as_deref().is_some_and(|kind| CONFIGS.contains(&kind))
}

/// Asks for a scan of an image. Returns its digest.
pub async fn start(ctx: &Ctx, permit: &Permit, id: &ImageId) -> Result<Digest> {
    permit.require(Action::StartImageScan)?;
    let digest = images::find(ctx, permit, id).await?;
    let ids = (ctx.app.new_id(), ctx.app.new_id());
    let (permit, now, app) = (permit.clone(), ctx.app.now(), Arc::clone(&ctx.app));
    let since = now.before(ctx.app.config.scan_quota_period);
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                let repository = repositories::find(conn, &permit).await?;
                let configuration = configuration::of_registry(conn, permit.registry()).await?;
                if configuration.scan_type != "BASIC" {
                    // ECR's text where scans by hand are not to be had.
                    let reason = "This feature is disabled: the registry is configured for enhanced scanning";
                    return Err(Error::Validation(reason.to_owned()));
                }
                let unknown = || Error::ImageUnknown {
                    registry: permit.registry().clone(),
                    repository: permit.repository().clone(),
                    id: ImageId { digest: Some(digest.to_string()), tag: None },
                };
                let row = manifests::find(conn, &repository.repository_id, &digest).await?.ok_or_else(unknown)?;
                if !manifest_storage::list_archived(conn, &repository.repository_id, &[&digest]).await?.is_empty() {
                    return Err(Error::ImageArchived);
                }
                let manifest = Manifest::parse(&row.bytes, Some(&row.media_type))?;
                if !is_scannable(&manifest) {
                    return Err(Error::ImageUnscannable(row.media_type.to_string()));
                }
                match request(conn, &app, &repository, &digest, &ids, now, since).await? {
                    Asked::New => Ok(digest),
                    Asked::Before => Err(Error::LimitExceeded(
                        "The scan quota per image has been exceeded. Wait and try again.".to_owned(),
                    )),
                    Asked::TooMuch => Err(Error::LimitExceeded(format!("{LIMITED} Wait and try again."))),
                }
            }) as Pending<'_, Digest, Error>
        })
        .await
}

/// Asks for a scan of an image that is pushed in this transaction, if its repository is configured so. One that was
/// scanned a short while ago is not scanned again: it is the same image.
pub(crate) async fn on_push(
    conn: &mut Conn,
    app: &App,
    repository: &RepositoryRow,
    digest: &Digest,
    manifest: &Manifest,
) -> Result<()> {
    if !is_scannable(manifest) {
        return Ok(());
    }
    let snapshot = app.snapshot();
    let configuration = snapshot.registries().scanning(&repository.registry).cloned().unwrap_or_default();
    if !configuration.of(&repository.name, repository.scan_on_push).scan_on_push {
        return Ok(());
    }
    let now = app.now();
    let since = now.before(app.config.scan_quota_period);
    let ids = (app.new_id(), app.new_id());
    if request(conn, app, repository, digest, &ids, now, since).await? == Asked::TooMuch {
        refuse(conn, app, repository, digest, &ids.0, since).await?;
    }
    Ok(())
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Somebody is at it.
    New,
    /// There was one since, or is one.
    Before,
    /// There were as many in the registry as there may be.
    TooMuch,
}

/// Puts a scan down with its job.
async fn request(
    conn: &mut Conn,
    app: &App,
    repository: &RepositoryRow,
    digest: &Digest,
    (run_id, job_id): &(String, String),
    now: Timestamp,
    since: Timestamp,
) -> Result<Asked> {
    let id = &repository.repository_id;
    if !limits::allows_scan(conn, app, &repository.registry).await? {
        return Ok(Asked::TooMuch);
    }
    if !image_scans::insert(conn, id, digest, run_id, now, since).await? {
        return Ok(Asked::Before);
    }
    jobs::upsert(conn, job_id, JOB, &subject(id, digest), now).await?;
    Ok(Asked::New)
}

/// Puts down that a push was not scanned. No push fails for that, and the image may be scanned as soon as others may.
async fn refuse(
    conn: &mut Conn,
    app: &App,
    repository: &RepositoryRow,
    digest: &Digest,
    run_id: &str,
    since: Timestamp,
) -> Result<()> {
    let id = &repository.repository_id;
    // Long ago, so that it counts for no quota.
    if !image_scans::insert(conn, id, digest, run_id, Timestamp::from_micros(0), since).await? {
        return Ok(());
    }
    if let Some(row) = image_scans::find(conn, id, digest).await? {
        let outcome = failed(app, LIMITED.to_owned());
        finish::put_down(conn, app, Some(repository), &row, (&outcome, &[]), Cause::Request).await?;
    }
    Ok(())
}
