//! The two alarms of a policy that tracks a target: one that its metric is above it, one that it is well below. They are
//! alarms of CloudWatch that anybody sees; what scales services acts on their state and on nothing else. One that somebody
//! deleted or switched off stays so until the policy is put again, and the policy does not scale in that direction.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use app::App;
use cloudwatch::watches::{self, Seen, Side, Watch};
use serde::{Deserialize, Serialize};
use store::Conn;
use store::alarms::{self, AlarmRow};
use store::scaling_policies::ScalingPolicyRow;
use types::{Arn, RegistryId, Timestamp};

use crate::names::policy_arn;
use crate::policies::{Document, source};

/// What is well below: this share of the target.
const WELL_BELOW: f64 = 0.9;
/// The longest name of an alarm.
const LONGEST: usize = 255;

/// Above the target and well below it, in the order in which they are shown.
const SIDES: [Side; 2] = [Side::Above, Side::Below];

/// How long the two wait until they go off, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Minutes {
    pub(crate) high: usize,
    pub(crate) low: usize,
}

impl Minutes {
    /// As it is set.
    pub(crate) fn of(app: &App) -> Self {
        let minutes = |long: Duration| usize::try_from(long.as_secs() / 60).unwrap_or(usize::MAX).max(1);
        Self { high: minutes(app.config().scale_out_after), low: minutes(app.config().scale_in_after) }
    }
}

/// An alarm as it is shown with its policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Alarm {
    alarm_name: String,
    #[serde(rename = "AlarmARN")]
    alarm_arn: String,
}

impl Alarm {
    fn named(registry: &RegistryId, name: String) -> Self {
        Self { alarm_arn: Arn::alarm(registry, &name).to_string(), alarm_name: name }
    }
}

/// The name of an alarm. What is scaled is cut off if it is too long; the policy's own id still tells one from another.
pub(crate) fn name(resource_id: &str, side: Side, uuid: &str) -> String {
    let side = match side {
        Side::Above => "AlarmHigh",
        Side::Below => "AlarmLow",
    };
    let head: String =
        format!("TargetTracking-{resource_id}").chars().take(LONGEST - 2 - side.len() - uuid.len()).collect();
    format!("{head}-{side}-{uuid}")
}

/// Makes the alarms of a policy, or has those that there are watch what it tracks now, in the transaction that puts it.
/// One that is as it is to be stays as it is.
pub(crate) async fn put(
    conn: &mut Conn,
    row: &ScalingPolicyRow,
    document: &Document,
    minutes: Minutes,
    now: Timestamp,
) -> store::Result<Vec<Alarm>> {
    let Some(source) = source(row, document) else {
        return Ok(Vec::new());
    };
    let (tracking, action) = (&document.target_tracking, arn(row, document));
    let mut made = Vec::new();
    for side in SIDES {
        let name = name(&row.resource_id, side, &document.uuid);
        if side == Side::Below && !tracking.scales_in() {
            watches::delete(conn, &row.registry, &name, now).await?;
            continue;
        }
        let (threshold, minutes) = match side {
            Side::Above => (tracking.target_value, minutes.high),
            Side::Below => (tracking.target_value * WELL_BELOW, minutes.low),
        };
        let watch = Watch {
            name,
            description: format!("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {action}."),
            action: action.clone(),
            metric: source.metric.clone(),
            unit: source.unit.clone(),
            statistic: source.statistic,
            side,
            threshold,
            minutes,
        };
        watches::put(conn, &row.registry, &watch, now).await?;
        made.push(Alarm::named(&row.registry, watch.name));
    }
    Ok(made)
}

/// Deletes the alarms of a policy in the transaction that deletes it.
pub(crate) async fn delete(
    conn: &mut Conn,
    row: &ScalingPolicyRow,
    document: &Document,
    now: Timestamp,
) -> store::Result<()> {
    for side in SIDES {
        watches::delete(conn, &row.registry, &name(&row.resource_id, side, &document.uuid), now).await?;
    }
    Ok(())
}

