//! What the two operations of the simulator have in common in their inputs.

use std::collections::BTreeSet;

use app::api::Call;
use aws::Fault;
use policy::{Context, Kind, Principal, PrincipalKind};
use serde::Deserialize;
use types::AccountId;

use super::sources::{self, Owner, Source};
use super::{OF_ANYBODY, OF_CALLER, Setting};
use crate::checks::Checks;
use crate::error::Error;

/// How many policies a list may have. AWS names no number; what can apply to one user there is less.
const MOST_POLICIES: usize = 500;

/// The types of facts. An operator reads a value as its own type, so that they change nothing.
const TYPES: [&str; 12] = [
    "string",
    "stringList",
    "numeric",
    "numericList",
    "boolean",
    "booleanList",
    "ip",
    "ipList",
    "binary",
    "binaryList",
    "date",
    "dateList",
];

/// A fact about the simulated request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ContextEntry {
    context_key_name: Option<String>,
    context_key_type: Option<String>,
    #[serde(default)]
    context_key_values: Vec<String>,
}

/// The parts of an input that say what is to be simulated.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Simulated {
    /// Whose policies they are; only of `SimulatePrincipalPolicy`.
    pub(crate) policy_source_arn: Option<String>,
    #[serde(default)]
    pub(crate) policy_input_list: Vec<String>,
    #[serde(default)]
    pub(crate) permissions_boundary_policy_input_list: Vec<String>,
    pub(crate) action_names: Vec<String>,
    #[serde(default)]
    pub(crate) resource_arns: Vec<String>,
    pub(crate) resource_policy: Option<String>,
    pub(crate) resource_owner: Option<String>,
    pub(crate) caller_arn: Option<String>,
    #[serde(default)]
    pub(crate) context_entries: Vec<ContextEntry>,
    pub(crate) marker: Option<String>,
    pub(crate) max_items: Option<i64>,
}

