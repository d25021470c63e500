//! `TagResource`: tags of a secret are set, replacing those of the same keys.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::manager::names::SecretId;
use crate::manager::{failures, secrets};
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct TagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id: SecretId,
    tags: Vec<Tag>,
}

impl Operation for TagResource {
    type Call = Call;
    const NAME: &'static str = "TagResource";
    const ACTION: &'static str = "secretsmanager:TagResource";
    type Input = Input;
    type Output = ();
    type Error = Error;

    async fn resolve(call: &Call, input: &mut Input) -> Result<(), Error> {
        input.secret_id.resolve(call).await
    }

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = input.secret_id.need(call, Self::ACTION)?;
        Ok(vec![need.with_request_tags(tags::pairs(&input.tags))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let tags = tags::checked(input.tags).map_err(failures::invalid)?;
        secrets::change_tags(call, (grant, Self::ACTION), &input.secret_id, move |known| known.extend(tags)).await
    }
}
