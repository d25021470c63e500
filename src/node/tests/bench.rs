//! What the tests on a real engine need: the engine, an agent on it, and tasks for it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use acs::{Container, DockerConfig, Task};
use bytes::Bytes;
use serde_json::json;
use tokio::sync::OnceCell;
use wharf_node::engine::Engine as _;
use wharf_node::engine::docker::Docker;

use crate::control::Fake;
use crate::process::Process;
use crate::simulated::{Agent, config, container, task};

pub const IMAGE: &str = "127.0.0.1:9/box:1";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The socket of the engine, which has the image of the tests.
async fn socket() -> &'static str {
    static SOCKET: OnceCell<String> = OnceCell::const_new();
    SOCKET
        .get_or_init(|| async {
            let socket = std::env::var("WHARF_TEST_DOCKER_HOST").unwrap_or_else(|_| start());
            // An agent that is root does it itself.
            let add = "[ $(id -u) = 0 ] || ip address show dev lo | grep -q 169.254.170.2 || \
                       sudo ip address add 169.254.170.2/32 dev lo";
            assert!(Command::new("sh").args(["-c", add]).status().unwrap().success());
            let docker = Docker::connect(&socket).await.unwrap();
            docker.import(IMAGE, tree()).await.unwrap();
            socket
        })
        .await
}

/// Starts an engine that ends with the tests.
fn start() -> String {
    let folder = std::env::temp_dir().join(format!("wharf-node-docker-{}", std::process::id()));
    let started = Command::new(root().join("tools/start-docker")).arg(&folder).arg("--bridge").output().unwrap();
    assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
    // It is left behind by a shell that ends at once, so that nobody has to wait for it.
    let end = "(while kill -0 $0 2>/dev/null; do sleep 1; done; bridge=$(cat \"$2/docker/bridge\"); \"$1\" \"$2\"; \
               as_root ip link delete \"$bridge\"; as_root rm -rf \"$2\") &";
    let end = format!("as_root() {{ if [ $(id -u) = 0 ]; then \"$@\"; else sudo \"$@\"; fi; }}; {end}");
    let left = Command::new("setsid")
        .args(["sh", "-c", &end, &std::process::id().to_string()])
        .arg(root().join("tools/stop"))
        .arg(&folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(left.success());
    format!("unix://{}", folder.join("docker.sock").display())
}

/// A file system with busybox alone.
fn tree() -> Bytes {
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::copy("/bin/busybox", bin.join("busybox")).unwrap();
    for name in
        ["sh", "sleep", "echo", "wget", "cat", "nc", "ip", "seq", "touch", "test", "grep", "env", "httpd", "mkdir"]
    {
        std::os::unix::fs::symlink("busybox", bin.join(name)).unwrap();
    }
    for name in ["tmp", "etc", "dev", "proc"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let packed = Command::new("tar").arg("-C").arg(folder.path()).args(["-c", "."]).output().unwrap();
    Bytes::from(packed.stdout)
}

pub struct Bench {
    pub fake: Fake,
    pub folder: tempfile::TempDir,
    pub docker: Docker,
    pub agent: Option<Agent>,
    /// So that tests do not know each other's tasks.
    first: u32,
    sequence: i64,
}

impl Bench {
    pub async fn new() -> Self {
        let socket = socket().await;
        let [a, b, c, _] = uuid::Uuid::new_v4().as_u128().to_be_bytes()[..4] else { unreachable!() };
        let first = u32::from_be_bytes([a, b, c, 0]);
        let docker = Docker::connect(socket).await.unwrap();
        let (fake, folder) = (Fake::start().await, tempfile::tempdir().unwrap());
        let mut bench = Self { fake, folder, docker, agent: None, first, sequence: 0 };
        bench.start().await;
        bench
    }

    pub async fn start(&mut self) {
        let mut config = config(&self.fake, self.folder.path());
        // Each test is a cluster of its own: agents adopt what belongs to theirs.
        config.cluster = format!("c{}", self.first);
        config.vendor = Some("169.254.170.2:0".parse().unwrap());
        config.task_network = "wharf-test".to_owned();

        self.agent = Some(Agent::start(config, Docker::connect(socket().await).await.unwrap()));
    }

    /// An agent in a process of its own.
    pub async fn process(&self) -> Process {
        Process::start(&self.fake.url(), self.folder.path(), &format!("c{}", self.first), socket().await)
    }

    pub fn task(&self, containers: Vec<Container>) -> Task {
        let mut task = task(self.first, containers);
        task.network_mode = Some("bridge".to_owned());
        task
    }

    pub fn arn(&self) -> String {
        crate::simulated::arn(self.first)
    }

    pub async fn run(&mut self, task: &Task) {
        self.sequence += 1;
        self.fake.payload(self.sequence, vec![task.clone()]).await;
    }

    pub async fn stop(&mut self, task: &Task) -> acs::api::SubmitTaskStateChangeRequest {
        let stopped = Task { desired_status: "STOPPED".to_owned(), ..task.clone() };
        self.run(&stopped).await;
        self.fake.reaches(&self.arn(), "STOPPED").await
    }

    pub async fn views(&self) -> Vec<wharf_node::engine::View> {
        let mut views = Vec::new();
        for id in self.docker.list(&format!("com.amazonaws.ecs.task-arn={}", self.arn())).await.unwrap() {
            views.extend(self.docker.inspect(&id).await.unwrap());
        }
        views
    }

    /// Ends the agent and removes what the test made.
    pub async fn end(mut self) {
        if let Some(agent) = self.agent.take() {
            agent.end().await;
        }
        for view in self.views().await {
            self.docker.remove(&view.id).await.unwrap();
        }
    }
}

pub fn shell(name: &str, script: &str) -> Container {
    Container {
        image: IMAGE.to_owned(),
        command: vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()],
        memory: 64,
        stop_timeout: Some(2),
        ..container(name)
    }
}

pub fn logged(mut container: Container) -> Container {
    let log = json!({"LogConfig": {"Type": "awslogs", "Config": {
        "awslogs-group": "group", "awslogs-stream-prefix": "prefix", "awslogs-region": "us-east-1",
    }}});
    let host_config = Some(log.to_string());
    container.docker_config = Some(DockerConfig { version: "1.21".to_owned(), config: None, host_config });
    container
}

pub fn stream(bench: &Bench, name: &str) -> String {
    format!("prefix/{name}/{:032x}", bench.first)
}

pub fn docker_host() -> String {
    std::env::var("WHARF_TEST_DOCKER_HOST").unwrap_or_else(|_| {
        format!("unix://{}/wharf-node-docker-{}/docker.sock", std::env::temp_dir().display(), std::process::id())
    })
}
