//! `RegisterContainerInstance`: an agent makes its host a container instance, or says again what it is.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterContainerInstance.html>
//!
//! Identity documents of EC2 are not looked at: whoever is allowed to register hosts is believed.

use acs::api::RegisterContainerInstanceRequest;
use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::Serialize;

use crate::arns;
use crate::clusters;
use crate::container_instances::{self, Document, Registration};
use crate::error::{Error, Result};
use crate::shapes::container_instance::{ContainerInstance, Counts};
use crate::tags::Tag;

/// The operation.
pub(crate) struct RegisterContainerInstance;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    container_instance: ContainerInstance,
}

impl Operation for RegisterContainerInstance {
    type Call = Call;
    const NAME: &'static str = "RegisterContainerInstance";
    const ACTION: &'static str = "ecs:RegisterContainerInstance";
    type Input = RegisterContainerInstanceRequest;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Self::Input) -> Result<Vec<Need>> {
        let arn = clusters::arn(call, input.cluster.as_deref())?;
        let on = |action| Need::new(action, Resource::Arn(call.account().clone(), arn.clone()));
        let mut needs = vec![on(Self::ACTION)];
        if !input.tags.is_empty() {
            let tags = input.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str()));
            let need = on("ecs:TagResource").with("ecs:CreateAction", [Self::NAME.to_owned()]);
            needs.push(need.with_request_tags(tags));
        }
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Self::Input) -> Result<Output> {
        let registry = &call.ctx.registry;
        let name = arns::cluster_name(registry, input.cluster.as_deref())?.to_owned();
        let tags: Vec<Tag> = input.tags.into_iter().map(|tag| Tag { key: tag.key, value: tag.value }).collect();
        let said = Registration {
            arn: input.container_instance_arn,
            resources: input.total_resources,
            document: Document {
                attributes: input.attributes,
                version_info: input.version_info,
                platform_devices: input.platform_devices,
                client_token: input.client_token,
                ..Document::default()
            },
            tags: tags.clone(),
        };
        let (_, instance) = container_instances::register(call, grant, &name, said).await?;
        let counts = Counts::default();
        let now = call.ctx.app.now();
        Ok(Output { container_instance: ContainerInstance::new(registry, &name, instance, counts, tags, now) })
    }
}
