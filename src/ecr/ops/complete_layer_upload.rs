//! `CompleteLayerUpload`: a layer is made of the parts of an upload.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CompleteLayerUpload.html>

use app::api::Call;
use app::{Action, Grant, uploads};
use aws::{Audit, Fault, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::layer;
use crate::shapes::paging;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct CompleteLayerUpload;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    upload_id: String,
    layer_digests: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_name: String,
    upload_id: String,
    layer_digest: String,
}

impl Operation for CompleteLayerUpload {
    type Call = Call;
    const NAME: &'static str = "CompleteLayerUpload";
    const ACTION: &'static str = Action::CompleteLayerUpload.as_str();
    const AUDIT: Audit = Audit::Data;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::CompleteLayerUpload)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        paging::length("layerDigests", &input.layer_digests, 100)?;
        let wrong = |digest: &str| {
            Fault::new(
                "InvalidLayerException",
                format!("The layer of the upload with id '{}' does not have the digest '{digest}'", input.upload_id),
            )
        };
        // The list has one digest in practice. A layer cannot have two different ones.
        let first = &input.layer_digests[0];
        let digest = layer::digest("layerDigests", first)?.ok_or_else(|| wrong(first))?;
        if let Some(other) = input.layer_digests.iter().find(|other| *other != first) {
            layer::digest("layerDigests", other)?;
            return Err(wrong(other).into());
        }
        let blob = uploads::complete(&call.ctx, &target.permit(grant), &input.upload_id, &digest)
            .await
            .map_err(|error| target.upload_failure(error, &input.upload_id))?;
        Ok(Output {
            registry_id: target.registry_id(),
            repository_name: target.repository_name(),
            upload_id: input.upload_id,
            layer_digest: blob.digest.to_string(),
        })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
