//! Scaling policies: by which metrics services are scaled.

use app::Grant;
use app::api::Call;
use ecs::services::scaling;
use serde::{Deserialize, Serialize};
use store::scaling_policies::{self, ScalingPolicyRow};
use uuid::Uuid;

use crate::error::Error;
use crate::failures;
use crate::names::policy_arn;
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

/// Makes a policy, or replaces the one of that name. Gives its ARN.
pub(crate) async fn put(
    call: &Call,
    grant: &Grant,
    (resource_id, name): (String, String),
    target_tracking: Option<TargetTracking>,
) -> Result<String, Error> {
    grant.require("application-autoscaling:PutScalingPolicy")?;
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
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
            let arn = policy_arn(&registry, &uuid, &resource_id, &name);
            let document = serde_json::to_string(&Document { uuid, target_tracking })?;
            let row = ScalingPolicyRow { registry, resource_id, name, document, created_at: now };
            scaling_policies::upsert(conn, &row).await?;
            Ok(arn)
        })
    })
    .await
}

/// Deletes a policy.
pub(crate) async fn delete(call: &Call, grant: &Grant, resource_id: String, name: String) -> Result<(), Error> {
    grant.require("application-autoscaling:DeleteScalingPolicy")?;
    let registry = call.ctx.registry.clone();
    write(call, move |conn| {
        Box::pin(async move {
            match scaling_policies::delete(conn, &registry, &resource_id, &name).await? {
                true => Ok(()),
                false => Err(failures::no_policy(&name, &resource_id)),
            }
        })
    })
    .await
}
