//! Creating a repository by the API, with the settings that its creator chose.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use store::{Pending, stamps};
use types::{Encryption, RegistryId, TagMutability};
use uuid::Builder;

use super::RepositoryRow;
use crate::resource_tags::{self, ResourceTag};
use crate::{Action, Ctx, Error, Permit, Result, limits};

/// What the creator of a repository can choose.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whether its tags may move.
    pub tag_mutability: TagMutability,
    /// How it is to be encrypted. The storage does it, if it is told so.
    pub encryption: Encryption,
    /// Whether images are to be scanned when they are pushed.
    pub scan_on_push: bool,
    /// Its tags as an AWS resource.
    pub tags: Vec<ResourceTag>,
}

/// Creates a repository that does not exist yet.
pub async fn create(ctx: &Ctx, permit: &Permit, settings: Settings) -> Result<RepositoryRow> {
    permit.require(Action::CreateRepository)?;
    let tags = settings.tags;
    if !tags.is_empty() {
        permit.require(Action::TagResource)?;
        resource_tags::check(&tags)?;
    }
    let tagged = !tags.is_empty();
    let row = RepositoryRow {
        repository_id: ctx.app.new_id(),
        registry: permit.registry().clone(),
        name: permit.repository().clone(),
        tag_mutability: settings.tag_mutability,
        encryption: settings.encryption,
        scan_on_push: settings.scan_on_push,
        created_at: ctx.app.now(),
    };
    let (app, stored) = (Arc::clone(&ctx.app), row.clone());
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                if !store::repositories::insert(conn, &stored).await? {
                    return Err(Error::RepositoryExists { registry: stored.registry, repository: stored.name });
                }
                limits::require_repository(conn, &app, &stored.registry).await?;
                for tag in &tags {
                    store::resource_tags::upsert(conn, &stored.repository_id, &tag.key, &tag.value).await?;
                }
                if tagged {
                    stamps::update_next(conn, stamps::RESOURCE_TAGS).await?;
                }
                Ok(())
            }) as Pending<'_, (), Error>
        })
        .await?;
    if tagged {
        ctx.app.refresh().await?;
    }
    Ok(row)
}

impl Settings {
    /// The key that ECR takes when KMS is asked for without one: one of each registry, as AWS manages them. There is no
    /// KMS behind it, and no storage is told of it; clients compare the form.
    pub fn default_kms_key(registry: &RegistryId) -> String {
        let hash = Sha256::digest(format!("kms key of {}/{}", registry.account, registry.region));
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash[..16]);
        let id = Builder::from_random_bytes(bytes).into_uuid();
        format!("arn:aws:kms:{}:{}:key/{id}", registry.region, registry.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_registry_has_a_key_of_its_own_that_stays() {
        let registry = |account: &str, region: &str| RegistryId {
            account: account.parse().unwrap(),
            region: region.parse().unwrap(),
        };
        let key = Settings::default_kms_key(&registry("111122223333", "eu-west-1"));
        let id = key.strip_prefix("arn:aws:kms:eu-west-1:111122223333:key/").unwrap();
        assert_eq!(uuid::Uuid::parse_str(id).unwrap().to_string(), id);
        assert_eq!(key, Settings::default_kms_key(&registry("111122223333", "eu-west-1")));
        assert_ne!(key, Settings::default_kms_key(&registry("111122223333", "eu-west-2")));
    }
}
