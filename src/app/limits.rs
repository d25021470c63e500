//! How much a registry may hold: the quotas of ECR, as settings.
//!
//! Counting all rows at each push would grow with them. So a count is remembered for a while together with how far it is
//! from the limit, and only near the limit it is made anew each time. Several processes that push at once may pass a
//! limit by what they push within that while.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use store::{Conn, image_scans, manifest_storage, repositories, tags};
use types::{Digest, RegistryId};

use crate::{App, Error, Result};

/// The most of each thing.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Repositories of a registry.
    pub repositories: u64,
    /// Images of a repository.
    pub images: u64,
    /// Tags of an image.
    pub image_tags: u64,
    /// Scans that are asked for in a registry in a day.
    pub daily_scans: u64,
    /// Bytes of a layer.
    pub layer_bytes: u64,
    /// Parts of a layer that comes through UploadLayerPart.
    pub layer_parts: u64,
    /// Bytes of such a part.
    pub layer_part_bytes: u64,
    /// Bytes that such a part has at the least, unless it is the last.
    pub layer_part_min_bytes: u64,
}

impl Default for Limits {
    /// ECR's own, where parts may have the twenty MiB that its model allows.
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            repositories: 100_000,
            images: 100_000,
            image_tags: 1_000,
            daily_scans: 100_000,
            layer_bytes: 52_000 * MIB,
            layer_parts: 4_200,
            layer_part_bytes: 20 * MIB,
            layer_part_min_bytes: 5 * MIB,
        }
    }
}

/// As long as a count is this far from its limit it is believed.
const MARGIN: u64 = 1_000;
const BELIEVED_FOR: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// How many more there may be, by what is counted.
pub(crate) struct Headroom(Cache<String, Arc<AtomicU64>>);

impl Headroom {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(10_000).time_to_live(BELIEVED_FOR).build())
    }

    /// Takes one. False if it has to be counted.
    fn take(&self, key: &str) -> bool {
        let Some(left) = self.0.get(key) else {
            return false;
        };
        // Half of what was left may be gone before it is counted again: others take from the same.
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    fn note(&self, key: String, left: u64) {
        if left > MARGIN {
            self.0.insert(key, Arc::new(AtomicU64::new(left / 2)));
        }
    }
}

/// Whether a repository that was just added, in this transaction, is within the limit.
pub(crate) async fn require_repository(conn: &mut Conn, app: &App, registry: &RegistryId) -> Result<()> {
    let (limits, headroom) = (&app.config.limits, &app.headroom);
    let key = format!("{}/{}", registry.account, registry.region);
    if headroom.take(&key) {
        return Ok(());
    }
    let counted = repositories::count(conn, registry, limits.repositories.saturating_add(1)).await?;
    if counted > limits.repositories {
        return Err(exceeded(format!(
            "The maximum number of repositories in the registry with id '{}' has been exceeded: {}",
            registry.account, limits.repositories
        )));
    }
    headroom.note(key, limits.repositories - counted);
    Ok(())
}

/// Whether an image that was just added, in this transaction, is within the limit.
pub(crate) async fn require_image(conn: &mut Conn, app: &App, repository_id: &str) -> Result<()> {
    let (limits, headroom) = (&app.config.limits, &app.headroom);
    if headroom.take(repository_id) {
        return Ok(());
    }
    // As on ECR, the archive does not count.
    let counted = manifest_storage::count_active(conn, repository_id, limits.images.saturating_add(1)).await?;
    if counted > limits.images {
        return Err(exceeded(format!(
            "The maximum number of images in the repository has been exceeded: {}",
            limits.images
        )));
    }
    headroom.note(repository_id.to_owned(), limits.images - counted);
    Ok(())
}

/// Whether an image that was just tagged, in this transaction, is within the limit.
pub(crate) async fn require_tag(conn: &mut Conn, app: &App, repository_id: &str, image: &Digest) -> Result<()> {
    let (limits, headroom) = (&app.config.limits, &app.headroom);
    let key = format!("{repository_id} {image}");
    if headroom.take(&key) {
        return Ok(());
    }
    let counted = tags::count_of_manifest(conn, repository_id, image, limits.image_tags.saturating_add(1)).await?;
    if counted > limits.image_tags {
        return Err(exceeded(format!("The maximum number of tags per image has been exceeded: {}", limits.image_tags)));
    }
    headroom.note(key, limits.image_tags - counted);
    Ok(())
}

/// Whether one more scan may be asked for in a registry: of those of the last 24 hours each image counts once.
pub(crate) async fn allows_scan(conn: &mut Conn, app: &App, registry: &RegistryId) -> Result<bool> {
    let (limits, headroom) = (&app.config.limits, &app.headroom);
    let key = format!("scans {}/{}", registry.account, registry.region);
    if headroom.take(&key) {
        return Ok(true);
    }
    let since = app.now().before(DAY);
    let counted = image_scans::count_requested(conn, registry, since, limits.daily_scans).await?;
    if counted >= limits.daily_scans {
        return Ok(false);
    }
    headroom.note(key, limits.daily_scans - counted);
    Ok(true)
}

fn exceeded(message: String) -> Error {
    Error::LimitExceeded(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_believed_only_far_from_its_limit() {
        let headroom = Headroom::new();
        assert!(!headroom.take("a"), "nothing was counted yet");
        headroom.note("a".to_owned(), MARGIN);
        assert!(!headroom.take("a"), "too near");
        headroom.note("a".to_owned(), 2_000);
        assert_eq!((0..2_000).filter(|_| headroom.take("a")).count(), 1_000);
        assert!(!headroom.take("b"));
    }
}
