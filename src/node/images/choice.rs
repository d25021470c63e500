//! Which images go.

use std::collections::BTreeSet;

use types::Timestamp;

use super::ledger::Pulled;
use super::needed::Needed;
use super::reference::{bare, repository, whole};
use crate::config::ImageCleanup;
use crate::engine::Image;

/// The images that go now, those first that were not used for the longest time. `containers` are the images of all
/// containers of the engine, by id.
pub(super) fn choose<'a>(
    pulled: &'a [Pulled],
    images: &[Image],
    containers: &[String],
    needed: &Needed,
    rules: &ImageCleanup,
    now: Timestamp,
) -> Vec<&'a Pulled> {
    let containers: BTreeSet<&str> = containers.iter().map(|id| bare(id)).collect();
    let is_free = |pulled: &&Pulled| {
        let image = images.iter().find(|image| bare(&image.id) == bare(&pulled.id));
        image.is_some_and(|image| may_go(pulled, image, needed, rules, now)) && !containers.contains(bare(&pulled.id))
    };
    let mut free: Vec<&Pulled> = pulled.iter().filter(is_free).collect();
    free.sort_by_key(|pulled| pulled.used_at);
    free.truncate(usize::try_from(rules.count.get()).unwrap_or(usize::MAX));
    free
}

/// Whether an image may go as far as tasks and names say, and its age.
pub(super) fn may_go(pulled: &Pulled, image: &Image, needed: &Needed, rules: &ImageCleanup, now: Timestamp) -> bool {
    pulled.used_at <= now.before(rules.age).micros() && is_ours(pulled, image) && !needed.has(image)
}

