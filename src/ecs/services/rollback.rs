//! Ending a deployment before it is through: the service goes back to the one that completed last.

use app::Grant;
use app::api::Call;
use store::{clusters, service_deployments, services};

use super::deployments::{self, Deployment};
use super::wake;
use crate::clusters::write;
use crate::error::{Error, Result};

/// Has a service deployment rolled back.
pub(crate) async fn request(call: &Call, grant: &Grant, arn: String) -> Result<()> {
    grant.require("ecs:StopServiceDeployment")?;
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            let missing = || Error::ServiceDeploymentNotFound;
            let (cluster, name, id) = deployments::parse(&registry, "service-deployment", &arn).ok_or_else(missing)?;
            let cluster = clusters::lock(conn, &registry, cluster).await?.ok_or_else(missing)?;
            let service = services::find(conn, &cluster.cluster_id, name).await?.ok_or_else(missing)?;
            services::lock(conn, &service.service_id).await?;
            let row = service_deployments::find(conn, id).await?;
            let row = row.filter(|row| row.service_id == service.service_id).ok_or_else(missing)?;
            let mut deployment = Deployment::read(row);
            // What is being rolled back goes on so.
            if matches!(deployment.row.outcome.as_str(), "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS") {
                return Ok(());
            }
            if !deployment.is_primary() || !deployment.is_open() || service.status != "ACTIVE" {
                return Err(Error::Conflict {
                    message: "The service deployment is not in progress and cannot be stopped.".to_owned(),
                    resource_ids: vec![arn],
                });
            }
            deployment.document.rollback_requested = true;
            "ROLLBACK_REQUESTED".clone_into(&mut deployment.row.outcome);
            deployment.save(conn, now).await?;
            wake(conn, &service.service_id, now).await
        })
    })
    .await
}
