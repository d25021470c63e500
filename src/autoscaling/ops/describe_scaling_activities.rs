//! `DescribeScalingActivities`: what was scaled and why, the latest first, for six weeks. Decisions not to scale are not kept.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};
use store::scaling_activities;

use crate::activities::ScalingActivity;
use crate::error::Error;
use crate::{names, paging};

/// The operation.
pub(crate) struct DescribeScalingActivities;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    service_namespace: String,
    resource_id: Option<String>,
    scalable_dimension: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    scaling_activities: Vec<ScalingActivity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for DescribeScalingActivities {
    type Call = Call;
    const NAME: &'static str = "DescribeScalingActivities";
    const ACTION: &'static str = "application-autoscaling:DescribeScalingActivities";
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
        let list = format!("{} {:?}", Self::NAME, input.resource_id);
        let before: Option<String> = paging::open(call, &list, input.next_token.as_deref())?;
        // Ids are hexadecimal.
        let before = before.unwrap_or_else(|| "g".to_owned());
        let mut conn = call.ctx.app.db().reader().await?;
        let registry = &call.ctx.registry;
        let mut rows = match &input.resource_id {
            Some(resource_id) => {
                scaling_activities::list_of(&mut conn, registry, resource_id, &before, limit + 1).await?
            }
            None => scaling_activities::list(&mut conn, registry, &before, limit + 1).await?,
        };
        let next_token = paging::cut(call, &list, &mut rows, limit, |row| row.activity_id.clone())?;
        Ok(Output { scaling_activities: rows.into_iter().map(ScalingActivity::from).collect(), next_token })
    }
}
