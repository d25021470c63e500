//! Tokens for scanners beside the registry. Each pulls one image, for a while, and does nothing else: what it may is in the
//! token and not in any policy, so no policy of a repository widens it. It lives in its token, as sessions do.

use std::sync::Arc;
use std::time::Duration;

use policy::{Document, Kind, Policy, Principal, PrincipalKind};
use serde::{Deserialize, Serialize};
use store::{Conn, edges};
use types::{Digest, RegistryId, RepoName};

use super::session::{self, Bearer, Opened, Session};
use super::token::Use;
use crate::{Action, App, Ctx, Error, Identity, Result};

/// The name of the role that scanners seem to have. No role has this path: IAM creates none below `aws-service-role`.
const ROLE: &str = "WharfImageScanner";

/// All that a scanner may do.
const ACTIONS: [Action; 3] =
    [Action::BatchGetImage, Action::GetDownloadUrlForLayer, Action::BatchCheckLayerAvailability];

/// The one image that a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScannedImage {
    #[serde(rename = "a")]
    account: String,
    #[serde(rename = "r")]
    region: String,
    #[serde(rename = "n")]
    repository: String,
    #[serde(rename = "d")]
    digest: String,
}

impl ScannedImage {
    /// An image of a repository.
    pub(crate) fn new(registry: &RegistryId, repository: &RepoName, digest: &Digest) -> Self {
        Self {
            account: registry.account.as_str().to_owned(),
            region: registry.region.as_str().to_owned(),
            repository: repository.as_str().to_owned(),
            digest: digest.as_str().to_owned(),
        }
    }

    /// Whoever has the token.
    pub(crate) fn identity(&self, opened: &Arc<Opened>) -> Identity {
        let Self { account, region, repository, .. } = self;
        // Names of repositories have no character that means something in a policy.
        let document = serde_json::json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Action": ACTIONS.map(Action::as_str),
                "Resource": format!("arn:aws:ecr:{region}:{account}:repository/{repository}"),
            }],
        });
        let document = Document::from_stored(&document.to_string(), Kind::Identity);
        let policy = Policy { label: "the token of a scanner".into(), document: Arc::new(document) };
        let principal = Principal {
            account: account.clone(),
            arn: format!("arn:aws:sts::{account}:assumed-role/{ROLE}/scan"),
            user_id: format!("{ROLE}:scan"),
            kind: PrincipalKind::RoleSession {
                role_arn: format!("arn:aws:iam::{account}:role/aws-service-role/scanning.wharf/{ROLE}"),
            },
        };
        Identity { policies: vec![policy], session: Some(Arc::clone(opened)), ..Identity::plain(principal) }
    }
}

/// A token for a scanner that is to look into an image.
pub(crate) fn issue(app: &App, image: ScannedImage, usage: Use, ttl: Duration) -> Result<String> {
    let now = app.now();
    let until = now.after(ttl);
    let session = Session {
        access_key_id: ROLE.to_owned(),
        secret: None,
        bearer: Bearer::Scanner(image),
        issued_at: now.seconds(),
        expires_at: until.seconds(),
        policy: None,
        policy_arns: Vec::new(),
        tags: Vec::new(),
        transitive_tag_keys: Vec::new(),
        source_identity: None,
        federation: None,
    };
    session::seal_registry_token(app, &session, usage, until)
}

/// Refuses a manifest to a scanner that is to look into another image.
pub(crate) fn require_image(ctx: &Ctx, digest: &Digest) -> Result<()> {
    match ctx.identity.scanned_image() {
        Some(image) if image.digest != digest.as_str() => Err(denied(digest)),
        _ => Ok(()),
    }
}

/// Refuses a blob to a scanner that is to look into an image of which it is no part.
pub(crate) async fn require_blob(ctx: &Ctx, conn: &mut Conn, repository_id: &str, digest: &Digest) -> Result<()> {
    let Some(image) = ctx.identity.scanned_image() else {
        return Ok(());
    };
    let manifest: Digest = image.digest.parse()?;
    for kind in [edges::Kind::Layer, edges::Kind::Config] {
        let parts = edges::list_children(conn, repository_id, &[&manifest], kind).await?;
        if parts.iter().any(|(_, part)| part == digest) {
            return Ok(());
        }
    }
    Err(denied(digest))
}

fn denied(digest: &Digest) -> Error {
    Error::Denied(format!("the token of a scanner is for one image, of which {digest} is no part"))
}
