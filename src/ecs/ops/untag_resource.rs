//! `UntagResource`: removes tags. Keys that are not there are not missed.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UntagResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Deserialize;
use store::ecs_tags;

use crate::clusters::write;
use crate::error::{Error, Result};
use crate::resources::Tagged;
use crate::tags;

/// How many keys one call may name.
const MOST: usize = 50;

/// The operation.
pub(crate) struct UntagResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    resource_arn: String,
    tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    type Call = Call;
    const NAME: &'static str = "UntagResource";
    const ACTION: &'static str = "ecs:UntagResource";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let registry = &call.ctx.registry;
        let arn = Tagged::read(registry, &input.resource_arn)?.arn(registry);
        let need = Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn));
        Ok(vec![need.with_tag_keys(input.tag_keys.clone())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<()> {
        grant.require(Self::ACTION)?;
        if input.tag_keys.len() > MOST {
            return Err(Error::InvalidParameter(format!("TagKeys can not have more than {MOST} elements.")));
        }
        tags::check_keys(&input.tag_keys)?;
        let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
        let tagged = Tagged::read(&registry, &input.resource_arn)?;
        write(call, move |conn| {
            Box::pin(async move {
                tagged.require(conn, &registry).await?;
                tagged.wake(conn, &registry, now).await?;
                for key in &input.tag_keys {
                    ecs_tags::delete(conn, &registry, &tagged.resource(), key).await?;
                }
                Ok(())
            })
        })
        .await
    }
}
