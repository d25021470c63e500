//! What each operation does, on both databases.

use serde_json::{Value, json};
use tests::harness::{Backend, Wharf, on_default};

use super::script;

#[tokio::test]
async fn the_cli_makes_shows_and_removes_everything() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let text = |answer: &Value, pointer: &str| answer.pointer(pointer).and_then(Value::as_str).unwrap().to_owned();
    let made = aws.json(&[
        "elbv2",
        "create-load-balancer",
        "--name",
        "web",
        "--subnets",
        "subnet-1",
        "subnet-2",
        "--security-groups",
        "sg-1",
        "--tags",
        "Key=team,Value=a",
    ]);
    let balancer = text(&made, "/LoadBalancers/0/LoadBalancerArn");
    let start = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/web/";
    let id = balancer.strip_prefix(start).unwrap_or_else(|| panic!("{balancer}")).to_owned();
    assert_eq!(id.len(), 16);
    let shown = &made["LoadBalancers"][0];
    assert_eq!((shown["Type"].clone(), shown["Scheme"].clone()), (json!("application"), json!("internet-facing")));
    // The server is asked by an address, which has no names below it.
    assert_eq!(shown["DNSName"], "127.0.0.1");
    assert_eq!(shown["SecurityGroups"], json!(["sg-1"]));
    assert_eq!(shown["AvailabilityZones"][1], json!({ "ZoneName": "us-east-1b", "SubnetId": "subnet-2" }));
    assert_eq!(shown["State"]["Code"], "active");
    aws.json(&["elbv2", "wait", "load-balancer-available", "--names", "web"]);
    aws.json(&["elbv2", "wait", "load-balancer-exists", "--load-balancer-arns", &balancer]);
    let made = aws.json(&[
        "elbv2",
        "create-target-group",
        "--name",
        "blue",
        "--protocol",
        "HTTP",
        "--port",
        "8080",
        "--target-type",
        "ip",
        "--vpc-id",
        "vpc-1",
        "--health-check-path",
        "/health",
    ]);
    let group = text(&made, "/TargetGroups/0/TargetGroupArn");
    let shown = &made["TargetGroups"][0];
    assert_eq!(
        *shown,
        json!({
            "TargetGroupArn": group, "TargetGroupName": "blue", "Protocol": "HTTP", "Port": 8080, "VpcId": "vpc-1",
            "HealthCheckProtocol": "HTTP", "HealthCheckPort": "traffic-port", "HealthCheckEnabled": true,
            "HealthCheckIntervalSeconds": 30, "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 5,
            "UnhealthyThresholdCount": 2, "HealthCheckPath": "/health", "Matcher": { "HttpCode": "200" },
            "LoadBalancerArns": [], "TargetType": "ip", "ProtocolVersion": "HTTP1", "IpAddressType": "ipv4",
        })
    );
    let port = tests::harness::port::free().to_string();
    let made = aws.json(&[
        "elbv2",
        "create-listener",
        "--load-balancer-arn",
        &balancer,
        "--protocol",
        "HTTP",
        "--port",
        &port,
        "--default-actions",
        &format!("Type=forward,TargetGroupArn={group}"),
    ]);
    let listener = text(&made, "/Listeners/0/ListenerArn");
    assert!(listener.contains(&format!(":listener/app/web/{id}/")), "{listener}");
    let groups = aws.json(&["elbv2", "describe-target-groups", "--load-balancer-arn", &balancer]);
    assert_eq!(groups["TargetGroups"][0]["LoadBalancerArns"], json!([balancer]));
    let made = aws.json(&[
        "elbv2",
        "create-rule",
        "--listener-arn",
        &listener,
        "--priority",
        "10",
        "--conditions",
        "Field=path-pattern,Values=/api/*",
        "--actions",
        "Type=fixed-response,FixedResponseConfig={StatusCode=404}",
    ]);
    let rule = text(&made, "/Rules/0/RuleArn");
    assert!(rule.contains(&format!(":listener-rule/app/web/{id}/")), "{rule}");
    let rules = aws.json(&["elbv2", "describe-rules", "--listener-arn", &listener]);
    let priorities: Vec<&Value> = rules["Rules"].as_array().unwrap().iter().map(|rule| &rule["Priority"]).collect();
    assert_eq!(priorities, [&json!("10"), &json!("default")]);
    let tags = aws.json(&["elbv2", "describe-tags", "--resource-arns", &balancer, &rule]);
    assert_eq!(tags["TagDescriptions"][0]["Tags"], json!([{ "Key": "team", "Value": "a" }]));
    assert_eq!(tags["TagDescriptions"][1]["Tags"], json!([]));
    aws.json(&["elbv2", "delete-rule", "--rule-arn", &rule]);
    aws.json(&["elbv2", "delete-listener", "--listener-arn", &listener]);
    aws.json(&["elbv2", "delete-load-balancer", "--load-balancer-arn", &balancer]);
    aws.json(&["elbv2", "delete-target-group", "--target-group-arn", &group]);
    aws.json(&["elbv2", "wait", "load-balancers-deleted", "--load-balancer-arns", &balancer]);
    assert_eq!(aws.json(&["elbv2", "describe-target-groups"])["TargetGroups"], json!([]));
}