/// Whether all names of an image are those that the agent pulled. Engines note the digest beside the tag that was pulled.
fn is_ours(pulled: &Pulled, image: &Image) -> bool {
    image.names.iter().map(|name| whole(name)).all(|name| match name.contains('@') {
        true => pulled.names.iter().any(|ours| repository(ours) == repository(&name)),
        false => pulled.names.contains(&name),
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::sync::Arc;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::task::Task;

    const NOW: i64 = 10_000_000_000;

    fn rules(age: u64, count: u32) -> ImageCleanup {
        ImageCleanup {
            age: Duration::from_secs(age),
            count: NonZeroU32::new(count).unwrap(),
            ..ImageCleanup::default()
        }
    }

    fn pulled(id: &str, names: &[&str], idle: i64) -> Pulled {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Pulled { id: id.to_owned(), names, used_at: NOW - idle * 1_000_000 }
    }

    fn image(id: &str, names: &[&str]) -> Image {
        Image { id: id.to_owned(), digest: None, names: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    fn chosen(
        pulled: &[Pulled],
        images: &[Image],
        containers: &[&str],
        needed: &Needed,
        rules: &ImageCleanup,
    ) -> String {
        let containers: Vec<String> = containers.iter().map(|id| (*id).to_owned()).collect();
        let now = Timestamp::from_micros(NOW);
        let chosen = choose(pulled, images, &containers, needed, rules, now);
        chosen.iter().map(|pulled| pulled.id.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_least_recently_used_go_first_and_not_more_than_so_many() {
        let known = [pulled("1", &["h.a/a:1"], 70), pulled("2", &["h.a/a:2"], 90), pulled("3", &["h.a/a:3"], 80)];
        let here = [image("1", &["h.a/a:1"]), image("2", &["h.a/a:2"]), image("3", &["h.a/a:3"]), image("4", &[])];
        let none = Needed::default();
        assert_eq!(chosen(&known, &here, &[], &none, &rules(60, 5)), "2 3 1");
        assert_eq!(chosen(&known, &here, &[], &none, &rules(60, 2)), "2 3");
        assert_eq!(chosen(&known, &here, &[], &none, &rules(75, 5)), "2 3");
        assert_eq!(chosen(&known, &here, &["sha256:2"], &none, &rules(60, 5)), "3 1");
        assert_eq!(chosen(&known, &here[..1], &[], &none, &rules(60, 5)), "1");
    }

    #[test]
    fn an_image_that_has_a_name_of_somebody_else_stays() {
        let known = [pulled("1", &["h.a/a:1"], 70)];
        for (names, goes) in [
            (&["h.a/a:1", "h.a/a@sha256:00"][..], true),
            (&["h.a/a@sha256:00"], true),
            (&[], true),
            (&["h.a/a:1", "h.a/a:2"], false),
            (&["h.a/a:1", "mine:1"], false),
            (&["h.a/a:1", "h.a/b@sha256:00"], false),
        ] {
            let found = chosen(&known, &[image("1", names)], &[], &Needed::default(), &rules(60, 5));
            assert_eq!(found == "1", goes, "{names:?}");
        }
    }

    /// An image by its number, of few, so that everything meets.
    fn numbers() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0..8_u8, 0..6)
    }

    proptest! {
        #[test]
        fn what_goes_is_ours_and_old_and_needed_by_nobody(
            known in prop::collection::btree_map(0..8_u8, (numbers(), 0..200_i64), 0..8),
            here in prop::collection::btree_map(0..8_u8, numbers(), 0..8),
            containers in numbers(),
            tasks in prop::collection::vec((0..8_u8, prop::option::of(0..8_u8), any::<bool>()), 0..4),
            age in 0..200_u64,
            count in 1..6_u32,
        ) {
            let name = |number: &u8| format!("h.a/a:{number}");
            let id = |number: &u8| format!("sha256:{number}");
            let known: Vec<Pulled> = known.iter().map(|(number, (names, idle))| Pulled {
                id: id(number), names: names.iter().map(name).collect(), used_at: NOW - idle * 1_000_000,
            }).collect();
            let here: Vec<Image> = here.iter().map(|(number, names)| Image {
                id: id(number), digest: None, names: names.iter().map(name).collect(),
            }).collect();
            let containers: Vec<String> = containers.iter().map(id).collect();
            let tasks: Vec<Arc<Task>> = tasks.iter().map(|(wanted, has, ended)| {
                let container = acs::Container { name: "app".to_owned(), image: name(wanted), ..Default::default() };
                let mut task = Task::new(acs::Task { containers: vec![container], ..Default::default() });
                task.containers[0].image_id = has.as_ref().map(id);
                if *ended {
                    task.containers[0].phase = crate::task::Phase::Stopped;
                }
                Arc::new(task)
            }).collect();
            let rules = rules(age, count);
            let now = Timestamp::from_micros(NOW);
            let chosen = choose(&known, &here, &containers, &Needed::by(&tasks), &rules, now);
            prop_assert!(chosen.len() <= count as usize);
            prop_assert!(chosen.is_sorted_by_key(|pulled| pulled.used_at));
            for pulled in &chosen {
                let image = here.iter().find(|image| image.id == pulled.id).expect("it is here");
                prop_assert!(NOW - pulled.used_at >= i64::try_from(age).unwrap() * 1_000_000);
                prop_assert!(!containers.contains(&pulled.id));
                prop_assert!(image.names.iter().all(|name| pulled.names.contains(name)));
                for task in tasks.iter().filter(|task| !task.has_ended()) {
                    prop_assert!(task.containers[0].image_id.as_ref() != Some(&pulled.id));
                    prop_assert!(!image.names.contains(&task.wanted.containers[0].image));
                }
            }
            // Nothing that may go is passed over for something younger.
            if let Some(last) = chosen.last().filter(|_| chosen.len() < count as usize) {
                let rest: Vec<Pulled> = known.iter().filter(|one| !chosen.contains(one)).cloned().collect();
                prop_assert!(choose(&rest, &here, &containers, &Needed::by(&tasks), &rules, now).is_empty(), "{last:?}");
            }
        }
    }
}
