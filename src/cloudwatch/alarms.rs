//! Alarms: setting, changing and deleting them, and looking at all of them every minute. What an alarm is to set off is
//! kept and shown, and nothing is set off from here: whom it concerns looks at the alarm, see [`crate::watches`].

use std::collections::BTreeMap;
use std::time::Duration;

use app::api::Call;
use app::{App, Error as Rule, Grant};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::alarms::{self, AlarmRow, AlarmState};
use store::{Conn, Pending};
use types::{Arn, RegistryId, Timestamp};

use crate::error::Error;
use crate::evaluation::{self, Comparison, MORE, Missing, Rule as Decision, Verdict};
use crate::metrics::{self, Metric, Query};
use crate::period::{self, MINUTE, Statistic};
use crate::{failures, history};

/// How often all alarms are looked at.
pub const EVALUATE_EVERY: Duration = Duration::from_secs(60);
/// Alarms that are read at once.
const PAGE: usize = 100;
/// How many tags an alarm may have.
const MOST_TAGS: usize = 50;

/// The first state of an alarm.
const UNCHECKED: &str = "Unchecked: Initial alarm creation";

/// How an alarm is configured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Configuration {
    pub(crate) description: Option<String>,
    pub(crate) actions_enabled: bool,
    pub(crate) ok_actions: Vec<String>,
    pub(crate) alarm_actions: Vec<String>,
    pub(crate) insufficient_data_actions: Vec<String>,
    pub(crate) metric: Metric,
    pub(crate) statistic: String,
    pub(crate) unit: Option<String>,
    /// In seconds.
    pub(crate) period: u64,
    pub(crate) evaluation_periods: usize,
    pub(crate) datapoints_to_alarm: Option<usize>,
    pub(crate) threshold: f64,
    pub(crate) comparison: Comparison,
    pub(crate) treat_missing_data: Option<Missing>,
}

/// An alarm with its configuration.
pub(crate) struct Alarm {
    pub(crate) row: AlarmRow,
    pub(crate) configuration: Configuration,
}

impl Alarm {
    pub(crate) fn of(row: AlarmRow) -> Result<Self, Rule> {
        let configuration = serde_json::from_str(&row.document).map_err(|error| {
            tracing::error!(%error, alarm = row.name, "the configuration of an alarm is damaged");
            Rule::Internal
        })?;
        Ok(Self { row, configuration })
    }
}

/// Makes an alarm, or configures the one of that name anew.
pub(crate) async fn put(
    call: &Call,
    grant: &Grant,
    name: String,
    configuration: &Configuration,
    tags: &BTreeMap<String, String>,
) -> Result<(), Error> {
    grant.require("cloudwatch:PutMetricAlarm")?;
    check_tags(tags)?;
    let now = call.ctx.app.now();
    let row = AlarmRow {
        registry: call.ctx.registry.clone(),
        name,
        document: json!(configuration).to_string(),
        tags: json!(tags).to_string(),
        state: unchecked(now),
        configured_at: now,
    };
    write(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let known = alarms::lock(conn, &row.registry, &row.name).await?.is_some();
            alarms::upsert(conn, &row).await?;
            let what = if known { Configured::Updated } else { Configured::Created };
            Ok(note_configured(conn, &row.registry, &row.name, what, now).await?)
        })
    })
    .await
}

/// Deletes alarms: all of them, or none if one does not exist.
pub(crate) async fn delete(call: &Call, grant: &Grant, mut names: Vec<String>) -> Result<(), Error> {
    grant.require("cloudwatch:DeleteAlarms")?;
    in_one_order(&mut names);
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    write(&call.ctx.app, move |conn| {
        Box::pin(async move {
            for name in &names {
                if !alarms::delete(conn, &registry, name).await? {
                    return Err(failures::no_such_alarm(name));
                }
                note_configured(conn, &registry, name, Configured::Deleted, now).await?;
            }
            Ok(())
        })
    })
    .await
}

