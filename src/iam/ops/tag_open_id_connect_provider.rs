//! `TagOpenIDConnectProvider`: sets tags of an identity provider.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagOpenIDConnectProvider.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::tags::Tag;
use crate::{open_id_connect_providers, tags};

/// The operation.
pub(crate) struct TagOpenIDConnectProvider;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "OpenIDConnectProviderArn")]
    open_id_connect_provider_arn: String,
    tags: Vec<Tag>,
}

impl Operation for TagOpenIDConnectProvider {
    type Call = Call;
    const NAME: &'static str = "TagOpenIDConnectProvider";
    const ACTION: &'static str = "iam:TagOpenIDConnectProvider";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("openIDConnectProviderArn", &input.open_id_connect_provider_arn).finish()?;

        tags::check(&input.tags)?;
        let need = open_id_connect_providers::need(call, Self::ACTION, &input.open_id_connect_provider_arn)?;
        Ok(vec![tags::with_request_tags(need, &input.tags)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        open_id_connect_providers::tag(call, grant, input.open_id_connect_provider_arn, input.tags).await
    }
}
