//! Hosts on one machine: network namespaces, each with a Docker engine and an agent in it. They can be cut off and lose their
//! power. They end with the value, and with the process if that dies first.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::aws::Aws;
use super::binary;
use super::engine::{Engine, run_tool, run_tool_afterwards, run_tool_at_last};

/// Some hosts, and the bridge that connects them.
pub struct Hosts {
    folder: PathBuf,
    bridge: Ipv4Addr,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

impl Hosts {
    /// Makes hosts with these names.
    pub fn start(names: &[&str]) -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("wharf-it-hosts-{}-{count}", std::process::id()));
        run_tool_afterwards("hosts", &folder, &["end"]);
        let mut hosts = Self { folder, bridge: Ipv4Addr::UNSPECIFIED };
        let arguments: Vec<&str> = ["start"].iter().chain(names).copied().collect();
        let said = hosts.tell(&arguments);
        let bridge = said.lines().find_map(|line| line.strip_prefix("bridge "));
        hosts.bridge = bridge.and_then(|address| address.parse().ok()).expect("the address of the bridge is printed");
        hosts
    }

    /// Where a server listens that hosts are to reach, and nobody else.
    pub fn bridge(&self) -> Ipv4Addr {
        self.bridge
    }

    /// The engine of a host. It can be asked though the host is cut off: its socket is a file.
    pub fn engine(&self, name: &str) -> Engine {
        Engine::at(format!("unix://{}", self.folder.join(format!("{name}.sock")).display()))
    }

    /// Starts the agent of a host, with what it knew before.
    pub fn agent(&self, name: &str, aws: &Aws) {
        let data = self.folder.join(name).join("agent");
        let settings = [
            format!("AWS_ACCESS_KEY_ID={}", aws.access_key_id),
            format!("AWS_SECRET_ACCESS_KEY={}", aws.secret),
            format!("AWS_REGION={}", aws.region),
        ];
        let [id, secret, region] = settings.each_ref().map(String::as_str);
        let (program, data) = (binary::path().display().to_string(), data.display().to_string());
        let engine = self.engine(name);
        let command = [
            "run",
            name,
            "env",
            id,
            secret,
            region,
            &program,
            "agent",
            "--cluster",
            "default",
            "--server",
            &aws.endpoint,
            "--engine",
            engine.host(),
            "--agent-data",
            &data,
        ];
        self.tell(&command);
    }

    /// Takes the cable out.
    pub fn cut(&self, name: &str) {
        self.tell(&["cut", name]);
    }

    /// Puts it back.
    pub fn plug(&self, name: &str) {
        self.tell(&["plug", name]);
    }

    /// Ends everything in a host at once, the agent included.
    pub fn kill(&self, name: &str) {
        self.tell(&["kill", name]);
    }

    /// Starts its engine again.
    pub fn boot(&self, name: &str) {
        self.tell(&["boot", name]);
    }

    #[track_caller]
    fn tell(&self, arguments: &[&str]) -> String {
        run_tool("hosts", &self.folder, arguments)
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for log in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
                let path = log.path();
                if path.to_string_lossy().ends_with("-program.log") {
                    let text = std::fs::read_to_string(&path).unwrap_or_default();
                    let lines: Vec<&str> = text.lines().collect();
                    eprintln!("--- last lines of {} ---", path.display());
                    lines[lines.len().saturating_sub(30)..].iter().for_each(|line| eprintln!("{line}"));
                }
            }
        }
        run_tool_at_last("hosts", &self.folder, &["end"]);
    }
}
