//! `ListClusters`: the ARNs of all active clusters.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListClusters.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::arns;
use crate::clusters;
use crate::error::{Error, Result};
use crate::paging::Paging;

/// The operation.
pub(crate) struct ListClusters;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    cluster_arns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListClusters {
    type Call = Call;
    const NAME: &'static str = "ListClusters";
    const ACTION: &'static str = "ecs:ListClusters";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let paging = Paging::read(call, Self::NAME, &[], input.next_token.as_deref(), input.max_results, 100)?;
        let registry = &call.ctx.registry;
        let mut conn = call.ctx.app.db().reader().await?;
        let found = store::clusters::list(&mut conn, registry, &paging.after, paging.wanted()).await?;
        let (page, next_token) = paging.page(call, found, |row| &row.name)?;
        let arn = |name: &str| arns::arn(registry, &clusters::resource(name)).to_string();
        Ok(Output { cluster_arns: page.iter().map(|row| arn(&row.name)).collect(), next_token })
    }
}
