//! When images were pulled last. Pulls are gathered in memory and written in batches, never one by one: what was pulled
//! in the seconds before a process is killed is not recorded, and of pulls within a minute only the first is.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::{Conn, Pending, manifests};
use types::Digest;

use crate::events::{self, ImageAction, ImageEvent};
use crate::images::Image;
use crate::{App, Error, Result};

/// Images that are remembered between two writes; pulls of more are not recorded.
const CAPACITY: usize = 100_000;

/// Images of one repository that are written in one transaction.
const BATCH: usize = 200;

/// A recorded pull is not written again before this.
const FRESH: Duration = Duration::from_secs(60);

/// Pulls since the last write, by repository.
#[derive(Default)]
pub(crate) struct Pulls(Mutex<Gathered>);

#[derive(Default)]
struct Gathered {
    images: HashMap<Arc<str>, HashSet<Digest>>,
    count: usize,
}

impl Pulls {
    /// Notes that an image was pulled.
    pub(crate) fn note(&self, image: &Image) {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Gathered { images, count } = &mut *gathered;
        if *count >= CAPACITY {
            return;
        }
        let of_repository = match images.get_mut(&image.repository_id) {
            Some(found) => found,
            None => images.entry(Arc::clone(&image.repository_id)).or_default(),
        };
        if !of_repository.contains(&image.digest) && of_repository.insert(image.digest.clone()) {
            *count += 1;
        }
    }

    fn take(&self) -> HashMap<Arc<str>, HashSet<Digest>> {
        let mut gathered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *gathered).images
    }
}

/// Writes what was gathered in this process. What could not be written is given up: the next pull is noted again.
pub async fn flush(app: &Arc<App>) -> Result<()> {
    let (now, fresh) = (app.now(), app.now().before(FRESH));
    // In one order everywhere.
    let gathered: BTreeMap<Arc<str>, HashSet<Digest>> = app.pulls.take().into_iter().collect();
    for (repository_id, digests) in gathered {
        let mut digests: Vec<Digest> = digests.into_iter().collect();
        digests.sort();
        for batch in digests.chunks(BATCH) {
            let (repository_id, batch, own) = (Arc::clone(&repository_id), batch.to_vec(), Arc::clone(app));
            app.db
                .write_in_background(move |conn| {
                    Box::pin(async move {
                        let batch: Vec<&Digest> = batch.iter().collect();
                        manifests::update_pulled(conn, &repository_id, &batch, now, fresh).await?;
                        tell(conn, &own, &repository_id, &batch).await
                    }) as Pending<'_, (), Error>
                })
                .await?;
        }
    }
    Ok(())
}

/// Tells of pulls, if anybody wants to know.
async fn tell(conn: &mut Conn, app: &App, repository_id: &str, digests: &[&Digest]) -> Result<()> {
    if !app.webhooks().want(ImageAction::Pull) {
        return Ok(());
    }
    let Some(repository) = store::repositories::find_by_id(conn, repository_id).await? else {
        return Ok(());
    };
    for digest in digests {
        events::emit(conn, app, &ImageEvent::new(ImageAction::Pull, &repository, digest)).await?;
    }
    Ok(())
}
