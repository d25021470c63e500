//! `SimulatePrincipalPolicy`: what the policies of a user, group or role would decide, together with those of the input.
//! `ResourceHandlingOption` is accepted and makes no difference: no action here has scenarios.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};

use crate::error::Error;
use crate::simulation::input::Simulated;
use crate::simulation::output::{self, Output};
use crate::simulation::sources;

/// The operation.
pub(crate) struct SimulatePrincipalPolicy;

impl Operation for SimulatePrincipalPolicy {
    type Call = Call;
    const NAME: &'static str = "SimulatePrincipalPolicy";
    const ACTION: &'static str = "iam:SimulatePrincipalPolicy";
    type Input = Simulated;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Simulated) -> Result<Vec<Need>, Error> {
        input.check()?;
        Ok(vec![sources::need(call, Self::ACTION, input.policy_source_arn.as_deref())?])
    }

    async fn run(call: &Call, grant: &Grant, input: Simulated) -> Result<Output, Error> {
        let owner = sources::of::<Self>(call, grant, &input, input.policy_source_arn.as_deref()).await?;
        let setting = input.setting(call, Some(owner))?;
        output::page(call, Self::NAME, setting, input).await
    }
}
