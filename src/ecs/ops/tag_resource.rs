//! `TagResource`: sets tags of a cluster, a task definition, a service, a task or a container instance.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Deserialize;

use crate::clusters::write;
use crate::error::{Error, Result};
use crate::resources::Tagged;
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct TagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    resource_arn: String,
    tags: Vec<Tag>,
}

impl Operation for TagResource {
    type Call = Call;
    const NAME: &'static str = "TagResource";
    const ACTION: &'static str = "ecs:TagResource";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let registry = &call.ctx.registry;
        let arn = Tagged::read(registry, &input.resource_arn)?.arn(registry);
        let need = Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn));
        Ok(vec![need.with_request_tags(tags::pairs(&input.tags))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<()> {
        grant.require(Self::ACTION)?;
        tags::check(&input.tags)?;
        let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
        let tagged = Tagged::read(&registry, &input.resource_arn)?;
        write(call, move |conn| {
            Box::pin(async move {
                tagged.require(conn, &registry).await?;
                tagged.wake(conn, &registry, now).await?;
                tags::set(conn, &registry, &tagged.resource(), &input.tags).await
            })
        })
        .await
    }
}
