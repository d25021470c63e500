//! Docker, and Podman where it speaks Docker's language, over the socket of the host.
//!
//! bollard does the talking; what its client waits for is bounded here, since a pull may take an hour and an inspection
//! must not.

mod images;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::container::LogOutput;
use bollard::errors::Error as Refusal;
use bollard::models::{
    ContainerCreateBody, ContainerInspectResponse, ContainerStateStatusEnum, ContainerStatsResponse, ContainerSummary,
    EndpointSettings, HealthStatusEnum, NetworkCreateRequest, PortMap, VolumeCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptions, CreateImageOptions, EventsOptions, InspectContainerOptions, InspectNetworkOptions,
    ListContainersOptions, ListImagesOptions, LogsOptions, RemoveContainerOptions, RemoveImageOptions,
    RemoveVolumeOptions, StartContainerOptions, StatsOptions, StopContainerOptions,
};
use bollard::{ClientVersion, Docker as Client, body_full};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc};
use types::Timestamp;

use super::{
    Address, Binding, Engine, Failure, Health, Image, LogPiece, Login, Removal, Result, Status, Usage, View, VolumeSpec,
};

/// How long the client waits for the head of an answer; what takes longer by its nature has a limit of its own.
const CLIENT_TIMEOUT: u64 = 2 * 60 * 60;
/// How long the engine may take to say something that it knows.
const ANSWER: Duration = Duration::from_secs(30);
const PULL: Duration = Duration::from_secs(2 * 60 * 60);
/// How long a pull may show no progress. Others wait for it: an image is pulled once at a time.
const PULL_IDLE: Duration = Duration::from_secs(5 * 60);
const CREATE: Duration = Duration::from_secs(4 * 60);
const START: Duration = Duration::from_secs(3 * 60);
/// How long the engine may take to end a container, after its own time to end.
const STOP: Duration = Duration::from_secs(60);

/// How Amazon's agent says that a pull shows no progress.
const PULL_STALLED: &str = "inactivity time exceeded timeout";

/// A Docker or Podman engine.
pub struct Docker {
    client: Client,
    /// How long a pull may show no progress.
    pull_idle: Duration,
    /// Held while a network is made.
    making_network: Mutex<()>,
}

/// What is asked of a list of containers.
#[derive(serde::Deserialize)]
struct Listed {
    #[serde(rename = "Id")]
    id: Option<String>,
    #[serde(rename = "ImageID")]
    image_id: Option<String>,
}

impl Docker {
    /// Finds the engine at a socket, and agrees on a version of its API.
    pub async fn connect(socket: &str) -> Result<Self> {
        let oldest = ClientVersion { major_version: 1, minor_version: 53 };
        let client = Client::connect_with_unix(socket, CLIENT_TIMEOUT, &oldest).map_err(failure)?;
        let client = within(ANSWER, "reached", client.negotiate_version()).await?;
        Ok(Self { client, pull_idle: PULL_IDLE, making_network: Mutex::default() })
    }

    async fn find_network(&self, name: &str) -> Result<bool> {
        let found = self.client.inspect_network(name, None::<InspectNetworkOptions>);
        Ok(absent(within(ANSWER, "inspected", found).await)?.is_some())
    }

    /// All containers, whether they run or not, also where Podman says of one what Docker has no word for.
    async fn containers(&self, filters: Option<HashMap<String, Vec<String>>>) -> Result<Vec<Listed>> {
        let options = ListContainersOptions { all: true, filters, ..Default::default() };
        let list = async {
            match self.client.list_containers(Some(options)).await {
                Ok(found) => {
                    let listed = |found: ContainerSummary| Listed { id: found.id, image_id: found.image_id };
                    Ok(found.into_iter().map(listed).collect())
                }
                Err(Refusal::JsonDataError { contents, message, column }) => {
                    serde_json::from_str(&contents).map_err(|_| Refusal::JsonDataError { contents, message, column })
                }
                Err(refusal) => Err(refusal),
            }
        };
        Ok(within(ANSWER, "listed", list).await?)
    }

