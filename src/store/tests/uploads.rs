//! One request at a time has an upload session, and a request that lost it changes nothing.

use tokio::task::JoinSet;
use types::Timestamp;

use super::harness::{NOW, at, digest, number, on_each, repository, write};
use crate::uploads::{LayerParts, Progress, UploadRow};
use crate::{Conn, Db, Error, Result, upload_parts, uploads};

/// Adds a session that nobody has and that is given up at second 100.
pub(super) async fn open(conn: &mut Conn, repository_id: &str, upload_id: &str, tail: Option<&str>) -> Result<()> {
    let row = UploadRow {
        upload_id: upload_id.to_owned(),
        repository_id: repository_id.to_owned(),
        principal: "arn:aws:iam::000000000000:root".to_owned(),
        staged: "{}".to_owned(),
        object_key: format!("key-of-{upload_id}"),
        tail_key: tail.map(str::to_owned),
        received: 0,
        digest: None,
        expires_at: at(100),
        lease_until: Timestamp::from_micros(0),
        parts: LayerParts::default(),
    };
    uploads::insert(conn, &row, None, NOW).await
}

async fn opened(db: &Db, repository_id: &str, upload_id: &'static str) {
    let id = repository_id.to_owned();
    write(db, move |conn| Box::pin(async move { open(conn, &id, upload_id, None).await })).await.unwrap();
}

async fn claim(db: &Db, upload_id: &str, owner: &str, now: Timestamp, until: Timestamp) -> Option<UploadRow> {
    let (upload_id, owner) = (upload_id.to_owned(), owner.to_owned());
    write(db, move |conn| Box::pin(async move { uploads::claim(conn, &upload_id, &owner, now, until).await }))
        .await
        .unwrap()
}

fn progress(received: u64) -> Progress {
    Progress {
        staged: format!("{{\"received\":{received}}}"),
        object_key: "key-of-u".to_owned(),
        tail_key: Some("tail".to_owned()),
        received,
        parts: LayerParts { count: 2, short: 1, last_short: true },
        expires_at: at(200),
    }
}

async fn record(db: &Db, owner: &'static str, received: u64) -> bool {
    write(db, move |conn| {
        Box::pin(async move { uploads::update_progress(conn, "u", owner, &progress(received)).await })
    })
    .await
    .unwrap()
}

