//! What is on the host before a pull. Many tasks may begin at once, and an engine with many images takes a while to list
//! them: whoever asks while others wait gets what they get.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::engine::{Engine, Image};

/// The images of the engine; nothing if it did not say.
type Images = Option<Arc<[Image]>>;

/// The images of the engine when they were listed last, and when that was.
#[derive(Default)]
pub(super) struct Listing(Mutex<Option<(Instant, Images)>>);

impl Listing {
    /// What was there after this was called; nothing if the engine does not say.
    pub(super) async fn look<E: Engine>(&self, engine: &E) -> Images {
        let asked = Instant::now();
        let mut last = self.0.lock().await;
        if let Some((_, images)) = last.as_ref().filter(|(begun, _)| *begun >= asked) {
            return images.clone();
        }
        let begun = Instant::now();
        let images = match engine.images().await {
            Ok(images) => Some(images.into()),
            Err(error) => {
                tracing::warn!(%error, "the images of the engine cannot be listed; what is pulled now will not be removed");
                None
            }
        };
        *last = Some((begun, images.clone()));
        images
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::simulated::Simulated;

    #[tokio::test]
    async fn what_came_before_it_was_asked_for_is_in_it() {
        let (engine, listing) = (Simulated::default(), Listing::default());
        assert_eq!(listing.look(&engine).await.unwrap().len(), 0);
        engine.tag("one", "h.example/a:1");
        assert_eq!(listing.look(&engine).await.unwrap().len(), 1);
        engine.tag("two", "h.example/a:2");
        // Those who wait together get the same.
        let busy = listing.0.lock().await;
        let looks = futures_util::future::join_all((0..8).map(|_| listing.look(&engine)));
        let (looks, ()) = tokio::join!(looks, async { drop(busy) });
        assert!(looks.iter().all(|look| look.as_ref().unwrap().len() == 2));
        let (first, last) = (looks[1].as_ref().unwrap(), looks[7].as_ref().unwrap());
        assert!(Arc::ptr_eq(first, last), "the engine is not asked for each");
    }
}
