//! Workers: each takes a job of its kind that is due, or several, does it under a lease that it prolongs, and gives it back. The rows
//! are shared by all processes, so any of them may die at any time: its leases run out, and others go on. What a job does
//! is such that doing it again does no harm.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::{App, Error, Result, UpstreamFailure};
use futures_util::FutureExt;
use store::jobs::{self, JobRow};
use store::{Conn, Pending};
use types::Timestamp;
use uuid::Uuid;

use crate::JobMetrics;

/// How long a process may be silent before another takes its jobs over.
const LEASE: Duration = Duration::from_secs(30);
/// The first and the longest pause after a failure.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(600));
/// Workers that have nothing to do look this often, or as often as their work comes again, unless their kind says more.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A job of a whole installation is seldom longer at work: so long it is waited for.
const TURN: Duration = Duration::from_secs(2);

/// What an attempt led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is to be done again when its time comes.
    Done,
    /// It is to be done again after that time.
    Again(Duration),
    /// There is nothing to do any more, until somebody asks for it.
    Over,
}

/// An attempt at a job.
pub(crate) type Attempt = Pin<Box<dyn Future<Output = Result<Outcome>> + Send>>;

/// An attempt at several jobs of a kind; what came of each, in their order.
pub(crate) type Attempts = Pin<Box<dyn Future<Output = Vec<Result<Outcome>>> + Send>>;

/// How jobs of a kind are done.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// One after the other.
    One(fn(Arc<App>, String) -> Attempt),
    /// One after the other, without those that end so: they stay where they are until their time has come.
    Sparing(fn(&App) -> Vec<String>, fn(Arc<App>, String) -> Attempt),
    /// So many at once: they are taken, looked at and given back together, which costs little more than one of them.
    Many(usize, fn(Arc<App>, Vec<String>) -> Attempts),
}

/// A kind of job.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// Its name in the rows, in metrics and in logs.
    pub(crate) name: &'static str,
    /// How long after one run the next is due.
    pub(crate) every: Duration,
    /// How often somebody who has nothing to do looks for one that is due.
    pub(crate) look_every: Duration,
    /// Whether there is one for the whole installation, without a subject.
    pub(crate) single: bool,
    /// How many workers one process has for it.
    pub(crate) workers: usize,
    /// Does it to a subject, or to several.
    pub(crate) run: Run,
}

impl Kind {
    /// How the subjects end of jobs that are to be left for later.
    fn spared(&self, app: &App) -> Vec<String> {
        match self.run {
            Run::Sparing(spared, _) => spared(app),
            Run::One(_) | Run::Many(..) => Vec::new(),
        }
    }
}

/// Puts the jobs down of which there is one for the whole installation.
pub(crate) async fn seed(app: &App, kinds: &'static [Kind]) -> Result<()> {
    let now = app.now();
    write(app, move |conn| {
        Box::pin(async move {
            for kind in kinds.iter().filter(|kind| kind.single) {
                jobs::insert(conn, &Uuid::now_v7().simple().to_string(), kind.name, "", now).await?;
            }
            Ok(())
        })
    })
    .await
}

