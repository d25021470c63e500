//! Workers: each takes a job of its kind that is due, does it under a lease that it prolongs, and gives it back. The rows
//! are shared by all processes, so any of them may die at any time: its leases run out, and others go on. What a job does
//! is such that doing it again does no harm.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use app::{App, Error, Result};
use store::jobs::{self, JobRow};
use store::{Conn, Pending};
use uuid::Uuid;

/// How long a process may be silent before another takes its jobs over.
const LEASE: Duration = Duration::from_secs(30);
/// The first and the longest pause after a failure.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(600));
/// Workers that have nothing to do look this often, or as often as their work comes again, unless their kind says more.
pub(crate) const LOOK_EVERY: Duration = Duration::from_secs(5);

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
    /// How many one process does at once.
    pub(crate) workers: usize,
    /// Does it to a subject.
    pub(crate) run: fn(Arc<App>, String) -> Attempt,
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
pub(crate) async fn work(app: Arc<App>, kind: Kind) {
    let owner = Uuid::new_v4().simple().to_string();
    let pause = kind.look_every.min(kind.every);
    loop {
        if !is_due(&app, kind.name).await {
            tokio::time::sleep(pause).await;
            continue;
        }
        match claim(&app, kind.name, &owner).await {
            Ok(Some(job)) => attempt(&app, kind, job, &owner).await,
            Ok(None) => tokio::time::sleep(pause).await,
            Err(error) => {
                tracing::warn!(job = kind.name, %error, "jobs could not be looked for");
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// Whether there may be something to do. It reads, so that looking often does not disturb those who write.
async fn is_due(app: &App, kind: &'static str) -> bool {
    let due = async { Ok::<_, Error>(jobs::is_due(&mut app.db().reader().await?, kind, app.now()).await?) };
    // If that cannot be said, the attempt to take a job says why.
    due.await.unwrap_or(true)
}

async fn claim(app: &App, kind: &'static str, owner: &str) -> Result<Option<JobRow>> {
    let (owner, now) = (owner.to_owned(), app.now());
    let until = now.after(LEASE);
    write(app, move |conn| Box::pin(async move { Ok(jobs::claim(conn, kind, &owner, now, until).await?) })).await
}

async fn attempt(app: &Arc<App>, kind: Kind, job: JobRow, owner: &str) {
    let outcome = tokio::select! {
        outcome = (kind.run)(Arc::clone(app), job.subject.clone()) => outcome,
        () = hold(app, &job.job_id, owner) => {
            tracing::info!(job = kind.name, subject = job.subject, "a job was taken over, or is gone");
            return;
        }
    };
    let ended = match &outcome {
        Ok(Outcome::Done) => done(app, &job, owner, kind.every).await,
        Ok(Outcome::Again(pause)) => done(app, &job, owner, *pause).await,
        Ok(Outcome::Over) => over(app, &job, owner).await,
        Err(error) => {
            let attempts = job.attempts + 1;
            tracing::warn!(job = kind.name, subject = job.subject, attempts, %error, "a job failed and will be tried again");
            failed(app, &job, owner, error).await
        }
    };
    if let Err(error) = ended {
        // Its lease runs out, and then somebody does it again.
        tracing::warn!(job = kind.name, subject = job.subject, %error, "how a job ended could not be noted");
    }
}

/// Prolongs the lease of a job. Returns when it is lost.
async fn hold(app: &App, job_id: &str, owner: &str) {
    loop {
        tokio::time::sleep(LEASE / 3).await;
        let (job_id, owner, until) = (job_id.to_owned(), owner.to_owned(), app.now().after(LEASE));
        let held = write(app, move |conn| {
            Box::pin(async move { Ok(jobs::update_lease(conn, &job_id, &owner, until).await?) })
        });
        if let Ok(false) = held.await {
            return;
        }
    }
}

async fn done(app: &App, job: &JobRow, owner: &str, every: Duration) -> Result<()> {
    let (job_id, owner, now) = (job.job_id.clone(), owner.to_owned(), app.now());
    write(app, move |conn| {
        Box::pin(async move {
            jobs::update_done(conn, &job_id, &owner, now.after(every), now).await?;
            Ok(())
        })
    })
    .await
}

async fn over(app: &App, job: &JobRow, owner: &str) -> Result<()> {
    let (job_id, owner, now) = (job.job_id.clone(), owner.to_owned(), app.now());
    write(app, move |conn| {
        Box::pin(async move {
            if !jobs::delete(conn, &job_id, &owner).await? {
                // Somebody wants it once more.
                jobs::update_done(conn, &job_id, &owner, now, now).await?;
            }
            Ok(())
        })
    })
    .await
}

async fn failed(app: &App, job: &JobRow, owner: &str, error: &Error) -> Result<()> {
    let (job_id, owner, now) = (job.job_id.clone(), owner.to_owned(), app.now());
    let (due_at, error) = (now.after(back_off(job.attempts)), error.to_string());
    write(app, move |conn| {
        Box::pin(async move {
            jobs::update_failed(conn, &job_id, &owner, &error, due_at, now).await?;
            Ok(())
        })
    })
    .await
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

    #[test]
    fn failures_are_answered_with_patience_and_not_for_ever() {
        assert_eq!(back_off(0), Duration::from_secs(2));
        assert_eq!(back_off(3), Duration::from_secs(16));
        assert_eq!(back_off(40), Duration::from_secs(600));
        assert_eq!(back_off(u64::MAX), Duration::from_secs(600));
    }
}
