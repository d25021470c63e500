//! `docker login -u AWS`: a password that stands for an access key, ends with it, and is good for logging in alone.

use tests::harness::admin::within_5_s;
use tests::harness::{Auth, Backend, Wharf, on_default};

use super::model::{PULL, allow, identity_policy};
use super::world::token;

#[tokio::test]
async fn a_login_password_is_its_user_under_the_name_aws() {
    on_default(async |wharf| {
        let image = wharf.client().repository("team/app").push_small("tag").await;
        let user = wharf.known_user("anna", &identity_policy(&[allow(PULL, "team/*")])).await;
        let password = wharf.login_password(&user.access_key_id);
        assert!(!password.contains([':', ' ', '+', '/']), "clients split it and decode it: {password}");
        let aws = wharf.client().as_(Auth::basic("AWS", &password));
        aws.get("/v2/").send().await.expect(200);
        for auth in [Auth::basic("AWS", &password), token(&aws).await] {
            let client = aws.as_(auth);
            client.repository("team/app").expect_image(Some("tag"), &image).await;
            let refused = client.repository("other/app").manifest("tag").await.expect_error(403, "DENIED");
            assert!(String::from_utf8_lossy(refused.body()).contains("user/anna"), "{refused}");
        }
        // It outlives a change of the key that signs.
        wharf.admin_must(&["rotate-signing-key"]);
        let fresh = wharf.login_password(&user.access_key_id);
        let fresh = wharf.client().as_(Auth::basic("AWS", &fresh));
        within_5_s("the new signing key", async || fresh.get("/v2/").send().await.status() == 200).await;
        aws.get("/v2/").send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_login_password_is_good_for_nothing_else() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[allow(PULL, "*")])).await;
        let password = wharf.login_password(&user.access_key_id);
        let refused = [Auth::Bearer(password.clone()), Auth::basic(&user.access_key_id, &password)];
        for auth in refused.into_iter().chain(["aws", "Aws", "AWS "].map(|name| Auth::basic(name, &password))) {
            wharf.client().as_(auth).get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
        }
        let form = [("grant_type", "refresh_token"), ("service", "wharf"), ("refresh_token", password.as_str())];
        wharf.anonymous().post("/token").form(&form).send().await.expect_error(401, "UNAUTHORIZED");
    })
    .await;
}

#[tokio::test]
async fn a_login_password_ends_with_its_access_key() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[allow(PULL, "*")])).await;
        let password = wharf.login_password(&user.access_key_id);
        let aws = wharf.client().as_(Auth::basic("AWS", &password));
        let access = wharf.client().as_(token(&aws).await);
        wharf.admin_must(&["disable-key", &user.access_key_id]);
        within_5_s("the disabled key", async || access.get("/v2/").send().await.status() == 401).await;
        aws.get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
        for key in [user.access_key_id.as_str(), "AKIANOBODY0000000000"] {
            let finished = wharf.admin(&["login-password", key]);
            assert!(!finished.status.success() && finished.stdout.is_empty(), "{key}: {}", finished.stdout);
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_login_password_gets_ends_with_it() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_TOKEN_TTL", "1m").start().await;
    let user = wharf.known_user("anna", &identity_policy(&[allow(PULL, "*")])).await;
    let password = wharf.login_password(&user.access_key_id);
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    let form = [
        ("grant_type", "password"),
        ("access_type", "offline"),
        ("service", "wharf"),
        ("client_id", "docker"),
        ("username", "AWS"),
        ("password", password.as_str()),
    ];
    let aws = wharf.client().as_(Auth::basic("AWS", &password));
    let by_get = aws.get("/token?service=wharf&offline_token=true").send().await.expect(200).json();
    let by_post = wharf.anonymous().post("/token").form(&form).send().await.expect(200).json();
    for answer in [&by_get, &by_post] {
        assert!(answer.get("refresh_token").is_none(), "it would outlive the password: {answer}");
        assert!(answer["expires_in"].as_u64().is_some_and(|seconds| seconds <= 41), "{answer}");
    }
    // A token gets no further token.
    let access = wharf.client().as_(Auth::Bearer(by_get["token"].as_str().expect("a token").to_owned()));
    access.get("/v2/").send().await.expect(200);
    access.get("/token?service=wharf&offline_token=true").send().await.expect_error(401, "UNAUTHORIZED");
    tokio::time::sleep(std::time::Duration::from_secs(42)).await;
    access.get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
    let ended = aws.get("/v2/").send().await.expect_error(403, "DENIED");
    let message = "Your authorization token has expired. Reauthenticate and try again.";
    assert!(String::from_utf8_lossy(ended.body()).contains(message), "{ended}");
    wharf.anonymous().post("/token").form(&form).send().await.expect_error(403, "DENIED");
}
