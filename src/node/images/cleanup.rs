//! Removing images again and again: some at a time, when no task needs them any more.

use std::time::Duration;

use tokio::sync::{RwLockWriteGuard, mpsc};

use super::choice::{choose, may_go};
use super::ledger::Pulled;
use super::needed::Needed;
use super::reference::bare;
use crate::config::ImageCleanup;
use crate::engine::{self, Engine, Image, Removal};
use crate::host::{Host, Shared};
use crate::runner::{Message, now};

/// How long a removal waits for a moment in which nothing is pulled, and how often it looks.
const QUIET: (Duration, Duration) = (Duration::from_secs(60), Duration::from_millis(100));

/// Removes images until the runner is gone.
pub(crate) async fn run<E: Engine>(host: Shared<E>, runner: mpsc::Sender<Message>) {
    let Some(rules) = host.config.image_cleanup.clone() else { return };
    loop {
        tokio::select! {
            () = tokio::time::sleep(rules.interval) => {}
            () = runner.closed() => return,
        }
        let chosen = match chosen(&host, &rules).await {
            Ok(chosen) => chosen,
            Err(error) => {
                tracing::warn!(%error, "it cannot be found out which images are needed; none is removed");
                continue;
            }
        };
        for pulled in chosen {
            // Half of a removal is none: the agent must end before one, or after it.
            if runner.is_closed() {
                return;
            }
            let Some(_alone) = quiet(&host).await else {
                tracing::info!("images are being pulled all the time; those that no task needs are removed later");
                break;
            };
            remove(&host, &rules, &pulled.id).await;
        }
    }
}

/// The images that go, by what the engine and the tasks say now.
async fn chosen<E: Engine>(host: &Host<E>, rules: &ImageCleanup) -> engine::Result<Vec<Pulled>> {
    let ledger = &host.images.ledger;
    let begun = now();
    // In mid-pull, Docker's containerd image store takes a name from an image a moment before it lists it without one.
    let quiet = host.images.gate.try_write().ok();
    let images = host.engine.images().await?;
    let complete = quiet.is_some();
    drop(quiet);
    let containers = host.engine.used_images().await?;
    let needed = Needed::by(&host.board.all());
    let changed = ledger.review(|pulled| {
        // A clock that was wrong once must not keep an image for ever.
        pulled.used_at = pulled.used_at.min(now().micros());
        match images.iter().find(|image| bare(&image.id) == bare(&pulled.id)) {
            Some(image) if needed.has(image) => pulled.used_at = now().micros(),
            Some(_) => {}
            // Somebody else has removed it, unless it came meanwhile.
            None => return !complete || pulled.used_at >= begun.micros(),
        }
        true
    });
    if changed {
        ledger.save().await;
    }
    let pulled = ledger.all();
    let chosen = choose(&pulled, &images, &containers, &needed, rules, begun);
    Ok(chosen.into_iter().cloned().collect())
}

/// Waits for a moment in which nothing is pulled, and holds it.
async fn quiet<E>(host: &Host<E>) -> Option<RwLockWriteGuard<'_, ()>> {
    let wait = async {
        loop {
            match host.images.gate.try_write() {
                Ok(alone) => return alone,
                Err(_) => tokio::time::sleep(QUIET.1).await,
            }
        }
    };
    tokio::time::timeout(QUIET.0, wait).await.ok()
}

/// Removes an image, if it may still go. Nothing is pulled meanwhile.
async fn remove<E: Engine>(host: &Host<E>, rules: &ImageCleanup, id: &str) {
    let ledger = &host.images.ledger;
    let image = match host.engine.image(id).await {
        Ok(image) => image.unwrap_or_default(),
        Err(error) => return tracing::warn!(image.id = id, %error, "an image cannot be looked at"),
    };
    let Some(pulled) = ledger.find(id) else { return };
    if bare(&image.id) != bare(id) || !may_go(&pulled, &image, &Needed::by(&host.board.all()), rules, now()) {
        return;
    }
    ledger.forget(id);
    ledger.save().await;
    let names = image.names.join(", ");
    match take_away(&host.engine, &image).await {
        Ok(true) => {
            return tracing::info!(image.id = id, image.names = names, "an image that no task needs is removed");
        }
        Ok(false) => tracing::info!(image.id = id, image.names = names, "an image is in use by others; it stays"),
        Err(error) => tracing::warn!(image.id = id, image.names = names, %error, "an image cannot be removed"),
    }
    // As if it were used now: so it does not keep others from their turn.
    ledger.put_back(Pulled { used_at: now().micros(), ..pulled });
    ledger.save().await;
}

/// Takes all names from an image, so that it goes with the last one. Whether it is gone.
async fn take_away<E: Engine>(engine: &E, image: &Image) -> engine::Result<bool> {
    for name in &image.names {
        if engine.remove_image(name).await? == Removal::InUse {
            return Ok(false);
        }
    }
    // One that has no name goes by its id, and one that has only names by which the engine does not find it. That would take a
    // name with it that somebody gave it just now.
    match engine.image(&image.id).await? {
        None => Ok(true),
        Some(left) if left.names.iter().all(|name| image.names.contains(name)) => {
            Ok(engine.remove_image(&image.id).await? != Removal::InUse)
        }
        Some(_) => Ok(false),
    }
}
