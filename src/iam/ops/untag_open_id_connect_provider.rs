//! `UntagOpenIDConnectProvider`: removes tags of an identity provider.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagOpenIDConnectProvider.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{open_id_connect_providers, tags};

/// The operation.
pub(crate) struct UntagOpenIDConnectProvider;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "OpenIDConnectProviderArn")]
    open_id_connect_provider_arn: String,
    tag_keys: Vec<String>,
}

impl Operation for UntagOpenIDConnectProvider {
    type Call = Call;
    const NAME: &'static str = "UntagOpenIDConnectProvider";
    const ACTION: &'static str = "iam:UntagOpenIDConnectProvider";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("openIDConnectProviderArn", &input.open_id_connect_provider_arn).finish()?;

        tags::check_keys(&input.tag_keys)?;
        let need = open_id_connect_providers::need(call, Self::ACTION, &input.open_id_connect_provider_arn)?;
        Ok(vec![need.with_tag_keys(input.tag_keys.clone())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        open_id_connect_providers::untag(call, grant, input.open_id_connect_provider_arn, input.tag_keys).await
    }
}
