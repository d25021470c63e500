//! `CreatePolicy`: makes a managed policy, whose document becomes version v1.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use types::Arn;

use crate::checks::Checks;
use crate::error::Error;
use crate::shapes::Policy;
use crate::tags::Tag;
use crate::{managed_policies, tags};

/// The operation.
pub(crate) struct CreatePolicy;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    policy_name: String,
    path: Option<String>,
    policy_document: String,
    description: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    policy: Policy,
}

impl Operation for CreatePolicy {
    type Call = Call;
    const NAME: &'static str = "CreatePolicy";
    const ACTION: &'static str = "iam:CreatePolicy";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Checks::new()
            .policy_name(&input.policy_name)
            .policy_path("path", input.path.as_deref())
            .document("policyDocument", &input.policy_document)
            .policy_description(input.description.as_deref())
            .finish()?;
        tags::check_of_policy(&input.tags)?;
        let path = input.path.as_deref().unwrap_or("/");
        let on = |action| {
            let arn = Arn::policy(call.account(), path, &input.policy_name);
            tags::with_request_tags(Need::new(action, Resource::Arn(call.account().clone(), arn)), &input.tags)
        };
        let mut needs = vec![on(Self::ACTION)];
        if !input.tags.is_empty() {
            needs.push(on("iam:TagPolicy"));
        }
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let new = managed_policies::New {
            name: input.policy_name,
            path: input.path.unwrap_or_else(|| "/".to_owned()),
            document: input.policy_document,
            description: input.description,
            tags: input.tags.clone(),
        };
        let policy = managed_policies::create(call, grant, new).await?;
        Ok(Output { policy: Policy::made(policy, input.tags) })
    }
}
