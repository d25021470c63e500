//! `AddTagsToResource`: tags of a parameter are set, replacing those of the same keys.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_AddTagsToResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::parameters::names::Name;
use crate::parameters::{change, failures};
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct AddTagsToResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    resource_type: String,
    resource_id: String,
    tags: Vec<Tag>,
}

impl Operation for AddTagsToResource {
    type Call = Call;
    const NAME: &'static str = "AddTagsToResource";
    const ACTION: &'static str = "ssm:AddTagsToResource";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        if input.resource_type != "Parameter" {
            return Err(failures::other_resource());
        }
        Ok(vec![Name::read(call, &input.resource_id)?.need(Self::ACTION).with_request_tags(tags::pairs(&input.tags))])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let tags = tags::checked(input.tags).map_err(failures::invalid)?;
        let name = Name::read(call, &input.resource_id)?;
        change::change_tags(call, (grant, Self::ACTION), &name, move |known| known.extend(tags)).await
    }
}
