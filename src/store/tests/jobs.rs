//! Jobs: one worker at a time has each, and nobody who wants one sooner is forgotten.

use super::harness::{at, on_each, write};
use crate::jobs::{self, Depth, JobRow};
use crate::{Db, Result};

async fn claim(db: &Db, owner: &'static str, now: i64, until: i64) -> Option<JobRow> {
    let claimed = write(db, move |conn| Box::pin(jobs::claim(conn, "kind", owner, at(now), at(until), 1, &[])));
    claimed.await.unwrap().pop()
}

async fn upsert(db: &Db, subject: &'static str, due: i64) {
    write(db, move |conn| Box::pin(async move { jobs::upsert(conn, subject, "kind", subject, at(due)).await }))
        .await
        .unwrap();
}

async fn done(db: &Db, job_id: &str, owner: &'static str, due: i64, now: i64) -> bool {
    let job_id = job_id.to_owned();
    let done = write(db, move |conn| {
        Box::pin(async move { jobs::update_done(conn, &[&job_id], owner, at(due), at(now)).await })
    });
    done.await.unwrap() == 1
}

async fn all(db: &Db) -> Vec<JobRow> {
    jobs::list(&mut db.reader().await.unwrap(), ("", ""), 100).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_worker_at_a_time_has_a_job() {
    on_each(|test| async move {
        let db = &test.db;
        upsert(db, "s", 10).await;
        assert!(claim(db, "a", 9, 20).await.is_none(), "it is not due");
        assert_eq!(claim(db, "a", 10, 20).await.unwrap().subject, "s");
        assert!(claim(db, "b", 15, 25).await.is_none(), "somebody is at it");
        let prolong = |owner: &'static str, until| {
            write(db, move |conn| Box::pin(async move { jobs::update_lease(conn, &["s"], owner, at(until)).await }))
        };
        assert_eq!(prolong("a", 30).await.unwrap(), 1);
        assert_eq!(prolong("b", 40).await.unwrap(), 0);
        assert!(claim(db, "b", 25, 35).await.is_none());
        assert!(claim(db, "b", 30, 40).await.is_some(), "the lease ran out");
        assert_eq!(prolong("a", 50).await.unwrap(), 0);
        assert!(!done(db, "s", "a", 100, 31).await, "it is not a's any more");
        assert!(done(db, "s", "b", 100, 35).await);
        assert!(claim(db, "a", 99, 110).await.is_none());
        assert!(claim(db, "a", 100, 110).await.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_wanted_sooner_is_done_sooner_even_while_it_is_done() {
    on_each(|test| async move {
        let db = &test.db;
        upsert(db, "s", 100).await;
        upsert(db, "s", 200).await;
        assert!(claim(db, "a", 100, 130).await.is_some(), "the sooner of two counts");
        // Somebody wants it while it is done: then once more, and not before it is given back.
        upsert(db, "s", 110).await;
        assert!(claim(db, "b", 111, 140).await.is_none());
        let prolonged = write(db, |conn| Box::pin(jobs::update_lease(conn, &["s"], "a", at(150))));
        assert_eq!(prolonged.await.unwrap(), 1);
        assert!(done(db, "s", "a", 1000, 120).await);
        assert!(claim(db, "b", 121, 150).await.is_some());
        assert!(done(db, "s", "b", 1000, 130).await);
        assert!(claim(db, "b", 999, 1010).await.is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_over_goes_unless_somebody_wants_it_meanwhile() {
    on_each(|test| async move {
        let db = &test.db;
        let over = || write(db, |conn| Box::pin(jobs::delete(conn, "s", "a")));
        upsert(db, "s", 0).await;
        assert!(claim(db, "a", 1, 20).await.is_some());
        upsert(db, "s", 2).await;
        assert!(!over().await.unwrap());
        assert!(done(db, "s", "a", 3, 3).await);
        assert!(claim(db, "a", 3, 20).await.is_some());
        assert!(over().await.unwrap());
        assert!(all(db).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_remembered_until_an_attempt_succeeds() {
    on_each(|test| async move {
        let db = &test.db;
        upsert(db, "s", 0).await;
        upsert(db, "t", 5).await;
        let depth =
            |now| async move { jobs::depth(&mut db.reader().await.unwrap(), "kind", at(now), 100).await.unwrap() };
        assert_eq!(depth(6).await, Depth { due: 2, overdue_since: Some(at(0)), failing: 0 });
        assert_eq!(claim(db, "a", 6, 20).await.unwrap().subject, "s", "the longest overdue comes first");
        let failed = write(db, |conn| {
            Box::pin(async move { jobs::update_failed(conn, "s", "a", "no luck", at(30), at(7)).await })
        });
        assert!(failed.await.unwrap());
        let job = all(db).await.into_iter().find(|job| job.subject == "s").unwrap();
        assert_eq!((job.attempts, job.last_error.as_deref(), job.due_at), (1, Some("no luck"), at(30)));
        assert_eq!(depth(6).await, Depth { due: 1, overdue_since: Some(at(5)), failing: 1 });
        assert_eq!(claim(db, "a", 7, 20).await.unwrap().subject, "t");
        assert!(done(db, "t", "a", 100, 8).await);
        assert!(claim(db, "a", 30, 50).await.is_some());
        assert!(done(db, "s", "a", 60, 31).await);
        let job = all(db).await.into_iter().find(|job| job.subject == "s").unwrap();
        assert_eq!((job.attempts, job.last_error, job.last_run_at), (0, None, Some(at(31))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workers_share_many_jobs() {
    on_each(|test| async move {
        let db = &test.db;
        for subject in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            upsert(db, subject, 0).await;
        }
        let workers = (0..16).map(|_| async {
            let claimed: Result<Vec<JobRow>> =
                write(db, |conn| Box::pin(jobs::claim(conn, "kind", "w", at(1), at(30), 1, &[]))).await;
            claimed.unwrap().pop().map(|job| job.subject)
        });
        let mut subjects: Vec<String> = futures_util::future::join_all(workers).await.into_iter().flatten().collect();
        // Postgres may pass over one that another worker is taking; it is found the next time.
        while let Some(job) = claim(db, "w", 1, 30).await {
            subjects.push(job.subject);
        }
        subjects.sort();
        assert_eq!(subjects, ["a", "b", "c", "d", "e", "f", "g", "h"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_jobs_are_put_down_and_taken_and_given_back_at_once() {
    on_each(|test| async move {
        let db = &test.db;
        upsert(db, "b", 50).await;
        write(db, |conn| Box::pin(jobs::upsert_all(conn, "first-", "kind", ["c", "a", "b"], at(10)))).await.unwrap();
        write(db, |conn| Box::pin(jobs::upsert_all(conn, "second-", "kind", ["c", "d"], at(20)))).await.unwrap();
        let due: Vec<(String, _)> = all(db).await.into_iter().map(|job| (job.subject, job.due_at)).collect();
        let expected = [("a", 10), ("b", 10), ("c", 10), ("d", 20)];
        assert_eq!(due, expected.map(|(subject, due)| (subject.to_owned(), at(due))));
        let claim = |limit| write(db, move |conn| Box::pin(jobs::claim(conn, "kind", "w", at(20), at(40), limit, &[])));
        let (three, one) = (claim(3).await.unwrap(), claim(3).await.unwrap());
        assert_eq!((three.len(), one.len()), (3, 1));
        assert!(claim(3).await.unwrap().is_empty());
        // One of them is wanted once more.
        upsert(db, "a", 21).await;
        let ids: Vec<String> = three.into_iter().chain(one).map(|job| job.job_id).collect();
        let done = write(db, move |conn| {
            Box::pin(async move {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                jobs::update_done(conn, &ids, "w", at(100), at(30)).await
            })
        });
        assert_eq!(done.await.unwrap(), 4);
        let due: Vec<_> = all(db).await.into_iter().map(|job| job.due_at).collect();
        assert_eq!(due, [at(21), at(100), at(100), at(100)]);
    })
    .await;
}

/// The clocks of two processes differ, or it is wanted for later: either way at a time after the end of the lease.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_wanted_for_later_while_it_is_done_is_not_forgotten() {
    on_each(|test| async move {
        let db = &test.db;
        upsert(db, "s", 0).await;
        assert!(claim(db, "a", 1, 20).await.is_some());
        upsert(db, "s", 60).await;
        let over = write(db, |conn| Box::pin(jobs::delete(conn, "s", "a")));
        assert!(!over.await.unwrap(), "somebody wants it once more");
        assert!(done(db, "s", "a", 1000, 5).await);
        assert!(claim(db, "a", 60, 80).await.is_some());
        write(db, |conn| Box::pin(async move { jobs::upsert_all(conn, "new-", "kind", ["s"], at(200)).await }))
            .await
            .unwrap();
        assert!(done(db, "s", "a", 1000, 70).await);
        assert!(claim(db, "a", 200, 220).await.is_some());
        // Without a word from anybody it is done when its time comes.
        assert!(done(db, "s", "a", 1000, 210).await);
        assert!(claim(db, "a", 999, 1010).await.is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_are_spared_stay_where_they_are() {
    on_each(|test| async move {
        let db = &test.db;
        upsert(db, "r1 down", 10).await;
        let spared = ["x down".to_owned(), " down".to_owned()];
        let due = |spared: Vec<String>| async move {
            jobs::is_due(&mut db.reader().await.unwrap(), "kind", at(20), &spared).await.unwrap()
        };
        assert!(due(Vec::new()).await && !due(spared.to_vec()).await);
        upsert(db, "r2 up", 11).await;
        assert!(due(spared.to_vec()).await);
        let claimed = write(db, move |conn| {
            Box::pin(async move { jobs::claim(conn, "kind", "a", at(20), at(40), 9, &spared).await })
        });
        let subjects: Vec<String> = claimed.await.unwrap().into_iter().map(|job| job.subject).collect();
        assert_eq!(subjects, ["r2 up"]);
        assert_eq!(claim(db, "a", 20, 40).await.unwrap().subject, "r1 down");
    })
    .await;
}
