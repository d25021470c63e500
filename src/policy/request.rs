//! One request to be judged, and the view of it that a single evaluation works with. The values of condition keys
//! that follow from the principal are derived here.

use crate::context::Facts;
use crate::glob::Meter;
use crate::pattern::fold;
use crate::principal::{Principal, PrincipalKind};

/// Who wants to do what to which resource.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who.
    pub principal: &'a Principal,
    /// The action as IAM spells it, `ecr:PutImage`.
    pub action: &'a str,
    /// The ARN of the resource, or `*` for actions that have none. Not a pattern: `*` here is just that character.
    pub resource: &'a str,
    /// What else is known about the request.
    pub context: &'a dyn Facts,
}

/// A request during one evaluation.
pub(crate) struct Scope<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) resource_account: &'a str,
    /// The action, folded once for all the patterns it meets.
    pub(crate) action: String,
    pub(crate) meter: Meter,
}

/// The values of one condition key.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    one: Option<&'a str>,
    many: &'a [String],
}

impl<'a> Values<'a> {
    /// Whether the key is absent.
    pub(crate) fn is_empty(&self) -> bool {
        self.one.is_none() && self.many.is_empty()
    }

    /// The values in turn.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.one.into_iter().chain(self.many.iter().map(String::as_str))
    }
}

impl<'a> Scope<'a> {
    /// Begins an evaluation.
    pub(crate) fn new(request: &'a Request<'a>, resource_account: &'a str) -> Self {
        Self { request, resource_account, action: fold(request.action), meter: Meter::default() }
    }

    /// The values of a condition key, which is in lower case. The derived keys win over the context's, but for what it says
    /// in their place.
    pub(crate) fn values(&self, key: &str) -> Values<'a> {
        let principal = self.request.principal;
        let instead = self.request.context.instead(key);
        if !instead.is_empty() {
            return Values { one: None, many: instead };
        }
        let one = match key {
            "aws:principalarn" => principal.policy_arn(),
            "aws:principalaccount" => principal.belongs_to_account().then_some(principal.account.as_str()),
            "aws:principaltype" => Some(principal.type_name()),
            "aws:principalisawsservice" => {
                Some(if matches!(principal.kind, PrincipalKind::Service { .. }) { "true" } else { "false" })
            }
            "aws:userid" => Some(principal.user_id.as_str()),
            "aws:username" => match &principal.kind {
                PrincipalKind::User { name } => Some(name.as_str()),
                _ => None,
            },
            "aws:resourceaccount" => Some(self.resource_account),
            _ => {
                return Values { one: None, many: self.request.context.get(key) };
            }
        };
        Values { one, many: &[] }
    }

    /// The value of a key that has exactly one: what a policy variable stands for.
    pub(crate) fn single(&self, key: &str) -> Option<&'a str> {
        let mut values = self.values(key).iter();
        values.next().filter(|_| values.next().is_none())
    }
}
