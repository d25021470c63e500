//! What an operator does on the command line, beside a running registry or without one. The caller has been authorized
//! by having the database and the master key.

use std::sync::Arc;

use policy::Kind;
use store::inline_policies::InlinePolicyRow;
use store::users::UserRow;
use store::{Pending, access_keys, inline_policies, repository_policies, signing_keys, stamps, users};
use types::{AccountId, RegistryId, RepoName, TagMutability};

use crate::authn::token::{REFRESH_TTL, SigningKey};
use crate::bootstrap::{self, AccessKey};
use crate::snapshot::check_document;
use crate::{App, Error, Result, authn, repositories};

/// Creates a user with an inline policy (a JSON document) and an access key.
pub async fn create_user(app: &App, account: &AccountId, name: &str, policy: &str) -> Result<AccessKey> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    if name.is_empty() || name.len() > 64 || !name.bytes().all(legal) {
        return Err(Error::Invalid("a user name is 1 to 64 letters, digits and any of +=,.@_-".to_owned()));
    }
    check_document(policy, Kind::Identity)?;
    let user = UserRow {
        user_id: bootstrap::unique_id("AIDA")?,
        account: account.clone(),
        name: name.to_owned(),
        path: "/".to_owned(),
        boundary_arn: None,
        created_at: app.now(),
    };
    let key = bootstrap::generate()?;
    let row = bootstrap::sealed(app, account, Some(user.user_id.clone()), &key)?;
    let inline =
        InlinePolicyRow { principal_id: user.user_id.clone(), name: "initial".to_owned(), document: policy.to_owned() };
    app.db
        .write(move |conn| {
            Box::pin(async move {
                if !users::insert(conn, &user).await? {
                    return Err(Error::Invalid(format!("user '{}' exists already", user.name)));
                }
                inline_policies::upsert(conn, &inline).await?;
                access_keys::insert(conn, &row).await?;
                Ok(stamps::update_next(conn, stamps::AUTHORIZATION).await?)
            }) as Pending<'_, (), Error>
        })
        .await?;
    Ok(key)
}

/// A password for `docker login -u AWS`, for whoever the access key belongs to.
pub fn login_password(app: &App, access_key_id: &str) -> Result<authn::Issued> {
    let snapshot = app.snapshot();
    let key = snapshot
        .access_key(access_key_id)
        .ok_or_else(|| Error::Invalid(format!("access key '{access_key_id}' does not exist or is turned off")))?;
    let login = authn::Login { identity: Arc::clone(&key.identity), access_key_id: Some(access_key_id.to_owned()) };
    authn::issue_login_token(app, &login)
}

/// Replaces the inline policy that a user was created with.
pub async fn set_user_policy(app: &App, account: &AccountId, name: &str, policy: &str) -> Result<()> {
    check_document(policy, Kind::Identity)?;
    let (account, name, document) = (account.clone(), name.to_owned(), policy.to_owned());
    app.db
        .write(move |conn| {
            Box::pin(async move {
                let user = users::find(conn, &account, &name)
                    .await?
                    .ok_or_else(|| Error::Invalid(format!("user '{name}' does not exist")))?;
                let inline = InlinePolicyRow { principal_id: user.user_id, name: "initial".to_owned(), document };
                inline_policies::upsert(conn, &inline).await?;
                Ok(stamps::update_next(conn, stamps::AUTHORIZATION).await?)
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Turns an access key on or off. Every process obeys within seconds.
pub async fn set_access_key_status(app: &App, access_key_id: &str, active: bool) -> Result<()> {
    let id = access_key_id.to_owned();
    app.db
        .write(move |conn| {
            Box::pin(async move {
                if !access_keys::update_status(conn, &id, active).await? {
                    return Err(Error::Invalid(format!("access key '{id}' does not exist")));
                }
                Ok(stamps::update_next(conn, stamps::AUTHORIZATION).await?)
            }) as Pending<'_, (), Error>
        })
        .await
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
    if let Some(policy) = policy {
        check_document(policy, Kind::Resource)?;
    }
    let (registry, name, document, now) = (registry.clone(), name.clone(), policy.map(str::to_owned), app.now());
    app.db
        .write(move |conn| {
            Box::pin(async move {
                let Some(row) = store::repositories::find(conn, &registry, &name).await? else {
                    return Err(repositories::unknown(&registry, &name));
                };
                match document {
                    Some(document) => {
                        repository_policies::upsert(conn, &row.repository_id, &document, now).await?;
                    }
                    None => {
                        repository_policies::delete(conn, &row.repository_id).await?;
                    }
                }
                Ok(stamps::update_next(conn, stamps::AUTHORIZATION).await?)
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
