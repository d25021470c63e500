//! `ListOpenIDConnectProviderTags`: the tags of an identity provider, by key.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviderTags.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};
use crate::tags::Tag;
use crate::{open_id_connect_providers, tags};

/// The operation.
pub(crate) struct ListOpenIDConnectProviderTags;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "OpenIDConnectProviderArn")]
    open_id_connect_provider_arn: String,
    marker: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    tags: Vec<Tag>,
    is_truncated: bool,
    marker: Option<String>,
}

impl Operation for ListOpenIDConnectProviderTags {
    type Call = Call;
    const NAME: &'static str = "ListOpenIDConnectProviderTags";
    const ACTION: &'static str = "iam:ListOpenIDConnectProviderTags";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .arn("openIDConnectProviderArn", &input.open_id_connect_provider_arn)
            .max_items(input.max_items)
            .finish()?;
        Ok(vec![open_id_connect_providers::need(call, Self::ACTION, &input.open_id_connect_provider_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let arn = &input.open_id_connect_provider_arn;
        open_id_connect_providers::check_tagged(call, grant, arn).await?;
        let paging = Paging::read(call, Self::NAME, &[arn], input.marker.as_deref(), input.max_items)?;
        let Page { items, is_truncated, marker } = tags::list(call, arn, paging).await?;
        Ok(Output { tags: items, is_truncated, marker })
    }
}
