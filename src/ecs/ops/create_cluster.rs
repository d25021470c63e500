//! `CreateCluster`: makes a cluster.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateCluster.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account_settings;
use crate::arns;
use crate::capacity_providers;
use crate::clusters::{self, Counts, Document, Setting, StrategyItem};
use crate::error::{Error, Result};
use crate::shapes::cluster::{Cluster, Include};
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct CreateCluster;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster_name: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    settings: Vec<Setting>,
    configuration: Option<Value>,
    #[serde(default)]
    capacity_providers: Vec<String>,
    #[serde(default)]
    default_capacity_provider_strategy: Vec<StrategyItem>,
    service_connect_defaults: Option<Value>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Output {
    cluster: Cluster,
}

impl Input {
    fn name(&self) -> Result<&str> {
        let name = self.cluster_name.as_deref().unwrap_or(arns::DEFAULT_CLUSTER);
        if arns::is_name(name) { Ok(name) } else { Err(Error::InvalidParameter("Invalid cluster name.".to_owned())) }
    }
}

impl Operation for CreateCluster {
    type Call = Call;
    const NAME: &'static str = "CreateCluster";
    const ACTION: &'static str = "ecs:CreateCluster";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let arn = arns::arn(&call.ctx.registry, &clusters::resource(input.name()?));
        let on = |action| Need::new(action, Resource::Arn(call.account().clone(), arn.clone()));
        let strategy = capacity_providers::names(&input.default_capacity_provider_strategy);
        let providers = input.capacity_providers.iter().chain(strategy);
        let need = on(Self::ACTION).with_request_tags(tags::pairs(&input.tags));
        let mut needs = vec![capacity_providers::judged_by(&call.ctx.registry, need, providers)];
        // Tags at creation are tagging.
        if !input.tags.is_empty() {
            needs.push(tags::on_creation(on("ecs:TagResource"), Self::NAME, &input.tags));
        }
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let name = input.name()?.to_owned();
        let document = Document {
            settings: with_insights(call, input.settings).await?,
            configuration: input.configuration,
            capacity_providers: input.capacity_providers,
            default_capacity_provider_strategy: input.default_capacity_provider_strategy,
            service_connect_defaults: input.service_connect_defaults,
        };
        let cluster = clusters::create(call, grant, &name, document, input.tags).await?;
        let mut conn = call.ctx.app.db().reader().await?;
        let tags = tags::list(&mut conn, &call.ctx.registry, &cluster.resource()).await?;
        let counts = clusters::count(&mut conn, &cluster.row.cluster_id).await.unwrap_or(Counts::default());
        Ok(Output { cluster: Cluster::new(cluster, counts, tags, Include::ALL) })
    }
}

/// What the account or the caller has set goes for a cluster that says nothing.
async fn with_insights(call: &Call, mut settings: Vec<Setting>) -> Result<Vec<Setting>> {
    const NAME: &str = "containerInsights";
    if settings.iter().any(|setting| setting.name == NAME) {
        return Ok(settings);
    }
    let principal = account_settings::principal(call, None)?;
    let mut conn = call.ctx.app.db().reader().await?;
    let value = account_settings::effective(&mut conn, &call.ctx.registry, &principal, NAME).await?;
    let value = value.filter(|value| value != "disabled");
    settings.extend(value.map(|value| Setting { name: NAME.to_owned(), value }));
    Ok(settings)
}
