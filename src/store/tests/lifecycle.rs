//! Lifecycle policies, and previews with whoever works on them.

use super::harness::{NOW, at, digest, number, on_each, repository, write};
use crate::lifecycle_preview_results::{ResultRow, Tagged};
use crate::lifecycle_previews::Status;
use crate::{Db, lifecycle_policies as policies, lifecycle_preview_results as results, lifecycle_previews as previews};

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_replaced_and_given_back() {
    on_each(|test| async move {
        let id = repository(&test.db, "app").await;
        for document in ["one", "two"] {
            let id = id.clone();
            write(&test.db, move |conn| Box::pin(async move { policies::upsert(conn, &id, document, NOW).await }))
                .await
                .unwrap();
        }
        let mut conn = test.db.reader().await.unwrap();
        let found = policies::find(&mut conn, &id).await.unwrap().unwrap();
        assert_eq!((found.document.as_str(), found.last_evaluated_at), ("two", None));
        assert_eq!(number(&test.db, "select version from lifecycle_policies").await, 2);
        let deleted = write(&test.db, move |conn| Box::pin(async move { policies::delete(conn, &id).await }));
        assert_eq!(deleted.await.unwrap().unwrap().document, "two");
    })
    .await;
}

async fn ask(db: &Db, id: &str, run: &'static str) -> bool {
    let id = id.to_owned();
    write(db, move |conn| Box::pin(async move { previews::insert(conn, &id, run, "policy", NOW).await })).await.unwrap()
}

async fn claim(db: &Db, run: &'static str, now: i64, until: i64) -> Option<String> {
    write(db, move |conn| Box::pin(async move { previews::claim(conn, run, at(now), at(until)).await }))
        .await
        .unwrap()
        .map(|row| row.repository_id)
}

async fn end(db: &Db, run: &'static str) -> bool {
    write(db, move |conn| {
        Box::pin(async move { previews::update_end(conn, run, Status::Complete, 3, 4, at(100)).await })
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_preview_of_a_repository_is_under_way() {
    on_each(|test| async move {
        let (app, lib) = (repository(&test.db, "app").await, repository(&test.db, "lib").await);
        assert!(ask(&test.db, &app, "asked").await);
        assert!(!ask(&test.db, &app, "asked again").await);
        assert!(ask(&test.db, &lib, "asked elsewhere").await);
        assert!(claim(&test.db, "run 1", 0, 30).await.is_some());
        assert!(claim(&test.db, "run 2", 0, 30).await.is_some());
        assert!(claim(&test.db, "run 3", 10, 40).await.is_none(), "both are being worked on");
        assert!(end(&test.db, "run 1").await && end(&test.db, "run 2").await);
        assert!(ask(&test.db, &app, "asked later").await);
        let mut conn = test.db.reader().await.unwrap();
        assert_eq!(previews::find(&mut conn, &app).await.unwrap().unwrap().status, Status::InProgress);
        let done = previews::find(&mut conn, &lib).await.unwrap().unwrap();
        assert_eq!((done.status, done.expiring_count, done.transitioning_count), (Status::Complete, 3, 4));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_whose_worker_is_silent_is_taken_over() {
    on_each(|test| async move {
        let id = repository(&test.db, "app").await;
        assert!(ask(&test.db, &id, "asked").await);
        assert!(claim(&test.db, "silent", 0, 30).await.is_some());
        assert!(claim(&test.db, "too early", 30, 60).await.is_none());
        assert_eq!(claim(&test.db, "second", 31, 60).await, Some(id));
        // The first one comes back to life, and can do nothing.
        let lease =
            write(&test.db, |conn| Box::pin(async move { previews::update_lease(conn, "silent", at(99)).await }));
        assert!(!lease.await.unwrap());
        assert!(!end(&test.db, "silent").await);
        assert!(end(&test.db, "second").await);
    })
    .await;
}

fn result(position: usize, tags: &[&str]) -> ResultRow {
    ResultRow {
        position: i64::try_from(position).unwrap(),
        digest: digest(position),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        pushed_at: at(1),
        storage_class: "STANDARD".to_owned(),
        action: "EXPIRE".to_owned(),
        rule_priority: 7,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_paged_filtered_and_found_by_image() {
    on_each(|test| async move {
        // More than a batch, and some.
        let rows: Vec<ResultRow> = (1..=results::BATCH * 2 + 7)
            .map(|position| result(position, if position % 2 == 0 { &["a", "b"] } else { &[] }))
            .collect();
        write(&test.db, move |conn| Box::pin(async move { results::insert(conn, "run", &rows).await })).await.unwrap();
        let mut conn = test.db.reader().await.unwrap();
        let page = results::list(&mut conn, "run", Tagged::Any, 5, 3).await.unwrap();
        assert_eq!(page, [result(6, &["a", "b"]), result(7, &[]), result(8, &["a", "b"])]);
        let positions = |rows: Vec<ResultRow>| rows.iter().map(|row| row.position).collect::<Vec<_>>();
        assert_eq!(positions(results::list(&mut conn, "run", Tagged::Yes, 5, 3).await.unwrap()), [6, 8, 10]);
        assert_eq!(positions(results::list(&mut conn, "run", Tagged::No, 5, 3).await.unwrap()), [7, 9, 11]);
        let wanted = [digest(200), digest(3), digest(9999)];
        assert_eq!(positions(results::find_all(&mut conn, "run", &wanted).await.unwrap()), [3, 200]);
        assert!(results::list(&mut conn, "other", Tagged::Any, 0, 3).await.unwrap().is_empty());

        assert_eq!(results::find_next_run(&mut conn, "").await.unwrap().as_deref(), Some("run"));
        assert_eq!(results::find_next_run(&mut conn, "run").await.unwrap(), None);
        let delete = async || {
            write(&test.db, |conn| Box::pin(async move { results::delete(conn, "run", 150).await })).await.unwrap()
        };
        assert_eq!((delete().await, delete().await, delete().await), (150, 57, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn results_are_wanted_until_their_preview_expires() {
    on_each(|test| async move {
        let id = repository(&test.db, "app").await;
        assert!(ask(&test.db, &id, "asked").await);
        assert!(claim(&test.db, "run", 0, 30).await.is_some());
        assert!(end(&test.db, "run").await);
        let expire = async |before: i64| {
            write(&test.db, move |conn| Box::pin(async move { previews::update_expired(conn, at(before)).await }))
                .await
                .unwrap()
        };
        let mut conn = test.db.reader().await.unwrap();
        assert_eq!(expire(100).await, 0);
        assert!(previews::contains(&mut conn, "run").await.unwrap());
        assert!(!previews::contains(&mut conn, "asked").await.unwrap());
        assert_eq!(expire(101).await, 1);
        assert!(!previews::contains(&mut conn, "run").await.unwrap());
        assert_eq!(previews::find(&mut conn, &id).await.unwrap().unwrap().status, Status::Expired);
        let delete = async || {
            let id = id.clone();
            write(&test.db, move |conn| Box::pin(async move { previews::delete(conn, &id).await })).await.unwrap()
        };
        assert!(delete().await && !delete().await);
    })
    .await;
}
