//! Roles that a part of Wharf acts with on behalf of an account, as AWS's services do: the role's trust policy must name the
//! service. Whoever had it do so was asked for `iam:PassRole` before.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use policy::{Policies, Principal, PrincipalKind, Request};
use types::RegistryId;

use crate::facts::RequestFacts;
use crate::sessions::{self, Assumed, Refusal, Wanted};
use crate::{App, Ctx, Error, Identity};

/// Begins a session of a role for a service, such as `ecs-tasks.amazonaws.com`. `registry` is the account and the region
/// that it acts in; roles of other accounts are refused.
pub fn assume(
    app: &Arc<App>,
    registry: &RegistryId,
    service: &str,
    role_arn: &str,
    session_name: &str,
) -> Result<Assumed, Refusal> {
    let ctx = Ctx {
        app: Arc::clone(app),
        identity: Arc::new(Identity::plain(Principal {
            account: String::new(),
            arn: String::new(),
            user_id: service.to_owned(),
            kind: PrincipalKind::Service { name: service.to_owned() },
        })),
        registry: registry.clone(),
        source: IpAddr::V4(Ipv4Addr::LOCALHOST),
        secure: true,
        user_agent: service.to_owned(),
    };
    let snapshot = app.snapshot();
    let denied = || Refusal::Rule(Error::Denied(format!("{service} is unable to assume the role '{role_arn}'.")));
    let role = snapshot.role(role_arn).filter(|role| role.account == registry.account).ok_or_else(denied)?;
    let facts = RequestFacts::new(&ctx).with_resource_tags("iam", &role.tags);
    let request =
        Request { principal: &ctx.identity.principal, action: "sts:AssumeRole", resource: &role.arn, context: &facts };
    let policies = Policies { resource: std::slice::from_ref(&role.trust), ..Policies::default() };
    if !policy::evaluate(&policies, &request, role.account.as_str()).is_allowed() {
        return Err(denied());
    }
    let wanted = Wanted { name: session_name.to_owned(), ..Wanted::default() };
    sessions::begin(&ctx, role, wanted, None)
}
