//! `UpdateOpenIDConnectProviderThumbprint`: replaces the thumbprints of an identity provider.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::open_id_connect_providers;

/// The operation.
pub(crate) struct UpdateOpenIDConnectProviderThumbprint;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "OpenIDConnectProviderArn")]
    open_id_connect_provider_arn: String,
    #[serde(rename = "ThumbprintList")]
    thumbprints: Vec<String>,
}

impl Operation for UpdateOpenIDConnectProviderThumbprint {
    type Call = Call;
    const NAME: &'static str = "UpdateOpenIDConnectProviderThumbprint";
    const ACTION: &'static str = "iam:UpdateOpenIDConnectProviderThumbprint";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        open_id_connect_providers::checks(&[], &input.thumbprints)
            .arn("openIDConnectProviderArn", &input.open_id_connect_provider_arn)
            .finish()?;
        Ok(vec![open_id_connect_providers::need(call, Self::ACTION, &input.open_id_connect_provider_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let Input { open_id_connect_provider_arn: arn, thumbprints } = input;
        open_id_connect_providers::update(call, grant, Self::ACTION, arn, move |provider| {
            provider.thumbprints = thumbprints;
        })
        .await
    }
}
