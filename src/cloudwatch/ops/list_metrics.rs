//! `ListMetrics`: the metrics that there are.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html>

use std::time::Duration;

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use store::metric_series::{self, Key};

use crate::error::Error;
use crate::metrics::Metric;
use crate::shapes::{MetricShape, check_namespace};
use crate::{failures, tokens};

/// Metrics of a page.
const PAGE: usize = 500;
/// Series that are looked at for a page.
const LOOKED_AT: usize = 5_000;
/// Three hours, and the minutes by which a series may be seen later than is noted.
const RECENT: Duration = Duration::from_secs(3 * 3600 + 600);
/// Behind every name.
const LAST: &str = "\u{10ffff}";

/// The operation.
pub(crate) struct ListMetrics;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    namespace: Option<String>,
    metric_name: Option<String>,
    dimensions: Option<Vec<DimensionFilter>>,
    next_token: Option<String>,
    recently_active: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    metrics: Vec<MetricShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListMetrics {
    type Call = Call;
    const NAME: &'static str = "ListMetrics";
    const ACTION: &'static str = "cloudwatch:ListMetrics";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        if let Some(namespace) = &input.namespace {
            check_namespace(namespace)?;
        }
        let recent = match input.recently_active.as_deref() {
            None => None,
            Some("PT3H") => Some(call.ctx.app.now().before(RECENT)),
            Some(_) => return Err(failures::invalid_value("The parameter RecentlyActive must be PT3H.")),
        };
        let filters = input.dimensions.unwrap_or_default();
        let list = serde_json::json!([Self::NAME, input.namespace, input.metric_name, filters, recent.is_some()]);
        let list = list.to_string();
        let after: Option<Place> = tokens::open(call, &list, input.next_token.as_deref())?;
        let namespace = input.namespace.as_deref();
        // All in the order of names; what begins behind the last one that can be wanted is not looked at.
        let mut after = after.map_or_else(|| first(namespace), Place::into_key);
        let last =
            (namespace.unwrap_or(LAST), input.metric_name.as_deref().filter(|_| namespace.is_some()).unwrap_or(LAST));
        let mut conn = call.ctx.app.db().reader().await?;
        let found = metric_series::list(&mut conn, &call.ctx.registry, &after, last, LOOKED_AT).await?;
        let mut more = found.len() == LOOKED_AT;
        let mut metrics: Vec<Metric> = Vec::new();
        for row in found {
            let metric = Metric::of(row.key.clone());
            // Each unit is a series, and the metric is one.
            let known = metrics.last() == Some(&metric);
            if !known && metrics.len() == PAGE {
                more = true;
                break;
            }
            let named = input.metric_name.as_ref().is_none_or(|name| metric.name == *name);
            let active = recent.is_none_or(|recent| row.seen_at >= recent);
            after = row.key;
            if named && active && !known && filters.iter().all(|filter| filter.fits(&metric)) {
                metrics.push(metric);
            }
        }
        let next_token = if more { Some(tokens::seal(call, &list, &Place::of(after))?) } else { None };
        Ok(Output { metrics: metrics.into_iter().map(MetricShape::from).collect(), next_token })
    }
}

/// A dimension that metrics must have.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DimensionFilter {
    name: String,
    value: Option<String>,
}

impl DimensionFilter {
    fn fits(&self, metric: &Metric) -> bool {
        let found = metric.dimensions.get(&self.name);
        found.is_some_and(|found| self.value.as_ref().is_none_or(|value| value == found))
    }
}

/// A place in the list, as its token has it.
#[derive(Debug, Serialize, Deserialize)]
struct Place(String, String, String, String);

impl Place {
    fn of(key: Key) -> Self {
        Self(key.namespace, key.name, key.dimensions, key.unit)
    }

    fn into_key(self) -> Key {
        Key { namespace: self.0, name: self.1, dimensions: self.2, unit: self.3 }
    }
}

/// Before everything in a namespace.
fn first(namespace: Option<&str>) -> Key {
    let namespace = namespace.unwrap_or_default().to_owned();
    Key { namespace, name: String::new(), dimensions: String::new(), unit: String::new() }
}
