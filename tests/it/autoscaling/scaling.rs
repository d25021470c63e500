//! What becomes of services: by what is measured, by the clock, and by their limits.

use tests::harness::ecs_agent::EcsAgent;
use tests::harness::{DEFAULT, Wharf};

use super::run;

/// Runs a test on servers where a task counts as healthy after a second, with a host that has room.
async fn with_a_host<F: AsyncFn(&Wharf)>(body: F) {
    for &backend in DEFAULT {
        println!("on {backend:?}");
        let wharf = Wharf::with(backend).set("WHARF_SERVICE_SETTLE", "1s").start().await;
        run(&wharf.aws(), "ecs.create_cluster()");
        let _agent = EcsAgent::join(&wharf.aws(), "default", 4096, 4096).await;
        body(&wharf).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_scales_a_service_out_at_once() {
    with_a_host(async |wharf| {
        run(
            &wharf.aws(),
            r#"
create(2)
completed()
scaling.register_scalable_target(MinCapacity=1, MaxCapacity=10, **WEB)
arn = put()["PolicyARN"]
uuid = arn.split(":")[6]
high, low = [f"TargetTracking-service/default/web-{side}-{uuid}" for side in ("AlarmHigh", "AlarmLow")]
# Of others somebody deleted the alarm, or switched it off: though the same is measured, they stay as they are.
still = {"deleted": cloudwatch.delete_alarms, "off": cloudwatch.disable_alarm_actions}
for name, change in still.items():
    create(2, name)
    other = {**WEB, "ResourceId": f"service/default/{name}"}
    scaling.register_scalable_target(MinCapacity=1, MaxCapacity=10, **other)
    made = scaling.put_scaling_policy(PolicyName="cpu", PolicyType="TargetTrackingScaling", **other,
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 50.0, "CustomizedMetricSpecification": {
            "Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "Statistic": "Maximum", "Dimensions": WEB_DIMENSIONS}})
    change(AlarmNames=[made["Alarms"][0]["AlarmName"]])
measure(90)
eventually(lambda: service()["desiredCount"] == 4)
# The alarm says what was done, and why.
states = {name: alarms()[name]["StateValue"] for name in (high, low)}
expect(states, {high: "ALARM", low: "OK"})
history = cloudwatch.describe_alarm_history(AlarmName=high)["AlarmHistoryItems"]
expect([item["HistorySummary"] for item in history], [f"Successfully executed action {arn}",
    "Alarm updated from INSUFFICIENT_DATA to ALARM", f'Alarm "{high}" created'])
expect(history[0]["HistoryItemType"], "Action")
eventually(lambda: service()["runningCount"] == 4)
[done] = activities()
expect(done["Description"], "Setting desired count to 4.")
expect(done["Cause"], f"monitor alarm {high} in state ALARM triggered policy cpu")
expect((done["StatusCode"], done["ResourceId"]), ("Successful", "service/default/web"))
expect(done["StatusMessage"], "Successfully set desired count to 4. Change successfully fulfilled by ecs.")
# What was added is to have its effect first, and 4 is what 90 percent asked for.
time.sleep(20)
expect(service()["desiredCount"], 4)
expect([service(name)["desiredCount"] for name in still], [2, 2])
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_scales_a_service_in_step_by_step_down_to_its_minimum() {
    with_a_host(async |wharf| {
        run(
            &wharf.aws(),
            r#"
create(4)
completed()
scaling.register_scalable_target(MinCapacity=2, MaxCapacity=10, **WEB)
put(ScaleInCooldown=0, ScaleOutCooldown=0)
measure(5)
counts = []
def down():
    count = service()["desiredCount"]
    if count not in counts:
        counts.append(count)
    return count == 2
eventually(down)
expect(counts, [4, 3, 2])
last = activities()[0]
expect(last["Description"], "Setting desired count to 2.")
assert "-AlarmLow-" in last["Cause"] and last["Cause"].endswith(" in state ALARM triggered policy cpu"), last
time.sleep(20)
expect(service()["desiredCount"], 2)
"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_though_nothing_is_measured_and_what_is_suspended_rests() {
    with_a_host(async |wharf| {
        run(
            &wharf.aws(),
            r#"
create(1)
completed()
scaling.register_scalable_target(MinCapacity=3, MaxCapacity=5, **WEB, SuspendedState={"DynamicScalingOutSuspended": True})
time.sleep(20)
expect(service()["desiredCount"], 1)
scaling.register_scalable_target(**WEB, SuspendedState={"DynamicScalingOutSuspended": False})
eventually(lambda: service()["desiredCount"] == 3)
expect(activities()[0]["Cause"], "minimum capacity was set to 3")
ecs.update_service(service="web", desiredCount=7)
eventually(lambda: service()["desiredCount"] == 5)
expect(activities()[0]["Cause"], "maximum capacity was set to 5")
pages = scaling.get_paginator("describe_scaling_activities").paginate(**ECS, PaginationConfig={"PageSize": 1})
expect([one["Description"] for page in pages for one in page["ScalingActivities"]],
    ["Setting desired count to 5.", "Setting desired count to 3."])
# Once it is forgotten, nothing holds.
scaling.deregister_scalable_target(**WEB)
ecs.update_service(service="web", desiredCount=1)
time.sleep(20)
expect(service()["desiredCount"], 1)
"#,
        );
    })
    .await;
}

/// Limits may be larger, as on AWS: what a service may have is less.
#[tokio::test(flavor = "multi_thread")]
async fn no_limit_wants_more_tasks_than_a_service_may_have() {
    for &backend in DEFAULT {
        println!("on {backend:?}");
        let wharf = Wharf::with(backend).start().await;
        // Nothing runs: there is no host.
        run(
            &wharf.aws(),
            r#"
ecs.create_cluster()
create(1)
scaling.register_scalable_target(MinCapacity=1_000_000, MaxCapacity=1_000_000, **WEB)
eventually(lambda: service()["desiredCount"] > 1)
expect(service()["desiredCount"], 5000)
[done] = activities()
expect(done["Description"], "Setting desired count to 5000.")
# That is all there is to do, and the limits stay what they are.
time.sleep(20)
expect((service()["desiredCount"], len(activities())), (5000, 1))
[target] = scaling.describe_scalable_targets(**ECS)["ScalableTargets"]
expect((target["MinCapacity"], target["MaxCapacity"]), (1_000_000, 1_000_000))
"#,
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scheduled_actions_set_the_limits_when_they_are_due() {
    with_a_host(async |wharf| {
        run(
            &wharf.aws(),
            r#"
create(1)
completed()
scaling.register_scalable_target(MinCapacity=1, MaxCapacity=5, **WEB)
# One that was due before it is put down is never done, so there is time to put it down.
clock = lambda: datetime.datetime.now(datetime.timezone.utc)
soon = (clock() + datetime.timedelta(seconds=9)).replace(microsecond=0)
scaling.put_scheduled_action(ScheduledActionName="morning", Schedule=f"at({soon:%Y-%m-%dT%H:%M:%S})", **WEB,
    ScalableTargetAction={"MinCapacity": 2})
count = service()["desiredCount"]
assert count == 1 or clock() >= soon, "it was done before it was due"
eventually(lambda: service()["desiredCount"] == 2)
[target] = scaling.describe_scalable_targets(**ECS)["ScalableTargets"]
expect((target["MinCapacity"], target["MaxCapacity"]), (2, 5))
raised, set_ = activities()
expect(raised["Cause"], "minimum capacity was set to 2")
expect(set_["Description"], "Setting min capacity to 2 and max capacity to 5")
expect(set_["Cause"], "scheduled action name morning was triggered")
"#,
        );
    })
    .await;
}
