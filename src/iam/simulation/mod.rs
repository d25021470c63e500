//! The policy simulator: what evaluation would decide about actions that nobody has asked for yet. It is the evaluation
//! that judges requests, with policies, caller and facts that the input describes.

pub(crate) mod context_keys;
pub(crate) mod input;
pub(crate) mod output;
pub(crate) mod sources;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use policy::{
    Context, Decision, Facts, Origin, Policies, Policy, Position, Principal, Reason, Request, explain,
    statement_positions,
};
use serde::Serialize;
use types::AccountId;

use self::sources::Source;

/// Keys that follow from the account, whoever would ask.
const OF_ANYBODY: [&str; 3] = ["aws:principalaccount", "aws:principalisawsservice", "aws:resourceaccount"];

/// Keys that follow from the caller, if that is somebody in particular.
const OF_CALLER: [&str; 4] = ["aws:principalarn", "aws:principaltype", "aws:userid", "aws:username"];

/// How many statements, and how many missing keys, a result names at most.
const MOST_NAMED: usize = 10_000;

/// Everything but action and resource, as it is given.
pub(crate) struct Setting {
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
    /// The keys that nobody has to give, in lower case: those of the context, and what follows from the caller.
    pub(crate) given: BTreeSet<String>,
}

/// What the input says, also of the caller and of the owner of resources.
#[derive(Debug)]
struct Said(Context);

impl Facts for Said {
    fn get(&self, lowercase_key: &str) -> &[String] {
        self.0.get(lowercase_key)
    }

    fn instead(&self, lowercase_key: &str) -> &[String] {
        self.0.get(lowercase_key)
    }
}

/// A setting, with all that is the same for every action and resource.
pub(crate) struct Scene {
    caller: Principal,
    identity: Vec<Policy>,
    boundary: Option<Policy>,
    resource: Vec<Policy>,
    owner: AccountId,
    context: Said,
    /// How each policy is reported, by the label that it has here.
    shown: HashMap<Arc<str>, Shown>,
    /// The keys that policies ask for and the input does not give.
    missing: Vec<String>,
}

/// How a policy is reported.
struct Shown {
    id: String,
    kind: &'static str,
    statements: Vec<(Position, Position)>,
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
    /// What it took to find this out.
    #[serde(skip)]
    steps: u64,
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
    /// Prepares a setting.
    pub(crate) fn new(setting: Setting) -> Self {
        let Setting { caller, identity, boundary, resource, owner, context, given } = setting;
        let missing = missing(identity.iter().chain(&boundary).chain(&resource), &given);
        let mut shown = HashMap::new();
        // Ids are for people, and two policies may have the same one: a policy `b_c` of a group `a`, and `c` of `a_b`.
        let mut label = |source: Source| {
            let label: Arc<str> = shown.len().to_string().into();
            let statements = statement_positions(&source.text);
            shown.insert(Arc::clone(&label), Shown { id: source.id, kind: source.kind, statements });
            Policy { label, document: source.document }
        };
        Self {
            identity: identity.into_iter().map(&mut label).collect(),
            boundary: boundary.map(&mut label),
            resource: resource.into_iter().map(&mut label).collect(),
            caller,
            owner,
            context: Said(context),
            shown,
            missing,
        }
    }

    /// Decides about one action on one resource.
    pub(crate) fn evaluate(&self, action: &str, resource: &str) -> Result<EvaluationResult, TooComplex> {
        let policies = Policies {
            identity: &self.identity,
            resource: &self.resource,
            boundary: self.boundary.as_ref(),
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
        let matched = explanation.matched.iter().take(MOST_NAMED);
        Ok(EvaluationResult {
            eval_action_name: action.to_owned(),
            eval_resource_name: resource.to_owned(),
            eval_decision,
            matched_statements: matched.filter_map(|origin| self.statement(origin)).collect(),
            missing_context_values: self.missing.clone(),
            permissions_boundary_decision_detail: explanation
                .boundary
                .map(|allowed_by_permissions_boundary| BoundaryDetail { allowed_by_permissions_boundary }),
            steps: explanation.steps,
        })
    }

    /// The account of a resource: what its ARN says, else who owns all others.
    fn owner_of<'a>(&'a self, resource: &'a str) -> &'a str {
        let account = resource.split(':').nth(4);
        account.filter(|account| account.parse::<AccountId>().is_ok()).unwrap_or(self.owner.as_str())
    }

    fn statement(&self, origin: &Origin) -> Option<MatchedStatement> {
        let place = |position: Position| Place { line: position.line, column: position.column };
        let shown = self.shown.get(&origin.policy)?;
        let positions = shown.statements.get(origin.statement).copied();
        Some(MatchedStatement {
            source_policy_id: shown.id.clone(),
            source_policy_type: shown.kind,
            start_position: positions.map(|(first, _)| place(first)),
            end_position: positions.map(|(_, last)| place(last)),
        })
    }
}

impl EvaluationResult {
    /// About how many bytes it has in an answer.
    fn bytes(&self) -> usize {
        let matched = self.matched_statements.iter().map(|statement| 256 + statement.source_policy_id.len());
        let missing = self.missing_context_values.iter().map(|key| 32 + key.len());
        let names = self.eval_action_name.len() + self.eval_resource_name.len();
        256 + names + matched.chain(missing).sum::<usize>()
    }
}

/// The keys that policies ask for and the input does not give.
fn missing<'s>(sources: impl Iterator<Item = &'s Source>, given: &BTreeSet<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    sources
        .flat_map(|source| source.document.context_keys())
        .filter(|key| {
            let key = key.to_lowercase();
            !given.contains(&key) && seen.insert(key)
        })
        .take(MOST_NAMED)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