    /// A container, also where Podman says of it what Docker has no word for.
    async fn look(&self, id: &str) -> std::result::Result<ContainerInspectResponse, Refusal> {
        let refusal = match self.client.inspect_container(id, None::<InspectContainerOptions>).await {
            Err(refusal) => refusal,
            found => return found,
        };
        let translated = match &refusal {
            Refusal::JsonDataError { contents, .. } => translate(contents),
            _ => None,
        };
        translated.ok_or(refusal)
    }
}

impl Engine for Docker {
    async fn version(&self) -> Result<String> {
        let version = within(ANSWER, "asked", self.client.version()).await?;
        Ok(version.version.unwrap_or_default())
    }

    async fn log_drivers(&self) -> Result<Vec<String>> {
        let info = within(ANSWER, "asked", self.client.info()).await?;
        Ok(info.plugins.and_then(|plugins| plugins.log).unwrap_or_default())
    }

    async fn pull(&self, image: &str, login: Option<&Login>) -> Result<()> {
        let credentials = login.map(|login| DockerCredentials {
            username: Some(login.username.clone()),
            password: Some(login.password.expose().to_owned()),
            serveraddress: Some(login.registry.clone()),
            ..DockerCredentials::default()
        });
        let (name, tag) = images::split(image);
        let options =
            CreateImageOptions { from_image: Some(name.to_owned()), tag: tag.map(str::to_owned), ..Default::default() };
        let mut progress = self.client.create_image(Some(options), None, credentials);
        let pull = async {
            loop {
                match tokio::time::timeout(self.pull_idle, progress.next()).await {
                    Ok(Some(line)) => drop(line?),
                    Ok(None) => return Ok(()),
                    Err(_) => return Err(Refusal::DockerStreamError { error: PULL_STALLED.to_owned() }),
                }
            }
        };
        Ok(within(PULL, "pulled", pull).await?)
    }

    async fn image(&self, image: &str) -> Result<Option<Image>> {
        let Some(found) = absent(within(ANSWER, "inspected", self.client.inspect_image(image)).await)? else {
            return Ok(None);
        };
        let (tags, digests) = (found.repo_tags.unwrap_or_default(), found.repo_digests.unwrap_or_default());
        Ok(Some(images::image(Some(image), found.id.unwrap_or_default(), tags, digests)))
    }

    async fn images(&self) -> Result<Vec<Image>> {
        let found = within(ANSWER, "listed", self.client.list_images(None::<ListImagesOptions>)).await?;
        Ok(found.into_iter().map(|found| images::image(None, found.id, found.repo_tags, found.repo_digests)).collect())
    }

    async fn used_images(&self) -> Result<Vec<String>> {
        Ok(self.containers(None).await?.into_iter().filter_map(|container| container.image_id).collect())
    }

    async fn remove_image(&self, name: &str) -> Result<Removal> {
        // What it was built of may be somebody's.
        let options = RemoveImageOptions { force: false, noprune: true, platforms: None };
        images::removal(within(START, "removed", self.client.remove_image(name, Some(options), None)).await)
    }

    async fn import(&self, name: &str, tree: Bytes) -> Result<()> {
        // With its tag in it: Podman does not look at a tag beside it.
        let options =
            CreateImageOptions { from_src: Some("-".to_owned()), repo: Some(name.to_owned()), ..Default::default() };
        let mut progress = self.client.create_image(Some(options), Some(body_full(tree)), None);
        let import = async {
            while let Some(line) = progress.next().await {
                line?;
            }
            Ok(())
        };
        Ok(within(CREATE, "imported", import).await?)
    }

    async fn create(&self, name: &str, body: Value) -> Result<String> {
        let body: ContainerCreateBody = serde_json::from_value(body).map_err(|error| Failure(error.to_string()))?;
        let options = CreateContainerOptions { name: Some(name.to_owned()), ..Default::default() };
        let created = async {
            match self.client.create_container(Some(options), body).await {
                // There is one of that name: it was made before the agent could write it down.
                Err(refusal) if is_name_taken(&refusal) => match self.look(name).await {
                    Ok(ContainerInspectResponse { id: Some(id), .. }) => Ok(id),
                    _ => Err(refusal),
                },
                created => created.map(|created| created.id),
            }
        };
        Ok(within(CREATE, "created", created).await?)
    }

