//! What is configured for a registry: documents, cache rules, creation templates, exclusions.

use types::RegistryId;

use super::harness::{NOW, at, on_each, registry, write};
use crate::pull_through_cache_rules::PullThroughCacheRuleRow;
use crate::repository_creation_templates::RepositoryCreationTemplateRow;
use crate::{Db, accounts, pull_through_cache_rules as rules, pull_time_exclusions as exclusions, registry_settings};
use crate::{repository_creation_templates as templates, stamps};

async fn account(db: &Db) {
    write(db, |conn| Box::pin(async move { accounts::insert(conn, &registry().account, NOW).await })).await.unwrap();
}

fn elsewhere() -> RegistryId {
    RegistryId { region: "eu-west-1".parse().unwrap(), ..registry() }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_replaced_counted_and_given_back() {
    on_each(|test| async move {
        account(&test.db).await;
        let set = async |registry: RegistryId, document: &'static str| {
            write(&test.db, move |conn| {
                Box::pin(async move { registry_settings::upsert(conn, &registry, "policy", document, NOW).await })
            })
            .await
            .unwrap()
        };
        assert_eq!(set(registry(), "one").await, Some(1));
        assert_eq!(set(registry(), "two").await, Some(2));
        assert_eq!(set(elsewhere(), "other").await, Some(1));
        let mut conn = test.db.reader().await.unwrap();
        assert_eq!(registry_settings::find(&mut conn, &registry(), "policy").await.unwrap().unwrap(), "two");
        assert!(registry_settings::find(&mut conn, &registry(), "scanning").await.unwrap().is_none());
        let mut all = registry_settings::list(&mut conn, "policy").await.unwrap();
        all.sort();
        assert_eq!(all, [(elsewhere(), "other".to_owned()), (registry(), "two".to_owned())]);
        let delete = async || {
            write(&test.db, |conn| {
                Box::pin(async move { registry_settings::delete(conn, &registry(), "policy").await })
            })
            .await
            .unwrap()
        };
        assert_eq!(delete().await.as_deref(), Some("two"));
        assert_eq!(delete().await, None);
        assert!(stamps::find(&mut conn, stamps::AUTHORIZATION).await.unwrap().is_some());
    })
    .await;
}

fn rule(prefix: &str) -> PullThroughCacheRuleRow {
    PullThroughCacheRuleRow {
        registry: registry(),
        prefix: prefix.to_owned(),
        upstream_url: "quay.io".to_owned(),
        upstream_registry: Some("quay".to_owned()),
        upstream_prefix: "ROOT".to_owned(),
        credential_arn: None,
        custom_role_arn: Some("role".to_owned()),
        created_at: NOW,
        updated_at: NOW,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cache_rules_are_found_by_prefix_and_listed_in_pages() {
    on_each(|test| async move {
        account(&test.db).await;
        for prefix in ["quay", "ROOT", "docker-hub"] {
            for new in [true, false] {
                let added =
                    write(&test.db, move |conn| Box::pin(async move { rules::insert(conn, &rule(prefix)).await }));
                assert_eq!(added.await.unwrap(), new, "{prefix}");
            }
        }
        let mut conn = test.db.reader().await.unwrap();
        assert_eq!(rules::count(&mut conn, &registry()).await.unwrap(), 3);
        assert_eq!(rules::count(&mut conn, &elsewhere()).await.unwrap(), 0);
        let prefixes = |rules: Vec<PullThroughCacheRuleRow>| -> Vec<String> {
            rules.into_iter().map(|rule| rule.prefix).collect()
        };
        assert_eq!(prefixes(rules::list(&mut conn, &registry(), "", 2).await.unwrap()), ["ROOT", "docker-hub"]);
        assert_eq!(prefixes(rules::list(&mut conn, &registry(), "docker-hub", 2).await.unwrap()), ["quay"]);
        let wanted = ["quay".to_owned(), "absent".to_owned()];
        assert_eq!(rules::find_all(&mut conn, &registry(), &wanted).await.unwrap(), [rule("quay")]);

        let updated = write(&test.db, |conn| {
            Box::pin(async move { rules::update(conn, &registry(), "quay", Some("secret"), None, at(5)).await })
        });
        let expected =
            PullThroughCacheRuleRow { credential_arn: Some("secret".to_owned()), updated_at: at(5), ..rule("quay") };
        assert_eq!(updated.await.unwrap().unwrap(), expected);
        let delete = async || {
            write(&test.db, |conn| Box::pin(async move { rules::delete(conn, &registry(), "quay").await }))
                .await
                .unwrap()
        };
        assert_eq!(delete().await.unwrap(), expected);
        assert!(delete().await.is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn creation_templates_are_found_by_prefix_and_changed() {
    on_each(|test| async move {
        account(&test.db).await;
        let template = |prefix: &str, document: &str| RepositoryCreationTemplateRow {
            prefix: prefix.to_owned(),
            document: document.to_owned(),
            created_at: NOW,
            updated_at: NOW,
        };
        for row in [template("a", "1"), template("a/b", "2"), template("ROOT", "3")] {
            assert!(
                write(&test.db, move |conn| Box::pin(async move { templates::insert(conn, &registry(), &row).await }))
                    .await
                    .unwrap()
            );
        }
        let again = template("a", "4");
        let taken =
            write(&test.db, move |conn| Box::pin(async move { templates::insert(conn, &registry(), &again).await }));
        assert!(!taken.await.unwrap());
        let changed = write(&test.db, |conn| {
            Box::pin(async move {
                assert!(templates::lock(conn, &registry(), "a/b").await?.is_some());
                templates::update_document(conn, &registry(), "a/b", "5", at(1)).await
            })
        });
        assert!(changed.await.unwrap());
        let mut conn = test.db.reader().await.unwrap();
        let wanted = ["a".to_owned(), "a/b".to_owned(), "x".to_owned()];
        let found = templates::find_all(&mut conn, &registry(), &wanted).await.unwrap();
        let found: Vec<_> = found.iter().map(|row| (row.prefix.as_str(), row.document.as_str())).collect();
        assert_eq!(found, [("a", "1"), ("a/b", "5")]);
        assert_eq!(templates::list(&mut conn, &registry(), "ROOT", 1).await.unwrap()[0].prefix, "a");
        let deleted = write(&test.db, |conn| Box::pin(async move { templates::delete(conn, &registry(), "a").await }));
        assert_eq!(deleted.await.unwrap(), Some(template("a", "1")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exclusions_are_a_set() {
    on_each(|test| async move {
        account(&test.db).await;
        let insert = async |arn: &'static str| {
            write(&test.db, move |conn| Box::pin(async move { exclusions::insert(conn, &registry(), arn, NOW).await }))
                .await
                .unwrap()
        };
        assert!(insert("b").await && insert("a").await && !insert("a").await);
        let mut conn = test.db.reader().await.unwrap();
        assert_eq!(exclusions::list(&mut conn, &registry(), "", 10).await.unwrap(), ["a", "b"]);
        assert_eq!(exclusions::list(&mut conn, &registry(), "a", 10).await.unwrap(), ["b"]);
        assert_eq!(exclusions::list_all(&mut conn).await.unwrap().len(), 2);
        assert_eq!(exclusions::count(&mut conn, &registry()).await.unwrap(), 2);
        let delete = async || {
            write(&test.db, |conn| Box::pin(async move { exclusions::delete(conn, &registry(), "a").await }))
                .await
                .unwrap()
        };
        assert!(delete().await && !delete().await);
    })
    .await;
}
