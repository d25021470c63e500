//! What a lifecycle policy does to images: it deletes them, or archives them, a batch in one transaction.
//!
//! The policy decided a while ago, over what it read then. So each image is looked at again while it is held: one that
//! somebody pushed to, tagged, pulled, moved or runs since then stays as it is until the next run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use store::lifecycle_policies::LifecyclePolicyRow;
use store::manifest_storage::Storage;
use store::{Conn, Pending, edges, image_uses, lifecycle_policies, manifests, replications, tags};
use types::{Digest, Tag, Timestamp};

use super::{delete, storage_class};
use crate::events::{self, LifecycleEvent, TakenImage};
use crate::garbage::Remains;
use crate::lifecycle::RuleAction;
use crate::{App, Error, Result};

/// An image that is to go if it is still as it was seen.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) digest: Digest,
    pub(crate) tags: BTreeSet<Tag>,
    pub(crate) pushed_at: Timestamp,
    pub(crate) pulled_at: Option<Timestamp>,
    pub(crate) storage: Storage,
    /// The rule that takes it; none if it goes with what it is about.
    pub(crate) rule: Option<u32>,
}

/// Deletes images that nobody touched since they were seen, with their tags, or archives them. What an index lists stays
/// as long as the index. Nothing goes by a policy that the repository does not have any more. Gives back those that went.
pub(crate) async fn take(
    app: &Arc<App>,
    repository_id: &str,
    run_id: &str,
    policy: &LifecyclePolicyRow,
    action: RuleAction,
    candidates: Vec<Candidate>,
) -> Result<Vec<Digest>> {
    let (id, run_id, own, policy) = (repository_id.to_owned(), run_id.to_owned(), Arc::clone(app), policy.clone());
    let taken = app
        .db
        .write_in_background(move |conn| {
            Box::pin(async move {
                let candidates = untouched(conn, &own, &id, candidates).await?;
                // Last, so that whoever removes a policy waits for a moment and not for those who hold the images.
                if !lifecycle_policies::lock(conn, &id, &policy).await? {
                    return Ok(Vec::new());
                }
                let taken = match action {
                    RuleAction::Expire => expire(conn, &own, &id, candidates).await?,
                    RuleAction::Transition => archive(conn, &own, &id, candidates).await?,
                };
                if let Some(repository) = store::repositories::find_by_id(conn, &id).await? {
                    let images = taken.iter().map(|image| TakenImage {
                        digest: &image.digest,
                        tags: image.tags.iter().collect(),
                        rule: image.rule,
                    });
                    let images = images.collect();
                    let event = LifecycleEvent { repository: &repository, run_id: &run_id, action, images };
                    events::emit_lifecycle(conn, &own, &event).await?;
                }
                Ok(taken.into_iter().map(|image| image.digest).collect())
            }) as Pending<'_, Vec<Digest>, Error>
        })
        .await?;
    if action == RuleAction::Expire {
        for digest in &taken {
            app.images.forget(repository_id, digest);
        }
    }
    Ok(taken)
}

/// Holds images, and gives back those that are as they were seen and that nobody runs.
async fn untouched(
    conn: &mut Conn,
    app: &App,
    repository_id: &str,
    candidates: Vec<Candidate>,
) -> Result<Vec<Candidate>> {
    let wanted: BTreeSet<&Digest> = candidates.iter().map(|candidate| &candidate.digest).collect();
    let wanted: Vec<&Digest> = wanted.into_iter().collect();
    let held = manifests::lock_all_for_delete(conn, repository_id, &wanted).await?;
    let held: Vec<&Digest> = held.iter().collect();
    let described = manifests::list_described(conn, repository_id, &held).await?;
    let tagged = tags::list_of_manifests(conn, repository_id, &held).await?;
    let tagged: Vec<&Tag> = tagged.iter().map(|(_, tag)| tag).collect();
    let mut names: BTreeMap<Digest, BTreeSet<Tag>> = BTreeMap::new();
    // All at once: those of one image after the other would be held in another order than that of pushes.
    for (tag, digest) in tags::lock_all(conn, repository_id, &tagged).await? {
        names.entry(digest).or_default().insert(tag);
    }
    // Whoever begins to run one from here on waits until this transaction ends, and then finds the image gone.
    let used = match app.config.lifecycle_keep_used {
        true => image_uses::list_used(conn, repository_id, &held).await?,
        false => Vec::new(),
    };
    let mut untouched = candidates;
    untouched.retain(|candidate| {
        let same = described.iter().any(|row| {
            row.digest == candidate.digest
                && row.pushed_at == candidate.pushed_at
                && row.pulled_at == candidate.pulled_at
                && row.storage == candidate.storage
        });
        same && names.remove(&candidate.digest).unwrap_or_default() == candidate.tags
            && !used.contains(&candidate.digest)
    });
    Ok(untouched)
}

async fn expire(conn: &mut Conn, app: &App, repository_id: &str, candidates: Vec<Candidate>) -> Result<Vec<Candidate>> {
    let (now, undo_window) = (app.now(), app.config.undo_window);
    let (mut gone, mut remains) = (Vec::new(), Remains::default());
    for candidate in candidates {
        if edges::find_parent_of_manifest(conn, repository_id, &candidate.digest).await?.is_none() {
            delete::remove(conn, &mut remains, repository_id, &candidate.digest, undo_window, now).await?;
            gone.push(candidate);
        }
    }
    remains.put_down(conn, repository_id, now).await?;
    if let Some(repository) = store::repositories::find_by_id(conn, repository_id).await? {
        for image in &gone {
            delete::tell(conn, app, &repository, &image.digest, None, true).await?;
            replications::delete_of_image(conn, repository_id, &image.digest).await?;
        }
    }
    Ok(gone)
}

async fn archive(
    conn: &mut Conn,
    app: &App,
    repository_id: &str,
    candidates: Vec<Candidate>,
) -> Result<Vec<Candidate>> {
    let mut archived = Vec::new();
    for candidate in candidates {
        if storage_class::archive(conn, repository_id, &candidate.digest, app.now()).await? {
            archived.push(candidate);
        }
    }
    Ok(archived)
}