    async fn start(&self, id: &str) -> Result<()> {
        let start = async {
            match self.client.start_container(id, None::<StartContainerOptions>).await {
                Err(Refusal::DockerResponseServerError { status_code: 304, .. }) => Ok(()),
                started => started,
            }
        };
        Ok(within(START, "started", start).await?)
    }

    async fn stop(&self, id: &str, seconds: i64) -> Result<()> {
        let seconds = i32::try_from(seconds.max(0)).unwrap_or(i32::MAX);
        let stop = async {
            let options = StopContainerOptions { t: Some(seconds), ..Default::default() };
            match self.client.stop_container(id, Some(options)).await {
                Err(Refusal::DockerResponseServerError { status_code: 304 | 404, .. }) => Ok(()),
                stopped => stopped,
            }
        };
        let patience = Duration::from_secs(u64::try_from(seconds).unwrap_or_default()).saturating_add(STOP);
        Ok(within(patience, "stopped", stop).await?)
    }

    async fn remove(&self, id: &str) -> Result<()> {
        let options = RemoveContainerOptions { v: true, force: true, link: false };
        absent(within(START, "removed", self.client.remove_container(id, Some(options))).await).map(drop)
    }

    async fn inspect(&self, id: &str) -> Result<Option<View>> {
        Ok(absent(within(ANSWER, "inspected", self.look(id)).await)?.map(view))
    }

    async fn list(&self, label: &str) -> Result<Vec<String>> {
        let filters = HashMap::from([("label".to_owned(), vec![label.to_owned()])]);
        Ok(self.containers(Some(filters)).await?.into_iter().filter_map(|container| container.id).collect())
    }

    async fn watch(&self, label: &str, ids: mpsc::Sender<String>) -> Result<()> {
        let filters = HashMap::from([
            ("label".to_owned(), vec![label.to_owned()]),
            ("type".to_owned(), vec!["container".to_owned()]),
        ]);
        let mut events = self.client.events(Some(EventsOptions { filters: Some(filters), ..Default::default() }));
        loop {
            tokio::select! {
                () = ids.closed() => return Ok(()),
                event = events.next() => match event {
                    // Every health check is a command in the container, and changes nothing by itself.
                    Some(Ok(event)) if event.action.as_deref().is_some_and(|action| action.starts_with("exec_")) => {}
                    Some(Ok(event)) => {
                        let Some(id) = event.actor.and_then(|actor| actor.id) else { continue };
                        if ids.send(id).await.is_err() {
                            return Ok(());
                        }
                    }
                    Some(Err(error)) => return Err(failure(error)),
                    None => return Err(Failure("the events of the engine ended".to_owned())),
                }
            }
        }
    }

    fn logs(&self, id: &str, since: i64, follow: bool) -> impl Stream<Item = Result<LogPiece>> + Send + Unpin + use<> {
        let options = LogsOptions {
            follow,
            stdout: true,
            stderr: true,
            timestamps: true,
            since: i32::try_from(since).unwrap_or(i32::MAX),
            tail: "all".to_owned(),
            ..Default::default()
        };
        Box::pin(self.client.logs(id, Some(options)).map(|piece| {
            Ok(match piece.map_err(failure)? {
                LogOutput::StdOut { message } => LogPiece { stream: 1, bytes: message },
                LogOutput::StdErr { message } => LogPiece { stream: 2, bytes: message },
                LogOutput::Console { message } | LogOutput::StdIn { message } => LogPiece { stream: 0, bytes: message },
            })
        }))
    }

    async fn usage(&self, id: &str) -> Result<Usage> {
        // In one shot: the engine would wait a second for a second sample, and we keep our own.
        let mut stats = self.client.stats(id, Some(StatsOptions { stream: false, one_shot: true }));
        let first = async { stats.next().await.unwrap_or(Err(Refusal::RequestTimeoutError)) };
        Ok(usage(within(ANSWER, "measured", first).await?))
    }

