//! end-8, `GET tags/list`: order, pages, links.

use tests::harness::client::encode;
use tests::harness::content::OCI_MANIFEST;
use tests::harness::{Image, Repository, Wharf, on_default};

async fn tagged(wharf: &Wharf, tags: &[&str]) -> (Repository, Image) {
    let repository = wharf.repository();
    let image = repository.push_small(tags[0]).await;
    for tag in &tags[1..] {
        repository.put_manifest(tag, OCI_MANIFEST, &image.manifest).await.expect(201);
    }
    (repository, image)
}

#[tokio::test]
async fn tags_come_in_the_order_of_their_bytes() {
    on_default(async |wharf| {
        let (repository, _) = tagged(wharf, &["b", "a", "B", "A", "_", "10", "9", "a.b", "a-b", "a_b", "ab"]).await;
        let answer = repository.tags("").await.expect(200).expect_header("content-type", "application/json");
        assert_eq!(answer.json()["name"], repository.name());
        assert_eq!(answer.strings("tags"), ["10", "9", "A", "B", "_", "a", "a-b", "a.b", "a_b", "ab", "b"]);
        answer.expect_no_header("link");
    })
    .await;
}

#[tokio::test]
async fn pages_are_cut_at_n_and_linked() {
    on_default(async |wharf| {
        let tags: Vec<String> = (0..7).map(|number| format!("t{number}")).collect();
        let (repository, _) = tagged(wharf, &tags.iter().map(String::as_str).collect::<Vec<_>>()).await;
        for n in 1..=8 {
            let pages = repository.pages(&repository.path(&format!("tags/list?n={n}"))).await;
            let all: Vec<String> = pages.iter().flat_map(|page| page.strings("tags")).collect();
            assert_eq!(all, tags, "n={n}");
            for page in &pages[..pages.len() - 1] {
                assert_eq!(page.strings("tags").len(), n);
            }
            assert!(pages.len() <= 7 / n + 1, "n={n} took {} pages", pages.len());
        }
    })
    .await;
}

#[tokio::test]
async fn a_link_is_relative_and_keeps_other_parameters() {
    on_default(async |wharf| {
        let (repository, _) = tagged(wharf, &["a", "b", "c"]).await;
        let answer = repository.tags("?n=2&ns=example.com").await.expect(200);
        let next = answer.next().expect("there is more");
        assert!(next.starts_with(&repository.path("tags/list?")), "{next}");
        for part in ["n=2", "last=b", "ns=example.com"] {
            assert!(next.contains(part), "{next} must contain {part}");
        }
    })
    .await;
}

#[tokio::test]
async fn last_begins_after_a_tag_that_need_not_exist() {
    on_default(async |wharf| {
        let (repository, _) = tagged(wharf, &["a", "c", "e"]).await;
        for (last, expected) in
            [("a", vec!["c", "e"]), ("b", vec!["c", "e"]), ("e", vec![]), ("zzz", vec![]), ("0", vec!["a", "c", "e"])]
        {
            let answer = repository.tags(&format!("?last={last}")).await.expect(200);
            assert_eq!(answer.strings("tags"), expected, "last={last}");
        }
        let answer = repository.tags("?last=a&n=1").await.expect(200);
        assert_eq!(answer.strings("tags"), ["c"]);
    })
    .await;
}

#[tokio::test]
async fn n_of_zero_is_an_empty_list_without_a_link() {
    on_default(async |wharf| {
        let (repository, _) = tagged(wharf, &["a", "b"]).await;
        let answer = repository.tags("?n=0").await.expect(200).expect_no_header("link");
        assert!(answer.strings("tags").is_empty());
    })
    .await;
}

#[tokio::test]
async fn n_that_is_no_count_is_400() {
    on_default(async |wharf| {
        let (repository, _) = tagged(wharf, &["a"]).await;
        for n in ["-1", "abc", "1.5", "0x10", "", "%00", "1e3", "--1", "99999999999999999999999999"] {
            let answer = repository.tags(&format!("?n={n}")).await;
            // A count beyond any integer is still a count: it may be cut silently.
            let allowed: &[u16] = if n.starts_with('9') || n.is_empty() { &[200, 400] } else { &[400] };
            assert!(allowed.contains(&answer.status()), "n={n}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_huge_n_is_cut_silently() {
    on_default(async |wharf| {
        let (repository, _) = tagged(wharf, &["a", "b"]).await;
        for n in ["1000", "10000", "2147483648", "9223372036854775807"] {
            let answer = repository.tags(&format!("?n={n}")).await.expect(200);
            assert_eq!(answer.strings("tags"), ["a", "b"]);
        }
    })
    .await;
}

#[tokio::test]
async fn strange_values_of_last_neither_fail_nor_inject() {
    on_default(async |wharf| {
        let (repository, _) = tagged(wharf, &["a", "b"]).await;
        let values = [
            "'; drop table tags; --",
            "%",
            "_",
            "\r\nX-Injected: 1",
            "\u{0}",
            "é",
            "a\"b",
            "><",
            "a&n=0",
            &"z".repeat(3000),
        ];
        for value in values {
            let answer = repository.tags(&format!("?n=1&last={}", encode(value))).await.expect_one_of(&[200, 400]);
            assert!(answer.header_opt("x-injected").is_none(), "{answer}");
            if answer.status() == 200 {
                answer.next();
            }
        }
        assert_eq!(repository.tags("").await.expect(200).strings("tags"), ["a", "b"]);
    })
    .await;
}

#[tokio::test]
async fn a_repository_without_tags_has_an_empty_list() {
    on_default(async |wharf| {
        let (repository, _) = tagged(wharf, &["only"]).await;
        repository.delete_manifest("only").await.expect(202);
        let answer = repository.tags("").await.expect(200);
        assert!(answer.strings("tags").is_empty());
        assert!(answer.json()["tags"].is_array());
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_does_not_exist_has_no_tags() {
    on_default(async |wharf| {
        wharf.repository().tags("").await.expect_error(404, "NAME_UNKNOWN");
    })
    .await;
}

#[tokio::test]
async fn following_the_links_gives_every_tag_once() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("first").await;
        let mut expected = vec!["first".to_owned()];
        for batch in 0..25 {
            let tags: Vec<String> = (0..10).map(|number| format!("tag-{}", batch * 10 + number)).collect();
            let target = format!("{}?tag={}", repository.manifest_path(&image.digest), tags.join("&tag="));
            let call = repository.client().put(&target).header("content-type", OCI_MANIFEST);
            call.body(image.manifest.clone()).send().await.expect(201);
            expected.extend(tags);
        }
        expected.sort();
        for n in [1, 7, 100, 250, 251, 252] {
            let pages = repository.pages(&repository.path(&format!("tags/list?n={n}"))).await;
            let all: Vec<String> = pages.iter().flat_map(|page| page.strings("tags")).collect();
            assert_eq!(all, expected, "n={n}");
        }
        let pages = repository.pages(&repository.path("tags/list")).await;
        let all: Vec<String> = pages.iter().flat_map(|page| page.strings("tags")).collect();
        assert_eq!(all, expected);
    })
    .await;
}

#[tokio::test]
async fn the_list_and_the_manifest_agree() {
    on_default(async |wharf| {
        let (repository, _) = tagged(wharf, &["a", "b", "c"]).await;
        repository.delete_manifest("b").await.expect(202);
        assert_eq!(repository.tags("").await.strings("tags"), ["a", "c"]);
        repository.head_manifest("b").await.expect(404);
        for tag in ["a", "c"] {
            repository.head_manifest(tag).await.expect(200);
        }
    })
    .await;
}
