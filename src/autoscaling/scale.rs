//! Looks at all targets, again and again: does what is scheduled, reads what was measured, has it decided, and sets the
//! number of tasks by the rule of services.

use std::time::Duration;

use app::{App, Error as Rule};
use cloudwatch::metrics::{self, Query};
use ecs::services::scaling;
use store::scalable_targets::{self, ScalableTargetRow};
use store::scaling_policies::{self, ScalingPolicyRow};
use store::{Conn, Pending};
use types::{RegistryId, Timestamp};

use crate::activities::{self, note};
use crate::decide::{COOLDOWN, Policy, Situation, Why, decide};
use crate::policies::{self, Document};
use crate::scheduled_actions;
use crate::targets::{self, State};

/// How often. What is measured is measured by the minute; limits and schedules are to hold sooner.
pub const EVERY: Duration = Duration::from_secs(15);

const MINUTE: Duration = Duration::from_secs(60);
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
    let minutes = |long: Duration| usize::try_from(long.as_secs() / 60).unwrap_or(usize::MAX).max(1);
    let (high, low) = (minutes(app.config().scale_out_after), minutes(app.config().scale_in_after));
    let mut conn = app.db().reader().await?;
    let Some(service) = scaling::find(&mut conn, &target.registry, cluster, name).await? else {
        // It may come back; until then there is nothing to scale.
        return Ok(());
    };
    let rows = scaling_policies::list_of(&mut conn, &target.registry, &target.resource_id).await?;
    let mut read = Vec::new();
    for row in &rows {
        if let Some(found) = read_policy(&mut conn, row, high.max(low), now).await? {
            read.push(found);
        }
    }
    drop(conn);
    let (documents, read): (Vec<(&ScalingPolicyRow, Document)>, Vec<Policy>) = read.into_iter().unzip();
    let suspended = targets::document(&target).suspended;
    let state: State = serde_json::from_str(&target.state).unwrap_or_default();
    let situation = Situation {
        now,
        current: service.desired_count,
        min: target.min_capacity,
        max: target.max_capacity,
        is_deploying: service.is_deploying,
        may_scale_out: !suspended.dynamic_scaling_out_suspended,
        may_scale_in: !suspended.dynamic_scaling_in_suspended,
        high,
        low,
        last_out: state.last_out(),
        last_in: state.last_in(),
        policies: read,
    };
    let Some((wanted, why)) = decide(&situation) else {
        return Ok(());
    };
    let told = activities::Document {
        description: format!("Setting desired count to {wanted}."),
        cause: cause(&target, why, &documents),
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
            Box::pin(async move { apply(conn, &target, (service.desired_count, wanted, why), &told, now).await })
                as Pending<'_, (), Rule>
        })
        .await
}

/// Sets the count, unless something has changed since it was decided; then it is decided again soon.
async fn apply(
    conn: &mut Conn,
    seen: &ScalableTargetRow,
    (before, wanted, why): (u64, u64, Why),
    told: &activities::Document,
    now: Timestamp,
) -> app::Result<()> {
    let Some(names) = scaling::names(&seen.resource_id) else {
        return Ok(());
    };
    let Some(mut target) = scalable_targets::lock(conn, &seen.registry, &seen.resource_id).await? else {
        return Ok(());
    };
    if target != *seen || !scaling::set(conn, &seen.registry, names, (before, wanted), now).await? {
        return Ok(());
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

async fn read_policy<'r>(
    conn: &mut Conn,
    row: &'r ScalingPolicyRow,
    minutes: usize,
    now: Timestamp,
) -> app::Result<Option<((&'r ScalingPolicyRow, Document), Policy)>> {
    let Some(document) = policies::document(row) else {
        return Ok(None);
    };
    let Some(source) = policies::source(row, &document) else {
        return Ok(None);
    };
    // One more than is needed: the last may not be told yet.
    let count = u32::try_from(minutes).unwrap_or(u32::MAX).saturating_add(1);
    let end = now.before(Duration::from_micros(now.micros().rem_euclid(60_000_000).unsigned_abs()));
    let begin = end.before(MINUTE * count);
    let query = Query { metric: &source.metric, unit: source.unit.as_deref(), times: (begin, end), period: MINUTE };
    let periods = metrics::read(conn, &row.registry, &query).await?;
    let value = |minute| periods.get(&begin.after(MINUTE * minute)).map(|found| found.get(source.statistic));
    let tracking = &document.target_tracking;
    let cooldown =
        |given: Option<i64>| given.and_then(|given| u64::try_from(given).ok()).map_or(COOLDOWN, Duration::from_secs);
    let policy = Policy {
        target: tracking.target_value,
        values: (0..count).map(value).collect(),
        out_cooldown: cooldown(tracking.scale_out_cooldown),
        in_cooldown: cooldown(tracking.scale_in_cooldown),
        scales_in: tracking.disable_scale_in != Some(true),
    };
    Ok(Some(((row, document), policy)))
}

/// Why, in the words of AWS.
fn cause(target: &ScalableTargetRow, why: Why, policies: &[(&ScalingPolicyRow, Document)]) -> String {
    let (place, side) = match why {
        Why::Minimum => return format!("minimum capacity was set to {}", target.min_capacity),
        Why::Maximum => return format!("maximum capacity was set to {}", target.max_capacity),
        Why::Out(place) => (place, "AlarmHigh"),
        Why::In(place) => (place, "AlarmLow"),
    };
    let Some((row, document)) = policies.get(place) else {
        return String::new();
    };
    let (resource, uuid) = (&target.resource_id, &document.uuid);
    format!("monitor alarm TargetTracking-{resource}-{side}-{uuid} in state ALARM triggered policy {}", row.name)
}
