//! `GetOpenIDConnectProvider`: what is known of an identity provider.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html>

use app::Grant;
use app::api::Call;
use aws::{Iso, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::open_id_connect_providers;
use crate::tags::Tag;

/// The operation.
pub(crate) struct GetOpenIDConnectProvider;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "OpenIDConnectProviderArn")]
    open_id_connect_provider_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    url: String,
    #[serde(rename = "ClientIDList")]
    client_ids: Vec<String>,
    #[serde(rename = "ThumbprintList")]
    thumbprints: Vec<String>,
    create_date: Iso,
    tags: Vec<Tag>,
}

impl Operation for GetOpenIDConnectProvider {
    type Call = Call;
    const NAME: &'static str = "GetOpenIDConnectProvider";
    const ACTION: &'static str = "iam:GetOpenIDConnectProvider";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().arn("openIDConnectProviderArn", &input.open_id_connect_provider_arn).finish()?;
        Ok(vec![open_id_connect_providers::need(call, Self::ACTION, &input.open_id_connect_provider_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let (row, tags) = open_id_connect_providers::get(call, grant, &input.open_id_connect_provider_arn).await?;
        Ok(Output {
            url: row.url,
            client_ids: row.client_ids,
            thumbprints: row.thumbprints,
            create_date: row.created_at.into(),
            tags,
        })
    }
}
