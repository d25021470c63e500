//! `DeleteAccessKey`: removes an access key. Every process obeys within seconds.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{access_keys, entities};

/// The operation.
pub(crate) struct DeleteAccessKey;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: Option<String>,
    access_key_id: String,
}

impl Operation for DeleteAccessKey {
    type Call = Call;
    const NAME: &'static str = "DeleteAccessKey";
    const ACTION: &'static str = "iam:DeleteAccessKey";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let mut checks = Checks::new().access_key_id(&input.access_key_id);
        if let Some(name) = &input.user_name {
            checks = checks.user_name(name);
        }
        checks.finish()?;

        let name = entities::user_name_or_own(call, input.user_name.as_deref())?;
        Ok(vec![entities::need_of_user_or_root(call, Self::ACTION, name.as_deref())])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let owner = access_keys::owner::<Self>(call, grant, &input, input.user_name.as_deref()).await?;
        access_keys::delete(call, owner, input.access_key_id).await
    }
}
