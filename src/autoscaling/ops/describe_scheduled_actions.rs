//! `DescribeScheduledActions`: scheduled actions of all services or of one, by name.
//! <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScheduledActions.html>

use app::Grant;
use app::api::Call;
use aws::{Moment, Need, Operation};
use serde::{Deserialize, Serialize};
use store::scheduled_actions::{self, ScheduledActionRow};
use types::Timestamp;

use crate::error::Error;
use crate::names::{self, DIMENSION, NAMESPACE};
use crate::paging;
use crate::shapes::ScalableTargetAction;

/// The operation.
pub(crate) struct DescribeScheduledActions;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    scheduled_action_names: Option<Vec<String>>,
    service_namespace: String,
    resource_id: Option<String>,
    scalable_dimension: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    scheduled_actions: Vec<ScheduledAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduledAction {
    scheduled_action_name: String,
    #[serde(rename = "ScheduledActionARN")]
    scheduled_action_arn: String,
    service_namespace: &'static str,
    schedule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    resource_id: String,
    scalable_dimension: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<Moment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<Moment>,
    scalable_target_action: ScalableTargetAction,
    creation_time: Moment,
}

impl ScheduledAction {
    fn of(row: ScheduledActionRow) -> Option<Self> {
        let document = crate::scheduled_actions::document(&row)?;
        let moment = |micros: Option<i64>| micros.map(|micros| Moment(Timestamp::from_micros(micros)));
        Some(Self {
            scheduled_action_arn: names::action_arn(&row.registry, &document.uuid, &row.resource_id, &row.name),
            scheduled_action_name: row.name,
            service_namespace: NAMESPACE,
            schedule: document.schedule,
            timezone: document.timezone,
            resource_id: row.resource_id,
            scalable_dimension: DIMENSION,
            start_time: moment(document.start),
            end_time: moment(document.end),
            scalable_target_action: document.action,
            creation_time: row.created_at.into(),
        })
    }
}

impl Operation for DescribeScheduledActions {
    type Call = Call;
    const NAME: &'static str = "DescribeScheduledActions";
    const ACTION: &'static str = "application-autoscaling:DescribeScheduledActions";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        names::check(&input.service_namespace, input.scalable_dimension.as_deref())?;
        paging::limit(input.max_results)?;
        Ok(vec![names::need_to_list(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let wanted = input.scheduled_action_names.unwrap_or_default();
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
                let mut rows = scheduled_actions::list_of(&mut conn, registry, resource_id).await?;
                rows.retain(|row| row.name > name && (wanted.is_empty() || wanted.contains(&row.name)));
                rows
            }
            (None, []) => scheduled_actions::list(&mut conn, registry, (&resource_id, &name), limit + 1).await?,
            // Terraform asks for the name alone.
            (None, names) => {
                scheduled_actions::list_named(&mut conn, registry, names, (&resource_id, &name), limit + 1).await?
            }
        };
        let next_token = paging::cut(call, &list, &mut rows, limit, |row| (row.resource_id.clone(), row.name.clone()))?;
        let scheduled_actions = rows.into_iter().filter_map(ScheduledAction::of).collect();
        Ok(Output { scheduled_actions, next_token })
    }
}
