//! What is asked of scanners beside the registry, whatever their protocol: a row for each request, so that any process goes
//! on with it, and what the scanner needs to pull the image.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Value, json};
use store::scan_requests::ScanRequestRow;
use store::{Pending, scan_requests};
use types::RegistryId;

use super::finish::failed;
use super::scanner::{OtherScanner, Scan, Step};
use crate::authn::scanner::{self as token, ScannedImage};
use crate::authn::token::Use;
use crate::{App, Error, Result};

/// A token outlives its request by this: the clock of the scanner's last pull is its own.
const GRACE: Duration = Duration::from_secs(60);

/// The request of a scan, as it was put down, or put down now.
pub(super) async fn request(app: &App, scan: &Scan, timeout: Duration) -> Result<ScanRequestRow> {
    let mut conn = app.db.reader().await?;
    let found = scan_requests::find(&mut conn, &scan.repository.repository_id, &scan.image.digest).await?;
    drop(conn);
    // What was asked for an earlier scan is over.
    if let Some(request) = found.filter(|request| request.requested_at == scan.row.requested_at) {
        return Ok(request);
    }
    let request = ScanRequestRow {
        repository_id: scan.repository.repository_id.clone(),
        digest: scan.image.digest.clone(),
        // It is in an address, and whoever knows it learns that it is known.
        request_id: app.new_uuid(),
        requested_at: scan.row.requested_at,
        expires_at: app.now().after(timeout),
        state: "{}".to_owned(),
        ended_by: None,
    };
    let row = request.clone();
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move { Ok(scan_requests::upsert(conn, &row).await?) }) as Pending<'_, (), Error>
        })
        .await?;
    Ok(request)
}

/// Notes how far a request has come.
pub(super) async fn note<T: Serialize>(app: &App, request: &ScanRequestRow, state: &T) -> Result<()> {
    let state = serde_json::to_string(state).map_err(|_| Error::Internal)?;
    let id = request.request_id.clone();
    app.db
        .write_in_background(move |conn| {
            Box::pin(async move {
                scan_requests::update_state(conn, &id, &state).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// The end of a scan that cannot be done.
pub(super) fn given_up(app: &App, description: String) -> Step {
    Step::Ended(Box::new(failed(app, description)), Vec::new())
}

/// The end of a scan whose time is over, if it is.
pub(super) fn overdue(app: &App, request: &ScanRequestRow, other: &OtherScanner) -> Option<Step> {
    let late = app.now() >= request.expires_at;
    late.then(|| given_up(app, format!("the scanner had no results after {} seconds", other.timeout.as_secs())))
}

/// A scanner that does not answer now may answer later.
pub(super) fn unreachable(scan: &Scan, error: &dyn std::fmt::Display) -> Error {
    tracing::warn!(repository = %scan.repository.name, image.digest = %scan.image.digest, %error, "the scanner did not answer");
    Error::Unavailable("scanner")
}

/// The members `registry` and `artifact` of a request: where the image is, and what opens it and nothing else.
pub(super) fn described(
    app: &Arc<App>,
    scan: &Scan,
    request: &ScanRequestRow,
    other: &OtherScanner,
    bearer: bool,
) -> Result<(Value, Value)> {
    let registry = &scan.repository.registry;
    let image = ScannedImage::new(registry, &scan.repository.name, &scan.image.digest);
    let left = u64::try_from(request.expires_at.seconds() - app.now().seconds()).unwrap_or_default();
    let ttl = Duration::from_secs(left) + GRACE;
    let authorization = match bearer {
        true => format!("Bearer {}", token::issue(app, image, Use::Access, ttl)?),
        false => {
            let password = token::issue(app, image, Use::Login, ttl)?;
            format!("Basic {}", STANDARD.encode(format!("AWS:{password}")))
        }
    };
    let url = registry_url(app, other, registry);
    let artifact = json!({
        "repository": scan.repository.name.as_str(),
        "digest": scan.image.digest.as_str(),
        "mime_type": scan.image.media_type.as_str(),
    });
    Ok((json!({ "url": url, "authorization": authorization }), artifact))
}

/// Where the scanner finds a registry.
fn registry_url(app: &App, other: &OtherScanner, registry: &RegistryId) -> String {
    let config = app.config();
    if *registry == config.registry {
        return other.registry_url.clone();
    }
    let (scheme, host) = other.registry_url.split_once("://").unwrap_or(("https", &other.registry_url));
    let template = config.registry_host.clone().unwrap_or_else(|| format!("{{account}}.dkr.ecr.{{region}}.{host}"));
    let host = template.replace("{account}", registry.account.as_str()).replace("{region}", registry.region.as_str());
    format!("{scheme}://{host}")
}
