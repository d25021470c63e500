//! Reading events: those of one stream page by page in both directions, and those of a group that match a pattern.

use app::Grant;
use app::api::Call;
use serde::{Deserialize, Serialize};
use store::log_streams;

use crate::error::Error;
use crate::event::{Event, Key};
use crate::filter::Pattern;
use crate::names::{GroupName, StreamName};
use crate::read::{Direction, Scan, Source, walk};
use crate::tokens;
use crate::{failures, groups, streams};

/// What is wanted of one stream.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The earliest time and the latest, in milliseconds.
    pub(crate) times: (i64, i64),
    /// How many events at most.
    pub(crate) limit: usize,
    /// Without a token: from the beginning, not from the end.
    pub(crate) from_head: bool,
}

/// Events of a stream, the earliest first, and the tokens for those on either side.
#[derive(Debug)]
pub(crate) struct StreamPage {
    pub(crate) events: Vec<Event>,
    pub(crate) forward: String,
    pub(crate) backward: String,
}

/// A page of the events of one stream.
pub(crate) async fn get(
    call: &Call,
    grant: &Grant,
    (group, stream): (&GroupName, &StreamName),
    wanted: Wanted,
    token: Option<&str>,
) -> Result<StreamPage, Error> {
    grant.require("logs:GetLogEvents")?;
    let app = &call.ctx.app;
    let found = streams::find(&mut app.db().reader().await?, &call.ctx.registry, group, stream).await?;
    let id = found.log_stream_id;
    let began = token.map(tokens::read_in_stream).transpose()?;
    let direction = match began {
        Some((direction, ..)) => direction,
        None if wanted.from_head => Direction::Forward,
        None => Direction::Backward,
    };
    let scan = Scan {
        direction,
        place: began.map(|(_, at, sequence)| Key { at, stream: id.clone(), sequence }),
        from: wanted.times.0,
        to: wanted.times.1,
        limit: wanted.limit,
    };
    let source = Source::Streams(vec![(id, found.name)]);
    let page = walk(app, &source, &scan, |_| true).await?;
    // A page that ended before it came to anything goes on from there: with the token that it began with it would be the end.
    let came_to = page.place.as_ref().map(|place| (direction, place.at, place.sequence));
    let began = came_to.or(began);
    let mut events: Vec<Event> = page.events.into_iter().map(|(_, _, event)| event).collect();
    if direction == Direction::Backward {
        events.reverse();
    }
    let place = |direction, event: &Event| tokens::in_stream(direction, event.at, event.sequence);
    let (forward, backward) = match (events.first(), events.last(), began) {
        (Some(first), Some(last), _) => (place(Direction::Forward, last), place(Direction::Backward, first)),
        // The end: the same token again, and the other one leads back over what lies before it.
        (_, _, Some((Direction::Forward, at, sequence))) => (
            tokens::in_stream(Direction::Forward, at, sequence),
            tokens::in_stream(Direction::Backward, at, sequence.saturating_add(1)),
        ),
        (_, _, Some((Direction::Backward, at, sequence))) => (
            tokens::in_stream(Direction::Forward, at, sequence.saturating_sub(1)),
            tokens::in_stream(Direction::Backward, at, sequence),
        ),
        // Nothing yet; what comes is behind this.
        (_, _, None) => {
            let at = wanted.times.0.max(0);
            (tokens::in_stream(Direction::Forward, at, 0), tokens::in_stream(Direction::Backward, at, 0))
        }
    };
    Ok(StreamPage { events, forward, backward })
}

/// What is wanted of a group.
#[derive(Debug)]
pub(crate) struct Search<'a> {
    /// Of these streams; none: of all whose names begin as `prefix` says.
    pub(crate) streams: &'a [StreamName],
    /// How the names of the streams begin.
    pub(crate) prefix: &'a str,
    /// What the events must be like.
    pub(crate) pattern: &'a str,
    /// The earliest time and the latest, in milliseconds.
    pub(crate) times: (i64, i64),
    /// How many events at most.
    pub(crate) limit: usize,
    /// The earliest first.
    pub(crate) from_head: bool,
}

/// An event that was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) stream_name: String,
    pub(crate) event: Event,
}

/// A place in a search, as its token has it.
#[derive(Serialize, Deserialize)]
struct Place {
    forward: bool,
    at: i64,
    stream: String,
    sequence: u64,
}

/// A page of the events of a group that match, and the token for the rest if there is any.
pub(crate) async fn find(
    call: &Call,
    grant: &Grant,
    group: &GroupName,
    search: Search<'_>,
    token: Option<&str>,
) -> Result<(Vec<Found>, Option<String>), Error> {
    grant.require("logs:FilterLogEvents")?;
    let pattern = Pattern::parse(search.pattern)?;
    let names: Vec<&str> = search.streams.iter().map(StreamName::as_str).collect();
    let (from, to) = search.times;
    let list = serde_json::json!([group.as_str(), names, search.prefix, search.pattern, from, to]).to_string();
    let place: Option<Place> = tokens::open(call, &list, token)?;
    let forward = place.as_ref().map_or(search.from_head, |place| place.forward);
    let scan = Scan {
        direction: if forward { Direction::Forward } else { Direction::Backward },
        place: place.map(|Place { at, stream, sequence, .. }| Key { at, stream, sequence }),
        from,
        to,
        limit: search.limit,
    };
    let app = &call.ctx.app;
    let source = source(call, group, &search).await?;
    let page = walk(app, &source, &scan, |message| pattern.matches(message)).await?;
    let found = page.events.into_iter();
    let found =
        found.map(|(key, stream_name, event)| Found { id: tokens::event_id(&key), stream_name, event }).collect();
    let place = page.place.map(|Key { at, stream, sequence }| Place { forward, at, stream, sequence });
    Ok((found, place.map(|place| tokens::seal(call, &list, &place)).transpose()?))
}

async fn source(call: &Call, group: &GroupName, search: &Search<'_>) -> Result<Source, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let group = groups::find(&mut conn, &call.ctx.registry, group).await?;
    if search.streams.is_empty() {
        return Ok(Source::Group(group.log_group_id, search.prefix.to_owned()));
    }
    let mut streams = Vec::new();
    for name in search.streams {
        let found = log_streams::find(&mut conn, &group.log_group_id, name.as_str()).await?;
        let found = found.ok_or_else(failures::no_such_stream)?;
        if !streams.iter().any(|(id, _)| *id == found.log_stream_id) {
            streams.push((found.log_stream_id, found.name));
        }
    }
    Ok(Source::Streams(streams))
}
