//! `ListTagsForResource`: the tags of a parameter.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListTagsForResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::parameters::names::Name;
use crate::parameters::{change, failures};
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct ListTagsForResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    resource_type: String,
    resource_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    tag_list: Vec<Tag>,
}

impl Operation for ListTagsForResource {
    type Call = Call;
    const NAME: &'static str = "ListTagsForResource";
    const ACTION: &'static str = "ssm:ListTagsForResource";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        if input.resource_type != "Parameter" {
            return Err(failures::other_resource());
        }
        Ok(vec![Name::read(call, &input.resource_id)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let tags = change::tags_of(call, grant, &Name::read(call, &input.resource_id)?).await?;
        Ok(Output { tag_list: tags::listed(&tags) })
    }
}
