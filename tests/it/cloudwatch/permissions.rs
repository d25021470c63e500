//! Who may do what: namespaces by condition, alarms by ARN, and regions apart.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use super::run;

#[tokio::test]
async fn policies_name_namespaces_and_alarms() {
    on_default(async |wharf| {
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*",
              "Condition": { "StringEquals": { "cloudwatch:namespace": "Own" } } },
            { "Effect": "Allow", "Action": ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"],
              "Resource": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:own-*" },
        ] });
        let user = wharf.known_user("measurer", &policy).await;
        run(
            &wharf.aws().as_user(&user),
            r#"
put("m", 1, namespace="Own")
text = message("AccessDenied", cloudwatch.put_metric_data, Namespace="Other", MetricData=[{"MetricName": "m", "Value": 1}])
expect(text, "User: arn:aws:iam::000000000000:user/measurer is not authorized to perform: cloudwatch:PutMetricData on resource: * "
    "because no identity-based policy allows the cloudwatch:PutMetricData action")
arguments = dict(Namespace="Own", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold")
cloudwatch.put_metric_alarm(AlarmName="own-1", **arguments)
text = message("AccessDenied", cloudwatch.put_metric_alarm, AlarmName="other", **arguments)
assert "on resource: arn:aws:cloudwatch:us-east-1:000000000000:alarm:other " in text, text
message("AccessDenied", cloudwatch.delete_alarms, AlarmNames=["own-1", "other"])
message("AccessDenied", cloudwatch.describe_alarms)
cloudwatch.delete_alarms(AlarmNames=["own-1"])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn regions_have_metrics_of_their_own() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_REGIONS", "us-east-1, eu-west-1").start().await;
    run(&wharf.aws(), "put('m', 1)");
    run(&wharf.aws().in_region("eu-west-1"), "expect(cloudwatch.list_metrics()['Metrics'], [])");
}
