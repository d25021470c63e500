//! Names of images as `docker pull` takes them: `HOST/REPOSITORY:TAG`, `HOST/REPOSITORY@DIGEST`. Those of this server are
//! told from all others here, and what they mean is looked up. Who may pull them is not asked.

use store::{Conn, manifests};
use types::{Digest, Reference, RegistryId, RepoName, Tag};

use crate::{Config, Result};

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
