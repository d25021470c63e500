//! Whether a role trusts somebody who has no account here: whom an identity provider vouches for. Whoever signs requests
//! is judged in [`crate::authz`] like for everything else.

use policy::{Policies, Principal, PrincipalKind, Request};

use crate::facts::RequestFacts;
use crate::{Ctx, Role};

/// Whether the trust policy of a role allows an action to somebody that a provider vouches for.
pub fn trusts(
    ctx: &Ctx,
    role: &Role,
    provider_arn: &str,
    subject: &str,
    action: &str,
    conditions: &[(String, Vec<String>)],
) -> bool {
    let principal = Principal {
        user_id: subject.to_owned(),
        kind: PrincipalKind::Federated { provider: provider_arn.to_owned() },
        ..Principal::anonymous()
    };
    let facts = RequestFacts::new(ctx).with_conditions(conditions).with_resource_tags("iam", &role.tags);
    let request = Request { principal: &principal, action, resource: &role.arn, context: &facts };
    let policies = Policies { resource: std::slice::from_ref(&role.trust), ..Policies::default() };
    policy::evaluate(&policies, &request, role.account.as_str()).is_allowed()
}
