//! `AddClientIDToOpenIDConnectProvider`: accepts one more audience; one that is accepted already stays so.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::open_id_connect_providers;

/// The operation.
pub(crate) struct AddClientIDToOpenIDConnectProvider;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    #[serde(rename = "OpenIDConnectProviderArn")]
    open_id_connect_provider_arn: String,
    #[serde(rename = "ClientID")]
    client_id: String,
}

impl Operation for AddClientIDToOpenIDConnectProvider {
    type Call = Call;
    const NAME: &'static str = "AddClientIDToOpenIDConnectProvider";
    const ACTION: &'static str = "iam:AddClientIDToOpenIDConnectProvider";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .arn("openIDConnectProviderArn", &input.open_id_connect_provider_arn)
            .length("clientID", &input.client_id, 1, 255)
            .finish()?;
        Ok(vec![open_id_connect_providers::need(call, Self::ACTION, &input.open_id_connect_provider_arn)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let Input { open_id_connect_provider_arn: arn, client_id } = input;
        open_id_connect_providers::update(call, grant, Self::ACTION, arn, move |provider| {
            if !provider.client_ids.contains(&client_id) {
                provider.client_ids.push(client_id);
            }
        })
        .await
    }
}
