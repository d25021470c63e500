//! Images that no task needs any more go from a host, and no others: on real engines, which have their own mind about what may
//! be removed.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::harness::docker::Docker;
use tests::harness::engine::Engine;
use tests::harness::podman::Podman;
use tests::harness::program::Program;
use tests::harness::{Backend, Wharf, port};

use super::run;

const HEAD: &str = r#"
iam, ecr = client("iam"), client("ecr")
def define(name, script):
    ecs.register_task_definition(
        family=name, executionRoleArn="arn:aws:iam::000000000000:role/exec", networkMode="none",
        containerDefinitions=[{"name": "app", "image": f"{data['host']}/{name}:1", "memory": 32, "cpu": 8,
            "stopTimeout": 2, "command": ["/bin/busybox", "sh", "-c", script]}])
def start(name):
    [started] = ecs.run_task(taskDefinition=name)["tasks"]
    return started["taskArn"]
def reaches(arn, status):
    eventually(lambda: task(arn)["lastStatus"] == status)
    container = task(arn)["containers"][0]
    assert not container.get("reason"), container
def stop(arn):
    ecs.stop_task(task=arn)
    reaches(arn, "STOPPED")
"#;

/// Something that runs images, and a server that has some.
struct Host<'a> {
    engine: &'a Engine,
    wharf: &'a Wharf,
    folder: TempDir,
}

impl Host<'_> {
    fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.wharf.address())
    }

    /// An agent that removes containers and images as soon as it may.
    fn agent(&self) -> Program {
        let aws = self.wharf.aws();
        let settings = [
            ("AWS_ACCESS_KEY_ID", aws.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", aws.secret),
            ("AWS_REGION", aws.region),
            ("ECS_IMAGE_MINIMUM_CLEANUP_AGE", "1s".to_owned()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value));
        let arguments = ["agent", "--server", &aws.endpoint, "--engine", self.engine.host(), "--agent-data", "agent"];
        let flags = ["--cleanup-after", "0", "--image-cleanup-interval", "500ms", "--credentials-address", "none"];
        let folder = self.folder.path();
        Program::start(&[&arguments[..], &flags].concat(), &settings, folder, &folder.join("log"))
    }

    #[track_caller]
    fn run(&self, more: &Value, script: &str) -> Value {
        let mut data = json!({ "host": self.wharf.address() });
        if let (Some(data), Some(more)) = (data.as_object_mut(), more.as_object()) {
            data.extend(more.clone());
        }
        run(&self.wharf.aws(), &data, &format!("{HEAD}\n{script}"))
    }

    /// The images that are here, by id. Podman cannot say so while one of them goes.
    fn ids(&self) -> Vec<String> {
        let list = ["images", "--all", "--quiet", "--no-trunc"];
        within_a_minute(|| {
            let done = self.engine.command(&list).output().expect("docker is installed");
            let said = String::from_utf8_lossy(&done.stdout);
            done.status.success().then(|| said.split_whitespace().map(str::to_owned).collect())
        })
        .unwrap_or_else(|| panic!("images cannot be listed: {}", self.engine.run(&list)))
    }

    fn id(&self, image: &str) -> String {
        self.engine.run(&["inspect", "--format", "{{.Id}}", &self.image(image)])
    }

    fn eventually_gone(&self, image: &str, id: &str) {
        let is_gone = || !self.ids().iter().any(|here| here.ends_with(id));
        if within_a_minute(|| is_gone().then_some(())).is_some() {
            return;
        }
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        panic!("{image} stays: {:?}\n{log}", self.ids());
    }

    /// Waits until the agent has said of so many images that they are removed: it says so after they are gone.
    fn eventually_said(&self, count: usize) {
        let told = within_a_minute(|| (self.removals() >= count).then_some(()));
        assert!(told.is_some(), "{} removals were told", self.removals());
    }

    /// How many lines of the agent's log tell that an image was removed.
    fn removals(&self) -> usize {
        let log = std::fs::read_to_string(self.folder.path().join("log")).expect("it has said something");
        log.lines().filter(|line| line.contains("an image that no task needs is removed")).count()
    }

    #[track_caller]
    fn is_here(&self, image: &str, id: &str) {
        assert!(self.ids().iter().any(|here| here.ends_with(id)), "{image} is gone");
    }
}

