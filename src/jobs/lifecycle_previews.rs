//! Works on lifecycle previews as soon as they are asked for, and sweeps what is left of old ones. A preview is claimed
//! by its own row, so several processes can work on several previews.

use std::sync::Arc;
use std::time::Duration;

use app::App;
use app::lifecycle::preview;

/// How often previews are looked for that another process was asked for and did not get to.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Works on previews until the task is dropped.
pub(crate) async fn run(app: Arc<App>) {
    loop {
        match preview::run_next(&app).await {
            Ok(true) => continue,
            Ok(false) => {}
            // Its lease runs out, and then it is tried again.
            Err(error) => tracing::warn!(%error, "a lifecycle preview failed and will be tried again"),
        }
        // Whichever comes first: somebody here asks, or it is time to look for what others left.
        let _ = tokio::time::timeout(LOOK_EVERY, preview::asked_for(&app)).await;
    }
}
