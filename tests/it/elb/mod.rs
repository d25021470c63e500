//! Elastic Load Balancing through the unmodified AWS CLI and boto3, and requests that are balanced.

mod api;
mod balanced;
mod failures;
mod figures;
mod forwarding;
mod gapless;
mod health;
mod listeners;
mod open_files;
mod paging;
mod permissions;
mod wire;

/// Short ways to make what most tests need, for boto3. Ports that tests name themselves begin at 31000: servers open them, so they
/// are none of those that [`tests::harness::port::free`] gives to others, nor of those from which the kernel connects.
const HELPERS: &str = r#"
import time
elb = client("elbv2")

def balancer(name="web", **arguments):
    return elb.create_load_balancer(Name=name, **arguments)["LoadBalancers"][0]["LoadBalancerArn"]

def group(name="web", **arguments):
    arguments = {"Protocol": "HTTP", "Port": 80, "TargetType": "ip", **arguments}
    return elb.create_target_group(Name=name, **arguments)["TargetGroups"][0]["TargetGroupArn"]

def forward(*arns):
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": arn, "Weight": 1} for arn in arns]}}]

def fixed(text, status="200"):
    return [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status, "MessageBody": text, "ContentType": "text/plain"}}]

def listener(arn, port, actions, **arguments):
    made = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=port, DefaultActions=actions, **arguments)
    return made["Listeners"][0]["ListenerArn"]

def path(*patterns):
    return [{"Field": "path-pattern", "Values": list(patterns)}]

def rule(arn, priority, conditions, actions, **arguments):
    made = elb.create_rule(ListenerArn=arn, Priority=priority, Conditions=conditions, Actions=actions, **arguments)
    return made["Rules"][0]["RuleArn"]

def quick_group(name="web", **arguments):
    """A target group whose checks are as quick as AWS lets them be."""
    return group(name, **{"HealthCheckPath": "/health", "HealthCheckIntervalSeconds": 5, "HealthCheckTimeoutSeconds": 2,
                          "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2, **arguments})

def register(arn, *ports):
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "127.0.0.1", "Port": port} for port in ports])

def deregister(arn, *ports):
    elb.deregister_targets(TargetGroupArn=arn, Targets=[{"Id": "127.0.0.1", "Port": port} for port in ports])

def health(arn):
    found = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return {one["Target"]["Port"]: (one["TargetHealth"]["State"], one["TargetHealth"].get("Reason")) for one in found}

def until(what, seconds=60):
    end = time.time() + seconds
    while True:
        # What is asked after the end counts, however late that is.
        late = time.time() >= end
        if what():
            return
        assert not late, "it did not come about"
        time.sleep(0.1)

def until_healthy(arn, *ports):
    until(lambda: all(health(arn).get(port, [""])[0] == "healthy" for port in ports))

def until_open(arn):
    until(lambda: elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"] == "active")

def says(code, message, call, **arguments):
    answer = refused(code, call, **arguments)
    assert message in answer["Error"]["Message"], answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400, answer
"#;

/// A script with the helpers.
fn script(text: &str) -> String {
    format!("{HELPERS}\n{text}")
}
