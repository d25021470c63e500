//! What an operator does on the command line, beside a running registry or without one. The caller has been authorized
//! by having the database and the master key. Commands about users and their keys are in `iam`.

use std::sync::Arc;

use policy::Kind;
use store::{Pending, signing_keys, stamps};
use types::{RegistryId, RepoName, TagMutability};

use crate::authn::token::{REFRESH_TTL, SigningKey};
use crate::snapshot::check_document;
use crate::{App, Error, Result, authn, lifecycle, repositories, repository_policies};

/// A password for `docker login -u AWS`, for whoever the access key belongs to.
pub fn login_password(app: &App, access_key_id: &str) -> Result<authn::Issued> {
    let snapshot = app.snapshot();
    let key = snapshot
        .access_key(access_key_id)
        .ok_or_else(|| Error::Invalid(format!("access key '{access_key_id}' does not exist or is turned off")))?;
    let access_key_id = Some(access_key_id.to_owned());
    let login = authn::Login { identity: Arc::clone(&key.identity), access_key_id, ends_at: None };
    authn::issue_login_token(app, &login)
}

/// Creates a repository with a tag mutability.
pub async fn create_repository(
    app: &App,
    registry: &RegistryId,
    name: &RepoName,
    tag_mutability: TagMutability,
) -> Result<()> {
    let row = repositories::new(app.new_id(), registry, name, tag_mutability, app.now());
    app.db
        .write(move |conn| {
            Box::pin(async move {
                if !store::repositories::insert(conn, &row).await? {
                    return Err(Error::RepositoryExists { registry: row.registry, repository: row.name });
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Applies the lifecycle policy of a repository. None if it has none.
pub async fn apply_lifecycle_policy(
    app: &Arc<App>,
    registry: &RegistryId,
    name: &RepoName,
) -> Result<Option<lifecycle::run::Applied>> {
    let found = store::repositories::find(&mut app.db.reader().await?, registry, name).await?;
    let found = found.ok_or_else(|| repositories::unknown(registry, name))?;
    lifecycle::run::run(app, &found.repository_id).await
}

/// Changes whether the tags of a repository may move.
pub async fn set_tag_mutability(app: &App, registry: &RegistryId, name: &RepoName, to: TagMutability) -> Result<()> {
    let (registry, name) = (registry.clone(), name.clone());
    app.db
        .write(move |conn| {
            Box::pin(async move {
                let Some(row) = store::repositories::find(conn, &registry, &name).await? else {
                    return Err(repositories::unknown(&registry, &name));
                };
                store::repositories::update_tag_mutability(conn, &row.repository_id, &to).await?;
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Sets the policy of a repository (a JSON document), or removes it.
pub async fn set_repository_policy(
    app: &App,
    registry: &RegistryId,
    name: &RepoName,
    policy: Option<&str>,
) -> Result<()> {
    let policy =
        policy.map(|text| Ok::<_, Error>((text.to_owned(), check_document(text, Kind::Resource)?))).transpose()?;
    let (registry, name, now) = (registry.clone(), name.clone(), app.now());
    app.db
        .write(move |conn| {
            Box::pin(async move {
                let Some(row) = store::repositories::lock(conn, &registry, &name).await? else {
                    return Err(repositories::unknown(&registry, &name));
                };
                let id = &row.repository_id;
                let Some((text, document)) = policy else {
                    repository_policies::take(conn, id).await?;
                    return Ok(());
                };
                match repository_policies::put(conn, id, &text, &document, now).await? {
                    Some(unknown) => Err(Error::Invalid(format!("the policy names {unknown}, who does not exist"))),
                    None => Ok(()),
                }
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Makes a new key sign tokens. Tokens of the old one stay good until they expire; keys whose tokens have all expired
/// are forgotten.
pub async fn rotate_signing_key(app: &App) -> Result<()> {
    let now = app.now();
    let key = SigningKey::generate(&app.sealer, app.new_id(), now)?;
    app.db
        .write(move |conn| {
            Box::pin(async move {
                signing_keys::insert(conn, &key).await?;
                signing_keys::update_retired(conn, &key.kid, now).await?;
                signing_keys::delete_retired_before(conn, now.before(REFRESH_TTL)).await?;
                Ok(stamps::update_next(conn, stamps::AUTHORIZATION).await?)
            }) as Pending<'_, (), Error>
        })
        .await
}
