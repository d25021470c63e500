//! `SubmitAttachmentStateChanges`: an agent says that attachments arrived. Nothing is attached from outside here: the
//! interfaces of tasks are made by the agent itself, and told with the task.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_SubmitAttachmentStateChanges.html>

use acs::api::{Acknowledgment, SubmitAttachmentStateChangesRequest};
use app::Grant;
use app::api::Call;
use aws::{Audit, Need, Operation, Resource};

use crate::clusters;
use crate::error::{Error, Result};

/// The operation.
pub(crate) struct SubmitAttachmentStateChanges;

impl Operation for SubmitAttachmentStateChanges {
    type Call = Call;
    const NAME: &'static str = "SubmitAttachmentStateChanges";
    const ACTION: &'static str = "ecs:SubmitAttachmentStateChanges";
    const AUDIT: Audit = Audit::Data;
    type Input = SubmitAttachmentStateChangesRequest;
    type Output = Acknowledgment;
    type Error = Error;

    fn needs(call: &Call, input: &Self::Input) -> Result<Vec<Need>> {
        let arn = clusters::arn(call, input.cluster.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, input: Self::Input) -> Result<Acknowledgment> {
        grant.require(Self::ACTION)?;
        clusters::find(call, input.cluster.as_deref()).await?;
        Ok(Acknowledgment { acknowledgment: "ACK".to_owned() })
    }
}
