//! `InitiateLayerUpload`: a layer upload begins.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_InitiateLayerUpload.html>

use app::api::Call;
use app::{Action, Grant, uploads};
use aws::{Audit, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::target::Target;

/// The size that ECR recommends for parts.
const PART_SIZE: u64 = 10 << 20;

/// The operation.
pub(crate) struct InitiateLayerUpload;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    upload_id: String,
    part_size: u64,
}

impl Operation for InitiateLayerUpload {
    type Call = Call;
    const NAME: &'static str = "InitiateLayerUpload";
    const ACTION: &'static str = Action::InitiateLayerUpload.as_str();
    const AUDIT: Audit = Audit::Data;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::InitiateLayerUpload)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let upload = uploads::begin_layer(&call.ctx, &target.permit(grant)).await?;
        let part_size = PART_SIZE.min(call.ctx.app.config().limits.layer_part_bytes);
        Ok(Output { upload_id: upload.id, part_size })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
