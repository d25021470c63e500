//! Asking for scans: by a call, or by a push.

use store::repositories::RepositoryRow;
use store::{Conn, Pending, image_scans, jobs, manifests};
use types::{Digest, Timestamp};

use super::JOB;
use crate::images::{self, ImageId};
use crate::manifest::Manifest;
use crate::registry::scanning::{self as configuration};
use crate::{Action, App, Ctx, Error, Permit, Result, repositories};

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
    let (permit, now) = (permit.clone(), ctx.app.now());
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
                let manifest = Manifest::parse(&row.bytes, Some(&row.media_type))?;
                if !is_scannable(&manifest) {
                    return Err(Error::ImageUnscannable(row.media_type.to_string()));
                }
                if !request(conn, &repository.repository_id, &digest, &ids, now, since).await? {
                    return Err(Error::LimitExceeded(
                        "The scan quota per image has been exceeded. Wait and try again.".to_owned(),
                    ));
                }
                Ok(digest)
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
    request(conn, &repository.repository_id, digest, &(app.new_id(), app.new_id()), now, since).await?;
    Ok(())
}

/// Puts a scan down with its job, unless there was one since, or is one.
async fn request(
    conn: &mut Conn,
    repository_id: &str,
    digest: &Digest,
    (run_id, job_id): &(String, String),
    now: Timestamp,
    since: Timestamp,
) -> Result<bool> {
    if !image_scans::insert(conn, repository_id, digest, run_id, now, since).await? {
        return Ok(false);
    }
    jobs::upsert(conn, job_id, JOB, &format!("{repository_id} {digest}"), now).await?;
    Ok(true)
}
