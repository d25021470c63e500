//! The settings of the program: read once from flags, environment and file, checked as a whole, and handed to the other
//! parts as a plain value. After `Config::load` nothing reads the environment. It opens no database and makes no
//! directory.

mod agent;
mod cli;
mod database;
mod duration;
mod environment_files;
mod master_key;
mod network;
mod problems;
mod scanner;
mod settings;
mod size;
mod sources;
mod storage;
mod subcommands;
mod suggest;
#[cfg(test)]
mod tests;
mod url;
mod validate;

use std::{
    ffi::OsString,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use app::registry::upstream::OwnUpstream;
use app::scanning::OtherScanner;
use listener::tls;
use types::{AccountId, Region, Secret};

pub(crate) use self::{
    agent::AgentArguments,
    cli::{Cli, Command, Flags},
    database::Database,
    environment_files::EnvironmentFiles,
    master_key::MasterKey,
    network::Network,
    problems::Problems,
    storage::{S3, Storage},
    subcommands::{
        AccountCommand, AdminCommand, AdvisoriesCommand, GcDelayCommand, PullGateCommand, ReplicationTargetCommand,
        SbomFormat, SbomReferrersCommand, WebhookAction, WebhookCommand,
    },
};
use self::{
    sources::{Environment, Sources},
    validate::{bytes, number, optional, pair, read, switch, time, word},
};
use crate::telemetry::{LogFilter, LogFormat};

/// All settings, checked.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// The URL that clients use, without a slash at its end; `None` means: what the request says.
    pub(crate) external_url: Option<String>,
    /// The directory of everything that is kept on this machine.
    pub(crate) data_dir: PathBuf,
    /// The database.
    pub(crate) database: Database,
    /// The most connections to the database.
    pub(crate) database_pool: u32,
    /// The blob storage.
    pub(crate) storage: Storage,
    /// Whether a pull of a blob is answered with a signed URL of the storage.
    pub(crate) blob_redirect: bool,
    /// The key of the root user; `None` means that one is generated at first start.
    pub(crate) root_key: Option<RootKey>,
    /// The account of the default registry.
    pub(crate) account_id: AccountId,
    /// The region of the default registry.
    pub(crate) region: Region,
    /// The regions that exist, that one among them.
    pub(crate) regions: Vec<Region>,
    /// The host of a registry, with `{account}` and `{region}` in it.
    pub(crate) registry_host: Option<String>,
    /// The key that seals secrets; `None` means `MasterKey::load_or_create` in the data directory.
    pub(crate) master_key: Option<MasterKey>,
    /// Certificate and key; `None` means plain HTTP.
    pub(crate) tls: Option<tls::Files>,
    /// Whether this process opens the listeners of load balancers.
    pub(crate) balancer: bool,
    /// On which address; `None` means that of `listen`.
    pub(crate) balancer_address: Option<IpAddr>,
    /// Certificate and key of HTTPS listeners; `None` means those of `tls`.
    pub(crate) balancer_tls: Option<tls::Files>,
    /// The proxies whose forwarding headers are believed.
    pub(crate) trusted_proxies: Vec<Network>,
    /// The challenge to a request without credentials.
    pub(crate) auth_challenge: Challenge,
    /// The life of a login token.
    pub(crate) token_ttl: Duration,
    /// Whether a push creates its repository.
    pub(crate) create_on_push: bool,
    /// Registries that cache rules may stand for, beside those that ECR knows.
    pub(crate) cache_upstreams: Vec<OwnUpstream>,
    /// How long a tag from another registry is served before that is asked again.
    pub(crate) cache_tag_ttl: Duration,
    /// Whether clients may delete.
    pub(crate) delete_enabled: bool,
    /// Whether an index may name manifests that are not there.
    pub(crate) sparse_indexes: bool,
    /// How much a registry may hold.
    pub(crate) limits: app::Limits,
    /// The largest manifest, in bytes.
    pub(crate) max_manifest_bytes: u64,
    /// The memory for the buffers of all uploads together, in bytes.
    pub(crate) memory_budget: u64,
    /// How long events of the audit log are kept; zero for no audit log.
    pub(crate) audit_retention: Duration,
    /// The life of an upload session that nobody continues.
    pub(crate) upload_ttl: Duration,
    /// How long a blob to which nothing refers is kept.
    pub(crate) gc_delay: Duration,
    /// What looks into images; none: this program.
    pub(crate) scanner: Option<OtherScanner>,
    pub(crate) scan_timeout: Duration,
    pub(crate) scan_fetch_timeout: Duration,
    pub(crate) scan_quota_period: Duration,
    /// Whether this process runs ECS tasks.
    pub(crate) agent: OwnAgent,
    /// Whether it refuses tasks that ask for something of this host itself.
    pub(crate) agent_confine_tasks: bool,
    /// See [`app::Config::host_timeout`].
    pub(crate) host_timeout: Duration,
    /// See [`app::Config::service_back_off`].
    pub(crate) service_back_off: Duration,
    /// See [`app::Config::service_settle`].
    pub(crate) service_settle: Duration,
    /// See [`app::Config::scale_out_after`].
    pub(crate) scale_out_after: Duration,
    /// See [`app::Config::scale_in_after`].
    pub(crate) scale_in_after: Duration,
    /// Whether lifecycle policies leave images alone that somebody runs.
    pub(crate) lifecycle_keep_used: bool,
    /// Where the buckets of environment files are.
    pub(crate) environment_files: Option<EnvironmentFiles>,
    /// How long the points of metrics are kept.
    pub(crate) metric_retention: Duration,
    /// How long what was deleted can be restored; zero: not at all.
    pub(crate) undo_window: Duration,
    /// The free disk space below which writes are refused, in bytes; 0 never refuses.
    pub(crate) disk_low_water: u64,
    /// Whom requests of the server itself may reach, and which certificates they trust.
    pub(crate) outbound: outbound::Config,
    /// The most client connections.
    pub(crate) max_connections: u32,
    /// How long a connection may stay open without a request.
    pub(crate) idle_timeout: Duration,
    /// How long requests in flight may take to finish after the order to stop.
    pub(crate) shutdown_grace: Duration,
    /// Which log lines to write.
    pub(crate) log_filter: LogFilter,
    /// How to write them.
    pub(crate) log_format: LogFormat,
}

