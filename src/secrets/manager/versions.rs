//! Versions of secrets and their stages: putting a value, reading one, moving a stage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use app::api::Call;
use app::sealed::CURRENT;
use app::{App, Grant};
use aws::Violations;
use store::secret_versions::SecretVersionRow;
use store::secrets::SecretRow;
use store::{Conn, Pending, secret_stages, secret_versions, secrets};
use types::Timestamp;

use super::failures;
use super::names::{SecretId, arn};
use super::values::Value;
use crate::error::Error;

/// The stage of the version that counted before.
const PREVIOUS: &str = "AWSPREVIOUS";
/// How many stages a secret can have.
const MOST_STAGES: usize = 20;
/// How many versions without a stage are kept.
const KEPT: usize = 100;
/// A day, in microseconds.
const DAY: i64 = 24 * 3600 * 1_000_000;

/// Stages by version.
pub(crate) type Stages = BTreeMap<String, Vec<String>>;

/// The id of a new version: the token that the client made for it, or one of ours.
pub(crate) fn new_id(app: &App, token: Option<String>) -> Result<String, Error> {
    if let Some(token) = &token {
        check_id("clientRequestToken", token)?;
    }
    Ok(token.unwrap_or_else(|| app.new_uuid()))
}

/// Checks what names a version.
pub(crate) fn check_id(member: &str, id: &str) -> Result<(), Error> {
    let mut violations = Violations::new();
    violations.length(member, id, 32..=64);
    Ok(violations.finish()?)
}

/// Checks stages that a client names.
pub(crate) fn check_stages(stages: &[String]) -> Result<(), Error> {
    let mut violations = Violations::new();
    for stage in stages {
        violations.length("versionStages", stage, 1..=256);
    }
    violations.finish()?;
    if stages.is_empty() || stages.len() > MOST_STAGES {
        return Err(failures::invalid(format!("Between 1 and {MOST_STAGES} staging labels can be given.")));
    }
    Ok(())
}

/// A value that is to become a version.
#[derive(Debug)]
pub(crate) struct NewVersion {
    pub(crate) version_id: String,
    pub(crate) value: Value,
    /// Where it is attached; the first version of a secret always counts.
    pub(crate) stages: Vec<String>,
}

/// Puts a version into a secret that is held, and gives the stages that it has then.
pub(crate) async fn put(
    conn: &mut Conn,
    app: &App,
    row: &mut SecretRow,
    new: NewVersion,
) -> Result<Vec<String>, Error> {
    let version = new.value.seal(app, &row.secret_id, &new.version_id)?;
    if !secret_versions::insert(conn, &version).await? {
        let there = secret_versions::find(conn, &row.secret_id, &new.version_id).await?;
        // The same request again.
        return match there {
            Some(there) if new.value.is_in(app, &there)? => {
                Ok(stages(conn, &row.secret_id).await?.remove(&new.version_id).unwrap_or_default())
            }
            _ => Err(failures::token_in_use(&new.version_id, arn(row).as_str())),
        };
    }
    let first = secret_stages::find(conn, &row.secret_id, CURRENT).await?.is_none();
    let wanted: BTreeSet<String> = new.stages.into_iter().chain(first.then(|| CURRENT.to_owned())).collect();
    for stage in wanted {
        attach(conn, &row.secret_id, &stage, &new.version_id).await?;
    }
    let mut all = stages(conn, &row.secret_id).await?;
    if all.values().map(Vec::len).sum::<usize>() > MOST_STAGES {
        return Err(failures::limit(format!("A secret can have no more than {MOST_STAGES} staging labels.")));
    }
    secret_versions::delete_unstaged(conn, &row.secret_id, KEPT).await?;
    row.changed_at = app.now();
    secrets::update(conn, row).await?;
    Ok(all.remove(&new.version_id).unwrap_or_default())
}

