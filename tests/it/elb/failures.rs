//! How operations fail, by code and text.

use tests::harness::on_default;

use super::script;

#[tokio::test]
async fn what_is_not_there_is_named() {
    on_default(async |wharf| {
        wharf.aws().boto3(&script(
            r#"
start = "arn:aws:elasticloadbalancing:us-east-1:000000000000:"
no_balancer, no_group = start + "loadbalancer/app/web/0123456789abcdef", start + "targetgroup/web/0123456789abcdef"
no_listener, no_rule = start + "listener/app/web/0123456789abcdef/0123456789abcdef", start + "listener-rule/app/web/0123456789abcdef/0123456789abcdef/0123456789abcdef"
one_attribute = [{"Key": "deletion_protection.enabled", "Value": "true"}]
missing = f"Load balancers '[{no_balancer}]' not found"
for call, arguments in [
    (elb.describe_load_balancers, {"LoadBalancerArns": [no_balancer]}),
    (elb.describe_load_balancer_attributes, {"LoadBalancerArn": no_balancer}),
    (elb.modify_load_balancer_attributes, {"LoadBalancerArn": no_balancer, "Attributes": one_attribute}),
    (elb.set_security_groups, {"LoadBalancerArn": no_balancer, "SecurityGroups": ["sg-1"]}),
    (elb.set_subnets, {"LoadBalancerArn": no_balancer, "Subnets": ["subnet-1"]}),
    (elb.set_ip_address_type, {"LoadBalancerArn": no_balancer, "IpAddressType": "ipv4"}),
    (elb.describe_capacity_reservation, {"LoadBalancerArn": no_balancer}),
    (elb.describe_listeners, {"LoadBalancerArn": no_balancer}),
    (elb.describe_target_groups, {"LoadBalancerArn": no_balancer}),
    (elb.create_listener, {"LoadBalancerArn": no_balancer, "Protocol": "HTTP", "Port": 80, "DefaultActions": fixed("x")}),
    (elb.add_tags, {"ResourceArns": [no_balancer], "Tags": [{"Key": "a", "Value": "b"}]}),
    (elb.remove_tags, {"ResourceArns": [no_balancer], "TagKeys": ["a"]}),
    (elb.describe_tags, {"ResourceArns": [no_balancer]}),
]:
    says("LoadBalancerNotFound", missing, call, **arguments)
says("LoadBalancerNotFound", "Load balancers '[none]' not found", elb.describe_load_balancers, Names=["none"])
for call, arguments in [
    (elb.describe_target_groups, {"TargetGroupArns": [no_group]}),
    (elb.describe_target_group_attributes, {"TargetGroupArn": no_group}),
    (elb.modify_target_group_attributes, {"TargetGroupArn": no_group, "Attributes": []}),
    (elb.modify_target_group, {"TargetGroupArn": no_group}),
    (elb.register_targets, {"TargetGroupArn": no_group, "Targets": [{"Id": "10.0.0.1"}]}),
    (elb.deregister_targets, {"TargetGroupArn": no_group, "Targets": [{"Id": "10.0.0.1"}]}),
    (elb.describe_target_health, {"TargetGroupArn": no_group}),
    (elb.describe_tags, {"ResourceArns": [no_group]}),
]:
    says("TargetGroupNotFound", f"Target groups '[{no_group}]' not found", call, **arguments)
says("TargetGroupNotFound", "'[none]'", elb.describe_target_groups, Names=["none"])
for call, arguments in [
    (elb.describe_listeners, {"ListenerArns": [no_listener]}),
    (elb.modify_listener, {"ListenerArn": no_listener}),
    (elb.delete_listener, {"ListenerArn": no_listener}),
    (elb.describe_listener_attributes, {"ListenerArn": no_listener}),
    (elb.modify_listener_attributes, {"ListenerArn": no_listener, "Attributes": []}),
    (elb.describe_rules, {"ListenerArn": no_listener}),
    (elb.create_rule, {"ListenerArn": no_listener, "Priority": 1, "Conditions": path("/"), "Actions": fixed("x")}),
]:
    says("ListenerNotFound", no_listener, call, **arguments)
for call, arguments in [
    (elb.describe_rules, {"RuleArns": [no_rule]}),
    (elb.modify_rule, {"RuleArn": no_rule, "Actions": fixed("x")}),
    (elb.delete_rule, {"RuleArn": no_rule}),
    (elb.set_rule_priorities, {"RulePriorities": [{"RuleArn": no_rule, "Priority": 1}]}),
]:
    says("RuleNotFound", no_rule, call, **arguments)
arn = balancer()
says("TargetGroupNotFound", no_group, elb.create_listener, LoadBalancerArn=arn, Protocol="HTTP", Port=31010, DefaultActions=forward(no_group))
assert elb.describe_listeners(LoadBalancerArn=arn)["Listeners"] == []
# An ARN whose parts do not belong together names nothing, though its last id is one that there is.
one = listener(arn, 31010, fixed("x"))
parts = one.split("/")
says("ListenerNotFound", "not found", elb.delete_listener, ListenerArn="/".join(parts[:3] + ["0123456789abcdef", parts[4]]))
says("ListenerNotFound", "not found", elb.delete_listener, ListenerArn=one.replace("/web/", "/other/"))
"#,
        ));
    })
    .await;
}

