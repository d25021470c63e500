//! `GET /v2/<name>/referrers/<digest>` (end-12)

use app::Permit;
use http::header::LINK;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;
use types::{Digest, MediaType};

use crate::call::Call;
use crate::error::WireError;
use crate::paging::Page;
use crate::response::{self, Answer, OCI_FILTERS_APPLIED};

/// A page ends before it is larger than clients accept of a manifest.
const MAX_BYTES: usize = 3 << 20;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'i> {
    schema_version: u8,
    media_type: &'static str,
    manifests: Vec<Descriptor<'i>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'i> {
    media_type: &'i str,
    digest: &'i Digest,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'i str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'i RawValue>,
}

pub(crate) async fn list(call: &Call, permit: &Permit, digest: &str) -> Result<Answer, WireError> {
    let subject = match digest.parse::<Digest>() {
        Ok(subject) => Some(subject),
        Err(_) if Digest::is_of_other_algorithm(digest) => None,
        Err(error) => return Err(WireError::digest_invalid(&error)),
    };
    let page = Page::parse(&call.query)?;
    let artifact_type = call.query.media_type("artifactType");
    let kind = artifact_type.as_deref();
    let found = match &subject {
        Some(subject) => app::referrers::list(&call.ctx, permit, subject, kind, &page.last, page.limit).await?,
        None => app::referrers::Page::default(),
    };
    let mut manifests = Vec::with_capacity(found.referrers.len());
    let mut bytes = 0;
    for row in &found.referrers {
        bytes += 400 + row.annotations.as_ref().map_or(0, String::len);
        if bytes > MAX_BYTES && !manifests.is_empty() {
            break;
        }
        manifests.push(Descriptor {
            media_type: row.media_type.as_str(),
            digest: &row.digest,
            size: row.size,
            artifact_type: row.artifact_type.as_deref(),
            annotations: row.annotations.as_deref().and_then(|text| serde_json::from_str(text).ok()),
        });
    }
    let more = found.more || manifests.len() < found.referrers.len();
    let last = manifests.last().map(|last| last.digest.as_str().to_owned());
    let index = Index { schema_version: 2, media_type: MediaType::OCI_INDEX, manifests };
    let mut answer = response::json(StatusCode::OK, MediaType::OCI_INDEX, &index);
    if kind.is_some() {
        answer.headers_mut().insert(OCI_FILTERS_APPLIED, HeaderValue::from_static("artifactType"));
    }
    if let Some(last) = last.filter(|_| more) {
        let path = format!("/v2/{}/referrers/{digest}", permit.repository());
        answer.headers_mut().insert(LINK, page.link(&path, &last));
    }
    Ok(answer)
}
