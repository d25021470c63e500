//! What operations need, and that accounts and regions do not see one another.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use super::script;

#[tokio::test]
async fn policies_speak_of_the_arns_of_what_is_changed() {
    on_default(async |wharf| {
        let start = "arn:aws:elasticloadbalancing:us-east-1:000000000000";
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "elasticloadbalancing:Describe*", "Resource": "*" },
            { "Effect": "Allow", "Action": "elasticloadbalancing:*", "Resource": [
                format!("{start}:loadbalancer/app/team-*"), format!("{start}:targetgroup/team-*"),
                format!("{start}:listener/app/team-*"), format!("{start}:listener-rule/app/team-*") ] },
            { "Effect": "Deny", "Action": "elasticloadbalancing:AddTags", "Resource": "*",
                "Condition": { "StringEquals": { "aws:RequestTag/secret": "yes" } } } ] });
        let user = wharf.known_user("anna", &policy).await;
        let others = wharf
            .aws()
            .boto3(&script("web = balancer(); print(json.dumps([web, group(), listener(web, 31030, fixed('x'))]))"));
        wharf.aws().as_user(&user).boto3(&format!(
            "others = json.loads('{others}')\n{}",
            script(
                r#"
arn, target_group = balancer("team-web"), group("team-web")
one = listener(arn, 31031, forward(target_group))
first = rule(one, 1, path("/"), fixed("x"))
elb.set_rule_priorities(RulePriorities=[{"RuleArn": first, "Priority": 5}])
elb.register_targets(TargetGroupArn=target_group, Targets=[{"Id": "10.0.0.1"}])
elb.add_tags(ResourceArns=[arn], Tags=[{"Key": "a", "Value": "b"}])
assert len(elb.describe_load_balancers()["LoadBalancers"]) == 2
web, their_group, their_listener = others

def denied(action, call, **arguments):
    message = refused("AccessDenied", call, **arguments)["Error"]["Message"]
    assert f"is not authorized to perform: elasticloadbalancing:{action} on resource: " in message, message

denied("CreateLoadBalancer", elb.create_load_balancer, Name="web-2")
denied("CreateTargetGroup", elb.create_target_group, Name="web-2", Protocol="HTTP", Port=80)
denied("CreateListener", elb.create_listener, LoadBalancerArn=web, Protocol="HTTP", Port=1, DefaultActions=fixed("x"))
denied("DeleteLoadBalancer", elb.delete_load_balancer, LoadBalancerArn=web)
denied("SetSecurityGroups", elb.set_security_groups, LoadBalancerArn=web, SecurityGroups=["sg-1"])
denied("RegisterTargets", elb.register_targets, TargetGroupArn=their_group, Targets=[{"Id": "10.0.0.1"}])
denied("ModifyListener", elb.modify_listener, ListenerArn=their_listener, Port=1)
denied("AddTags", elb.add_tags, ResourceArns=[arn, web], Tags=[{"Key": "a", "Value": "b"}])
denied("AddTags", elb.add_tags, ResourceArns=[arn], Tags=[{"Key": "secret", "Value": "yes"}])
denied("AddTags", elb.create_load_balancer, Name="team-2", Tags=[{"Key": "secret", "Value": "yes"}])
# An ARN that begins as one's own and ends as somebody else's is nobody's.
says("ListenerNotFound", "not found", elb.delete_listener,
     ListenerArn=arn.replace(":loadbalancer/", ":listener/") + "/" + their_listener.split("/")[-1])
"#
            )
        ));
    })
    .await;
}

#[tokio::test]
async fn regions_and_accounts_have_their_own() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_REGIONS", "us-east-1,eu-west-1").start().await;
    let aws = wharf.aws();
    let here = aws.boto3(&script("print(json.dumps([balancer(), group()]))"));
    aws.in_region("eu-west-1").boto3(&format!(
        "here = json.loads('{here}')\n{}",
        script(
            r#"
assert elb.describe_load_balancers()["LoadBalancers"] == []
says("LoadBalancerNotFound", here[0], elb.describe_load_balancers, LoadBalancerArns=[here[0]])
says("TargetGroupNotFound", here[1], elb.register_targets, TargetGroupArn=here[1], Targets=[{"Id": "10.0.0.1"}])
arn = balancer()
assert arn.startswith("arn:aws:elasticloadbalancing:eu-west-1:000000000000:loadbalancer/app/web/"), arn
says("TargetGroupNotFound", here[1], elb.create_listener, LoadBalancerArn=arn, Protocol="HTTP", Port=31032, DefaultActions=forward(here[1]))
"#
        )
    ));
}