#[tokio::test]
async fn what_is_malformed_or_not_supported_is_refused() {
    on_default(async |wharf| {
        wharf.aws().boto3(&script(
            r#"
create = elb.create_load_balancer
says("ValidationError", "cannot be longer than '32' characters", create, Name="x" * 33)
says("ValidationError", "can only contain characters that are alphanumeric characters or hyphens(-)", create, Name="a_b")
says("ValidationError", "cannot begin or end with a hyphen", create, Name="-a")
says("ValidationError", "cannot begin with 'internal-'", create, Name="internal-a")
says("InvalidConfigurationRequest", "Load balancers of the type 'network' are not supported", create, Name="a", Type="network")
says("InvalidScheme", "'moon'", create, Name="a", Scheme="moon")
says("InvalidConfigurationRequest", "'ipv4'", create, Name="a", IpAddressType="dualstack")
says("ValidationError", "enum value set", create, Name="a", Type="moon")
create = lambda **arguments: elb.create_target_group(**{"Name": "a", "Protocol": "HTTP", "Port": 80, "TargetType": "ip", **arguments})
says("UnsupportedProtocol", "'TCP'", create, Protocol="TCP")
says("InvalidConfigurationRequest", "'instance' or 'ip'", create, TargetType="lambda")
says("InvalidConfigurationRequest", "HTTP1", create, ProtocolVersion="GRPC")
says("ValidationError", "greater than the timeout", create, HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=5)
says("ValidationError", "A port must be specified", elb.create_target_group, Name="a", Protocol="HTTP", TargetType="ip")
arn, target_group = balancer(), group()
create = lambda **arguments: elb.create_listener(**{"LoadBalancerArn": arn, "Protocol": "HTTP", "Port": 31011, "DefaultActions": fixed("x"), **arguments})
says("UnsupportedProtocol", "'TCP' must be one of 'HTTP, HTTPS'", create, Protocol="TCP")
says("CertificateNotFound", "there is none", create, Protocol="HTTPS", Certificates=[{"CertificateArn": "arn:aws:acm:x"}])
says("InvalidLoadBalancerAction", "authenticate-cognito", create, DefaultActions=[{"Type": "authenticate-cognito"}])
says("ValidationError", "redirect loop", create, DefaultActions=[{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}])
says("ValidationError", "is not a valid load balancer ARN", elb.describe_listeners, LoadBalancerArn="web")
says("ValidationError", "either listener ARNs or a load balancer ARN", elb.describe_listeners)
one = listener(arn, 31011, fixed("x"))
create = lambda **arguments: elb.create_rule(**{"ListenerArn": one, "Priority": 1, "Conditions": path("/a"), "Actions": fixed("x"), **arguments})
says("ValidationError", "must be one of", create, Conditions=[{"Field": "moon", "Values": ["x"]}])
says("ValidationError", "'5' condition values", create, Conditions=path("/1", "/2", "/3", "/4", "/5", "/6"))
says("InvalidConfigurationRequest", "regular expressions", create, Conditions=[{"Field": "path-pattern", "RegexValues": ["x"]}])
says("InvalidConfigurationRequest", "Transforms", create, Transforms=[{"Type": "url-rewrite"}])
first = rule(one, 1, path("/a"), fixed("x"))
says("PriorityInUse", "Priority '1' is currently in use", create)
second = rule(one, 2, path("/a"), fixed("x"))
says("PriorityInUse", "Priority '2' is currently in use", elb.set_rule_priorities, RulePriorities=[{"RuleArn": first, "Priority": 2}])
says("ValidationError", "Priority '3' was provided multiple times", elb.set_rule_priorities,
     RulePriorities=[{"RuleArn": first, "Priority": 3}, {"RuleArn": second, "Priority": 3}])
says("ValidationError", "Either conditions or actions", elb.modify_rule, RuleArn=first)
default = elb.describe_rules(ListenerArn=one)["Rules"][-1]["RuleArn"]
says("OperationNotPermitted", "Default rule", elb.delete_rule, RuleArn=default)
says("OperationNotPermitted", "Default rule", elb.modify_rule, RuleArn=default, Actions=fixed("y"))
rule(one, 3, path("/b"), forward(target_group))
other = listener(balancer("other"), 31012, fixed("x"))
says("TargetGroupAssociationLimit", target_group, elb.create_rule, ListenerArn=other, Priority=1, Conditions=path("/"), Actions=forward(target_group))
# What was refused has changed nothing.
assert [one["Priority"] for one in elb.describe_rules(ListenerArn=one)["Rules"]] == ["1", "2", "3", "default"]
"#,
        ));
    })
    .await;
}
