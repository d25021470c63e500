//! `PutScalingPolicy`: a policy is made or replaced, with its alarms. It tracks a target; the other types are refused.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Violations};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::alarms::Alarm;
use crate::error::Error;
use crate::shapes::TargetTracking;
use crate::{failures, names, policies};

/// The operation.
pub(crate) struct PutScalingPolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_name: String,
    service_namespace: String,
    resource_id: String,
    scalable_dimension: String,
    policy_type: Option<String>,
    step_scaling_policy_configuration: Option<Value>,
    target_tracking_scaling_policy_configuration: Option<TargetTracking>,
    predictive_scaling_policy_configuration: Option<Value>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    #[serde(rename = "PolicyARN")]
    policy_arn: String,
    #[serde(rename = "Alarms")]
    alarms: Vec<Alarm>,
}

impl Operation for PutScalingPolicy {
    type Call = Call;
    const NAME: &'static str = "PutScalingPolicy";
    const ACTION: &'static str = "application-autoscaling:PutScalingPolicy";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        names::check_name("policyName", &input.policy_name)?;
        names::check_all(&input.service_namespace, &input.scalable_dimension, &input.resource_id)?;
        let mut violations = Violations::new();
        if let Some(kind) = &input.policy_type {
            let kinds = ["StepScaling", "TargetTrackingScaling", "PredictiveScaling"];
            violations.one_of("policyType", kind, &kinds);
        }
        failures::finish(&violations)?;
        Ok(vec![names::need(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let other = input.step_scaling_policy_configuration.is_some()
            || input.predictive_scaling_policy_configuration.is_some()
            || input.policy_type.as_deref() != Some("TargetTrackingScaling");
        if other {
            return Err(failures::invalid(
                "Scaling policies of the type TargetTrackingScaling are supported, StepScaling and PredictiveScaling are \
                 not. The default of PolicyType is StepScaling.",
            ));
        }
        if let (Some(tracking), Some(service)) =
            (&input.target_tracking_scaling_policy_configuration, ecs::services::scaling::names(&input.resource_id))
        {
            tracking.source(service)?;
        }
        let tracking = input.target_tracking_scaling_policy_configuration;
        let (policy_arn, alarms) = policies::put(call, grant, (input.resource_id, input.policy_name), tracking).await?;
        Ok(Output { policy_arn, alarms })
    }
}
