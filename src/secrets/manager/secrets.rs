//! Secrets: making, finding, changing and deleting them. What is in them is in `versions`.

use std::sync::Arc;
use std::time::Duration;

use app::api::Call;
use app::sealed::CURRENT;
use app::{App, Grant};
use aws::Violations;
use store::secrets::{self, SecretRow};
use store::{Conn, Pending, secret_stages, secret_versions};
use types::Timestamp;

use super::failures;
use super::filters::Filters;
use super::names::SecretId;
use super::passwords::{self, Recipe};
use super::values::Value;
use super::versions::{self, NewVersion, Stages, change};
use crate::error::Error;
use crate::tags::{self, Tags};

/// For how many days a deleted secret can be had back, unless the client says something else.
const WINDOW: i64 = 30;
/// Secrets that are looked at for one page of a list with filters.
const LOOKED_AT: usize = 1_000;
/// Behind all ids.
const LAST: &str = "~";

/// What a client wants to make.
#[derive(Debug)]
pub(crate) struct NewSecret {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) version_id: String,
    pub(crate) value: Option<Value>,
}

/// Checks `Description`.
pub(crate) fn check_description(description: Option<&str>) -> Result<(), Error> {
    let mut violations = Violations::new();
    if let Some(description) = description {
        violations.length("description", description, 0..=2048);
    }
    Ok(violations.finish()?)
}

/// Keys of AWS KMS are not here; the name of the one that everybody has means ours.
pub(crate) fn check_key(kms_key_id: Option<&str>) -> Result<(), Error> {
    match kms_key_id {
        None | Some("" | "alias/aws/secretsmanager") => Ok(()),
        Some(_) => Err(failures::invalid("Keys of AWS KMS are not supported; secrets are sealed with the master key.")),
    }
}

/// Makes a secret. The same request again gives the same secret.
pub(crate) async fn create(call: &Call, grant: &Grant, new: NewSecret) -> Result<(SecretRow, bool), Error> {
    grant.require("secretsmanager:CreateSecret")?;
    if new.tags.len() > tags::MOST {
        return Err(too_many_tags());
    }
    let app = Arc::clone(&call.ctx.app);
    let now = app.now();
    let row = SecretRow {
        secret_id: app.new_id(),
        registry: call.ctx.registry.clone(),
        name: new.name,
        arn_suffix: suffix()?,
        description: new.description,
        tags: tags::to_json(&new.tags),
        created_at: now,
        changed_at: now,
        accessed_at: None,
        deletes_at: None,
    };
    call.ctx
        .app
        .db()
        .write(move |conn| {
            Box::pin(make(conn, app, row, new.version_id, new.value)) as Pending<'_, (SecretRow, bool), Error>
        })
        .await
}

async fn make(
    conn: &mut Conn,
    app: Arc<App>,
    mut row: SecretRow,
    version_id: String,
    value: Option<Value>,
) -> Result<(SecretRow, bool), Error> {
    if secrets::insert(conn, &row).await? {
        let has_value = value.is_some();
        if let Some(value) = value {
            let new = NewVersion { version_id, value, stages: vec![CURRENT.to_owned()] };
            versions::put(conn, &app, &mut row, new).await?;
        }
        return Ok((row, has_value));
    }
    let there = secrets::find(conn, &row.registry, &row.name).await?;
    let there = there.ok_or_else(|| failures::exists(&row.name))?;
    if there.deletes_at.is_some() {
        return Err(failures::bad_request(
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        ));
    }
    let version = secret_versions::find(conn, &there.secret_id, &version_id).await?;
    match (version, value) {
        (Some(version), Some(value)) if value.is_in(&app, &version)? => Ok((there, true)),
        _ => Err(failures::exists(&there.name)),
    }
}

/// Six random letters and digits.
fn suffix() -> Result<String, Error> {
    let letters_and_digits = ('A'..='Z').chain('a'..='z').chain('0'..='9').collect();
    let recipe = Recipe { length: 6, kinds: vec![letters_and_digits], each: false };
    Ok(passwords::make(&recipe)?.expose().to_owned())
}

pub(crate) fn too_many_tags() -> Error {
    failures::invalid(format!("A secret can have no more than {} tags.", tags::MOST))
}

/// A secret as it is now, with its stages.
pub(crate) async fn describe(call: &Call, grant: &Grant, id: &SecretId) -> Result<(SecretRow, Stages), Error> {
    grant.require("secretsmanager:DescribeSecret")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let row = secrets::find_by_id(&mut conn, &id.found()?.secret_id).await?.ok_or_else(failures::no_secret)?;
    let stages = versions::stages(&mut conn, &row.secret_id).await?;
    Ok((row, stages))
}

/// Which secrets a client wants to see.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) filters: Filters,
    /// Newest first.
    pub(crate) descending: bool,
    /// Those that are to go too.
    pub(crate) deleted: bool,
}