/// Puts a version into a secret. The ARN's row and the stages of the version.
pub(crate) async fn put_value(
    call: &Call,
    grant: &Grant,
    id: &SecretId,
    new: NewVersion,
) -> Result<(SecretRow, Vec<String>), Error> {
    grant.require("secretsmanager:PutSecretValue")?;
    let app = Arc::clone(&call.ctx.app);
    change(call, id, move |conn, mut row| {
        Box::pin(async move {
            if row.deletes_at.is_some() {
                return Err(failures::marked());
            }
            let stages = put(conn, &app, &mut row, new).await?;
            Ok((row, stages))
        })
    })
    .await
}

/// Attaches a stage to a version. What counted until now is the previous one then.
async fn attach(conn: &mut Conn, secret_id: &str, stage: &str, version_id: &str) -> Result<(), Error> {
    if stage == CURRENT
        && let Some(before) = secret_stages::find(conn, secret_id, CURRENT).await?
        && before != version_id
    {
        secret_stages::upsert(conn, secret_id, PREVIOUS, &before).await?;
    }
    Ok(secret_stages::upsert(conn, secret_id, stage, version_id).await?)
}

/// The stages of a secret, by version.
pub(crate) async fn stages(conn: &mut Conn, secret_id: &str) -> Result<Stages, Error> {
    let mut stages = Stages::new();
    for (stage, version_id) in secret_stages::list_of(conn, secret_id).await? {
        stages.entry(version_id).or_default().push(stage);
    }
    Ok(stages)
}

/// The stages of several secrets, by version.
pub(crate) async fn stages_of_all(call: &Call, rows: &[SecretRow]) -> Result<BTreeMap<String, Stages>, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let ids = rows.iter().map(|row| row.secret_id.as_str());
    let mut all: BTreeMap<String, Stages> = BTreeMap::new();
    for (secret_id, stage, version_id) in secret_stages::list_of_all(&mut conn, ids).await? {
        all.entry(secret_id).or_default().entry(version_id).or_default().push(stage);
    }
    Ok(all)
}

/// A version that was read.
pub(crate) struct Read {
    pub(crate) row: SecretRow,
    pub(crate) version: SecretVersionRow,
    pub(crate) value: Value,
    pub(crate) stages: Vec<String>,
}

/// Reads a version of a secret: of that id, of that stage, or both; else the one that counts. The grant covers it.
pub(crate) async fn get(
    call: &Call,
    row: &SecretRow,
    version_id: Option<&str>,
    stage: Option<&str>,
) -> Result<Read, Error> {
    let app = &call.ctx.app;
    let mut conn = app.db().reader().await?;
    let row = secrets::find_by_id(&mut conn, &row.secret_id).await?.ok_or_else(failures::no_secret)?;
    if row.deletes_at.is_some() {
        return Err(failures::marked());
    }
    let mut all = stages(&mut conn, &row.secret_id).await?;
    let of_stage = |stage: &str| all.iter().find(|(_, stages)| stages.iter().any(|one| one == stage));
    let wanted = match (version_id, stage) {
        (Some(id), None) => id.to_owned(),
        (id, stage) => {
            let stage = stage.unwrap_or(CURRENT);
            let (found, _) = of_stage(stage).ok_or_else(|| failures::no_value(&format!("staging label: {stage}")))?;
            if id.is_some_and(|id| id != found) {
                let message = "You provided a VersionStage that is not associated to the provided VersionId.";
                return Err(failures::bad_request(message));
            }
            found.clone()
        }
    };
    let version = secret_versions::find(&mut conn, &row.secret_id, &wanted).await?;
    let version = version.ok_or_else(|| failures::no_value(&format!("VersionId: {wanted}")))?;
    drop(conn);
    let value = Value::open(app, &version)?;
    note_access(app, &row).await;
    Ok(Read { stages: all.remove(&wanted).unwrap_or_default(), row, version, value })
}

