//! What holds for every policy and every repository.

use proptest::prelude::*;
use types::{Algorithm, StorageClass, Timestamp};

use super::evaluate::{Evaluation, Image, evaluate};
use super::policy::{Count, LifecyclePolicy};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn days_ago(days: u16) -> Timestamp {
    Timestamp::from_micros(NOW.micros() - i64::from(days) * 86_400_000_000)
}

fn image() -> impl Strategy<Value = Image> {
    let tags = proptest::collection::btree_set("[ab][0-2]?", 0..3);
    let children = proptest::collection::vec(0..30_u32, 0..3);
    (tags, 0..12_u16, proptest::option::of(0..12_u16), proptest::option::of(0..12_u16), 0..8_u8, children, 0..60_u32)
        .prop_map(|(tags, pushed, pulled, activated, class, children, subject)| Image {
            digest: Algorithm::Sha256.digest(b""), // set below: one of each
            tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
            pushed_at: days_ago(pushed),
            pulled_at: pulled.map(days_ago),
            archived_at: (class == 0).then(|| days_ago(pushed * 20)),
            activated_at: activated.map(days_ago),
            storage_class: if class == 0 { StorageClass::Archive } else { StorageClass::Standard },
            children: if class == 1 { children.iter().map(|at| digest(*at)).collect() } else { Vec::new() },
            subject: (subject < 30).then(|| digest(subject)),
            used: subject >= 55,
        })
}

fn digest(at: u32) -> types::Digest {
    Algorithm::Sha256.digest(&at.to_be_bytes())
}

fn images() -> impl Strategy<Value = Vec<Image>> {
    proptest::collection::vec(image(), 0..30).prop_map(|mut images| {
        for (at, image) in (0..).zip(&mut images) {
            image.digest = digest(at);
        }
        images
    })
}

/// A rule without its priority; a policy numbers them as they come.
fn rule() -> impl Strategy<Value = String> {
    let tags = prop_oneof![
        4 => "[ab*][0-2*]?".prop_map(|pattern| format!(r#""tagStatus":"tagged","tagPatternList":["{pattern}"]"#)),
        2 => ("[ab]", "[ab][0-2]")
            .prop_map(|(a, b)| format!(r#""tagStatus":"tagged","tagPatternList":["{a}*","{b}*"]"#)),
        1 => Just(r#""tagStatus":"untagged""#.to_owned()),
        1 => Just(r#""tagStatus":"any""#.to_owned()),
    ];
    let count = prop_oneof![
        (1..6_u8).prop_map(|number| (format!(r#""countType":"imageCountMoreThan","countNumber":{number}"#), "expire")),
        (1..10_u8).prop_map(|days| (
            format!(r#""countType":"sinceImagePushed","countUnit":"days","countNumber":{days}"#),
            "expire"
        )),
        (1..10_u8).prop_map(|days| (
            format!(r#""countType":"sinceImagePulled","countUnit":"days","countNumber":{days}"#),
            r#"transition","targetStorageClass":"archive"#
        )),
        (90..150_u8).prop_map(|days| (
            format!(
                r#""storageClass":"archive","countType":"sinceImageTransitioned","countUnit":"days","countNumber":{days}"#
            ),
            "expire"
        )),
    ];
    (tags, count)
        .prop_map(|(tags, (count, action))| format!(r#""selection":{{{tags},{count}}},"action":{{"type":"{action}"}}"#))
}

/// The policy of these rules, if it is a valid one.
fn policy(rules: &[String]) -> Option<LifecyclePolicy> {
    let rules: Vec<String> =
        (1..).zip(rules).map(|(priority, rule)| format!(r#"{{"rulePriority":{priority},{rule}}}"#)).collect();
    LifecyclePolicy::parse(&format!(r#"{{"rules":[{}]}}"#, rules.join(","))).ok()
}

fn rules() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(rule(), 1..6)
}

/// Rules of a valid policy. Among random ones it is soon found by leaving some away.
fn valid(mut rules: Vec<String>) -> (Vec<String>, LifecyclePolicy) {
    loop {
        if let Some(policy) = policy(&rules) {
            return (rules, policy);
        }
        rules.pop();
        assert!(!rules.is_empty(), "a rule alone is a policy");
    }
}

fn named(evaluation: &Evaluation, images: &[Image]) -> Vec<(String, u32)> {
    evaluation.taken.iter().map(|taken| (images[taken.image].digest.to_string(), taken.rule)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn an_image_goes_once_at_most(rules in rules(), images in images()) {
        let (_, policy) = valid(rules);
        let evaluation = evaluate(&policy, &images, NOW);
        let mut gone: Vec<usize> = evaluation.taken.iter().map(|taken| taken.image).collect();
        gone.extend(evaluation.followers.iter().map(|follower| follower.image));
        let all = gone.len();
        gone.sort_unstable();
        gone.dedup();
        prop_assert_eq!(all, gone.len());
    }

    #[test]
    fn the_order_of_the_images_does_not_matter(
        rules in rules(),
        (images, shuffled) in images().prop_flat_map(|images| (Just(images.clone()), Just(images).prop_shuffle())),
    ) {
        let (_, policy) = valid(rules);
        let (one, other) = (evaluate(&policy, &images, NOW), evaluate(&policy, &shuffled, NOW));
        prop_assert_eq!(named(&one, &images), named(&other, &shuffled));
        prop_assert_eq!(one.followers.len(), other.followers.len());
    }

    #[test]
    fn a_rule_before_another_never_makes_it_take_more(first in rule(), rules in rules(), images in images()) {
        let (rules, without) = valid(rules);
        let with: Vec<String> = std::iter::once(first).chain(rules).collect();
        let Some(with) = policy(&with) else {
            return Ok(());
        };
        // With the rule before them, the others have moved up by one.
        let before = named(&evaluate(&without, &images, NOW), &images);
        for (digest, rule) in named(&evaluate(&with, &images, NOW), &images) {
            prop_assert!(rule == 1 || before.contains(&(digest, rule - 1)));
        }
    }

    #[test]
    fn a_rule_that_counts_leaves_as_many_as_it_says(rules in rules(), images in images()) {
        let (_, policy) = valid(rules);
        let evaluation = evaluate(&policy, &images, NOW);
        for rule in policy.rules() {
            if let Count::MoreThan(kept) = rule.count {
                let taken = evaluation.taken.iter().filter(|taken| taken.rule == rule.priority).count();
                prop_assert!(taken <= images.len().saturating_sub(usize::try_from(kept).unwrap()));
            }
        }
    }

    #[test]
    fn a_member_of_an_index_is_not_deleted(rules in rules(), images in images()) {
        let (_, policy) = valid(rules);
        let listed: Vec<_> = images.iter().flat_map(|image| &image.children).collect();
        for taken in evaluate(&policy, &images, NOW).taken {
            let archived = taken.action == super::RuleAction::Transition;
            prop_assert!(archived || !listed.contains(&&images[taken.image].digest));
        }
    }

    #[test]
    fn what_somebody_runs_stays(rules in rules(), images in images()) {
        let (_, policy) = valid(rules);
        let evaluation = evaluate(&policy, &images, NOW);
        let gone = evaluation.taken.iter().map(|taken| taken.image);
        for at in gone.chain(evaluation.followers.iter().map(|follower| follower.image)) {
            prop_assert!(!images[at].used);
            // Nor does an index go from around it.
            prop_assert!(images.iter().all(|other| !other.used || !images[at].children.contains(&other.digest)));
        }
    }
}
