//! `DescribeScalableTargets`: services that are registered, all or those that are named.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalableTargets.html>

use app::Grant;
use app::api::Call;
use aws::{Moment, Need, Operation};
use serde::{Deserialize, Serialize};
use store::scalable_targets::{self, ScalableTargetRow};

use crate::error::Error;
use crate::names::{self, DIMENSION, NAMESPACE};
use crate::shapes::SuspendedState;
use crate::{paging, targets};

/// The operation.
pub(crate) struct DescribeScalableTargets;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    service_namespace: String,
    resource_ids: Option<Vec<String>>,
    scalable_dimension: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    scalable_targets: Vec<ScalableTarget>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ScalableTarget {
    service_namespace: &'static str,
    resource_id: String,
    scalable_dimension: &'static str,
    min_capacity: u64,
    max_capacity: u64,
    #[serde(rename = "RoleARN")]
    role_arn: String,
    creation_time: Moment,
    suspended_state: SuspendedState,
    #[serde(rename = "ScalableTargetARN")]
    scalable_target_arn: String,
}

impl From<ScalableTargetRow> for ScalableTarget {
    fn from(row: ScalableTargetRow) -> Self {
        let document = targets::document(&row);
        // Where nobody named a role, AWS shows that of the service.
        let role_arn = document.role_arn.unwrap_or_else(|| {
            format!(
                "arn:aws:iam::{}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/\
                 AWSServiceRoleForApplicationAutoScaling_ECSService",
                row.registry.account
            )
        });
        Self {
            service_namespace: NAMESPACE,
            scalable_target_arn: names::target_arn(&row.registry, &row.scalable_target_id).to_string(),
            resource_id: row.resource_id,
            scalable_dimension: DIMENSION,
            min_capacity: row.min_capacity,
            max_capacity: row.max_capacity,
            role_arn,
            creation_time: row.created_at.into(),
            suspended_state: document.suspended,
        }
    }
}

impl Operation for DescribeScalableTargets {
    type Call = Call;
    const NAME: &'static str = "DescribeScalableTargets";
    const ACTION: &'static str = "application-autoscaling:DescribeScalableTargets";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        names::check(&input.service_namespace, input.scalable_dimension.as_deref())?;
        paging::limit(input.max_results)?;
        Ok(vec![names::need_to_list(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let limit = paging::limit(input.max_results)?;
        let (app, registry) = (&call.ctx.app, &call.ctx.registry);
        let mut conn = app.db().reader().await?;
        if let Some(ids) = input.resource_ids.filter(|ids| !ids.is_empty()) {
            if ids.len() > 50 {
                return Err(crate::failures::invalid("At most 50 resource IDs can be given."));
            }
            let mut found = Vec::new();
            for id in ids {
                found.extend(scalable_targets::find(&mut conn, registry, &id).await?);
            }
            return Ok(Output {
                scalable_targets: found.into_iter().map(ScalableTarget::from).collect(),
                next_token: None,
            });
        }
        let after: String = paging::open(call, Self::NAME, input.next_token.as_deref())?.unwrap_or_default();
        let mut rows = scalable_targets::list(&mut conn, registry, &after, limit + 1).await?;
        let next_token = paging::cut(call, Self::NAME, &mut rows, limit, |row| row.resource_id.clone())?;
        Ok(Output { scalable_targets: rows.into_iter().map(ScalableTarget::from).collect(), next_token })
    }
}
