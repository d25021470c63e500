//! The same service in both of its protocols: JSON, and Query with XML as older clients speak it.

use tests::harness::on_default;

use super::run;

#[tokio::test]
async fn clients_of_old_do_and_see_the_same() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
new, cloudwatch = cloudwatch, as_of_old()
start = now - 600
for n in range(5):
    put("m", n + 0.25, start + 60 * n, Dimensions=dimensions(Service="größe & <co>"), Unit="Percent")
cloudwatch.put_metric_data(Namespace="Test", MetricData=[{"MetricName": "v", "Values": [1, 2], "Counts": [2, 2], "Timestamp": at(start)}])
def both(operation, **arguments):
    answers = [getattr(api, operation)(**arguments) for api in (cloudwatch, new)]
    for answer in answers:
        answer.pop("ResponseMetadata")
    old, today = [json.dumps(answer, default=str, sort_keys=True) for answer in answers]
    expect(old, today)
    return answers[0]
found = both("get_metric_statistics", Namespace="Test", MetricName="m", StartTime=at(start), EndTime=at(now), Period=60,
    Statistics=["Sum", "Maximum"], Dimensions=dimensions(Service="größe & <co>"))
expect(sorted(point["Sum"] for point in found["Datapoints"]), [n + 0.25 for n in range(5)])
expect(statistics("v", start, now, of=("Sum", "SampleCount")), [(start, 6, 4)])
both("list_metrics", Namespace="Test")
found = both("get_metric_data", MetricDataQueries=[query("a", "m", Dimensions=dimensions(Service="größe & <co>")), query("b", "absent")], StartTime=at(start), EndTime=at(now))
expect(found["MetricDataResults"][0]["Values"], [n + 0.25 for n in range(5)][::-1])
cloudwatch.put_metric_alarm(AlarmName="old", Namespace="Test", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1.5,
    ComparisonOperator="LessThanThreshold", OKActions=["arn:a"], Tags=[{"Key": "k", "Value": "v"}])
row = both("describe_alarms")["MetricAlarms"][0]
expect((row["Threshold"], row["OKActions"], row["AlarmActions"]), (1.5, ["arn:a"], []))
both("describe_alarm_history")
both("list_tags_for_resource", ResourceARN=row["AlarmArn"])
# Failures have the same names in both.
for api in (cloudwatch, new):
    for code, call, arguments in [
        ("ResourceNotFound", api.delete_alarms, {"AlarmNames": ["absent"]}),
        ("InvalidParameterValue", api.put_metric_data, {"Namespace": ":", "MetricData": [{"MetricName": "m", "Value": 1}]}),
        ("InvalidNextToken", api.list_metrics, {"NextToken": "x"}),
        ("InvalidAction", api.list_dashboards, {}),
    ]:
        refused(code, call, **arguments)
    try:
        api.delete_alarms(AlarmNames=["absent"])
    except api.exceptions.ResourceNotFound as error:
        expect(error.response["ResponseMetadata"]["HTTPStatusCode"], 404)
cloudwatch.delete_alarms(AlarmNames=["old"])
expect(new.describe_alarms()["MetricAlarms"], [])
"#,
        );
    })
    .await;
}