/// A page of secrets, and the id of the last that was looked at if there may be more.
pub(crate) async fn list(
    call: &Call,
    wanted: &Wanted,
    after: Option<String>,
    limit: usize,
) -> Result<(Vec<SecretRow>, Option<String>), Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let registry = &call.ctx.registry;
    let count = if wanted.filters.fit_all() { limit + 1 } else { LOOKED_AT };
    let found = match (wanted.descending, after) {
        (true, after) => secrets::list_before(&mut conn, registry, after.as_deref().unwrap_or(LAST), count).await?,
        (false, after) => secrets::list(&mut conn, registry, after.as_deref().unwrap_or_default(), count).await?,
    };
    let (more, mut last, mut page) = (found.len() == count, None, Vec::new());
    for row in found {
        let fits = (wanted.deleted || row.deletes_at.is_none()) && wanted.filters.fit(&row);
        if fits && page.len() == limit {
            return Ok((page, last));
        }
        last = Some(row.secret_id.clone());
        if fits {
            page.push(row);
        }
    }
    Ok((page, last.filter(|_| more)))
}

/// What a client wants to change. What is none stays as it is.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) description: Option<String>,
    pub(crate) version: Option<(String, Value)>,
}

/// Changes a secret. Its row, and the version that it got.
pub(crate) async fn update(
    call: &Call,
    grant: &Grant,
    id: &SecretId,
    update: Update,
) -> Result<(SecretRow, Option<String>), Error> {
    grant.require("secretsmanager:UpdateSecret")?;
    let app = Arc::clone(&call.ctx.app);
    change(call, id, move |conn, mut row| {
        Box::pin(async move {
            if row.deletes_at.is_some() {
                return Err(failures::marked());
            }
            if update.description.is_some() {
                row.description = update.description;
            }
            row.changed_at = app.now();
            secrets::update(conn, &row).await?;
            let mut version = None;
            if let Some((version_id, value)) = update.version {
                let new = NewVersion { version_id: version_id.clone(), value, stages: vec![CURRENT.to_owned()] };
                versions::put(conn, &app, &mut row, new).await?;
                version = Some(version_id);
            }
            Ok((row, version))
        })
    })
    .await
}

/// Changes the tags of a secret.
pub(crate) async fn change_tags(
    call: &Call,
    (grant, action): (&Grant, &str),
    id: &SecretId,
    how: impl FnOnce(&mut Tags) + Send + 'static,
) -> Result<(), Error> {
    grant.require(action)?;
    let now = call.ctx.app.now();
    change(call, id, move |conn, mut row| {
        Box::pin(async move {
            if row.deletes_at.is_some() {
                return Err(failures::marked());
            }
            let mut tags = tags::from_json(&row.tags);
            how(&mut tags);
            if tags.len() > tags::MOST {
                return Err(too_many_tags());
            }
            row.tags = tags::to_json(&tags);
            row.changed_at = now;
            Ok(secrets::update(conn, &row).await?)
        })
    })
    .await
}

/// When a secret goes that is deleted now; none: at once.
pub(crate) fn deletion(now: Timestamp, window: Option<i64>, force: bool) -> Result<Option<Timestamp>, Error> {
    match window {
        Some(_) if force => {
            Err(failures::invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."))
        }
        _ if force => Ok(None),
        Some(days) if !(7..=30).contains(&days) => {
            Err(failures::invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."))
        }
        window => {
            let days = window.unwrap_or(WINDOW).unsigned_abs();
            Ok(Some(now.after(Duration::from_secs(days * 24 * 3600))))
        }
    }
}

/// Deletes a secret at once, or has it go at a time until which it can be had back.
pub(crate) async fn delete(
    call: &Call,
    grant: &Grant,
    id: &SecretId,
    at: Option<Timestamp>,
) -> Result<SecretRow, Error> {
    grant.require("secretsmanager:DeleteSecret")?;
    change(call, id, move |conn, mut row| {
        Box::pin(async move {
            if at.is_none() {
                remove(conn, &row.secret_id).await?;
                return Ok(row);
            }
            if row.deletes_at.is_some() {
                return Err(failures::bad_request(
                    "You can't perform this operation on the secret because it was already scheduled for deletion.",
                ));
            }
            row.deletes_at = at;
            secrets::update(conn, &row).await?;
            Ok(row)
        })
    })
    .await
}

/// Takes a deletion back.
pub(crate) async fn restore(call: &Call, grant: &Grant, id: &SecretId) -> Result<SecretRow, Error> {
    grant.require("secretsmanager:RestoreSecret")?;
    change(call, id, move |conn, mut row| {
        Box::pin(async move {
            row.deletes_at = None;
            secrets::update(conn, &row).await?;
            Ok(row)
        })
    })
    .await
}

/// Removes the rows of a secret.
pub(crate) async fn remove(conn: &mut Conn, secret_id: &str) -> Result<(), store::Error> {
    secret_stages::delete_of(conn, secret_id).await?;
    secret_versions::delete_of(conn, secret_id).await?;
    secrets::delete(conn, secret_id).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_six_letters_and_digits_that_differ() {
        let all: std::collections::BTreeSet<String> = (0..100).map(|_| suffix().unwrap()).collect();
        assert_eq!(all.len(), 100);
        assert!(all.iter().all(|text| text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())));
    }

    #[test]
    fn a_deletion_waits_between_7_and_30_days() {
        let now = Timestamp::from_micros(0);
        let after = |days: i64| Some(Timestamp::from_micros(days * 86_400_000_000));
        assert_eq!(deletion(now, None, false).unwrap(), after(30));
        assert_eq!(deletion(now, Some(7), false).unwrap(), after(7));
        assert_eq!(deletion(now, None, true).unwrap(), None);
        for (window, force) in [(Some(6), false), (Some(31), false), (Some(-1), false), (Some(7), true)] {
            assert!(deletion(now, window, force).is_err());
        }
    }
}
