//! `UntagResource`: tags of a secret are removed by their keys. Keys that it does not have are passed over.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UntagResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::manager::names::SecretId;
use crate::manager::secrets;

/// The operation.
pub(crate) struct UntagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id: SecretId,
    tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    type Call = Call;
    const NAME: &'static str = "UntagResource";
    const ACTION: &'static str = "secretsmanager:UntagResource";
    type Input = Input;
    type Output = ();
    type Error = Error;

    async fn resolve(call: &Call, input: &mut Input) -> Result<(), Error> {
        input.secret_id.resolve(call).await
    }

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![input.secret_id.need(call, Self::ACTION)?.with_tag_keys(input.tag_keys.clone())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let gone = input.tag_keys;
        let how = move |known: &mut crate::tags::Tags| known.retain(|key, _| !gone.contains(key));
        secrets::change_tags(call, (grant, Self::ACTION), &input.secret_id, how).await
    }
}
