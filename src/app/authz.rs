//! What they may do: every request is judged by the policies of the moment, from memory.

use std::time::SystemTime;

use aws::{Need, Resource};
use policy::{Context, Policies, Policy, PrincipalKind, Request};
use types::{AccountId, RegistryId, RepoName};

use crate::{Action, Ctx, Error, Result, Snapshot};

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
    /// The permit of whoever holds a ticket that was given out to somebody who had it.
    pub(crate) fn by_ticket(registry: RegistryId, repository: RepoName, action: Action) -> Self {
        Self { registry, repository, actions: vec![action] }
    }
}

/// Proof that a call of the API may do what it needs. Only [`authorize_needs`] makes one.
#[derive(Debug, Clone)]
pub struct Grant {
    needs: Vec<Need>,
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

    /// [`Grant::require`], on the resource of that ARN.
    pub fn require_on(&self, action: &str, arn: &str) -> Result<()> {
        if self.needs.iter().any(|need| need.action == action && need.resource.arn() == arn) {
            return Ok(());
        }
        tracing::error!(action, arn, permitted = ?self.needs, "a rule was called without the grant that it needs");
        Err(Error::Internal)
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
    let context = request_context(ctx);
    for action in actions {
        judge(ctx, action.as_str(), &resource, &context)?;
    }
    Ok(Permit { registry: ctx.registry.clone(), repository: repository.clone(), actions: actions.to_vec() })
}

/// Judges whether the caller may do all that a call of the API needs.
pub fn authorize_needs(ctx: &Ctx, needs: &[Need]) -> Result<Grant> {
    let common = request_context(ctx);
    for need in needs {
        let mut context = common.clone();
        for (key, values) in &need.conditions {
            context.set_all(key, values.iter().cloned());
        }
        judge(ctx, need.action, &need.resource, &context)?;
    }
    Ok(Grant { needs: needs.to_vec() })
}

/// Judges whether the caller could do something in the repository of a permit if it had this policy.
pub(crate) fn would_allow(ctx: &Ctx, action: Action, permit: &Permit, policy: &Policy) -> Result<()> {
    let resource = Resource::Repository(permit.registry.clone(), permit.repository.clone());
    judge_by(ctx, &ctx.app.snapshot(), action.as_str(), &resource, &request_context(ctx), Some(policy))
}

/// One action on one resource, by the policies of the caller and of the resource.
fn judge(ctx: &Ctx, action: &str, resource: &Resource, context: &Context) -> Result<()> {
    let snapshot = ctx.app.snapshot();
    let of_resource = match resource {
        Resource::Repository(registry, name) => snapshot.repository_policy(registry, name),
        Resource::Any | Resource::Arn(..) => None,
    };
    judge_by(ctx, &snapshot, action, resource, context, of_resource)
}

fn judge_by(
    ctx: &Ctx,
    snapshot: &Snapshot,
    action: &str,
    resource: &Resource,
    context: &Context,
    of_resource: Option<&Policy>,
) -> Result<()> {
    let arn = resource.arn();
    let mut tagged = None;
    let own = &ctx.identity.principal.account;
    let account = match resource {
        // An action without a resource is about the caller's own account.
        Resource::Any if own.is_empty() => ctx.registry.account.as_str(),
        Resource::Any => own.as_str(),
        Resource::Repository(registry, name) => {
            let tags = ctx.app.resource_tags();
            let tags = tags.of(registry, name);
            if !tags.is_empty() {
                let with_tags = tagged.insert(context.clone());
                for (key, value) in tags {
                    with_tags
                        .set(&format!("aws:ResourceTag/{key}"), value)
                        .set(&format!("ecr:ResourceTag/{key}"), value);
                }
            }
            registry.account.as_str()
        }
        Resource::Arn(account, _) => AccountId::as_str(account),
    };
    let context = tagged.as_ref().unwrap_or(context);
    let of_registry = registry_policy(ctx, snapshot, action, resource);
    let of_resource: Vec<Policy> = of_resource.into_iter().chain(of_registry).cloned().collect();
    let policies = Policies {
        identity: &ctx.identity.policies,
        resource: &of_resource,
        boundary: ctx.identity.boundary.as_ref(),
        ..Policies::default()
    };
    let request = Request { principal: &ctx.identity.principal, action, resource: &arn, context };
    let decision = policy::evaluate(&policies, &request, account);
    match policy::denial_message(&decision, &request) {
        Some(message) => Err(Error::Denied(message)),
        None => Ok(()),
    }
}

/// The registry policy that has a say in an action of ECR, beside the policy of the repository.
fn registry_policy<'s>(ctx: &Ctx, snapshot: &'s Snapshot, action: &str, resource: &Resource) -> Option<&'s Policy> {
    let registry = match resource {
        Resource::Repository(registry, _) => registry,
        // An action without a resource is about the caller's own registry.
        Resource::Any if action.starts_with("ecr:") => &ctx.registry,
        Resource::Any | Resource::Arn(..) => return None,
    };
    // A password is good for all registries, so none of them has a say in it.
    let on_policy = match Action::named(action) {
        Some(Action::GetAuthorizationToken) => return None,
        Some(Action::PutRegistryPolicy | Action::GetRegistryPolicy | Action::DeleteRegistryPolicy) => true,
        _ => false,
    };
    // The root of the account can always undo what locks everybody out.
    let principal = &ctx.identity.principal;
    let owner = principal.kind == PrincipalKind::Root && principal.account == registry.account.as_str();
    snapshot.registries().policy(registry).filter(|_| !(owner && on_policy))
}

/// What conditions may ask about the request.
fn request_context(ctx: &Ctx) -> Context {
    let mut context = Context::new();
    context
        .set_address("aws:SourceIp", ctx.source)
        .set_bool("aws:SecureTransport", ctx.secure)
        .set_time("aws:CurrentTime", SystemTime::now().into());
    context
}
