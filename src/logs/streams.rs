//! Streams: making, describing and deleting them.

use app::Grant;
use app::api::Call;
use serde::{Deserialize, Serialize};
use store::log_streams::{self, LogStreamRow};
use store::{Conn, Pending};
use types::{RegistryId, Timestamp};
use uuid::Uuid;

use crate::error::Error;
use crate::names::{GroupName, LAST, StreamName, beginning_with};
use crate::{failures, groups};

/// Makes a stream.
pub(crate) async fn create(call: &Call, grant: &Grant, group: &GroupName, name: &StreamName) -> Result<(), Error> {
    grant.require("logs:CreateLogStream")?;
    let (registry, group, name) = (call.ctx.registry.clone(), group.clone(), name.clone());
    let (id, now) = (Uuid::now_v7().simple().to_string(), call.ctx.app.now());
    call.ctx
        .app
        .db()
        .write(move |conn| {
            Box::pin(async move {
                let group = groups::find(conn, &registry, &group).await?;
                if log_streams::insert(conn, &id, &group.log_group_id, name.as_str(), now).await? {
                    return Ok(());
                }
                Err(failures::stream_exists())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Deletes a stream with all its events. It is out of sight at once; its rows go by and by.
pub(crate) async fn delete(call: &Call, grant: &Grant, group: &GroupName, name: &StreamName) -> Result<(), Error> {
    grant.require("logs:DeleteLogStream")?;
    let (registry, group, name) = (call.ctx.registry.clone(), group.clone(), name.clone());
    let now = call.ctx.app.now();
    call.ctx
        .app
        .db()
        .write(move |conn| {
            Box::pin(async move {
                let group = groups::find(conn, &registry, &group).await?;
                if log_streams::update_deleted(conn, &group.log_group_id, name.as_str(), now).await? {
                    return Ok(());
                }
                Err(failures::no_such_stream())
            }) as Pending<'_, (), Error>
        })
        .await
}

/// Which streams are wanted, and in which order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter<'a> {
    /// How their names begin.
    pub(crate) prefix: Option<&'a str>,
    /// By their last events instead of by their names.
    pub(crate) by_time: bool,
    /// The last first.
    pub(crate) descending: bool,
}

/// The place of a stream in both orders.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Place {
    at: i64,
    name: String,
}

/// A page of the streams of a group, and where there may be more.
pub(crate) async fn list(
    call: &Call,
    grant: &Grant,
    group: &GroupName,
    filter: Filter<'_>,
    place: Option<Place>,
    limit: usize,
) -> Result<(Vec<LogStreamRow>, Option<Place>), Error> {
    grant.require("logs:DescribeLogStreams")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let id = groups::find(&mut conn, &call.ctx.registry, group).await?.log_group_id;
    let (from, to) = filter.prefix.map_or_else(|| (String::new(), LAST.to_owned()), beginning_with);
    let range = (from.as_str(), to.as_str());
    let place = place.unwrap_or_else(|| {
        if filter.descending {
            Place { at: i64::MAX, name: LAST.to_owned() }
        } else {
            Place { at: -1, name: String::new() }
        }
    });
    let at = Timestamp::from_micros(place.at);
    let (conn, more) = (&mut conn, limit + 1);
    let mut found = match (filter.by_time, filter.descending) {
        (false, false) => log_streams::list(conn, &id, &place.name, range, more).await?,
        (false, true) => log_streams::list_descending(conn, &id, &place.name, range, more).await?,
        (true, false) => log_streams::list_by_time(conn, &id, (at, &place.name), more).await?,
        (true, true) => log_streams::list_by_time_descending(conn, &id, (at, &place.name), more).await?,
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    let place = last.map(|last| Place { at: last.last_event_at.micros(), name: last.name.clone() });
    Ok((found, place))
}

/// A stream that must exist, in a group that must exist.
pub(crate) async fn find(
    conn: &mut Conn,
    registry: &RegistryId,
    group: &GroupName,
    name: &StreamName,
) -> Result<LogStreamRow, Error> {
    let group = groups::find(conn, registry, group).await?;
    log_streams::find(conn, &group.log_group_id, name.as_str()).await?.ok_or_else(failures::no_such_stream)
}
