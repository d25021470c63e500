//! Background work. What the whole installation shares is a row in the table of jobs, done by whichever process gets to it;
//! what only this process can do is a loop here.

mod leftovers;
mod lifecycle_previews;
mod metrics;
mod nightly;
mod usage_metrics;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use app::garbage::Collected;
use app::lifecycle::{preview, run as lifecycle};
use app::replication::backfill;
use app::scanning::referrers;
use app::{App, Result, audit, events, garbage, key_uses, pulls, replication, repositories, scanning, uploads, usage};
use ecs::services::{self, Next};
use ecs::{lost_hosts, task_definitions};
use tokio::task::JoinSet;

pub use metrics::JobMetrics;
pub use usage_metrics::UsageMetrics;
use worker::{Attempt, Kind, Outcome, Run};

/// How often the authorization data is looked at: what one process changes, all obey within seconds.
const REFRESH_EVERY: Duration = Duration::from_secs(1);
/// How often the pulls and the uses of access keys that this process saw are written.
const RECORD_EVERY: Duration = Duration::from_secs(5);

/// Everything that the installation does by itself.
const KINDS: &[Kind] = &[
    Kind {
        name: lifecycle::JOB,
        every: lifecycle::EVERY,
        look_every: worker::LOOK_EVERY,
        single: false,
        workers: 1,
        run: Run::One(|app, repository_id| {
            Box::pin(async move {
                let applied = lifecycle::run(&app, &repository_id).await?;
                Ok(applied.map_or(Outcome::Over, |_| Outcome::Done))
            })
        }),
    },
    Kind {
        name: replication::JOB,
        every: Duration::from_secs(1),
        look_every: worker::LOOK_EVERY,
        single: false,
        workers: 2,
        run: Run::One(|app, subject| {
            Box::pin(async move {
                replication::run(&app, &subject).await?;
                Ok(Outcome::Over)
            })
        }),
    },
    Kind {
        name: replication::JOB_ELSEWHERE,
        every: Duration::from_secs(1),
        look_every: worker::LOOK_EVERY,
        single: false,
        workers: replication::WORKERS_ELSEWHERE,
        run: Run::Sparing(replication::spared_elsewhere, |app, subject| {
            Box::pin(async move {
                Ok(replication::run_elsewhere(&app, &subject).await?.map_or(Outcome::Over, Outcome::Again))
            })
        }),
    },
    Kind {
        name: backfill::JOB,
        every: Duration::from_secs(2),
        look_every: worker::LOOK_EVERY,
        single: false,
        workers: 1,
        run: Run::One(|app, backfill_id| {
            Box::pin(
                async move { Ok(if backfill::run(&app, &backfill_id).await? { Outcome::Over } else { Outcome::Done }) },
            )
        }),
    },
    single("forget backfills", Duration::from_secs(3600), |app, _| {
        Box::pin(async move {
            while backfill::forget(&app).await? {}
            Ok(Outcome::Done)
        })
    }),
    Kind {
        name: scanning::JOB,
        // Whoever asked waits for it; there is nothing to do again.
        every: Duration::from_secs(2),
        look_every: worker::LOOK_EVERY,
        single: false,
        workers: 1,
        run: Run::One(|app, subject| {
            Box::pin(async move { Ok(scanning::run(&app, &subject).await?.map_or(Outcome::Over, Outcome::Again)) })
        }),
    },
    Kind {
        name: scanning::FETCH,
        every: Duration::from_secs(2),
        // A client may wait for the gate to open.
        look_every: Duration::from_secs(2),
        single: false,
        workers: scanning::FETCHERS,
        run: Run::Sparing(scanning::spared, |app, subject| {
            Box::pin(async move { Ok(scanning::fetch(&app, &subject).await?.map_or(Outcome::Over, Outcome::Again)) })
        }),
    },
    Kind {
        name: referrers::JOB,
        every: Duration::from_secs(5),
        look_every: worker::LOOK_EVERY,
        single: false,
        workers: 1,
        run: Run::One(|app, subject| {
            Box::pin(async move {
                referrers::attach(&app, &subject).await?;
                Ok(Outcome::Over)
            })
        }),
    },
    Kind {
        name: services::JOB,
        every: services::EVERY,
        // Whoever starts a service watches it.
        look_every: Duration::from_millis(250),
        single: false,
        workers: 2,
        run: Run::Many(services::AT_ONCE, |app, service_ids| {
            Box::pin(async move {
                let outcome = |next| match next {
                    Next::In(pause) => Outcome::Again(pause),
                    Next::Never => Outcome::Over,
                };
                services::reconcile(&app, service_ids).await.into_iter().map(|next| next.map(outcome)).collect()
            })
        }),
    },
    Kind {
        name: services::WAKE,
        every: Duration::from_secs(1),
        look_every: Duration::from_millis(500),
        single: false,
        workers: 1,
        run: Run::One(|app, cluster_id| {
            Box::pin(async move {
                services::wake_cluster(&app, &cluster_id).await?;
                Ok(Outcome::Over)
            })
        }),
    },
    single("match scanned images", Duration::from_secs(5), |app, _| {
        Box::pin(async move {
            while scanning::match_again(&app).await? {}
            Ok(Outcome::Done)
        })
    }),
    single("sweep scans", Duration::from_secs(600), |app, _| {
        Box::pin(async move {
            scanning::sweep(&app).await?;
            Ok(Outcome::Done)
        })
    }),
    COLLECT_GARBAGE,
    single(lost_hosts::JOB, lost_hosts::EVERY, |app, _| {
        Box::pin(async move {
            lost_hosts::give_up(&app).await?;
            Ok(Outcome::Done)
        })
    }),
    single("measure reservations", ecs::reservation::EVERY, |app, _| {
        Box::pin(async move {
            ecs::reservation::measure(&app).await?;
            Ok(Outcome::Done)
        })
    }),
    // Once after each start, and then from the first revision that is put down to the last that goes.
    single(task_definitions::SWEEP, task_definitions::EVERY, |app, _| {
        Box::pin(async move { Ok(if task_definitions::sweep(&app).await? { Outcome::Done } else { Outcome::Over }) })
    }),
    single("forget stopped tasks", Duration::from_secs(60), |app, _| {
        Box::pin(async move {
            while ecs::tasks::forget_stopped(&app).await? {}
            Ok(Outcome::Done)
        })
    }),
    single("remove deleted repositories", Duration::from_secs(10), |app, _| {
        Box::pin(async move {
            while repositories::remove_deleted(&app).await? {}
            Ok(Outcome::Done)
        })
    }),
    single("expire uploads", Duration::from_secs(20), |app, _| {
        Box::pin(async move {
            while uploads::expire(&app).await? > 0 {}
            Ok(Outcome::Done)
        })
    }),
    single("measure usage", nightly::DAY, |app, _| {
        Box::pin(async move {
            usage::measure(app.db(), app.blobs(), || app.now()).await?;
            Ok(Outcome::Again(nightly::until_night(app.now())))
        })
    }),
    single("sweep lifecycle previews", Duration::from_secs(600), |app, _| {
        Box::pin(async move {
            preview::sweep(&app).await?;
            Ok(Outcome::Done)
        })
    }),
    single("put log chunks together", Duration::from_secs(10), |app, _| {
        Box::pin(async move {
            while logs::upkeep::put_together(&app).await? {}
            Ok(Outcome::Done)
        })
    }),
    single("expire log events", Duration::from_secs(600), |app, _| {
        Box::pin(async move {
            logs::upkeep::expire(&app).await?;
            Ok(Outcome::Done)
        })
    }),
    single("remove deleted logs", Duration::from_secs(10), |app, _| {
        Box::pin(async move {
            while logs::upkeep::remove_deleted(&app).await? {}
            Ok(Outcome::Done)
        })
    }),
    single("remove deleted secrets", Duration::from_secs(60), |app, _| {
        Box::pin(async move {
            while secrets::remove_deleted(&app).await? {}
            Ok(Outcome::Done)
        })
    }),
    single("scale services", autoscaling::EVERY, |app, _| {
        Box::pin(async move {
            autoscaling::scale(&app).await?;
            Ok(Outcome::Done)
        })
    }),
    single("forget scaling activities", Duration::from_secs(3600), |app, _| {
        Box::pin(async move {
            while autoscaling::forget(&app).await? {}
            Ok(Outcome::Done)
        })
    }),
    single("evaluate alarms", cloudwatch::alarms::EVALUATE_EVERY, |app, _| {
        Box::pin(async move {
            cloudwatch::alarms::evaluate(&app).await?;
            Ok(Outcome::Done)
        })
    }),
    single("expire metrics", cloudwatch::metrics::EXPIRE_EVERY, |app, _| {
        Box::pin(async move {
            cloudwatch::metrics::expire(&app).await?;
            cloudwatch::alarms::expire_history(&app).await?;
            Ok(Outcome::Done)
        })
    }),
    single("look for deliveries", Duration::from_secs(1), |app, _| {
        Box::pin(async move {
            events::awaken(&app).await?;
            Ok(Outcome::Done)
        })
    }),
    Kind {
        name: events::JOB,
        every: Duration::from_secs(1),
        // Who is told of a push may deploy it.
        look_every: Duration::from_secs(1),
        single: false,
        workers: 4,
        run: Run::One(|app, webhook_id| {
            Box::pin(async move {
                events::deliver(&app, &webhook_id).await?;
                Ok(Outcome::Over)
            })
        }),
    },
    single("forget deliveries", Duration::from_secs(600), |app, _| {
        Box::pin(async move {
            while events::forget(&app).await? {}
            Ok(Outcome::Done)
        })
    }),
    single("discard events", Duration::from_secs(600), |app, _| {
        Box::pin(async move {
            while audit::discard_old(&app).await? {}
            Ok(Outcome::Done)
        })
    }),
    single("discard leftovers", Duration::from_secs(3600), |app, _| {
        Box::pin(async move {
            while leftovers::run(&app).await? {}
            Ok(Outcome::Done)
        })
    }),
];

