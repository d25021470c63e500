//! What the pull-through cache remembers.

use types::{Digest, Tag, Timestamp};

use super::harness::{NOW, on_each, repository, write};
use crate::cached_tags::{self, CachedTagRow};

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
