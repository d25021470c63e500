//! Scalable targets: services that are registered, their limits and their tags.

use std::collections::BTreeMap;

use app::Grant;
use app::api::Call;
use ecs::services::scaling;
use serde::{Deserialize, Serialize};
use store::scalable_targets::{self, ScalableTargetRow};
use store::{Conn, Pending, scheduled_actions};
use types::{RegistryId, Timestamp};
use uuid::Uuid;

use crate::error::Error;
use crate::names::target_arn;
use crate::shapes::SuspendedState;
use crate::{failures, policies};

/// Tags that a target can have.
const MOST_TAGS: usize = 50;
/// The most tasks that a limit can be.
const MOST_TASKS: i64 = 1_000_000;

/// What a row keeps of a target beside its limits.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Document {
    pub(crate) role_arn: Option<String>,
    pub(crate) suspended: SuspendedState,
    pub(crate) tags: BTreeMap<String, String>,
}

/// What a row keeps of how a target was scaled last. Times are microseconds since 1970.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    pub(crate) out_at: Option<i64>,
    /// How many tasks there were before.
    pub(crate) out_from: u64,
    pub(crate) in_at: Option<i64>,
}

impl State {
    pub(crate) fn last_out(&self) -> Option<(Timestamp, u64)> {
        self.out_at.map(|at| (Timestamp::from_micros(at), self.out_from))
    }

    pub(crate) fn last_in(&self) -> Option<Timestamp> {
        self.in_at.map(Timestamp::from_micros)
    }
}

pub(crate) fn document(row: &ScalableTargetRow) -> Document {
    // It was written here.
    serde_json::from_str(&row.document).unwrap_or_default()
}

/// What a client asks for. What is none stays as it is.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) resource_id: String,
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) role_arn: Option<String>,
    pub(crate) suspended: Option<SuspendedState>,
    pub(crate) tags: BTreeMap<String, String>,
}

/// Checks limits.
pub(crate) fn check_limits(min: Option<i64>, max: Option<i64>) -> Result<(), Error> {
    for (name, limit) in [("Minimum", min), ("Maximum", max)] {
        if limit.is_some_and(|limit| !(0..=MOST_TASKS).contains(&limit)) {
            return Err(failures::invalid(format!("{name} capacity must be between 0 and {MOST_TASKS}")));
        }
    }
    if matches!((min, max), (Some(min), Some(max)) if min > max) {
        return Err(failures::invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    Ok(())
}

/// Sets limits, and checks what comes of it.
pub(crate) fn set_limits(row: &mut ScalableTargetRow, min: Option<i64>, max: Option<i64>) -> bool {
    let number = |given: Option<i64>, known| given.and_then(|given| u64::try_from(given).ok()).unwrap_or(known);
    row.min_capacity = number(min, row.min_capacity);
    row.max_capacity = number(max, row.max_capacity);
    row.min_capacity <= row.max_capacity
}

/// Registers a service, or changes what is registered. Gives the ARN.
pub(crate) async fn register(call: &Call, grant: &Grant, request: Request) -> Result<String, Error> {
    grant.require("application-autoscaling:RegisterScalableTarget")?;
    check_limits(request.min, request.max)?;
    check_tags(&request.tags)?;
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            let Some((cluster, name)) = scaling::names(&request.resource_id) else {
                return Err(failures::invalid("Unsupported resource"));
            };
            if scaling::find(conn, &registry, cluster, name).await?.is_none() {
                let message = format!("ECS service doesn't exist: {}", request.resource_id);
                return Err(failures::invalid(message));
            }
            if let Some(row) = scalable_targets::lock(conn, &registry, &request.resource_id).await? {
                return change(conn, row, request).await;
            }
            let (Some(_), Some(_)) = (request.min, request.max) else {
                return Err(failures::invalid(
                    "Minimum and maximum capacity are required to register a scalable target",
                ));
            };
            let document = Document {
                role_arn: request.role_arn,
                suspended: request.suspended.unwrap_or_default(),
                tags: request.tags,
            };
            let mut row = ScalableTargetRow {
                scalable_target_id: Uuid::new_v4().simple().to_string(),
                registry,
                resource_id: request.resource_id,
                min_capacity: 0,
                max_capacity: 0,
                document: serde_json::to_string(&document)?,
                state: serde_json::to_string(&State::default())?,
                created_at: now,
            };
            set_limits(&mut row, request.min, request.max);
            if !scalable_targets::insert(conn, &row).await? {
                // Somebody else was faster.
                return Err(app::Error::Unavailable("try again").into());
            }
            Ok(target_arn(&row.registry, &row.scalable_target_id).to_string())
        })
    })
    .await
}

