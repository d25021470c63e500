//! Settings of the rules. The program reads and checks them; nothing here reads the environment.

use std::time::Duration;

use types::{Region, RegistryId};

use crate::Limits;
use crate::registry::upstream::OwnUpstream;
use crate::scanning::OtherScanner;

/// What an operator can choose.
#[derive(Debug, Clone)]
pub struct Config {
    /// The registry that a plain host name stands for.
    pub registry: RegistryId,
    /// The regions that exist, the default one among them. Each account has a registry in each.
    pub regions: Vec<Region>,
    /// The address that clients use, without a slash at its end. None: what the request says.
    pub external_url: Option<String>,
    /// The host and port of a registry, with `{account}` and `{region}` in it. None: the host that clients use, and below
    /// it for registries that are not the default one.
    pub registry_host: Option<String>,
    /// Whether a push to an absent repository creates it, if the pusher may create repositories.
    pub create_on_push: bool,
    /// Registries that cache rules may stand for, beside those that ECR knows.
    pub cache_upstreams: Vec<OwnUpstream>,
    /// For how long a tag that came from another registry is served without asking there again.
    pub cache_tag_ttl: Duration,
    /// Whether tags, manifests and blobs can be deleted.
    pub delete_enabled: bool,
    /// Whether indexes and images may be sparse: refer to manifests and layers that the repository does not have.
    pub sparse_indexes: bool,
    /// Whether clients that want the bytes of a blob are sent to a signed address of the store, if it has such addresses.
    pub blob_redirect: bool,
    /// Whether S3 is asked to encrypt what is pushed as its repository says. Else it is encrypted as is set for the bucket.
    pub repository_encryption: bool,
    /// How much a registry may hold.
    pub limits: Limits,
    /// The largest manifest in bytes.
    pub max_manifest_bytes: usize,
    /// What large manifests may take together on their way out, in bytes.
    pub memory_budget: usize,
    /// How long a registry token is good for.
    pub token_ttl: Duration,
    /// How long events of the audit log are kept. Zero: there is none.
    pub audit_retention: Duration,
    /// Whom outgoing requests may reach.
    pub outbound: outbound::Config,
    /// How long a blob to which nothing refers is kept.
    pub gc_delay: Duration,
    /// Whether lifecycle policies leave images alone that somebody runs.
    pub lifecycle_keep_used: bool,
    /// How long what was deleted can be restored. Zero: not at all.
    pub undo_window: Duration,
    /// What looks into images; none: this program does.
    pub scanner: Option<OtherScanner>,
    /// How long one layer may take to be read for a scan.
    pub scan_timeout: Duration,
    /// How long a scan waits for layers that only another registry has.
    pub scan_fetch_timeout: Duration,
    /// How long after one scan of an image the next may be asked for.
    pub scan_quota_period: Duration,
    /// How long the agent of a container instance may be away until its tasks count as lost.
    pub host_timeout: Duration,
    /// The longest pause between starts of a service's tasks that fail.
    pub service_back_off: Duration,
    /// How long a service's task must run until it counts as healthy, if nothing checks it.
    pub service_settle: Duration,
    /// How long a metric must be above its target until a service is scaled out. Full minutes.
    pub scale_out_after: Duration,
    /// How long it must be well below until a service is scaled in. Full minutes.
    pub scale_in_after: Duration,
    /// How long the points of metrics are kept.
    pub metric_retention: Duration,
    /// Where the buckets of environment files are; none: nowhere.
    pub environment_files: Option<blobs::Buckets>,
    /// Whether load balancers have a certificate, so that their listeners may use TLS.
    pub balancing_tls: bool,
    /// How long an upload session may lie idle.
    pub upload_ttl: Duration,
}
