//! `CreateAccessKey`: makes an access key of a user, or of the caller. The secret is told once.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html>

use app::Grant;
use app::api::Call;
use aws::{Iso, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::access_keys;
use crate::checks::Checks;
use crate::error::Error;

/// The operation.
pub(crate) struct CreateAccessKey;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    access_key: AccessKey,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccessKey {
    user_name: Option<String>,
    access_key_id: String,
    status: &'static str,
    secret_access_key: String,
    create_date: Iso,
}

impl Operation for CreateAccessKey {
    type Call = Call;
    const NAME: &'static str = "CreateAccessKey";
    const ACTION: &'static str = "iam:CreateAccessKey";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        access_keys::owner_needs::<Self>(call, Checks::new(), input.user_name.as_deref())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let owner = access_keys::owner::<Self>(call, grant, &input, input.user_name.as_deref()).await?;
        let (key, row) = access_keys::create(call, &owner).await?;
        Ok(Output {
            access_key: AccessKey {
                user_name: owner.name().map(str::to_owned),
                access_key_id: key.access_key_id,
                status: "Active",
                secret_access_key: key.secret_access_key.expose().to_owned(),
                create_date: row.created_at.into(),
            },
        })
    }
}
