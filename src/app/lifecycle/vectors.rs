//! What rules do in the cases that ECR's guide explains or users reported, each by name.

use types::{Algorithm, Digest, StorageClass, Timestamp};

use super::evaluate::{Image, evaluate};
use super::policy::{LifecyclePolicy, RuleAction};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn days_ago(days: i64) -> Timestamp {
    Timestamp::from_micros(NOW.micros() - days * 86_400_000_000)
}

fn digest(name: &str) -> Digest {
    Algorithm::Sha256.digest(name.as_bytes())
}

/// An active image that was pushed so many days ago.
fn image(name: &str, tags: &[&str], days: i64) -> Image {
    Image {
        digest: digest(name),
        tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
        pushed_at: days_ago(days),
        pulled_at: None,
        archived_at: None,
        activated_at: None,
        storage_class: StorageClass::Standard,
        children: Vec::new(),
        subject: None,
        used: false,
    }
}

fn policy(rules: &[&str]) -> LifecyclePolicy {
    LifecyclePolicy::parse(&format!(r#"{{"rules":[{}]}}"#, rules.join(","))).unwrap()
}

fn rule(priority: u32, selection: &str) -> String {
    format!(r#"{{"rulePriority":{priority},"selection":{{{selection}}},"action":{{"type":"expire"}}}}"#)
}

fn keep(priority: u32, tags: &str, newest: u32) -> String {
    rule(priority, &format!(r#"{tags},"countType":"imageCountMoreThan","countNumber":{newest}"#))
}

fn older(priority: u32, tags: &str, days: u32) -> String {
    rule(priority, &format!(r#"{tags},"countType":"sinceImagePushed","countUnit":"days","countNumber":{days}"#))
}

fn patterns(list: &str) -> String {
    format!(r#""tagStatus":"tagged","tagPatternList":{list}"#)
}

const ANY: &str = r#""tagStatus":"any""#;
const UNTAGGED: &str = r#""tagStatus":"untagged""#;

/// The names of the images that are taken, each with its rule.
fn taken(rules: &[String], images: &[(&str, Image)]) -> Vec<String> {
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    taken_by(&policy(&rules), images)
}

fn taken_by(policy: &LifecyclePolicy, images: &[(&str, Image)]) -> Vec<String> {
    let list: Vec<Image> = images.iter().map(|(_, image)| image.clone()).collect();
    evaluate(policy, &list, NOW)
        .taken
        .iter()
        .map(|taken| format!("{} by {}", images[taken.image].0, taken.rule))
        .collect()
}

fn named<'n>(images: Vec<(&'n str, &[&str], i64)>) -> Vec<(&'n str, Image)> {
    images.into_iter().map(|(name, tags, days)| (name, image(name, tags, days))).collect()
}

#[test]
fn a_an_earlier_rule_shields_what_it_keeps() {
    let images = named(vec![("A", &["prod-1", "beta-1"], 10), ("B", &["prod-2", "beta-2"], 9), ("C", &["beta-3"], 8)]);
    let rules = [keep(1, &patterns(r#"["prod*"]"#), 1), keep(2, &patterns(r#"["beta*"]"#), 1)];
    assert_eq!(taken(&rules, &images), ["A by 1"]);
}

#[test]
fn b_the_other_order_takes_more() {
    let images = named(vec![("A", &["prod-1", "beta-1"], 10), ("B", &["prod-2", "beta-2"], 9), ("C", &["beta-3"], 8)]);
    let rules = [keep(1, &patterns(r#"["beta*"]"#), 1), keep(2, &patterns(r#"["prod*"]"#), 1)];
    assert_eq!(taken(&rules, &images), ["A by 1", "B by 1"]);
}

#[test]
fn c_every_pattern_of_a_list_must_match_some_tag() {
    let images = named(vec![("A", &["alpha-1"], 9), ("B", &["beta-1"], 9), ("C", &["alpha-2", "beta-2"], 9)]);
    assert_eq!(taken(&[older(1, &patterns(r#"["alpha*","beta*"]"#), 5)], &images), ["C by 1"]);
    let prefixes = r#""tagStatus":"tagged","tagPrefixList":["alpha","beta"]"#;
    assert_eq!(taken(&[older(1, prefixes, 5)], &images), ["C by 1"]);
}

#[test]
fn d_members_of_an_index_stay_until_the_index_is_gone() {
    let mut images = named(vec![("I", &["multi"], 3), ("X", &[], 3), ("Y", &[], 3), ("Z", &[], 3)]);
    images[0].1.children = vec![digest("X"), digest("Y")];
    let rules = [older(1, UNTAGGED, 1)];
    assert_eq!(taken(&rules, &images), ["Z by 1"]);
    let mut after = taken(&rules, &images[1..]);
    after.sort();
    assert_eq!(after, ["X by 1", "Y by 1", "Z by 1"]);
}

#[test]
fn d_members_of_an_index_go_no_earlier_than_the_index_even_in_the_run_that_takes_it() {
    let mut images = named(vec![("I", &["multi"], 3), ("X", &[], 3)]);
    images[0].1.children = vec![digest("X")];
    assert_eq!(taken(&[older(1, ANY, 1)], &images), ["I by 1"]);
}

#[test]
fn e_later_rules_count_what_earlier_rules_marked() {
    let images = named(vec![
        ("R1", &["release-1"], 9),
        ("R2", &["release-2"], 8),
        ("R3", &["release-3"], 7),
        ("D1", &[], 6),
        ("D2", &[], 5),
        ("D3", &[], 4),
    ]);
    let rules = [keep(1, &patterns(r#"["release-*"]"#), 2), keep(2, ANY, 3)];
    assert_eq!(taken(&rules, &images), ["R1 by 1"]);
}

#[test]
fn f_a_rule_for_all_images_must_be_the_last() {
    let rules = [older(1, ANY, 1), older(2, UNTAGGED, 1)].join(",");
    let fault = LifecyclePolicy::parse(&format!(r#"{{"rules":[{rules}]}}"#)).unwrap_err();
    assert_eq!(fault.to_string(), "Rule for tagStatus=ANY must have the lowest priority per storage class");
}

#[test]
fn g_what_nobody_pulled_is_archived() {
    let mut images = named(vec![("P", &["p"], 100), ("Q", &["q"], 31), ("R", &["r"], 100), ("S", &["s"], 100)]);
    images[0].1.pulled_at = Some(days_ago(40));
    images[2].1.activated_at = Some(days_ago(2));
    images[3].1.pulled_at = Some(days_ago(50));
    images[3].1.activated_at = Some(days_ago(3));
    let policy = policy(&[r#"{"rulePriority":1,
        "selection":{"tagStatus":"any","countType":"sinceImagePulled","countUnit":"days","countNumber":30},
        "action":{"type":"transition","targetStorageClass":"archive"}}"#]);
    let mut names = taken_by(&policy, &images);
    names.sort();
    assert_eq!(names, ["P by 1", "Q by 1"]);
    let list: Vec<Image> = images.into_iter().map(|(_, image)| image).collect();
    assert!(evaluate(&policy, &list, NOW).taken.iter().all(|taken| taken.action == RuleAction::Transition));
}

#[test]
fn h_only_what_was_archived_long_ago_is_deleted_from_the_archive() {
    let text = |days: u32| {
        format!(
            r#"{{"rules":[{{"rulePriority":1,"selection":{{"tagStatus":"any","storageClass":"archive",
            "countType":"sinceImageTransitioned","countUnit":"days","countNumber":{days}}},
            "action":{{"type":"expire"}}}}]}}"#
        )
    };
    assert!(LifecyclePolicy::parse(&text(89)).is_err());
    let policy = LifecyclePolicy::parse(&text(90)).unwrap();
    let mut images = named(vec![("old", &["a"], 400), ("young", &["b"], 400), ("active", &["c"], 400)]);
    for (at, days) in [(0, 91), (1, 89)] {
        images[at].1.storage_class = StorageClass::Archive;
        images[at].1.archived_at = Some(days_ago(days));
    }
    images[2].1.archived_at = Some(days_ago(300));
    images[2].1.activated_at = Some(days_ago(200));
    assert_eq!(taken_by(&policy, &images), ["old by 1"]);
}

#[test]
fn i_a_signature_stays_with_its_image_and_goes_with_it() {
    let mut images = named(vec![("V", &["v1"], 9), ("S", &[], 9), ("T", &[], 9)]);
    images[1].1.subject = Some(digest("V"));
    // About the signature.
    images[2].1.subject = Some(digest("S"));
    assert_eq!(taken(&[older(1, UNTAGGED, 1)], &images), [""; 0]);

    let list: Vec<Image> = images.iter().map(|(_, image)| image.clone()).collect();
    let rule = older(1, &patterns(r#"["v*"]"#), 1);
    let evaluation = evaluate(&policy(&[&rule]), &list, NOW);
    assert_eq!(evaluation.taken.iter().map(|taken| taken.image).collect::<Vec<_>>(), [0]);
    let mut followers: Vec<usize> = evaluation.followers.iter().map(|follower| follower.image).collect();
    followers.sort_unstable();
    assert_eq!(followers, [1, 2]);
    assert!(evaluation.followers.iter().all(|follower| follower.action == RuleAction::Expire));
}

#[test]
fn an_image_is_not_older_than_a_day_on_the_day() {
    let mut images = named(vec![("A", &[], 1), ("B", &[], 1)]);
    images[1].1.pushed_at = Timestamp::from_micros(days_ago(1).micros() - 1);
    assert_eq!(taken(&[older(1, UNTAGGED, 1)], &images), ["B by 1"]);
}

#[test]
fn a_restored_image_is_as_young_as_its_restoration() {
    let mut images = named(vec![("A", &["a"], 100), ("B", &["b"], 10)]);
    images[0].1.activated_at = Some(days_ago(2));
    assert_eq!(taken(&[keep(1, ANY, 1)], &images), ["B by 1"]);
    assert_eq!(taken(&[older(1, ANY, 5)], &images), ["B by 1"]);
}

#[test]
fn archived_images_do_not_take_places_among_the_active() {
    let mut images = named(vec![("A", &["a"], 3), ("B", &["b"], 2), ("C", &["c"], 1)]);
    images[2].1.storage_class = StorageClass::Archive;
    images[2].1.archived_at = Some(days_ago(0));
    assert_eq!(taken(&[keep(1, ANY, 1)], &images), ["A by 1"]);
}

#[test]
fn nothing_is_taken_from_an_empty_repository() {
    assert!(taken(&[keep(1, ANY, 1)], &[]).is_empty());
}

#[test]
fn what_somebody_runs_stays_with_its_indexes_and_takes_its_place() {
    let mut images = named(vec![("A", &["a"], 9), ("B", &["b"], 8), ("I", &["i"], 7), ("C", &[], 6), ("D", &["d"], 5)]);
    images[0].1.used = true;
    // Pulled through its index, which a task definition names.
    images[2].1.children = vec![digest("C")];
    images[3].1.used = true;
    assert_eq!(taken(&[keep(1, ANY, 1)], &images), ["B by 1"]);
    images[0].1.used = false;
    images[3].1.used = false;
    assert_eq!(taken(&[keep(1, ANY, 1)], &images), ["A by 1", "B by 1", "I by 1"]);
}

#[test]
fn a_signature_that_somebody_runs_does_not_follow() {
    let mut images = named(vec![("V", &["v1"], 9), ("S", &[], 9)]);
    images[1].1.subject = Some(digest("V"));
    images[1].1.used = true;
    let list: Vec<Image> = images.into_iter().map(|(_, image)| image).collect();
    let evaluation = evaluate(&policy(&[&older(1, ANY, 1)]), &list, NOW);
    assert_eq!((evaluation.taken.len(), evaluation.followers.len()), (1, 0));
}
