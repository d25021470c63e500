//! `ListAttributes`: the attributes of the container instances of a cluster.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListAttributes.html>

use acs::api::Attribute;
use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::attributes::{self, Filter};
use crate::clusters;
use crate::error::{Error, Result};
use crate::paging::Paging;

/// The operation.
pub(crate) struct ListAttributes;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    cluster: Option<String>,
    target_type: String,
    attribute_name: Option<String>,
    attribute_value: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    attributes: Vec<Attribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListAttributes {
    type Call = Call;
    const NAME: &'static str = "ListAttributes";
    const ACTION: &'static str = "ecs:ListAttributes";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>> {
        let arn = clusters::arn(call, input.cluster.as_deref())?;
        Ok(vec![Need::new(Self::ACTION, Resource::Arn(call.account().clone(), arn))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        if input.target_type != "container-instance" {
            let message = "Invalid target type. The valid value is container-instance.";
            return Err(Error::InvalidParameter(message.to_owned()));
        }
        let (name, value) = (input.attribute_name.as_deref(), input.attribute_value.as_deref());
        if value.is_some() && name.is_none() {
            let message = "An attribute value needs the name of its attribute.";
            return Err(Error::InvalidParameter(message.to_owned()));
        }
        let mut conn = call.ctx.app.db().reader().await?;
        let cluster = clusters::find_in(&mut conn, &call.ctx.registry, input.cluster.as_deref()).await?;
        let subject = [cluster.row.name.as_str(), name.unwrap_or_default(), value.unwrap_or_default()];
        let paging = Paging::read(call, Self::NAME, &subject, input.next_token.as_deref(), input.max_results, 100)?;
        let filter = Filter { name, value };
        let found = attributes::list(&mut conn, &cluster, filter, &paging.after, paging.wanted()).await?;
        let (page, next_token) = paging.page(call, found, |(key, _)| key)?;
        Ok(Output { attributes: page.into_iter().map(|(_, attribute)| attribute).collect(), next_token })
    }
}
