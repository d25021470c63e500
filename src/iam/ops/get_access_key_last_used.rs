//! `GetAccessKeyLastUsed`: when an access key was last used, where and for what.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html>
//!
//! Uses are recorded in batches, so the newest may take some seconds to show.

use app::api::Call;
use app::{EntityKind, Grant};
use aws::{Iso, Need, Operation, Resource};
use policy::PrincipalKind;
use serde::{Deserialize, Serialize};

use crate::checks::Checks;
use crate::error::Error;
use crate::{access_keys, entities};

/// The operation.
pub(crate) struct GetAccessKeyLastUsed;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    access_key_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    user_name: Option<String>,
    access_key_last_used: AccessKeyLastUsed,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AccessKeyLastUsed {
    last_used_date: Option<Iso>,
    service_name: String,
    region: String,
}

impl Operation for GetAccessKeyLastUsed {
    type Call = Call;
    const NAME: &'static str = "GetAccessKeyLastUsed";
    const ACTION: &'static str = "iam:GetAccessKeyLastUsed";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new().access_key_id(&input.access_key_id).finish()?;
        let snapshot = call.ctx.app.snapshot();
        let owner = snapshot.access_key_owner(&input.access_key_id).map(|identity| &identity.principal);
        let owner = owner.filter(|principal| principal.account == call.account().as_str());
        let need = match owner.map(|principal| &principal.kind) {
            Some(PrincipalKind::User { name }) => entities::need(call, Self::ACTION, EntityKind::User, name),
            Some(_) => entities::need_of_user_or_root(call, Self::ACTION, None),
            None => Need::new(Self::ACTION, Resource::Any),
        };
        Ok(vec![need])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let (row, user_name) = access_keys::find(call, grant, &input.access_key_id).await?;
        let not_applicable = || "N/A".to_owned();
        let last = row.last_used;
        Ok(Output {
            user_name,
            access_key_last_used: AccessKeyLastUsed {
                last_used_date: last.as_ref().map(|last| last.at.into()),
                service_name: last.as_ref().map_or_else(not_applicable, |last| last.service.clone()),
                region: last.as_ref().map_or_else(not_applicable, |last| last.region.clone()),
            },
        })
    }
}
