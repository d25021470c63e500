//! Settings of an account in a region. Only blob mounting has a choice.

use store::registry_settings;
use types::RegistryId;

use super::check::{invalid, one_of};
use crate::{Action, Ctx, Grant, Result};
use store::{Conn, Pending};

/// A setting with the values that it takes; the first is the default.
///
/// ECR's own default for blob mounting is `DISABLED`. Here it is what docker users are used to from other registries;
/// a mount asks for the right to read the source either way.
const SETTINGS: &[(&str, &[&str])] = &[
    ("BASIC_SCAN_TYPE_VERSION", &["AWS_NATIVE"]),
    ("REGISTRY_POLICY_SCOPE", &["V2"]),
    (BLOB_MOUNTING, &["ENABLED", "DISABLED"]),
];

const BLOB_MOUNTING: &str = "BLOB_MOUNTING";

/// The name and the values of a setting, and the name of its document.
fn setting(name: &str) -> Result<(&'static str, &'static [&'static str], &'static str)> {
    let names: Vec<&str> = SETTINGS.iter().map(|(name, _)| *name).collect();
    one_of("name", name, &names)?;
    let (name, values) = SETTINGS.iter().find(|(known, _)| *known == name).ok_or_else(|| invalid("name", "unknown"))?;
    let document = match *name {
        BLOB_MOUNTING => "account-setting/BLOB_MOUNTING",
        "REGISTRY_POLICY_SCOPE" => "account-setting/REGISTRY_POLICY_SCOPE",
        _ => "account-setting/BASIC_SCAN_TYPE_VERSION",
    };
    Ok((name, values, document))
}

/// The value of a setting.
pub async fn get(ctx: &Ctx, grant: &Grant, name: &str) -> Result<String> {
    grant.require(Action::GetAccountSetting.as_str())?;
    let (_, values, document) = setting(name)?;
    let mut conn = ctx.app.db.reader().await?;
    let value = registry_settings::find(&mut conn, &ctx.registry, document).await?;
    Ok(value.unwrap_or_else(|| values[0].to_owned()))
}

/// Changes a setting.
pub async fn put(ctx: &Ctx, grant: &Grant, name: &str, value: &str) -> Result<()> {
    grant.require(Action::PutAccountSetting.as_str())?;
    let (_, values, document) = setting(name)?;
    one_of("value", value, values)?;
    let (registry, value, now) = (ctx.registry.clone(), value.to_owned(), ctx.app.now());
    ctx.app
        .db
        .write(move |conn| {
            Box::pin(async move {
                registry_settings::upsert(conn, &registry, document, &value, now).await?;
                Ok(())
            }) as Pending<'_, (), crate::Error>
        })
        .await
}

/// Whether a blob may be made visible in another repository without being uploaded again.
pub(crate) async fn mounts_blobs(conn: &mut Conn, registry: &RegistryId) -> Result<bool> {
    let (_, _, document) = setting(BLOB_MOUNTING)?;
    let value = registry_settings::find(conn, registry, document).await?;
    Ok(value.is_none_or(|value| value == "ENABLED"))
}
