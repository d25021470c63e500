//! What is registered: targets, policies, scheduled actions and tags, and what is refused.

use serde_json::json;
use tests::harness::on_default;

use super::run;

#[tokio::test]
async fn targets_policies_and_scheduled_actions_are_kept_and_listed() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
ecs.create_cluster()
create(0)
create(0, "api")
API = {**WEB, "ResourceId": "service/default/api"}
message("ObjectNotFoundException", scaling.deregister_scalable_target, **WEB)
message("ObjectNotFoundException", put)
arn = scaling.register_scalable_target(MinCapacity=0, MaxCapacity=4, Tags={"team": "web"}, **WEB)["ScalableTargetARN"]
assert arn.startswith(home + "scalable-target/"), arn
expect(scaling.register_scalable_target(MaxCapacity=5, **WEB)["ScalableTargetARN"], arn)
scaling.register_scalable_target(MinCapacity=0, MaxCapacity=4, RoleARN="arn:aws:iam::000000000000:role/scaler", **API)
pages = scaling.get_paginator("describe_scalable_targets").paginate(**ECS, PaginationConfig={"PageSize": 1})
api, web = [one for page in pages for one in page["ScalableTargets"]]
expect((web["ResourceId"], web["MinCapacity"], web["MaxCapacity"], web["ScalableTargetARN"]), ("service/default/web", 0, 5, arn))
expect(web["SuspendedState"], {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False, "ScheduledScalingSuspended": False})
assert web["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_ECSService") and api["RoleARN"].endswith("role/scaler")
named = scaling.describe_scalable_targets(ResourceIds=["service/default/web", "service/default/none"], **ECS)["ScalableTargets"]
expect([one["ResourceId"] for one in named], ["service/default/web"])

expect(scaling.list_tags_for_resource(ResourceARN=arn)["Tags"], {"team": "web"})
scaling.tag_resource(ResourceARN=arn, Tags={"stage": "test"})
scaling.untag_resource(ResourceARN=arn, TagKeys=["team"])
expect(scaling.list_tags_for_resource(ResourceARN=arn)["Tags"], {"stage": "test"})
message("ResourceNotFoundException", scaling.list_tags_for_resource, ResourceARN=home + "scalable-target/0123456789abcdef")
message("TooManyTagsException", scaling.tag_resource, ResourceARN=arn, Tags={str(number): "" for number in range(50)})

first = put()
assert first["PolicyARN"].startswith("arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:"), first
assert first["PolicyARN"].endswith(":resource/ecs/service/default/web:policyName/cpu"), first
expect(put(ScaleInCooldown=60, DisableScaleIn=True)["PolicyARN"], first["PolicyARN"])
put("requests", PredefinedMetricSpecification={"PredefinedMetricType": "ALBRequestCountPerTarget",
    "ResourceLabel": "app/web/0123456789abcdef/targetgroup/web/0123456789abcdef"})
pages = scaling.get_paginator("describe_scaling_policies").paginate(**ECS, PaginationConfig={"PageSize": 1})
cpu, requests = [one for page in pages for one in page["ScalingPolicies"]]
expect((cpu["PolicyName"], cpu["PolicyType"], cpu["PolicyARN"]), ("cpu", "TargetTrackingScaling", first["PolicyARN"]))
expect(cpu["TargetTrackingScalingPolicyConfiguration"], {**TRACKING, "ScaleInCooldown": 60, "DisableScaleIn": True})
named = scaling.describe_scaling_policies(PolicyNames=["requests"], **WEB)["ScalingPolicies"]
expect([one["PolicyName"] for one in named], ["requests"])
# Terraform asks for names without their resource.
expect(scaling.describe_scaling_policies(PolicyNames=["requests", "none"], **ECS)["ScalingPolicies"], named)
scaling.delete_scaling_policy(PolicyName="requests", **WEB)
message("ObjectNotFoundException", scaling.delete_scaling_policy, PolicyName="requests", **WEB)

