//! Images that no task needs any more, on an engine in memory.

use std::path::Path;
use std::time::Duration;

use acs::{Container, Task};
use wharf_node::engine::Engine as _;
use wharf_node::engine::simulated::Simulated;
use wharf_node::{Config, ImageCleanup};

use crate::control::{Fake, eventually};
use crate::simulated::{Agent, arn, config, container, task};

/// The image of [`container`].
const IMAGE: &str = "127.0.0.1:9/box:1";

/// An agent that hurries.
fn hurried(fake: &Fake, data: &Path) -> Config {
    let rules = ImageCleanup { interval: Duration::from_millis(50), age: Duration::ZERO, ..ImageCleanup::default() };
    Config { cleanup_after: Duration::ZERO, image_cleanup: Some(rules), ..config(fake, data) }
}

fn of(image: &str) -> Container {
    Container { image: image.to_owned(), ..container("app") }
}

/// A task that runs until it is told to end.
fn wanted(id: u32, image: &str) -> Task {
    task(id, vec![of(image)])
}

/// A task that ends by itself.
fn brief(id: u32, image: &str) -> Task {
    task(id, vec![Container { command: vec!["exit".to_owned(), "0".to_owned()], ..of(image) }])
}

/// Several rounds of an agent that hurries.
async fn rounds() {
    tokio::time::sleep(Duration::from_millis(400)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_image_of_a_task_goes_when_its_container_is_gone() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(hurried(&fake, folder.path()), engine.clone());
    engine.keep(true);
    fake.payload(1, vec![brief(1, IMAGE), wanted(2, "h.example/b:1")]).await;
    fake.reaches(&arn(1), "STOPPED").await;
    fake.reaches(&arn(2), "RUNNING").await;
    rounds().await;
    assert_eq!(engine.image_ids(), [IMAGE, "h.example/b:1"], "a container that has ended needs its image as well");
    engine.keep(false);
    // Containers are removed every ten seconds.
    eventually("it is gone", || engine.image_ids() == ["h.example/b:1"]).await;
    rounds().await;
    assert_eq!(engine.image_ids(), ["h.example/b:1"], "the image of a task that runs stays");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_brought_stays() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    engine.tag("mine", "h.example/mine:1");
    engine.tag("theirs", IMAGE);
    let agent = Agent::start(hurried(&fake, folder.path()), engine.clone());
    // The name of the one was here and still means the same; what that of the other means came from somewhere else, too.
    engine.publish("h.example/mine:1", "mine");
    engine.publish("h.example/mine:2", "mine");
    engine.publish(IMAGE, "theirs");
    let all = [IMAGE, "h.example/mine:1", "h.example/mine:2", "h.example/goes:1"];
    fake.payload(1, (1..).zip(all).map(|(id, image)| brief(id, image)).collect()).await;
    for id in 1..=4 {
        fake.reaches(&arn(id), "STOPPED").await;
    }
    eventually("what is the agent's is gone", || engine.image_ids() == ["mine", "theirs"]).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_somebody_gave_a_name_to_stays() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(hurried(&fake, folder.path()), engine.clone());
    fake.payload(1, vec![wanted(1, IMAGE), wanted(2, "h.example/goes:1")]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    fake.reaches(&arn(2), "RUNNING").await;
    engine.tag(IMAGE, "h.example/mine:1");
    for view in engine.containers() {
        engine.exit(&view.id, 0);
    }
    eventually("the other is gone", || engine.image_ids() == [IMAGE]).await;
    assert_eq!(engine.image(IMAGE).await.unwrap().unwrap().names.len(), 2, "it keeps its names");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_name_meant_before_goes_while_a_task_has_the_new_one() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(hurried(&fake, folder.path()), engine.clone());
    engine.publish(IMAGE, "old");
    fake.payload(1, vec![wanted(1, IMAGE)]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    engine.publish(IMAGE, "new");
    fake.payload(2, vec![wanted(2, IMAGE)]).await;
    fake.reaches(&arn(2), "RUNNING").await;
    rounds().await;
    assert_eq!(engine.image_ids(), ["new", "old"], "the first task still has it");
    let first = engine.containers().into_iter().find(|view| view.image_id == "old").unwrap();
    engine.exit(&first.id, 0);
    eventually("it is gone", || engine.image_ids() == ["new"]).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_agent_knows_which_images_may_go() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    engine.tag("mine", "h.example/mine:1");
    let agent = Agent::start(hurried(&fake, folder.path()), engine.clone());
    fake.payload(1, vec![wanted(1, IMAGE)]).await;
    fake.reaches(&arn(1), "RUNNING").await;
    agent.kill().await;
    engine.exit(&engine.containers()[0].id, 0);
    let agent = Agent::start(hurried(&fake, folder.path()), engine.clone());
    eventually("it is gone", || engine.image_ids() == ["mine"]).await;
    agent.end().await;
    let written = std::fs::read_to_string(folder.path().join("images.json")).unwrap();
    assert_eq!(written, r#"{"images":[]}"#, "what is gone is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_is_not_listed_in_mid_pull_is_not_forgotten() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let rules = ImageCleanup { age: Duration::from_secs(3600), ..hurried(&fake, folder.path()).image_cleanup.unwrap() };
    let agent = Agent::start(Config { image_cleanup: Some(rules), ..hurried(&fake, folder.path()) }, engine.clone());
    let known = || std::fs::read_to_string(folder.path().join("images.json")).unwrap().contains(IMAGE);
    fake.payload(1, vec![brief(1, IMAGE)]).await;
    fake.reaches(&arn(1), "STOPPED").await;
    eventually("its container is gone", || engine.containers().is_empty()).await;
    engine.take_time(Duration::from_secs(2), Duration::ZERO);
    let pulls = engine.logins().len();
    fake.payload(2, vec![brief(2, "h.example/b:1")]).await;
    eventually("something is pulled", || engine.logins().len() > pulls).await;
    engine.remove_image(IMAGE).await.unwrap();
    rounds().await;
    assert!(known(), "it may come back");
    engine.tag(IMAGE, IMAGE);
    fake.reaches(&arn(2), "STOPPED").await;
    rounds().await;
    assert!(known());
    engine.remove_image(IMAGE).await.unwrap();
    eventually("what somebody removes is forgotten", || !known()).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_keeps_images_removes_none() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let keeping = Config { image_cleanup: None, ..hurried(&fake, folder.path()) };
    let agent = Agent::start(keeping, engine.clone());
    fake.payload(1, vec![brief(1, IMAGE)]).await;
    fake.reaches(&arn(1), "STOPPED").await;
    eventually("its container is gone", || engine.containers().is_empty()).await;
    rounds().await;
    assert_eq!(engine.image_ids(), [IMAGE]);
    agent.end().await;
    assert!(!folder.path().join("images.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_kept_for_as_long_as_is_said_and_few_go_at_a_time() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let mut slow = hurried(&fake, folder.path());
    let rules =
        ImageCleanup { interval: Duration::from_secs(2), count: 2.try_into().unwrap(), ..ImageCleanup::default() };
    slow.image_cleanup = Some(ImageCleanup { age: Duration::from_secs(3600), ..rules.clone() });
    let agent = Agent::start(slow.clone(), engine.clone());
    let names = ["h.example/a:1", "h.example/a:2", "h.example/a:3", "h.example/a:4"];
    for (id, image) in (1..).zip(names) {
        fake.payload(i64::from(id), vec![brief(id, image)]).await;
        fake.reaches(&arn(id), "STOPPED").await;
    }
    eventually("their containers are gone", || engine.containers().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(engine.image_ids(), names, "they are too young");
    agent.end().await;
    slow.image_cleanup = Some(ImageCleanup { age: Duration::ZERO, ..rules });
    // One cannot be removed. It does not keep the others from their turn.
    engine.stick(names[0]);
    let agent = Agent::start(slow, engine.clone());
    eventually("the first goes", || engine.image_ids().len() == 3).await;
    assert_eq!(
        engine.image_ids(),
        [names[0], names[2], names[3]],
        "those that were not used for the longest time first"
    );
    eventually("the others go", || engine.image_ids() == [names[0]]).await;
    agent.end().await;
}

/// Tasks come and go as fast as they can, of few images, while images are removed as fast as they can be.
#[tokio::test(flavor = "multi_thread")]
async fn a_removal_never_comes_between_a_pull_and_its_container() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    engine.take_time(Duration::from_millis(5), Duration::from_millis(5));
    let mut config = hurried(&fake, folder.path());
    config.image_cleanup.as_mut().unwrap().interval = Duration::from_millis(1);
    let agent = Agent::start(config, engine.clone());
    for round in 0..60_u32 {
        // Two names of one image, and one whose image changes.
        engine.publish("h.example/same:1", "same");
        engine.publish("h.example/same:2", "same");
        engine.publish("h.example/moves:1", if round % 2 == 0 { "even" } else { "odd" });
        let images = ["h.example/same:1", "h.example/same:2", "h.example/moves:1"];
        let ids = round * 3 + 1..;
        fake.payload(i64::from(round) + 1, ids.clone().zip(images).map(|(id, image)| wanted(id, image)).collect())
            .await;
        for id in ids.take(3) {
            fake.reaches(&arn(id), "RUNNING").await;
        }
        for view in engine.containers() {
            engine.exit(&view.id, 0);
            engine.remove(&view.id).await.unwrap();
        }
    }
    for id in 1..=180 {
        let stopped = fake.changes(&arn(id)).into_iter().filter_map(|change| change.reason);
        let bad: Vec<String> = stopped.filter(|reason| reason.starts_with("Cannot")).collect();
        assert!(bad.is_empty(), "{bad:?}");
    }
    eventually("all go in the end", || engine.image_ids().is_empty()).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_keeps_no_image() {
    let (fake, folder, engine) = (Fake::start().await, tempfile::tempdir().unwrap(), Simulated::default());
    let agent = Agent::start(hurried(&fake, folder.path()), engine.clone());
    // Nothing can be written down of images.
    std::fs::create_dir(folder.path().join("images.new")).unwrap();
    fake.payload(1, vec![brief(1, IMAGE)]).await;
    fake.reaches(&arn(1), "STOPPED").await;
    eventually("it is gone", || engine.image_ids().is_empty()).await;
    agent.end().await;
}
