//! `DeleteLoginProfile`: removes the password that a user has for the console: none, since Wharf has no such thing.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteLoginProfile.html>
//!
//! Terraform does it before it removes a user by force.

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::Deserialize;

use crate::checks::Checks;
use crate::error::Error;
use crate::{access_keys, failures};

/// The operation.
pub(crate) struct DeleteLoginProfile;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: Option<String>,
}

impl Operation for DeleteLoginProfile {
    type Call = Call;
    const NAME: &'static str = "DeleteLoginProfile";
    const ACTION: &'static str = "iam:DeleteLoginProfile";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        access_keys::owner_needs::<Self>(call, Checks::new(), input.user_name.as_deref())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<(), Error> {
        let owner = access_keys::owner::<Self>(call, grant, &input, input.user_name.as_deref()).await?;
        Err(failures::no_login_profile(owner.name().unwrap_or("root")))
    }
}
