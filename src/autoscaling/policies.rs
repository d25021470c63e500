//! Scaling policies: by which metrics services are scaled.

use app::api::Call;
use app::{App, Error as Rule, Grant};
use ecs::services::scaling;
use serde::{Deserialize, Serialize};
use store::scalable_targets::{self, ScalableTargetRow};
use store::scaling_policies::{self, ScalingPolicyRow};
use store::{Conn, Pending};
use types::{RegistryId, Timestamp};
use uuid::Uuid;

use crate::alarms::{self, Alarm, Minutes};
use crate::error::Error;
use crate::failures;
use crate::shapes::{Source, TargetTracking};
use crate::targets::{self, write};

/// Policies that a target can have.
const MOST: usize = 50;

/// What a row keeps of a policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Document {
    /// Of its ARN.
    pub(crate) uuid: String,
    pub(crate) target_tracking: TargetTracking,
    /// How long its alarms wait; none if they were not made yet. Somebody may have deleted them since.
    pub(crate) alarms: Option<Minutes>,
}

/// From its row. None if it cannot be read; that is told.
pub(crate) fn document(row: &ScalingPolicyRow) -> Option<Document> {
    let read = serde_json::from_str(&row.document);
    read.inspect_err(|error| tracing::error!(%error, policy = row.name, "a scaling policy is damaged")).ok()
}

/// What is to be read for a policy.
pub(crate) fn source(row: &ScalingPolicyRow, document: &Document) -> Option<Source> {
    document.target_tracking.source(scaling::names(&row.resource_id)?).ok()
}

/// Policies with what their rows keep.
pub(crate) fn read(rows: Vec<ScalingPolicyRow>) -> Vec<(ScalingPolicyRow, Document)> {
    let read = |row: ScalingPolicyRow| document(&row).map(|document| (row, document));
    rows.into_iter().filter_map(read).collect()
}

/// Makes a policy with its alarms, or replaces the one of that name. Gives its ARN and the alarms.
pub(crate) async fn put(
    call: &Call,
    grant: &Grant,
    (resource_id, name): (String, String),
    target_tracking: Option<TargetTracking>,
) -> Result<(String, Vec<Alarm>), Error> {
    grant.require("application-autoscaling:PutScalingPolicy")?;
    let (registry, now, minutes) = (call.ctx.registry.clone(), call.ctx.app.now(), Minutes::of(&call.ctx.app));
    write(call, move |conn| {
        Box::pin(async move {
            targets::lock(conn, &registry, &resource_id).await?;
            let known = scaling_policies::list_of(conn, &registry, &resource_id).await?;
            let same = known.iter().find(|row| row.name == name);
            if same.is_none() && known.len() >= MOST {
                return Err(failures::limit(format!(
                    "A scalable target can have no more than {MOST} scaling policies"
                )));
            }
            let same = same.and_then(document);
            let Some(target_tracking) = target_tracking.or_else(|| Some(same.as_ref()?.target_tracking.clone())) else {
                return Err(failures::invalid("TargetTrackingScalingPolicyConfiguration is required"));
            };
            let uuid = same.map_or_else(|| Uuid::new_v4().to_string(), |same| same.uuid);
            let document = Document { uuid, target_tracking, alarms: Some(minutes) };
            let row = ScalingPolicyRow {
                registry,
                resource_id,
                name,
                document: serde_json::to_string(&document)?,
                created_at: now,
            };
            scaling_policies::upsert(conn, &row).await?;
            let made = alarms::put(conn, &row, &document, minutes, now).await?;
            Ok((alarms::arn(&row, &document), made))
        })
    })
    .await
}

/// Deletes a policy with its alarms.
pub(crate) async fn delete(call: &Call, grant: &Grant, resource_id: String, name: String) -> Result<(), Error> {
    grant.require("application-autoscaling:DeleteScalingPolicy")?;
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            // As all do that change policies. Without a target there is no policy.
            scalable_targets::lock(conn, &registry, &resource_id).await?;
            let known = scaling_policies::list_of(conn, &registry, &resource_id).await?;
            let Some(row) = known.into_iter().find(|row| row.name == name) else {
                return Err(failures::no_policy(&name, &resource_id));
            };
            scaling_policies::delete(conn, &registry, &resource_id, &name).await?;
            if let Some(document) = document(&row) {
                alarms::delete(conn, &row, &document, now).await?;
            }
            Ok(())
        })
    })
    .await
}

/// Deletes all policies of a target with their alarms, in the transaction that forgets it.
pub(crate) async fn delete_of(
    conn: &mut Conn,
    registry: &RegistryId,
    resource_id: &str,
    now: Timestamp,
) -> store::Result<()> {
    let known = scaling_policies::list_of(conn, registry, resource_id).await?;
    scaling_policies::delete_of(conn, registry, resource_id).await?;
    for (row, document) in read(known) {
        alarms::delete(conn, &row, &document, now).await?;
    }
    Ok(())
}

/// The policies of a target. Those that have no alarms yet, because there were none when they were put, or whose alarms wait
/// for another time than is set now, get them first.
pub(crate) async fn list_with_alarms(
    app: &App,
    target: &ScalableTargetRow,
    now: Timestamp,
) -> app::Result<Vec<(ScalingPolicyRow, Document)>> {
    let minutes = Minutes::of(app);
    let lacks = move |document: &Document| document.alarms != Some(minutes);
    let mut conn = app.db().reader().await?;
    let found = read(scaling_policies::list_of(&mut conn, &target.registry, &target.resource_id).await?);
    drop(conn);
    if !found.iter().any(|(_, document)| lacks(document)) {
        return Ok(found);
    }
    let (registry, resource_id) = (target.registry.clone(), target.resource_id.clone());
    app.db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                scalable_targets::lock(conn, &registry, &resource_id).await?;
                let mut found = read(scaling_policies::list_of(conn, &registry, &resource_id).await?);
                for (row, document) in found.iter_mut().filter(|(_, document)| lacks(document)) {
                    document.alarms = Some(minutes);
                    row.document = serde_json::to_string(document).map_err(|_| Rule::Internal)?;
                    scaling_policies::upsert(conn, row).await?;
                    alarms::put(conn, row, document, minutes, now).await?;
                }
                Ok(found)
            }) as Pending<'_, Vec<(ScalingPolicyRow, Document)>, Rule>
        })
        .await
}
