//! Groups: making, describing and deleting them, and for how long they keep events.

use std::collections::BTreeMap;

use app::Grant;
use app::api::Call;
use store::log_groups::{self, LogGroupRow};
use store::{Conn, Pending};
use types::RegistryId;
use uuid::Uuid;

use crate::error::Error;
use crate::failures;
use crate::names::{GroupName, LAST, beginning_with};
use crate::tags;

/// Groups whose names are looked at for one page of a search by pattern.
const LOOKED_AT: usize = 5_000;

/// For how many days events can be kept.
pub(crate) const RETENTION: &[u16] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Makes a group.
pub(crate) async fn create(
    call: &Call,
    grant: &Grant,
    name: &GroupName,
    tags: BTreeMap<String, String>,
) -> Result<(), Error> {
    grant.require("logs:CreateLogGroup")?;
    tags::check(&tags)?;
    let row = LogGroupRow {
        log_group_id: Uuid::now_v7().simple().to_string(),
        registry: call.ctx.registry.clone(),
        name: name.as_str().to_owned(),
        retention_days: None,
        tags: tags::to_json(&tags),
        stored_bytes: 0,
        created_at: call.ctx.app.now(),
    };
    let made = call
        .ctx
        .app
        .db()
        .write(move |conn| {
            Box::pin(async move { Ok(log_groups::insert(conn, &row).await?) }) as Pending<'_, bool, Error>
        })
        .await?;
    if made { Ok(()) } else { Err(failures::group_exists()) }
}

/// Deletes a group with all that is in it. It is out of sight at once; its rows go by and by.
pub(crate) async fn delete(call: &Call, grant: &Grant, name: &GroupName) -> Result<(), Error> {
    grant.require("logs:DeleteLogGroup")?;
    let (registry, name, now) = (call.ctx.registry.clone(), name.as_str().to_owned(), call.ctx.app.now());
    let deleted = call
        .ctx
        .app
        .db()
        .write(move |conn| {
            Box::pin(async move { Ok(log_groups::update_deleted(conn, &registry, &name, now).await?) })
                as Pending<'_, bool, Error>
        })
        .await?;
    if deleted { Ok(()) } else { Err(failures::no_such_group()) }
}

/// A page of groups, and the name behind which there may be more.
pub(crate) struct Page {
    pub(crate) groups: Vec<LogGroupRow>,
    pub(crate) after: Option<String>,
}

/// Groups whose names begin with a text or have one in them, by name.
pub(crate) async fn list(
    call: &Call,
    grant: &Grant,
    (prefix, pattern): (Option<&str>, Option<&str>),
    after: &str,
    limit: usize,
) -> Result<Page, Error> {
    grant.require("logs:DescribeLogGroups")?;
    let registry = &call.ctx.registry;
    let (from, to) = prefix.map_or_else(|| (String::new(), LAST.to_owned()), beginning_with);
    let mut conn = call.ctx.app.db().reader().await?;
    let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else {
        let mut groups = log_groups::list(&mut conn, registry, after, (&from, &to), limit + 1).await?;
        let more = groups.len() > limit;
        groups.truncate(limit);
        let after = groups.last().filter(|_| more).map(|last| last.name.clone());
        return Ok(Page { groups, after });
    };
    let found = log_groups::list(&mut conn, registry, after, (&from, &to), LOOKED_AT).await?;
    let (count, mut last) = (found.len(), None);
    let mut groups = Vec::new();
    for group in found {
        if groups.len() == limit {
            return Ok(Page { groups, after: last });
        }
        last = Some(group.name.clone());
        if group.name.contains(pattern) {
            groups.push(group);
        }
    }
    Ok(Page { groups, after: last.filter(|_| count == LOOKED_AT) })
}

/// Those of these groups that exist.
pub(crate) async fn list_named(call: &Call, grant: &Grant, names: &[GroupName]) -> Result<Vec<LogGroupRow>, Error> {
    grant.require("logs:DescribeLogGroups")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let mut groups = Vec::new();
    for name in names {
        groups.extend(log_groups::find(&mut conn, &call.ctx.registry, name.as_str()).await?);
    }
    Ok(groups)
}

/// Sets for how many days a group keeps events; none: for ever.
pub(crate) async fn keep(
    call: &Call,
    grant: &Grant,
    action: &str,
    name: &GroupName,
    days: Option<u16>,
) -> Result<(), Error> {
    grant.require(action)?;
    let (registry, name) = (call.ctx.registry.clone(), name.as_str().to_owned());
    let found = call
        .ctx
        .app
        .db()
        .write(move |conn| {
            Box::pin(async move { Ok(log_groups::update_retention(conn, &registry, &name, days).await?) })
                as Pending<'_, bool, Error>
        })
        .await?;
    if found { Ok(()) } else { Err(failures::no_such_group()) }
}

/// A group that must exist.
pub(crate) async fn find(conn: &mut Conn, registry: &RegistryId, name: &GroupName) -> Result<LogGroupRow, Error> {
    log_groups::find(conn, registry, name.as_str()).await?.ok_or_else(failures::no_such_group)
}
