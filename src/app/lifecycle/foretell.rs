//! What a policy would do at this moment and how many bytes that would free, for operators. Which images go is decided as
//! in runs and previews; what ECR's previews have no member for, the bytes, is added here.
//!
//! A blob is freed with the last image of the repository that refers to it, if no other repository has it. It is read
//! batch by batch; memory grows with the number of different blobs of what would go.

use std::collections::HashMap;

use store::{edges, lifecycle_policies, repository_blobs};
use types::{Digest, RegistryId, RepoName, Tag, Timestamp};

use super::{Evaluation, Image, RuleAction, check, decide, run};
use crate::{App, Result, repositories};

/// Images, and blobs, of one statement.
const BATCH: usize = 500;

/// What would go, and what that would free.
#[derive(Debug)]
pub struct Foretold {
    /// Images that the policy looked at.
    pub images: usize,
    /// In the order in which they would go: what is deleted first, then what is archived.
    pub going: Vec<Going>,
}

/// An image that would go.
#[derive(Debug)]
pub struct Going {
    /// Its name.
    pub digest: Digest,
    /// All its tags.
    pub tags: Vec<Tag>,
    /// When it was pushed.
    pub pushed_at: Timestamp,
    /// What would become of it.
    pub action: RuleAction,
    /// The priority of the rule; none if it goes with what it is about.
    pub rule: Option<u32>,
    /// Bytes of the blobs that nothing would keep once it and those before it are gone.
    pub freed: u64,
}

/// What a policy would do to a repository, or the one that it has. None if it has none.
pub async fn foretell(
    app: &App,
    registry: &RegistryId,
    name: &RepoName,
    policy: Option<&str>,
) -> Result<Option<Foretold>> {
    let mut conn = app.db.reader().await?;
    let found = store::repositories::find(&mut conn, registry, name).await?;
    let id = found.ok_or_else(|| repositories::unknown(registry, name))?.repository_id;
    let policy = match policy {
        Some(text) => check(text)?,
        None => match lifecycle_policies::find(&mut conn, &id).await? {
            Some(row) => run::read(&row.document, &id)?,
            None => return Ok(None),
        },
    };
    drop(conn);
    let (images, evaluation) = decide(app, &id, policy, app.now()).await?;
    let count = images.len();
    let order = order(&evaluation);
    let expiring: Vec<&Digest> = order
        .iter()
        .filter(|(_, action, _)| *action == RuleAction::Expire)
        .map(|(at, ..)| &images[*at].digest)
        .collect();
    let freed = freed(app, &id, &expiring).await?;
    let mut images: Vec<Option<Image>> = images.into_iter().map(Some).collect();
    let going = order.into_iter().enumerate().filter_map(|(place, (at, action, rule))| {
        // Each image goes once.
        let image = images[at].take()?;
        Some(Going {
            digest: image.digest,
            tags: image.tags,
            pushed_at: image.pushed_at,
            action,
            rule,
            freed: freed.get(place).copied().unwrap_or_default(),
        })
    });
    Ok(Some(Foretold { images: count, going: going.collect() }))
}

/// The places of what goes, in the order of a run.
fn order(evaluation: &Evaluation) -> Vec<(usize, RuleAction, Option<u32>)> {
    let mut order = Vec::new();
    for action in [RuleAction::Expire, RuleAction::Transition] {
        let taken = evaluation.taken.iter().filter(|taken| taken.action == action);
        order.extend(taken.map(|taken| (taken.image, action, Some(taken.rule))));
        let followers = evaluation.followers.iter().filter(|follower| follower.action == action);
        order.extend(followers.map(|follower| (follower.image, action, None)));
    }
    order
}

/// How images that would be deleted refer to a blob.
struct Referred {
    /// How often.
    times: u64,
    /// The place of the last one.
    last: usize,
}

/// The bytes that each of these images frees, if they are deleted in this order.
async fn freed(app: &App, repository_id: &str, images: &[&Digest]) -> Result<Vec<u64>> {
    let mut referred: HashMap<Digest, Referred> = HashMap::new();
    for (first, batch) in (0..).step_by(BATCH).zip(images.chunks(BATCH)) {
        let places: HashMap<&Digest, usize> = (first..).zip(batch).map(|(place, digest)| (*digest, place)).collect();
        let mut conn = app.db.reader().await?;
        for kind in [edges::Kind::Config, edges::Kind::Layer] {
            for (image, blob) in edges::list_children(&mut conn, repository_id, batch, kind).await? {
                let Some(&place) = places.get(&image) else {
                    continue;
                };
                let known = referred.entry(blob).or_insert(Referred { times: 0, last: place });
                known.times += 1;
                known.last = known.last.max(place);
            }
        }
    }
    let mut freed = vec![0; images.len()];
    let blobs: Vec<&Digest> = referred.keys().collect();
    for batch in blobs.chunks(BATCH) {
        let mut conn = app.db.reader().await?;
        let kept: Vec<Digest> = edges::count_of_blobs(&mut conn, repository_id, batch)
            .await?
            .into_iter()
            .filter(|(blob, times)| referred.get(blob).is_none_or(|known| known.times < *times))
            .map(|(blob, _)| blob)
            .chain(repository_blobs::list_elsewhere(&mut conn, repository_id, batch).await?)
            .collect();
        for (blob, size) in repository_blobs::list_existing(&mut conn, repository_id, batch).await? {
            if !kept.contains(&blob)
                && let Some(known) = referred.get(&blob)
            {
                freed[known.last] += size;
            }
        }
    }
    Ok(freed)
}

impl Foretold {
    /// How many images would meet an action, and how many bytes that would free.
    pub fn total(&self, action: RuleAction) -> (usize, u64) {
        let of = || self.going.iter().filter(|going| going.action == action);
        (of().count(), of().map(|going| going.freed).sum())
    }
}
