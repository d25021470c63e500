//! `SubmitContainerStateChange`: an agent says what became of a container of a task.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_SubmitContainerStateChange.html>

use acs::api::{Acknowledgment, SubmitContainerStateChangeRequest};
use app::Grant;
use app::api::Call;
use aws::{Audit, Need, Operation, Resource};

use crate::clusters;
use crate::error::{Error, Result};
use crate::tasks;

/// The operation.
pub(crate) struct SubmitContainerStateChange;

impl Operation for SubmitContainerStateChange {
    type Call = Call;
    const NAME: &'static str = "SubmitContainerStateChange";
    const ACTION: &'static str = "ecs:SubmitContainerStateChange";
    const AUDIT: Audit = Audit::Data;
    type Input = SubmitContainerStateChangeRequest;
    type Output = Acknowledgment;
    type Error = Error;

    fn needs(call: &Call, input: &Self::Input) -> Result<Vec<Need>> {
        let arn = clusters::arn(call, input.cluster.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, input: Self::Input) -> Result<Acknowledgment> {
        grant.require(Self::ACTION)?;
        tasks::report_container(call, input).await?;
        Ok(Acknowledgment { acknowledgment: "ACK".to_owned() })
    }
}
