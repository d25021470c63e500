//! Identity providers whose web identity tokens may be exchanged for a role's credentials: which ones an account trusts,
//! and for which audiences. Tokens themselves are the business of STS.

use app::Grant;
use app::api::Call;
use aws::{Need, Resource};
use store::open_id_connect_providers::{self as providers, OpenIdConnectProviderRow};
use store::{Conn, iam_tags};
use types::{AccountId, Arn};

use crate::change::change;
use crate::checks::Checks;
use crate::error::Error;
use crate::tags::Tag;
use crate::{entities, failures, tags};

/// How many providers an account may have.
pub(crate) const PROVIDERS_QUOTA: u64 = 100;

/// How many audiences a provider may have.
const CLIENT_IDS_QUOTA: usize = 100;

/// How many thumbprints a provider may have.
const THUMBPRINTS_QUOTA: usize = 5;

/// The issuer without its scheme, as ARNs and answers have it. Where the server may ask this machine, an issuer on it needs
/// no TLS.
pub(crate) fn issuer<'u>(call: &Call, url: &'u str) -> Result<&'u str, Error> {
    parse_issuer(url, call.ctx.app.config().outbound.loopback)
}

fn parse_issuer(url: &str, loopback: bool) -> Result<&str, Error> {
    let refused = || failures::validation("Invalid Open ID Connect Provider URL");
    let plain = url.strip_prefix("http://").filter(|rest| loopback && rest.starts_with("127."));
    let issuer = url.strip_prefix("https://").or(plain).ok_or_else(refused)?.trim_end_matches('/');
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:%".contains(&byte);
    let host = issuer.split('/').next().unwrap_or_default();
    if host.is_empty() || host.starts_with(':') || !issuer.bytes().all(legal) {
        return Err(refused());
    }
    Ok(issuer)
}

/// What an operation on a provider needs.
pub(crate) fn need(call: &Call, action: &'static str, arn: &str) -> Result<Need, Error> {
    let invalid = || failures::invalid_input(format!("Invalid ARN: {arn}"));
    let rest = arn.strip_prefix("arn:aws:iam::").ok_or_else(invalid)?;
    let (account, issuer) = rest.split_once(":oidc-provider/").ok_or_else(invalid)?;
    let account: AccountId = account.parse().map_err(|_| invalid())?;
    let resource = Arn::open_id_connect_provider(&account, issuer);
    let need = Need::new(action, Resource::Arn(account, resource));
    Ok(entities::with_resource_tags(need, call.ctx.app.snapshot().directory().tags(arn)))
}

/// Checks the elements of the lists of a provider.
pub(crate) fn checks(client_ids: &[String], thumbprints: &[String]) -> Checks {
    let long = |list: &[String], least, most| list.iter().all(|text| (least..=most).contains(&text.chars().count()));
    let of_client_ids =
        ["Member must have length less than or equal to 255", "Member must have length greater than or equal to 1"];
    let of_thumbprints =
        ["Member must have length less than or equal to 40", "Member must have length greater than or equal to 40"];
    let hex = thumbprints.iter().all(|thumbprint| thumbprint.bytes().all(|byte| byte.is_ascii_hexdigit()));
    Checks::new()
        .elements("clientIDList", long(client_ids, 1, 255), &of_client_ids)
        .elements("thumbprintList", long(thumbprints, 40, 40), &of_thumbprints)
        .pattern("thumbprintList", "[0-9a-fA-F]{40}", hex)
}

/// A provider that is to be made.
#[derive(Debug)]
pub(crate) struct New {
    /// `https://…`
    pub(crate) url: String,
    /// The audiences that are accepted.
    pub(crate) client_ids: Vec<String>,
    /// The thumbprints of certificates.
    pub(crate) thumbprints: Vec<String>,
    /// Its tags.
    pub(crate) tags: Vec<Tag>,
}

/// Makes a provider; returns its ARN.
pub(crate) async fn create(call: &Call, grant: &Grant, new: New) -> Result<String, Error> {
    let issuer = issuer(call, &new.url)?;
    let arn = Arn::open_id_connect_provider(call.account(), issuer);
    grant.require_on("iam:CreateOpenIDConnectProvider", arn.as_str())?;
    let row = OpenIdConnectProviderRow {
        arn: arn.to_string(),
        account: call.account().clone(),
        url: issuer.to_owned(),
        client_ids: new.client_ids,
        thumbprints: new.thumbprints,
        created_at: call.ctx.app.now(),
    };
    check_lists(&row)?;
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            if providers::count(conn, &row.account).await? >= PROVIDERS_QUOTA {
                return Err(failures::quota("OpenIdConnectProvidersPerAccount", PROVIDERS_QUOTA));
            }
            if !providers::insert(conn, &row).await? {
                return Err(failures::provider_exists(&new.url));
            }
            tags::insert(conn, &row.arn, &new.tags).await?;
            Ok(row.arn)
        })
    })
    .await
}

