//! The policy simulator: what evaluation would decide about actions that nobody has asked for yet. It is the evaluation
//! that judges requests, with policies, caller and facts that the input describes.

pub(crate) mod context_keys;
pub(crate) mod input;
pub(crate) mod output;
pub(crate) mod sources;

use std::collections::BTreeSet;

use policy::{
    Context, Decision, Explanation, Layer, Policies, Policy, Position, Principal, Reason, Request, explain,
    statement_positions,
};
use serde::Serialize;
use types::AccountId;

use self::sources::Source;

/// Keys that evaluation derives from the caller or the resource by itself.
const DERIVED: &[&str] = &[
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:resourceaccount",
    "aws:userid",
    "aws:username",
];

/// Everything but action and resource.
pub(crate) struct Scene {
    /// Who would ask.
    pub(crate) caller: Principal,
    /// The policies of the caller and its groups.
    pub(crate) identity: Vec<Source>,
    /// What limits the caller, if anything does.
    pub(crate) boundary: Option<Source>,
    /// The policy of every resource, if they have one.
    pub(crate) resource: Option<Source>,
    /// Who owns resources whose ARN does not say.
    pub(crate) owner: AccountId,
    /// What conditions may ask.
    pub(crate) context: Context,
    /// The keys that the context has, in lower case.
    pub(crate) given: BTreeSet<String>,
}

/// What would become of one action on one resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EvaluationResult {
    eval_action_name: String,
    eval_resource_name: String,
    eval_decision: &'static str,
    matched_statements: Vec<MatchedStatement>,
    missing_context_values: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary_decision_detail: Option<BoundaryDetail>,
}

/// A statement that made the decision.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MatchedStatement {
    source_policy_id: String,
    source_policy_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_position: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_position: Option<Place>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Place {
    line: usize,
    column: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct BoundaryDetail {
    allowed_by_permissions_boundary: bool,
}

/// The policies cannot be evaluated: their wildcards take too long to match.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooComplex;

impl Scene {
    /// Decides about one action on one resource.
    pub(crate) fn evaluate(&self, action: &str, resource: &str) -> Result<EvaluationResult, TooComplex> {
        let identity: Vec<Policy> = self.identity.iter().map(|source| source.policy.clone()).collect();
        let of_resource: Vec<Policy> = self.resource.iter().map(|source| source.policy.clone()).collect();
        let policies = Policies {
            identity: &identity,
            resource: &of_resource,
            boundary: self.boundary.as_ref().map(|source| &source.policy),
            ..Policies::default()
        };
        let request = Request { principal: &self.caller, action, resource, context: &self.context };
        let explanation = explain(&policies, &request, self.owner_of(resource));
        let eval_decision = match &explanation.decision {
            Decision::Allow { .. } => "allowed",
            Decision::Deny { reason: Reason::Explicit(_) | Reason::Unreadable { .. } } => "explicitDeny",
            Decision::Deny { reason: Reason::Implicit(_) } => "implicitDeny",
            Decision::Deny { reason: Reason::TooComplex } => return Err(TooComplex),
        };
        Ok(EvaluationResult {
            eval_action_name: action.to_owned(),
            eval_resource_name: resource.to_owned(),
            eval_decision,
            matched_statements: self.matched(&explanation),
            missing_context_values: self.missing(),
            permissions_boundary_decision_detail: explanation
                .boundary
                .map(|allowed_by_permissions_boundary| BoundaryDetail { allowed_by_permissions_boundary }),
        })
    }

    /// The account of a resource: what its ARN says, else who owns all others.
    fn owner_of<'a>(&'a self, resource: &'a str) -> &'a str {
        let account = resource.split(':').nth(4);
        account.filter(|account| account.parse::<AccountId>().is_ok()).unwrap_or(self.owner.as_str())
    }

    fn matched(&self, explanation: &Explanation) -> Vec<MatchedStatement> {
        let place = |position: Position| Place { line: position.line, column: position.column };
        let statement = |origin: &policy::Origin| {
            let mut sources: Box<dyn Iterator<Item = &Source>> = match origin.layer {
                Layer::Boundary => Box::new(self.boundary.iter()),
                Layer::Resource | Layer::Trust => Box::new(self.resource.iter()),
                Layer::Identity | Layer::Session | Layer::Guard => Box::new(self.identity.iter()),
            };
            let source = sources.find(|source| source.policy.label == origin.policy)?;
            let positions = statement_positions(&source.text).get(origin.statement).copied();
            Some(MatchedStatement {
                source_policy_id: source.id().to_owned(),
                source_policy_type: source.kind,
                start_position: positions.map(|(first, _)| place(first)),
                end_position: positions.map(|(_, last)| place(last)),
            })
        };
        explanation.matched.iter().filter_map(statement).collect()
    }

    /// The keys that policies ask for and the input does not give.
    fn missing(&self) -> Vec<String> {
        let sources = self.identity.iter().chain(&self.boundary).chain(&self.resource);
        let mut seen = BTreeSet::new();
        sources
            .flat_map(|source| source.policy.document.context_keys())
            .filter(|key| {
                let key = key.to_lowercase();
                !DERIVED.contains(&key.as_str()) && !self.given.contains(&key) && seen.insert(key)
            })
            .map(str::to_owned)
            .collect()
    }
}
