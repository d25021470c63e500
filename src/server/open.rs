//! From settings to parts: the data directory, the master key, the database, the blob store, the application.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use app::{App, Sealer, bootstrap};
use blobs::{Blobs, Buckets, Location, S3Config};
use store::Db;
use types::{RegistryId, Secret};

use crate::config::{Config, Database, EnvironmentFiles, MasterKey, S3, Storage};

/// The directory of everything that is kept on this machine; its owner's alone.
pub(crate) fn data_dir(config: &Config) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data_dir)
        .with_context(|| format!("cannot create the data directory {}", config.data_dir.display()))
}

/// Refuses a SQLite file that is not there: a path that is mistyped, or a command in another directory, must not look like a
/// registry in which there is nothing. Only the server makes one.
pub(crate) fn require_database(config: &Config) -> Result<()> {
    match &config.database {
        Database::Sqlite(path) => require(path),
        Database::Postgres(_) => Ok(()),
    }
}

/// Refuses a path that is not there.
pub(crate) fn require(path: &Path) -> Result<()> {
    let there = path.try_exists().with_context(|| format!("cannot look at {}", path.display()))?;
    anyhow::ensure!(there, "{} does not exist yet; `wharf serve` makes it", path.display());
    Ok(())
}

/// Opens the database of a registry that is there.
pub(crate) async fn existing_database(config: &Config) -> Result<Db> {
    require_database(config)?;
    database(config).await
}

/// Opens the database; its schema is brought up to date.
pub(crate) async fn database(config: &Config) -> Result<Db> {
    Db::open(&database_config(config))
        .await
        .with_context(|| format!("cannot use the database {}", config.database.shown()))
}

fn database_config(config: &Config) -> store::Config {
    let url = match &config.database {
        Database::Sqlite(path) => Secret::new(format!("sqlite:{}", path.display())),
        Database::Postgres(url) => url.clone(),
    };
    store::Config { url, connections: config.database_pool }
}

/// Opens the blob store.
pub(crate) async fn blob_store(config: &Config) -> Result<Blobs> {
    let location = match &config.storage {
        Storage::Disk(root) => Location::Disk { root: root.clone(), low_water: config.disk_low_water },
        Storage::S3(s3) => Location::S3(bucket(s3, &config.outbound.roots)),
    };
    let mut settings = blobs::Config::new(location);
    settings.memory_budget = usize::try_from(config.memory_budget).unwrap_or(usize::MAX);
    Blobs::open(settings).await.context("cannot use the blob store")
}

fn bucket(s3: &S3, roots: &outbound::Roots) -> S3Config {
    let mut bucket = S3Config::new(&s3.bucket, &s3.region);
    bucket.prefix = s3.prefix.clone();
    bucket.endpoint = s3.endpoint.clone();
    bucket.public_endpoint = s3.public_endpoint.clone();
    bucket.path_style = s3.path_style;
    bucket.certificates = roots.certificates().collect();
    if let Some(credentials) = &s3.credentials {
        bucket.access_key_id = Some(credentials.access_key_id.clone());
        bucket.secret_access_key = Some(credentials.secret_access_key.clone());
        bucket.session_token = credentials.session_token.clone();
    }
    bucket
}

/// Opens everything that rules need of a registry that is there, for as long as `carry_out` takes.
pub(crate) async fn with_application<T>(
    config: &Config,
    carry_out: impl AsyncFnOnce(&Arc<App>) -> Result<T>,
) -> Result<T> {
    require_database(config)?;
    let app = application(config).await?;
    let done = carry_out(&app).await;
    app.db().close().await;
    done
}

/// Opens everything that rules need.
pub(crate) async fn application(config: &Config) -> Result<Arc<App>> {
    data_dir(config)?;
    let master_key = match &config.master_key {
        Some(key) => key.clone(),
        None => MasterKey::load_or_create(&config.data_dir).context("cannot use the master key")?,
    };
    let db = database(config).await?;
    let blobs = blob_store(config).await?;
    let rules = app::Config {
        registry: RegistryId { account: config.account_id.clone(), region: config.region.clone() },
        regions: config.regions.clone(),
        external_url: config.external_url.clone(),
        registry_host: config.registry_host.clone(),
        create_on_push: config.create_on_push,
        cache_upstreams: config.cache_upstreams.clone(),
        cache_tag_ttl: config.cache_tag_ttl,
        delete_enabled: config.delete_enabled,
        sparse_indexes: config.sparse_indexes,
        blob_redirect: config.blob_redirect,
        repository_encryption: config.storage.repository_encryption(),
        limits: config.limits.clone(),
        max_manifest_bytes: usize::try_from(config.max_manifest_bytes).unwrap_or(usize::MAX),
        memory_budget: usize::try_from(config.memory_budget).unwrap_or(usize::MAX),
        token_ttl: config.token_ttl,
        audit_retention: config.audit_retention,
        outbound: config.outbound.clone(),
        gc_delay: config.gc_delay,
        host_timeout: config.host_timeout,
        lifecycle_keep_used: config.lifecycle_keep_used,
        undo_window: config.undo_window,
        environment_files: config.environment_files.as_ref().map(|buckets| match buckets {
            EnvironmentFiles::Folder(root) => Buckets::Folder(root.clone()),
            EnvironmentFiles::S3(s3) => Buckets::S3(bucket(s3, &config.outbound.roots)),
        }),
        scanner: config.scanner.clone(),
        scan_timeout: config.scan_timeout,
        scan_fetch_timeout: config.scan_fetch_timeout,
        service_back_off: config.service_back_off,
        service_settle: config.service_settle,
        scale_out_after: config.scale_out_after,
        scale_in_after: config.scale_in_after,
        scan_quota_period: config.scan_quota_period,
        metric_retention: config.metric_retention,
        balancing_tls: config.balancer_tls.is_some() || config.tls.is_some(),
        upload_ttl: config.upload_ttl,
    };
    let app = App::new(rules, db, blobs, Sealer::new(master_key.expose())).await;
    let app = app.context("cannot read users and policies")?;
    let root = config.root_key.as_ref().map(|key| key.access_key_id.as_str());
    anyhow::ensure!(
        bootstrap::fits_master_key(&app, root).await?,
        "the master key opens no access key of this database: set WHARF_MASTER_KEY, or put {} back, as they were; if the \
         master key is lost, set WHARF_ROOT_ACCESS_KEY_ID and WHARF_ROOT_SECRET_ACCESS_KEY to new values",
        MasterKey::file_in(&config.data_dir).display()
    );
    Ok(app)
}
