//! Accounts, users, keys and policies come back as they were stored.

use super::harness::{NOW, at, on_each, registry, repository, write};
use crate::access_keys::AccessKeyRow;
use crate::signing_keys::SigningKeyRow;
use crate::users::UserRow;
use crate::{access_keys, accounts, group_members, repository_policies, signing_keys, stamps, users};

#[tokio::test(flavor = "multi_thread")]
async fn users_and_their_keys_come_back() {
    on_each(|test| async move {
        let account = registry().account;
        let user = UserRow {
            user_id: "AIDA1".to_owned(),
            account: account.clone(),
            name: "alice".to_owned(),
            path: "/".to_owned(),
            boundary_arn: None,
            created_at: NOW,
        };
        let key = AccessKeyRow {
            access_key_id: "AKIA1".to_owned(),
            account: account.clone(),
            user_id: Some("AIDA1".to_owned()),
            sealed_secret: vec![0, 255, 1],
            active: true,
            created_at: NOW,
            last_used: None,
        };
        let (stored_user, stored_key) = (user.clone(), key.clone());
        write(&test.db, move |conn| {
            Box::pin(async move {
                assert!(accounts::insert(conn, &stored_user.account, NOW).await?);
                assert!(!accounts::insert(conn, &stored_user.account, NOW).await?);
                assert!(users::insert(conn, &stored_user).await?);
                assert!(!users::insert(conn, &UserRow { user_id: "AIDA2".to_owned(), ..stored_user }).await?);
                assert!(access_keys::insert(conn, &stored_key).await?);
                assert!(!access_keys::insert(conn, &stored_key).await?);
                assert!(access_keys::update_secret(conn, "AKIA1", &[9]).await?);
                assert!(access_keys::update_status(conn, "AKIA1", false).await?);
                assert!(!access_keys::update_status(conn, "AKIA2", false).await?);
                Ok(())
            })
        })
        .await
        .unwrap();
        let mut conn = test.db.reader().await.unwrap();
        let found = users::find(&mut conn, &account, "alice").await.unwrap().unwrap();
        assert_eq!(format!("{found:?}"), format!("{user:?}"));
        assert_eq!(users::list(&mut conn).await.unwrap().len(), 1);
        let keys = access_keys::list(&mut conn).await.unwrap();
        let expected = AccessKeyRow { sealed_secret: vec![9], active: false, ..key };
        assert_eq!(format!("{keys:?}"), format!("{:?}", [expected]));
        assert!(group_members::list(&mut conn).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_has_one_policy_at_most() {
    on_each(|test| async move {
        let id = repository(&test.db, "a").await;
        write(&test.db, move |conn| {
            Box::pin(async move {
                repository_policies::upsert(conn, &id, "one", NOW).await?;
                repository_policies::upsert(conn, &id, "two", NOW).await
            })
        })
        .await
        .unwrap();
        let mut conn = test.db.reader().await.unwrap();
        let of_repositories = repository_policies::list(&mut conn).await.unwrap();
        assert_eq!(of_repositories.len(), 1);
        assert_eq!((of_repositories[0].document.as_str(), &of_repositories[0].registry), ("two", &registry()));
        let delete = || write(&test.db, |conn| Box::pin(repository_policies::delete(conn, "id-of-a")));
        assert_eq!(repository_policies::find(&mut conn, "id-of-a").await.unwrap().as_deref(), Some("two"));
        assert_eq!(delete().await.unwrap().as_deref(), Some("two"));
        assert_eq!(delete().await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_keys_retire_and_are_forgotten() {
    on_each(|test| async move {
        let key = |kid: &str, seconds| SigningKeyRow {
            kid: kid.to_owned(),
            sealed_key: vec![1],
            public_key: vec![2],
            created_at: at(seconds),
            retired_at: None,
        };
        let (old, new) = (key("old", 1), key("new", 2));
        write(&test.db, move |conn| {
            Box::pin(async move {
                signing_keys::insert(conn, &old).await?;
                signing_keys::insert(conn, &new).await?;
                assert_eq!(signing_keys::update_retired(conn, "new", at(3)).await?, 1);
                assert_eq!(signing_keys::delete_retired_before(conn, at(3)).await?, 0);
                Ok(())
            })
        })
        .await
        .unwrap();
        let keys = signing_keys::list(&mut test.db.reader().await.unwrap()).await.unwrap();
        let brief: Vec<_> = keys.iter().map(|key| (key.kid.as_str(), key.created_at, key.retired_at)).collect();
        assert_eq!(brief, [("new", at(2), None), ("old", at(1), Some(at(3)))]);
        let forgotten = write(&test.db, |conn| Box::pin(signing_keys::delete_retired_before(conn, at(4))));
        assert_eq!(forgotten.await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_counted() {
    on_each(|test| async move {
        let find =
            || async { stamps::find(&mut test.db.reader().await.unwrap(), stamps::AUTHORIZATION).await.unwrap() };
        let before = find().await.unwrap();
        let changes =
            (0..20).map(|_| write(&test.db, |conn| Box::pin(stamps::update_next(conn, stamps::AUTHORIZATION))));
        for change in futures_util::future::join_all(changes).await {
            change.unwrap();
        }
        assert_eq!(find().await, Some(before + 20));
        let unknown = stamps::find(&mut test.db.reader().await.unwrap(), "unknown").await.unwrap();
        assert_eq!(unknown, None);
    })
    .await;
}
