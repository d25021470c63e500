//! Looks at all targets, again and again: does what is scheduled, looks at the alarms of policies, has it decided, and sets
//! the number of tasks by the rule of services.

use std::collections::BTreeMap;
use std::time::Duration;

use app::{App, Error as Rule};
use cloudwatch::watches::{self, Side};
use ecs::services::scaling::{self, MOST_TASKS};
use store::alarms::AlarmRow;
use store::scalable_targets::{self, ScalableTargetRow};
use store::scaling_policies::ScalingPolicyRow;
use store::{Conn, Pending};
use types::{RegistryId, Timestamp};

use crate::activities::{self, note};
use crate::alarms::{self, Told};
use crate::decide::{COOLDOWN, Policy, Situation, Why, decide};
use crate::policies::{self, Document};
use crate::scheduled_actions;
use crate::targets::{self, State};

/// How often. What is measured is measured by the minute; limits and schedules are to hold sooner.
pub const EVERY: Duration = Duration::from_secs(15);

/// Targets of one page.
const PAGE: usize = 100;

/// Looks at all targets once.
pub async fn scale(app: &App) -> app::Result<()> {
    scheduled_actions::run_due(app).await?;
    let mut place = (String::new(), String::new(), String::new());
    loop {
        let mut conn = app.db().reader().await?;
        let found = scalable_targets::list_all(&mut conn, (&place.0, &place.1, &place.2), PAGE).await?;
        drop(conn);
        let Some(last) = found.last() else {
            return Ok(());
        };
        let RegistryId { account, region } = &last.registry;
        place = (account.to_string(), region.to_string(), last.resource_id.clone());
        for target in found {
            scale_one(app, target).await?;
        }
    }
}

async fn scale_one(app: &App, target: ScalableTargetRow) -> app::Result<()> {
    let Some((cluster, name)) = scaling::names(&target.resource_id) else {
        return Ok(());
    };
    let now = app.now();
    let mut conn = app.db().reader().await?;
    let Some(service) = scaling::find(&mut conn, &target.registry, cluster, name).await? else {
        // It may come back; until then there is nothing to scale.
        return Ok(());
    };
    drop(conn);
    let policies = policies::list_with_alarms(app, &target, now).await?;
    let mut there = alarms::find(&mut app.db().reader().await?, &target.registry, &policies).await?;
    let mut read = Vec::new();
    for policy in &policies {
        read.push(read_policy(app, policy, &mut there).await?);
    }
    let suspended = targets::document(&target).suspended;
    let state: State = serde_json::from_str(&target.state).unwrap_or_default();
    let situation = Situation {
        now,
        current: service.desired_count,
        // Limits may be larger than what a service may have, as on AWS.
        min: target.min_capacity.min(MOST_TASKS),
        max: target.max_capacity.min(MOST_TASKS),
        is_deploying: service.is_deploying,
        may_scale_out: !suspended.dynamic_scaling_out_suspended,
        may_scale_in: !suspended.dynamic_scaling_in_suspended,
        last_out: state.last_out(),
        last_in: state.last_in(),
        policies: read,
    };
    let Some((wanted, why)) = decide(&situation) else {
        return Ok(());
    };
    let trigger = Trigger::of(why, &policies);
    let told = activities::Document {
        description: format!("Setting desired count to {wanted}."),
        cause: cause(&target, why, trigger.as_ref()),
        status_message: format!("Successfully set desired count to {wanted}. Change successfully fulfilled by ecs."),
    };
    tracing::info!(
        resource = target.resource_id,
        from = service.desired_count,
        to = wanted,
        cause = told.cause,
        "a service is scaled"
    );
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                apply(conn, &target, (service.desired_count, wanted, why), (trigger.as_ref(), &told), now).await
            }) as Pending<'_, (), Rule>
        })
        .await
}

/// Sets the count, unless something has changed since it was decided; then it is decided again soon.
async fn apply(
    conn: &mut Conn,
    seen: &ScalableTargetRow,
    (before, wanted, why): (u64, u64, Why),
    (trigger, told): (Option<&Trigger>, &activities::Document),
    now: Timestamp,
) -> app::Result<()> {
    let Some(names) = scaling::names(&seen.resource_id) else {
        return Ok(());
    };
    let Some(mut target) = scalable_targets::lock(conn, &seen.registry, &seen.resource_id).await? else {
        return Ok(());
    };
    if target != *seen {
        return Ok(());
    }
    if let Some(Trigger { alarm, action, .. }) = trigger
        && !watches::lock(conn, &seen.registry, alarm, action).await?
    {
        return Ok(());
    }
    if !scaling::set(conn, &seen.registry, names, (before, wanted), now).await? {
        return Ok(());
    }
    if let Some(Trigger { alarm, action, .. }) = trigger {
        watches::note(conn, &seen.registry, alarm, action, now).await?;
    }
    let mut state: State = serde_json::from_str(&target.state).unwrap_or_default();
    match why {
        Why::Out(_) => (state.out_at, state.out_from) = (Some(now.micros()), before),
        Why::In(_) => state.in_at = Some(now.micros()),
        // What limits bring about is no answer to a load, so no policy waits for its effect.
        Why::Minimum | Why::Maximum => {}
    }
    target.state = serde_json::to_string(&state).map_err(|_| Rule::Internal)?;
    scalable_targets::update(conn, &target).await?;
    note(conn, &target.registry, &target.resource_id, told, now).await
}

async fn read_policy(
    app: &App,
    policy: &(ScalingPolicyRow, Document),
    there: &mut BTreeMap<String, AlarmRow>,
) -> app::Result<Policy> {
    let Told { above, below } = alarms::look(app, policy, there).await?;
    let tracking = &policy.1.target_tracking;
    let cooldown =
        |given: Option<i64>| given.and_then(|given| u64::try_from(given).ok()).map_or(COOLDOWN, Duration::from_secs);
    Ok(Policy {
        target: tracking.target_value,
        above,
        below,
        out_cooldown: cooldown(tracking.scale_out_cooldown),
        in_cooldown: cooldown(tracking.scale_in_cooldown),
        scales_in: tracking.scales_in(),
    })
}

/// The alarm by which a policy scales.
struct Trigger {
    alarm: String,
    policy: String,
    /// The ARN of the policy, which the alarm names.
    action: String,
}

impl Trigger {
    fn of(why: Why, policies: &[(ScalingPolicyRow, Document)]) -> Option<Self> {
        let (place, side) = match why {
            Why::Minimum | Why::Maximum => return None,
            Why::Out(place) => (place, Side::Above),
            Why::In(place) => (place, Side::Below),
        };
        let (row, document) = policies.get(place)?;
        let alarm = alarms::name(&row.resource_id, side, &document.uuid);
        Some(Self { alarm, policy: row.name.clone(), action: alarms::arn(row, document) })
    }
}

/// Why, in the words of AWS.
fn cause(target: &ScalableTargetRow, why: Why, trigger: Option<&Trigger>) -> String {
    match (why, trigger) {
        (Why::Minimum, _) => format!("minimum capacity was set to {}", target.min_capacity),
        (Why::Maximum, _) => format!("maximum capacity was set to {}", target.max_capacity),
        (Why::Out(_) | Why::In(_), Some(Trigger { alarm, policy, .. })) => {
            format!("monitor alarm {alarm} in state ALARM triggered policy {policy}")
        }
        (Why::Out(_) | Why::In(_), None) => String::new(),
    }
}