/// The root user's access key, as set by the operator.
#[derive(Debug, Clone)]
pub(crate) struct RootKey {
    /// The access key id: the user name of `docker login`.
    pub(crate) access_key_id: String,
    /// The secret access key.
    pub(crate) secret_access_key: Secret,
}

/// How a request without credentials is told to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Fetch a token from `/token`.
    Bearer,
    /// Send name and password with each request.
    Basic,
}

/// Whether this process runs ECS tasks on its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OwnAgent {
    /// If Docker or Podman is found.
    Auto,
    /// Not at all.
    Off,
    /// On the engine of this socket.
    Socket(String),
}

impl Config {
    /// Reads and checks every setting. `environment` is the environment of the program, given by the caller so that
    /// tests need not change the real one.
    pub(crate) fn load(
        flags: Flags,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let environment = Environment::new(environment, &mut problems);
        let sources = Sources::gather(flags, environment, &mut problems);
        let config = Self::read(&sources, &mut problems);
        problems.finish(config)
    }

    /// Reads every setting before the first `?`, so that one fault does not hide the next.
    fn read(sources: &Sources, problems: &mut Problems) -> Option<Self> {
        const SECOND: Duration = Duration::from_secs(1);
        const MINUTE: Duration = Duration::from_secs(60);
        const DAY: Duration = Duration::from_secs(86_400);
        let data_dir = PathBuf::from(sources.text("data_dir"));
        if data_dir.as_os_str().is_empty() {
            validate::fault("data_dir", "must not be empty", problems);
        }
        let listen = read(sources, "listen", problems, |text| {
            text.parse().map_err(|_| format!("'{text}' is not an address and port such as 127.0.0.1:5000 or [::]:5000"))
        });
        let external_url = optional(sources, "external_url", problems, url::base);
        let database = optional(sources, "database_url", problems, |text| Database::parse(Some(text), &data_dir));
        let database_pool = number(sources, "database_pool", problems, 2..=1000);
        let storage = Storage::read(sources, &data_dir, problems);
        // A malformed switch was noted by the storage.
        let blob_redirect = switch(sources, "blob_redirect", &mut Problems::default());
        let root_key = read_root_key(sources, problems);
        let account_id = read(sources, "account_id", problems, |text| {
            text.parse::<AccountId>().map_err(|_| format!("'{text}' is not 12 digits"))
        });
        let region = read(sources, "region", problems, str::parse::<Region>);
        let regions = region.clone().and_then(|default| read_regions(sources, default, problems));
        let registry_host = optional(sources, "registry_host", problems, registry_host);
        let master_key = optional(sources, "master_key", problems, MasterKey::parse);
        let tls = read_tls(sources, "tls_cert", "tls_key", problems);
        let balancer = switch(sources, "balancer", problems);
        let balancer_address = optional(sources, "balancer_address", problems, |text| {
            text.parse().map_err(|_| format!("'{text}' is not an address such as 127.0.0.1 or ::"))
        });
        let balancer_tls = read_tls(sources, "balancer_tls_cert", "balancer_tls_key", problems);
        let trusted_proxies = read(sources, "trusted_proxies", problems, |text| {
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Network::parse).collect::<Result<_, _>>()
        });
        let challenges = [("bearer", Challenge::Bearer), ("basic", Challenge::Basic)];
        let auth_challenge = word(sources, "auth_challenge", problems, challenges);
        let token_ttl = time(sources, "token_ttl", problems, 60 * SECOND..=DAY / 2, "between 1m and 12h");
        let create_on_push = switch(sources, "create_on_push", problems);
        let cache_upstreams = read(sources, "cache_upstreams", problems, |text| {
            text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(upstream).collect::<Result<_, _>>()
        });
        let cache_tag_ttl = time(sources, "cache_tag_ttl", problems, Duration::ZERO..=365 * DAY, "at most 365d");
        let delete_enabled = switch(sources, "delete_enabled", problems);
        let sparse_indexes = switch(sources, "sparse_indexes", problems);
        let max_manifest_bytes =
            bytes(sources, "max_manifest_bytes", problems, 64 << 10..=64 << 20, "between 64KiB and 64MiB");
        let limits = read_limits(sources, problems);
        let memory_budget = bytes(sources, "memory_budget", problems, 16 << 20..=1 << 42, "at least 16MiB");
        let audit_retention = read(sources, "audit_retention", problems, audit_retention);
        let upload_ttl = time(sources, "upload_ttl", problems, 60 * SECOND..=30 * DAY, "between 1m and 30d");
        let gc_delay = time(sources, "gc_delay", problems, Duration::ZERO..=365 * DAY, "at most 365d");
        let lifecycle_keep_used = switch(sources, "lifecycle_keep_used", problems);
        let environment_files = EnvironmentFiles::read(sources, problems);
        let scanner = scanner::read_all(sources, problems);
        let scan_timeout = time(sources, "scan_timeout", problems, SECOND..=DAY, "between 1s and 1d");
        let scan_fetch_timeout = time(sources, "scan_fetch_timeout", problems, SECOND..=30 * DAY, "between 1s and 30d");
        let scan_quota_period = time(sources, "scan_quota_period", problems, Duration::ZERO..=30 * DAY, "at most 30d");
        let agent_confine_tasks = switch(sources, "agent_confine_tasks", problems);
        let agent = read(sources, "agent", problems, |text| match text {
            "auto" => Ok(OwnAgent::Auto),
            "off" => Ok(OwnAgent::Off),
            socket if socket.starts_with("unix:///") => Ok(OwnAgent::Socket(socket.to_owned())),
            _ => Err(format!("'{text}' is neither auto nor off nor a socket such as unix:///run/docker.sock")),
        });
        let host_timeout = time(sources, "host_timeout", problems, SECOND..=30 * DAY, "between 1s and 30d");
        let service_back_off = time(sources, "service_back_off", problems, SECOND..=DAY, "between 1s and 1d");
        let service_settle = time(sources, "service_settle", problems, Duration::ZERO..=DAY, "at most 1d");
        let scale_out_after = time(sources, "scale_out_after", problems, MINUTE..=60 * MINUTE, "between 1m and 60m");
        let scale_in_after = time(sources, "scale_in_after", problems, MINUTE..=60 * MINUTE, "between 1m and 60m");
        let metric_retention = time(sources, "metric_retention", problems, DAY..=3650 * DAY, "between 1d and 3650d");
        let undo_window = time(sources, "undo_window", problems, Duration::ZERO..=365 * DAY, "at most 365d");
        let disk_low_water = bytes(sources, "disk_low_water", problems, 0..=1 << 50, "below 1024TiB");
        let outbound_loopback = switch(sources, "outbound_loopback", problems);
        let outbound_ca = optional(sources, "outbound_ca", problems, |path| {
            let pem = std::fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?;
            outbound::Roots::parse(&pem).map_err(|fault| format!("{path} {fault}"))
        });
        let outbound_proxy = optional(sources, "outbound_proxy", problems, |url| {
            outbound::Proxy::parse(url, sources.text("outbound_proxy_except"))
        });
        let max_connections = number(sources, "max_connections", problems, 1..=1_000_000);
        let idle_timeout = time(sources, "idle_timeout", problems, SECOND..=DAY, "between 1s and 1d");
        let shutdown_grace = time(sources, "shutdown_grace", problems, Duration::ZERO..=DAY, "at most 1d");
        let log_filter = read(sources, "log_level", problems, LogFilter::parse);
        let log_format = word(sources, "log_format", problems, [("text", LogFormat::Text), ("json", LogFormat::Json)]);
        let default_database = || Database::parse(None, &data_dir).ok();
        Some(Self {
            listen: listen?,
            external_url: external_url?,
            database: database?.or_else(default_database)?,
            database_pool: database_pool?,
            storage: storage?,
            blob_redirect: blob_redirect?,
            root_key,
            account_id: account_id?,
            region: region?,
            regions: regions?,
            registry_host: registry_host?,
            master_key: master_key?,
            tls,
            balancer: balancer?,
            balancer_address: balancer_address?,
            balancer_tls,
            trusted_proxies: trusted_proxies?,
            auth_challenge: auth_challenge?,
            token_ttl: token_ttl?,
            create_on_push: create_on_push?,
            cache_upstreams: cache_upstreams?,
            cache_tag_ttl: cache_tag_ttl?,
            delete_enabled: delete_enabled?,
            sparse_indexes: sparse_indexes?,
            limits: limits?,
            max_manifest_bytes: max_manifest_bytes?,
            memory_budget: memory_budget?,
            audit_retention: audit_retention?,
            gc_delay: gc_delay?,
            environment_files: environment_files?,
            scanner: scanner?,
            scan_timeout: scan_timeout?,
            scan_fetch_timeout: scan_fetch_timeout?,
            scan_quota_period: scan_quota_period?,
            agent: agent?,
            agent_confine_tasks: agent_confine_tasks?,
            host_timeout: host_timeout?,
            service_back_off: service_back_off?,
            service_settle: service_settle?,
            scale_out_after: scale_out_after?,
            scale_in_after: scale_in_after?,
            lifecycle_keep_used: lifecycle_keep_used?,
            metric_retention: metric_retention?,
            undo_window: undo_window?,
            upload_ttl: upload_ttl?,
            disk_low_water: disk_low_water?,
            outbound: outbound::Config {
                roots: outbound_ca?.unwrap_or_default(),
                loopback: outbound_loopback?,
                proxy: outbound_proxy?,
            },
            max_connections: max_connections?,
            idle_timeout: idle_timeout?,
            shutdown_grace: shutdown_grace?,
            log_filter: log_filter?,
            log_format: log_format?,
            data_dir,
        })
    }
}

