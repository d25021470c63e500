//! The credentials of a task's role, as SDKs ask for them.

use http::StatusCode;
use serde_json::json;

use super::server::{Answer, Source};
use crate::engine::Engine;
use crate::host::Shared;

/// The credentials of this id, if it is the task that asks. The codes are those of Amazon's agent.
pub(super) async fn answer<E: Engine>(host: &Shared<E>, id: &str, from: Source) -> Answer {
    let refuse = |status: StatusCode, code: &str, message: &str| {
        let body = json!({"code": code, "message": message, "HTTPErrorCode": status.as_u16()});
        (status, body)
    };
    // Only those of the application: with those of the execution role the agent acts, never the task.
    let task = host.board.all().into_iter().find(|task| task.credentials_id.as_deref() == Some(id));
    let unknown = || refuse(StatusCode::BAD_REQUEST, "InvalidIdInRequest", "CredentialsV2Request: ID not found");
    let Some(task) = task else { return unknown() };
    if !from.is(host, &task).await {
        tracing::warn!(task.arn = task.arn(), "credentials are asked for by somebody who is not the task");
        return unknown();
    }
    let Some(held) = host.wallet.find(id) else {
        let text = "CredentialsV2Request: credentials uninitialized for ID";
        return refuse(StatusCode::SERVICE_UNAVAILABLE, "CredentialsUninitialized", text);
    };
    let body = json!({
        "RoleArn": held.role_arn,
        "AccessKeyId": held.access_key_id,
        "SecretAccessKey": held.secret_access_key.expose(),
        "Token": held.session_token.expose(),
        "Expiration": held.expiration,
    });
    (StatusCode::OK, body)
}
