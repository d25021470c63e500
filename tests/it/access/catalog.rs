//! The catalog shows what the caller may describe, and nothing else: on pages of any size, by names and by links.

use tests::harness::on_default;

use super::model::{EVERYTHING, PULL, allow, deny, identity_policy};

#[tokio::test]
async fn the_catalog_has_only_what_the_caller_may_describe() {
    on_default(async |wharf| {
        let root = wharf.client();
        let names = ["a/hidden", "b/seen", "c/hidden", "d/seen", "e/hidden", "f/seen", "g/hidden"];
        for name in names {
            root.repository(name).begin().await;
        }
        let describe: &[&str] = &["ecr:DescribeRepositories"];
        let some = [allow(describe, "b/*"), allow(describe, "d/seen"), allow(describe, "f/*")];
        let all_but = [allow(EVERYTHING, "*"), deny(describe, "b/*"), deny(describe, "d/*"), deny(describe, "f/*")];
        let users = [
            ("some", wharf.create_user("some", &identity_policy(&some)), vec!["b/seen", "d/seen", "f/seen"]),
            ("pull", wharf.create_user("pull", &identity_policy(&[allow(PULL, "*")])), vec![]),
            (
                "allbut",
                wharf.create_user("allbut", &identity_policy(&all_but)),
                vec!["a/hidden", "c/hidden", "e/hidden", "g/hidden"],
            ),
        ];
        wharf.know(&users[2].1).await;
        for (name, user, seen) in &users {
            let client = root.as_(user.auth());
            for size in ["", "?n=1", "?n=2", "?n=3", "?n=100", "?last=b/seen&n=1"] {
                let after = if size.contains("last") { "b/seen" } else { "" };
                let expected: Vec<&str> = seen.iter().copied().filter(|name| *name > after).collect();
                let mut found = Vec::new();
                for page in client.repository("x").pages(&format!("/v2/_catalog{size}")).await {
                    found.extend(page.strings("repositories"));
                    let shown = format!("{:?} {:?}", page.body(), page.headers());
                    for other in names.iter().filter(|other| !seen.contains(other)) {
                        assert!(!shown.contains(other), "{name}: {shown} tells of {other}");
                    }
                }
                assert_eq!(found, expected, "{name} with {size:?}");
            }
        }
        wharf.anonymous().get("/v2/_catalog").send().await.expect_error(401, "UNAUTHORIZED");
    })
    .await;
}
