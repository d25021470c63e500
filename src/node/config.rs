//! What an operator says about an agent.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// The settings of an agent.
#[derive(Debug, Clone)]
pub struct Config {
    /// The name of the cluster that the host belongs to.
    pub cluster: String,
    /// Where the control plane is, `https://wharf.example.com`.
    pub server: String,
    /// The region that requests are signed for.
    pub region: String,
    /// What the agent signs with.
    pub credentials: aws::Credentials,
    /// Where it keeps what it must not forget.
    pub data: PathBuf,
    /// Attributes of the host that placement constraints can ask for.
    pub attributes: BTreeMap<String, String>,
    /// CPU units that tasks do not get.
    pub reserved_cpu: i64,
    /// MiB that tasks do not get.
    pub reserved_memory: i64,
    /// Whether tasks that ask for something of the host itself are refused; see [`crate::confinement`].
    pub confine_tasks: bool,
    /// How long stopped containers are kept, for whoever wants to see why.
    pub cleanup_after: Duration,
    /// How images that no task needs any more are removed; none: not at all.
    pub image_cleanup: Option<ImageCleanup>,
    /// Where credentials and metadata are served; none: not at all.
    pub vendor: Option<std::net::SocketAddr>,
    /// The network of tasks of network mode `awsvpc`, made if it is not there.
    pub task_network: String,
}

impl Config {
    /// How long stopped containers are kept unless set otherwise: as long as Amazon's agent does.
    pub const CLEANUP_AFTER: Duration = Duration::from_secs(3 * 60 * 60);
    /// Where SDKs look for credentials.
    pub const VENDOR: std::net::SocketAddr =
        std::net::SocketAddr::V4(std::net::SocketAddrV4::new(std::net::Ipv4Addr::new(169, 254, 170, 2), 80));
    /// The name of the network of `awsvpc` tasks.
    pub const TASK_NETWORK: &str = "wharf-tasks";
}

/// How images are removed that the agent pulled and that no task needs any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageCleanup {
    /// How often it is done.
    pub interval: Duration,
    /// How long ago an image was pulled or used at the least.
    pub age: Duration,
    /// How many are removed at a time.
    pub count: NonZeroU32,
}

impl Default for ImageCleanup {
    /// As Amazon's agent does it.
    fn default() -> Self {
        let count = NonZeroU32::MIN.saturating_add(4);
        Self { interval: Duration::from_secs(30 * 60), age: Duration::from_secs(60 * 60), count }
    }
}
