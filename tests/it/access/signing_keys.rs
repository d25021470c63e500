//! Rotation of the key that signs tokens: tokens that are out stay good, new ones are signed by the new key, on every replica.

use std::sync::Arc;

use tests::harness::admin::within_5_s;
use tests::harness::backing::Backing;
use tests::harness::forgery::Token;
use tests::harness::{Auth, Backend, Client, Wharf};

async fn fetch(client: &Client) -> (String, String) {
    let answer = client.get("/token?service=wharf&offline_token=true").send().await.expect(200);
    let field = |name: &str| answer.json()[name].as_str().expect("both tokens are there").to_owned();
    (field("token"), field("refresh_token"))
}

fn kid(token: &str) -> String {
    Token::parse(token).header["kid"].as_str().expect("a key id").to_owned()
}

#[tokio::test]
async fn a_rotated_key_signs_new_tokens_and_old_ones_stay_good_on_every_replica() {
    let backing = Arc::new(Backing::create(Backend::PostgresS3));
    let one = Wharf::sharing(backing.clone()).start().await;
    let mut other = Wharf::sharing(backing).start().await;
    let (access, refresh) = fetch(&one.client()).await;
    let mut kids = vec![kid(&access)];
    for _ in 0..2 {
        one.admin_must(&["rotate-signing-key"]);
        for wharf in [&one, &other] {
            let client = wharf.client();
            let last = kids.last().expect("there is one").clone();
            let known = kids.clone();
            within_5_s("the new key", async || {
                let fresh = kid(&fetch(&client).await.0);
                assert!(fresh == last || !known.contains(&fresh), "a key that was retired signs again");
                fresh != last
            })
            .await;
        }
        let here = kid(&fetch(&one.client()).await.0);
        assert_eq!(here, kid(&fetch(&other.client()).await.0), "all replicas sign with one key");
        kids.push(here);
        for wharf in [&one, &other] {
            let old = wharf.client().as_(Auth::Bearer(access.clone()));
            old.get("/v2/").send().await.expect(200);
            let form = [("grant_type", "refresh_token"), ("service", "x"), ("refresh_token", refresh.as_str())];
            let answer = wharf.anonymous().post("/token").form(&form).send().await.expect(200);
            let renewed = answer.json()["access_token"].as_str().expect("a token").to_owned();
            assert_eq!(kid(&renewed), *kids.last().expect("there is one"));
            // A token of one replica opens the other at once.
            for replica in [&one, &other] {
                replica.client().as_(Auth::Bearer(renewed.clone())).get("/v2/").send().await.expect(200);
            }
        }
    }
    other.restart().await;
    other.client().as_(Auth::Bearer(access)).get("/v2/").send().await.expect(200);
    assert_eq!(kid(&fetch(&other.client()).await.0), *kids.last().expect("there is one"));
}
