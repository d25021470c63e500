//! `PutImage`: a manifest, with or without a tag, whose layers and images are there already.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html>
//!
//! The same rule as a push by the registry protocol, and stricter where ECR is: what changes nothing is refused, and the
//! media type must be stated, in the manifest or beside it.

use app::api::Call;
use app::{
    Action, Grant,
    images::{self, Condition, Push, Sender},
};
use aws::{Audit, Need, Operation, invalid_parameter};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use types::{Algorithm, Digest, MediaType, Reference, Tag};

use crate::error::Error;
use crate::shapes::image::Image;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct PutImage;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    image_manifest: String,
    image_manifest_media_type: Option<String>,
    image_tag: Option<String>,
    image_digest: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    image: Image,
}

impl Operation for PutImage {
    type Call = Call;
    const NAME: &'static str = "PutImage";
    const ACTION: &'static str = Action::PutImage.as_str();
    const AUDIT: Audit = Audit::Push;
    /// A manifest of 4 MiB, each character of which may take two in JSON.
    const BODY_LIMIT: usize = (8 << 20) + (64 << 10);
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::PutImage)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let tag: Option<Tag> = match &input.image_tag {
            Some(text) => Some(text.parse().map_err(|_| {
                invalid_parameter("imageTag", "must satisfy regular expression '[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'")
            })?),
            None => None,
        };
        let digest: Option<Digest> = match &input.image_digest {
            Some(text) => Some(text.parse().map_err(|_| {
                invalid_parameter("imageDigest", "must satisfy regular expression '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'")
            })?),
            None => None,
        };
        let content_type: Option<MediaType> = match &input.image_manifest_media_type {
            Some(text) => {
                Some(text.parse().map_err(|_| invalid_parameter("imageManifestMediaType", "must be a media type"))?)
            }
            None => None,
        };
        if input.image_manifest.is_empty() {
            return Err(invalid_parameter("imageManifest", "must have length greater than or equal to 1").into());
        }
        let bytes = Bytes::from(input.image_manifest);
        let (reference, tags) = match (tag, digest) {
            (Some(tag), Some(digest)) => (Reference::Digest(digest), vec![tag]),
            (Some(tag), None) => (Reference::Tag(tag), Vec::new()),
            (None, Some(digest)) => (Reference::Digest(digest), Vec::new()),
            (None, None) => (Reference::Digest(Algorithm::Sha256.digest(&bytes)), Vec::new()),
        };
        let push = Push {
            reference,
            tags,
            condition: Condition::None,
            content_type,
            bytes,
            sender: Sender::Client,
            strict: true,
        };
        let pushed =
            images::put(&call.ctx, &target.permit(grant), push).await.map_err(|error| target.failure(error))?;
        Ok(Output { image: Image::new(&target, &pushed.image, input.image_tag) })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