/// The quotas of ECR.
fn read_limits(sources: &Sources, problems: &mut Problems) -> Option<app::Limits> {
    const MIB: u64 = 1 << 20;
    const MANY: u32 = 1_000_000_000;
    let repositories = number(sources, "max_repositories", problems, 1..=MANY);
    let images = number(sources, "max_images", problems, 1..=MANY);
    let image_tags = number(sources, "max_image_tags", problems, 1..=MANY);
    let daily_scans = number(sources, "max_daily_scans", problems, 1..=MANY);
    let layer_bytes = bytes(sources, "max_layer_bytes", problems, MIB..=1 << 42, "between 1MiB and 4TiB");
    let layer_parts = number(sources, "max_layer_parts", problems, 1..=1_000_000);
    // The model of ECR, which clients check parts against, allows no more.
    let layer_part_bytes = bytes(sources, "max_layer_part_bytes", problems, 1..=20 * MIB, "between 1B and 20MiB");
    let layer_part_min_bytes = bytes(sources, "min_layer_part_bytes", problems, 0..=20 * MIB, "at most 20MiB");
    if let (Some(most), Some(least)) = (layer_part_bytes, layer_part_min_bytes)
        && least > most
    {
        validate::fault("min_layer_part_bytes", "is more than WHARF_MAX_LAYER_PART_BYTES", problems);
    }
    Some(app::Limits {
        repositories: repositories?.into(),
        images: images?.into(),
        image_tags: image_tags?.into(),
        daily_scans: daily_scans?.into(),
        layer_bytes: layer_bytes?,
        layer_parts: layer_parts?.into(),
        layer_part_bytes: layer_part_bytes?,
        layer_part_min_bytes: layer_part_min_bytes?,
    })
}

