//! Clusters: making, finding, changing and deleting them. What runs in them is in `tasks` and `services`.

use app::api::Call;
use app::{App, Grant};
use aws::{Need, Resource};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::clusters::ClusterRow;
use store::{Conn, Pending, clusters, container_instances, ecs_tags, tasks};
use types::{Arn, RegistryId};

use crate::arns;
use crate::capacity_providers;
use crate::error::{Error, Result};
use crate::tags::{self, Tag};
use crate::tasks::{RUNNING, is_pending};

/// What a row keeps beside name and status. Members are as on the wire.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Document {
    /// `containerInsights` and the like.
    pub(crate) settings: Vec<Setting>,
    /// How commands are executed, and how storage is encrypted.
    pub(crate) configuration: Option<Value>,
    /// Names of capacity providers.
    pub(crate) capacity_providers: Vec<String>,
    /// What tasks get that say nothing themselves.
    pub(crate) default_capacity_provider_strategy: Vec<StrategyItem>,
    /// The namespace of services that say nothing themselves.
    pub(crate) service_connect_defaults: Option<Value>,
}

impl Document {
    /// Sets settings, replacing those of the same names.
    pub(crate) fn set(&mut self, settings: Vec<Setting>) {
        for setting in settings {
            self.settings.retain(|one| one.name != setting.name);
            self.settings.push(setting);
        }
    }
}

/// A setting of a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Setting {
    pub(crate) name: String,
    pub(crate) value: String,
}

/// A part of a capacity provider strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StrategyItem {
    pub(crate) capacity_provider: String,
    #[serde(default)]
    pub(crate) weight: i64,
    #[serde(default)]
    pub(crate) base: i64,
}

/// A cluster with what its document says.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) row: ClusterRow,
    pub(crate) document: Document,
}

/// What runs in a cluster, in numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) container_instances: u64,
    pub(crate) running_tasks: u64,
    pub(crate) pending_tasks: u64,
    /// Neither: on their way to the end.
    pub(crate) stopping_tasks: u64,
    pub(crate) active_services: u64,
}

impl Cluster {
    /// From its row.
    pub(crate) fn read(row: ClusterRow) -> Self {
        // It was written here. Should it ever be unreadable, the cluster is still there.
        let document = serde_json::from_str(&row.document).unwrap_or_default();
        Self { row, document }
    }

    /// What its ARN ends with.
    pub(crate) fn resource(&self) -> String {
        resource(&self.row.name)
    }

    pub(crate) fn arn(&self) -> Arn {
        arns::arn(&self.row.registry, &self.resource())
    }
}

/// What the ARN of a cluster ends with.
pub(crate) fn resource(name: &str) -> String {
    format!("cluster/{name}")
}

/// The ARN of a cluster that a request names, whether or not it exists.
pub(crate) fn arn(call: &Call, given: Option<&str>) -> Result<Arn> {
    let registry = &call.ctx.registry;
    Ok(arns::arn(registry, &resource(arns::cluster_name(registry, given)?)))
}

/// What an action on things in a cluster needs: it on each of them. Who names what cannot be one of the cluster needs it on
/// all of them, and is told that it is missing.
pub(crate) fn needs_in(
    call: &Call,
    action: &'static str,
    cluster: Option<&str>,
    kind: &str,
    given: &[String],
) -> Result<Vec<Need>> {
    let registry = &call.ctx.registry;
    let name = arns::cluster_name(registry, cluster)?;
    let cluster_arn = arn(call, cluster)?.to_string();
    let needs = given.iter().map(|given| {
        let id = arns::in_cluster(registry, kind, name, given).unwrap_or("*");
        // It is judged by the name that it has, not by any that it is called.
        let id = if kind == "container-instance" { arns::instance_id(id) } else { id.to_owned() };
        let arn = arns::arn(registry, &format!("{kind}/{name}/{id}"));
        Need::new(action, Resource::Arn(call.account().clone(), arn)).with("ecs:cluster", [cluster_arn.clone()])
    });
    Ok(needs.collect())
}