impl Simulated {
    /// Checks what can be checked before anything is looked up.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let mut checks = policy_list(Checks::new(), "policyInputList", &self.policy_input_list);
        checks =
            policy_list(checks, "permissionsBoundaryPolicyInputList", &self.permissions_boundary_policy_input_list);
        if let Some(policy) = &self.resource_policy {
            checks = checks.document("resourcePolicy", policy);
        }
        for (index, action) in self.action_names.iter().enumerate() {
            checks = checks.length(&format!("actionNames.{}.member", index + 1), action, 3, 128);
        }
        for (index, arn) in self.resource_arns.iter().enumerate() {
            checks = checks.length(&format!("resourceArns.{}.member", index + 1), arn, 1, 2048);
        }
        for (index, entry) in self.context_entries.iter().enumerate() {
            let member = format!("contextEntries.{}.member.contextKeyType", index + 1);
            checks = checks.one_of(&member, entry.context_key_type.as_deref(), &TYPES);
        }
        checks.max_items(self.max_items).finish()?;
        if self.action_names.is_empty() {
            return Err(Fault::new("InvalidInput", "ActionNames must not be empty.").into());
        }
        if self.permissions_boundary_policy_input_list.len() > 1 {
            return Err(Fault::new("InvalidInput", "PermissionsBoundaryPolicyInputList takes one policy.").into());
        }
        let unnamed = self.action_names.iter().find(|action| !action.contains(':'));
        match unnamed {
            Some(action) => {
                Err(Fault::new("InvalidInput", format!("{action} is not an action: it has no service.")).into())
            }
            None => Ok(()),
        }
    }

    /// The policies of the list.
    pub(crate) fn policies(list: &[String]) -> Result<Vec<Source>, Error> {
        let source = |(index, text): (usize, &String)| {
            Source::input(&format!("PolicyInputList.{}", index + 1), "none", Kind::Identity, text)
        };
        list.iter().enumerate().map(source).collect()
    }

    /// The setting of a simulation for somebody, or for nobody in particular.
    pub(crate) fn setting(&self, call: &Call, owner: Option<Owner>) -> Result<Setting, Error> {
        let owner = owner.unwrap_or(Owner { caller: None, identity: Vec::new(), boundary: None });
        let mut identity = owner.identity;
        identity.extend(Self::policies(&self.policy_input_list)?);
        let boundary = match self.permissions_boundary_policy_input_list.first() {
            Some(text) => Some(Source::input("PermissionsBoundaryPolicyInputList.1", "none", Kind::Identity, text)?),
            None => owner.boundary,
        };
        let resource = self.resource_policy.as_ref();
        let resource = resource.map(|text| Source::input("ResourcePolicy", "resource", Kind::Resource, text));
        let mut given: BTreeSet<String> = OF_ANYBODY.map(str::to_owned).into();
        if self.caller_arn.is_some() || owner.caller.is_some() {
            given.extend(OF_CALLER.map(str::to_owned));
        }
        let caller = match (&self.caller_arn, owner.caller) {
            (Some(arn), caller) => caller.filter(|caller| caller.arn == *arn).map_or_else(|| user(arn), Ok)?,
            (None, Some(caller)) => caller,
            (None, None) if resource.is_some() => {
                let message =
                    "CallerArn must be given when ResourcePolicy is and the policies are not those of a user.";
                return Err(Fault::new("InvalidInput", message).into());
            }
            (None, None) => somebody(call.account()),
        };
        let default: AccountId = caller.account.parse().map_err(app::Error::from)?;
        let account = match &self.resource_owner {
            Some(text) => owner_account(text)?,
            None => default,
        };
        let mut context = Context::new();
        for entry in &self.context_entries {
            if let Some(key) = &entry.context_key_name {
                context.set_all(key, entry.context_key_values.iter().cloned());
                given.insert(key.to_lowercase());
            }
        }
        Ok(Setting { caller, identity, boundary, resource: resource.transpose()?, owner: account, context, given })
    }

    /// The pair of that number, of every action on every resource in the order of the input.
    pub(crate) fn pair(&self, index: usize) -> Option<(&str, &str)> {
        let resources = self.resource_arns.len().max(1);
        let action = self.action_names.get(index / resources)?;
        Some((action, self.resource_arns.get(index % resources).map_or("*", String::as_str)))
    }
}

/// Checks a list of policies as far as their texts go.
pub(crate) fn policy_list(mut checks: Checks, member: &str, list: &[String]) -> Checks {
    checks = checks.count(member, list.len(), MOST_POLICIES);
    for (index, policy) in list.iter().take(MOST_POLICIES).enumerate() {
        checks = checks.document(&format!("{member}.{}.member", index + 1), policy);
    }
    checks
}

/// A user that calls in the simulation. Whether it exists does not matter.
fn user(arn: &str) -> Result<Principal, Error> {
    let (account, named, arn) = sources::parse(arn)?;
    let name = match (named.kind, arn.as_str().rsplit_once('/')) {
        ("user", Some((_, name))) => name.to_owned(),
        _ => return Err(Fault::new("InvalidInput", "CallerArn must be the ARN of a user.").into()),
    };
    Ok(Principal {
        account: account.as_str().to_owned(),
        arn: arn.to_string(),
        user_id: name.clone(),
        kind: PrincipalKind::User { name },
    })
}

/// Somebody of an account of whom nothing is known.
fn somebody(account: &AccountId) -> Principal {
    Principal {
        account: account.as_str().to_owned(),
        arn: format!("arn:aws:sts::{account}:assumed-role/simulated/simulated"),
        user_id: "simulated".to_owned(),
        kind: PrincipalKind::RoleSession { role_arn: format!("arn:aws:iam::{account}:role/simulated") },
    }
}

/// The account of `arn:aws:iam::<account>:root`, or of a plain id.
fn owner_account(text: &str) -> Result<AccountId, Error> {
    let id = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.strip_suffix(":root")).unwrap_or(text);
    let invalid = || Fault::new("InvalidInput", "ResourceOwner must be the ARN of an account.");
    Ok(id.parse().map_err(|_| invalid())?)
}
