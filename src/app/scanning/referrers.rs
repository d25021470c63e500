//! Bills of materials beside their images: where that is asked for, a scan that found out what an image holds puts it into
//! the repository as an artifact whose subject is the image. It is a manifest like any other from then on: listed,
//! pulled, replicated and deleted as those are.

use std::sync::Arc;

use bytes::Bytes;
use scan::sbom as document;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use store::image_scans::{self, Status};
use store::manifests::{self, ManifestRow};
use store::repositories::{self, RepositoryRow};
use store::{Conn, Pending, registry_settings};
use types::{Algorithm, Digest, MediaType, Reference, RegistryId, RepoName};

use super::Bill;
use super::contents::{self, Fault};
use super::results::stored;
use super::sbom::Format;
use crate::images::{self, Condition, Push};
use crate::registry::wildcard;
use crate::uploads::{self, Body, BodyError};
use crate::{Action, App, Ctx, Error, Permit, Result};

/// The kind of the jobs that do it, each for one image.
pub const JOB: &str = "attach sbom";

/// The name of the document in the settings of a registry.
const SETTING: &str = "sbom-referrers";
/// Filters that may be named.
const MAX_FILTERS: usize = 100;
/// What tells two bills apart, among the annotations.
const CONTENT: &str = "dev.wharf.sbom.content";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// Referrers of one query.
const PAGE: usize = 100;

/// Which images get their bill of materials, in which forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Repositories: names with `*` for any run of characters.
    pub filters: Vec<String>,
    /// The forms.
    pub formats: Vec<Format>,
}

impl Format {
    /// As commands and settings spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CycloneDx => "cyclonedx",
            Self::Spdx => "spdx",
        }
    }

    /// The media type of a document, which is the type of its artifact too.
    fn media_type(self) -> &'static str {
        match self {
            Self::CycloneDx => "application/vnd.cyclonedx+json",
            Self::Spdx => "application/spdx+json",
        }
    }
}

