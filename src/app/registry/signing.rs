//! Which images are to be signed when they are pushed, and by which profile. The configuration is checked, stored and
//! given back; nothing is signed yet, so no image has a status of it.

use serde::{Deserialize, Serialize};
use types::Digest;

use super::check::{arn, entries, is_account, is_region, length, one_of, pattern};
use super::name::SIGNING;
use super::wildcard;
use crate::images::{self, ImageId};
use crate::{Action, Ctx, Error, Grant, Permit, Result};

/// Which images are signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningConfiguration {
    /// An image is signed once by each profile that any rule names for it.
    pub rules: Vec<SigningRule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningRule {
    /// By which profile.
    pub signing_profile_arn: String,
    /// Which repositories; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository_filters: Option<Vec<SigningFilter>>,
}

/// Which repositories a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SigningFilter {
    /// For whole names, with `*` for any run of characters.
    pub filter: String,
    /// `WILDCARD_MATCH`
    pub filter_type: String,
}

const FILTER: &str = r"^(?:[a-z0-9*]+(?:[._-][a-z0-9*]+)*/)*[a-z0-9*]+(?:[._-][a-z0-9*]+)*$";
const PROFILE: &str = r"^arn:aws(-[a-z]+)*:signer:[a-z0-9-]+:[0-9]{12}:\/signing-profiles\/[a-zA-Z0-9_]{2,}$";

impl SigningConfiguration {
    fn check(&self) -> Result<()> {
        entries("rules", &self.rules, 0..=10)?;
        for rule in &self.rules {
            length("signingProfileArn", &rule.signing_profile_arn, 0..=200)?;
            pattern("signingProfileArn", is_profile(&rule.signing_profile_arn), PROFILE)?;
            if let Some(filters) = &rule.repository_filters {
                entries("repositoryFilters", filters, 1..=100)?;
            }
            for filter in rule.repository_filters.iter().flatten() {
                one_of("filterType", &filter.filter_type, &["WILDCARD_MATCH"])?;
                length("filter", &filter.filter, 1..=256)?;
                pattern("filter", filter.filter.split('/').all(|part| wildcard::is_words(part, b"._-")), FILTER)?;
            }
        }
        Ok(())
    }
}

fn is_profile(text: &str) -> bool {
    let name = |name: &str| name.len() >= 2 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    arn(text).is_some_and(|parts| {
        parts.service == "signer"
            && is_region(parts.region)
            && is_account(parts.account)
            && parts.resource.strip_prefix("/signing-profiles/").is_some_and(name)
    })
}

/// The configuration of the registry.
pub async fn get(ctx: &Ctx, grant: &Grant) -> Result<SigningConfiguration> {
    grant.require(Action::GetSigningConfiguration.as_str())?;
    let mut conn = ctx.app.db.reader().await?;
    super::find(&mut conn, &ctx.registry, SIGNING).await?.ok_or_else(|| unknown(ctx))
}

/// Replaces the configuration.
pub async fn put(ctx: &Ctx, grant: &Grant, configuration: &SigningConfiguration) -> Result<()> {
    grant.require(Action::PutSigningConfiguration.as_str())?;
    configuration.check()?;
    super::put(ctx, SIGNING, configuration).await
}

/// Removes the configuration and gives it back.
pub async fn delete(ctx: &Ctx, grant: &Grant) -> Result<SigningConfiguration> {
    grant.require(Action::DeleteSigningConfiguration.as_str())?;
    super::delete(ctx, SIGNING).await?.ok_or_else(|| unknown(ctx))
}

/// Whether an image was signed: the image, which must exist, and nothing more. Nothing is signed, so no signing has
/// begun, ended or failed.
pub async fn status(ctx: &Ctx, permit: &Permit, id: &ImageId) -> Result<Digest> {
    permit.require(Action::DescribeImageSigningStatus)?;
    images::find(ctx, permit, id).await
}

fn unknown(ctx: &Ctx) -> Error {
    Error::SigningConfigurationUnknown(ctx.registry.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_those_of_the_signer() {
        assert!(is_profile("arn:aws:signer:us-east-1:000000000000:/signing-profiles/my_profile"));
        for text in [
            "",
            "arn:aws:signer:us-east-1:000000000000:/signing-profiles/x",
            "arn:aws:signer:us-east-1:000000000000:/signing-profiles/my-profile",
            "arn:aws:signer::000000000000:/signing-profiles/my_profile",
            "arn:aws:kms:us-east-1:000000000000:/signing-profiles/my_profile",
        ] {
            assert!(!is_profile(text), "{text}");
        }
    }
}