/// Sets the state of an alarm, until it is looked at again.
pub(crate) async fn set_state(
    call: &Call,
    grant: &Grant,
    name: String,
    (value, reason, reason_data): (String, String, Option<String>),
) -> Result<(), Error> {
    grant.require("cloudwatch:SetAlarmState")?;
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    write(&call.ctx.app, move |conn| {
        Box::pin(async move {
            let alarm = alarms::lock(conn, &registry, &name).await?.ok_or_else(|| failures::no_such_alarm(&name))?;
            let state = AlarmState { value, reason, reason_data, updated_at: now };
            Ok(change_state(conn, &registry, &alarm, state).await?)
        })
    })
    .await
}

/// Changes alarms: how they are configured, and their tags.
pub(crate) async fn change(
    call: &Call,
    mut names: Vec<String>,
    change: impl Fn(&mut Configuration, &mut BTreeMap<String, String>) + Send + 'static,
) -> Result<(), Error> {
    in_one_order(&mut names);
    let registry = call.ctx.registry.clone();
    write(&call.ctx.app, move |conn| {
        Box::pin(async move {
            for name in &names {
                let row = alarms::lock(conn, &registry, name).await?.ok_or_else(|| failures::no_such_alarm(name))?;
                let Alarm { row, mut configuration } = Alarm::of(row)?;
                let mut tags = tags(&row);
                change(&mut configuration, &mut tags);
                check_tags(&tags)?;
                alarms::update(conn, &registry, name, &json!(configuration).to_string(), &json!(tags).to_string())
                    .await?;
            }
            Ok(())
        })
    })
    .await
}

/// The order in which alarms are locked, the same for everybody: so two calls that name the same never wait for one another.
fn in_one_order(names: &mut Vec<String>) {
    names.sort_unstable();
    names.dedup();
}

/// An alarm that must exist.
pub(crate) async fn find(call: &Call, name: &str) -> Result<Option<Alarm>, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let found = alarms::find_all(&mut conn, &call.ctx.registry, &[name.to_owned()]).await?;
    Ok(found.into_iter().next().map(Alarm::of).transpose()?)
}

/// Those of these alarms that exist.
pub(crate) async fn find_all(call: &Call, names: &[String]) -> Result<Vec<Alarm>, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let found = alarms::find_all(&mut conn, &call.ctx.registry, names).await?;
    Ok(found.into_iter().map(Alarm::of).collect::<Result<_, _>>()?)
}

/// Alarms behind `after` whose names begin so, by name, at most `limit`.
pub(crate) async fn list(call: &Call, after: &str, prefix: &str, limit: usize) -> Result<Vec<Alarm>, Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let end = format!("{prefix}\u{10ffff}");
    let found = alarms::list(&mut conn, &call.ctx.registry, after, (prefix, &end), limit).await?;
    Ok(found.into_iter().map(Alarm::of).collect::<Result<_, _>>()?)
}

/// The tags of an alarm.
pub(crate) fn tags(row: &AlarmRow) -> BTreeMap<String, String> {
    serde_json::from_str(&row.tags).unwrap_or_default()
}

/// The ARN of an alarm.
pub(crate) fn arn(registry: &RegistryId, name: &str) -> Arn {
    Arn::alarm(registry, name)
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    if tags.len() > MOST_TAGS {
        return Err(failures::invalid_value("An alarm can have no more than 50 tags."));
    }
    for (key, value) in tags {
        if !(1..=128).contains(&key.chars().count()) || value.chars().count() > 256 || key.starts_with("aws:") {
            return Err(failures::invalid_value(
                "Tag keys must have 1 to 128 characters and not begin with aws:, and values at most 256 characters.",
            ));
        }
    }
    Ok(())
}

async fn write<T: Send + 'static>(
    app: &App,
    body: impl for<'c> FnOnce(&'c mut Conn) -> Pending<'c, T, Error> + Send + 'static,
) -> Result<T, Error> {
    app.db().write(body).await
}