fn check_lists(row: &OpenIdConnectProviderRow) -> Result<(), Error> {
    if row.thumbprints.len() > THUMBPRINTS_QUOTA {
        return Err(failures::invalid_input("Thumbprint list must contain fewer than 5 entries."));
    }
    if row.client_ids.len() > CLIENT_IDS_QUOTA {
        return Err(failures::quota("ClientIdsPerOpenIdConnectProvider", CLIENT_IDS_QUOTA as u64));
    }
    Ok(())
}

/// A provider with its tags.
pub(crate) async fn get(call: &Call, grant: &Grant, arn: &str) -> Result<(OpenIdConnectProviderRow, Vec<Tag>), Error> {
    grant.require_on("iam:GetOpenIDConnectProvider", arn)?;
    let mut conn = call.ctx.app.db().reader().await?;
    let row = find(&mut conn, call.account(), arn).await?;
    let tags = tags::of(&mut conn, arn).await?;
    Ok((row, tags))
}

/// Makes sure that a provider whose tags are wanted exists.
pub(crate) async fn check_tagged(call: &Call, grant: &Grant, arn: &str) -> Result<(), Error> {
    grant.require_on("iam:ListOpenIDConnectProviderTags", arn)?;
    find(&mut call.ctx.app.db().reader().await?, call.account(), arn).await.map(drop)
}

/// The provider of that ARN, in the account.
pub(crate) async fn find(conn: &mut Conn, account: &AccountId, arn: &str) -> Result<OpenIdConnectProviderRow, Error> {
    let row = providers::find(conn, arn).await?.filter(|row| row.account == *account);
    row.ok_or_else(|| failures::no_such_provider(arn))
}

/// The ARNs of all providers of the account.
pub(crate) async fn list(call: &Call, grant: &Grant) -> Result<Vec<String>, Error> {
    grant.require("iam:ListOpenIDConnectProviders")?;
    let rows = providers::list(&mut call.ctx.app.db().reader().await?, call.account()).await?;
    Ok(rows.into_iter().map(|row| row.arn).collect())
}

/// Removes a provider; that it is not there is no failure, as on AWS.
pub(crate) async fn delete(call: &Call, grant: &Grant, arn: String) -> Result<(), Error> {
    grant.require_on("iam:DeleteOpenIDConnectProvider", &arn)?;
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            iam_tags::delete_of(conn, &arn).await?;
            match providers::delete(conn, &arn).await? {
                true => Ok(()),
                false => Err(failures::no_provider_to_delete(&arn)),
            }
        })
    })
    .await
}

/// Changes the lists of a provider.
pub(crate) async fn update(
    call: &Call,
    grant: &Grant,
    action: &'static str,
    arn: String,
    change_lists: impl FnOnce(&mut OpenIdConnectProviderRow) + Send + 'static,
) -> Result<(), Error> {
    grant.require_on(action, &arn)?;
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let mut row = find(conn, &account, &arn).await?;
            change_lists(&mut row);
            check_lists(&row)?;
            providers::update_accepted(conn, &arn, &row.client_ids, &row.thumbprints).await?;
            Ok(())
        })
    })
    .await
}

/// Sets tags of a provider.
pub(crate) async fn tag(call: &Call, grant: &Grant, arn: String, tags: Vec<Tag>) -> Result<(), Error> {
    grant.require_on("iam:TagOpenIDConnectProvider", &arn)?;
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            find(conn, &account, &arn).await?;
            tags::set(conn, &arn, &tags).await
        })
    })
    .await
}

/// Removes tags of a provider.
pub(crate) async fn untag(call: &Call, grant: &Grant, arn: String, keys: Vec<String>) -> Result<(), Error> {
    grant.require_on("iam:UntagOpenIDConnectProvider", &arn)?;
    let account = call.account().clone();
    change(&call.ctx.app, move |conn| {
        Box::pin(async move {
            find(conn, &account, &arn).await?;
            tags::remove(conn, &arn, &keys).await
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_address_without_its_scheme() {
        assert_eq!(parse_issuer("https://token.example.com", false).unwrap(), "token.example.com");
        assert_eq!(parse_issuer("https://example.com:8443/id/abc/", false).unwrap(), "example.com:8443/id/abc");
        for url in ["", "example.com", "http://example.com", "https://", "https:///x", "https://a b", "https://a?b=c"] {
            assert!(parse_issuer(url, false).is_err(), "{url}");
        }
    }
}
