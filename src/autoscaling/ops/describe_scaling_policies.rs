//! `DescribeScalingPolicies`: policies of all services or of one, by name, with their alarms.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingPolicies.html>

use app::Grant;
use app::api::Call;
use aws::{Moment, Need, Operation};
use serde::{Deserialize, Serialize};
use store::scaling_policies::{self, ScalingPolicyRow};

use crate::alarms::{self, Alarm};
use crate::error::Error;
use crate::names::{self, DIMENSION, NAMESPACE};
use crate::paging;
use crate::policies::{self, Document};
use crate::shapes::TargetTracking;

/// The operation.
pub(crate) struct DescribeScalingPolicies;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_names: Option<Vec<String>>,
    service_namespace: String,
    resource_id: Option<String>,
    scalable_dimension: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    scaling_policies: Vec<ScalingPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ScalingPolicy {
    #[serde(rename = "PolicyARN")]
    policy_arn: String,
    policy_name: String,
    service_namespace: &'static str,
    resource_id: String,
    scalable_dimension: &'static str,
    policy_type: &'static str,
    target_tracking_scaling_policy_configuration: TargetTracking,
    alarms: Vec<Alarm>,
    creation_time: Moment,
}

impl ScalingPolicy {
    fn of(row: ScalingPolicyRow, document: Document, alarms: Vec<Alarm>) -> Self {
        Self {
            policy_arn: alarms::arn(&row, &document),
            policy_name: row.name,
            service_namespace: NAMESPACE,
            resource_id: row.resource_id,
            scalable_dimension: DIMENSION,
            policy_type: "TargetTrackingScaling",
            target_tracking_scaling_policy_configuration: document.target_tracking,
            alarms,
            creation_time: row.created_at.into(),
        }
    }
}

impl Operation for DescribeScalingPolicies {
    type Call = Call;
    const NAME: &'static str = "DescribeScalingPolicies";
    const ACTION: &'static str = "application-autoscaling:DescribeScalingPolicies";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        names::check(&input.service_namespace, input.scalable_dimension.as_deref())?;
        paging::limit(input.max_results)?;
        Ok(vec![names::need_to_list(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let wanted = input.policy_names.unwrap_or_default();
        grant.require(Self::ACTION)?;
        let limit = paging::limit(input.max_results)?;
        let mut conn = call.ctx.app.db().reader().await?;
        let list = format!("{} {:?} {:?}", Self::NAME, input.resource_id, wanted);
        let registry = &call.ctx.registry;
        let place: Option<(String, String)> = paging::open(call, &list, input.next_token.as_deref())?;
        let (resource_id, name) =
            place.unwrap_or_else(|| (input.resource_id.clone().unwrap_or_default(), String::new()));
        let mut rows = match (&input.resource_id, wanted.as_slice()) {
            // Their number is limited.
            (Some(resource_id), _) => {
                let mut rows = scaling_policies::list_of(&mut conn, registry, resource_id).await?;
                rows.retain(|row| row.name > name && (wanted.is_empty() || wanted.contains(&row.name)));
                rows
            }
            (None, []) => scaling_policies::list(&mut conn, registry, (&resource_id, &name), limit + 1).await?,
            // Terraform asks for the name alone.
            (None, names) => {
                scaling_policies::list_named(&mut conn, registry, names, (&resource_id, &name), limit + 1).await?
            }
        };
        let next_token = paging::cut(call, &list, &mut rows, limit, |row| (row.resource_id.clone(), row.name.clone()))?;
        let found = policies::read(rows);
        let there = alarms::find(&mut conn, registry, &found).await?.into_keys().collect();
        let show = |(row, document): (ScalingPolicyRow, Document)| {
            let alarms = alarms::shown(&row, &document, &there);
            ScalingPolicy::of(row, document, alarms)
        };
        let scaling_policies = found.into_iter().map(show).collect();
        Ok(Output { scaling_policies, next_token })
    }
}
