//! `DeleteSecret`: a secret goes after 7 to 30 days, until when it can be had back, or at once.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html>

use app::Grant;
use app::api::Call;
use aws::{Epoch, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::manager::names::SecretId;
use crate::manager::secrets;
use crate::manager::shapes::Named;

/// The operation.
pub(crate) struct DeleteSecret;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id: SecretId,
    recovery_window_in_days: Option<i64>,
    force_delete_without_recovery: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(flatten)]
    named: Named,
    deletion_date: Epoch,
}

impl Operation for DeleteSecret {
    type Call = Call;
    const NAME: &'static str = "DeleteSecret";
    const ACTION: &'static str = "secretsmanager:DeleteSecret";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    async fn resolve(call: &Call, input: &mut Input) -> Result<(), Error> {
        input.secret_id.resolve(call).await
    }

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![input.secret_id.need(call, Self::ACTION)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let now = call.ctx.app.now();
        let force = input.force_delete_without_recovery == Some(true);
        let at = secrets::deletion(now, input.recovery_window_in_days, force)?;
        // Whoever asks again for what is gone already hears that it is gone.
        if force && input.secret_id.found().is_err() {
            grant.require(Self::ACTION)?;
            let given = input.secret_id.given();
            let named = Named { arn: given.to_owned(), name: given.to_owned() };
            return Ok(Output { named, deletion_date: Epoch(now) });
        }
        let row = secrets::delete(call, grant, &input.secret_id, at).await?;
        Ok(Output { named: Named::of(&row), deletion_date: Epoch(at.unwrap_or(now)) })
    }
}
