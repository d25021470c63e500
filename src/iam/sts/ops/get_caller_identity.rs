//! `GetCallerIdentity`: who signed the request. It needs no permission, and no policy can deny it.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use app::Grant;
use app::api::Call;
use aws::{Access, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct GetCallerIdentity;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    arn: String,
    user_id: String,
    account: String,
}

impl Operation for GetCallerIdentity {
    type Call = Call;
    const NAME: &'static str = "GetCallerIdentity";
    const ACTION: &'static str = "sts:GetCallerIdentity";
    const ACCESS: Access = Access::Signed;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(Vec::new())
    }

    async fn run(call: &Call, _: &Grant, _: Input) -> Result<Output, Error> {
        let principal = &call.login.identity.principal;
        Ok(Output {
            arn: principal.arn.clone(),
            user_id: principal.user_id.clone(),
            account: principal.account.clone(),
        })
    }
}