/// Does jobs of one kind until the task is dropped.
pub(crate) async fn work(app: Arc<App>, kind: Kind, metrics: JobMetrics) {
    let owner = Uuid::new_v4().simple().to_string();
    let pause = kind.look_every.min(kind.every);
    loop {
        let spared = kind.spared(&app);
        if !is_due(&app, kind.name, &spared).await {
            tokio::time::sleep(pause).await;
            continue;
        }
        match claim(&app, kind, &owner, spared).await {
            Ok(claimed) if claimed.is_empty() => tokio::time::sleep(pause).await,
            Ok(claimed) => {
                let ended = attempt(&app, kind, claimed, &owner).await;
                metrics.ended(kind.name, ended);
            }
            Err(error) => {
                tracing::warn!(job = kind.name, %error, "jobs could not be looked for");
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// Whether there may be something to do. It reads, so that looking often does not disturb those who write.
async fn is_due(app: &App, kind: &'static str, spared: &[String]) -> bool {
    let due = async { Ok::<_, Error>(jobs::is_due(&mut app.db().reader().await?, kind, app.now(), spared).await?) };
    // If that cannot be said, the attempt to take a job says why.
    due.await.unwrap_or(true)
}

async fn claim(app: &App, kind: Kind, owner: &str, spared: Vec<String>) -> Result<Vec<JobRow>> {
    let (owner, now) = (owner.to_owned(), app.now());
    let until = now.after(LEASE);
    let limit = match kind.run {
        Run::One(_) | Run::Sparing(..) => 1,
        Run::Many(most, _) => most,
    };
    write(app, move |conn| {
        Box::pin(async move { Ok(jobs::claim(conn, kind.name, &owner, now, until, limit, &spared).await?) })
    })
    .await
}

/// Does jobs and gives them back. How many came to an end.
async fn attempt(app: &Arc<App>, kind: Kind, claimed: Vec<JobRow>, owner: &str) -> u64 {
    let subjects: Vec<String> = claimed.iter().map(|job| job.subject.clone()).collect();
    let run = async {
        match kind.run {
            Run::Many(_, run) => run(Arc::clone(app), subjects).await,
            Run::One(run) | Run::Sparing(_, run) => {
                let mut outcomes = Vec::new();
                for subject in subjects {
                    outcomes.push(run(Arc::clone(app), subject).await);
                }
                outcomes
            }
        }
    };
    let ids: Vec<String> = claimed.iter().map(|job| job.job_id.clone()).collect();
    let outcomes = tokio::select! {
        outcomes = caught(ids.len(), run) => outcomes,
        () = hold(app, &ids, owner) => {
            tracing::info!(job = kind.name, subject = claimed.first().map(|job| &job.subject), "jobs were taken over, or are gone");
            return 0;
        }
    };
    let ended = outcomes.len() as u64;
    give_back(app, kind, claimed.into_iter().zip(outcomes), owner).await;
    ended
}

/// What came of an attempt at so many jobs. One that ends in a panic has failed, and is tried again like any other: the worker
/// goes on.
async fn caught(jobs: usize, run: impl Future<Output = Vec<Result<Outcome>>>) -> Vec<Result<Outcome>> {
    AssertUnwindSafe(run).catch_unwind().await.unwrap_or_else(|_| vec![Err(Error::Internal); jobs])
}

/// Notes how jobs ended.
async fn give_back(app: &App, kind: Kind, outcomes: impl Iterator<Item = (JobRow, Result<Outcome>)>, owner: &str) {
    if let Err(error) = Ends::of(app, kind, outcomes).write(app, owner).await {
        // Its lease runs out, and then somebody does it again.
        tracing::warn!(job = kind.name, %error, "how jobs ended could not be noted");
    }
}

/// Prolongs the leases of jobs. Returns when one of them is lost.
async fn hold(app: &App, job_ids: &[String], owner: &str) {
    loop {
        tokio::time::sleep(LEASE / 3).await;
        let (ids, owner, until) = (job_ids.to_vec(), owner.to_owned(), app.now().after(LEASE));
        let held = write(app, move |conn| {
            Box::pin(async move {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                jobs::lock(conn, &ids, &owner).await?;
                Ok(jobs::update_lease(conn, &ids, &owner, until).await?)
            })
        });
        if held.await.is_ok_and(|held| held < job_ids.len() as u64) {
            return;
        }
    }
}

/// Does the one job of a kind here and now, in its own way. The workers leave it alone meanwhile, unless one of them is at it
/// for longer than a moment: then both are.
pub(crate) async fn instead<T>(app: &App, kind: Kind, work: impl Future<Output = Result<T>>) -> Result<T> {
    let owner = Uuid::new_v4().simple().to_string();
    let begun = Instant::now();
    let job = loop {
        if let Some(job) = claim_single(app, kind, &owner).await? {
            break job;
        }
        if begun.elapsed() > TURN {
            return work.await;
        }
        tokio::time::sleep(TURN / 20).await;
    };
    let ids = [job.job_id.clone()];
    let mut work = std::pin::pin!(work);
    let done = tokio::select! {
        done = &mut work => done,
        // Somebody else has begun as well, which does no harm.
        () = hold(app, &ids, &owner) => return work.await,
    };
    // Whoever called hears of a failure; the workers come when they would have come.
    give_back(app, kind, std::iter::once((job, Ok(Outcome::Done))), &owner).await;
    done
}

/// Claims the one job of a kind, if nobody has it.
async fn claim_single(app: &App, kind: Kind, owner: &str) -> Result<Option<JobRow>> {
    let (owner, now) = (owner.to_owned(), app.now());
    let new_id = Uuid::now_v7().simple().to_string();
    let claimed = write(app, move |conn| {
        Box::pin(async move {
            jobs::upsert(conn, &new_id, kind.name, "", now).await?;
            Ok(jobs::claim(conn, kind.name, &owner, now, now.after(LEASE), 1, &[]).await?)
        })
    });
    Ok(claimed.await?.pop())
}

/// How jobs are given back.
struct Ends {
    /// Those that are to be done again, by when.
    again: BTreeMap<Timestamp, Vec<String>>,
    over: Vec<String>,
    /// With what went wrong, and when to try again.
    failed: Vec<(String, String, Timestamp)>,
    now: Timestamp,
}

impl Ends {
    fn of(app: &App, kind: Kind, outcomes: impl Iterator<Item = (JobRow, Result<Outcome>)>) -> Self {
        let now = app.now();
        let mut ends = Self { again: BTreeMap::new(), over: Vec::new(), failed: Vec::new(), now };
        for (job, outcome) in outcomes {
            match outcome {
                Ok(Outcome::Done) => ends.again.entry(now.after(kind.every)).or_default().push(job.job_id),
                Ok(Outcome::Again(pause)) => ends.again.entry(now.after(pause)).or_default().push(job.job_id),
                Ok(Outcome::Over) => ends.over.push(job.job_id),
                Err(error) => {
                    let (name, subject, attempts) = (kind.name, &job.subject, job.attempts + 1);
                    tracing::warn!(job = name, subject, attempts, %error, "a job failed and will be tried again");
                    let pause = back_off(job.attempts).max(asked_for(&error));
                    ends.failed.push((job.job_id, error.to_string(), now.after(pause)));
                }
            }
        }
        ends
    }

    async fn write(self, app: &App, owner: &str) -> Result<()> {
        let owner = owner.to_owned();
        write(app, move |conn| {
            Box::pin(async move {
                let Self { again, over, failed, now } = self;
                let failing = failed.iter().map(|(id, ..)| id);
                let all = again.values().flatten().chain(&over).chain(failing);
                jobs::lock(conn, &all.map(String::as_str).collect::<Vec<_>>(), &owner).await?;
                for (due_at, ids) in &again {
                    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                    jobs::update_done(conn, &ids, &owner, *due_at, now).await?;
                }
                for job_id in &over {
                    if !jobs::delete(conn, job_id, &owner).await? {
                        // Somebody wants it once more.
                        jobs::update_done(conn, &[job_id], &owner, now, now).await?;
                    }
                }
                for (job_id, error, due_at) in &failed {
                    jobs::update_failed(conn, job_id, &owner, error, *due_at, now).await?;
                }
                Ok(())
            })
        })
        .await
    }
}

/// How long another registry wants to be left alone.
fn asked_for(error: &Error) -> Duration {
    match error {
        Error::Upstream { failure: UpstreamFailure::Busy { retry_after }, .. } => *retry_after,
        _ => Duration::ZERO,
    }
}

/// Twice as long after each failure.
fn back_off(failures: u64) -> Duration {
    let doublings = u32::try_from(failures).unwrap_or(u32::MAX).min(16);
    (BACK_OFF.0 * 2_u32.pow(doublings)).min(BACK_OFF.1)
}

async fn write<T: Send + 'static>(
    app: &App,
    body: impl for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, Error> + Send + 'static,
) -> Result<T> {
    app.db().write_in_background(body).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_attempt_that_ends_in_a_panic_has_failed() {
        let outcomes = caught(2, async { panic!("a fault in a job") }).await;
        assert!(matches!(outcomes.as_slice(), [Err(Error::Internal), Err(Error::Internal)]));
        let outcomes = caught(1, async { vec![Ok(Outcome::Over)] }).await;
        assert!(matches!(outcomes.as_slice(), [Ok(Outcome::Over)]));
    }

    #[test]
    fn failures_are_answered_with_patience_and_not_for_ever() {
        assert_eq!(back_off(0), Duration::from_secs(2));
        assert_eq!(back_off(3), Duration::from_secs(16));
        assert_eq!(back_off(40), Duration::from_secs(600));
        assert_eq!(back_off(u64::MAX), Duration::from_secs(600));
    }
}
