//! `ListAccountSettings`: what a principal has set, or what holds for it.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListAccountSettings.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};

use crate::account_settings::{self, Setting};
use crate::error::{Error, Result};
use crate::paging::Paging;

/// The operation.
pub(crate) struct ListAccountSettings;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    name: Option<String>,
    value: Option<String>,
    principal_arn: Option<String>,
    #[serde(default)]
    effective_settings: bool,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    settings: Vec<Setting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListAccountSettings {
    type Call = Call;
    const NAME: &'static str = "ListAccountSettings";
    const ACTION: &'static str = "ecs:ListAccountSettings";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        grant.require(Self::ACTION)?;
        let (name, value) = (input.name.as_deref(), input.value.as_deref());
        if value.is_some() && name.is_none() {
            return Err(Error::InvalidParameter("A value needs the name of its setting.".to_owned()));
        }
        let principal = account_settings::principal(call, input.principal_arn.as_deref())?;
        let effective = input.effective_settings.to_string();
        let subject = [principal.as_str(), &effective, name.unwrap_or_default(), value.unwrap_or_default()];
        let paging = Paging::read(call, Self::NAME, &subject, input.next_token.as_deref(), input.max_results, 10)?;
        let mut conn = call.ctx.app.db().reader().await?;
        let mut found =
            account_settings::list(&mut conn, &call.ctx.registry, &principal, input.effective_settings).await?;
        found.retain(|setting| {
            name.is_none_or(|name| setting.name == name)
                && value.is_none_or(|value| setting.value == value)
                && setting.name > paging.after.as_str()
        });
        let (settings, next_token) = paging.page(call, found, |setting| setting.name)?;
        Ok(Output { settings, next_token })
    }
}