/// The state of an alarm that was not looked at yet.
pub(crate) fn unchecked(now: Timestamp) -> AlarmState {
    AlarmState {
        value: "INSUFFICIENT_DATA".to_owned(),
        reason: UNCHECKED.to_owned(),
        reason_data: None,
        updated_at: now,
    }
}

/// What became of the configuration of an alarm.
pub(crate) enum Configured {
    Created,
    Updated,
    Deleted,
}

/// Notes that in the history.
pub(crate) async fn note_configured(
    conn: &mut Conn,
    registry: &RegistryId,
    name: &str,
    what: Configured,
    now: Timestamp,
) -> store::Result<()> {
    let (what, kind) = match what {
        Configured::Created => ("created", "Create"),
        Configured::Updated => ("updated", "Update"),
        Configured::Deleted => ("deleted", "Delete"),
    };
    let data = json!({ "version": "1.0", "type": kind });
    history::note(conn, registry, name, ("ConfigurationUpdate", format!("Alarm \"{name}\" {what}"), data), now).await
}

/// Sets a state and notes it in the history, if it is another one.
pub(crate) async fn change_state(
    conn: &mut Conn,
    registry: &RegistryId,
    alarm: &AlarmRow,
    mut state: AlarmState,
) -> store::Result<()> {
    let told = |state: &AlarmState| {
        let data: Value =
            state.reason_data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
        json!({ "stateValue": state.value, "stateReason": state.reason, "stateReasonData": data })
    };
    let changed = alarm.state.value != state.value;
    let now = state.updated_at;
    if !changed {
        state.updated_at = alarm.state.updated_at;
    }
    alarms::update_state(conn, registry, &alarm.name, &state).await?;
    if changed {
        let summary = format!("Alarm updated from {} to {}", alarm.state.value, state.value);
        let data = json!({ "version": "1.0", "oldState": told(&alarm.state), "newState": told(&state) });
        history::note(conn, registry, &alarm.name, ("StateUpdate", summary, data), now).await?;
    }
    Ok(())
}

/// Looks at all alarms once.
pub async fn evaluate(app: &App) -> app::Result<()> {
    let mut place = (String::new(), String::new(), String::new());
    loop {
        let mut conn = app.db().reader().await?;
        let found = alarms::list_all(&mut conn, (&place.0, &place.1, &place.2), PAGE).await?;
        drop(conn);
        let Some(last) = found.last() else {
            return Ok(());
        };
        let RegistryId { account, region } = &last.registry;
        place = (account.to_string(), region.to_string(), last.name.clone());
        for row in found {
            look(app, row).await?;
        }
    }
}

/// Looks at an alarm: how it is then, and what was measured, the oldest first. None if it cannot be read, or was changed
/// meanwhile; it is looked at again soon.
pub(crate) async fn look(app: &App, row: AlarmRow) -> app::Result<Option<(Alarm, Vec<Option<f64>>)>> {
    let Ok(mut alarm) = Alarm::of(row) else {
        // It was told, and the others are to be looked at.
        return Ok(None);
    };
    let Some((values, state)) = next_state(app, &alarm, app.now()).await? else {
        return Ok(None);
    };
    let Some(state) = state else {
        return Ok(Some((alarm, values)));
    };
    let (row, next) = (alarm.row.clone(), state.clone());
    let written = app
        .db()
        .write_in_background(move |conn| {
            Box::pin(async move {
                match alarms::lock(conn, &row.registry, &row.name).await? {
                    Some(known) if known == row => {
                        change_state(conn, &row.registry, &known, next).await?;
                        Ok(true)
                    }
                    _ => Ok(false),
                }
            }) as Pending<'_, bool, Rule>
        })
        .await?;
    alarm.row.state = state;
    Ok(written.then_some((alarm, values)))
}

