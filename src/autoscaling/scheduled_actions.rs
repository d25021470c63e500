//! Scheduled actions: the limits of services change by the clock.

use app::api::Call;
use app::{App, Error as Rule, Grant};
use serde::{Deserialize, Serialize};
use store::scheduled_actions::{self, ScheduledActionRow};
use store::{Conn, Pending, scalable_targets};
use types::Timestamp;
use uuid::Uuid;

use crate::activities::{self, note};
use crate::error::Error;
use crate::failures;
use crate::schedule::Schedule;
use crate::shapes::ScalableTargetAction;
use crate::targets::{self, write};

/// Scheduled actions that a target can have.
const MOST: usize = 200;
/// Actions that are looked at together.
const BATCH: usize = 100;

/// What a row keeps of an action. Times are microseconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Document {
    /// Of its ARN.
    pub(crate) uuid: String,
    pub(crate) schedule: String,
    pub(crate) timezone: Option<String>,
    pub(crate) start: Option<i64>,
    pub(crate) end: Option<i64>,
    pub(crate) action: ScalableTargetAction,
    /// From when on a rate is reckoned.
    pub(crate) begun: i64,
}

impl Document {
    /// When it is due after a time.
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        let schedule = Schedule::read(&self.schedule, self.timezone.as_deref())?;
        let begun = Timestamp::from_micros(self.start.unwrap_or(self.begun));
        // What is due when it starts is due then.
        let after = after.max(Timestamp::from_micros(self.start.unwrap_or(0).saturating_sub(1)));
        let next = schedule.next(begun, after)?;
        self.end.is_none_or(|end| next.micros() <= end).then_some(next)
    }
}

/// From its row. None if it cannot be read; that is told.
pub(crate) fn document(row: &ScheduledActionRow) -> Option<Document> {
    let read = serde_json::from_str(&row.document);
    read.inspect_err(|error| tracing::error!(%error, action = row.name, "a scheduled action is damaged")).ok()
}

/// What a client asks for. What is none stays as it is.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) resource_id: String,
    pub(crate) name: String,
    pub(crate) schedule: Option<String>,
    pub(crate) timezone: Option<String>,
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
    pub(crate) action: Option<ScalableTargetAction>,
}

/// Makes an action, or changes the one of that name.
pub(crate) async fn put(call: &Call, grant: &Grant, request: Request) -> Result<(), Error> {
    grant.require("application-autoscaling:PutScheduledAction")?;
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            targets::lock(conn, &registry, &request.resource_id).await?;
            let known = scheduled_actions::list_of(conn, &registry, &request.resource_id).await?;
            let same = known.iter().find(|row| row.name == request.name);
            if same.is_none() && known.len() >= MOST {
                return Err(failures::limit(format!(
                    "A scalable target can have no more than {MOST} scheduled actions"
                )));
            }
            let same = same.and_then(document);
            let kept = same.as_ref();
            let document = Document {
                uuid: kept.map_or_else(|| Uuid::new_v4().to_string(), |kept| kept.uuid.clone()),
                schedule: request
                    .schedule
                    .or_else(|| Some(kept?.schedule.clone()))
                    .ok_or_else(|| failures::invalid("Schedule is required"))?,
                timezone: request.timezone.or_else(|| kept?.timezone.clone()),
                start: request.start.map(Timestamp::micros).or_else(|| kept?.start),
                end: request.end.map(Timestamp::micros).or_else(|| kept?.end),
                action: request.action.or_else(|| Some(kept?.action)).unwrap_or_default(),
                begun: now.micros(),
            };
            check(&document)?;
            let row = ScheduledActionRow {
                registry,
                resource_id: request.resource_id,
                name: request.name,
                next_at: document.next(now),
                document: serde_json::to_string(&document)?,
                created_at: now,
            };
            Ok(scheduled_actions::upsert(conn, &row).await?)
        })
    })
    .await
}

fn check(document: &Document) -> Result<(), Error> {
    if Schedule::read(&document.schedule, document.timezone.as_deref()).is_none() {
        return Err(failures::invalid(
            "Schedule must be at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(fields), in a time zone of IANA",
        ));
    }
    if matches!((document.start, document.end), (Some(start), Some(end)) if start >= end) {
        return Err(failures::invalid("Start time must be before end time"));
    }
    let ScalableTargetAction { min_capacity, max_capacity } = document.action;
    if min_capacity.is_none() && max_capacity.is_none() {
        return Err(failures::invalid("ScalableTargetAction must have MinCapacity, MaxCapacity or both"));
    }
    targets::check_limits(min_capacity, max_capacity)
}

/// Deletes an action.
pub(crate) async fn delete(call: &Call, grant: &Grant, resource_id: String, name: String) -> Result<(), Error> {
    grant.require("application-autoscaling:DeleteScheduledAction")?;
    let registry = call.ctx.registry.clone();
    write(call, move |conn| {
        Box::pin(async move {
            match scheduled_actions::delete(conn, &registry, &resource_id, &name).await? {
                true => Ok(()),
                false => Err(failures::no_action(&name, &resource_id)),
            }
        })
    })
    .await
}

/// Does what is due. What was missed while nobody looked is done once.
pub(crate) async fn run_due(app: &App) -> app::Result<()> {
    loop {
        let now = app.now();
        let due = scheduled_actions::list_due(&mut app.db().reader().await?, now, BATCH).await?;
        let count = due.len();
        for seen in due {
            app.db()
                .write_in_background(move |conn| {
                    Box::pin(async move { run_one(conn, &seen, now).await }) as Pending<'_, (), Rule>
                })
                .await?;
        }
        if count < BATCH {
            return Ok(());
        }
    }
}

async fn run_one(conn: &mut Conn, seen: &ScheduledActionRow, now: Timestamp) -> app::Result<()> {
    // Whoever changes an action holds its target.
    let Some(mut target) = scalable_targets::lock(conn, &seen.registry, &seen.resource_id).await? else {
        return Ok(());
    };
    let known = scheduled_actions::list_of(conn, &seen.registry, &seen.resource_id).await?;
    let Some(mut row) = known.into_iter().find(|row| row == seen) else {
        return Ok(());
    };
    let Some(document) = document(&row) else {
        row.next_at = None;
        return Ok(scheduled_actions::upsert(conn, &row).await?);
    };
    row.next_at = document.next(now);
    scheduled_actions::upsert(conn, &row).await?;
    if targets::document(&target).suspended.scheduled_scaling_suspended {
        return Ok(());
    }
    let before = (target.min_capacity, target.max_capacity);
    let ScalableTargetAction { min_capacity, max_capacity } = document.action;
    if !targets::set_limits(&mut target, min_capacity, max_capacity) {
        // The limit that is set wins over the one that is not.
        match min_capacity {
            Some(_) => target.max_capacity = target.min_capacity,
            None => target.min_capacity = target.max_capacity,
        }
    }
    if (target.min_capacity, target.max_capacity) == before {
        return Ok(());
    }
    scalable_targets::update(conn, &target).await?;
    let (min, max) = (target.min_capacity, target.max_capacity);
    let told = activities::Document {
        description: format!("Setting min capacity to {min} and max capacity to {max}"),
        cause: format!("scheduled action name {} was triggered", row.name),
        status_message: format!("Successfully set min capacity to {min} and max capacity to {max}"),
    };
    note(conn, &row.registry, &row.resource_id, &told, now).await
}
