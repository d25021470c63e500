//! What is on the host before a pull. Many tasks may begin at once, and an engine with many images takes a while to list
//! them: whoever asks while others wait gets what they get.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::engine::{Engine, Image};

/// The images of the engine when they were listed last.
#[derive(Default)]
pub(super) struct Listing(Mutex<Option<(Instant, Arc<[Image]>)>>);

impl Listing {
    /// What was there after this was called; nothing if the engine does not say.
    pub(super) async fn look<E: Engine>(&self, engine: &E) -> Option<Arc<[Image]>> {
        let asked = Instant::now();
        let mut last = self.0.lock().await;
        if let Some((begun, images)) = last.as_ref().filter(|(begun, _)| *begun >= asked) {
            tracing::trace!(age = ?begun.elapsed(), "the images were listed a moment ago");
            return Some(images.clone());
        }
        let begun = Instant::now();
        match engine.images().await {
            Ok(images) => {
                let images: Arc<[Image]> = images.into();
                *last = Some((begun, images.clone()));
                Some(images)
            }
            Err(error) => {
                tracing::warn!(%error, "the images of the engine cannot be listed; what is pulled now will not be removed");
                None
            }
        }
    }
}
