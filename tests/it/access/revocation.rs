//! What is taken away is gone within five seconds on every replica, for keys, tokens and refresh tokens alike.

use std::sync::Arc;

use tests::harness::admin::{User, within_5_s};
use tests::harness::backing::Backing;
use tests::harness::{Answer, Auth, Backend, Client, Wharf, on_default};

use super::model::{EVERYTHING, PULL, allow, deny, identity_policy};
use super::world::token;

/// The refresh token of whoever the client is.
async fn refresh_token(client: &Client) -> String {
    let answer = client.get("/token?service=wharf&offline_token=true").send().await.expect(200);
    answer.json()["refresh_token"].as_str().expect("a refresh token").to_owned()
}

async fn exchange(client: &Client, refresh: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("service", "wharf"), ("refresh_token", refresh)];
    client.as_(Auth::None).post("/token").form(&form).send().await
}

#[tokio::test]
async fn a_disabled_key_ends_everywhere_with_all_its_tokens_and_comes_back_when_it_is_enabled() {
    let backing = Arc::new(Backing::create(Backend::PostgresS3));
    let one = Wharf::sharing(backing.clone()).start().await;
    let other = Wharf::sharing(backing).start().await;
    let user = one.known_user("leaver", &identity_policy(&[allow(EVERYTHING, "*")])).await;
    other.know(&user).await;
    let image = one.client().repository("team/app").push_small("tag").await;

    let access = token(&one.client().as_(user.auth())).await;
    let refresh = refresh_token(&one.client().as_(user.auth())).await;
    for client in [one.client(), other.client()] {
        let repository = client.repository("team/app");
        for auth in [user.auth(), access.clone()] {
            repository.as_(auth).expect_image(Some("tag"), &image).await;
        }
        exchange(&client, &refresh).await.expect(200);
    }
    let mut upload = one.client().as_(access.clone()).repository("team/app").begin().await;
    upload.append(b"half").await.expect(202);

    one.admin_must(&["disable-key", &user.access_key_id]);
    for wharf in [&one, &other] {
        // Asked with the token: a wrong password would be throttled in the end.
        let repository = wharf.client().as_(access.clone()).repository("team/app");
        let took = within_5_s("the disabled key", async || repository.manifest("tag").await.status() == 401).await;
        println!("refused after {took:?}");
        repository.blob(&image.blobs[1].0).await.expect_error(401, "UNAUTHORIZED");
        repository.as_(user.auth()).manifest("tag").await.expect_error(401, "UNAUTHORIZED");
        exchange(&wharf.client(), &refresh).await.expect_error(401, "UNAUTHORIZED");
        wharf.client().as_(user.auth()).get("/token").send().await.expect_error(401, "UNAUTHORIZED");
        upload.through(repository.client()).append(b"more").await.expect_error(401, "UNAUTHORIZED");
        // Root is still who it was.
        wharf.client().get("/v2/").send().await.expect(200);
    }

    other.admin_must(&["enable-key", &user.access_key_id]);
    for wharf in [&one, &other] {
        let client = wharf.client().as_(access.clone());
        within_5_s("the enabled key", async || client.get("/v2/").send().await.status() == 200).await;
        exchange(&client, &refresh).await.expect(200);
    }
    upload.through(&other.client().as_(access)).append(b"more").await.expect(202).expect_header("range", "0-7");
}

/// Beside users and policies every process has pull gates and webhooks in memory. One that a newer release wrote may be beyond it.
#[tokio::test]
async fn a_key_ends_though_something_else_in_memory_cannot_be_read_again() {
    let backing = Arc::new(Backing::create(Backend::PostgresS3));
    let wharf = Wharf::sharing(backing.clone()).start().await;
    let user = wharf.known_user("leaver", &identity_policy(&[allow(EVERYTHING, "*")])).await;
    let client = wharf.client().as_(user.auth());
    client.get("/v2/").send().await.expect(200);
    backing.database().query(
        "insert into pull_gates (repository_id, document, updated_at) values ('some', 'of tomorrow', 1);
         insert into stamps (name, version) values ('pull-gates', 1000)
         on conflict (name) do update set version = excluded.version",
    );
    wharf.aws().boto3(&format!(
        "client('iam').update_access_key(UserName='leaver', AccessKeyId='{}', Status='Inactive')",
        user.access_key_id
    ));
    within_5_s("the key that was turned off", async || client.get("/v2/").send().await.status() == 401).await;
}

#[tokio::test]
async fn a_changed_user_policy_holds_for_tokens_that_are_out() {
    on_default(async |wharf| {
        let image = wharf.client().repository("team/app").push_small("tag").await;
        wharf.client().repository("other/app").push_image("tag", &image).await;
        let user = wharf.known_user("mover", &identity_policy(&[allow(PULL, "team/*")])).await;
        let access = token(&wharf.client().as_(user.auth())).await;
        let [team, other] = ["team/app", "other/app"].map(|name| wharf.client().as_(access.clone()).repository(name));
        team.expect_image(Some("tag"), &image).await;
        other.manifest("tag").await.expect_error(403, "DENIED");

        wharf.set_user_policy("mover", &identity_policy(&[allow(PULL, "other/*")]));
        let took = within_5_s("the new policy", async || team.manifest("tag").await.status() == 403).await;
        println!("obeyed after {took:?}");
        other.expect_image(Some("tag"), &image).await;
        team.blob(&image.blobs[1].0).await.expect_error(403, "DENIED");

        wharf.set_user_policy("mover", &identity_policy(&[allow(PULL, "other/*"), deny(PULL, "other/app")]));
        within_5_s("the denial", async || other.manifest("tag").await.status() == 403).await;
        let basic = other.as_(user.auth());
        basic.manifest("tag").await.expect_error(403, "DENIED");
    })
    .await;
}

#[tokio::test]
async fn what_an_operator_gets_wrong_is_refused_and_changes_nothing() {
    on_default(async |wharf| {
        let policy = identity_policy(&[allow(PULL, "team/*")]);
        let user: User = wharf.known_user("here", &policy).await;
        wharf.client().repository("team/app").push_small("tag").await;
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), policy.to_string()).expect("it can be written");
        let good = file.path().to_str().expect("text");
        let broken = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(broken.path(), "{\"Version\": \"2012-10-17\"").expect("it can be written");
        let broken = broken.path().to_str().expect("text");
        let refused: [&[&str]; 9] = [
            &["create-user", "here", "--policy", good],
            &["create-user", "no/slash", "--policy", good],
            &["create-user", "", "--policy", good],
            &["create-user", "other", "--policy", broken],
            &["create-user", "other", "--policy", "/nowhere/at/all"],
            &["set-user-policy", "here", "--policy", broken],
            &["set-user-policy", "nobody", "--policy", good],
            &["disable-key", "AKIANOBODY0000000000"],
            &["delete-repository-policy", "no/such/repository"],
        ];
        for arguments in refused {
            let finished = wharf.admin(arguments);
            assert!(!finished.status.success(), "{arguments:?}: {}", finished.stdout);
            assert!(!finished.stderr.trim().is_empty(), "{arguments:?} says what is wrong");
            assert!(!finished.stdout.contains("secret"), "{arguments:?}: {}", finished.stdout);
        }
        wharf.client().as_(user.auth()).repository("team/app").manifest("tag").await.expect(200);
    })
    .await;
}