#[tokio::test]
async fn the_same_again_is_the_same_and_something_else_is_refused() {
    on_default(async |wharf| {
        wharf.aws().boto3(&script(
            r#"
arn = balancer(Scheme="internal", Subnets=["subnet-1"])
assert balancer(Scheme="internal", Subnets=["subnet-1"]) == arn
says("DuplicateLoadBalancerName", "A load balancer with the same name 'web' exists, but with different settings",
     elb.create_load_balancer, Name="web")
target_group = group()
assert group() == target_group
says("DuplicateTargetGroupName", "A target group with the same name 'web' exists", elb.create_target_group,
     Name="web", Protocol="HTTP", Port=81, TargetType="ip")
first = listener(arn, 31001, forward(target_group))
assert listener(arn, 31001, forward(target_group)) == first
says("DuplicateListener", "A listener already exists on this port", elb.create_listener, LoadBalancerArn=arn,
     Protocol="HTTP", Port=31001, DefaultActions=fixed("x"))
"#,
        ));
    })
    .await;
}

#[tokio::test]
async fn listeners_and_rules_are_changed() {
    on_default(async |wharf| {
        wharf.aws().boto3(&script(
            r##"
arn, blue, green = balancer(), group("blue"), group("green")
one = listener(arn, 31002, forward(blue))
[shown] = elb.describe_listeners(ListenerArns=[one])["Listeners"]
assert shown["DefaultActions"] == [{"Type": "forward", "TargetGroupArn": blue, "ForwardConfig": {
    "TargetGroups": [{"TargetGroupArn": blue, "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": False}}}], shown
assert (shown["Port"], shown["Protocol"], shown["LoadBalancerArn"]) == (31002, "HTTP", arn)

# Weights are changed as a deployment does it.
weighted = [{"Type": "forward", "ForwardConfig": {"TargetGroups": [
    {"TargetGroupArn": blue, "Weight": 90}, {"TargetGroupArn": green, "Weight": 10}]}}]
[shown] = elb.modify_listener(ListenerArn=one, DefaultActions=weighted, Port=31003)["Listeners"]
assert shown["Port"] == 31003 and "TargetGroupArn" not in shown["DefaultActions"][0], shown
used = {one["TargetGroupName"]: one["LoadBalancerArns"] for one in elb.describe_target_groups()["TargetGroups"]}
assert used == {"blue": [arn], "green": [arn]}, used

first = rule(one, 1, path("/a/*"), fixed("a"))
second = rule(one, 2, [
    {"Field": "host-header", "HostHeaderConfig": {"Values": ["*.example.com"]}},
    {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Team", "Values": ["a*"]}},
    {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["GET"]}},
    {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}},
    {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
], [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Port": "443", "Protocol": "HTTPS"}}])
[shown] = elb.describe_rules(RuleArns=[second])["Rules"]
fields = {condition["Field"]: condition for condition in shown["Conditions"]}
assert fields["host-header"]["Values"] == ["*.example.com"] == fields["host-header"]["HostHeaderConfig"]["Values"]
assert fields["query-string"]["QueryStringConfig"]["Values"] == [{"Key": "v", "Value": "2"}]
assert shown["Actions"][0]["RedirectConfig"] == {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}",
    "Path": "/#{path}", "Query": "#{query}", "StatusCode": "HTTP_301"}, shown
assert shown["Priority"] == "2" and not shown["IsDefault"]

# Two rules swap their priorities.
swapped = elb.set_rule_priorities(RulePriorities=[{"RuleArn": first, "Priority": 2}, {"RuleArn": second, "Priority": 1}])
assert [one["Priority"] for one in swapped["Rules"]] == ["2", "1"]
rules = elb.describe_rules(ListenerArn=one)["Rules"]
assert [one["RuleArn"] for one in rules[:2]] == [second, first] and rules[2]["IsDefault"], rules
[shown] = elb.modify_rule(RuleArn=first, Actions=forward(green))["Rules"]
assert shown["Actions"][0]["TargetGroupArn"] == green and shown["Conditions"][0]["Values"] == ["/a/*"], shown
elb.modify_listener(ListenerArn=one, DefaultActions=fixed("none"))
used = {one["TargetGroupName"]: one["LoadBalancerArns"] for one in elb.describe_target_groups()["TargetGroups"]}
assert used == {"blue": [], "green": [arn]}, used
elb.delete_target_group(TargetGroupArn=blue)
says("ResourceInUse", f"Target group '{green}' is currently in use by a listener or a rule",
     elb.delete_target_group, TargetGroupArn=green)
elb.delete_load_balancer(LoadBalancerArn=arn)
elb.delete_target_group(TargetGroupArn=green)
# What is gone is deleted, as on AWS.
elb.delete_load_balancer(LoadBalancerArn=arn)
elb.delete_target_group(TargetGroupArn=green)
"##,
        ));
    })
    .await;
}

#[tokio::test]
async fn subnets_and_security_groups_are_replaced() {
    on_default(async |wharf| {
        wharf.aws().boto3(&script(
            r#"
arn = balancer(Subnets=["subnet-1"], SecurityGroups=["sg-1"])
answer = elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=["sg-2", "sg-3"])
assert answer["SecurityGroupIds"] == ["sg-2", "sg-3"], answer
answer = elb.set_subnets(LoadBalancerArn=arn, SubnetMappings=[{"SubnetId": "subnet-2"}, {"SubnetId": "subnet-3"}])
zones = [{"ZoneName": "us-east-1a", "SubnetId": "subnet-2"}, {"ZoneName": "us-east-1b", "SubnetId": "subnet-3"}]
assert (answer["AvailabilityZones"], answer["IpAddressType"]) == (zones, "ipv4"), answer
assert elb.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="ipv4")["IpAddressType"] == "ipv4"
[found] = elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"]
assert (found["SecurityGroups"], found["AvailabilityZones"]) == (["sg-2", "sg-3"], zones), found
says("InvalidConfigurationRequest", "'ipv4'", elb.set_ip_address_type, LoadBalancerArn=arn, IpAddressType="dualstack")
says("InvalidConfigurationRequest", "PrivateLink", elb.set_security_groups, LoadBalancerArn=arn, SecurityGroups=["sg-1"],
     EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="on")
says("ValidationError", "not both", elb.set_subnets, LoadBalancerArn=arn, Subnets=["subnet-1"], SubnetMappings=[{"SubnetId": "subnet-1"}])
says("ValidationError", "Specify either", elb.set_subnets, LoadBalancerArn=arn)
says("ValidationError", "at most 20", elb.set_security_groups, LoadBalancerArn=arn, SecurityGroups=["sg-1"] * 21)
assert elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"] == [found]
"#,
        ));
    })
    .await;
}

