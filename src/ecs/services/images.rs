//! versionConsistency: what the tags of a deployment's images mean is looked up once, when its first task is started, and
//! all its tasks run that. Only images of this server can be looked up; others are left to whoever pulls them.

use std::collections::HashMap;

use app::App;
use app::images::reference;
use store::Conn;

use super::Service;
use super::deployments::{ContainerImage, Deployment};
use crate::error::Result;
use crate::task_definitions::TaskDefinition;

/// The digests that the tasks of a deployment run, by the names of containers, looked up now if that was not done.
pub(super) async fn digests(
    conn: &mut Conn,
    app: &App,
    service: &Service,
    deployment: &mut Deployment,
    definition: &TaskDefinition,
) -> Result<HashMap<String, String>> {
    if deployment.document.container_images.is_none() {
        let mut images = Vec::new();
        for container in &definition.definition.container_definitions {
            let fixed = container.version_consistency.as_deref() != Some("disabled");
            let image_digest = match reference::parse(app.config(), &service.document.host, &container.image) {
                Some(named) if fixed => named.digest(conn).await?.map(|digest| digest.to_string()),
                _ => None,
            };
            images.push(ContainerImage {
                container_name: container.name.clone(),
                image_digest,
                image: container.image.clone(),
            });
        }
        deployment.document.container_images = Some(images);
    }
    let images = deployment.document.container_images.iter().flatten();
    Ok(images.filter_map(|image| Some((image.container_name.clone(), image.image_digest.clone()?))).collect())
}
