//! `DeleteOpenIDConnectProvider`: removes an identity provider. One that is not there is refused, whatever the documentation says.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteOpenIDConnectProvider.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::open_id_connect_providers;

/// The operation.
pub(crate) struct DeleteOpenIDConnectProvider;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "OpenIDConnectProviderArn")]
    open_id_connect_provider_arn: String,
}

impl Operation for DeleteOpenIDConnectProvider {
    type Call = Call;
    const NAME: &'static str = "DeleteOpenIDConnectProvider";
    const ACTION: &'static str = "iam:DeleteOpenIDConnectProvider";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("openIDConnectProviderArn", &input.open_id_connect_provider_arn).finish()?;
        Ok(vec![open_id_connect_providers::need(call, Self::ACTION, &input.open_id_connect_provider_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        open_id_connect_providers::delete(call, grant, input.open_id_connect_provider_arn).await
    }
}
