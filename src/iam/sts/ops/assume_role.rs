//! `AssumeRole`: temporary credentials of a role, for whoever its trust policy names and whose own policies allow it.
//! MFA is not known: a call that shows an MFA device is refused, and no session was ever begun with one.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>

use app::api::Call;
use app::{Grant, sessions};
use aws::{Common, Fault, Need, Operation, Resource, Violations};
use policy::PrincipalKind;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::sts::input::{self, Parts, PolicyDescriptor, Tag};
use crate::sts::judged;
use crate::sts::output::{AssumedRoleUser, Credentials};

/// The operation.
pub(crate) struct AssumeRole;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_arn: String,
    role_session_name: String,
    duration_seconds: Option<i64>,
    policy: Option<String>,
    #[serde(default)]
    policy_arns: Vec<PolicyDescriptor>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    transitive_tag_keys: Vec<String>,
    external_id: Option<String>,
    source_identity: Option<String>,
    serial_number: Option<String>,
    token_code: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    credentials: Credentials,
    assumed_role_user: AssumedRoleUser,
    #[serde(skip_serializing_if = "Option::is_none")]
    packed_policy_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
}

impl Input {
    fn parts(&self) -> Parts<'_> {
        Parts {
            name: &self.role_session_name,
            duration: self.duration_seconds,
            policy: self.policy.as_deref(),
            policy_arns: &self.policy_arns,
            tags: &self.tags,
            transitive_tag_keys: &self.transitive_tag_keys,
            source_identity: self.source_identity.as_deref(),
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let mut violations = Violations::new();
        input::check_role_arn(&mut violations, &self.role_arn);
        self.parts().check(&mut violations);
        if let Some(external_id) = &self.external_id {
            let legal = |character: char| character.is_ascii_alphanumeric() || "_+=,.@:/-".contains(character);
            violations.length("externalId", external_id, 2..=1224);
            violations.pattern("externalId", external_id, r"[\w+=,.@:\/-]*", legal);
        }
        violations.finish()
    }
}

impl Operation for AssumeRole {
    type Call = Call;
    const NAME: &'static str = "AssumeRole";
    const ACTION: &'static str = "sts:AssumeRole";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        input.check()?;
        if call.login.identity.principal.kind == PrincipalKind::Root {
            return Err(Fault::common(Common::AccessDenied, "Roles may not be assumed by root accounts.").into());
        }
        if input.serial_number.is_some() || input.token_code.is_some() {
            let message = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
            return Err(Fault::common(Common::AccessDenied, message).into());
        }
        let (account, arn) = input::role(&input.role_arn)?;
        let wanted = sessions::inherit(&call.login, input.parts().wanted())?;
        let mut conditions = judged::conditions(&wanted);
        conditions.extend(input.external_id.clone().map(|id| ("sts:ExternalId".to_owned(), vec![id])));
        let need = |action| {
            let need = Need::new(action, Resource::Arn(account.clone(), arn.clone()));
            Need { conditions: conditions.clone(), ..need }
        };
        Ok(judged::actions("sts:AssumeRole", &wanted).into_iter().map(need).collect())
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        let (_, arn) = input::role(&input.role_arn)?;
        let role = grant.role("sts:AssumeRole", arn.as_str())?;
        let wanted = sessions::inherit(&call.login, input.parts().wanted())?;
        let assumed = sessions::assume_role(&call.ctx, &call.login, role, wanted)?;
        Ok(Output {
            credentials: assumed.credentials.into(),
            assumed_role_user: AssumedRoleUser { assumed_role_id: assumed.id, arn: assumed.arn },
            packed_policy_size: assumed.packed_policy_size,
            source_identity: assumed.source_identity,
        })
    }
}