async fn change(conn: &mut Conn, mut row: ScalableTargetRow, request: Request) -> Result<String, Error> {
    if !set_limits(&mut row, request.min, request.max) {
        return Err(failures::invalid("Maximum capacity cannot be less than minimum capacity"));
    }
    if !request.tags.is_empty() {
        return Err(failures::invalid(
            "Tags can be given when a scalable target is registered; use TagResource for one that is",
        ));
    }
    let mut document = document(&row);
    if request.role_arn.is_some() {
        document.role_arn = request.role_arn;
    }
    if let Some(suspended) = request.suspended {
        document.suspended = suspended;
    }
    row.document = serde_json::to_string(&document)?;
    scalable_targets::update(conn, &row).await?;
    Ok(target_arn(&row.registry, &row.scalable_target_id).to_string())
}

/// Forgets a target with its policies, their alarms, and scheduled actions.
pub(crate) async fn deregister(call: &Call, grant: &Grant, resource_id: String) -> Result<(), Error> {
    grant.require("application-autoscaling:DeregisterScalableTarget")?;
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            lock(conn, &registry, &resource_id).await?;
            policies::delete_of(conn, &registry, &resource_id, now).await?;
            scheduled_actions::delete_of(conn, &registry, &resource_id).await?;
            scalable_targets::delete(conn, &registry, &resource_id).await?;
            Ok(())
        })
    })
    .await
}

/// A target that must be registered, held until the transaction ends.
pub(crate) async fn lock(
    conn: &mut Conn,
    registry: &RegistryId,
    resource_id: &str,
) -> Result<ScalableTargetRow, Error> {
    let found = scalable_targets::lock(conn, registry, resource_id).await?;
    found.ok_or_else(|| failures::no_target(resource_id))
}

/// The tags of a target.
pub(crate) async fn tags(call: &Call, grant: &Grant, arn: &str, id: &str) -> Result<BTreeMap<String, String>, Error> {
    grant.require("application-autoscaling:ListTagsForResource")?;
    let found = scalable_targets::find_by_id(&mut call.ctx.app.db().reader().await?, id).await?;
    let found = found.filter(|row| row.registry == call.ctx.registry).ok_or_else(|| failures::no_resource(arn))?;
    Ok(document(&found).tags)
}

/// Changes the tags of a target.
pub(crate) async fn change_tags(
    call: &Call,
    (grant, action): (&Grant, &str),
    (arn, id): (String, String),
    change: impl FnOnce(&mut BTreeMap<String, String>) + Send + 'static,
) -> Result<(), Error> {
    grant.require(action)?;
    let registry = call.ctx.registry.clone();
    write(call, move |conn| {
        Box::pin(async move {
            let found = scalable_targets::find_by_id(conn, &id).await?.filter(|row| row.registry == registry);
            let found = found.ok_or_else(|| failures::no_resource(&arn))?;
            let mut row = lock(conn, &registry, &found.resource_id).await?;
            let mut document = document(&row);
            change(&mut document.tags);
            if document.tags.len() > MOST_TAGS {
                return Err(failures::too_many_tags(&arn));
            }
            row.document = serde_json::to_string(&document)?;
            Ok(scalable_targets::update(conn, &row).await?)
        })
    })
    .await
}

/// Checks tags that are to be set together.
pub(crate) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > MOST_TAGS {
        return Err(failures::invalid("A resource can have no more than 50 tags."));
    }
    for (key, value) in tags {
        if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 || key.starts_with("aws:") {
            return Err(failures::invalid(
                "Tag keys must have 1 to 128 characters and not begin with aws:, and values at most 256 characters.",
            ));
        }
    }
    Ok(())
}

pub(crate) async fn write<T: Send + 'static>(
    call: &Call,
    body: impl for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, Error> + Send + 'static,
) -> Result<T, Error> {
    call.ctx.app.db().write(body).await
}
