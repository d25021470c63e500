//! Several accounts: each is alone with what it has, and shares what its policies share, if the other side's allow it too.

use serde_json::{Value, json};
use tests::harness::accounts::Account;
use tests::harness::admin::within_5_s;
use tests::harness::content::OCI_INDEX;
use tests::harness::{Wharf, on_default};

use crate::access::model::ACCOUNT;
use crate::access::world::empty_index;

const OTHER: &str = "111122223333";

/// A policy for a repository of the default account.
fn to(principal: &str, actions: &[&str]) -> Value {
    let statement = json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": actions });
    json!({ "Version": "2012-10-17", "Statement": statement })
}

fn all(actions: &[&str]) -> Value {
    json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": actions, "Resource": "*" } })
}

const PULL: &[&str] = &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

#[tokio::test]
async fn accounts_are_made_and_listed() {
    on_default(async |wharf| {
        let finished = wharf.run(&["account", "create", OTHER, "--alias", "team-b"]);
        assert!(finished.status.success(), "{}", finished.stderr);
        let list = wharf.run(&["account", "list"]);
        assert_eq!(list.stdout, format!("{ACCOUNT}  -\n{OTHER}  team-b\n"), "{}", list.stderr);
        for (arguments, why) in [
            (vec!["account", "create", OTHER], "account 111122223333 exists already"),
            (vec!["account", "create", ACCOUNT], "account 000000000000 exists already"),
            (
                vec!["account", "create", "222233334444", "--alias", "team-b"],
                "alias 'team-b' is that of another account",
            ),
            (vec!["account", "create", "222233334444", "--alias", "x-"], "an alias is 3 to 63"),
            (vec!["account", "create", "12"], "is not 12 digits"),
        ] {
            let finished = wharf.run(&arguments);
            assert!(!finished.status.success() && finished.stderr.contains(why), "{arguments:?}: {}", finished.stderr);
        }
        // What was refused changed nothing.
        assert_eq!(wharf.run(&["account", "list"]).stdout, list.stdout);
    })
    .await;
}

#[tokio::test]
async fn the_root_of_an_account_is_at_home_there_and_nowhere_else() {
    on_default(async |wharf| {
        let other = wharf.account(OTHER).await;
        let caller = other.aws(wharf).json(&["sts", "get-caller-identity"]);
        assert_eq!(caller["Arn"], format!("arn:aws:iam::{OTHER}:root"));
        let root = wharf.client().as_(other.auth());
        let call = root.repository("team/app").put_manifest_call("tag", OCI_INDEX, &empty_index());
        call.header("host", other.host()).send().await.expect(201);
        other.get(&root, "/v2/team/app/manifests/tag").send().await.expect(200);
        // At the plain host there is another registry.
        let refused = root.get("/v2/team/app/manifests/tag").send().await.expect_error(403, "DENIED");
        assert!(refused.to_string().contains("because no resource-based policy allows"), "{refused}");
        other.get(&wharf.client(), "/v2/team/app/manifests/tag").send().await.expect_error(403, "DENIED");
    })
    .await;
}

/// What a pull of the shared repository comes to, for the root of the other account and two of its users.
async fn pulls(wharf: &Wharf, other: &Account, users: &[&tests::harness::admin::User]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for auth in std::iter::once(other.auth()).chain(users.iter().map(|user| user.auth())) {
        let answer = wharf.client().as_(auth).get("/v2/team/app/manifests/tag").send().await;
        statuses.push(answer.status());
    }
    statuses
}

