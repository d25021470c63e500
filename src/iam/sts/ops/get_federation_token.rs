//! `GetFederationToken`: not offered. Whoever may call it is told so with the one error that AWS defines for it that is
//! not about its input.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html>

use app::Grant;
use app::api::Call;
use aws::{Fault, Need, Operation, Resource};
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
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(_: &Call, grant: &Grant, _: Input) -> Result<(), Error> {
        grant.require(Self::ACTION)?;
        let message = "STS does not offer GetFederationToken here; assume a role instead";
        Err(Fault::with_status("RegionDisabledException", StatusCode::FORBIDDEN, message).into())
    }
}
