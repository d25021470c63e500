//! The list of all settings: name, default and meaning, each in one place. Flags, environment names, file keys and the
//! help text are derived from it; what a value may be is decided in `validate`.

/// One setting.
pub(crate) struct Setting {
    /// Its name in the settings file; the flag and the environment name are derived from it.
    pub(crate) key: &'static str,
    /// The value when nothing is said, as one would write it; empty when there is none.
    pub(crate) default: &'static str,
    /// A switch may be given as a flag without a value.
    pub(crate) switch: bool,
    /// What it does, for `--help`.
    pub(crate) help: &'static str,
}

impl Setting {
    /// The environment variable, `WHARF_DATA_DIR`.
    pub(crate) fn variable(&self) -> String {
        format!("WHARF_{}", self.key.to_ascii_uppercase())
    }

    /// The flag without its dashes, `data-dir`.
    pub(crate) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }
}

const fn setting(key: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { key, default, switch: false, help }
}

const fn switch(key: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { key, default, switch: true, help }
}

/// Every setting, in the order in which `--help` lists them.
pub(crate) const SETTINGS: &[Setting] = &[
    setting("listen", "127.0.0.1:5000", "Address and port to listen on"),
    setting("external_url", "", "URL under which clients reach the registry, such as https://registry.example.com"),
    setting("data_dir", "./wharf-data", "Directory of the embedded database, the blobs and the generated keys"),
    setting(
        "database_url",
        "",
        "sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; unset: sqlite:wharf.db in the data directory",
    ),
    setting("database_pool", "10", "Most connections to the database at one time"),
    setting("storage_url", "", "file:PATH or s3://BUCKET/PREFIX; unset: file:blobs in the data directory"),
    setting("s3_endpoint", "", "URL of the S3 server; unset: AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, then Amazon's own"),
    setting(
        "s3_public_endpoint",
        "",
        "URL under which clients reach the S3 server, for redirects; unset: the S3 endpoint",
    ),
    setting("s3_region", "", "Region of the bucket; unset: AWS_REGION, AWS_DEFAULT_REGION, then us-east-1"),
    switch("s3_path_style", "", "Put the bucket in the path; unset: true when an S3 endpoint is set, else false"),
    setting("s3_access_key_id", "", "Access key of the S3 server; unset: AWS_ACCESS_KEY_ID"),
    setting(
        "s3_secret_access_key",
        "",
        "Secret key of the S3 server; unset: AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
    ),
    setting(
        "s3_encryption",
        "none",
        "What S3 is asked to encrypt new blobs with: none (as is set for the bucket) or repository (what the repository says \
         that the blob is pushed to first)",
    ),
    switch("blob_redirect", "false", "Send clients that pull a blob to the S3 server by a signed URL"),
    setting("root_access_key_id", "", "Access key id of the root user; unset: generated at first start"),
    setting("root_secret_access_key", "", "Secret access key of the root user; unset: generated at first start"),
    setting("account_id", "000000000000", "Account of the default registry, 12 digits"),
    setting("region", "us-east-1", "Region of the default registry"),
    setting("regions", "", "Regions that exist, separated by commas; unset: the region of the default registry alone"),
    setting(
        "registry_host",
        "",
        "Host of a registry, with {account} and {region} in it; unset: the host that clients use",
    ),
    setting(
        "master_key",
        "",
        "32 bytes in base64 that seal the secrets in the database; unset: master.key in the data directory",
    ),
    setting("tls_cert", "", "PEM file with the certificate chain; read again when it changes"),
    setting("tls_key", "", "PEM file with the private key; read again when it changes"),
    setting("trusted_proxies", "", "Address ranges, separated by commas, whose X-Forwarded-* headers are believed"),
    setting("auth_challenge", "bearer", "Challenge to a request without credentials: bearer or basic"),
    setting("token_ttl", "12h", "Life of a login token, at most 12h"),
    switch("create_on_push", "true", "Create a repository at the first push by someone who may create it"),
    setting(
        "cache_upstreams",
        "",
        "Registries, separated by commas, such as https://registry.lan, that cache rules may name beside those of ECR",
    ),
    setting(
        "cache_tag_ttl",
        "24h",
        "How long a tag that came through a cache rule is served before its registry is asked again; 0 asks at every pull",
    ),
    switch("balancer", "true", "Open the listeners of load balancers in this process"),
    setting("balancer_address", "", "Address of those listeners; unset: that of the listen setting"),
    setting("balancer_tls_cert", "", "PEM file with the certificate chain of HTTPS listeners; unset: that of tls_cert"),
    setting("balancer_tls_key", "", "PEM file with its private key; unset: that of tls_key"),
    switch("delete_enabled", "true", "Allow clients to delete tags, manifests and blobs"),
    switch("sparse_indexes", "false", "Accept indexes and images whose manifests and layers are not all present"),
    setting("max_manifest_bytes", "4MiB", "Largest manifest accepted"),
    setting("max_repositories", "100000", "Most repositories of a registry"),
    setting("max_images", "100000", "Most images of a repository"),
    setting("max_image_tags", "1000", "Most tags of an image"),
    setting("max_daily_scans", "100000", "Most scans that are asked for in a registry within 24 hours"),
    setting("max_layer_bytes", "52000MiB", "Largest layer accepted"),
    setting("max_layer_parts", "4200", "Most parts of a layer that is uploaded through the API of ECR"),
    setting("max_layer_part_bytes", "20MiB", "Largest part of such a layer"),
    setting("min_layer_part_bytes", "5MiB", "Smallest part of such a layer, other than its last"),
    setting(
        "memory_budget",
        "256MiB",
        "Memory for the buffers of all uploads together, and for large manifests on their way out",
    ),
    setting("audit_retention", "90d", "How long events of the audit log are kept; 0 keeps no audit log"),
    setting("upload_ttl", "24h", "Life of an upload session that is not continued"),
    setting("gc_delay", "24h", "How long bytes to which nothing refers are kept before garbage collection frees them"),
    setting(
        "environment_files",
        "",
        "Where buckets of environment files of tasks are: file:DIRECTORY, or s3: for the server of the S3 settings",
    ),
    setting("scanner", "builtin", "What looks into images: builtin, harbor (an adapter of its API) or webhook"),
    setting("scanner_url", "", "URL of that adapter, or of whoever takes the messages"),
    setting("scanner_authorization", "", "Value of the Authorization header that the adapter wants, if it wants one"),
    setting(
        "scanner_secret",
        "",
        "What signs messages to and from a scanner by webhook: whsec_ and 24 to 64 bytes in base64",
    ),
    setting("scanner_registry_url", "", "URL under which the scanner reaches this registry; unset: the external URL"),
    setting("scanner_timeout", "30m", "How long that scanner has for one image; longer, and the scan fails"),
    setting("scan_timeout", "10m", "How long reading one layer may take in a scan; longer, and the scan fails"),
    setting(
        "scan_fetch_timeout",
        "24h",
        "How long a scan waits for layers that only an upstream registry has; longer, and the scan fails",
    ),
    setting(
        "scan_quota_period",
        "24h",
        "How long after one scan of an image the next may be asked for; advisories count at once, whatever this is",
    ),
    setting(
        "agent",
        "auto",
        "Run ECS tasks on this host: auto if Docker or Podman is found, off, or the engine's socket (unix:///run/docker.sock)",
    ),
    switch("agent_confine_tasks", "false", "Refuse tasks on this host that ask for something of the host itself"),
    setting(
        "host_timeout",
        "2m",
        "How long the agent of an ECS container instance may be away until its tasks count as lost",
    ),
    setting(
        "service_settle",
        "40s",
        "How long a task of an ECS service must run until it counts as healthy, if nothing checks it",
    ),
    setting("scale_out_after", "3m", "How long a metric must be above its target until a service is scaled out"),
    setting("scale_in_after", "15m", "How long a metric must be well below its target until a service is scaled in"),
    setting("service_back_off", "15m", "The longest pause between starts of a service's tasks that fail"),
    switch(
        "lifecycle_keep_used",
        "true",
        "Let lifecycle policies neither delete nor archive an image that a running task uses",
    ),
    setting("metric_retention", "15d", "How long the points of CloudWatch metrics are kept"),
    setting("undo_window", "7d", "How long deleted images and tags can be restored; 0 deletes at once"),
    setting("disk_low_water", "64MiB", "Free disk space below which writes are refused"),
    setting(
        "outbound_ca",
        "",
        "PEM file with certificates that requests of the server itself, to its bucket too, trust beside those of the system",
    ),
    switch(
        "outbound_loopback",
        "false",
        "Allow requests of the server itself, as to identity providers, to this machine",
    ),
    setting(
        "outbound_proxy",
        "",
        "http://[NAME:PASSWORD@]HOST:PORT of a proxy for requests of the server itself; its database and bucket are reached without it",
    ),
    setting(
        "outbound_proxy_except",
        "",
        "Domains, addresses and networks, separated by commas, that are asked without the proxy",
    ),
    setting("max_connections", "4096", "Most client connections at one time"),
    setting("idle_timeout", "75s", "Close a connection on which nothing has been asked for this long"),
    setting("shutdown_grace", "30s", "Time that requests in flight get to finish when the program is told to stop"),
    setting("log_level", "info", "off, error, warn, info, debug or trace; also per target, as in info,sqlx=warn"),
    setting("log_format", "text", "text or json"),
];

/// The environment variable that names the settings file.
pub(crate) const CONFIG_VARIABLE: &str = "WHARF_CONFIG";

/// The setting with this file key.
pub(crate) fn by_key(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The setting with this environment name.
pub(crate) fn by_variable(variable: &str) -> Option<&'static Setting> {
    by_key(&variable.strip_prefix("WHARF_")?.to_ascii_lowercase()).filter(|setting| setting.variable() == variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_well_formed() {
        for (i, setting) in SETTINGS.iter().enumerate() {
            assert!(setting.key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
            assert!(SETTINGS[..i].iter().all(|earlier| earlier.key != setting.key), "{}", setting.key);
            assert_eq!(by_variable(&setting.variable()).map(|found| found.key), Some(setting.key));
        }
        assert!(by_variable("WHARF_Listen").is_none());
    }
}
