//! `RemoveTagsFromResource`: tags of a parameter are removed by their keys. Keys that it does not have are passed over.
//! <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_RemoveTagsFromResource.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::error::Error;
use crate::parameters::names::Name;
use crate::parameters::{change, failures};

/// The operation.
pub(crate) struct RemoveTagsFromResource;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    resource_type: String,
    resource_id: String,
    tag_keys: Vec<String>,
}

impl Operation for RemoveTagsFromResource {
    type Call = Call;
    const NAME: &'static str = "RemoveTagsFromResource";
    const ACTION: &'static str = "ssm:RemoveTagsFromResource";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        if input.resource_type != "Parameter" {
            return Err(failures::other_resource());
        }
        Ok(vec![Name::read(call, &input.resource_id)?.need(Self::ACTION).with_tag_keys(input.tag_keys.clone())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let (name, gone) = (Name::read(call, &input.resource_id)?, input.tag_keys);
        let how = move |known: &mut crate::tags::Tags| known.retain(|key, _| !gone.contains(key));
        change::change_tags(call, (grant, Self::ACTION), &name, how).await
    }
}