/// What was measured, and the state that an alarm is to get, if it is another one.
async fn next_state(
    app: &App,
    alarm: &Alarm,
    now: Timestamp,
) -> app::Result<Option<(Vec<Option<f64>>, Option<AlarmState>)>> {
    let Configuration { metric, statistic, unit, period, evaluation_periods, .. } = &alarm.configuration;
    let Some(statistic) = Statistic::named(statistic) else {
        return Ok(None);
    };
    let length = Duration::from_secs(*period);
    let count = evaluation_periods + MORE;
    // Whole periods up to the minute that has just ended.
    let end = period::begin(now, Duration::from_secs(MINUTE));
    let begin = end.before(length * u32::try_from(count).unwrap_or(u32::MAX));
    let query = Query { metric, unit: unit.as_deref(), times: (begin, end), period: length };
    let periods = metrics::read(&mut app.db().reader().await?, &alarm.row.registry, &query).await?;
    let values: Vec<(Timestamp, Option<f64>)> = (0..count)
        .map(|index| {
            let at = begin.after(length * u32::try_from(index).unwrap_or(u32::MAX));
            (at, periods.get(&at).map(|statistics| statistics.get(statistic)))
        })
        .collect();
    let decision = alarm.configuration.decision();
    let measured: Vec<Option<f64>> = values.iter().map(|(_, value)| *value).collect();
    let verdict = evaluation::judge(&decision, &measured);
    let value = match verdict {
        Verdict::Ok => "OK",
        Verdict::Alarm => "ALARM",
        Verdict::InsufficientData => "INSUFFICIENT_DATA",
        Verdict::Unchanged => return Ok(Some((measured, None))),
    };
    if value == alarm.row.state.value && alarm.row.state.reason != UNCHECKED {
        return Ok(Some((measured, None)));
    }
    let state = AlarmState {
        value: value.to_owned(),
        reason: reason(&decision, verdict, &values),
        reason_data: Some(reason_data(&alarm.configuration, &values, now)),
        updated_at: now,
    };
    Ok(Some((measured, Some(state))))
}

impl Configuration {
    fn decision(&self) -> Decision {
        Decision {
            comparison: self.comparison,
            threshold: self.threshold,
            periods: self.evaluation_periods,
            needed: self.datapoints_to_alarm.unwrap_or(self.evaluation_periods),
            missing: self.treat_missing_data.unwrap_or_default(),
        }
    }
}

/// Why an alarm is as it is, about as CloudWatch words it.
fn reason(decision: &Decision, verdict: Verdict, values: &[(Timestamp, Option<f64>)]) -> String {
    let known: Vec<String> = values
        .iter()
        .rev()
        .filter_map(|(at, value)| Some(format!("{:?} ({})", (*value)?, at.rfc3339())))
        .take(decision.periods.min(5))
        .collect();
    let (periods, needed) = (decision.periods, decision.needed);
    if known.is_empty() {
        return format!("Threshold Crossed: no datapoints were received for {periods} periods.");
    }
    let not = if verdict == Verdict::Alarm { "" } else { "not " };
    let (count, was) = (known.len(), if known.len() == 1 { "datapoint" } else { "datapoints" });
    format!(
        "Threshold Crossed: {count} {was} [{}] {} {not}{} the threshold ({:?}) ({needed} of {periods} datapoints decide).",
        known.join(", "),
        if count == 1 { "was" } else { "were" },
        decision.comparison.words(),
        decision.threshold
    )
}

fn reason_data(configuration: &Configuration, values: &[(Timestamp, Option<f64>)], now: Timestamp) -> String {
    let known: Vec<(Timestamp, f64)> = values.iter().filter_map(|(at, value)| Some((*at, (*value)?))).collect();
    let recent: Vec<f64> = known.iter().map(|(_, value)| *value).rev().take(20).collect();
    json!({
        "version": "1.0",
        "queryDate": now.rfc3339(),
        "startDate": known.first().map(|(at, _)| at.rfc3339()),
        "statistic": configuration.statistic,
        "period": configuration.period,
        "recentDatapoints": recent,
        "threshold": configuration.threshold,
    })
    .to_string()
}

/// Forgets what became of alarms long ago.
pub async fn expire_history(app: &App) -> app::Result<()> {
    while history::expire(app).await? {}
    Ok(())
}
