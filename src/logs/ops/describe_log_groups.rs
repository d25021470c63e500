//! `DescribeLogGroups`: groups by name, those that begin so or have that in their names.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html>

use app::Grant;
use app::api::Call;
use aws::Violations;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::names::{GroupName, check_group, finish};
use crate::paging;
use crate::shapes::LogGroup;
use crate::{failures, groups, tokens};

/// The operation.
pub(crate) struct DescribeLogGroups;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    account_identifiers: Option<Vec<String>>,
    include_linked_accounts: Option<bool>,
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_group_identifiers: Option<Vec<String>>,
    log_group_class: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    log_groups: Vec<LogGroup>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for DescribeLogGroups {
    type Call = Call;
    const NAME: &'static str = "DescribeLogGroups";
    const ACTION: &'static str = "logs:DescribeLogGroups";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let mut violations = Violations::new();
        if let Some(prefix) = &input.log_group_name_prefix {
            check_group(&mut violations, "logGroupNamePrefix", prefix);
        }
        if let Some(pattern) = input.log_group_name_pattern.as_deref().filter(|pattern| !pattern.is_empty()) {
            check_group(&mut violations, "logGroupNamePattern", pattern);
        }
        finish(&violations)?;
        paging::limit(input.limit, 50, 50)?;
        Ok(vec![GroupName::none().need(call, Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
            return Err(failures::invalid(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
            ));
        }
        if input.account_identifiers.is_some_and(|accounts| !accounts.is_empty())
            || input.include_linked_accounts == Some(true)
        {
            return Err(failures::invalid("Linked accounts are not supported."));
        }
        if let Some(identifiers) = &input.log_group_identifiers {
            if identifiers.len() > 50 {
                return Err(failures::invalid("At most 50 log groups can be named."));
            }
            let names = identifiers.iter().map(|one| GroupName::read_either(call, None, Some(one)));
            let found = groups::list_named(call, grant, &names.collect::<Result<Vec<_>, _>>()?).await?;
            return Ok(Output { log_groups: found.into_iter().map(LogGroup::of).collect(), next_token: None });
        }
        // There is one class, so another one has no groups.
        if input.log_group_class.is_some_and(|class| class != "STANDARD") {
            return Ok(Output { log_groups: Vec::new(), next_token: None });
        }
        let filter = (input.log_group_name_prefix.as_deref(), input.log_group_name_pattern.as_deref());
        let list = serde_json::json!([Self::NAME, filter.0, filter.1]).to_string();
        let after: Option<String> = tokens::open(call, &list, input.next_token.as_deref())?;
        let limit = paging::limit(input.limit, 50, 50)?;
        let page = groups::list(call, grant, filter, &after.unwrap_or_default(), limit).await?;
        let next_token = page.after.map(|after| tokens::seal(call, &list, &after)).transpose()?;
        Ok(Output { log_groups: page.groups.into_iter().map(LogGroup::of).collect(), next_token })
    }
}
