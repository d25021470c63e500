//! A repository that is deleted is out of sight at once, though its rows are still there; and what is known of images
//! comes in the order in which they were pushed.

use types::{Encryption, TagMutability, Timestamp};

use super::harness::{NOW, at, digest, number, on_each, registry, repo_name, repository, write};
use super::names::tag;
use super::references::manifest;
use crate::repositories::RepositoryRow;
use crate::{Error, manifests, repositories, repository_policies, resource_tags, tags};

#[tokio::test(flavor = "multi_thread")]
async fn settings_survive_the_round_trip() {
    on_each(|test| async move {
        repository(&test.db, "plain").await;
        let full = RepositoryRow {
            repository_id: "full".to_owned(),
            registry: registry(),
            name: repo_name("full"),
            tag_mutability: TagMutability::new("IMMUTABLE_WITH_EXCLUSION", vec!["dev-*".parse().unwrap()]).unwrap(),
            encryption: Encryption::new("KMS", Some("alias/k".to_owned())).unwrap(),
            scan_on_push: true,
            created_at: at(5),
        };
        let stored = full.clone();
        write(&test.db, move |conn| {
            Box::pin(async move {
                assert!(repositories::insert(conn, &stored).await?);
                assert!(!repositories::insert(conn, &stored).await?);
                assert!(repositories::update_scan_on_push(conn, "id-of-plain", true).await?);
                assert!(!repositories::update_scan_on_push(conn, "never", true).await?);
                Ok(())
            })
        })
        .await
        .unwrap();
        let mut conn = test.db.reader().await.unwrap();
        let found = repositories::find(&mut conn, &registry(), &repo_name("full")).await.unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{full:?}"));
        let listed = repositories::list(&mut conn, &registry(), "full", 10).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert!(listed[0].scan_on_push && listed[0].encryption == Encryption::Aes256);
        let names = [&repo_name("plain"), &repo_name("absent")];
        assert_eq!(repositories::list_named(&mut conn, &registry(), &names).await.unwrap().len(), 1);
        for (limit, counted) in [(1, 1), (2, 2), (9, 2)] {
            assert_eq!(repositories::count(&mut conn, &registry(), limit).await.unwrap(), counted);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_repository_gives_its_name_away_and_is_found_by_nothing() {
    on_each(|test| async move {
        let id = repository(&test.db, "app").await;
        let row = manifest(&id, digest(1));
        let deleted = id.clone();
        write(&test.db, move |conn| {
            Box::pin(async move {
                manifests::insert(conn, &row).await?;
                repository_policies::upsert(conn, &deleted, "{}", NOW).await?;
                resource_tags::upsert(conn, &deleted, "k", "v").await?;
                assert!(repositories::lock_live(conn, &deleted).await?);
                assert!(repositories::update_deleted(conn, &deleted, NOW).await?);
                assert!(!repositories::update_deleted(conn, &deleted, NOW).await?);
                assert!(!repositories::lock_live(conn, &deleted).await?);
                Ok(())
            })
        })
        .await
        .unwrap();
        let mut conn = test.db.reader().await.unwrap();
        assert!(repositories::find(&mut conn, &registry(), &repo_name("app")).await.unwrap().is_none());
        assert!(repositories::list(&mut conn, &registry(), "", 10).await.unwrap().is_empty());
        assert!(repositories::list_names(&mut conn, &registry(), "", 10).await.unwrap().is_empty());
        assert_eq!(repositories::count(&mut conn, &registry(), 10).await.unwrap(), 0);
        assert!(repository_policies::list(&mut conn).await.unwrap().is_empty());
        assert!(resource_tags::list_all(&mut conn).await.unwrap().is_empty());
        assert_eq!(repositories::list_deleted(&mut conn, 10).await.unwrap(), std::slice::from_ref(&id));
        drop(conn);
        // The name is free, and the row stays as long as something refers to it.
        let again = RepositoryRow {
            repository_id: "another".to_owned(),
            registry: registry(),
            name: repo_name("app"),
            tag_mutability: TagMutability::default(),
            encryption: Encryption::default(),
            scan_on_push: false,
            created_at: NOW,
        };
        write(&test.db, move |conn| Box::pin(async move { repositories::insert(conn, &again).await })).await.unwrap();
        let early = id.clone();
        let refused: Result<bool, Error> =
            write(&test.db, move |conn| Box::pin(async move { repositories::delete(conn, &early).await })).await;
        assert!(refused.is_err());
        write(&test.db, move |conn| {
            Box::pin(async move {
                manifests::delete_all(conn, &id, &[&digest(1)]).await?;
                repository_policies::delete(conn, &id).await?;
                resource_tags::delete_all(conn, &id).await?;
                assert!(repositories::delete(conn, &id).await?);
                // One that is in use is not removed by mistake.
                assert!(!repositories::delete(conn, "another").await?);
                Ok(())
            })
        })
        .await
        .unwrap();
        assert_eq!(number(&test.db, "select count(*) from repositories").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn images_come_in_the_order_of_their_pushes_and_of_their_digests_within_a_moment() {
    on_each(|test| async move {
        let id = repository(&test.db, "app").await;
        let mut rows: Vec<_> = (0..6).map(|number| manifest(&id, digest(number))).collect();
        for (position, row) in rows.iter_mut().enumerate() {
            row.pushed_at = at([3, 1, 1, 2, 1, 0][position]);
            row.image_size = position as u64;
        }
        let stored = rows.clone();
        write(&test.db, move |conn| {
            Box::pin(async move {
                for row in &stored {
                    assert!(manifests::insert(conn, row).await?);
                }
                Ok(())
            })
        })
        .await
        .unwrap();
        rows.sort_by_key(|row| (row.pushed_at, row.digest.clone()));
        let expected: Vec<_> = rows.iter().map(|row| (row.digest.clone(), row.image_size)).collect();
        let mut conn = test.db.reader().await.unwrap();
        for size in 1..8 {
            let mut found = Vec::new();
            let mut after = (Timestamp::from_micros(i64::MIN), String::new());
            loop {
                let page = manifests::list_pushed(&mut conn, &id, (after.0, &after.1), size).await.unwrap();
                let Some(last) = page.last() else { break };
                after = (last.pushed_at, last.digest.as_str().to_owned());
                found.extend(page.into_iter().map(|row| (row.digest, row.image_size)));
            }
            assert_eq!(found, expected, "pages of {size}");
        }
        assert_eq!(manifests::count(&mut conn, &id, 4).await.unwrap(), 4);
        assert_eq!(manifests::count(&mut conn, &id, 40).await.unwrap(), 6);
        let some = [digest(1), digest(4), digest(99)];
        let some: Vec<_> = some.iter().collect();
        assert_eq!(manifests::find_largest(&mut conn, &id, &some).await.unwrap(), 4);
        assert_eq!(manifests::find_largest(&mut conn, &id, &some[2..]).await.unwrap(), 0);
        assert_eq!(manifests::list_existing(&mut conn, &id, &some).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_is_recorded_unless_a_fresh_one_is() {
    on_each(|test| async move {
        let id = repository(&test.db, "app").await;
        let row = manifest(&id, digest(1));
        write(&test.db, move |conn| Box::pin(async move { manifests::insert(conn, &row).await })).await.unwrap();
        for (now, fresh, recorded) in [(at(10), at(5), 10), (at(12), at(7), 10), (at(20), at(15), 20)] {
            let pulled = id.clone();
            write(&test.db, move |conn| {
                Box::pin(
                    async move { manifests::update_pulled(conn, &pulled, &[&digest(1), &digest(2)], now, fresh).await },
                )
            })
            .await
            .unwrap();
            let mut conn = test.db.reader().await.unwrap();
            let found = manifests::list_described(&mut conn, &id, &[&digest(1)]).await.unwrap();
            assert_eq!(found[0].pulled_at, Some(at(recorded)));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_found_by_name_and_by_image() {
    on_each(|test| async move {
        let (db, id) = (&test.db, repository(&test.db, "app").await);
        for (name, image) in [("b", 1), ("a", 1), ("c", 2), ("moved", 1)] {
            tag(db, &id, name, digest(image), at(1)).await;
        }
        tag(db, &id, "moved", digest(2), at(2)).await;
        let mut conn = db.reader().await.unwrap();
        let named = |(name, digest): (types::Tag, types::Digest)| (name.to_string(), digest);
        let page = tags::list_with_digests(&mut conn, &id, "a", 2).await.unwrap();
        let page: Vec<_> = page.into_iter().map(named).collect();
        assert_eq!(page, [("b".to_owned(), digest(1)), ("c".to_owned(), digest(2))]);
        let (moved, never) = ("moved".parse().unwrap(), "never".parse().unwrap());
        let targets = tags::list_targets(&mut conn, &id, &[&moved, &never]).await.unwrap();
        assert_eq!(targets, [(moved, digest(2))]);
        let images = [digest(1), digest(2), digest(3)];
        let images: Vec<_> = images.iter().collect();
        let of_images = tags::list_of_manifests(&mut conn, &id, &images).await.unwrap();
        let names: Vec<_> = of_images.iter().map(|(_, name)| name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c", "moved"]);
        let mut tagged = tags::list_tagged(&mut conn, &id, &images).await.unwrap();
        tagged.sort();
        let mut both = vec![digest(1), digest(2)];
        both.sort();
        assert_eq!(tagged, both);
        for (limit, counted) in [(1, 1), (2, 2), (9, 2)] {
            assert_eq!(tags::count_of_manifest(&mut conn, &id, &digest(1), limit).await.unwrap(), counted);
        }
        drop(conn);
        // Those of the past go too, after the others.
        for expected in [4, 1, 0] {
            let all = id.clone();
            let gone =
                write(db, move |conn| Box::pin(async move { tags::delete_some(conn, &all, 100).await })).await.unwrap();
            assert_eq!(gone, expected);
        }
    })
    .await;
}
