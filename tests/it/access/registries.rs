//! Host names of ECR's form name a registry each: the same repository name in another account or region is another repository.

use http::Method;
use tests::harness::{Answer, Auth, Client, DEFAULT, Wharf, digest, on_default};

use super::model::{ACCOUNT, PULL, allow, identity_policy, repository_policy};
use super::world::empty_index;
use tests::harness::content::OCI_INDEX;

/// A registry as its clients call it.
fn host(account: &str, region: &str) -> String {
    format!("{account}.dkr.ecr.{region}.example.com")
}

async fn ask(client: &Client, method: Method, host: &str, path: &str) -> Answer {
    client.call(method, path).header("host", host).send().await
}

async fn push(client: &Client, host: &str, name: &str, manifest: &[u8]) -> Answer {
    let call = client.repository(name).put_manifest_call("tag", OCI_INDEX, manifest);
    call.header("host", host).send().await
}

/// [`on_default`], with more regions than one.
async fn in_three_regions(body: impl AsyncFn(&Wharf)) {
    for &backend in DEFAULT {
        println!("on {backend:?}");
        body(&Wharf::with(backend).set("WHARF_REGIONS", "us-east-1,eu-west-1,ap-south-1").start().await).await;
    }
}

#[tokio::test]
async fn the_same_name_in_another_region_is_another_repository() {
    in_three_regions(async |wharf| {
        let root = wharf.client();
        let hosts = ["us-east-1", "eu-west-1", "ap-south-1"].map(|region| host(ACCOUNT, region));
        let manifests = [empty_index(), empty_index()];
        push(&root, &hosts[0], "team/app", &manifests[0]).await.expect(201);
        push(&root, &hosts[1], "team/app", &manifests[1]).await.expect(201);
        let path = "/v2/team/app/manifests/tag";
        for (host, manifest) in hosts.iter().zip(&manifests) {
            ask(&root, Method::GET, host, path).await.expect(200).expect_body(manifest);
            let tags = ask(&root, Method::GET, host, "/v2/team/app/tags/list").await.expect(200);
            assert_eq!(tags.strings("tags"), ["tag"]);
        }
        // The account's own region is what a plain host name means.
        root.get(path).send().await.expect(200).expect_body(&manifests[0]);
        let by_digest = format!("/v2/team/app/manifests/{}", digest(&manifests[1]));
        root.get(&by_digest).send().await.expect_error(404, "MANIFEST_UNKNOWN");
        ask(&root, Method::GET, &hosts[2], path).await.expect_error(404, "NAME_UNKNOWN");
        let catalog = ask(&root, Method::GET, &hosts[2], "/v2/_catalog").await.expect(200);
        assert!(catalog.strings("repositories").is_empty(), "{catalog}");
        // A deletion in one is none in the other.
        ask(&root, Method::DELETE, &hosts[1], path).await.expect(202);
        root.get(path).send().await.expect(200);
        ask(&root, Method::GET, &hosts[1], path).await.expect_error(404, "MANIFEST_UNKNOWN");
        // There are no others.
        let elsewhere = host(ACCOUNT, "eu-north-1");
        push(&root, &elsewhere, "team/app", &manifests[0]).await.expect_error(404, "NAME_UNKNOWN");
    })
    .await;
}

#[tokio::test]
async fn the_root_of_one_account_is_nobody_special_in_another() {
    on_default(async |wharf| {
        let root = wharf.client();
        let other = host("111122223333", "us-east-1");
        for (method, path) in [
            (Method::GET, "/v2/team/app/manifests/tag"),
            (Method::GET, "/v2/team/app/tags/list"),
            (Method::POST, "/v2/team/app/blobs/uploads/"),
            (Method::DELETE, "/v2/team/app/manifests/tag"),
        ] {
            let answer = ask(&root, method, &other, path).await.expect_error(403, "DENIED");
            let text = String::from_utf8_lossy(answer.body()).into_owned();
            assert!(text.contains("arn:aws:ecr:us-east-1:111122223333:repository/team/app"), "{answer}");
            assert!(text.contains("because no resource-based policy allows"), "{answer}");
        }
        let catalog = ask(&root, Method::GET, &other, "/v2/_catalog").await.expect(200);
        assert!(catalog.strings("repositories").is_empty(), "{catalog}");
        ask(&wharf.anonymous(), Method::GET, &other, "/v2/team/app/manifests/tag")
            .await
            .expect_error(401, "UNAUTHORIZED");
    })
    .await;
}

#[tokio::test]
async fn policies_hold_in_the_registry_that_they_name() {
    in_three_regions(async |wharf| {
        let root = wharf.client();
        let far = host(ACCOUNT, "eu-west-1");
        let manifest = empty_index();
        root.repository("team/app").put_manifest("tag", OCI_INDEX, &manifest).await.expect(201);
        push(&root, &far, "team/app", &manifest).await.expect(201);
        wharf.set_repository_policy("team/app", &repository_policy(&[allow(PULL, "")]));
        // The user's policy names repositories of us-east-1.
        let user = wharf.known_user("anna", &identity_policy(&[allow(PULL, "team/*")])).await;
        let path = "/v2/team/app/manifests/tag";
        root.as_(user.auth()).get(path).send().await.expect(200);
        ask(&root.as_(user.auth()), Method::GET, &far, path).await.expect_error(403, "DENIED");
        wharf.anonymous().get(path).send().await.expect(200);
        ask(&root.as_(Auth::None), Method::GET, &far, path).await.expect_error(401, "UNAUTHORIZED");
        // A token is good in every registry, and grants in each what its principal may do there.
        let token = super::world::token(&root.as_(user.auth())).await;
        ask(&root.as_(token.clone()), Method::GET, &far, "/v2/").await.expect(200);
        ask(&root.as_(token), Method::GET, &far, path).await.expect_error(403, "DENIED");
    })
    .await;
}

#[tokio::test]
async fn a_session_and_a_blob_stay_in_their_registry() {
    in_three_regions(async |wharf| {
        let root = wharf.client();
        let far = host(ACCOUNT, "eu-west-1");
        let bytes = tests::harness::random(500);
        let digest = root.repository("team/app").push_blob(&bytes).await;
        let upload = root.repository("team/app").begin().await;
        push(&root, &far, "team/app", &empty_index()).await.expect(201);
        ask(&root, Method::GET, &far, &format!("/v2/team/app/blobs/{digest}")).await.expect_error(404, "BLOB_UNKNOWN");
        ask(&root, Method::GET, &far, &upload.location).await.expect_error(404, "BLOB_UPLOAD_UNKNOWN");
        // Mounting does not reach over registries.
        for query in [format!("?mount={digest}&from=team/app"), format!("?mount={digest}")] {
            ask(&root, Method::POST, &far, &format!("/v2/team/app/blobs/uploads/{query}")).await.expect(202);
        }
        ask(&root, Method::HEAD, &far, &format!("/v2/team/app/blobs/{digest}")).await.expect(404);
        upload.status().await.expect(204);
    })
    .await;
}
