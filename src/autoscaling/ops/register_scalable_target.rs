//! `RegisterScalableTarget`: a service is registered, or its limits change.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html>

use app::Grant;
use app::api::Call;
use std::collections::BTreeMap;

use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::names;
use crate::shapes::SuspendedState;
use crate::targets::{self, Request};

/// The operation.
pub(crate) struct RegisterScalableTarget;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    service_namespace: String,
    resource_id: String,
    scalable_dimension: String,
    min_capacity: Option<i64>,
    max_capacity: Option<i64>,
    #[serde(rename = "RoleARN")]
    role_arn: Option<String>,
    suspended_state: Option<SuspendedState>,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    #[serde(rename = "ScalableTargetARN")]
    scalable_target_arn: String,
}

impl Operation for RegisterScalableTarget {
    type Call = Call;
    const NAME: &'static str = "RegisterScalableTarget";
    const ACTION: &'static str = "application-autoscaling:RegisterScalableTarget";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        names::check_all(&input.service_namespace, &input.scalable_dimension, &input.resource_id)?;
        let tags = input.tags.iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()));
        Ok(vec![names::need(call, Self::ACTION).with_request_tags(tags)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let request = Request {
            resource_id: input.resource_id,
            min: input.min_capacity,
            max: input.max_capacity,
            role_arn: input.role_arn,
            suspended: input.suspended_state,
            tags: input.tags.unwrap_or_default(),
        };
        Ok(Output { scalable_target_arn: targets::register(call, grant, request).await? })
    }
}
