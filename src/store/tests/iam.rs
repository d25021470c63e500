//! What IAM keeps: names that are unique whatever their case, policies with versions, attachments, tags, last uses.

use types::AccountId;

use super::harness::{NOW, at, number, on_each, registry, write};
use crate::access_keys::{AccessKeyRow, LastUse};
use crate::groups::GroupRow;
use crate::iam_tags::IamTagRow;
use crate::inline_policies::InlinePolicyRow;
use crate::open_id_connect_providers::OpenIdConnectProviderRow;
use crate::policies::PolicyRow;
use crate::policy_versions::PolicyVersionRow;
use crate::roles::RoleRow;
use crate::users::UserRow;
use crate::{
    Conn, Result, access_keys, account_aliases, accounts, group_members, groups, iam_tags, inline_policies,
    open_id_connect_providers, policies, policy_attachments, policy_versions, roles, users,
};

fn account() -> AccountId {
    registry().account
}

fn user(id: &str, name: &str, path: &str) -> UserRow {
    UserRow {
        user_id: id.to_owned(),
        account: account(),
        name: name.to_owned(),
        path: path.to_owned(),
        boundary_arn: None,
        created_at: NOW,
    }
}

fn group(id: &str, name: &str) -> GroupRow {
    GroupRow {
        group_id: id.to_owned(),
        account: account(),
        name: name.to_owned(),
        path: "/".to_owned(),
        created_at: NOW,
    }
}

fn role(id: &str, name: &str) -> RoleRow {
    RoleRow {
        role_id: id.to_owned(),
        account: account(),
        name: name.to_owned(),
        path: "/service/".to_owned(),
        trust_policy: "trust".to_owned(),
        description: None,
        max_session_duration: 3600,
        boundary_arn: None,
        created_at: NOW,
        last_used_at: None,
        last_used_region: None,
    }
}

