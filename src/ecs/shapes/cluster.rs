//! A cluster as answers show it.

use app::api::Call;
use serde::Serialize;
use serde_json::Value;

use crate::clusters::{self, Counts, Setting, StrategyItem};
use crate::error::Result;
use crate::tags::{self, Tag};

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html>
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cluster {
    cluster_arn: String,
    cluster_name: String,
    status: String,
    registered_container_instances_count: u64,
    running_tasks_count: u64,
    pending_tasks_count: u64,
    active_services_count: u64,
    statistics: Vec<Statistic>,
    tags: Vec<Tag>,
    settings: Vec<Setting>,
    capacity_providers: Vec<String>,
    default_capacity_provider_strategy: Vec<StrategyItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_connect_defaults: Option<Value>,
}

/// A figure of a cluster.
#[derive(Debug, Serialize)]
struct Statistic {
    name: String,
    value: String,
}

/// Which parts of a cluster an answer has beside the obvious ones.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Include {
    pub(crate) configurations: bool,
    pub(crate) settings: bool,
}

impl Include {
    /// After a change: everything that was set.
    pub(crate) const ALL: Self = Self { configurations: true, settings: true };
}

impl Cluster {
    pub(crate) fn new(cluster: clusters::Cluster, counts: Counts, tags: Vec<Tag>, include: Include) -> Self {
        let cluster_arn = cluster.arn().to_string();
        let document = cluster.document;
        Self {
            cluster_arn,
            cluster_name: cluster.row.name,
            status: cluster.row.status,
            registered_container_instances_count: counts.container_instances,
            running_tasks_count: counts.running_tasks,
            pending_tasks_count: counts.pending_tasks,
            active_services_count: counts.active_services,
            statistics: Vec::new(),
            tags,
            settings: match (include.settings, document.settings.is_empty()) {
                (false, _) => Vec::new(),
                (true, false) => document.settings,
                (true, true) => {
                    vec![Setting { name: "containerInsights".to_owned(), value: "disabled".to_owned() }]
                }
            },
            capacity_providers: document.capacity_providers,
            default_capacity_provider_strategy: document.default_capacity_provider_strategy,
            configuration: document.configuration.filter(|_| include.configurations),
            service_connect_defaults: document.service_connect_defaults,
        }
    }

    /// With figures by launch types.
    pub(crate) fn with_statistics(self, statistics: Vec<(String, String)>) -> Self {
        Self { statistics: statistics.into_iter().map(|(name, value)| Statistic { name, value }).collect(), ..self }
    }

    /// As the operations answer that changed it.
    pub(crate) async fn after_change(call: &Call, cluster: clusters::Cluster) -> Result<Self> {
        let mut conn = call.ctx.app.db().reader().await?;
        let counts = clusters::count(&mut conn, &cluster.row.cluster_id).await?;
        let tags = tags::list(&mut conn, &call.ctx.registry, &cluster.resource()).await?;
        Ok(Self::new(cluster, counts, tags, Include::ALL))
    }
}
