//! Names of images as `docker pull` takes them: `HOST/REPOSITORY:TAG`, `HOST/REPOSITORY@DIGEST`. Those of this server are
//! told from all others here, and what they mean is looked up.

use aws::Resource;
use policy::{Context, Policies, Policy, Principal, PrincipalKind, Request, evaluate};
use store::{Conn, manifests};
use types::{AccountId, Arn, Digest, Reference, RegistryId, RepoName, Tag};

use crate::{Action, App, Config, Result};

/// An image of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The registry that the host stands for.
    pub registry: RegistryId,
    /// The repository.
    pub repository: RepoName,
    /// The tag or the digest; `latest` if there is neither.
    pub reference: Reference,
}

/// The image that `text` names, if it is one of this server. `host` is a host, perhaps with a port, by which a client
/// reached it.
pub fn parse(config: &Config, host: &str, text: &str) -> Option<Named> {
    let (named, rest) = text.split_once('/')?;
    let registry = registry(config, host, named)?;
    let (rest, digest) = match rest.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest.parse::<Digest>().ok()?)),
        None => (rest, None),
    };
    let (repository, tag) = match rest.rsplit_once(':') {
        Some((repository, tag)) => (repository, tag),
        None => (rest, "latest"),
    };
    let reference = match digest {
        Some(digest) => Reference::Digest(digest),
        None => Reference::Tag(tag.parse::<Tag>().ok()?),
    };
    Some(Named { registry, repository: repository.parse().ok()?, reference })
}

/// [`parse`], for somebody of an account: an image that is none of their business is none of this server.
pub fn of_account(app: &App, account: &AccountId, host: &str, text: &str) -> Option<Named> {
    parse(app.config(), host, text).filter(|named| named.is_open_to(app, account))
}

/// The registry that a host stands for: the default one under the plain names of this server, and others under
/// `<account>.dkr.ecr.<region>.` before them, or as the operator has them.
fn registry(config: &Config, host: &str, named: &str) -> Option<RegistryId> {
    let external = config.external_url.as_deref().and_then(|url| url.split_once("://")).map(|(_, host)| host);
    let own = [Some(host).filter(|host| !host.is_empty()), external];
    let is_own = |name: &str| own.iter().flatten().any(|own| own.eq_ignore_ascii_case(name));
    if is_own(named) {
        return Some(config.registry.clone());
    }
    if let Some(template) = &config.registry_host {
        return by_template(template, named);
    }
    let labels: Vec<&str> = named.splitn(5, '.').collect();
    let [account, "dkr", "ecr", region, rest] = labels[..] else {
        return None;
    };
    // The client itself may have come by such a name.
    let plain = |own: &str| {
        own.split_once(".dkr.ecr.").and_then(|(_, rest)| rest.split_once('.')).map(|(_, rest)| rest.to_owned())
    };
    let known = is_own(rest) || own.iter().flatten().any(|own| plain(own).is_some_and(|own| own == rest));
    known.then(|| Some(RegistryId { account: account.parse().ok()?, region: region.parse().ok()? })).flatten()
}

/// The registry for which `{account}` and `{region}` of a template give this host.
fn by_template(template: &str, named: &str) -> Option<RegistryId> {
    let account = named.split(|byte: char| !byte.is_ascii_digit()).find(|part| part.len() == 12)?;
    let (before, after) = template.split_once("{region}")?;
    let before = before.replace("{account}", account);
    let after = after.replace("{account}", account);
    let region = named.strip_prefix(&before)?.strip_suffix(&after)?;
    Some(RegistryId { account: account.parse().ok()?, region: region.parse().ok()? })
}

impl Named {
    /// Whether an account may pull it, as the policies of its repository and its registry say. What they say of some users or
    /// roles of the account alone is not enough.
    fn is_open_to(&self, app: &App, account: &AccountId) -> bool {
        if self.registry.account == *account {
            return true;
        }
        let (snapshot, registry) = (app.snapshot(), &self.registry);
        let of_repository = snapshot.repository_policy(registry, &self.repository);
        let of_registry = snapshot.registries().policy(&registry.account, &registry.region);
        let policies: Vec<Policy> = of_repository.into_iter().chain(of_registry).cloned().collect();
        let root = Principal {
            account: account.as_str().to_owned(),
            arn: Arn::root(account).to_string(),
            user_id: account.as_str().to_owned(),
            kind: PrincipalKind::Root,
        };
        let resource = Resource::Repository(registry.clone(), self.repository.clone()).arn();
        let context = Context::new();
        let action = Action::BatchGetImage.as_str();
        let request = Request { principal: &root, action, resource: &resource, context: &context };
        let policies = Policies { resource: &policies, ..Policies::default() };
        evaluate(&policies, &request, registry.account.as_str()).is_allowed()
    }

    /// What it means now, if the repository has it.
    pub async fn digest(&self, conn: &mut Conn) -> Result<Option<Digest>> {
        let found = match &self.reference {
            Reference::Tag(tag) => manifests::find_by_tag(conn, &self.registry, &self.repository, tag).await?,
            Reference::Digest(digest) => {
                manifests::find_by_digest(conn, &self.registry, &self.repository, digest).await?
            }
        };
        Ok(found.and_then(|found| found.digest))
    }
}
