//! `BatchCheckLayerAvailability`: which layers a repository has.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchCheckLayerAvailability.html>

use app::api::Call;
use app::{Action, Grant, images, layers};
use aws::{Audit, Need, Operation};
use serde::{Deserialize, Serialize};
use types::Digest;

use crate::error::Error;
use crate::shapes::paging;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct BatchCheckLayerAvailability;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    layer_digests: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    layers: Vec<Layer>,
    failures: Vec<LayerFailure>,
}

/// `Layer`. Its media type is what an image that refers to it says: without one there is none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    layer_digest: String,
    layer_availability: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_type: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LayerFailure {
    layer_digest: String,
    failure_code: &'static str,
    failure_reason: &'static str,
}

impl Operation for BatchCheckLayerAvailability {
    type Call = Call;
    const NAME: &'static str = "BatchCheckLayerAvailability";
    const ACTION: &'static str = Action::BatchCheckLayerAvailability.as_str();
    const AUDIT: Audit = Audit::Data;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::BatchCheckLayerAvailability)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        paging::length("layerDigests", &input.layer_digests, 100)?;
        let (valid, invalid): (Vec<String>, Vec<String>) =
            input.layer_digests.into_iter().partition(|digest| images::is_digest(digest));
        // A digest of an algorithm that nothing is stored under is one of a layer that is not there.
        let digests: Vec<Option<Digest>> = valid.iter().map(|digest| digest.parse().ok()).collect();
        let known: Vec<Digest> = digests.iter().flatten().cloned().collect();
        let found = layers::find(&call.ctx, &target.permit(grant), &known).await?;
        let find = |digest: &Digest| {
            let found = known.iter().zip(&found).find(|(known, _)| *known == digest);
            found.and_then(|(_, layer)| layer.as_ref())
        };
        let layer = |(layer_digest, digest): (String, Option<Digest>)| {
            let found = digest.as_ref().and_then(find);
            let layer_availability = match found {
                Some(layer) if layer.archived => "ARCHIVED",
                Some(_) => "AVAILABLE",
                None => "UNAVAILABLE",
            };
            Layer {
                layer_digest,
                layer_availability,
                layer_size: found.map(|layer| layer.size),
                media_type: found.and_then(|layer| layer.media_type.as_ref()).map(ToString::to_string),
            }
        };
        let failure = |layer_digest| LayerFailure {
            layer_digest,
            failure_code: "InvalidLayerDigest",
            failure_reason: "Invalid request parameters: layer digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
        };
        Ok(Output {
            layers: valid.into_iter().zip(digests).map(layer).collect(),
            failures: invalid.into_iter().map(failure).collect(),
        })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
