//! What the pull-through cache remembers.

use types::{Digest, Tag, Timestamp};

use super::harness::{NOW, on_each, repository, write};
use crate::cached_tags::{self, CachedTagRow};
use crate::upstream_credentials::{self, UpstreamCredentialRow};

fn digest(content: &str) -> Digest {
    types::Algorithm::Sha256.digest(content.as_bytes())
}

fn tag(name: &str) -> Tag {
    name.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_tag_points_elsewhere_is_remembered_until_the_repository_goes() {
    on_each(|test| async move {
        let id = repository(&test.db, "cache/app").await;
        let later = Timestamp::from_micros(NOW.micros() + 1);
        let owned = id.clone();
        write(&test.db, move |conn| {
            Box::pin(async move {
                for (name, content) in [("v1", "one"), ("v2", "two")] {
                    cached_tags::upsert(conn, &owned, &tag(name), &digest(content), NOW).await?;
                }
                cached_tags::upsert(conn, &owned, &tag("v1"), &digest("other"), NOW).await?;
                cached_tags::update_checked(conn, &owned, &tag("v1"), later).await
            })
        })
        .await
        .unwrap();
        let mut conn = test.db.reader().await.unwrap();
        let found = cached_tags::find(&mut conn, &id, &tag("v1")).await.unwrap();
        assert_eq!(found, Some(CachedTagRow { digest: digest("other"), checked_at: later }));
        assert_eq!(cached_tags::find(&mut conn, &id, &tag("v3")).await.unwrap(), None);
        let delete = async || {
            let id = id.clone();
            write(&test.db, move |conn| Box::pin(async move { cached_tags::delete_some(conn, &id, 1).await })).await
        };
        assert_eq!([delete().await.unwrap(), delete().await.unwrap(), delete().await.unwrap()], [1, 1, 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_replaced_and_forgotten() {
    on_each(|test| async move {
        let row = |host: &str| UpstreamCredentialRow {
            credential_arn: "arn".to_owned(),
            upstream_host: host.to_owned(),
            username: "reader".to_owned(),
            sealed_password: vec![0, 1, 255],
            updated_at: NOW,
        };
        for host in ["quay.io", "ghcr.io"] {
            let row = row(host);
            write(&test.db, move |conn| Box::pin(async move { upstream_credentials::upsert(conn, &row).await }))
                .await
                .unwrap();
        }
        let mut conn = test.db.reader().await.unwrap();
        let found = upstream_credentials::find(&mut conn, "arn").await.unwrap().unwrap();
        assert_eq!((found.upstream_host.as_str(), found.username.as_str()), ("ghcr.io", "reader"));
        assert_eq!((found.sealed_password, found.updated_at), (vec![0, 1, 255], NOW));
        for existed in [true, false] {
            let deleted =
                write(&test.db, |conn| Box::pin(async move { upstream_credentials::delete(conn, "arn").await })).await;
            assert_eq!(deleted.unwrap(), existed);
        }
        assert!(upstream_credentials::find(&mut conn, "arn").await.unwrap().is_none());
    })
    .await;
}
