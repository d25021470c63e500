//! The alarms of policies: made, changed and deleted with them, for whoever may put a policy. What they set off is in
//! `scaling`.

use serde_json::json;
use tests::harness::{Backend, DEFAULT, Wharf};

use super::run;

#[tokio::test]
async fn a_policy_has_two_alarms_that_follow_it() {
    for &backend in DEFAULT {
        println!("on {backend:?}");
        let wharf = Wharf::with(backend).set("WHARF_REGIONS", "us-east-1,eu-west-1").start().await;
        let statement = json!({ "Effect": "Allow", "Action": "application-autoscaling:*", "Resource": "*" });
        let user = wharf.known_user("scaler", &json!({ "Version": "2012-10-17", "Statement": statement })).await;
        run(
            &wharf.aws(),
            "ecs.create_cluster()\ncreate(0)\nscaling.register_scalable_target(MinCapacity=0, MaxCapacity=4, **WEB)",
        );
        // Nothing but automatic scaling is needed.
        let made = run(&wharf.aws().as_user(&user), r#"print(json.dumps(put()["Alarms"]))"#);
        run(&wharf.aws(), &format!("made = json.loads({:?})\n{}", made.to_string(), FOLLOW));
    }
}

const FOLLOW: &str = r#"
def policy(name="cpu"):
    return scaling.describe_scaling_policies(PolicyNames=[name], **WEB)["ScalingPolicies"][0]
def summaries(name):
    return [item["HistorySummary"] for item in cloudwatch.describe_alarm_history(AlarmName=name)["AlarmHistoryItems"]]
arn = policy()["PolicyARN"]
uuid = arn.split(":")[6]
high, low = [f"TargetTracking-service/default/web-{side}-{uuid}" for side in ("AlarmHigh", "AlarmLow")]
shown = [{"AlarmName": name, "AlarmARN": f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}"} for name in (high, low)]
expect(made, shown)
expect(policy()["Alarms"], shown)
expect(list(alarms()), [high, low])
for name, comparison, threshold, periods in ((high, "GreaterThanThreshold", 50.0, 3), (low, "LessThanThreshold", 45.0, 15)):
    row = alarms()[name]
    for member, value in {"AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {arn}.", "ActionsEnabled": True,
        "AlarmActions": [arn], "OKActions": [], "Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Statistic": "Average",
        "Dimensions": WEB_DIMENSIONS, "Period": 60, "EvaluationPeriods": periods, "Threshold": threshold, "ComparisonOperator": comparison,
        "StateValue": "INSUFFICIENT_DATA"}.items():
        expect(row[member], value)
expect(cloudwatch.describe_alarms(ActionPrefix=arn, MaxRecords=1)["MetricAlarms"][0]["AlarmName"], high)

# Put again as it is, nothing changes; with another target the alarms do, and what they said of the old one counts no more.
put()
expect(summaries(high), [f'Alarm "{high}" created'])
cloudwatch.set_alarm_state(AlarmName=low, StateValue="OK", StateReason="by hand")
cloudwatch.tag_resource(ResourceARN=shown[1]["AlarmARN"], Tags=[{"Key": "a", "Value": "b"}])
expect(put(TargetValue=80.0, ScaleInCooldown=60)["Alarms"], shown)
expect([alarms()[name]["Threshold"] for name in (high, low)], [80.0, 72.0])
expect(alarms()[low]["StateValue"], "INSUFFICIENT_DATA")
expect(set(summaries(low)[:2]), {"Alarm updated from OK to INSUFFICIENT_DATA", f'Alarm "{low}" updated'})
expect(cloudwatch.list_tags_for_resource(ResourceARN=shown[1]["AlarmARN"])["Tags"], [{"Key": "a", "Value": "b"}])

# What never scales in has no alarm for it.
expect(put(DisableScaleIn=True)["Alarms"], shown[:1])
expect((list(alarms()), policy()["Alarms"]), ([high], shown[:1]))
expect(put()["Alarms"], shown)

# What somebody deleted or changed is as it was once the policy is put again.
cloudwatch.delete_alarms(AlarmNames=[high])
cloudwatch.disable_alarm_actions(AlarmNames=[low])
expect(policy()["Alarms"], shown[1:])
expect(put()["Alarms"], shown)
expect([row["ActionsEnabled"] for row in alarms().values()], [True, True])

# Of other metrics.
def watched(policy):
    return {(row["Namespace"], row["MetricName"], row["Statistic"], row.get("Unit"), tuple(one["Value"] for one in row["Dimensions"]))
        for name, row in alarms().items() if name in [one["AlarmName"] for one in policy["Alarms"]]}
memory = put(PredefinedMetricSpecification={"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"})
expect(watched(memory), {("AWS/ECS", "MemoryUtilization", "Average", None, ("default", "web"))})
requests = put("requests", PredefinedMetricSpecification={"PredefinedMetricType": "ALBRequestCountPerTarget",
    "ResourceLabel": "app/web/0123456789abcdef/targetgroup/web/0123456789abcdef"})
expect(watched(requests), {("AWS/ApplicationELB", "RequestCountPerTarget", "Sum", None, ("app/web/0123456789abcdef", "targetgroup/web/0123456789abcdef"))})
own = scaling.put_scaling_policy(PolicyName="own", PolicyType="TargetTrackingScaling", **WEB, TargetTrackingScalingPolicyConfiguration={
    "TargetValue": 0.3, "CustomizedMetricSpecification": {"Namespace": "Own", "MetricName": "backlog", "Statistic": "Maximum", "Unit": "Count"}})
expect(watched(own), {("Own", "backlog", "Maximum", "Count", ())})
pages = scaling.get_paginator("describe_scaling_policies").paginate(**ECS, PaginationConfig={"PageSize": 2})
every = [one for page in pages for one in page["ScalingPolicies"]]
expect([(one["PolicyName"], len(one["Alarms"])) for one in every], [("cpu", 2), ("own", 2), ("requests", 2)])
expect(sorted(name["AlarmName"] for one in every for name in one["Alarms"]), list(alarms()))
expect(list(alarms(PaginationConfig={"PageSize": 1})), list(alarms()))
expect(client("cloudwatch", region_name="eu-west-1").describe_alarms()["MetricAlarms"], [])

# Whoever puts and deletes it at the same time, it has its alarms or is gone with them.
from concurrent.futures import ThreadPoolExecutor
def change(number):
    if number % 4 < 3:
        return put(TargetValue=float(number + 1), DisableScaleIn=number % 4 == 2)
    try:
        scaling.delete_scaling_policy(PolicyName="cpu", **WEB)
    except botocore.exceptions.ClientError as error:
        expect(error.response["Error"]["Code"], "ObjectNotFoundException")
with ThreadPoolExecutor(8) as pool:
    list(pool.map(change, range(32)))
listed = lambda: [name["AlarmName"] for one in scaling.describe_scaling_policies(**WEB)["ScalingPolicies"] for name in one["Alarms"]]
expect(sorted(listed()), list(alarms()))
high = put()["Alarms"][0]["AlarmName"]
expect((sorted(listed()), len(alarms())), (list(alarms()), 6))

# They go with their policy, and with its target.
scaling.delete_scaling_policy(PolicyName="cpu", **WEB)
expect((len(alarms()), high in alarms(), summaries(high)[0]), (4, False, f'Alarm "{high}" deleted'))
scaling.deregister_scalable_target(**WEB)
expect(alarms(), {})
"#;

#[tokio::test]
async fn a_policy_that_was_put_before_there_were_alarms_gets_them() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    run(
        &wharf.aws(),
        "ecs.create_cluster()\ncreate(0)\nscaling.register_scalable_target(MinCapacity=0, MaxCapacity=4, **WEB)\nput()",
    );
    let change = "update scaling_policies set document = (document::jsonb - 'alarms')::text; delete from alarms";
    wharf.backing().database().query(change);
    run(
        &wharf.aws(),
        r#"
eventually(lambda: len(alarms()) == 2)
[cpu] = scaling.describe_scaling_policies(**WEB)["ScalingPolicies"]
expect([one["AlarmName"] for one in cpu["Alarms"]], list(alarms()))
"#,
    );
}
