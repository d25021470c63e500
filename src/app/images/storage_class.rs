//! Moving images to and from the archive: there is none yet, and nothing pretends that there is.

use std::convert::Infallible;

use super::ImageId;
use crate::{Action, Ctx, Error, Permit, Result};

/// Refuses to move an image, which must exist.
pub async fn update(ctx: &Ctx, permit: &Permit, id: &ImageId, target: &str) -> Result<Infallible> {
    permit.require(Action::UpdateImageStorageClass)?;
    if !matches!(target, "STANDARD" | "ARCHIVE") {
        let constraint = "must satisfy enum value set: [STANDARD, ARCHIVE]".to_owned();
        return Err(Error::InvalidParameter { parameter: "targetStorageClass", constraint });
    }
    super::find(ctx, permit, id).await?;
    Err(Error::StorageClassUnsupported)
}
