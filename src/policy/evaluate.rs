//! The decision over all the policies that apply to a request, by the rules of IAM.
//!
//! An explicit deny anywhere wins. Within one account an identity policy or a resource policy must allow; across
//! accounts both must. Guards, boundary and session policies only restrict. A resource policy that names an account
//! hands the decision to that account: inside the account an identity policy must still allow. One that names a user or
//! a role session in person grants within the account whatever boundary and session policies leave out; one that names
//! the role or everybody does not. A role's trust policy is never optional: nobody assumes a role that does not trust
//! them, whatever their own policies say.

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
    /// A statement that allows the caller in person.
    person: Option<Origin>,
}

impl Verdict {
    /// The place of what a statement allows that names the caller so.
    fn granted(&mut self, naming: Naming) -> &mut Option<Origin> {
        match naming {
            Naming::InPerson => &mut self.person,
            Naming::Absent | Naming::Direct => &mut self.allow,
            Naming::ByAccount => &mut self.account,
        }
    }
}

/// Decides whether a request may go on. `resource_account` is the account that owns the resource.
pub fn evaluate(policies: &Policies, request: &Request, resource_account: &str) -> Decision {
    judge(policies, &Scope::new(request, resource_account))
}

pub(crate) fn judge(policies: &Policies, scope: &Scope) -> Decision {
    let reason = match weigh(policies, scope) {
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
    let resource_layer = policies.resource_layer();
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
    let home = principal.belongs_to_account() && principal.account == scope.resource_account;
    if home && let Some(origin) = &resource.person {
        return Ok(Grant::Statement(origin.clone()));
    }
    let direct = resource.person.or(resource.allow).map(Grant::Statement);
    let by = if !principal.belongs_to_account() {
        direct.ok_or(Reason::Implicit(resource_layer))?
    } else if home && resource_layer == Layer::Trust {
        match (direct, resource.account, identity) {
            (Some(direct), _, _) => direct,
            (None, None, _) => return Err(Reason::Implicit(Layer::Trust)),
            (None, Some(_), identity) => identity.ok_or(Reason::Implicit(Layer::Identity))?,
        }
    } else if home {
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
            scope.meter.step();
            let naming = statement.naming(scope);
            let settled = statement.effect == Effect::Allow && verdict.granted(naming).is_some();
            if naming == Naming::Absent || settled || !statement.applies(scope) {
                continue;
            }
            let origin =
                Origin { layer, policy: Arc::clone(&policy.label), statement: index, sid: statement.sid.clone() };
            match (statement.effect, naming) {
                (Effect::Deny, _) => return Err(Reason::Explicit(origin)),
                (Effect::Allow, naming) => *verdict.granted(naming) = Some(origin),
            }
        }
    }
    Ok(verdict)
}

impl Policies<'_> {
    /// Whether the resource's policies are those of a role, which say who may assume it.
    pub(crate) fn resource_layer(&self) -> Layer {
        let trust = self.resource.iter().any(|policy| policy.document.kind == Kind::Trust);
        if trust { Layer::Trust } else { Layer::Resource }
    }
}

pub(crate) fn fits(kind: Kind, layer: Layer) -> bool {
    match layer {
        Layer::Resource => kind == Kind::Resource,
        Layer::Trust => kind == Kind::Trust,
        Layer::Identity | Layer::Guard | Layer::Boundary | Layer::Session => kind == Kind::Identity,
    }
}

impl Statement {
    /// How the statement names the caller. An identity policy speaks to whoever it is attached to.
    pub(crate) fn naming(&self, scope: &Scope) -> Naming {
        let principal = scope.request.principal;
        match &self.principal {
            None => Naming::Direct,
            Some(Selection::Only(set)) => set.naming(principal),
            Some(Selection::AllBut(set)) if set.spares(principal) => Naming::Absent,
            Some(Selection::AllBut(_)) => Naming::Direct,
        }
    }

    /// Whether action, resource and conditions fit the request.
    pub(crate) fn applies(&self, scope: &Scope) -> bool {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::context::Context;
    use crate::principal::Principal;

    const RESOURCE: &str = "arn:aws:ecr:us-east-1:111122223333:repository/team/app";

    fn statement() -> impl Strategy<Value = String> {
        let actions = vec!["ecr:*", "*", "ecr:Put*Tag", "ecr:*a*a*a*e", "iam:Get*"];
        let resources = vec![
            "*",
            RESOURCE,
            "arn:aws:ecr:*:*:repository/*/${aws:username}*",
            "arn:aws:ecr:us*st-?:*:repository/*a*p*p*x",
        ];
        let conditions = vec![
            "{}",
            r#"{"StringNotLike":{"aws:UserAgent":["*a*a*b","${aws:username}*","x"]}}"#,
            r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]},"Bool":{"aws:SecureTransport":true}}"#,
        ];
        (select(vec!["Allow", "Deny"]), select(actions), select(resources), select(conditions)).prop_map(
            |(effect, action, resource, condition)| {
                format!(
                    r#"{{"Effect":"{effect}","Action":"{action}","Resource":"{resource}","Condition":{condition}}}"#
                )
            },
        )
    }

    /// The steps of an evaluation, which count matching, and one for each statement.
    fn steps(statements: &[String]) -> u64 {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        let document = Document::parse(&text, Kind::Identity, usize::MAX).unwrap();
        let policies = [Policy { label: "p".into(), document: Arc::new(document) }];
        let principal =
            Principal { kind: PrincipalKind::User { name: "anna".into() }, ..Principal::root("111122223333") };
        let mut context = Context::new();
        context.set("aws:UserAgent", "aaaaaaaaaaaaaaaaaaaa/1").set_all("aws:TagKeys", ["a".into(), "b".into()]);
        let request = Request { principal: &principal, action: "ecr:PutImage", resource: RESOURCE, context: &context };
        let scope = Scope::new(&request, "111122223333");
        let _ = weigh(&Policies { identity: &policies, ..Policies::default() }, &scope);
        scope.meter.steps()
    }

    proptest! {
        #[test]
        fn steps_grow_no_faster_than_the_documents(statements in prop::collection::vec(statement(), 1..20)) {
            let once = steps(&statements);
            for times in [2, 4, 8] {
                prop_assert!(steps(&vec![statements.clone(); times].concat()) <= once * times as u64);
            }
            // No single statement costs more than its patterns times the texts that they meet.
            let text: usize = statements.iter().map(String::len).sum();
            prop_assert!(once <= (text * RESOURCE.len()) as u64);
        }
    }
}
