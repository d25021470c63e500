//! `GetAuthorizationToken`: a password for `docker login --username AWS`, good for every registry that the caller may use.
//! <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html>
//!
//! The password names the caller and grants nothing, as on AWS. It holds no `:`, at which clients split, and only
//! letters, digits, `.`, `-` and `_`, whose base64 has neither `+` nor `/`: clients decode it with either alphabet.

use app::api::Call;
use app::{Action, Grant, authn};
use aws::{Epoch, Need, Operation, Resource, invalid_parameter};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use types::AccountId;

use crate::error::Error;

/// What only Amazon's ECS agent says of itself.
const ECS_AGENT: &str = "(+http://aws.amazon.com/ecs/)";

/// The operation.
pub(crate) struct GetAuthorizationToken;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    /// Deprecated by AWS: one token is good for all registries. What is named is the address of the answer.
    registry_ids: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    authorization_data: Vec<AuthorizationData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizationData {
    authorization_token: String,
    expires_at: Epoch,
    proxy_endpoint: String,
}

impl Operation for GetAuthorizationToken {
    type Call = Call;
    const NAME: &'static str = "GetAuthorizationToken";
    const ACTION: &'static str = Action::GetAuthorizationToken.as_str();
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        registries(input)?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let issued = authn::issue_api_login_token(&call.ctx.app, grant, &call.login)?;
        let authorization_token = STANDARD.encode(format!("AWS:{}", issued.token));
        let mut accounts: Vec<Option<AccountId>> = registries(&input)?.into_iter().map(Some).collect();
        if accounts.is_empty() {
            accounts.push(None);
        }
        let endpoint = |account: Option<&AccountId>| {
            let registry = call.registry(account);
            // Amazon's ECS agent takes a login only if this and the name of the image behind https:// begin alike, also where
            // the registry is reached without TLS.
            if call.ctx.user_agent.contains(ECS_AGENT) {
                return format!("https://{}", call.registry_host(&registry));
            }
            call.registry_url(&registry)
        };
        let data = |account: Option<AccountId>| AuthorizationData {
            authorization_token: authorization_token.clone(),
            expires_at: Epoch(issued.expires_at()),
            proxy_endpoint: endpoint(account.as_ref()),
        };
        Ok(Output { authorization_data: accounts.into_iter().map(data).collect() })
    }
}

fn registries(input: &Input) -> Result<Vec<AccountId>, Error> {
    let Some(ids) = &input.registry_ids else {
        return Ok(Vec::new());
    };
    if ids.is_empty() {
        return Err(invalid_parameter("registryIds", "must have length greater than or equal to 1").into());
    }
    if ids.len() > 10 {
        return Err(invalid_parameter("registryIds", "must have length less than or equal to 10").into());
    }
    let parse = |id: &String| {
        id.parse().map_err(|_| invalid_parameter("registryIds", "must satisfy regular expression '[0-9]{12}'").into())
    };
    ids.iter().map(parse).collect()
}