/// Those alarms of these policies that are there, by name.
pub(crate) async fn find(
    conn: &mut Conn,
    registry: &RegistryId,
    policies: &[(ScalingPolicyRow, Document)],
) -> store::Result<BTreeMap<String, AlarmRow>> {
    let names =
        |(row, document): &(ScalingPolicyRow, Document)| SIDES.map(|side| name(&row.resource_id, side, &document.uuid));
    let names: Vec<String> = policies.iter().flat_map(names).collect();
    let found = alarms::find_all(conn, registry, &names).await?;
    Ok(found.into_iter().map(|row| (row.name.clone(), row)).collect())
}

/// The alarms of a policy, of those that there are.
pub(crate) fn shown(row: &ScalingPolicyRow, document: &Document, there: &BTreeSet<String>) -> Vec<Alarm> {
    let names = SIDES.map(|side| name(&row.resource_id, side, &document.uuid));
    names.into_iter().filter(|name| there.contains(name)).map(|name| Alarm::named(&row.registry, name)).collect()
}

/// What was measured, of a policy whose alarms say that it is too much or too little.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Told {
    /// Last, above the target.
    pub(crate) above: Option<f64>,
    /// The most within the time that counts, well below the target.
    pub(crate) below: Option<f64>,
}

/// Looks at the alarms of a policy now.
pub(crate) async fn look(
    app: &App,
    (row, document): &(ScalingPolicyRow, Document),
    there: &mut BTreeMap<String, AlarmRow>,
) -> app::Result<Told> {
    let action = arn(row, document);
    let mut seen = SIDES.map(|side| (side, None));
    for (side, seen) in &mut seen {
        if let Some(alarm) = there.remove(&name(&row.resource_id, *side, &document.uuid)) {
            *seen = watches::look(app, alarm).await?.filter(|seen| seen.sets_off(&action));
        }
    }
    let [(_, high), (_, low)] = seen;
    Ok(Told {
        above: high.and_then(|seen: Seen| newest(&seen.values)),
        below: low.and_then(|seen: Seen| highest(&seen.values, seen.periods())),
    })
}

/// The ARN of a policy, which its alarms name.
pub(crate) fn arn(row: &ScalingPolicyRow, document: &Document) -> String {
    policy_arn(&row.registry, &document.uuid, &row.resource_id, &row.name)
}

/// The last value that there is.
fn newest(values: &[Option<f64>]) -> Option<f64> {
    values.iter().rev().copied().flatten().next()
}

/// The highest of the last periods, if something was measured in each: nobody's tasks are taken away because nothing is
/// known of them. What ended last may not have been told yet.
fn highest(values: &[Option<f64>], periods: usize) -> Option<f64> {
    let told = &values[..=values.iter().rposition(Option::is_some)?];
    let recent = told.get(told.len().checked_sub(periods)?..)?;
    recent.iter().try_fold(f64::MIN, |highest, value| Some(highest.max((*value)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "2f0c1f6e-6d4b-4f6c-9a52-7f3f0f9f1a2b";

    #[test]
    fn names_are_those_of_aws_and_never_too_long() {
        assert_eq!(
            name("service/default/web", Side::Below, UUID),
            format!("TargetTracking-service/default/web-AlarmLow-{UUID}")
        );
        let long = format!("service/{}/{}", "c".repeat(255), "s".repeat(255));
        for side in SIDES {
            let name = name(&long, side, UUID);
            assert_eq!(name.len(), 255);
            assert!(name.ends_with(UUID), "{name}");
        }
    }

    #[test]
    fn what_is_missing_in_between_says_nothing_of_all() {
        let values =
            |text: &str| -> Vec<Option<f64>> { text.chars().map(|digit| digit.to_digit(10).map(f64::from)).collect() };
        for (text, last, most) in [
            ("12321", Some(1.0), Some(3.0)),
            ("91232", Some(2.0), Some(3.0)),
            // The last two come late.
            ("123--", Some(3.0), Some(3.0)),
            ("12-3-", Some(3.0), None),
            ("-1---", Some(1.0), None),
            ("-----", None, None),
            ("", None, None),
        ] {
            let values = values(text);
            assert_eq!((newest(&values), highest(&values, 3)), (last, most), "{text}");
        }
    }
}
