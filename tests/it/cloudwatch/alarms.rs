//! Alarms: made, described, set off by what is measured, and told of in their history.

use tests::harness::{Backend, Wharf, admin::within, on_default};

use super::{query, run};

const ALARM: &str = r#"
def alarm(name, **more):
    cloudwatch.put_metric_alarm(AlarmName=name, **{"Namespace": "Test", "MetricName": "load", "Statistic": "Average", "Period": 60,
        "EvaluationPeriods": 2, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold", **more})
def described(**more):
    pages = cloudwatch.get_paginator("describe_alarms").paginate(**more)
    return [row for page in pages for row in page["MetricAlarms"]]
def names(**more):
    return [row["AlarmName"] for row in described(**more)]
"#;

#[tokio::test]
async fn an_alarm_is_made_changed_described_and_deleted() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &format!(
                "{ALARM}\n{}",
                r#"
# Whoever looks at alarms meanwhile must leave it as it is.
alarm("high", AlarmDescription="too much", AlarmActions=["arn:aws:sns:us-east-1:000000000000:topic"], Dimensions=dimensions(Service="web"),
    DatapointsToAlarm=1, TreatMissingData="ignore", Tags=[{"Key": "team", "Value": "web"}], Unit="Percent")
row = described()[0]
for member, value in {"AlarmName": "high", "AlarmDescription": "too much", "MetricName": "load", "Namespace": "Test", "Statistic": "Average",
    "Dimensions": dimensions(Service="web"), "Period": 60, "EvaluationPeriods": 2, "DatapointsToAlarm": 1, "Threshold": 5.0, "Unit": "Percent",
    "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "ignore", "ActionsEnabled": True, "StateValue": "INSUFFICIENT_DATA",
    "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:topic"], "OKActions": [], "StateReason": "Unchecked: Initial alarm creation",
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:high"}.items():
    expect(row[member], value)
arn = row["AlarmArn"]
expect(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "team", "Value": "web"}])
cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "b"}])
cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team"])
expect(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "a", "Value": "b"}])
refused("ResourceNotFoundException", cloudwatch.list_tags_for_resource, ResourceARN=arn + "x")
# Set anew, it keeps its state and its tags.
cloudwatch.set_alarm_state(AlarmName="high", StateValue="ALARM", StateReason="by hand", StateReasonData='{"a": 1}')
alarm("high", Threshold=7, TreatMissingData="ignore")
row = described()[0]
expect((row["StateValue"], row["StateReason"], row["StateReasonData"], row["Threshold"]), ("ALARM", "by hand", '{"a": 1}', 7.0))
assert "DatapointsToAlarm" not in row and "AlarmDescription" not in row, row
expect(cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "a", "Value": "b"}])
cloudwatch.disable_alarm_actions(AlarmNames=["high"])
expect(described()[0]["ActionsEnabled"], False)
cloudwatch.enable_alarm_actions(AlarmNames=["high"])
expect(described()[0]["ActionsEnabled"], True)
message("ResourceNotFound", cloudwatch.set_alarm_state, AlarmName="absent", StateValue="OK", StateReason="x")
message("InvalidFormat", cloudwatch.set_alarm_state, AlarmName="high", StateValue="OK", StateReason="x", StateReasonData="{")
expect(message("ValidationError", cloudwatch.set_alarm_state, AlarmName="high", StateValue="FINE", StateReason="x"),
    "1 validation error detected: Value 'FINE' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value "
    "set: [INSUFFICIENT_DATA, ALARM, OK]")
# All or none.
message("ResourceNotFound", cloudwatch.delete_alarms, AlarmNames=["high", "absent"])
expect(names(), ["high"])
cloudwatch.delete_alarms(AlarmNames=["high"])
expect(names(), [])
history = cloudwatch.describe_alarm_history(AlarmName="high")["AlarmHistoryItems"]
expect([item["HistorySummary"] for item in history], ['Alarm "high" deleted', 'Alarm "high" updated',
    "Alarm updated from INSUFFICIENT_DATA to ALARM", 'Alarm "high" created'])
expect(json.loads(history[2]["HistoryData"])["newState"]["stateValue"], "ALARM")
expect([item["HistoryItemType"] for item in cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]], ["StateUpdate"])
pages = cloudwatch.get_paginator("describe_alarm_history").paginate(PaginationConfig={"PageSize": 1})
expect([item["HistorySummary"] for page in pages for item in page["AlarmHistoryItems"]], [item["HistorySummary"] for item in history])
expect(cloudwatch.describe_alarm_history(StartDate=at(now + 3600))["AlarmHistoryItems"], [])
"#
            ),
        );
    })
    .await;
}