/// What `look` finds, which is asked ten times a second.
fn within_a_minute<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    (0..600).find_map(|_| {
        let found = look();
        if found.is_none() {
            std::thread::sleep(Duration::from_millis(100));
        }
        found
    })
}

/// `push` pushes an image of the engine.
fn only_what_no_task_needs_goes(wharf: &Wharf, engine: &Engine, push: &dyn Fn(&str)) {
    let host = Host { engine, wharf, folder: tempfile::tempdir().expect("a folder") };
    let names = ["ends:1", "runs:1", "moves:1", "moves:2", "mine:1", "named:1"];
    let mut ids = std::collections::BTreeMap::new();
    for name in names {
        engine.page(&host.image(name), name);
        push(&host.image(name));
        let id = host.id(name);
        ids.insert(name, id.trim_start_matches("sha256:").to_owned());
        if name != "mine:1" {
            engine.run(&["rmi", &host.image(name)]);
        }
    }
    host.run(&json!({}), "ecs.create_cluster()");
    let mut agent = host.agent();
    let script = r#"
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]}
iam.create_role(RoleName="exec", AssumeRolePolicyDocument=json.dumps(trust))
iam.put_role_policy(RoleName="exec", PolicyName="p", PolicyDocument=json.dumps(may))
eventually(connected)
wait = "while :; do sleep 0.1; done"
for name, script in [("ends", "true"), ("mine", "true"), ("named", wait), ("runs", wait), ("moves", wait)]:
    define(name, script)
arns = {name: start(name) for name in ["runs", "moves", "named"]}
for arn in arns.values():
    reaches(arn, "RUNNING")
print(json.dumps(arns))
"#;
    let arns = host.run(&json!({}), script);
    // Somebody gives one a name of their own, and what the name of another means changes where it came from.
    engine.run(&["tag", &host.image("named:1"), "somebody/has:this"]);
    let script = r#"
[second] = ecr.batch_get_image(repositoryName="moves", imageIds=[{"imageTag": "2"}])["images"]
ecr.put_image(repositoryName="moves", imageTag="1", imageManifest=second["imageManifest"],
    imageManifestMediaType=second["imageManifestMediaType"])
reaches(start("moves"), "RUNNING")
for name in ["moves", "named"]:
    stop(data["arns"][name])
for name in ["ends", "mine"]:
    reaches(start(name), "STOPPED")
"#;
    host.run(&json!({ "arns": arns }), script);
    host.is_here("runs:1", &ids["runs:1"]);
    for name in ["ends:1", "moves:1"] {
        host.eventually_gone(name, &ids[name]);
    }
    // An agent that is killed and one that goes on with what it knew.
    host.eventually_said(2);
    agent.kill();
    let mut agent = host.agent();
    host.run(&json!({ "arns": arns }), r#"stop(data["arns"]["runs"])"#);
    host.eventually_gone("runs:1", &ids["runs:1"]);
    host.eventually_said(3);
    for name in ["mine:1", "named:1", "moves:2"] {
        host.is_here(name, &ids[name]);
    }
    assert_eq!(host.id("moves:1").trim_start_matches("sha256:"), ids["moves:2"], "a task has it");
    let has = |name: &str| engine.run(&["images", "--quiet", name]);
    for name in [host.image("named:1").as_str(), "somebody/has:this"] {
        assert!(!has(name).is_empty(), "{name} has lost its name");
    }
    assert_eq!(host.removals(), 3);
    agent.signal("TERM");
    agent.wait(Duration::from_secs(30)).expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn docker_loses_the_images_that_no_task_needs_and_no_others() {
    let docker = Docker::take();
    let wharf = Wharf::with(Backend::SqliteDisk).start().await;
    docker.login(&wharf);
    only_what_no_task_needs_goes(&wharf, &docker, &|image| drop(docker.run(&["push", "--quiet", image])));
}

#[tokio::test(flavor = "multi_thread")]
async fn podman_loses_the_images_that_no_task_needs_and_no_others() {
    let port = port::free();
    let podman = Podman::start(&format!("127.0.0.1:{port}"));
    let wharf = Wharf::with(Backend::SqliteDisk).start_at(port).await;
    only_what_no_task_needs_goes(&wharf, &podman, &|image| podman.push(image));
}
