//! The operations. A new one gets its `mod` line and its entry here; how to write one stands in `aws`.

mod delete_alarms;
mod describe_alarm_history;
mod describe_alarms;
mod disable_alarm_actions;
mod enable_alarm_actions;
mod get_metric_data;
mod get_metric_statistics;
mod list_metrics;
mod list_tags_for_resource;
mod put_metric_alarm;
mod put_metric_data;
mod set_alarm_state;
mod tag_resource;
mod untag_resource;

use app::api::Call;
use aws::Entry;

use self::delete_alarms::DeleteAlarms;
use self::describe_alarm_history::DescribeAlarmHistory;
use self::describe_alarms::DescribeAlarms;
use self::disable_alarm_actions::DisableAlarmActions;
use self::enable_alarm_actions::EnableAlarmActions;
use self::get_metric_data::GetMetricData;
use self::get_metric_statistics::GetMetricStatistics;
use self::list_metrics::ListMetrics;
use self::list_tags_for_resource::ListTagsForResource;
use self::put_metric_alarm::PutMetricAlarm;
use self::put_metric_data::PutMetricData;
use self::set_alarm_state::SetAlarmState;
use self::tag_resource::TagResource;
use self::untag_resource::UntagResource;
use crate::error::Error;
use crate::failures;

/// Every operation of CloudWatch that exists here. Others of it are not supported.
pub(crate) const OPERATIONS: &[Entry<Call>] = &[
    Entry::of::<DeleteAlarms>(),
    Entry::of::<DescribeAlarmHistory>(),
    Entry::of::<DescribeAlarms>(),
    Entry::of::<DisableAlarmActions>(),
    Entry::of::<EnableAlarmActions>(),
    Entry::of::<GetMetricData>(),
    Entry::of::<GetMetricStatistics>(),
    Entry::of::<ListMetrics>(),
    Entry::of::<ListTagsForResource>(),
    Entry::of::<PutMetricAlarm>(),
    Entry::of::<PutMetricData>(),
    Entry::of::<SetAlarmState>(),
    Entry::of::<TagResource>(),
    Entry::of::<UntagResource>(),
];

/// Reads `MaxRecords`.
fn limit(max_records: Option<i64>) -> Result<usize, Error> {
    let limit = usize::try_from(max_records.unwrap_or(50)).ok().filter(|limit| (1..=100).contains(limit));
    limit.ok_or_else(|| failures::validation("The parameter MaxRecords must be between 1 and 100."))
}
