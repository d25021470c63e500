//! References that are neither tags nor digests.

use tests::harness::content::OCI_MANIFEST;
use tests::harness::on_default;

#[tokio::test]
async fn bad_tags_are_refused_and_never_found() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("fine").await;
        let long = "t".repeat(129);
        let tags = [
            ".hidden", "-dash", "a%20b", "a%2Fb", "a%00b", "a%0Ab", "%C3%A9", "a+b", "a@b", "a!b", "a$b", "a*b",
            "a%3Cb", "a%5Cb", &long, "a~b", "a,b", "a%25b",
        ];
        for tag in tags {
            let answer = repository.put_manifest(tag, OCI_MANIFEST, &image.manifest).await;
            // With a slash it is another path, and there is nothing at it.
            if tag == "a%2Fb" && answer.status() == 404 {
                continue;
            }
            let answer = answer.expect(400);
            let code = answer.code();
            assert!(
                ["TAG_INVALID", "MANIFEST_INVALID", "NAME_INVALID", "DIGEST_INVALID"].contains(&code.as_str()),
                "{answer}"
            );
            repository.manifest(tag).await.expect_one_of(&[400, 404]);
            repository.head_manifest(tag).await.expect_one_of(&[400, 404]);
            repository.delete_manifest(tag).await.expect_one_of(&[400, 404]);
        }
        assert_eq!(repository.tags("").await.strings("tags"), ["fine"]);
    })
    .await;
}

#[tokio::test]
async fn bad_tags_in_a_query_are_refused() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("fine").await;
        for tags in ["tag=", "tag=.a", "tag=a/b", "tag=a%20b", "tag=a&tag=-b", "tag=%00"] {
            let target = format!("{}?{tags}", repository.manifest_path(&image.digest));
            let call = wharf.client().put(&target).header("content-type", OCI_MANIFEST).body(image.manifest.clone());
            call.send().await.expect(400);
        }
        let many = (0..2000).map(|number| format!("tag=t{number}")).collect::<Vec<_>>().join("&");
        let target = format!("{}?{many}", repository.manifest_path(&image.digest));
        let call = wharf.client().put(&target).header("content-type", OCI_MANIFEST).body(image.manifest.clone());
        call.send().await.expect_one_of(&[400, 414, 431]);
        assert_eq!(repository.tags("").await.strings("tags"), ["fine"]);
    })
    .await;
}
