//! Everything that speaks to a request, for the policy simulator: not only the statement that decides, as
//! [`evaluate`](crate::evaluate) reports it, but all that match. Requests are never judged by it.

use std::sync::Arc;

use crate::decision::{Decision, Layer, Origin, Reason};
use crate::document::Effect;
use crate::evaluate::{Policies, Policy, fits, judge};
use crate::principal_set::Naming;
use crate::request::{Request, Scope};

/// A decision with its statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What [`evaluate`](crate::evaluate) decides, or that finding all that speaks for it takes too long.
    pub decision: Decision,
    /// The statements that make the decision: for an explicit deny all that deny, else all of the identity and the
    /// resource that allow. They are there even when a boundary or session policy then does not allow.
    pub matched: Vec<Origin>,
    /// Whether the permissions boundary allows, if there is one.
    pub boundary: Option<bool>,
    /// What it took, in steps of matching: a measure for whoever asks for many.
    pub steps: u64,
}

/// Decides a request and says all that speaks for the decision.
pub fn explain(policies: &Policies, request: &Request, resource_account: &str) -> Explanation {
    let judged = Scope::new(request, resource_account);
    let mut decision = judge(policies, &judged);
    let scope = Scope::new(request, resource_account);
    let (mut allows, mut denies) = (Vec::new(), Vec::new());
    let resource_layer = policies.resource_layer();
    let layers: [(&[Policy], Layer); 5] = [
        (policies.identity, Layer::Identity),
        (policies.resource, resource_layer),
        (policies.boundary.map(std::slice::from_ref).unwrap_or_default(), Layer::Boundary),
        (policies.session.unwrap_or_default(), Layer::Session),
        (policies.guards, Layer::Guard),
    ];
    for (policies, layer) in layers {
        for policy in policies.iter().filter(|policy| fits(policy.document.kind, layer)) {
            for (index, statement) in policy.document.statements.iter().flatten().enumerate() {
                scope.meter.step();
                if statement.naming(&scope) == Naming::Absent || !statement.applies(&scope) {
                    continue;
                }
                let (label, sid) = (Arc::clone(&policy.label), statement.sid.clone());
                let origin = Origin { layer, policy: label, statement: index, sid };
                match statement.effect {
                    Effect::Allow => allows.push(origin),
                    Effect::Deny => denies.push(origin),
                }
            }
        }
    }
    if scope.meter.exhausted() {
        decision = Decision::Deny { reason: Reason::TooComplex };
    }
    let of = |layer: Layer| move |origin: &Origin| origin.layer == layer;
    let boundary =
        policies.boundary.map(|_| allows.iter().any(of(Layer::Boundary)) && !denies.iter().any(of(Layer::Boundary)));
    let explicit = matches!(decision, Decision::Deny { reason: Reason::Explicit(_) });
    allows.retain(|origin| matches!(origin.layer, Layer::Identity | Layer::Resource | Layer::Trust));
    let matched = if explicit { denies } else { allows };
    Explanation { decision, matched, boundary, steps: judged.meter.steps() + scope.meter.steps() }
}