fn policy(arn: &str, name: &str) -> PolicyRow {
    PolicyRow {
        arn: arn.to_owned(),
        policy_id: format!("ANPA{name}"),
        account: account(),
        name: name.to_owned(),
        path: "/".to_owned(),
        description: Some("what it does".to_owned()),
        default_version: 1,
        latest_version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn version(arn: &str, number: i64, document: &str) -> PolicyVersionRow {
    PolicyVersionRow {
        policy_arn: arn.to_owned(),
        version: number,
        document: document.to_owned(),
        created_at: at(number),
    }
}

async fn three_users(conn: &mut Conn) -> Result<()> {
    accounts::insert(conn, &account(), NOW).await?;
    assert!(users::insert(conn, &user("AIDA1", "ann", "/")).await?);
    assert!(users::insert(conn, &user("AIDA2", "Bob", "/ops/")).await?);
    assert!(users::insert(conn, &user("AIDA3", "cid", "/ops/night/")).await?);
    Ok(())
}

fn names(users: &[UserRow]) -> Vec<&str> {
    users.iter().map(|user| user.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_taken_in_every_case() {
    on_each(|test| async move {
        write(&test.db, |conn| {
            Box::pin(async move {
                three_users(conn).await?;
                assert!(!users::insert(conn, &user("AIDA4", "ANN", "/")).await?);
                assert!(!users::insert(conn, &user("AIDA4", "ann", "/")).await?);
                let ann = users::find(conn, &account(), "ann").await?.unwrap();
                assert!(!users::update_name(conn, &ann, "BOB", "/").await?);
                // Its own name in another case is free for it.
                assert!(users::update_name(conn, &ann, "Ann", "/x/").await?);
                assert!(users::find(conn, &account(), "ann").await?.is_none());
                let renamed = users::find_by_id(conn, "AIDA1").await?.unwrap();
                assert_eq!((renamed.name.as_str(), renamed.path.as_str()), ("Ann", "/x/"));
                assert!(groups::insert(conn, &group("AGPA1", "g")).await?);
                assert!(!groups::insert(conn, &group("AGPA2", "G")).await?);
                assert!(groups::insert(conn, &group("AGPA2", "h")).await?);
                let second = groups::find(conn, &account(), "h").await?.unwrap();
                assert!(!groups::update_name(conn, &second, "G", "/").await?);
                assert!(groups::update_name(conn, &second, "H", "/").await?);
                assert!(roles::insert(conn, &role("AROA1", "r")).await?);
                assert!(!roles::insert(conn, &role("AROA2", "R")).await?);
                assert!(policies::insert(conn, &policy("arn:p", "p")).await?);
                assert!(!policies::insert(conn, &policy("arn:P", "P")).await?);
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_the_names_below_a_path() {
    on_each(|test| async move {
        write(&test.db, |conn| Box::pin(three_users(conn))).await.unwrap();
        let mut conn = test.db.reader().await.unwrap();
        let conn = &mut conn;
        let account = account();
        // By bytes: capitals come first.
        assert_eq!(names(&users::list_page(conn, &account, "/", "", 10).await.unwrap()), ["Bob", "ann", "cid"]);
        assert_eq!(names(&users::list_page(conn, &account, "/", "Bob", 1).await.unwrap()), ["ann"]);
        assert_eq!(names(&users::list_page(conn, &account, "/ops/", "", 10).await.unwrap()), ["Bob", "cid"]);
        assert_eq!(names(&users::list_page(conn, &account, "/ops/n", "", 10).await.unwrap()), ["cid"]);
        assert_eq!(names(&users::list_page(conn, &account, "/%", "", 10).await.unwrap()), [""; 0]);
        assert_eq!(users::count(conn, &account).await.unwrap(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_listed_from_both_sides() {
    on_each(|test| async move {
        write(&test.db, |conn| {
            Box::pin(async move {
                three_users(conn).await?;
                groups::insert(conn, &group("AGPA1", "g1")).await?;
                groups::insert(conn, &group("AGPA2", "g2")).await?;
                assert!(group_members::insert(conn, "AGPA1", "AIDA1").await?);
                assert!(!group_members::insert(conn, "AGPA1", "AIDA1").await?);
                assert!(group_members::insert(conn, "AGPA2", "AIDA1").await?);
                assert!(group_members::insert(conn, "AGPA1", "AIDA3").await?);
                assert_eq!(names(&group_members::list_users(conn, "AGPA1", "", 10).await?), ["ann", "cid"]);
                assert_eq!(names(&group_members::list_users(conn, "AGPA1", "ann", 10).await?), ["cid"]);
                let groups = group_members::list_groups(conn, "AIDA1", "", 10).await?;
                assert!(groups.iter().map(|group| group.name.as_str()).eq(["g1", "g2"]));
                assert_eq!(group_members::count_groups(conn, "AIDA1").await?, 2);
                let pairs = group_members::list_group_names(conn, &["AIDA1", "AIDA3", "AIDA9"]).await?;
                assert_eq!(pairs.len(), 3);
                assert_eq!(group_members::list(conn).await?.len(), 3);
                assert!(group_members::delete(conn, "AGPA1", "AIDA1").await?);
                assert!(!group_members::delete(conn, "AGPA1", "AIDA1").await?);
                assert!(groups::delete(conn, "AGPA9").await.is_ok_and(|deleted| !deleted));
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_version_of_a_policy_is_in_force() {
    on_each(|test| async move {
        write(&test.db, |conn| {
            Box::pin(async move {
                accounts::insert(conn, &account(), NOW).await?;
                assert!(policies::insert(conn, &policy("arn:p", "p")).await?);
                assert!(policy_versions::insert(conn, &version("arn:p", 1, "one")).await?);
                assert!(policy_versions::insert(conn, &version("arn:p", 2, "two")).await?);
                assert!(!policy_versions::insert(conn, &version("arn:p", 2, "again")).await?);
                assert_eq!(policies::list_documents(conn).await?, [("arn:p".to_owned(), "one".to_owned())]);
                assert!(policies::update_versions(conn, "arn:p", 2, 7, at(9)).await?);
                assert_eq!(policies::list_documents(conn).await?, [("arn:p".to_owned(), "two".to_owned())]);
                let row = policies::find(conn, "arn:p").await?.unwrap();
                assert_eq!((row.default_version, row.latest_version, row.updated_at), (2, 7, at(9)));
                let versions = policy_versions::list_of(conn, &["arn:p", "arn:none"]).await?;
                assert_eq!(policy_versions::list_lengths(conn, &["arn:p"]).await?, [("arn:p".to_owned(), 6)]);
                assert!(versions.iter().map(|version| version.version).eq([2, 1]));
                assert_eq!(policy_versions::find(conn, "arn:p", 1).await?.unwrap().document, "one");
                assert_eq!(policy_versions::count(conn, &account()).await?, 2);
                assert!(policy_versions::delete(conn, "arn:p", 1).await?);
                assert!(policy_versions::delete(conn, "arn:p", 2).await?);
                assert!(policies::delete(conn, "arn:p").await?);
                assert!(!policies::delete(conn, "arn:p").await?);
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_of_a_policy_are_counted_and_listed() {
    on_each(|test| async move {
        write(&test.db, |conn| {
            Box::pin(async move {
                three_users(conn).await?;
                roles::insert(conn, &role("AROA1", "r")).await?;
                groups::insert(conn, &group("AGPA1", "g")).await?;
                let account = account();
                for principal in ["AIDA1", "AGPA1", "AROA1"] {
                    assert!(policy_attachments::insert(conn, &account, principal, "arn:built-in").await?);
                    assert!(!policy_attachments::insert(conn, &account, principal, "arn:built-in").await?);
                }
                assert!(users::update_boundary(conn, "AIDA3", Some("arn:limit")).await?);
                assert!(roles::update_boundary(conn, "AROA1", Some("arn:limit")).await?);
                let mut uses =
                    policy_attachments::list_uses(conn, &account, &["arn:built-in", "arn:limit", "arn:none"]).await?;
                uses.sort();
                let expected = [("arn:built-in", 3, 0), ("arn:limit", 0, 2), ("arn:none", 0, 0)];
                assert_eq!(uses, expected.map(|(arn, attached, limits)| (arn.to_owned(), attached, limits)));
                let attached = users::list_attached(conn, &account, "arn:built-in", "/", "", 10).await?;
                assert_eq!(names(&attached), ["ann"]);
                assert_eq!(groups::list_attached(conn, &account, "arn:built-in", "/", "", 10).await?.len(), 1);
                assert_eq!(roles::list_attached(conn, &account, "arn:built-in", "/x", "", 10).await?.len(), 0);
                assert_eq!(roles::list_attached(conn, &account, "arn:built-in", "/service/", "", 10).await?.len(), 1);
                assert_eq!(names(&users::list_limited(conn, &account, "arn:limit", "/", "", 10).await?), ["cid"]);
                assert_eq!(roles::list_limited(conn, &account, "arn:limit", "/", "", 10).await?.len(), 1);
                assert_eq!(policy_attachments::count(conn, "AIDA1").await?, 1);
                assert_eq!(policy_attachments::list_of(conn, &["AIDA1", "AGPA1"]).await?.len(), 2);
                assert_eq!(policy_attachments::list(conn).await?.len(), 3);
                assert!(policy_attachments::delete(conn, "AIDA1", "arn:built-in").await?);
                assert!(!policy_attachments::delete(conn, "AIDA1", "arn:built-in").await?);
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_keep_what_is_said_of_them() {
    on_each(|test| async move {
        write(&test.db, |conn| {
            Box::pin(async move {
                accounts::insert(conn, &account(), NOW).await?;
                roles::insert(conn, &role("AROA1", "r")).await?;
                assert!(roles::update_settings(conn, "AROA1", Some("new"), 7200).await?);
                assert!(roles::update_trust_policy(conn, "AROA1", "other").await?);
                assert!(roles::update_last_used(conn, "AROA1", at(5), Some("eu-west-1")).await?);
                assert!(!roles::update_last_used(conn, "AROA1", at(4), Some("us-east-1")).await?);
                let row = roles::find(conn, &account(), "r").await?.unwrap();
                assert_eq!(row.description.as_deref(), Some("new"));
                assert_eq!((row.max_session_duration, row.trust_policy.as_str()), (7200, "other"));
                assert_eq!((row.last_used_at, row.last_used_region.as_deref()), (Some(at(5)), Some("eu-west-1")));
                assert_eq!(roles::list(conn).await?.len(), 1);
                assert_eq!(roles::list_page(conn, &account(), "/service/", "", 10).await?.len(), 1);
                assert_eq!(roles::count(conn, &account()).await?, 1);
                assert!(roles::delete(conn, "AROA1").await?);
                assert!(roles::find(conn, &account(), "r").await?.is_none());
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inline_policies_and_tags_replace_their_namesakes() {
    on_each(|test| async move {
        let tag = |key: &str, value: &str| IamTagRow {
            resource_id: "AIDA1".to_owned(),
            folded_key: key.to_lowercase(),
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let inline = |name: &str, document: &str| InlinePolicyRow {
            principal_id: "AIDA1".to_owned(),
            name: name.to_owned(),
            document: document.to_owned(),
        };
        let tags = [tag("Team", "a"), tag("TEAM", "b"), tag("cost", "c")];
        let documents = [inline("q", "1"), inline("p", "1"), inline("p", "2")];
        write(&test.db, move |conn| {
            Box::pin(async move {
                for tag in &tags {
                    iam_tags::upsert(conn, tag).await?;
                }
                let of_user = iam_tags::list_of(conn, &["AIDA1"]).await?;
                let brief: Vec<_> = of_user.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
                assert_eq!(brief, [("cost", "c"), ("TEAM", "b")]);
                assert_eq!(iam_tags::list_page(conn, "AIDA1", "cost", 10).await?.len(), 1);
                assert_eq!(iam_tags::count(conn, "AIDA1").await?, 2);
                assert_eq!(iam_tags::list(conn).await?.len(), 2);
                assert_eq!(iam_tags::delete(conn, "AIDA1", &["team", "none"]).await?, 1);
                assert_eq!(iam_tags::delete_of(conn, "AIDA1").await?, 1);
                for policy in &documents {
                    inline_policies::upsert(conn, policy).await?;
                }
                assert_eq!(inline_policies::list_names(conn, "AIDA1", "", 10).await?, ["p", "q"]);
                assert_eq!(inline_policies::find(conn, "AIDA1", "p").await?.unwrap().document, "2");
                assert_eq!(inline_policies::list_of(conn, &["AIDA1"]).await?.len(), 2);
                assert_eq!(inline_policies::list_lengths(conn, &["AIDA1", "none"]).await?, [("AIDA1".to_owned(), 2)]);
                assert!(inline_policies::delete(conn, "AIDA1", "p").await?);
                assert!(!inline_policies::delete(conn, "AIDA1", "p").await?);
                assert_eq!(inline_policies::list(conn).await?.len(), 1);
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_a_key_never_goes_back() {
    on_each(|test| async move {
        let key = |id: &str, user_id: Option<&str>| AccessKeyRow {
            access_key_id: id.to_owned(),
            account: account(),
            user_id: user_id.map(str::to_owned),
            sealed_secret: vec![1],
            active: true,
            created_at: NOW,
            last_used: None,
        };
        let (of_user, of_root) = (key("AKIA1", Some("AIDA1")), key("AKIA2", None));
        let used = |seconds| LastUse { at: at(seconds), region: "us-east-1".to_owned(), service: "ecr".to_owned() };
        let (later, sooner) = (used(5), used(4));
        write(&test.db, move |conn| {
            Box::pin(async move {
                three_users(conn).await?;
                assert!(access_keys::insert(conn, &of_user).await?);
                assert!(access_keys::insert(conn, &of_root).await?);
                assert!(access_keys::update_last_used(conn, "AKIA1", &later).await?);
                assert!(!access_keys::update_last_used(conn, "AKIA1", &sooner).await?);
                assert_eq!(access_keys::find(conn, "AKIA1").await?.unwrap().last_used, Some(later));
                assert_eq!(access_keys::find(conn, "AKIA2").await?.unwrap().last_used, None);
                assert_eq!(access_keys::list_of_user(conn, "AIDA1").await?.len(), 1);
                assert_eq!(access_keys::list_of_root(conn, &account()).await?.len(), 1);
                assert_eq!(access_keys::count_of_user(conn, "AIDA1").await?, 1);
                assert!(access_keys::delete(conn, "AKIA1").await?);
                assert!(!access_keys::delete(conn, "AKIA1").await?);
                assert!(users::delete(conn, "AIDA1").await?);
                Ok(())
            })
        })
        .await
        .unwrap();
        assert_eq!(number(&test.db, "select count(*) from users").await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_providers_and_aliases_come_back() {
    on_each(|test| async move {
        let provider = OpenIdConnectProviderRow {
            arn: "arn:o".to_owned(),
            account: account(),
            url: "issuer.example".to_owned(),
            client_ids: vec!["b".to_owned(), "a".to_owned()],
            thumbprints: Vec::new(),
            created_at: NOW,
        };
        write(&test.db, move |conn| {
            Box::pin(async move {
                let account = account();
                accounts::insert(conn, &account, NOW).await?;
                let other: AccountId = "111111111111".parse().unwrap();
                accounts::insert(conn, &other, NOW).await?;
                assert!(open_id_connect_providers::insert(conn, &provider).await?);
                assert!(!open_id_connect_providers::insert(conn, &provider).await?);
                let found = open_id_connect_providers::find(conn, "arn:o").await?.unwrap();
                assert_eq!(format!("{found:?}"), format!("{provider:?}"));
                let thumbprints = ["00".to_owned()];
                assert!(open_id_connect_providers::update_accepted(conn, "arn:o", &[], &thumbprints).await?);
                let all = open_id_connect_providers::list(conn, &account).await?;
                assert!(all[0].client_ids.is_empty());
                assert_eq!(all[0].thumbprints, thumbprints);
                assert_eq!(open_id_connect_providers::count(conn, &account).await?, 1);
                assert!(open_id_connect_providers::delete(conn, "arn:o").await?);
                assert!(account_aliases::upsert(conn, &account, "one").await?);
                assert!(account_aliases::upsert(conn, &account, "two").await?);
                assert!(!account_aliases::upsert(conn, &other, "two").await?);
                assert!(account_aliases::upsert(conn, &other, "one").await?);
                assert_eq!(account_aliases::find(conn, &account).await?.as_deref(), Some("two"));
                assert!(!account_aliases::delete(conn, &account, "one").await?);
                assert!(account_aliases::delete(conn, &account, "two").await?);
                Ok(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}
