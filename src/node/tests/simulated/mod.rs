//! The agent on an engine in memory: what it is told, what it says, and what it does when either side goes away.

mod away;
mod credentials;
mod engine_faults;
mod logs;
mod tasks;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use acs::{Container, Task};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use wharf_node::{Config, ImageCleanup};

use crate::control::{CLUSTER, Fake};

pub fn config(fake: &Fake, data: &Path) -> Config {
    config_at(&fake.url(), data)
}

pub fn config_at(server: &str, data: &Path) -> Config {
    Config {
        cluster: CLUSTER.to_owned(),
        server: server.to_owned(),
        region: "us-east-1".to_owned(),
        credentials: aws::Credentials {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: types::Secret::new("secret"),
            session_token: None,
        },
        data: data.to_owned(),
        attributes: BTreeMap::from([("rack".to_owned(), "1".to_owned())]),
        reserved_cpu: 0,
        reserved_memory: 0,
        cleanup_after: Config::CLEANUP_AFTER,
        confine_tasks: false,
        image_cleanup: Some(ImageCleanup::default()),
        vendor: None,
        task_network: Config::TASK_NETWORK.to_owned(),
    }
}

/// An agent that runs until it is ended.
pub struct Agent {
    end: oneshot::Sender<()>,
    running: JoinHandle<wharf_node::Result<()>>,
}

impl Agent {
    pub fn start<E: wharf_node::engine::Engine>(config: Config, engine: E) -> Self {
        let (end, ended) = oneshot::channel();
        let client = outbound::Client::new(outbound::Config::default());
        let running = tokio::spawn(wharf_node::run(config, engine, client, async {
            let _ = ended.await;
        }));
        Self { end, running }
    }

    /// Ends it in order.
    pub async fn end(self) {
        let _ = self.end.send(());
        self.running.await.unwrap().unwrap();
    }

    /// Ends it as a power cut would.
    pub async fn kill(self) {
        self.running.abort();
        let _ = self.running.await;
        // What it had spawned ends when its channels do.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub fn arn(id: u32) -> String {
    format!("arn:aws:ecs:us-east-1:000000000000:task/{CLUSTER}/{id:032x}")
}

pub fn task(id: u32, containers: Vec<Container>) -> Task {
    Task {
        arn: arn(id),
        family: "web".to_owned(),
        version: "1".to_owned(),
        desired_status: "RUNNING".to_owned(),
        network_mode: Some("none".to_owned()),
        containers,
        ..Task::default()
    }
}

pub fn container(name: &str) -> Container {
    Container { name: name.to_owned(), image: "127.0.0.1:9/box:1".to_owned(), essential: true, ..Container::default() }
}

fn stopped(mut task: Task) -> Task {
    task.desired_status = "STOPPED".to_owned();
    task
}
