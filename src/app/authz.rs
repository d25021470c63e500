//! What they may do: every request is judged by the policies of the moment, from memory.

use std::sync::Arc;

use aws::{Need, Resource};
use policy::{Policies, Policy, PrincipalKind, Request};
use store::repositories::RepositoryRow;
use types::{AccountId, RegistryId, RepoName};

use crate::facts::RequestFacts;
use crate::resource_tags::ResourceTags;
use crate::{Action, Ctx, Error, Result, Role, Snapshot, stored_tags};

/// Proof that somebody may do something in one repository. Only [`authorize`] makes one, so a rule that asks for it
/// cannot be reached past authorization.
#[derive(Debug, Clone)]
pub struct Permit {
    registry: RegistryId,
    repository: RepoName,
    actions: Vec<Action>,
}

impl Permit {
    /// The repository that it is for. Whether it exists is another question.
    pub fn repository(&self) -> &RepoName {
        &self.repository
    }

    /// The registry that the repository is in.
    pub fn registry(&self) -> &RegistryId {
        &self.registry
    }

    /// The failure that the repository does not exist.
    pub(crate) fn repository_unknown(&self) -> Error {
        Error::RepositoryUnknown { registry: self.registry.clone(), repository: self.repository.clone() }
    }

    /// Fails when a front asked for other actions than the rule needs: a fault of the program, so nothing happens.
    pub(crate) fn require(&self, action: Action) -> Result<()> {
        if self.actions.contains(&action) {
            return Ok(());
        }
        tracing::error!(?action, permitted = ?self.actions, "a rule was called without the permit that it needs");
        Err(Error::Internal)
    }
}

impl Permit {
    /// The permit of the registry itself, for what an operator asked it to do with a repository.
    pub(crate) fn of_registry(repository: &RepositoryRow, actions: &[Action]) -> Self {
        Self { registry: repository.registry.clone(), repository: repository.name.clone(), actions: actions.to_vec() }
    }

    /// The permit of whoever holds a ticket that was given out to somebody who had it.
    pub(crate) fn by_ticket(registry: RegistryId, repository: RepoName, action: Action) -> Self {
        Self { registry, repository, actions: vec![action] }
    }
}

/// Proof that a call of the API may do what it needs. Only [`authorize_needs`] makes one.
#[derive(Debug, Clone)]
pub struct Grant {
    needs: Vec<Need>,
    /// The roles that sessions are asked of.
    roles: Vec<Arc<Role>>,
}

impl Grant {
    /// Fails when an operation did not ask for what its rule needs: a fault of the program, so nothing happens.
    pub fn require(&self, action: &str) -> Result<()> {
        if self.needs.iter().any(|need| need.action == action) {
            return Ok(());
        }
        tracing::error!(action, permitted = ?self.needs, "a rule was called without the grant that it needs");
        Err(Error::Internal)
    }

    /// Whether it was given for an action on the resource of that ARN.
    pub fn covers(&self, action: &str, arn: &str) -> bool {
        self.needs.iter().any(|need| need.action == action && need.resource.arn() == arn)
    }

    /// [`Grant::require`], on the resource of that ARN.
    pub fn require_on(&self, action: &str, arn: &str) -> Result<()> {
        if self.covers(action, arn) {
            return Ok(());
        }
        tracing::error!(action, arn, permitted = ?self.needs, "a rule was called without the grant that it needs");
        Err(Error::Internal)
    }

    /// [`Grant::require_on`], with the role as it was judged: one that was made by its name since may trust others.
    pub fn role(&self, action: &str, arn: &str) -> Result<&Role> {
        self.require_on(action, arn)?;
        let role = self.roles.iter().find(|role| role.arn == arn);
        role.map(Arc::as_ref).ok_or(Error::Internal)
    }

