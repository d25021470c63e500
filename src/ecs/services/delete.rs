//! Deleting a service: it drains, and is gone when its last task is over.

use app::Grant;
use app::api::Call;

use super::{lock_in, wake};
use crate::arns;
use crate::clusters::{self, write};
use crate::error::{Error, Result};
use crate::shapes::service::Service as Shape;

/// Deletes a service. `force`: though it is to have tasks.
pub(crate) async fn delete(
    call: &Call,
    grant: &Grant,
    cluster: Option<String>,
    given: String,
    force: bool,
) -> Result<Shape> {
    grant.require("ecs:DeleteService")?;
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            let name = arns::cluster_name(&registry, cluster.as_deref())?.to_owned();
            let cluster = clusters::lock(conn, &registry, &name).await?;
            let mut service = lock_in(conn, &cluster, &given).await?;
            match service.row.status.as_str() {
                "INACTIVE" => return Err(Error::ServiceNotFound),
                "ACTIVE" => {}
                _ => return Shape::read(conn, &cluster, service, true).await,
            }
            if !force && service.row.strategy == "REPLICA" && service.row.desired_count > 0 {
                return Err(Error::InvalidParameter(
                    "The service cannot be stopped while it is scaled above 0.".to_owned(),
                ));
            }
            "DRAINING".clone_into(&mut service.row.status);
            service.row.desired_count = 0;
            service.save(conn).await?;
            wake(conn, &service.row.service_id, now).await?;
            Shape::read(conn, &cluster, service, true).await
        })
    })
    .await
}
