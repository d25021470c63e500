//! Where destinations are that belong to other installations: an operator says it, for the registries of one account. What
//! opens them is stored as it is for pull-through cache rules. What an operator says comes first: an account and a region
//! that exist here too are elsewhere all the same.
//!
//! A target is looked at like an upstream of a cache rule: only the registries that the operator named in the settings may be
//! in a network of one's own or speak plain HTTP.

use store::replication_targets::ReplicationTargetRow;
use store::{Commit, Pending, replication_targets};
use types::{AccountId, RegistryId, RepoName};
use upstream::{ChosenBy, PushTo, Upstream};

use super::ORIGIN_HEADER;
use crate::cache;
use crate::registry::cache_rules::{is_secret, secret_account};
use crate::{App, Error, Result};

/// Why nothing can be replicated to a destination that nobody knows.
pub(super) const UNKNOWN: &str = "RegistryNotFound";

/// Says where a destination of an account's registries is.
pub async fn set(
    app: &App,
    owner: &AccountId,
    destination: &RegistryId,
    url: &str,
    repository_prefix: &str,
    credential_arn: Option<&str>,
) -> Result<()> {
    let refused = |text: String| Err(Error::Invalid(text));
    let (plain, host) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(host), _) => (false, host),
        (None, Some(host)) => (true, host),
        (None, None) => return refused(format!("'{url}' does not begin with https:// or http://")),
    };
    let host = host.trim_end_matches('/');
    if host.is_empty() || host.chars().any(|letter| "/?#@\\".contains(letter) || letter.is_whitespace()) {
        return refused(format!("'{url}' is not the address of a registry, such as https://registry.example.com"));
    }
    if *destination == app.config().registry {
        return refused(format!("{} in {} is this registry itself", destination.account, destination.region));
    }
    if reach(app, host, plain).is_none() {
        return refused(format!(
            "{url} is not one of WHARF_CACHE_UPSTREAMS: only those may speak plain HTTP, and those with https may not"
        ));
    }
    if !repository_prefix.is_empty() && repository_prefix.parse::<RepoName>().is_err() {
        return refused(format!("'{repository_prefix}' is not what the name of a repository can begin with"));
    }
    if let Some(arn) = credential_arn
        && !(is_secret(arn) && secret_account(arn) == Some(owner.as_str()))
    {
        return refused(format!("'{arn}' is not the ARN of a secret of {owner} named ecr-pullthroughcache/…"));
    }
    let row = ReplicationTargetRow {
        owner: owner.clone(),
        destination: destination.clone(),
        host: host.to_owned(),
        plain,
        repository_prefix: repository_prefix.to_owned(),
        credential_arn: credential_arn.map(str::to_owned),
        updated_at: app.now(),
    };
    if !app.snapshot().has_account(owner) {
        return refused(format!("there is no account {owner}"));
    }
    app.db()
        .write_with(Commit::Flushed, move |conn| {
            Box::pin(async move { Ok(replication_targets::upsert(conn, &row).await?) }) as Pending<'_, (), Error>
        })
        .await
}

/// All of them.
pub async fn list(app: &App) -> Result<Vec<ReplicationTargetRow>> {
    Ok(replication_targets::list_all(&mut app.db().reader().await?).await?)
}

/// Forgets where a destination is. What is on its way there fails.
pub async fn remove(app: &App, owner: &AccountId, destination: &RegistryId) -> Result<()> {
    let (owner, destination) = (owner.clone(), destination.clone());
    app.db()
        .write(move |conn| {
            Box::pin(async move {
                if !replication_targets::delete(conn, &owner, &destination).await? {
                    let RegistryId { account, region } = destination;
                    return Err(Error::Invalid(format!("there is no target for {account} in {region}")));
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Who chose a host. None if it may not be asked as it is to be.
fn reach(app: &App, host: &str, plain: bool) -> Option<ChosenBy> {
    match app.config().cache_upstreams.iter().find(|own| own.host == host) {
        Some(own) => (own.plain == plain).then_some(ChosenBy::Operator),
        None => (!plain).then_some(ChosenBy::Stranger),
    }
}

/// The repository at a target that stands for one here.
pub(super) async fn open(
    app: &App,
    source: &store::repositories::RepositoryRow,
    target: &ReplicationTargetRow,
) -> Result<std::result::Result<PushTo, &'static str>> {
    let Some(chosen_by) = reach(app, &target.host, target.plain) else {
        return Ok(Err("AddressNotAllowed"));
    };
    let credentials = match &target.credential_arn {
        None => None,
        Some(arn) => match cache::credential(app, &target.owner, arn).await? {
            Some(credentials) => Some(credentials),
            None => return Ok(Err("CredentialsNotFound")),
        },
    };
    let from = &source.registry;
    Ok(Ok(PushTo {
        registry: Upstream { host: target.host.clone(), plain: target.plain, chosen_by, credentials },
        repository: named(target, &source.name),
        origin: (ORIGIN_HEADER, format!("{}/{}", from.account, from.region)),
    }))
}

/// What a repository is called at a target.
pub(super) fn named(target: &ReplicationTargetRow, name: &RepoName) -> String {
    match target.repository_prefix.as_str() {
        "" => name.to_string(),
        prefix => format!("{prefix}/{name}"),
    }
}