    async fn create_volume(&self, volume: &VolumeSpec) -> Result<()> {
        let request = VolumeCreateRequest {
            name: Some(volume.name.clone()),
            driver: (!volume.driver.is_empty()).then(|| volume.driver.clone()),
            driver_opts: Some(volume.options.clone().into_iter().collect()),
            labels: Some(volume.labels.clone().into_iter().collect()),
            ..Default::default()
        };
        within(CREATE, "created", self.client.create_volume(request)).await?;
        Ok(())
    }

    async fn remove_volume(&self, name: &str) -> Result<()> {
        absent(within(START, "removed", self.client.remove_volume(name, None::<RemoveVolumeOptions>)).await).map(drop)
    }

    async fn create_network(&self, name: &str) -> Result<()> {
        // To Docker a name is not taken because another network has it. Tasks that come together must not make two, of
        // which none could be named any more.
        let _alone = self.making_network.lock().await;
        if self.find_network(name).await? {
            return Ok(());
        }
        let request =
            NetworkCreateRequest { name: name.to_owned(), driver: Some("bridge".to_owned()), ..Default::default() };
        match within(CREATE, "created", self.client.create_network(request)).await {
            // Somebody else was faster.
            Err(_) if self.find_network(name).await? => Ok(()),
            made => {
                made?;
                Ok(())
            }
        }
    }
}

/// Waits no longer than that for the engine.
async fn within<T>(
    patience: Duration,
    done: &str,
    work: impl Future<Output = std::result::Result<T, Refusal>>,
) -> std::result::Result<T, Failed> {
    match tokio::time::timeout(patience, work).await {
        Ok(outcome) => outcome.map_err(Failed::Refused),
        Err(_) => Err(Failed::Late(Failure(format!(
            "DockerTimeoutError: Could not transition to {done}; timed out after waiting {}",
            go_duration(patience)
        )))),
    }
}

/// A failure whose kind still matters.
enum Failed {
    Refused(Refusal),
    Late(Failure),
}

impl From<Failed> for Failure {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(refusal) => failure(refusal),
            Failed::Late(failure) => failure,
        }
    }
}

/// What is not there is no failure.
fn absent<T>(outcome: std::result::Result<T, Failed>) -> Result<Option<T>> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(Failed::Refused(Refusal::DockerResponseServerError { status_code: 404, .. })) => Ok(None),
        Err(failed) => Err(failed.into()),
    }
}

/// Whether a container of that name is there already. Podman has no status of its own for it.
fn is_name_taken(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::DockerResponseServerError { status_code: 409, .. } => true,
        Refusal::DockerResponseServerError { status_code: 500, message } => message.contains("name is already in use"),
        _ => false,
    }
}

/// What Podman says of a container in the moment after its process has ended and before that was cleaned up.
fn translate(contents: &str) -> Option<ContainerInspectResponse> {
    let mut found: Value = serde_json::from_str(contents).ok()?;
    let status = found.pointer_mut("/State/Status").filter(|status| **status == "stopped")?;
    *status = "exited".into();
    serde_json::from_value(found).ok()
}

/// A time as Go writes it, since ECS's texts have it so.
fn go_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

fn failure(error: Refusal) -> Failure {
    Failure(match error {
        Refusal::DockerResponseServerError { message, .. } => format!("Error response from daemon: {message}"),
        Refusal::DockerStreamError { error } => error,
        other => other.to_string(),
    })
}