#[tokio::test]
async fn alarms_are_listed_and_what_is_none_is_refused() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &format!(
                "{ALARM}\n{}",
                r#"
every = sorted([f"web-{n:02}" for n in range(12)] + [f"api-{n}" for n in range(3)])
for name in reversed(every):
    # Whoever looks at alarms meanwhile must leave them as they are.
    alarm(name, TreatMissingData="ignore", **({"OKActions": ["arn:one"]} if name.endswith("1") else {}))
for name in ["web-03", "api-2"]:
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="by hand")
for size in [1, 4, 15, 100]:
    some = {"PaginationConfig": {"PageSize": size}}
    expect(names(**some), every)
    expect(names(AlarmNamePrefix="web-", **some), [name for name in every if name.startswith("web-")])
    expect(names(StateValue="OK", **some), ["api-2", "web-03"])
    expect(names(ActionPrefix="arn:o", **some), ["api-1", "web-01", "web-11"])
expect(names(AlarmNames=["web-01", "absent", "api-0"]), ["api-0", "web-01"])
expect(names(AlarmTypes=["CompositeAlarm"]), [])
expect(cloudwatch.describe_alarms()["CompositeAlarms"], [])
message("InvalidNextToken", cloudwatch.describe_alarms, NextToken="x")
def bad(code, **more):
    return message(code, lambda **arguments: alarm("bad", **arguments), **more)
bad("ValidationError", Statistic="Median")
bad("InvalidParameterValue", Period=10)
bad("ValidationError", EvaluationPeriods=1441)
bad("ValidationError", DatapointsToAlarm=3)
bad("ValidationError", ComparisonOperator="LessThanLowerThreshold")
bad("ValidationError", TreatMissingData="maybe")
bad("ValidationError", ExtendedStatistic="p99")
bad("ValidationError", Metrics=[query("a", "a")])
bad("InvalidParameterValue", Unit="Furlongs")
bad("InvalidParameterValue", AlarmActions=["a"] * 6)
message("MissingParameter", cloudwatch.put_metric_alarm, AlarmName="bad", EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold")
expect(names(), every)
"#
            ),
        );
    })
    .await;
}

#[tokio::test]
async fn alarms_follow_what_is_measured() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    let look = async |script: &str| {
        // What comes within the last minute counts once that has ended.
        query(&wharf, "update alarms set state_updated_at = state_updated_at");
        let ran = query(&wharf, "select coalesce(last_run_at, 0) from jobs where kind = 'evaluate alarms'");
        query(&wharf, "update jobs set due_at = 0 where kind = 'evaluate alarms'");
        // A look that was under way when it was made due may have been too early: it leaves the job due once more.
        let looked = format!(
            "select count(*) from jobs where kind = 'evaluate alarms' and lease_owner is null and due_at > 0
             and coalesce(last_run_at, 0) <> {ran}"
        );
        within(60, "alarms are looked at", async || query(&wharf, &looked) == "1").await;
        run(
            &wharf.aws(),
            &format!("{ALARM}\nstates = {{row['AlarmName']: row['StateValue'] for row in described()}}\n{script}"),
        );
    };
    run(
        &wharf.aws(),
        &format!(
            "{ALARM}\n{}",
            r#"
# Also the next minutes: one may end before the alarms are looked at.
for n in range(-4, 6):
    put("load", 9.0, now - 60 * n)
    put("calm", 1.0, now - 60 * n)
alarm("high")
alarm("calm", MetricName="calm")
alarm("low", MetricName="calm", ComparisonOperator="LessThanOrEqualToThreshold", Threshold=1, EvaluationPeriods=3, DatapointsToAlarm=2)
alarm("missing", MetricName="absent")
alarm("breaching", MetricName="absent", TreatMissingData="breaching")
alarm("fine", MetricName="absent", TreatMissingData="notBreaching")
alarm("kept", MetricName="absent", TreatMissingData="ignore")
alarm("long", Period=300, EvaluationPeriods=1, Statistic="Sum", Threshold=44)
"#
        ),
    );
    look(
        r#"
expect(states, {"high": "ALARM", "calm": "OK", "low": "ALARM", "missing": "INSUFFICIENT_DATA", "breaching": "ALARM", "fine": "OK",
    "kept": "INSUFFICIENT_DATA", "long": "ALARM"})
row = described(AlarmNames=["high"])[0]
assert row["StateReason"].startswith("Threshold Crossed: 2 datapoints [9.0 ("), row["StateReason"]
expect(json.loads(row["StateReasonData"])["threshold"], 5.0)
expect([item["HistorySummary"] for item in cloudwatch.describe_alarm_history(AlarmName="high", HistoryItemType="StateUpdate")["AlarmHistoryItems"]],
    ["Alarm updated from INSUFFICIENT_DATA to ALARM"])
cloudwatch.set_alarm_state(AlarmName="calm", StateValue="ALARM", StateReason="by hand")
"#,
    )
    .await;
    // It calms down, and what was set by hand is set right.
    query(&wharf, "update metric_points set sum = 1, minimum = 1, maximum = 1");
    look("expect((states['high'], states['calm'], states['low']), ('OK', 'OK', 'ALARM'))").await;
    // Nothing comes any more.
    query(&wharf, "delete from metric_points");
    look("expect((states['high'], states['calm'], states['fine']), ('INSUFFICIENT_DATA', 'INSUFFICIENT_DATA', 'OK'))")
        .await;
}