/// Notes that a value was read today, once a day.
async fn note_access(app: &App, row: &SecretRow) {
    let now = app.now().micros();
    let day = Timestamp::from_micros(now - now.rem_euclid(DAY));
    if row.accessed_at.is_some_and(|known| known >= day) {
        return;
    }
    let secret_id = row.secret_id.clone();
    let noted = app.db().write_in_background(move |conn| {
        Box::pin(async move { secrets::update_accessed(conn, &secret_id, day).await }) as Pending<'_, (), store::Error>
    });
    if let Err(error) = noted.await {
        // The value was read all the same.
        tracing::warn!(%error, "the last access of a secret could not be noted");
    }
}

/// Moves a stage from one version to another, or takes it away.
pub(crate) async fn move_stage(
    call: &Call,
    grant: &Grant,
    id: &SecretId,
    stage: String,
    (from, to): (Option<String>, Option<String>),
) -> Result<SecretRow, Error> {
    grant.require("secretsmanager:UpdateSecretVersionStage")?;
    let now = call.ctx.app.now();
    change(call, id, move |conn, mut row| {
        Box::pin(async move {
            if row.deletes_at.is_some() {
                return Err(failures::marked());
            }
            let attached = secret_stages::find(conn, &row.secret_id, &stage).await?;
            check_move(&stage, attached.as_deref(), from.as_deref(), to.as_deref())?;
            match to {
                Some(to) => {
                    if secret_versions::find(conn, &row.secret_id, &to).await?.is_none() {
                        return Err(failures::no_value(&format!("VersionId: {to}")));
                    }
                    attach(conn, &row.secret_id, &stage, &to).await?;
                    if secret_stages::list_of(conn, &row.secret_id).await?.len() > MOST_STAGES {
                        let message = format!("A secret can have no more than {MOST_STAGES} staging labels.");
                        return Err(failures::limit(message));
                    }
                }
                None => drop(secret_stages::delete(conn, &row.secret_id, &stage).await?),
            }
            row.changed_at = now;
            secrets::update(conn, &row).await?;
            Ok(row)
        })
    })
    .await
}

fn check_move(stage: &str, attached: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<(), Error> {
    match (attached, from, to) {
        (_, None, None) => {
            Err(failures::invalid("You must specify at least one of RemoveFromVersionId and MoveToVersionId."))
        }
        (attached, Some(from), _) if attached != Some(from) => {
            Err(failures::invalid(format!("The staging label {stage} is not attached to version {from}.")))
        }
        (Some(attached), None, Some(to)) if attached != to => Err(failures::invalid(format!(
            "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version \
             {attached}, so you must explicitly reference that version in RemoveFromVersionId."
        ))),
        (_, Some(_), None) if stage == CURRENT => Err(failures::invalid(format!(
            "You can't remove the staging label {CURRENT} from a version. Move it to another version instead."
        ))),
        _ => Ok(()),
    }
}

/// Does something with a secret, which is held until it is done.
pub(crate) async fn change<T: Send + 'static>(
    call: &Call,
    id: &SecretId,
    body: impl for<'c> FnOnce(&'c mut Conn, SecretRow) -> Pending<'c, T, Error> + Send + 'static,
) -> Result<T, Error> {
    let secret_id = id.found()?.secret_id.clone();
    call.ctx
        .app
        .db()
        .write(move |conn| {
            Box::pin(async move {
                let row = secrets::lock(conn, &secret_id).await?.ok_or_else(failures::no_secret)?;
                body(conn, row).await
            }) as Pending<'_, T, Error>
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_moved_by_whoever_says_where_it_is() {
        let check = |attached, from, to| check_move(CURRENT, attached, from, to).is_ok();
        assert!(check(Some("a"), Some("a"), Some("b")));
        assert!(check(Some("a"), None, Some("a")));
        assert!(check(None, None, Some("b")));
        assert!(!check(Some("a"), None, Some("b")));
        assert!(!check(Some("a"), Some("b"), Some("c")));
        assert!(!check(None, Some("a"), Some("b")));
        assert!(!check(Some("a"), Some("a"), None));
        assert!(!check(Some("a"), None, None));
        assert!(check_move("OWN", Some("a"), Some("a"), None).is_ok());
    }
}
