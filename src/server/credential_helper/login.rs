//! User name and password for a registry: `GetAuthorizationToken`, signed, asked of that registry.

use aws::Credentials;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::Failure;
use super::endpoint::{Call, Endpoint};

const CALL: Call<'static> = Call {
    service: "ecr",
    headers: &[
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"),
    ],
    body: "{}",
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Token {
    authorization_data: Vec<AuthorizationData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizationData {
    authorization_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(rename = "__type")]
    code: String,
    #[serde(default)]
    message: String,
}

/// User name and password.
pub(super) async fn login(endpoint: &Endpoint, credentials: &Credentials) -> Result<(String, String), Failure> {
    let answer = endpoint.send(&CALL, Some(credentials)).await?;
    if !answer.status.is_success() {
        return Err(Failure::Other(match serde_json::from_slice::<Refusal>(&answer.body) {
            Ok(Refusal { code, message }) => format!("the registry refused: {code}: {message}"),
            Err(_) => format!("this is no registry that knows GetAuthorizationToken: it answered {}", answer.status),
        }));
    }
    let token = serde_json::from_slice::<Token>(&answer.body).ok();
    let data = token.and_then(|token| token.authorization_data.into_iter().next());
    let decoded = data.and_then(|data| STANDARD.decode(data.authorization_token).ok());
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = text.as_deref().and_then(|text| text.split_once(':'));
    let (user, password) =
        pair.ok_or_else(|| Failure::Other("the answer of the registry holds no password".to_owned()))?;
    Ok((user.to_owned(), password.to_owned()))
}