/// The rules of AWS for a key id keep it apart from the colon of Basic and the slashes of a signature's scope.
fn read_root_key(sources: &Sources, problems: &mut Problems) -> Option<RootKey> {
    let (id, secret) = pair(sources, "root_access_key_id", "root_secret_access_key", problems)?;
    if !(4..=128).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        // Not shown: it may be the secret, put in the wrong place.
        let fault = "must be 4 to 128 letters, digits and underscores";
        validate::fault("root_access_key_id", fault, problems);
    }
    if !(8..=128).contains(&secret.len()) || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        let fault = "must be 8 to 128 visible ASCII characters without spaces";
        validate::fault("root_secret_access_key", fault, problems);
    }
    Some(RootKey { access_key_id: id.to_owned(), secret_access_key: Secret::new(secret) })
}

/// The default region is always one of them.
fn read_regions(sources: &Sources, default: Region, problems: &mut Problems) -> Option<Vec<Region>> {
    let mut regions = read(sources, "regions", problems, |text| {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(str::parse).collect::<Result<Vec<Region>, _>>()
    })?;
    if !regions.contains(&default) {
        if !regions.is_empty() {
            let fault = format!("must name the default region '{default}' too");
            validate::fault("regions", fault, problems);
        }
        regions.push(default);
    }
    Some(regions)
}

