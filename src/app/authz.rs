//! What they may do: every request is judged by the policies of the moment, from memory.

use std::time::SystemTime;

use policy::{Context, Policies, Policy, Request};
use types::{Arn, RegistryId, RepoName};

use crate::{Ctx, Error, Result, repositories};

/// The actions of ECR that rules need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Ask whether a blob is there.
    BatchCheckLayerAvailability,
    /// Read a blob.
    GetDownloadUrlForLayer,
    /// Read a manifest, or its referrers.
    BatchGetImage,
    /// List tags.
    ListImages,
    /// See that a repository exists.
    DescribeRepositories,
    /// Begin an upload.
    InitiateLayerUpload,
    /// Send bytes.
    UploadLayerPart,
    /// Finish an upload.
    CompleteLayerUpload,
    /// Push a manifest or a tag.
    PutImage,
    /// Delete tags, manifests and blobs.
    BatchDeleteImage,
    /// Create a repository.
    CreateRepository,
    /// Delete a repository.
    DeleteRepository,
    /// Change whether tags may move.
    PutImageTagMutability,
    /// Change whether images are scanned when they are pushed.
    PutImageScanningConfiguration,
    /// Set the policy of a repository.
    SetRepositoryPolicy,
    /// Read the policy of a repository.
    GetRepositoryPolicy,
    /// Remove the policy of a repository.
    DeleteRepositoryPolicy,
    /// Set tags of a repository as an AWS resource.
    TagResource,
    /// Remove such tags.
    UntagResource,
    /// List such tags.
    ListTagsForResource,
    /// See what is known of images.
    DescribeImages,
}

impl Action {
    /// As IAM spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BatchCheckLayerAvailability => "ecr:BatchCheckLayerAvailability",
            Self::GetDownloadUrlForLayer => "ecr:GetDownloadUrlForLayer",
            Self::BatchGetImage => "ecr:BatchGetImage",
            Self::ListImages => "ecr:ListImages",
            Self::DescribeRepositories => "ecr:DescribeRepositories",
            Self::InitiateLayerUpload => "ecr:InitiateLayerUpload",
            Self::UploadLayerPart => "ecr:UploadLayerPart",
            Self::CompleteLayerUpload => "ecr:CompleteLayerUpload",
            Self::PutImage => "ecr:PutImage",
            Self::BatchDeleteImage => "ecr:BatchDeleteImage",
            Self::CreateRepository => "ecr:CreateRepository",
            Self::DeleteRepository => "ecr:DeleteRepository",
            Self::PutImageTagMutability => "ecr:PutImageTagMutability",
            Self::PutImageScanningConfiguration => "ecr:PutImageScanningConfiguration",
            Self::SetRepositoryPolicy => "ecr:SetRepositoryPolicy",
            Self::GetRepositoryPolicy => "ecr:GetRepositoryPolicy",
            Self::DeleteRepositoryPolicy => "ecr:DeleteRepositoryPolicy",
            Self::TagResource => "ecr:TagResource",
            Self::UntagResource => "ecr:UntagResource",
            Self::ListTagsForResource => "ecr:ListTagsForResource",
            Self::DescribeImages => "ecr:DescribeImages",
        }
    }
}

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

    /// The failure of not finding the repository.
    pub(crate) fn repository_unknown(&self) -> Error {
        repositories::unknown(&self.registry, &self.repository)
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

/// Proof that somebody may do something in a whole registry, where no one repository is named.
#[derive(Debug, Clone)]
pub struct RegistryPermit {
    registry: RegistryId,
    action: Action,
}

impl RegistryPermit {
    /// The registry that it is for.
    pub fn registry(&self) -> &RegistryId {
        &self.registry
    }

    /// Like [`Permit::require`].
    pub(crate) fn require(&self, action: Action) -> Result<()> {
        if self.action == action {
            return Ok(());
        }
        tracing::error!(?action, permitted = ?self.action, "a rule was called without the permit that it needs");
        Err(Error::Internal)
    }
}

/// Judges whether the caller may do all of `actions` in a repository, whether or not that exists.
pub fn authorize(ctx: &Ctx, actions: &[Action], repository: &RepoName) -> Result<Permit> {
    let snapshot = ctx.app.snapshot();
    let resource = snapshot.repository_policy(&ctx.registry, repository).map(std::slice::from_ref).unwrap_or_default();
    judge(ctx, actions, repository, resource)?;
    Ok(Permit { registry: ctx.registry.clone(), repository: repository.clone(), actions: actions.to_vec() })
}

/// Judges whether the caller could do something in the repository of a permit if it had this policy.
pub(crate) fn would_allow(ctx: &Ctx, action: Action, permit: &Permit, policy: &Policy) -> Result<()> {
    judge(ctx, &[action], permit.repository(), std::slice::from_ref(policy))
}

fn judge(ctx: &Ctx, actions: &[Action], repository: &RepoName, policies: &[Policy]) -> Result<()> {
    let resource = Arn::repository(&ctx.registry, repository);
    let mut context = request_context(ctx);
    for (key, value) in ctx.app.resource_tags().of(&ctx.registry, repository) {
        context.set(&format!("aws:ResourceTag/{key}"), value).set(&format!("ecr:ResourceTag/{key}"), value);
    }
    let policies = Policies {
        identity: &ctx.identity.policies,
        resource: policies,
        boundary: ctx.identity.boundary.as_ref(),
        ..Policies::default()
    };
    for action in actions {
        let request = Request {
            principal: &ctx.identity.principal,
            action: action.as_str(),
            resource: resource.as_str(),
            context: &context,
        };
        let decision = policy::evaluate(&policies, &request, ctx.registry.account.as_str());
        if let Some(message) = policy::denial_message(&decision, &request) {
            return Err(Error::Denied(message));
        }
    }
    Ok(())
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
