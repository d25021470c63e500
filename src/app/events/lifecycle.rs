//! What a run of a lifecycle policy did, told in the transactions that did it: one event for each batch of images, all
//! with the id of the run. That images were deleted is told of each of them too, like any deletion.

use serde_json::{Value, json};
use store::Conn;
use store::repositories::RepositoryRow;
use types::{Digest, Tag};

use super::{ImageAction, Place, put_down};
use crate::lifecycle::RuleAction;
use crate::{App, Result};

/// Tags of an image that an event names; it may have a thousand.
const TAGS: usize = 10;

/// What one transaction of a run did.
#[derive(Debug)]
pub(crate) struct LifecycleEvent<'e> {
    pub(crate) repository: &'e RepositoryRow,
    /// Names the run: several events may be about one.
    pub(crate) run_id: &'e str,
    /// What became of the images.
    pub(crate) action: RuleAction,
    pub(crate) images: Vec<TakenImage<'e>>,
}

/// An image that was deleted or archived.
#[derive(Debug)]
pub(crate) struct TakenImage<'e> {
    pub(crate) digest: &'e Digest,
    pub(crate) tags: Vec<&'e Tag>,
    /// The priority of the rule; none of an image that went because what it is about went.
    pub(crate) rule: Option<u32>,
}

/// Puts an event down for everybody who wants it.
pub(crate) async fn emit_lifecycle(conn: &mut Conn, app: &App, event: &LifecycleEvent<'_>) -> Result<()> {
    if event.images.is_empty() {
        return Ok(());
    }
    let place = Place { registry: &event.repository.registry, repository: &event.repository.name };
    put_down(conn, app, ImageAction::Lifecycle, place, || ("ECR Image Action", describe(event))).await
}

fn describe(event: &LifecycleEvent<'_>) -> Value {
    let images: Vec<Value> = event
        .images
        .iter()
        .map(|image| {
            let mut described = json!({ "image-digest": image.digest.as_str() });
            if !image.tags.is_empty() {
                let tags: Vec<&str> = image.tags.iter().take(TAGS).map(|tag| tag.as_str()).collect();
                described["image-tags"] = tags.into();
            }
            if let Some(rule) = image.rule {
                described["applied-rule-priority"] = rule.into();
            }
            described
        })
        .collect();
    json!({
        "result": "SUCCESS",
        "action-type": ImageAction::Lifecycle.as_str(),
        "repository-name": event.repository.name.as_str(),
        "lifecycle-run-id": event.run_id,
        "lifecycle-action": event.action.as_str(),
        "images": images,
    })
}
