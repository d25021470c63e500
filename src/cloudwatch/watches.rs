//! Alarms that another part of Wharf makes for itself and acts on: those of scaling policies. They are rows as all alarms
//! are, are looked at every minute and can be described, changed and deleted by whoever may. Who made them looks at them
//! once more before it acts, and acts on nothing but their state: what is done and what is shown cannot disagree.

use app::App;
use serde_json::json;
use store::Conn;
use store::alarms::{self, AlarmRow};
use types::{RegistryId, Timestamp};

use crate::alarms::{Alarm, Configuration, Configured, change_state, look as look_at, note_configured, unchecked};
use crate::evaluation::Comparison;
use crate::history;
use crate::metrics::{Metric, Statistic};
use crate::period::MINUTE;

/// An alarm to be made: minutes in a row on one side of a threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// Its name.
    pub name: String,
    /// What people are told of it.
    pub description: String,
    /// What it sets off.
    pub action: String,
    /// What is watched.
    pub metric: Metric,
    /// In which unit; none: the one that comes.
    pub unit: Option<String>,
    /// Which statistic of each minute.
    pub statistic: Statistic,
    /// On which side of the threshold it goes off.
    pub side: Side,
    /// The threshold.
    pub threshold: f64,
    /// How many minutes.
    pub minutes: usize,
}

/// A side of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Greater than it.
    Above,
    /// Less than it.
    Below,
}

/// An alarm as it was seen.
pub struct Seen {
    alarm: Alarm,
    /// What was measured in each period, the oldest first: of some more periods than are needed, as some come late.
    pub values: Vec<Option<f64>>,
}

impl Seen {
    /// Whether it is in ALARM and is to set off this.
    pub fn sets_off(&self, action: &str) -> bool {
        sets_off(&self.alarm, action)
    }

    /// How many periods it is judged by.
    pub fn periods(&self) -> usize {
        self.alarm.configuration.evaluation_periods
    }
}

impl Watch {
    fn configuration(&self) -> Configuration {
        Configuration {
            description: Some(self.description.clone()),
            actions_enabled: true,
            ok_actions: Vec::new(),
            alarm_actions: vec![self.action.clone()],
            insufficient_data_actions: Vec::new(),
            metric: self.metric.clone(),
            statistic: self.statistic.name().to_owned(),
            unit: self.unit.clone(),
            period: MINUTE,
            evaluation_periods: self.minutes,
            datapoints_to_alarm: None,
            threshold: self.threshold,
            comparison: match self.side {
                Side::Above => Comparison::Greater,
                Side::Below => Comparison::Less,
            },
            treat_missing_data: None,
        }
    }
}

/// Makes an alarm in the transaction of a caller. One of that name that is as it is to be stays as it is; another one is
/// configured anew, and what its state came of counts for nothing any more.
pub async fn put(conn: &mut Conn, registry: &RegistryId, watch: &Watch, now: Timestamp) -> store::Result<()> {
    let document = json!(watch.configuration()).to_string();
    let known = alarms::lock(conn, registry, &watch.name).await?;
    if known.as_ref().is_some_and(|known| known.document == document) {
        return Ok(());
    }
    let row = AlarmRow {
        registry: registry.clone(),
        name: watch.name.clone(),
        document,
        tags: json!({}).to_string(),
        state: unchecked(now),
        configured_at: now,
    };
    alarms::upsert(conn, &row).await?;
    let what = if known.is_some() { Configured::Updated } else { Configured::Created };
    note_configured(conn, registry, &watch.name, what, now).await?;
    match known {
        Some(known) => change_state(conn, registry, &known, row.state).await,
        None => Ok(()),
    }
}

/// Deletes an alarm in the transaction of a caller, if it is there.
pub async fn delete(conn: &mut Conn, registry: &RegistryId, name: &str, now: Timestamp) -> store::Result<()> {
    if alarms::delete(conn, registry, name).await? {
        note_configured(conn, registry, name, Configured::Deleted, now).await?;
    }
    Ok(())
}

/// Looks at an alarm now, and sets its state. None if it was changed meanwhile.
pub async fn look(app: &App, row: AlarmRow) -> app::Result<Option<Seen>> {
    Ok(look_at(app, row).await?.map(|(alarm, values)| Seen { alarm, values }))
}

/// Whether an alarm still sets off an action. It stays so until the transaction ends.
pub async fn lock(conn: &mut Conn, registry: &RegistryId, name: &str, action: &str) -> app::Result<bool> {
    let found = alarms::lock(conn, registry, name).await?;
    Ok(found.map(Alarm::of).transpose()?.is_some_and(|alarm| sets_off(&alarm, action)))
}

/// Notes in the history of an alarm what it set off.
pub async fn note(
    conn: &mut Conn,
    registry: &RegistryId,
    name: &str,
    action: &str,
    now: Timestamp,
) -> store::Result<()> {
    let data = json!({ "actionState": "Succeeded", "notificationResource": action });
    history::note(conn, registry, name, ("Action", format!("Successfully executed action {action}"), data), now).await
}

fn sets_off(alarm: &Alarm, action: &str) -> bool {
    let Configuration { actions_enabled, alarm_actions, .. } = &alarm.configuration;
    alarm.row.state.value == "ALARM" && *actions_enabled && alarm_actions.iter().any(|one| one == action)
}