/// Asks for bills of materials beside the images of a registry that are scanned from now on, or for none any more.
pub async fn set(app: &App, registry: &RegistryId, wanted: Option<Wanted>) -> Result<()> {
    let document = match &wanted {
        Some(wanted) if wanted.filters.len() > MAX_FILTERS => {
            return Err(Error::Invalid(format!("at most {MAX_FILTERS} filters can be named")));
        }
        Some(wanted) => {
            if let Some(bad) = wanted.filters.iter().find(|filter| !wildcard::is_words(filter, b"._-/")) {
                return Err(Error::Invalid(format!("'{bad}' is not a name of repositories with * for what varies")));
            }
            Some(serde_json::to_string(wanted).map_err(|_| Error::Internal)?)
        }
        None => None,
    };
    let (registry, now) = (registry.clone(), app.now());
    app.db
        .write(move |conn| {
            Box::pin(async move {
                match document {
                    Some(document) => {
                        registry_settings::upsert(conn, &registry, SETTING, &document, now).await?;
                    }
                    None => drop(registry_settings::delete(conn, &registry, SETTING).await?),
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// What is asked for in a registry.
pub async fn find(app: &App, registry: &RegistryId) -> Result<Option<Wanted>> {
    of_registry(&mut app.db.reader().await?, registry).await
}

async fn of_registry(conn: &mut Conn, registry: &RegistryId) -> Result<Option<Wanted>> {
    registry_settings::find(conn, registry, SETTING).await?.as_deref().map(stored).transpose()
}

/// What is asked for of a repository; none if nothing is.
pub(super) async fn wanted(conn: &mut Conn, registry: &RegistryId, name: &RepoName) -> Result<Option<Vec<Format>>> {
    let wanted = of_registry(conn, registry).await?;
    let applies = |wanted: &Wanted| wanted.filters.iter().any(|filter| wildcard::matches(filter, name.as_str()));
    Ok(wanted.filter(applies).map(|wanted| wanted.formats).filter(|formats| !formats.is_empty()))
}

/// Puts the bill of materials of an image beside it: `REPOSITORY_ID DIGEST`. Where it is already, nothing happens.
pub async fn attach(app: &Arc<App>, subject: &str) -> Result<()> {
    let Some((repository_id, digest)) = subject.split_once(' ') else {
        return Ok(());
    };
    let digest: Digest = digest.parse()?;
    let mut conn = app.db.reader().await?;
    let Some(repository) = repositories::find_by_id(&mut conn, repository_id).await? else {
        return Ok(());
    };
    let Some(image) = manifests::find(&mut conn, repository_id, &digest).await? else {
        return Ok(());
    };
    let Some(formats) = wanted(&mut conn, &repository.registry, &repository.name).await? else {
        return Ok(());
    };
    let scan = image_scans::find(&mut conn, repository_id, &digest).await?;
    drop(conn);
    let noted = scan.filter(|scan| scan.status == Status::Complete).and_then(|scan| scan.packages);
    let bill: Bill = match noted {
        Some(packages) => stored(&packages)?,
        // Another scanner looked into it, and tells what it found, not what there is.
        None => match contents::of_image(app, repository_id, &image.bytes).await {
            Ok(bill) => bill,
            Err(Fault::Here(error)) => return Err(error),
            Err(Fault::Image(reason)) => {
                tracing::info!(repository_id, image.digest = %digest, reason, "what an image holds cannot be read");
                return Ok(());
            }
        },
    };
    if bill.packages.is_empty() {
        return Ok(());
    }
    for format in formats {
        match put(app, &repository, &image, &bill, format).await {
            Ok(()) => {}
            // It would be the same another time.
            Err(error @ (Error::LimitExceeded(_) | Error::Denied(_) | Error::RepositoryUnknown { .. })) => {
                tracing::warn!(repository_id, image.digest = %digest, %error, "a bill of materials is not kept");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn put(
    app: &Arc<App>,
    repository: &RepositoryRow,
    image: &ManifestRow,
    bill: &Bill,
    format: Format,
) -> Result<()> {
    let content = serde_json::to_vec(bill).map_err(|_| Error::Internal)?;
    let content = hex::encode(Sha256::digest(&content));
    if is_there(app, repository, image, format, &content).await? {
        return Ok(());
    }
    // Nothing in it changes from one scan to the next, so what holds the same is the same document.
    let created = image.pushed_at.rfc3339();
    let parts = document::Bill {
        name: repository.name.as_str(),
        digest: image.digest.as_str(),
        created: &created,
        release: bill.release.as_ref(),
        packages: &bill.packages,
    };
    let document = match format {
        Format::CycloneDx => document::cyclonedx(parts),
        Format::Spdx => document::spdx(parts),
    };
    let document = Bytes::from(serde_json::to_vec(&document).map_err(|_| Error::Internal)?);
    let config = Bytes::from_static(b"{}");
    let ctx = Ctx::of_registry(app, &repository.registry);
    let permit = Permit::of_registry(repository, &UPLOAD);
    let (config, document) = (upload(&ctx, &permit, config).await?, upload(&ctx, &permit, document).await?);
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": format.media_type(),
        "config": { "mediaType": EMPTY, "digest": config.0.as_str(), "size": config.1 },
        "layers": [{ "mediaType": format.media_type(), "digest": document.0.as_str(), "size": document.1 }],
        "subject": {
            "mediaType": image.media_type.as_str(), "digest": image.digest.as_str(), "size": image.bytes.len(),
        },
        "annotations": { "org.opencontainers.image.created": created, CONTENT: content },
    });
    let bytes = Bytes::from(serde_json::to_vec(&manifest).map_err(|_| Error::Internal)?);
    let push = Push {
        reference: Reference::Digest(Algorithm::Sha256.digest(&bytes)),
        tags: Vec::new(),
        condition: Condition::None,
        content_type: Some(MANIFEST.parse::<MediaType>().map_err(|_| Error::Internal)?),
        bytes,
        sender: images::Sender::Client,
        strict: false,
    };
    images::put(&ctx, &permit, push).await?;
    Ok(())
}

/// All that a push takes.
const UPLOAD: [Action; 4] =
    [Action::InitiateLayerUpload, Action::UploadLayerPart, Action::CompleteLayerUpload, Action::PutImage];

async fn upload(ctx: &Ctx, permit: &Permit, bytes: Bytes) -> Result<(Digest, usize)> {
    let (digest, size) = (Algorithm::Sha256.digest(&bytes), bytes.len());
    let stream = futures_util::stream::iter([Ok::<_, BodyError>(bytes)]);
    let body = Body { stream, length: u64::try_from(size).ok(), range: None };
    uploads::put_whole(ctx, permit, &digest, body).await?;
    Ok((digest, size))
}

/// Whether there is one of the same content already, from an earlier scan.
async fn is_there(
    app: &App,
    repository: &RepositoryRow,
    image: &ManifestRow,
    format: Format,
    content: &str,
) -> Result<bool> {
    let (id, subject, kind) = (&repository.repository_id, &image.digest, format.media_type());
    let mut after = String::new();
    let mut conn = app.db.reader().await?;
    loop {
        let found = manifests::list_referrers(&mut conn, id, subject, Some(kind), None, &after, PAGE).await?;
        let same = |row: &manifests::ReferrerRow| {
            let annotations: Option<serde_json::Value> =
                row.annotations.as_deref().and_then(|text| serde_json::from_str(text).ok());
            annotations.is_some_and(|annotations| annotations[CONTENT] == content)
        };
        if found.iter().any(same) {
            return Ok(true);
        }
        match found.last().filter(|_| found.len() == PAGE) {
            Some(last) => after = last.digest.to_string(),
            None => return Ok(false),
        }
    }
}