async fn done(db: &Db, owner: &'static str) -> bool {
    write(db, move |conn| Box::pin(async move { uploads::update_done(conn, "u", owner, &digest(1), at(300)).await }))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_claimers_one_wins() {
    on_each(|test| async move {
        let id = repository(&test.db, "a").await;
        opened(&test.db, &id, "u").await;
        for round in 0..10 {
            let now = at(round * 10);
            let mut claimers = JoinSet::new();
            for claimer in 0..16 {
                let db = test.db.clone();
                claimers.spawn(
                    async move { claim(&db, "u", &format!("{round}-{claimer}"), now, at(round * 10 + 5)).await },
                );
            }
            let won = claimers.join_all().await.into_iter().flatten().count();
            assert_eq!(won, 1, "round {round}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lost_the_lease_changes_nothing() {
    on_each(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "a").await);
        opened(db, &id, "u").await;
        assert!(claim(db, "u", "first", at(0), at(10)).await.is_some());
        assert!(claim(db, "u", "second", at(9), at(20)).await.is_none());
        assert!(claim(db, "u", "second", at(11), at(20)).await.is_some());
        assert!(!record(db, "first", 5).await);
        assert!(!done(db, "first").await);
        for lost in [
            write(db, |conn| Box::pin(uploads::update_lease(conn, "u", "first", at(90)))).await.unwrap(),
            write(db, |conn| Box::pin(uploads::update_released(conn, "u", "first"))).await.unwrap(),
            write(db, |conn| Box::pin(uploads::delete(conn, "u", "first"))).await.unwrap(),
        ] {
            assert!(!lost);
        }
        let row = uploads::find(&mut db.reader().await.unwrap(), "u").await.unwrap().unwrap();
        assert_eq!((row.received, row.lease_until, row.staged.as_str()), (0, at(20), "{}"));

        assert!(write(db, |conn| Box::pin(uploads::update_lease(conn, "u", "second", at(40)))).await.unwrap());
        assert!(claim(db, "u", "third", at(39), at(50)).await.is_none());
        assert!(record(db, "second", 7).await);
        // Given back by that: the next one need not wait, and who gave it back has it no more.
        assert!(!record(db, "second", 9).await);
        let row = claim(db, "u", "third", at(12), at(20)).await.unwrap();
        assert_eq!((row.received, row.tail_key.as_deref(), row.expires_at), (7, Some("tail"), at(200)));
        assert!(write(db, |conn| Box::pin(uploads::update_released(conn, "u", "third"))).await.unwrap());
        assert!(claim(db, "u", "fourth", at(12), at(20)).await.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_done_is_remembered_for_a_while() {
    on_each(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "a").await);
        opened(db, &id, "u").await;
        opened(db, &id, "other").await;
        assert!(claim(db, "u", "me", at(0), at(10)).await.is_some());
        assert!(done(db, "me").await);
        assert!(!done(db, "me").await);
        let row = uploads::find(&mut db.reader().await.unwrap(), "u").await.unwrap().unwrap();
        assert_eq!((row.digest, row.tail_key, row.expires_at), (Some(digest(1)), None, at(300)));
        assert!(claim(db, "u", "you", at(50), at(60)).await.is_none());

        let forget = |now| write(db, move |conn| Box::pin(uploads::delete_done(conn, now, 10)));
        assert_eq!(forget(at(299)).await.unwrap(), 0);
        assert_eq!(forget(at(301)).await.unwrap(), 1);
        let mut conn = db.reader().await.unwrap();
        assert!(uploads::find(&mut conn, "u").await.unwrap().is_none());
        assert!(uploads::find(&mut conn, "other").await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_expire_unless_a_request_has_them() {
    on_each(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "a").await);
        for upload in ["idle", "busy", "u"] {
            opened(db, &id, upload).await;
        }
        assert!(claim(db, "busy", "me", at(90), at(150)).await.is_some());
        assert!(claim(db, "u", "me", at(0), at(10)).await.is_some());
        assert!(done(db, "me").await);
        let mut conn = db.reader().await.unwrap();
        assert!(uploads::list_expired(&mut conn, at(99), 10).await.unwrap().is_empty());
        assert_eq!(uploads::list_expired(&mut conn, at(101), 10).await.unwrap(), ["idle"]);
        assert_eq!(uploads::list_expired(&mut conn, at(151), 10).await.unwrap().len(), 2);
        assert_eq!(uploads::list_expired(&mut conn, at(151), 1).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_were_rolled_back_are_replaced() {
    on_each(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "a").await);
        opened(db, &id, "u").await;
        let parts = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        let upsert = |first, list: Vec<String>, keep: bool| {
            write(db, move |conn| {
                Box::pin(async move {
                    upload_parts::upsert(conn, "u", first, &list).await?;
                    if keep { Ok(()) } else { Err(Error::Unavailable("given up".to_owned())) }
                })
            })
        };
        upsert(0, parts(&["0", "1"]), true).await.unwrap();
        upsert(2, parts(&["lost", "lost"]), false).await.unwrap_err();
        upsert(2, parts(&["2"]), true).await.unwrap();
        upsert(1, parts(&["one", "two", "three"]), true).await.unwrap();
        let listed = upload_parts::list(&mut db.reader().await.unwrap(), "u").await.unwrap();
        assert_eq!(listed, ["0", "one", "two", "three"]);
        // More than nine: by number, not by text.
        upsert(0, (0..12).map(|n| n.to_string()).collect(), true).await.unwrap();
        let listed = upload_parts::list(&mut db.reader().await.unwrap(), "u").await.unwrap();
        assert_eq!(listed, (0..12).map(|n| n.to_string()).collect::<Vec<_>>());
        assert_eq!(write(db, |conn| Box::pin(upload_parts::delete(conn, "u"))).await.unwrap(), 12);
        assert_eq!(number(db, "select count(*) from upload_parts").await, 0);
    })
    .await;
}