/// The active cluster that a request names.
pub(crate) async fn find(call: &Call, given: Option<&str>) -> Result<Cluster> {
    let mut conn = call.ctx.app.db().reader().await?;
    find_in(&mut conn, &call.ctx.registry, given).await
}

/// Like [`find`], over a connection.
pub(crate) async fn find_in(conn: &mut Conn, registry: &RegistryId, given: Option<&str>) -> Result<Cluster> {
    let name = arns::cluster_name(registry, given)?;
    let found = clusters::find(conn, registry, name).await?.filter(|row| row.status == "ACTIVE");
    found.map(Cluster::read).ok_or(Error::ClusterNotFound)
}

/// Like [`find`], held until the end of the transaction: one decision at a time about what runs in a cluster.
pub(crate) async fn lock(conn: &mut Conn, registry: &RegistryId, name: &str) -> Result<Cluster> {
    let found = clusters::lock(conn, registry, name).await?.filter(|row| row.status == "ACTIVE");
    found.map(Cluster::read).ok_or(Error::ClusterNotFound)
}

/// Makes a cluster. One of that name that is there already stays as it is, and is the answer, as on ECS.
pub(crate) async fn create(
    call: &Call,
    grant: &Grant,
    name: &str,
    document: Document,
    wanted: Vec<Tag>,
) -> Result<Cluster> {
    grant.require_on("ecs:CreateCluster", arns::arn(&call.ctx.registry, &resource(name)).as_str())?;
    check(&document)?;
    tags::check(&wanted)?;
    let row = ClusterRow {
        cluster_id: call.ctx.app.new_id(),
        registry: call.ctx.registry.clone(),
        name: name.to_owned(),
        status: "ACTIVE".to_owned(),
        document: written(&document)?,
        created_at: call.ctx.app.now(),
    };
    write(call, move |conn| {
        Box::pin(async move {
            if clusters::insert(conn, &row).await? {
                tags::set(conn, &row.registry, &resource(&row.name), &wanted).await?;
            }
            lock(conn, &row.registry, &row.name).await
        })
    })
    .await
}

/// Makes a cluster unless it is there, for the agent of this process.
pub async fn ensure(app: &App, registry: &RegistryId, name: &str) -> Result<()> {
    let row = ClusterRow {
        cluster_id: app.new_id(),
        registry: registry.clone(),
        name: name.to_owned(),
        status: "ACTIVE".to_owned(),
        document: written(&Document::default())?,
        created_at: app.now(),
    };
    let made = app.db().write(move |conn| {
        Box::pin(async move { clusters::insert(conn, &row).await }) as Pending<'_, bool, store::Error>
    });
    made.await?;
    Ok(())
}

/// Changes the document of a cluster.
pub(crate) async fn change(
    call: &Call,
    name: &str,
    change: impl FnOnce(&mut Document) + Send + 'static,
) -> Result<Cluster> {
    let (registry, name) = (call.ctx.registry.clone(), name.to_owned());
    write(call, move |conn| {
        Box::pin(async move {
            let mut cluster = lock(conn, &registry, &name).await?;
            change(&mut cluster.document);
            save(conn, &cluster).await?;
            Ok(cluster)
        })
    })
    .await
}

/// Writes the document of a cluster, if it can be.
pub(crate) async fn save(conn: &mut Conn, cluster: &Cluster) -> Result<()> {
    check(&cluster.document)?;
    clusters::update(conn, &cluster.row.cluster_id, "ACTIVE", &written(&cluster.document)?).await?;
    Ok(())
}

/// Deletes a cluster in which nothing is left.
pub(crate) async fn delete(call: &Call, name: &str) -> Result<Cluster> {
    let (registry, name) = (call.ctx.registry.clone(), name.to_owned());
    write(call, move |conn| {
        Box::pin(async move {
            let mut cluster = lock(conn, &registry, &name).await?;
            let id = &cluster.row.cluster_id;
            let counts = count(conn, id).await?;
            if counts.container_instances > 0 {
                return Err(Error::ClusterContainsContainerInstances);
            }
            if counts.active_services > 0 {
                return Err(Error::ClusterContainsServices);
            }
            if counts.running_tasks + counts.pending_tasks + counts.stopping_tasks > 0 {
                return Err(Error::ClusterContainsTasks);
            }
            clusters::update(conn, id, "INACTIVE", &cluster.row.document).await?;
            ecs_tags::delete_all(conn, &registry, &cluster.resource()).await?;
            "INACTIVE".clone_into(&mut cluster.row.status);
            Ok(cluster)
        })
    })
    .await
}

