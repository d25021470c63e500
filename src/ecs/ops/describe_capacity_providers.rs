//! `DescribeCapacityProviders`: the capacity providers that are built in.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeCapacityProviders.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::capacity_providers;
use crate::clusters;
use crate::error::{Error, Result};
use crate::paging::Paging;
use crate::shapes::failure::Failure;
use crate::tags::Tag;

/// How many one call may name.
const MOST: usize = 100;

/// The operation.
pub(crate) struct DescribeCapacityProviders;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(default)]
    capacity_providers: Vec<String>,
    cluster: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    capacity_providers: Vec<CapacityProvider>,
    failures: Vec<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProvider.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CapacityProvider {
    capacity_provider_arn: String,
    name: &'static str,
    status: &'static str,
    tags: Vec<Tag>,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Operation for DescribeCapacityProviders {
    type Call = Call;
    const NAME: &'static str = "DescribeCapacityProviders";
    const ACTION: &'static str = "ecs:DescribeCapacityProviders";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let registry = &call.ctx.registry;
        let named = input.capacity_providers.iter().filter_map(|given| capacity_providers::find(registry, given));
        let on = |name| Resource::Arn(call.account().clone(), capacity_providers::arn(registry, name));
        let needs: Vec<Need> = named.map(|name| Need::new(Self::ACTION, on(name))).collect();
        Ok(if needs.is_empty() { vec![Need::new(Self::ACTION, Resource::Any)] } else { needs })
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        if input.capacity_providers.len() > MOST {
            return Err(Error::InvalidParameter(format!("CapacityProviders can not have more than {MOST} elements.")));
        }
        let registry = &call.ctx.registry;
        let paging = Paging::read(call, Self::NAME, &[], input.next_token.as_deref(), input.max_results, 10)?;
        let of_cluster = match input.cluster.as_deref() {
            None | Some("") => None,
            Some(given) => Some(clusters::find(call, Some(given)).await?.document.capacity_providers),
        };
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        if input.capacity_providers.is_empty() {
            found.extend(capacity_providers::BUILT_IN);
        }
        for given in &input.capacity_providers {
            match capacity_providers::find(registry, given) {
                Some(name) => found.push(name),
                None if given.starts_with("arn:") => failures.push(Failure::missing(given)),
                None => failures.push(Failure::missing(capacity_providers::arn(registry, given).to_string())),
            }
        }
        found.retain(|name| of_cluster.as_ref().is_none_or(|of| of.iter().any(|one| one == name)));
        found.sort_unstable();
        found.dedup();
        found.retain(|name| *name > paging.after.as_str());
        let (page, next_token) = paging.page(call, found, |name| name)?;
        let shown = page.into_iter().map(|name| CapacityProvider {
            capacity_provider_arn: capacity_providers::arn(registry, name).to_string(),
            name,
            status: "ACTIVE",
            tags: Vec::new(),
            kind: name,
        });
        Ok(Output { capacity_providers: shown.collect(), failures, next_token })
    }
}
