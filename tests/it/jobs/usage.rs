//! `wharf usage`: exact to the byte.

use tests::harness::{Image, on_default, random};

use super::must;

/// The numbers of the line that begins with a word.
fn numbers(said: &str, first: &str) -> Vec<usize> {
    let line = said.lines().find(|line| line.split_whitespace().next() == Some(first));
    let line = line.unwrap_or_else(|| panic!("no line {first} in {said}"));
    line.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect()
}

#[tokio::test]
async fn what_repositories_hold_is_measured() {
    on_default(async |wharf| {
        let (first, second) = (wharf.client().repository("first"), wharf.client().repository("second"));
        let shared = random(5000);
        let left = Image::of(vec![shared.clone(), random(100)]);
        let right = Image::of(vec![shared.clone(), random(200)]);
        first.push_image("left", &left).await;
        first.push_image("right", &right).await;
        let index = first.push_index("both", &[&left, &right]).await;
        let elsewhere = Image::of(vec![shared]);
        second.push_image("one", &elsewhere).await;

        let manifests = left.manifest.len() + right.manifest.len() + index.manifest.len();
        let content = |image: &Image| image.blobs.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        let mut once = std::collections::BTreeMap::new();
        for (digest, bytes) in left.blobs.iter().chain(&right.blobs) {
            once.insert(digest, bytes.len());
        }
        let deduplicated = manifests + once.values().sum::<usize>();
        let elsewhere_too: usize = elsewhere.blobs.iter().filter_map(|(digest, _)| once.get(digest)).sum();
        let said = must(wharf, &["usage"]);
        assert_eq!(
            numbers(&said, "first"),
            [3, manifests + content(&left) + content(&right), deduplicated, deduplicated - elsewhere_too],
            "{said}"
        );
        for (digest, bytes) in &elsewhere.blobs {
            once.insert(digest, bytes.len());
        }
        let stored: usize = once.values().sum();
        assert!(said.contains(&format!("store: {stored} bytes")), "{said}");
        assert!(said.contains(&format!("{stored} bytes of blobs, each once")), "{said}");
    })
    .await;
}