/// What runs in a cluster.
pub(crate) async fn count(conn: &mut Conn, cluster_id: &str) -> Result<Counts> {
    let tasks = tasks::count_of_cluster(conn, cluster_id).await?;
    let of = |wanted: fn(&str) -> bool| tasks.iter().filter(|(status, _)| wanted(status)).map(|(_, count)| count).sum();
    Ok(Counts {
        container_instances: container_instances::count(conn, cluster_id).await?,
        running_tasks: of(|status| status == RUNNING),
        pending_tasks: of(is_pending),
        stopping_tasks: of(|status| status != RUNNING && !is_pending(status)),
        active_services: store::services::count(conn, cluster_id).await?,
    })
}

/// Whether a task runs in a cluster. One in which none does has no figures, as on ECS.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html>
pub(crate) async fn is_at_work(conn: &mut Conn, cluster_id: &str) -> Result<bool> {
    let tasks = tasks::count_of_cluster(conn, cluster_id).await?;
    Ok(tasks.iter().any(|(status, _)| status == RUNNING))
}

/// What runs in a cluster by launch types, as the names and values of `statistics`.
pub(crate) async fn statistics(conn: &mut Conn, cluster_id: &str) -> Result<Vec<(String, String)>> {
    let tasks = tasks::count_by_launch_type(conn, cluster_id).await?;
    let services = store::services::count_by_launch_type(conn, cluster_id).await?;
    // What capacity providers place counts as Fargate's: there are no others.
    let word = |launch_type: &str| match launch_type {
        "EC2" => "EC2",
        "EXTERNAL" => "External",
        _ => "Fargate",
    };
    let mut all = Vec::new();
    for of in ["EC2", "Fargate", "External"] {
        let count = |wanted: fn(&str) -> bool| {
            let found = tasks.iter().filter(|(launch_type, status, _)| word(launch_type) == of && wanted(status));
            found.map(|(.., count)| count).sum()
        };
        all.push((format!("running{of}TasksCount"), count(|status| status == RUNNING)));
        all.push((format!("pending{of}TasksCount"), count(is_pending)));
        for (name, status) in [("active", "ACTIVE"), ("draining", "DRAINING")] {
            let found = services.iter().filter(|(launch_type, its, _)| word(launch_type) == of && its == status);
            all.push((format!("{name}{of}ServiceCount"), found.map(|(.., count)| count).sum()));
        }
    }
    Ok(all.into_iter().map(|(name, count): (String, u64)| (name, count.to_string())).collect())
}

/// Settings and providers that ECS knows.
pub(crate) fn check(document: &Document) -> Result<()> {
    for Setting { name, value } in &document.settings {
        if name != "containerInsights" {
            return Err(Error::InvalidParameter(format!("Invalid setting name: {name}")));
        }
        if !matches!(value.as_str(), "enabled" | "disabled" | "enhanced") {
            return Err(Error::InvalidParameter(format!("Invalid setting value: {value}")));
        }
    }
    capacity_providers::check(&document.capacity_providers)?;
    capacity_providers::check_strategy(&document.default_capacity_provider_strategy, &document.capacity_providers)
}

pub(crate) fn written(document: &impl Serialize) -> Result<String> {
    serde_json::to_string(document).map_err(|_| Error::Rule(app::Error::Internal))
}

/// Runs `body` in a transaction.
pub(crate) async fn write<T: Send + 'static>(
    call: &Call,
    body: impl for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, Error> + Send + 'static,
) -> Result<T> {
    call.ctx.app.db().write(body).await
}
