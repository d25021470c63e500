//! Elastic Load Balancing through the unmodified AWS CLI and boto3, and requests that are balanced.

mod api;
mod failures;
mod paging;
mod permissions;

/// Short ways to make what most tests need, for boto3.
const HELPERS: &str = r#"
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

def says(code, message, call, **arguments):
    answer = refused(code, call, **arguments)
    assert message in answer["Error"]["Message"], answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400, answer
"#;

/// A script with the helpers.
fn script(text: &str) -> String {
    format!("{HELPERS}\n{text}")
}