    /// What it says about one repository, for the rules that the registry protocol shares. It covers nothing if the call
    /// did not ask for that repository.
    pub fn permit(&self, registry: &RegistryId, repository: &RepoName) -> Permit {
        let about = |need: &&Need| matches!(&need.resource, Resource::Repository(its, name) if its == registry && name == repository);
        let actions = self.needs.iter().filter(about).filter_map(|need| Action::named(need.action)).collect();
        Permit { registry: registry.clone(), repository: repository.clone(), actions }
    }
}

/// Judges whether the caller may do all of `actions` in a repository, whether or not that exists.
pub fn authorize(ctx: &Ctx, actions: &[Action], repository: &RepoName) -> Result<Permit> {
    let resource = Resource::Repository(ctx.registry.clone(), repository.clone());
    let (snapshot, arn) = (ctx.app.snapshot(), resource.arn());
    for action in actions {
        judge(ctx, &snapshot, action.as_str(), &resource, &arn, &[], &[])?;
    }
    Ok(Permit { registry: ctx.registry.clone(), repository: repository.clone(), actions: actions.to_vec() })
}

/// Judges whether the caller may do all that a call of the API needs.
pub async fn authorize_needs(ctx: &Ctx, needs: &[Need]) -> Result<Grant> {
    let snapshot = ctx.app.snapshot();
    let mut roles = Vec::new();
    for need in needs {
        let (arn, tags) = (need.resource.arn(), stored_tags::of(ctx, &need.resource).await?);
        judge(ctx, &snapshot, need.action, &need.resource, &arn, &need.conditions, &tags).map_err(|error| {
            match (error, &need.called) {
                (Error::Denied(message), Some(called)) => Error::Denied(message.replacen(
                    &format!(" on resource: {arn}"),
                    &format!(" on resource: {called}"),
                    1,
                )),
                (error, _) => error,
            }
        })?;
        if need.action.starts_with("sts:") {
            roles.extend(snapshot.role(&arn).cloned());
        }
    }
    Ok(Grant { needs: needs.to_vec(), roles })
}

/// What the resource's side says: whose it is, its policies and its tags.
struct Side<'a> {
    account: &'a str,
    policies: &'a [Policy],
    /// The prefix of the keys of its service for tags.
    service: &'static str,
    tags: &'a [(String, String)],
}

impl<'a> Side<'a> {
    /// None: the resource would have to have a policy, and does not exist.
    fn of(
        ctx: &'a Ctx,
        snapshot: &'a Snapshot,
        tags: &'a ResourceTags,
        stored: &'a [(String, String)],
        action: &str,
        resource: &'a Resource,
    ) -> Option<Self> {
        let own = ctx.identity.principal.account.as_str();
        let plain = |account| Self { account, policies: &[], service: "", tags: &[] };
        Some(match resource {
            // An action without a resource is about the caller's own account.
            Resource::Any if own.is_empty() => plain(ctx.registry.account.as_str()),
            Resource::Any => plain(own),
            Resource::Repository(registry, name) => Self {
                policies: snapshot.repository_policy(registry, name).map(std::slice::from_ref).unwrap_or_default(),
                service: "ecr",
                tags: tags.of(registry, name),
                ..plain(registry.account.as_str())
            },
            // Who may assume a role is what its trust policy says, and that of no role trusts nobody.
            Resource::Arn(account, arn) if action.starts_with("sts:") => {
                let role = snapshot.role(arn.as_str())?;
                let policies = std::slice::from_ref(&role.trust);
                Self { policies, service: "iam", tags: &role.tags, ..plain(AccountId::as_str(account)) }
            }
            Resource::Arn(account, arn) => {
                Self { service: stored_tags::service(arn.as_str()), tags: stored, ..plain(AccountId::as_str(account)) }
            }
        })
    }
}

/// Judges whether the caller could do something in the repository of a permit if it had this policy.
pub(crate) fn would_allow(ctx: &Ctx, action: Action, permit: &Permit, policy: &Policy) -> Result<()> {
    let resource = Resource::Repository(permit.registry.clone(), permit.repository.clone());
    let (snapshot, tags, arn) = (ctx.app.snapshot(), ctx.app.resource_tags(), resource.arn());
    let side = Side::of(ctx, &snapshot, &tags, &[], action.as_str(), &resource).ok_or(Error::Internal)?;
    let of_registry = registry_policy(ctx, &snapshot, action.as_str(), &resource);
    let side = Side { policies: std::slice::from_ref(policy), ..side };
    weigh(ctx, action.as_str(), side, of_registry, &arn, &[])
}

