//! `ListOpenIDConnectProviders`: the identity providers of the account.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviders.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use types::Arn;

use crate::error::Error;
use crate::open_id_connect_providers;

/// The operation.
pub(crate) struct ListOpenIDConnectProviders;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(rename = "OpenIDConnectProviderList")]
    providers: Vec<Entry>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    arn: String,
}

impl Operation for ListOpenIDConnectProviders {
    type Call = Call;
    const NAME: &'static str = "ListOpenIDConnectProviders";
    const ACTION: &'static str = "iam:ListOpenIDConnectProviders";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        let arn = Arn::open_id_connect_provider(call.account(), "*");
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, _: Input) -> Result<Output, Error> {
        let arns = open_id_connect_providers::list(call, grant).await?;
        Ok(Output { providers: arns.into_iter().map(|arn| Entry { arn }).collect() })
    }
}