const COLLECT_GARBAGE: Kind = single("collect garbage", Duration::from_secs(10), |app, _| {
    Box::pin(async move {
        let collected = garbage::run(&app, None).await?;
        if collected != Collected::default() {
            tracing::debug!(?collected, "garbage was collected");
        }
        Ok(Outcome::Done)
    })
});

/// Collects garbage at once, instead of the job that does so. `delay` takes the place of those that are set.
///
/// # Errors
///
/// As [`garbage::run`]; what was collected until then is.
pub async fn collect_garbage(app: &App, delay: Option<Duration>) -> Result<Collected> {
    worker::instead(app, COLLECT_GARBAGE, garbage::run(app, delay)).await
}

/// A kind of which there is one job for the whole installation.
const fn single(name: &'static str, every: Duration, run: fn(Arc<App>, String) -> Attempt) -> Kind {
    Kind { name, every, look_every: worker::LOOK_EVERY, single: true, workers: 1, run: Run::One(run) }
}

/// Runs all jobs until the returned set is dropped.
pub fn start(app: &Arc<App>, metrics: &JobMetrics, usage: &UsageMetrics) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let own = Arc::clone(app);
    tasks.spawn(async move {
        loop {
            tokio::time::sleep(REFRESH_EVERY).await;
            if let Err(error) = own.refresh().await {
                tracing::warn!(%error, "users and policies could not be looked at");
            }
        }
    });
    // Each process has seen pulls and uses of its own.
    let own = Arc::clone(app);
    tasks.spawn(async move {
        loop {
            tokio::time::sleep(RECORD_EVERY).await;
            if let Err(error) = key_uses::flush(&own).await {
                tracing::warn!(%error, "the last uses of access keys could not be recorded");
            }
            if let Err(error) = pulls::flush(&own).await {
                tracing::warn!(%error, "the last pulls could not be recorded");
            }
        }
    });
    tasks.spawn(lifecycle_previews::run(Arc::clone(app)));
    tasks.spawn(metrics::watch(Arc::clone(app), metrics.clone()));
    tasks.spawn(usage_metrics::watch(Arc::clone(app), usage.clone()));
    let (own, done) = (Arc::clone(app), metrics.clone());
    tasks.spawn(async move {
        // Without its row a job is never done: until the database is there, there is nothing to do anyway.
        while let Err(error) = worker::seed(&own, KINDS).await {
            tracing::warn!(%error, "background jobs could not be put down");
            tokio::time::sleep(REFRESH_EVERY).await;
        }
        let mut workers = JoinSet::new();
        for kind in KINDS {
            for _ in 0..kind.workers {
                workers.spawn(worker::work(Arc::clone(&own), *kind, done.clone()));
            }
        }
        workers.join_all().await;
    });
    tasks
}