/// One action on one resource, by the policies of the caller and of the resource. `stored` are the tags of what has its tags
/// in the database alone.
fn judge(
    ctx: &Ctx,
    snapshot: &Snapshot,
    action: &str,
    resource: &Resource,
    arn: &str,
    conditions: &[(String, Vec<String>)],
    stored: &[(String, String)],
) -> Result<()> {
    let tags = ctx.app.resource_tags();
    let Some(side) = Side::of(ctx, snapshot, &tags, stored, action, resource) else {
        let facts = RequestFacts::new(ctx);
        let request = Request { principal: &ctx.identity.principal, action, resource: arn, context: &facts };
        return Err(Error::Denied(policy::unexplained_denial(&request)));
    };
    weigh(ctx, action, side, registry_policy(ctx, snapshot, action, resource), arn, conditions)
}

fn weigh(
    ctx: &Ctx,
    action: &str,
    side: Side<'_>,
    of_registry: Option<&Policy>,
    arn: &str,
    conditions: &[(String, Vec<String>)],
) -> Result<()> {
    let principal = &ctx.identity.principal;
    // Either of them may allow, and either may deny.
    let both: Vec<Policy>;
    let of_resource = match of_registry {
        None => side.policies,
        Some(of_registry) => {
            both = side.policies.iter().chain([of_registry]).cloned().collect();
            &both
        }
    };
    let policies = match ctx.identity.scanned_image() {
        // The operator lets it look into images: policies have no say in it, and grant it nothing beyond its token.
        Some(_) => {
            let own = ctx.identity.policies.as_slice();
            Policies { identity: own, guards: own, ..Policies::default() }
        }
        None => Policies {
            identity: &ctx.identity.policies,
            resource: of_resource,
            boundary: ctx.identity.boundary.as_ref(),
            session: ctx.identity.session_policies.as_deref(),
            guards: &[],
        },
    };
    let facts = RequestFacts::new(ctx).with_conditions(conditions).with_resource_tags(side.service, side.tags);
    let request = Request { principal, action, resource: arn, context: &facts };
    let decision = policy::evaluate(&policies, &request, side.account);
    match policy::denial_message(&decision, &request) {
        // Why a role of another account does not let them in would tell that there is one.
        Some(_) if action.starts_with("sts:") && side.account != principal.account => {
            Err(Error::Denied(policy::unexplained_denial(&request)))
        }
        Some(message) => Err(Error::Denied(message)),
        None => Ok(()),
    }
}

/// The registry policy that has a say in an action of ECR, beside the policy of the repository.
fn registry_policy<'s>(ctx: &Ctx, snapshot: &'s Snapshot, action: &str, resource: &Resource) -> Option<&'s Policy> {
    // A password is good for all registries, so none of them has a say in it.
    if !action.starts_with("ecr:") || action == Action::GetAuthorizationToken.as_str() {
        return None;
    }
    let (account, region) = match resource {
        Resource::Repository(registry, _) => (&registry.account, &registry.region),
        // All repositories of a registry; a call reaches those of one region.
        Resource::Arn(account, _) => (account, &ctx.registry.region),
        // An action without a resource is about the caller's own registry.
        Resource::Any => (&ctx.registry.account, &ctx.registry.region),
    };
    let policy = snapshot.registries().policy(account, region)?;
    // The root of the account can always undo what locks everybody out.
    let principal = &ctx.identity.principal;
    let owner = principal.kind == PrincipalKind::Root && principal.account == account.as_str();
    let undoing = matches!(
        Action::named(action),
        Some(Action::PutRegistryPolicy | Action::GetRegistryPolicy | Action::DeleteRegistryPolicy)
    );
    (!(owner && undoing)).then_some(policy)
}