#[tokio::test]
async fn attributes_and_tags_are_kept() {
    on_default(async |wharf| {
        wharf.aws().boto3(&script(
            r#"
arn, target_group = balancer(), group()
one = listener(arn, 31004, forward(target_group))

def attributes(answer):
    return {one["Key"]: one["Value"] for one in answer["Attributes"]}

before = attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=arn))
assert before["idle_timeout.timeout_seconds"] == "60" and before["deletion_protection.enabled"] == "false", before
pairs = lambda **values: [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]
after = attributes(elb.modify_load_balancer_attributes(
    LoadBalancerArn=arn, Attributes=pairs(idle_timeout__timeout_seconds="7", deletion_protection__enabled="true")))
assert after == attributes(elb.describe_load_balancer_attributes(LoadBalancerArn=arn))
assert {key for key in after if after[key] != before[key]} == {"idle_timeout.timeout_seconds", "deletion_protection.enabled"}
says("OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
     elb.delete_load_balancer, LoadBalancerArn=arn)
says("InvalidConfigurationRequest", "access_logs.s3.enabled", elb.modify_load_balancer_attributes,
     LoadBalancerArn=arn, Attributes=pairs(access_logs__s3__enabled="true"))
elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs(deletion_protection__enabled="false"))

before = attributes(elb.describe_target_group_attributes(TargetGroupArn=target_group))
assert before["deregistration_delay.timeout_seconds"] == "300", before
elb.modify_target_group_attributes(TargetGroupArn=target_group, Attributes=pairs(deregistration_delay__timeout_seconds="9"))
after = attributes(elb.describe_target_group_attributes(TargetGroupArn=target_group))
assert after["deregistration_delay.timeout_seconds"] == "9", after
says("ValidationError", "is not a valid value", elb.modify_target_group_attributes, TargetGroupArn=target_group,
     Attributes=pairs(deregistration_delay__timeout_seconds="3601"))
[changed] = elb.modify_target_group(TargetGroupArn=target_group, HealthCheckPath="/up", HealthCheckIntervalSeconds=10,
                                    Matcher={"HttpCode": "200-299"})["TargetGroups"]
assert (changed["HealthCheckPath"], changed["HealthCheckIntervalSeconds"], changed["Matcher"]) == ("/up", 10, {"HttpCode": "200-299"})

listed = attributes(elb.describe_listener_attributes(ListenerArn=one))
assert listed["routing.http.response.server.enabled"] == "true", listed
elb.modify_listener_attributes(ListenerArn=one, Attributes=pairs(routing__http__response__server__enabled="true"))
reserved = elb.describe_capacity_reservation(LoadBalancerArn=arn)
assert reserved["CapacityReservationState"] == [], reserved

arns = [arn, target_group, one]
elb.add_tags(ResourceArns=arns, Tags=[{"Key": "team", "Value": "a"}, {"Key": "tier", "Value": "1"}])
elb.add_tags(ResourceArns=[arn], Tags=[{"Key": "team", "Value": "b"}])
elb.remove_tags(ResourceArns=[one], TagKeys=["tier", "none"])
tags = {one["ResourceArn"]: {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        for one in elb.describe_tags(ResourceArns=arns)["TagDescriptions"]}
assert tags == {arn: {"team": "b", "tier": "1"}, target_group: {"team": "a", "tier": "1"}, one: {"team": "a"}}, tags
says("TooManyTags", "50", elb.add_tags, ResourceArns=[arn], Tags=[{"Key": f"k{n}", "Value": ""} for n in range(50)])
says("DuplicateTagKeys", "'a'", elb.add_tags, ResourceArns=[arn], Tags=[{"Key": "a", "Value": ""}, {"Key": "a", "Value": ""}])
"#,
        ));
    })
    .await;
}