fn view(found: ContainerInspectResponse) -> View {
    let state = found.state.unwrap_or_default();
    let config = found.config.unwrap_or_default();
    let settings = found.network_settings.unwrap_or_default();
    let status = match state.status {
        Some(ContainerStateStatusEnum::EXITED | ContainerStateStatusEnum::DEAD) => Status::Exited,
        Some(ContainerStateStatusEnum::CREATED) => Status::Created,
        // Podman's word for one that was told to end and has not yet.
        Some(ContainerStateStatusEnum::STOPPING) => Status::Running,
        _ if state.running == Some(true) || state.paused == Some(true) => Status::Running,
        _ if time(state.finished_at.as_deref()).is_some() => Status::Exited,
        _ => Status::Created,
    };
    let health = state.health.unwrap_or_default();
    let last = health.log.unwrap_or_default().pop().and_then(|result| result.output).unwrap_or_default();
    View {
        id: found.id.unwrap_or_default(),
        name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        labels: config.labels.unwrap_or_default().into_iter().collect(),
        status,
        exit_code: state.exit_code.filter(|_| status == Status::Exited),
        out_of_memory: state.oom_killed.unwrap_or_default(),
        error: state.error.unwrap_or_default(),
        created_at: found.created.and_then(|created| time(Some(&created.to_string()))),
        started_at: time(state.started_at.as_deref()),
        finished_at: time(state.finished_at.as_deref()),
        health: match health.status {
            Some(HealthStatusEnum::HEALTHY) => Health::Healthy,
            Some(HealthStatusEnum::UNHEALTHY) => Health::Unhealthy,
            _ => Health::Unknown,
        },
        health_output: last.chars().take(1024).collect(),
        bindings: settings.ports.map(bindings).unwrap_or_default(),
        addresses: settings.networks.unwrap_or_default().into_iter().map(|(name, at)| (name, address(at))).collect(),
        image_id: found.image.unwrap_or_default(),
    }
}

/// A time of the engine. It writes the year 1 for never.
fn time(text: Option<&str>) -> Option<Timestamp> {
    let time = chrono::DateTime::parse_from_rfc3339(text?).ok()?.timestamp_micros();
    (time > 0).then(|| Timestamp::from_micros(time))
}

fn bindings(ports: PortMap) -> Vec<Binding> {
    let mut bindings = Vec::new();
    for (port, places) in ports {
        let (port, protocol) = port.split_once('/').unwrap_or((&port, "tcp"));
        for place in places.unwrap_or_default() {
            let (Ok(container_port), Some(Ok(host_port))) = (port.parse(), place.host_port.map(|port| port.parse()))
            else {
                continue;
            };
            let address = place.host_ip.filter(|address| !address.is_empty()).unwrap_or_else(|| "0.0.0.0".to_owned());
            bindings.push(Binding { address, host_port, container_port, protocol: protocol.to_owned() });
        }
    }
    bindings.sort_by(|one, other| {
        (one.container_port, &one.protocol, &one.address).cmp(&(other.container_port, &other.protocol, &other.address))
    });
    bindings
}

fn address(at: EndpointSettings) -> Address {
    Address {
        ip: at.ip_address.unwrap_or_default(),
        mac: at.mac_address.unwrap_or_default(),
        gateway: at.gateway.unwrap_or_default(),
        prefix: at.ip_prefix_len.unwrap_or_default(),
    }
}

fn usage(stats: ContainerStatsResponse) -> Usage {
    let raw = serde_json::to_value(&stats).unwrap_or_default();
    let cpu = stats.cpu_stats.and_then(|cpu| cpu.cpu_usage).and_then(|usage| usage.total_usage);
    let memory = stats.memory_stats.unwrap_or_default();
    let of = |name: &str| memory.stats.as_ref().and_then(|stats| stats.get(name)).copied();
    // What can be given back at any time is not used: the names are those of both generations of control groups.
    let cache = of("total_inactive_file").or_else(|| of("inactive_file")).unwrap_or_default();
    let networks = stats.networks;
    let sum = |of: fn(&bollard::models::ContainerNetworkStats) -> Option<u64>| {
        networks.as_ref().map(|networks| networks.values().filter_map(of).sum())
    };
    let blocks = stats.blkio_stats.and_then(|blocks| blocks.io_service_bytes_recursive).unwrap_or_default();
    let blocks = |operation: &str| {
        let of = |op: &Option<String>| op.as_deref().is_some_and(|op| op.eq_ignore_ascii_case(operation));
        blocks.iter().filter(|entry| of(&entry.op)).filter_map(|entry| entry.value).sum()
    };
    Usage {
        cpu_total: cpu.unwrap_or_default(),
        memory: memory.usage.unwrap_or_default().saturating_sub(cache),
        received: sum(|network| network.rx_bytes),
        sent: sum(|network| network.tx_bytes),
        read: blocks("read"),
        written: blocks("write"),
        raw,
    }
}
