//! versionConsistency: what the tags of a deployment's images mean is looked up once, when its first task is started, and
//! all its tasks run that; a tag that means nothing yet is looked up again for the next one. Only images of this server can be
//! looked up, and of those of other accounts the ones that are open to the account of the service; others are left to whoever
//! pulls them.

use std::collections::HashMap;

use app::App;
use app::images::reference;
use store::Conn;
use types::AccountId;

use super::Service;
use super::deployments::{ContainerImage, Deployment};
use crate::error::Result;
use crate::task_definitions::TaskDefinition;

/// The digests that the tasks of a deployment run, by the names of containers, looked up now as far as they are not known.
pub(super) async fn digests(
    conn: &mut Conn,
    app: &App,
    account: &AccountId,
    service: &Service,
    deployment: &mut Deployment,
    definition: &TaskDefinition,
) -> Result<HashMap<String, String>> {
    let containers = &definition.definition.container_definitions;
    let images = deployment.document.container_images.get_or_insert_with(|| {
        let unknown = containers.iter().map(|container| ContainerImage {
            container_name: container.name.clone(),
            image_digest: None,
            image: container.image.clone(),
        });
        unknown.collect()
    });
    for image in images.iter_mut().filter(|image| image.image_digest.is_none() && is_fixed(definition, image)) {
        if let Some(named) = reference::of_account(app, account, &service.document.host, &image.image) {
            image.image_digest = named.digest(conn).await?.map(|digest| digest.to_string());
        }
    }
    Ok(images.iter().filter_map(|image| Some((image.container_name.clone(), image.image_digest.clone()?))).collect())
}

/// Whether all tasks of a deployment run the same image here.
pub(super) fn is_fixed(definition: &TaskDefinition, image: &ContainerImage) -> bool {
    let mut containers = definition.definition.container_definitions.iter();
    let container = containers.find(|container| container.name == image.container_name);
    container.is_some_and(|container| container.version_consistency.as_deref() != Some("disabled"))
}