act = dict(ScheduledActionName="night", **WEB)
message("ValidationException", scaling.put_scheduled_action, **act, ScalableTargetAction={"MinCapacity": 1})
scaling.put_scheduled_action(**act, Schedule="cron(0 22 ? * MON-FRI *)", Timezone="Europe/Vienna", ScalableTargetAction={"MaxCapacity": 1})
scaling.put_scheduled_action(**act, ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 1})
[night] = scaling.describe_scheduled_actions(ScheduledActionNames=["night"], **WEB)["ScheduledActions"]
expect(scaling.describe_scheduled_actions(ScheduledActionNames=["night"], **ECS)["ScheduledActions"], [night])
expect(scaling.describe_scheduled_actions(ScheduledActionNames=["day"], **ECS)["ScheduledActions"], [])
expect((night["Schedule"], night["Timezone"]), ("cron(0 22 ? * MON-FRI *)", "Europe/Vienna"))
expect(night["ScalableTargetAction"], {"MinCapacity": 1, "MaxCapacity": 1})
for schedule in ("tomorrow", "cron(0 22 * * *)", "rate(0 minutes)", "at(2027-13-01T00:00:00)"):
    message("ValidationException", scaling.put_scheduled_action, **act, Schedule=schedule)
message("ValidationException", scaling.put_scheduled_action, **act, Timezone="Mars/Olympus")
scaling.delete_scheduled_action(**act)
message("ObjectNotFoundException", scaling.delete_scheduled_action, **act)

# With the target goes all that is about it.
scaling.deregister_scalable_target(**WEB)
expect(scaling.describe_scaling_policies(**ECS)["ScalingPolicies"], [])
expect(scaling.describe_scalable_targets(ResourceIds=["service/default/web"], **ECS)["ScalableTargets"], [])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
ecs.create_cluster()
create(0)
register = scaling.register_scalable_target
text = message("ValidationException", register, **{**WEB, "ResourceId": "service/default/none"}, MinCapacity=0, MaxCapacity=1)
expect(text, "ECS service doesn't exist: service/default/none")
message("ValidationException", register, **WEB, MinCapacity=0)
message("ValidationException", register, **WEB, MinCapacity=2, MaxCapacity=1)
message("ValidationException", register, **WEB, MinCapacity=-1, MaxCapacity=1)
for resource in ("service/default", "table/web", "service/default/web/more", "service//web"):
    message("ValidationException", register, **{**WEB, "ResourceId": resource}, MinCapacity=0, MaxCapacity=1)
message("ValidationException", register, **{**WEB, "ServiceNamespace": "dynamodb"}, MinCapacity=0, MaxCapacity=1)
message("ValidationException", scaling.describe_scalable_targets, ServiceNamespace="dynamodb")
message("InvalidNextTokenException", scaling.describe_scalable_targets, **ECS, NextToken="x")
register(MinCapacity=0, MaxCapacity=4, **WEB)
message("ValidationException", register, **WEB, MinCapacity=5)
for more in (dict(TargetValue=0.0), dict(TargetValue=-1.0), dict(ScaleInCooldown=-1),
        dict(PredefinedMetricSpecification={"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}),
        dict(PredefinedMetricSpecification={"PredefinedMetricType": "ALBRequestCountPerTarget"}),
        dict(PredefinedMetricSpecification={"PredefinedMetricType": "ALBRequestCountPerTarget", "ResourceLabel": "app/web"}),
        dict(CustomizedMetricSpecification={"MetricName": "m", "Namespace": "n", "Statistic": "Sum"})):
    message("ValidationException", put, **more)
step = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 1, "MetricIntervalLowerBound": 0.0}]}
text = message("ValidationException", scaling.put_scaling_policy, PolicyName="step", PolicyType="StepScaling", **WEB,
    StepScalingPolicyConfiguration=step)
assert "StepScaling" in text, text
for number in range(50):
    put(f"policy-{number}")
message("LimitExceededException", put, policy="one-more")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn policies_of_users_say_who_may_scale() {
    on_default(async |wharf| {
        run(&wharf.aws(), "ecs.create_cluster()\ncreate(0)");
        let statement = json!({
            "Effect": "Allow",
            "Action": "application-autoscaling:RegisterScalableTarget",
            "Resource": "arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/*",
            "Condition": { "StringEquals": { "application-autoscaling:service-namespace": "ecs" } },
        });
        let user = wharf.known_user("scaler", &json!({ "Version": "2012-10-17", "Statement": statement })).await;
        run(
            &wharf.aws().as_user(&user),
            r#"
scaling.register_scalable_target(MinCapacity=0, MaxCapacity=4, **WEB)
message("AccessDeniedException", scaling.deregister_scalable_target, **WEB)
message("AccessDeniedException", scaling.describe_scalable_targets, **ECS)
"#,
        );
    })
    .await;
}
