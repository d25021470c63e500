//! What the agent asks of a container engine. The agent knows nothing else of it, so that another kind of engine can take
//! its place.
//!
//! A container is described to an engine in Docker's own JSON ([`crate::task::body`]): that is what the protocol carries.

pub mod docker;
pub mod simulated;

use std::collections::BTreeMap;
use std::future::Future;

use bytes::Bytes;
use futures_util::Stream;
use serde_json::Value;
use tokio::sync::mpsc;
use types::{Secret, Timestamp};

/// What an engine's fallible functions return.
pub type Result<T> = std::result::Result<T, Failure>;

/// Why an engine did not do something, in words that a task's owner sees.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

/// A name and a password for a registry.
#[derive(Debug, Clone)]
pub struct Login {
    /// The host of the registry.
    pub registry: String,
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret,
}

/// An image that is here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Image {
    /// The engine's id of it.
    pub id: String,
    /// The digest of its manifest in the repository that it was pulled from.
    pub digest: Option<String>,
    /// All that it is called here: tags, then digests in repositories. One that has none came under a name that another image
    /// has now.
    pub names: Vec<String>,
}

/// What came of removing an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It, or this name of it, is gone.
    Done,
    /// It was not there.
    Absent,
    /// Something of the engine needs it.
    InUse,
}

/// How a container is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// It was made and not started.
    #[default]
    Created,
    /// It runs, or is paused.
    Running,
    /// It ended.
    Exited,
}

/// What a health check says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Health {
    /// There is none, or it is too early.
    #[default]
    Unknown,
    /// It is well.
    Healthy,
    /// It is not.
    Unhealthy,
}

/// Where a port of a container is.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Binding {
    /// The address of the host.
    pub address: String,
    /// The port of the host.
    pub host_port: u16,
    /// The port in the container.
    pub container_port: u16,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// A container as the engine sees it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    /// The engine's id of it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// How it is.
    pub status: Status,
    /// How it ended.
    pub exit_code: Option<i64>,
    /// Whether it was killed for want of memory.
    pub out_of_memory: bool,
    /// What the engine says of it, if something went wrong.
    pub error: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was started, the last time.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// What its check says.
    pub health: Health,
    /// What its check printed.
    pub health_output: String,
    /// Where its ports are.
    pub bindings: Vec<Binding>,
    /// Its addresses, by network.
    pub addresses: BTreeMap<String, Address>,
    /// The id of its image.
    pub image_id: String,
}

/// An interface of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Address {
    /// The address.
    pub ip: String,
    /// The hardware address.
    pub mac: String,
    /// The gateway.
    pub gateway: String,
    /// How many bits name the network.
    pub prefix: i64,
}

/// A piece of what a container wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPiece {
    /// Which of its outputs: 0 a terminal, 1 the standard one, 2 that for errors.
    pub stream: u8,
    /// The time, a space, and what was written.
    pub bytes: Bytes,
}

/// What a container has used since it started.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Nanoseconds of all cores.
    pub cpu_total: u64,
    /// Bytes, without caches.
    pub memory: u64,
    /// Bytes that came through its interfaces; none if it has none of its own.
    pub received: Option<u64>,
    /// Bytes that went.
    pub sent: Option<u64>,
    /// Bytes that it read from disks.
    pub read: u64,
    /// Bytes that it wrote.
    pub written: u64,
    /// The engine's own words, for the metadata endpoint.
    pub raw: Value,
}

/// A volume of the engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Its name.
    pub name: String,
    /// The driver; empty: the engine's own.
    pub driver: String,
    /// What the driver is told.
    pub options: BTreeMap<String, String>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// A container engine.
pub trait Engine: Send + Sync + 'static {
    /// Its version.
    fn version(&self) -> impl Future<Output = Result<String>> + Send;
    /// The log drivers that it has.
    fn log_drivers(&self) -> impl Future<Output = Result<Vec<String>>> + Send;
    /// Fetches an image.
    fn pull(&self, image: &str, login: Option<&Login>) -> impl Future<Output = Result<()>> + Send;
    /// An image, if it is here.
    fn image(&self, image: &str) -> impl Future<Output = Result<Option<Image>>> + Send;
    /// All images, but those that only others are made of.
    fn images(&self) -> impl Future<Output = Result<Vec<Image>>> + Send;
    /// The images of all containers, by id, whoever made them and whether they run or not.
    fn used_images(&self) -> impl Future<Output = Result<Vec<String>>> + Send;
    /// Takes a name from an image, and removes the image with its last one, or one without a name by its id. Never by force.
    fn remove_image(&self, name: &str) -> impl Future<Output = Result<Removal>> + Send;
    /// Makes an image of a tree, a tar archive.
    fn import(&self, name: &str, tree: Bytes) -> impl Future<Output = Result<()>> + Send;
    /// Makes a container, and gives its id. If there is one of this name, that is it.
    fn create(&self, name: &str, body: Value) -> impl Future<Output = Result<String>> + Send;
    /// Starts a container. It is no failure if it runs already.
    fn start(&self, id: &str) -> impl Future<Output = Result<()>> + Send;
    /// Asks a container to end, and ends it after so many seconds. It is no failure if it has ended.
    fn stop(&self, id: &str, seconds: i64) -> impl Future<Output = Result<()>> + Send;
    /// Removes a container that has ended. It is no failure if it is gone.
    fn remove(&self, id: &str) -> impl Future<Output = Result<()>> + Send;
    /// A container by id or name, if it is there.
    fn inspect(&self, id: &str) -> impl Future<Output = Result<Option<View>>> + Send;
    /// The ids of all containers with a label, also of those that have ended.
    fn list(&self, label: &str) -> impl Future<Output = Result<Vec<String>>> + Send;
    /// Says the id of a container whenever something happens to it, until the channel is closed. It may miss some.
    fn watch(&self, label: &str, ids: mpsc::Sender<String>) -> impl Future<Output = Result<()>> + Send;
    /// What a container has written since a second, and what it writes, until it ends.
    fn logs(
        &self,
        id: &str,
        since: i64,
        follow: bool,
    ) -> impl Stream<Item = Result<LogPiece>> + Send + Unpin + use<Self>;
    /// What a container has used.
    fn usage(&self, id: &str) -> impl Future<Output = Result<Usage>> + Send;
    /// Makes a volume, unless there is one of this name.
    fn create_volume(&self, volume: &VolumeSpec) -> impl Future<Output = Result<()>> + Send;
    /// Removes a volume. It is no failure if it is gone.
    fn remove_volume(&self, name: &str) -> impl Future<Output = Result<()>> + Send;
    /// Makes a network, unless there is one of this name.
    fn create_network(&self, name: &str) -> impl Future<Output = Result<()>> + Send;
}
