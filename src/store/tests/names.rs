//! Lists are in the order of bytes on both databases, and their pages are whole whatever happens meanwhile.

use std::collections::BTreeSet;

use types::{Digest, Tag, Timestamp};

use super::harness::{NOW, digest, on_each, registry, repository, write};
use crate::manifests::ManifestRow;
use crate::{Db, manifests, repositories, tags};

/// In the order of bytes. Most locales have it otherwise.
const SORTED: [&str; 5] = ["V2", "a-b", "a_b", "latest", "v1"];

pub(super) async fn tag(db: &Db, repository_id: &str, name: &str, digest: Digest, now: Timestamp) {
    let (id, name) = (repository_id.to_owned(), name.parse::<Tag>().unwrap());
    let tag_id = format!("tag-{repository_id}-{name}-{}", now.micros());
    write(db, move |conn| Box::pin(async move { tags::upsert(conn, &tag_id, &id, &name, &digest, now).await }))
        .await
        .unwrap();
}

fn referrer(repository_id: &str, digest: Digest, subject: &Digest, artifact_type: &str) -> ManifestRow {
    ManifestRow {
        repository_id: repository_id.to_owned(),
        digest,
        media_type: "application/vnd.oci.image.manifest.v1+json".parse().unwrap(),
        artifact_type: Some(artifact_type.to_owned()),
        subject: Some(subject.clone()),
        annotations: Some("{\"a\":\"b\"}".to_owned()),
        image_size: 0,
        pushed_at: NOW,
        bytes: b"{}".to_vec(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_sort_by_bytes() {
    on_each(|test| async move {
        let id = repository(&test.db, "a").await;
        for name in ["latest", "v1", "a_b", "V2", "a-b"] {
            tag(&test.db, &id, name, digest(1), NOW).await;
        }
        let mut conn = test.db.reader().await.unwrap();
        assert_eq!(tags::list(&mut conn, &id, "", 10).await.unwrap(), SORTED);
        assert_eq!(tags::list(&mut conn, &id, "a-b", 2).await.unwrap(), ["a_b", "latest"]);
        // A name between two, that does not exist, is as good a place to go on from.
        assert_eq!(tags::list(&mut conn, &id, "a.b", 1).await.unwrap(), ["a_b"]);
        assert!(tags::list(&mut conn, &id, "v1", 10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn repositories_sort_by_bytes() {
    on_each(|test| async move {
        for name in ["v1", "a_b", "latest", "a-b", "a/b", "a.b", "a0"] {
            repository(&test.db, name).await;
        }
        let mut conn = test.db.reader().await.unwrap();
        let names = repositories::list_names(&mut conn, &registry(), "", 10).await.unwrap();
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        assert_eq!(names, ["a-b", "a.b", "a/b", "a0", "a_b", "latest", "v1"]);
        let names = repositories::list_names(&mut conn, &registry(), "a/b", 2).await.unwrap();
        assert_eq!(names.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["a0", "a_b"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn referrers_come_in_pages_and_by_type() {
    on_each(|test| async move {
        let id = repository(&test.db, "a").await;
        let subject = digest(1000);
        let rows: Vec<ManifestRow> = (0..20)
            .map(|n| {
                referrer(&id, digest(n), &subject, if n % 2 == 0 { "application/even" } else { "application/odd" })
            })
            .collect();
        let mut expected: Vec<String> = rows.iter().map(|row| row.digest.to_string()).collect();
        expected.sort();
        let all = rows.clone();
        write(&test.db, move |conn| {
            Box::pin(async move {
                for row in &all {
                    assert!(manifests::insert(conn, row).await?);
                    assert!(!manifests::insert(conn, row).await?);
                }
                Ok(())
            })
        })
        .await
        .unwrap();
        let mut conn = test.db.reader().await.unwrap();
        let mut seen: Vec<String> = Vec::new();
        loop {
            let after = seen.last().cloned().unwrap_or_default();
            let page = manifests::list_referrers(&mut conn, &id, &subject, None, None, &after, 7).await.unwrap();
            if page.is_empty() {
                break;
            }
            seen.extend(page.iter().map(|row| row.digest.to_string()));
        }
        assert_eq!(seen, expected);
        let even =
            manifests::list_referrers(&mut conn, &id, &subject, Some("application/even"), None, "", 100).await.unwrap();
        assert_eq!(even.len(), 10);
        assert!(even.iter().all(|row| row.artifact_type.as_deref() == Some("application/even") && row.size == 2));
        assert!(even.is_sorted_by_key(|row| row.digest.to_string()));
        // The annotations of a large one are not read for a list.
        let large = ManifestRow {
            bytes: vec![b' '; manifests::LISTED_WHOLE as usize + 1],
            annotations: Some("{}".to_owned()),
            ..referrer(&id, digest(500), &digest(2000), "application/large")
        };
        let row = large.clone();
        write(&test.db, move |conn| Box::pin(async move { manifests::insert(conn, &row).await })).await.unwrap();
        for of_type in [None, large.artifact_type.as_deref()] {
            let found = manifests::list_referrers(&mut conn, &id, &digest(2000), of_type, None, "", 10).await.unwrap();
            assert_eq!((found.len(), found[0].annotations.as_deref()), (1, None));
        }
        let annotations = manifests::find_annotations(&mut conn, &id, &large.digest).await.unwrap();
        assert_eq!(annotations.as_deref(), Some("{}"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_complete_and_without_repeats_while_tags_come_in() {
    on_each(|test| async move {
        let id = repository(&test.db, "a").await;
        let before: Vec<String> = (0..100).map(|n| format!("t{:03}", n * 2)).collect();
        for name in &before {
            tag(&test.db, &id, name, digest(1), NOW).await;
        }
        let (db, inserting_id) = (test.db.clone(), id.clone());
        let inserting = tokio::spawn(async move {
            for n in 0..100 {
                tag(&db, &inserting_id, &format!("t{:03}", n * 2 + 1), digest(2), NOW).await;
            }
        });
        let mut rounds = 0;
        loop {
            let last_round = inserting.is_finished();
            let mut conn = test.db.reader().await.unwrap();
            let mut seen: Vec<String> = Vec::new();
            loop {
                let after = seen.last().cloned().unwrap_or_default();
                let page = tags::list(&mut conn, &id, &after, 9).await.unwrap();
                let end = page.len() < 9;
                seen.extend(page);
                if end {
                    break;
                }
            }
            assert!(seen.is_sorted_by(|a, b| a < b), "a name came twice or out of order");
            let seen: BTreeSet<String> = seen.into_iter().collect();
            assert!(before.iter().all(|name| seen.contains(name)), "a name that was there all the time is missing");
            rounds += 1;
            if last_round {
                assert_eq!(seen.len(), 200);
                break;
            }
        }
        assert!(rounds > 1);
        inserting.await.unwrap();
    })
    .await;
}
