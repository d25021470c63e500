//! `UploadLayerPart`: the next part of a layer upload.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html>

use app::api::Call;
use app::{
    Action, Grant,
    uploads::{self, ContentRange},
};
use aws::{Audit, Blob, Need, Operation, invalid_parameter};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::shapes::target::Target;

/// The operation.
pub(crate) struct UploadLayerPart;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    registry_id: Option<String>,
    repository_name: String,
    upload_id: String,
    part_first_byte: i64,
    part_last_byte: i64,
    layer_part_blob: Blob,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    registry_id: String,
    repository_name: String,
    upload_id: String,
    last_byte_received: u64,
}

impl Operation for UploadLayerPart {
    type Call = Call;
    const NAME: &'static str = "UploadLayerPart";
    const ACTION: &'static str = Action::UploadLayerPart.as_str();
    const AUDIT: Audit = Audit::Data;
    /// A part of 20 MiB in base64.
    const BODY_LIMIT: usize = (20 << 20) / 3 * 4 + (64 << 10);
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![target(call, input)?.need(Action::UploadLayerPart)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let target = target(call, &input)?;
        let offset = |member, value: i64| {
            u64::try_from(value).map_err(|_| invalid_parameter(member, "must have value greater than or equal to 0"))
        };
        let range = ContentRange {
            first: offset("partFirstByte", input.part_first_byte)?,
            last: offset("partLastByte", input.part_last_byte)?,
        };
        let part = Bytes::from(input.layer_part_blob.0);
        let received = uploads::put_part(&call.ctx, &target.permit(grant), &input.upload_id, range, part)
            .await
            .map_err(|error| target.upload_failure(error, &input.upload_id))?
            .received;
        Ok(Output {
            registry_id: target.registry_id(),
            repository_name: target.repository_name(),
            upload_id: input.upload_id,
            last_byte_received: received.saturating_sub(1),
        })
    }
}

fn target(call: &Call, input: &Input) -> Result<Target, Error> {
    Target::read(call, input.registry_id.as_deref(), &input.repository_name)
}