#[tokio::test]
async fn targets_are_registered_and_deregistered() {
    on_default(async |wharf| {
        wharf.aws().boto3(&script(
            r#"
target_group = group(Port=9000)
elb.register_targets(TargetGroupArn=target_group, Targets=[{"Id": "10.0.0.1"}, {"Id": "10.0.0.1", "Port": 9001}, {"Id": "10.0.0.2"}])
elb.register_targets(TargetGroupArn=target_group, Targets=[{"Id": "10.0.0.1"}])

def shown(**arguments):
    found = elb.describe_target_health(TargetGroupArn=target_group, **arguments)["TargetHealthDescriptions"]
    return [(one["Target"]["Id"], one["Target"]["Port"], one["TargetHealth"]["State"], one["TargetHealth"].get("Reason")) for one in found]

unused = lambda id, port: (id, port, "unused", "Target.NotInUse")
assert shown() == [unused("10.0.0.1", 9000), unused("10.0.0.1", 9001), unused("10.0.0.2", 9000)], shown()
assert shown(Targets=[{"Id": "10.0.0.9", "Port": 1}]) == [("10.0.0.9", 1, "unused", "Target.NotRegistered")]
elb.deregister_targets(TargetGroupArn=target_group, Targets=[{"Id": "10.0.0.2"}, {"Id": "10.0.0.77"}])
left = [one for one in shown() if one[0] == "10.0.0.2"]
assert left in ([], [("10.0.0.2", 9000, "draining", "Target.DeregistrationInProgress")]), left
for id in ["169.254.169.254", "0.0.0.0", "127.0.0.1", "224.0.0.1"]:
    says("InvalidTarget", "cannot be a target", elb.register_targets, TargetGroupArn=target_group, Targets=[{"Id": id}])
says("ValidationError", "is not a valid IPv4 or IPv6 address", elb.register_targets, TargetGroupArn=target_group, Targets=[{"Id": "i-1"}])
instances = group("instances", TargetType="instance")
says("InvalidTarget", "cannot be registered: 'i-1'", elb.register_targets, TargetGroupArn=instances, Targets=[{"Id": "i-1"}])
"#,
        ));
    })
    .await;
}
