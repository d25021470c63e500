//! `GetSessionToken`: temporary credentials of whoever calls with a long-term access key. They may do what that caller
//! may, and end with the key. It needs no permission. MFA is not known.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>

use app::api::Call;
use app::sessions::{MAX_TOKEN_DURATION, MIN_DURATION};
use app::{Grant, sessions};
use aws::{Access, Common, Fault, Need, Operation, Violations};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::sts::output::Credentials;

/// The operation.
pub(crate) struct GetSessionToken;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    duration_seconds: Option<i64>,
    serial_number: Option<String>,
    token_code: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    credentials: Credentials,
}

impl Operation for GetSessionToken {
    type Call = Call;
    const NAME: &'static str = "GetSessionToken";
    const ACTION: &'static str = "sts:GetSessionToken";
    const ACCESS: Access = Access::Signed;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        if let Some(duration) = input.duration_seconds {
            Violations::new().range("durationSeconds", duration, MIN_DURATION..=MAX_TOKEN_DURATION).finish()?;
        }
        if input.serial_number.is_some() || input.token_code.is_some() {
            let message = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
            return Err(Fault::common(Common::AccessDenied, message).into());
        }
        Ok(Vec::new())
    }

    async fn run(call: &Call, _: &Grant, input: Input) -> Result<Output, Error> {
        let credentials = sessions::get_session_token(&call.ctx, &call.login, input.duration_seconds)?;
        Ok(Output { credentials: credentials.into() })
    }
}