#[tokio::test]
async fn a_pull_across_accounts_needs_both_sides() {
    on_default(async |wharf| {
        let image = wharf.client().repository("team/app").push_small("tag").await;
        let other = wharf.account(OTHER).await;
        let may = wharf.user_of(&other, "may", &all(PULL)).await;
        let may_not = wharf.user_of(&other, "may-not", &all(&["ecr:GetAuthorizationToken"])).await;
        let users = [&may, &may_not];
        assert_eq!(pulls(wharf, &other, &users).await, [403, 403, 403]);

        wharf.set_repository_policy("team/app", &to(OTHER, PULL));
        within_5_s("the policy", async || pulls(wharf, &other, &users).await == [200, 200, 403]).await;
        wharf.client().as_(may.auth()).repository("team/app").expect_image(Some("tag"), &image).await;
        let refused = wharf.client().as_(may_not.auth()).get("/v2/team/app/manifests/tag").send().await;
        let message = refused.expect_error(403, "DENIED").to_string();
        assert!(message.contains("because no identity-based policy allows the ecr:BatchGetImage action"), "{message}");
        // Naming the user adds nothing to what its own account lets it do.
        let named = format!("arn:aws:iam::{OTHER}:user/may-not");
        wharf.set_repository_policy("team/app", &to(&named, PULL));
        within_5_s("the policy", async || pulls(wharf, &other, &users).await == [403, 403, 403]).await;
        // One user of the other account alone.
        wharf.set_repository_policy("team/app", &to(&format!("arn:aws:iam::{OTHER}:user/may"), PULL));
        within_5_s("the policy", async || pulls(wharf, &other, &users).await == [403, 200, 403]).await;
        // Pushing was not shared.
        let pushed = wharf.client().as_(other.auth()).repository("team/app");
        pushed.put_manifest("new", OCI_INDEX, &empty_index()).await.expect_error(403, "DENIED");
        wharf.admin_must(&["delete-repository-policy", "team/app"]);
        within_5_s("the policy", async || pulls(wharf, &other, &users).await == [403, 403, 403]).await;
    })
    .await;
}

#[tokio::test]
async fn a_push_across_accounts_goes_where_the_policy_lets_it() {
    on_default(async |wharf| {
        wharf.client().repository("team/app").push_small("tag").await;
        let other = wharf.account(OTHER).await;
        let push = &["ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"];
        let ci = wharf.user_of(&other, "ci", &all(&["ecr:*"])).await;
        wharf.set_repository_policy("team/app", &to(&format!("arn:aws:iam::{OTHER}:user/ci"), push));
        let client = wharf.client().as_(ci.auth());
        let put =
            async |name: &str| client.repository(name).put_manifest("new", OCI_INDEX, &empty_index()).await.status();
        within_5_s("the policy", async || put("team/app").await == 201).await;
        // It may create repositories in its own account only.
        assert_eq!(put("team/other").await, 403);
        let call = client.repository("team/other").put_manifest_call("new", OCI_INDEX, &empty_index());
        call.header("host", other.host()).send().await.expect(201);
        client.get("/v2/team/app/manifests/tag").send().await.expect_error(403, "DENIED");
        wharf.client().get("/v2/team/app/manifests/new").send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn the_api_reaches_another_accounts_registry_by_its_id() {
    on_default(async |wharf| {
        let (own, other) = (wharf.aws(), wharf.account(OTHER).await);
        let image = wharf.client().repository("team/app").push_small("tag").await;
        let away = other.aws(wharf);
        let tag = ["--repository-name", "team/app", "--image-ids", "imageTag=tag"];
        let get = [&["ecr", "batch-get-image", "--registry-id", ACCOUNT][..], &tag].concat();
        let message = away.refused(&get, "AccessDeniedException");
        assert!(message.contains("arn:aws:iam::111122223333:root is not authorized"), "{message}");
        assert!(message.contains("because no resource-based policy allows the ecr:BatchGetImage action"), "{message}");
        let policy = to(OTHER, &["ecr:BatchGetImage", "ecr:DescribeImages"]).to_string();
        own.json(&["ecr", "set-repository-policy", "--repository-name", "team/app", "--policy-text", &policy]);
        // What was changed through this process counts at once.
        let answer = away.json(&get);
        assert_eq!(answer["images"][0]["imageId"]["imageDigest"], image.digest, "{answer}");
        assert_eq!(answer["images"][0]["registryId"], ACCOUNT, "{answer}");
        let describe = ["ecr", "describe-images", "--registry-id", ACCOUNT, "--repository-name", "team/app"];
        assert_eq!(away.json(&describe)["imageDetails"][0]["registryId"], ACCOUNT);
        // Without the id it is one's own registry, which has no such repository.
        let own_registry = [&["ecr", "batch-get-image"][..], &tag].concat();
        let message = away.refused(&own_registry, "RepositoryNotFoundException");
        assert!(message.contains("does not exist in the registry with id '111122223333'"), "{message}");
        let delete = [&["ecr", "batch-delete-image", "--registry-id", ACCOUNT][..], &tag].concat();
        away.refused(&delete, "AccessDeniedException");
    })
    .await;
}
