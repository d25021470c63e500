//! An agent in a process of its own, which can be killed as nothing in this one can: it is this program again.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use wharf_node::engine::docker::Docker;

use crate::simulated::config_at;

const VARIABLE: &str = "WHARF_NODE_TEST_AGENT";

/// Is the agent if it is called as one; as a test it is nothing.
#[tokio::test(flavor = "multi_thread")]
async fn agent() {
    let Ok(text) = std::env::var(VARIABLE) else { return };
    let [server, data, cluster, socket] = serde_json::from_str::<[String; 4]>(&text).unwrap();
    let mut config = config_at(&server, Path::new(&data));
    config.cluster = cluster;
    let client = outbound::Client::new(outbound::Config::default());
    let engine = Docker::connect(&socket).await.unwrap();
    wharf_node::run(config, engine, client, std::future::pending()).await.unwrap();
}

/// An agent that ends only by being killed.
pub struct Process(Child);

impl Process {
    pub fn start(server: &str, data: &Path, cluster: &str, socket: &str) -> Self {
        let data = data.display().to_string();
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "process::agent"])
            .env(VARIABLE, serde_json::to_string(&[server, &data, cluster, socket]).unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