/// A registry that cache rules name by its host.
fn upstream(text: &str) -> Result<OwnUpstream, String> {
    let url = url::base(text)?;
    let (scheme, host) = url.split_once("://").ok_or_else(|| format!("'{text}' is not a URL"))?;
    Ok(OwnUpstream { host: host.to_owned(), plain: scheme == "http" })
}

/// Nothing, or long enough that the job that deletes is not always at it.
fn audit_retention(text: &str) -> Result<Duration, String> {
    let (least, most) = (Duration::from_secs(3600), Duration::from_secs(3650 * 86_400));
    match duration::parse(text)? {
        time if time.is_zero() || (least..=most).contains(&time) => Ok(time),
        _ => Err(format!("'{text}' is neither 0 nor between 1h and 3650d")),
    }
}

/// A host and port as they stand before the name of an image.
fn registry_host(text: &str) -> Result<String, String> {
    let plain = text.replace("{account}", "000000000000").replace("{region}", "r");
    match plain.parse::<http::uri::Authority>() {
        Ok(authority) if authority.as_str() == plain && !plain.contains('@') => Ok(text.to_owned()),
        _ => Err(format!(
            "'{text}' is not a host such as {{account}}.dkr.ecr.{{region}}.example.com, with or without a port"
        )),
    }
}

/// The files are read here once, so that a bad certificate is reported together with everything else.
fn read_tls(
    sources: &Sources,
    certificate_key: &'static str,
    key_key: &'static str,
    problems: &mut Problems,
) -> Option<tls::Files> {
    let (certificate, key) = pair(sources, certificate_key, key_key, problems)?;
    let files = tls::Files { certificate: certificate.into(), key: key.into() };
    match files.read() {
        Ok(_) => {}
        Err(tls::ReadError::Certificate(fault)) => validate::fault(certificate_key, fault, problems),
        Err(tls::ReadError::Key(fault)) => validate::fault(key_key, fault, problems),
    }
    Some(files)
}
