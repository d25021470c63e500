//! The decision over all the policies that apply to a request, by the rules of IAM.
//!
//! An explicit deny anywhere wins. Within one account an identity policy or a resource policy must allow; across
//! accounts both must. Guards, boundary and session policies only restrict, and they restrict everybody: unlike on AWS,
//! a resource policy that names a user or a role session does not lift that caller's boundary. A resource policy that
//! names an account hands the decision to that account: inside the account an identity policy must still allow.

use std::sync::Arc;

use crate::decision::{Decision, Grant, Layer, Origin, Reason};
use crate::document::{Document, Effect, Kind, Selection, Statement};
use crate::pattern::Pattern;
use crate::principal::PrincipalKind;
use crate::principal_set::Naming;
use crate::request::{Request, Scope};

/// A document with the name under which decisions report it: an ARN, or `repository policy of app`.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The name.
    pub label: Arc<str>,
    /// The document.
    pub document: Arc<Document>,
}

/// All the policies that apply to a request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Policies<'a> {
    /// Of the user or role and its groups; any of them may allow.
    pub identity: &'a [Policy],
    /// Of the resource: repository and registry policy, or a role's trust policy; any of them may allow.
    pub resource: &'a [Policy],
    /// The permissions boundary; it must allow if there is one.
    pub boundary: Option<&'a Policy>,
    /// The session policies; if the session has them, one must allow. None at all is not the same as an empty list.
    pub session: Option<&'a [Policy]>,
    /// Limits from above the account; each of them must allow.
    pub guards: &'a [Policy],
}

/// What one layer says, if none of its statements denies.
#[derive(Default)]
struct Verdict {
    /// A statement that allows.
    allow: Option<Origin>,
    /// A statement that allows the caller's account, but not the caller by name.
    account: Option<Origin>,
}

/// Decides whether a request may go on. `resource_account` is the account that owns the resource.
pub fn evaluate(policies: &Policies, request: &Request, resource_account: &str) -> Decision {
    let scope = Scope::new(request, resource_account);
    let reason = match weigh(policies, &scope) {
        // Statements that were given up on count as not matching, so no result can be trusted.
        _ if scope.meter.exhausted() => Reason::TooComplex,
        Ok(by) => return Decision::Allow { by },
        Err(reason) => reason,
    };
    Decision::Deny { reason }
}

fn weigh(policies: &Policies, scope: &Scope) -> Result<Grant, Reason> {
    // Every layer is read before any allow counts: a deny may stand in the last one.
    let mut unguarded = false;
    for guard in policies.guards {
        unguarded |= read(std::slice::from_ref(guard), Layer::Guard, scope)?.allow.is_none();
    }
    let trust = policies.resource.iter().any(|policy| policy.document.kind == Kind::Trust);
    let resource_layer = if trust { Layer::Trust } else { Layer::Resource };
    let resource = read(policies.resource, resource_layer, scope)?;
    let identity = read(policies.identity, Layer::Identity, scope)?;
    let boundary = match policies.boundary {
        Some(boundary) => Some(read(std::slice::from_ref(boundary), Layer::Boundary, scope)?),
        None => None,
    };
    let session = match policies.session {
        Some(session) => Some(read(session, Layer::Session, scope)?),
        None => None,
    };

    if unguarded {
        return Err(Reason::Implicit(Layer::Guard));
    }
    let principal = scope.request.principal;
    let identity = match principal.kind {
        PrincipalKind::Root => Some(Grant::AccountRoot),
        PrincipalKind::User { .. } | PrincipalKind::RoleSession { .. } => identity.allow.map(Grant::Statement),
        // The others have no identity policies: what the resource says is all there is.
        PrincipalKind::Service { .. } | PrincipalKind::Federated { .. } | PrincipalKind::Anonymous => None,
    };
    let direct = resource.allow.map(Grant::Statement);
    let by = if !principal.belongs_to_account() {
        direct.ok_or(Reason::Implicit(resource_layer))?
    } else if principal.account == scope.resource_account {
        identity.or(direct).ok_or(Reason::Implicit(Layer::Identity))?
    } else if identity.is_none() {
        return Err(Reason::Implicit(Layer::Identity));
    } else {
        direct.or(resource.account.map(Grant::Statement)).ok_or(Reason::Implicit(resource_layer))?
    };
    if boundary.is_some_and(|verdict| verdict.allow.is_none()) {
        return Err(Reason::Implicit(Layer::Boundary));
    }
    if session.is_some_and(|verdict| verdict.allow.is_none()) {
        return Err(Reason::Implicit(Layer::Session));
    }
    Ok(by)
}

