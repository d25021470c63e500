//! `GetDownloadUrlForLayer`: an address for a layer that some image of the repository refers to.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetDownloadUrlForLayer.html>
//!
//! A presigned address of S3, or one of Wharf's own; both are good for 20 minutes and are fetched without credentials.

use app::api::Call;
use app::{
    Action, Grant,
    layers::{self, Download},
};
use aws::{Audit, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::layer;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct GetDownloadUrlForLayer;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    layer_digest: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    download_url: String,
    layer_digest: String,
}

impl Operation for GetDownloadUrlForLayer {
    type Call = Call;
    const NAME: &'static str = "GetDownloadUrlForLayer";
    const ACTION: &'static str = Action::GetDownloadUrlForLayer.as_str();
    const AUDIT: Audit = Audit::Data;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::GetDownloadUrlForLayer)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let digest =
            layer::digest("layerDigest", &input.layer_digest)?.ok_or_else(|| target.no_layer(&input.layer_digest))?;
        let download = layers::download(&call.ctx, &target.permit(grant), &digest).await;
        let download_url = match download.map_err(|error| target.failure(error))? {
            Download::Store(url) => url,
            Download::Here(ticket) => {
                format!("{}/layers/{ticket}", call.registry_url(&call.ctx.app.config().registry))
            }
        };
        Ok(Output { download_url, layer_digest: input.layer_digest })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
