//! What an image holds, for an operator: as the last scan noted it.

use scan::sbom;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::image_scans;
use types::{RegistryId, RepoName};

use super::Bill;
use super::results::stored;
use crate::images::{self, ImageId};
use crate::{App, Error, Result, repositories};

/// The form of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// CycloneDX 1.5.
    CycloneDx,
    /// SPDX 2.3.
    Spdx,
}

/// The bill of materials of an image, if it was scanned.
pub async fn find(
    app: &App,
    registry: &RegistryId,
    name: &RepoName,
    reference: &str,
    format: Format,
) -> Result<Option<Value>> {
    let mut conn = app.db.reader().await?;
    let Some(row) = store::repositories::find(&mut conn, registry, name).await? else {
        return Err(repositories::unknown(registry, name));
    };
    let text = Some(reference.to_owned());
    let id = match reference.contains(':') {
        true => ImageId { digest: text, tag: None },
        false => ImageId { digest: None, tag: text },
    };
    let found = images::resolve(&mut conn, &row.repository_id, std::slice::from_ref(&id)).await?.pop();
    let Some(Ok(digest)) = found else {
        return Err(Error::ImageUnknown { registry: registry.clone(), repository: name.clone(), id });
    };
    let Some(scan) = image_scans::find(&mut conn, &row.repository_id, &digest).await? else {
        return Ok(None);
    };
    let Some(packages) = scan.packages else {
        return Ok(None);
    };
    let Bill { release, packages, .. } = stored(&packages)?;
    let bill = sbom::Bill {
        name: name.as_str(),
        digest: digest.as_str(),
        created: &scan.requested_at.rfc3339(),
        release: release.as_ref(),
        packages: &packages,
    };
    Ok(Some(match format {
        Format::CycloneDx => sbom::cyclonedx(bill),
        Format::Spdx => sbom::spdx(bill),
    }))
}
