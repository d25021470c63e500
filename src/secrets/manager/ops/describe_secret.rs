//! `DescribeSecret`: a secret without what it holds.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::manager::names::SecretId;
use crate::manager::secrets;
use crate::manager::shapes::Description;

/// The operation.
pub(crate) struct DescribeSecret;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id: SecretId,
}

impl Operation for DescribeSecret {
    type Call = Call;
    const NAME: &'static str = "DescribeSecret";
    const ACTION: &'static str = "secretsmanager:DescribeSecret";
    type Input = Input;
    type Output = Description;
    type Error = Error;

    async fn resolve(call: &Call, input: &mut Input) -> Result<(), Error> {
        input.secret_id.resolve(call).await
    }

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![input.secret_id.need(call, Self::ACTION)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Description, Error> {
        let (row, stages) = secrets::describe(call, grant, &input.secret_id).await?;
        Ok(Description::alone(row, stages))
    }
}
