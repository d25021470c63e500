//! `CreateOpenIDConnectProvider`: makes an identity provider whose tokens roles may trust.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html>
//!
//! Thumbprints are kept and shown. The certificate of an issuer is verified like that of every other address, so they
//! decide nothing.

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use types::Arn;

use crate::error::Error;
use crate::tags::Tag;
use crate::{open_id_connect_providers, shapes, tags};

/// The operation.
pub(crate) struct CreateOpenIDConnectProvider;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    url: String,
    #[serde(default, rename = "ClientIDList")]
    client_ids: Vec<String>,
    #[serde(default, rename = "ThumbprintList")]
    thumbprints: Vec<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(rename = "OpenIDConnectProviderArn")]
    open_id_connect_provider_arn: String,
    tags: Option<Vec<Tag>>,
}

impl Operation for CreateOpenIDConnectProvider {
    type Call = Call;
    const NAME: &'static str = "CreateOpenIDConnectProvider";
    const ACTION: &'static str = "iam:CreateOpenIDConnectProvider";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        open_id_connect_providers::checks(&input.client_ids, &input.thumbprints)
            .length("url", &input.url, 1, 255)
            .finish()?;
        tags::check(&input.tags)?;
        let issuer = open_id_connect_providers::issuer(call, &input.url)?;
        let on = |action| {
            let arn = Arn::open_id_connect_provider(call.account(), issuer);
            tags::with_request_tags(Need::new(action, Resource::Arn(call.account().clone(), arn)), &input.tags)
        };
        let mut needs = vec![on(Self::ACTION)];
        if !input.tags.is_empty() {
            needs.push(on("iam:TagOpenIDConnectProvider"));
        }
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let new = open_id_connect_providers::New {
            url: input.url,
            client_ids: input.client_ids,
            thumbprints: input.thumbprints,
            tags: input.tags.clone(),
        };
        let arn = open_id_connect_providers::create(call, grant, new).await?;
        Ok(Output { open_id_connect_provider_arn: arn, tags: shapes::some(input.tags) })
    }
}