/// Reads all statements of a layer. An explicit deny is the error.
fn read(policies: &[Policy], layer: Layer, scope: &Scope) -> Result<Verdict, Reason> {
    let mut verdict = Verdict::default();
    for policy in policies {
        let statements = match &policy.document.statements {
            // A document of another kind would be misread: an identity policy on a repository names no principal.
            Ok(statements) if fits(policy.document.kind, layer) => statements,
            _ => {
                return Err(Reason::Unreadable { layer, policy: Arc::clone(&policy.label) });
            }
        };
        for (index, statement) in statements.iter().enumerate() {
            let naming = statement.naming(scope);
            let settled = statement.effect == Effect::Allow
                && (verdict.allow.is_some() || (naming == Naming::ByAccount && verdict.account.is_some()));
            if naming == Naming::Absent || settled || !statement.applies(scope) {
                continue;
            }
            let origin =
                Origin { layer, policy: Arc::clone(&policy.label), statement: index, sid: statement.sid.clone() };
            match (statement.effect, naming) {
                (Effect::Deny, _) => return Err(Reason::Explicit(origin)),
                (Effect::Allow, Naming::ByAccount) => verdict.account = Some(origin),
                (Effect::Allow, _) => verdict.allow = Some(origin),
            }
        }
    }
    Ok(verdict)
}

fn fits(kind: Kind, layer: Layer) -> bool {
    match layer {
        Layer::Resource => kind == Kind::Resource,
        Layer::Trust => kind == Kind::Trust,
        Layer::Identity | Layer::Guard | Layer::Boundary | Layer::Session => kind == Kind::Identity,
    }
}

impl Statement {
    /// How the statement names the caller. An identity policy speaks to whoever it is attached to.
    fn naming(&self, scope: &Scope) -> Naming {
        let principal = scope.request.principal;
        match &self.principal {
            None => Naming::Direct,
            Some(Selection::Only(set)) => set.naming(principal),
            Some(Selection::AllBut(set)) if set.spares(principal) => Naming::Absent,
            Some(Selection::AllBut(_)) => Naming::Direct,
        }
    }

    /// Whether action, resource and conditions fit the request.
    fn applies(&self, scope: &Scope) -> bool {
        let action = selects(&self.action, &scope.action, self.effect, scope);
        let resource = |selection| selects(selection, scope.request.resource, self.effect, scope);
        action
            && self.resource.as_ref().is_none_or(resource)
            && self.conditions.iter().all(|condition| condition.holds(scope, self.effect))
    }
}

/// Whether an element or its `Not…` form covers a text. A pattern with an unknown variable covers nothing; in the
/// `Not…` form, where that would widen the statement, an `Allow` does not apply at all.
fn selects(selection: &Selection<Vec<Pattern>>, text: &str, effect: Effect, scope: &Scope) -> bool {
    match selection {
        Selection::Only(patterns) => patterns.iter().any(|pattern| pattern.matches(text, scope) == Some(true)),
        Selection::AllBut(patterns) => patterns.iter().all(|pattern| match pattern.matches(text, scope) {
            Some(matches) => !matches,
            None => effect == Effect::Deny,
        }),
    }
}
