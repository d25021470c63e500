//! Lifecycle policies: parsing and evaluation over a repository with one image of each sort. No image is taken twice, a
//! policy without a rule for untagged or all images takes no untagged one, and the order of the images does not matter.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use wharf_app::lifecycle::{Image, LifecyclePolicy, TagSelection, evaluate};
use wharf_types::{Algorithm, StorageClass, Timestamp};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

static IMAGES: LazyLock<Vec<Image>> = LazyLock::new(|| {
    let day = |days: i64| Timestamp::from_micros(NOW.micros() - days * 86_400_000_000);
    let digest = |number: usize| Algorithm::Sha256.digest(&number.to_be_bytes());
    let tags: [&[&str]; 5] = [&[], &["v1.0"], &["v1.1-rc1", "latest"], &["prod-1"], &[]];
    let image = |number: usize, tags: &[&str]| Image {
        digest: digest(number),
        tags: tags.iter().map(|tag| tag.parse().expect("a tag")).collect(),
        pushed_at: day(i64::try_from(number).expect("a small number") * 11),
        pulled_at: (number % 3 == 0).then(|| day(5)),
        archived_at: (number % 7 == 0).then(|| day(100)),
        activated_at: (number % 5 == 0).then(|| day(3)),
        storage_class: if number % 7 == 0 { StorageClass::Archive } else { StorageClass::Standard },
        children: if number % 11 == 0 { vec![digest(number + 1)] } else { Vec::new() },
        subject: (number % 13 == 0).then(|| digest(number + 2)),
        used: number % 17 == 1,
    };
    (0..40).map(|number| image(number, tags[number % tags.len()])).collect()
});

fuzz_target!(|text: &str| {
    let Ok(policy) = LifecyclePolicy::parse(text) else {
        return;
    };
    let evaluation = evaluate(&policy, &IMAGES, NOW);
    let mut gone: Vec<usize> = evaluation.taken.iter().map(|taken| taken.image).collect();
    gone.extend(evaluation.followers.iter().map(|follower| follower.image));
    let all = gone.len();
    gone.sort_unstable();
    gone.dedup();
    assert_eq!(gone.len(), all, "an image goes twice");

    let reaches_untagged =
        policy.rules().iter().any(|rule| matches!(rule.tags, TagSelection::Untagged | TagSelection::Any));
    for taken in &evaluation.taken {
        assert!(reaches_untagged || !IMAGES[taken.image].tags.is_empty());
        assert!(policy.rules().iter().any(|rule| rule.priority == taken.rule && rule.action == taken.action));
    }

    let backwards: Vec<Image> = IMAGES.iter().rev().cloned().collect();
    let other = evaluate(&policy, &backwards, NOW);
    let named = |taken: &[wharf_app::lifecycle::Taken], images: &[Image]| -> Vec<(String, u32)> {
        taken.iter().map(|taken| (images[taken.image].digest.to_string(), taken.rule)).collect()
    };
    assert_eq!(named(&evaluation.taken, &IMAGES), named(&other.taken, &backwards));
});
