//! What they may do: every request is judged by the policies of the moment, from memory.

use std::time::SystemTime;

use policy::{Context, Policies, Request};
use types::{Arn, RegistryId, RepoName};

use crate::{Ctx, Error, Result};

/// The actions of ECR that requests of the registry protocol need.
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

    /// Fails when a front asked for other actions than the rule needs: a fault of the program, so nothing happens.
    pub(crate) fn require(&self, action: Action) -> Result<()> {
        if self.actions.contains(&action) {
            return Ok(());
        }
        tracing::error!(?action, permitted = ?self.actions, "a rule was called without the permit that it needs");
        Err(Error::Internal)
    }
}

/// Judges whether the caller may do all of `actions` in a repository, whether or not that exists.
pub fn authorize(ctx: &Ctx, actions: &[Action], repository: &RepoName) -> Result<Permit> {
    let snapshot = ctx.app.snapshot();
    let resource = Arn::repository(&ctx.registry, repository);
    let context = request_context(ctx);
    let policies = Policies {
        identity: &ctx.identity.policies,
        resource: snapshot.repository_policy(&ctx.registry, repository).map(std::slice::from_ref).unwrap_or_default(),
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
    Ok(Permit { registry: ctx.registry.clone(), repository: repository.clone(), actions: actions.to_vec() })
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
