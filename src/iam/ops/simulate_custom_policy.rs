//! `SimulateCustomPolicy`: what policies of the input would decide. `ResourceHandlingOption` is accepted and makes no
//! difference: no action here has scenarios.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Fault, Need, Operation, Resource};

use crate::error::Error;
use crate::simulation::input::Simulated;
use crate::simulation::output::{self, Output};

/// The operation.
pub(crate) struct SimulateCustomPolicy;

impl Operation for SimulateCustomPolicy {
    type Call = Call;
    const NAME: &'static str = "SimulateCustomPolicy";
    const ACTION: &'static str = "iam:SimulateCustomPolicy";
    type Input = Simulated;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Simulated) -> Result<Vec<Need>, Error> {
        input.check()?;
        if input.policy_input_list.is_empty() {
            return Err(Fault::new("InvalidInput", "PolicyInputList must not be empty.").into());
        }
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Simulated) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let setting = input.setting(call, None)?;
        output::page(call, Self::NAME, setting, input).await
    }
}
