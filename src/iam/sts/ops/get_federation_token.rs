//! `GetFederationToken`: not offered. It answers with the one error that AWS defines for it that is not about its input.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html>

use app::Grant;
use app::api::Call;
use aws::{Access, Fault, Need, Operation};
use http::StatusCode;
use serde::Deserialize;

use crate::error::Error;

/// The operation.
pub(crate) struct GetFederationToken;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {}

impl Operation for GetFederationToken {
    type Call = Call;
    const NAME: &'static str = "GetFederationToken";
    const ACTION: &'static str = "sts:GetFederationToken";
    const ACCESS: Access = Access::Signed;
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(Vec::new())
    }

    async fn run(_: &Call, _: &Grant, _: Input) -> Result<(), Error> {
        let message = "STS does not offer GetFederationToken here; assume a role instead";
        Err(Fault::with_status("RegionDisabledException", StatusCode::FORBIDDEN, message).into())
    }
}
