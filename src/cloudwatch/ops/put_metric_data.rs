//! `PutMetricData`: what was measured. It is kept by the minute: samples of one are added up.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>

use app::Grant;
use app::api::Call;
use aws::{Audit, Need, Operation, Resource};
use serde::Deserialize;

use crate::datum::MetricDatum;
use crate::error::Error;
use crate::{failures, metrics};

/// Measurements of one call.
const MOST: usize = 1_000;

/// The operation.
pub(crate) struct PutMetricData;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    namespace: String,
    metric_data: Option<Vec<MetricDatum>>,
}

impl Operation for PutMetricData {
    type Call = Call;
    const NAME: &'static str = "PutMetricData";
    const ACTION: &'static str = "cloudwatch:PutMetricData";
    const BODY_LIMIT: usize = 1 << 20;
    // There is one for each minute of each source.
    const AUDIT: Audit = Audit::Data;
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let need = Need::new(Self::ACTION, Resource::Any);
        Ok(vec![need.with("cloudwatch:namespace", [input.namespace.clone()])])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        grant.require(Self::ACTION)?;
        let sent = input.metric_data.unwrap_or_default();
        if sent.is_empty() {
            return Err(failures::missing_member("The parameter MetricData is required."));
        }
        if sent.len() > MOST {
            return Err(failures::invalid_value(format!(
                "The collection MetricData must not have a size greater than {MOST}."
            )));
        }
        let now = call.ctx.app.now();
        let read = |(index, datum): (usize, MetricDatum)| datum.read(index + 1, &input.namespace, now);
        let data = sent.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(metrics::put_all(&call.ctx.app, &call.ctx.registry, data).await?)
    }
}
