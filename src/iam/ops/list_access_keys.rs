//! `ListAccessKeys`: the access keys of a user, or of the caller; never a secret.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html>

use app::Grant;
use app::api::Call;
use aws::{Iso, Need, Operation};
use serde::{Deserialize, Serialize};

use crate::access_keys;
use crate::checks::Checks;
use crate::error::Error;
use crate::paging::{Page, Paging};

/// The operation.
pub(crate) struct ListAccessKeys;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    user_name: Option<String>,
    marker: Option<String>,
    max_items: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    access_key_metadata: Vec<AccessKeyMetadata>,
    is_truncated: bool,
    marker: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccessKeyMetadata {
    user_name: Option<String>,
    access_key_id: String,
    status: &'static str,
    create_date: Iso,
}

impl Operation for ListAccessKeys {
    type Call = Call;
    const NAME: &'static str = "ListAccessKeys";
    const ACTION: &'static str = "iam:ListAccessKeys";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        access_keys::owner_needs::<Self>(call, Checks::new().max_items(input.max_items), input.user_name.as_deref())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let owner = access_keys::owner::<Self>(call, grant, &input, input.user_name.as_deref()).await?;
        let name = owner.name().map(str::to_owned);
        let subject = name.clone().unwrap_or_default();
        let paging = Paging::read(call, Self::NAME, &[&subject], input.marker.as_deref(), input.max_items)?;
        let Page { items, is_truncated, marker } = access_keys::list(call, &owner, paging).await?;
        let metadata = |row: store::access_keys::AccessKeyRow| AccessKeyMetadata {
            user_name: name.clone(),
            access_key_id: row.access_key_id,
            status: if row.active { "Active" } else { "Inactive" },
            create_date: row.created_at.into(),
        };
        Ok(Output { access_key_metadata: items.into_iter().map(metadata).collect(), is_truncated, marker })
    }
}
