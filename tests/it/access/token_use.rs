//! A token is for one use: what is good for requests does not log in and does not renew, and the other way round. A token names
//! somebody and grants nothing, whatever scope was asked for.

use serde_json::json;
use tests::harness::forgery::Token;
use tests::harness::{Auth, on_default};

use super::model::{PULL, allow, identity_policy};

#[tokio::test]
async fn tokens_of_one_use_are_refused_for_another() {
    on_default(async |wharf| {
        let user = wharf.known_user("caller", &identity_policy(&[allow(PULL, "*")])).await;
        let client = wharf.client().as_(user.auth());
        let answer = client.get("/token?service=wharf&offline_token=true").send().await.expect(200);
        let [access, refresh] =
            ["token", "refresh_token"].map(|name| answer.json()[name].as_str().expect("a token").to_owned());
        let bearer = |token: &str| client.as_(Auth::Bearer(token.to_owned()));
        bearer(&access).get("/v2/").send().await.expect(200);

        // A refresh token opens no request, neither as Bearer nor as a password.
        let refused = bearer(&refresh).get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
        assert!(refused.header("www-authenticate").contains("invalid_token"), "{refused}");
        client.as_(Auth::basic("AWS", &refresh)).get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
        client
            .as_(Auth::basic(&user.access_key_id, &refresh))
            .get("/v2/")
            .send()
            .await
            .expect_error(401, "UNAUTHORIZED");
        // An access token renews nothing, and is nobody's password.
        let form = |token: &str| {
            let form = [("grant_type", "refresh_token"), ("service", "wharf"), ("refresh_token", token)];
            wharf.anonymous().post("/token").form(&form)
        };
        form(&access).send().await.expect_error(401, "UNAUTHORIZED");
        client
            .as_(Auth::basic(&user.access_key_id, &access))
            .get("/v2/")
            .send()
            .await
            .expect_error(401, "UNAUTHORIZED");
        // A secret access key is no Bearer token.
        bearer(&user.secret).get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
        // The use cannot be changed without the signature.
        let parsed = Token::parse(&refresh);
        let changed = parsed.claim("aud", json!("access")).keep_signature();
        bearer(&changed).get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
        form(&refresh).send().await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_of_aws_is_401() {
    on_default(async |wharf| {
        let wrong = ["x", "not.a.token", "eyJhbGciOiJub25lIn0.e30.", "AWS", "AWS:password"];
        for (number, password) in wrong.iter().enumerate() {
            let source = wharf.anonymous_from([127, 0, 3, number as u8 + 1]);
            let client = source.as_(Auth::basic("AWS", password));
            client.get("/v2/").send().await.expect_error(401, "UNAUTHORIZED");
            client.get("/token").send().await.expect_error(401, "UNAUTHORIZED");
        }
    })
    .await;
}

#[tokio::test]
async fn a_scope_that_was_asked_for_grants_nothing() {
    on_default(async |wharf| {
        wharf.client().repository("team/app").push_small("tag").await;
        let user = wharf.known_user("caller", &identity_policy(&[allow(PULL, "team/*")])).await;
        let client = wharf.client().as_(user.auth());
        for scope in ["repository:team/app:pull,push,delete", "repository:team/app:*", "registry:catalog:*"] {
            let answer = client.get(&format!("/token?service=wharf&scope={scope}")).send().await.expect(200);
            let token = Auth::Bearer(answer.json()["token"].as_str().expect("a token").to_owned());
            let repository = client.as_(token).repository("team/app");
            repository.manifest("tag").await.expect(200);
            repository.delete_manifest("tag").await.expect_error(403, "DENIED");
            repository.client().post(&repository.path("blobs/uploads/")).send().await.expect_error(403, "DENIED");
        }
        // Nor does a scope that was not asked for take anything away.
        let answer = client.get("/token?service=wharf&scope=repository:other/app:pull").send().await.expect(200);
        let token = Auth::Bearer(answer.json()["token"].as_str().expect("a token").to_owned());
        client.as_(token).repository("team/app").manifest("tag").await.expect(200);
    })
    .await;
}
