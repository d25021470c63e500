//! `ListTagsForResource`: the tags of a cluster, a task definition, a service, a task or a container instance.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTagsForResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::resources::Tagged;
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct ListTagsForResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    resource_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    tags: Vec<Tag>,
}

impl Operation for ListTagsForResource {
    type Call = Call;
    const NAME: &'static str = "ListTagsForResource";
    const ACTION: &'static str = "ecs:ListTagsForResource";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let registry = &call.ctx.registry;
        let arn = Tagged::read(registry, &input.resource_arn)?.arn(registry);
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let registry = &call.ctx.registry;
        let tagged = Tagged::read(registry, &input.resource_arn)?;
        let mut conn = call.ctx.app.db().reader().await?;
        tagged.require(&mut conn, registry).await.map_err(|error| match error {
            // This operation has no error of its own for it.
            Error::ResourceNotFound(message) => Error::InvalidParameter(message),
            other => other,
        })?;
        Ok(Output { tags: tags::list(&mut conn, registry, &tagged.resource()).await? })
    }
}
