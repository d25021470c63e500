//! Every operation of every AWS service is tried without a signature and without permission. The operations are taken
//! from the tables in the server's source, and what a client would send at least from the models that come with botocore,
//! so a new operation is tried without a word here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;
use tests::harness::{Backend, Wharf};

/// An operation as its source tells it.
#[derive(Debug)]
struct Operation {
    service: &'static str,
    name: String,
    /// The action, when it is not the operation's own name.
    action: String,
    access: Access,
}

#[derive(Debug, PartialEq, Eq)]
enum Access {
    Permission,
    Signed,
    Unsigned,
}

/// The services and where their tables are.
const TABLES: &[(&str, &str)] = &[
    ("application-autoscaling", "src/autoscaling/ops"),
    ("cloudwatch", "src/cloudwatch/ops"),
    ("ecr", "src/ecr/ops"),
    ("ecs", "src/ecs/ops"),
    ("elbv2", "src/elb/ops"),
    ("iam", "src/iam/ops"),
    ("logs", "src/logs/ops"),
    ("secretsmanager", "src/secrets/manager/ops"),
    ("ssm", "src/secrets/parameters/ops"),
    ("sts", "src/iam/sts/ops"),
];

/// Those whose errors are named as JSON services name them.
const JSON: &[&str] = &["application-autoscaling", "ecr", "ecs", "logs", "secretsmanager", "ssm"];

/// Operations that need no permission, or whose rule judges by itself, and why each may. The list is short on purpose.
const WITHOUT_PERMISSION: &[(&str, &str)] = &[
    ("AssumeRoleWithWebIdentity", "the token of the identity provider is the credential"),
    ("GetCallerIdentity", "AWS lets everybody ask, whatever their policies deny"),
    ("GetSessionToken", "whoever has a key may have a temporary one that can do the same or less"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The operations of a table: each `Entry::of::<Type>()` with the file that its `use` line names.
fn operations() -> Vec<Operation> {
    let mut operations = Vec::new();
    for (service, folder) in TABLES {
        let folder = root().join(folder);
        let table = std::fs::read_to_string(folder.join("mod.rs")).expect("the table can be read");
        let entries: Vec<&str> =
            table.split("Entry::of::<").skip(1).filter_map(|rest| Some(rest.split_once('>')?.0)).collect();
        for name in entries {
            let module = table
                .lines()
                .filter_map(|line| line.strip_prefix("use self::")?.strip_suffix(';')?.split_once("::"))
                .find(|(_, kind)| *kind == name)
                .unwrap_or_else(|| panic!("the table of {service} does not say where {name} is"))
                .0;
            let path = folder.join(format!("{module}.rs"));
            let source = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            operations.push(read(service, name, &source));
        }
    }
    operations
}

fn read(service: &'static str, name: &str, source: &str) -> Operation {
    let constant = |which: &str| {
        let line = source.lines().find(|line| line.trim_start().starts_with(&format!("const {which}:")))?;
        Some(line.split_once('=')?.1.trim().trim_end_matches(';').to_owned())
    };
    let spelled = constant("NAME").unwrap_or_default();
    assert_eq!(spelled.trim_matches('"'), name, "the type and the operation have one name");
    let action = match constant("ACTION") {
        Some(text) if text.starts_with('"') => text.trim_matches('"').to_owned(),
        Some(text) => {
            let action = text.trim_start_matches("Action::").trim_end_matches(".as_str()");
            format!("ecr:{action}")
        }
        None => panic!("{name} has no action"),
    };
    let access = match constant("ACCESS").as_deref() {
        None | Some("Access::Permission") => Access::Permission,
        Some("Access::Signed") => Access::Signed,
        Some("Access::Unsigned") => Access::Unsigned,
        Some(other) => panic!("{name}: {other}"),
    };
    Operation { service, name: name.to_owned(), action, access }
}

/// Calls each operation with what its model requires, and prints what came of it: code and message, or `ok`.
const SCRIPT: &str = r#"
import time
from botocore.config import Config
from botocore import UNSIGNED, xform_name

operations = json.loads(OPERATIONS)
ELB = "arn:aws:elasticloadbalancing:us-east-1:000000000000:"
RULE = ELB + "listener-rule/app/web/0123456789abcdef/0123456789abcdef/0123456789abcdef"
SAMPLES = {
    "repositoryName": "team/app", "registryId": "000000000000", "resourceArn": "arn:aws:ecr:us-east-1:000000000000:repository/team/app",
    "imageDigest": "sha256:" + "0" * 64, "layerDigest": "sha256:" + "0" * 64, "imageTag": "tag", "uploadId": "0190aaaa-0000-7000-8000-000000000000",
    "imageManifest": "{}", "policyText": '{"Version":"2012-10-17","Statement":[]}', "lifecyclePolicyText": json.dumps({"rules": [{"rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]}),
    "name": "BASIC_SCAN_TYPE_VERSION", "value": "AWS_NATIVE", "ecrRepositoryPrefix": "team", "upstreamRegistryUrl": "public.ecr.aws",
    "prefix": "team", "principalArn": "arn:aws:iam::000000000000:user/anna", "region": "eu-west-1",
    "replicationBackfillId": "0190aaaa-0000-7000-8000-000000000000",
    "PolicyArn": "arn:aws:iam::000000000000:policy/some", "PolicySourceArn": "arn:aws:iam::000000000000:user/anna",
    "PermissionsBoundary": "arn:aws:iam::000000000000:policy/some", "RoleArn": "arn:aws:iam::000000000000:role/some",
    "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}),
    "AssumeRolePolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}}),
    "OpenIDConnectProviderArn": "arn:aws:iam::000000000000:oidc-provider/example.com", "Url": "https://example.com", "ClientID": "client",
    "AccessKeyId": "AKIANOBODY0000000000", "Status": "Inactive", "VersionId": "v1", "AccountAlias": "alias", "RoleSessionName": "session",
    "PolicyInputList": ["{}"], "ActionNames": ["ecr:PutImage"], "GroupName": "group", "UserName": "someone", "RoleName": "role",
    "PolicyName": "policy", "ThumbprintList": ["0" * 40], "ThumbprintListType": ["0" * 40], "WebIdentityToken": "x.y.z" * 2, "Name": "federated",
    "ResourceArn": "arn:aws:iam::000000000000:user/anna", "EncodedMessage": "x",
    "LoadBalancerArn": ELB + "loadbalancer/app/web/0123456789abcdef", "TargetGroupArn": ELB + "targetgroup/web/0123456789abcdef",
    "ListenerArn": ELB + "listener/app/web/0123456789abcdef/0123456789abcdef", "RuleArn": RULE, "ResourceArns": [RULE],
    "RulePriorities": [{"RuleArn": RULE, "Priority": 1}],
}

def sample(name, shape):
    if name in SAMPLES:
        return SAMPLES[name]
    kind = shape.type_name
    if kind == "structure":
        required = shape.required_members or (list(shape.members)[:1] if name == "imageIdentifier" else [])
        return {member: sample(member, shape.members[member]) for member in required}
    if kind == "list":
        return [sample(shape.member.name[:1].lower() + shape.member.name[1:], shape.member)]
    if kind == "timestamp":
        return time.time() - (60 if name == "StartTime" else 0)
    if kind == "double":
        return 1.0
    if kind in ("integer", "long"):
        return shape.metadata.get("min", 1)
    if kind == "boolean":
        return False
    if kind == "map":
        return {"a": "b"}
    if kind == "blob":
        return b"x"
    if shape.enum if hasattr(shape, "enum") else None:
        return shape.enum[0]
    return "x" * max(1, shape.metadata.get("min", 1))

CLUSTER = "arn:aws:ecs:us-east-1:000000000000:cluster/default"

# Where a model requires nothing and an operation something.
EXTRA = {
    "TagResource": {"tags": [{"Key": "a", "Value": "b"}]},
    "CreatePolicy": {}, "TagUser": {"Tags": [{"Key": "a", "Value": "b"}]},
    "BatchGetImage": {"imageIds": [{"imageTag": "tag"}]}, "BatchDeleteImage": {"imageIds": [{"imageTag": "tag"}]},
    "PutReplicationConfiguration": {"replicationConfiguration": {"rules": []}},
    "PutSigningConfiguration": {"signingConfiguration": {"rules": []}},
    "PutRegistryPolicy": {}, "SetRepositoryPolicy": {},
    "ecs:GetTaskProtection": {"tasks": ["t"]},
    "ecs:TagResource": {"resourceArn": CLUSTER, "tags": [{"key": "a", "value": "b"}]},
    "ecs:UntagResource": {"resourceArn": CLUSTER}, "ecs:ListTagsForResource": {"resourceArn": CLUSTER},
}
LOG_GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:g"
EXTRA |= {
    "logs:TagResource": {"resourceArn": LOG_GROUP}, "logs:UntagResource": {"resourceArn": LOG_GROUP},
    "logs:ListTagsForResource": {"resourceArn": LOG_GROUP}, "logs:DescribeLogStreams": {"logGroupName": "g"},
    "cloudwatch:TagResource": {"ResourceARN": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a", "Tags": [{"Key": "a", "Value": "b"}]},
    "cloudwatch:UntagResource": {"ResourceARN": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a"},
    "cloudwatch:ListTagsForResource": {"ResourceARN": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a"},
    **{f"application-autoscaling:{name}": {"ServiceNamespace": "ecs", "ResourceId": "service/default/web",
        "ScalableDimension": "ecs:service:DesiredCount"} for name in ("RegisterScalableTarget", "DeregisterScalableTarget",
        "PutScalingPolicy", "DeleteScalingPolicy", "PutScheduledAction", "DeleteScheduledAction")},
    **{f"application-autoscaling:{name}": {"ServiceNamespace": "ecs"} for name in ("DescribeScalableTargets",
        "DescribeScalingPolicies", "DescribeScheduledActions", "DescribeScalingActivities")},
    **{f"application-autoscaling:{name}": {"ResourceARN": "arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/0"}
        for name in ("TagResource", "UntagResource", "ListTagsForResource")},
    "secretsmanager:TagResource": {"Tags": [{"Key": "a", "Value": "b"}]},
    **{f"ssm:{name}": {"ResourceType": "Parameter"} for name in ("AddTagsToResource", "RemoveTagsFromResource",
        "ListTagsForResource")},
    "logs:GetLogEvents": {"logGroupName": "g"}, "logs:FilterLogEvents": {"logGroupName": "g"},
}
for tagging in ("TagUser", "TagRole", "TagPolicy", "TagOpenIDConnectProvider"):
    EXTRA[tagging] = {"Tags": [{"Key": "a", "Value": "b"}]}

results = {}
for service, name in operations:
    configs = {"unsigned": Config(signature_version=UNSIGNED, parameter_validation=False), "signed": Config(parameter_validation=False)}
    for how, config in configs.items():
        api = client(service, config=config)
        model = api.meta.service_model
        if name not in model.operation_names:
            results[f"{service}:{name}:{how}"] = ["no such operation in the model", ""]
            continue
        shape = model.operation_model(name).input_shape
        arguments = {member: sample(member, shape.members[member]) for member in (shape.required_members if shape else [])}
        arguments.update(EXTRA.get(f"{service}:{name}", EXTRA.get(name, {}) if service in ("ecr", "ecs", "iam", "sts") else {}))
        try:
            getattr(api, xform_name(name))(**arguments)
            results[f"{service}:{name}:{how}"] = ["ok", ""]
        except botocore.exceptions.ClientError as error:
            results[f"{service}:{name}:{how}"] = [error.response["Error"]["Code"], error.response["Error"].get("Message", "")]
print(json.dumps(results))
"#;

#[tokio::test]
async fn every_operation_is_closed_to_who_does_not_sign_and_who_may_not() {
    let operations = operations();
    assert!(operations.len() > 5, "{operations:?}");
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    // A user may do something, so that it is known, and nothing that any operation needs.
    let statement = json!({ "Effect": "Allow", "Action": "none:ofthese", "Resource": "*" });
    let user = wharf.known_user("nothing", &json!({ "Version": "2012-10-17", "Statement": statement })).await;
    let names: Vec<(&str, &str)> = operations.iter().map(|one| (one.service, one.name.as_str())).collect();
    let script = format!("OPERATIONS = r'''{}'''\n{SCRIPT}", json!(names));
    let results = wharf.aws().as_user(&user).boto3(&script);
    let results: BTreeMap<String, (String, String)> = serde_json::from_value(results).expect("codes and messages");
    let mut faults = Vec::new();
    for operation in &operations {
        let Operation { service, name, action, access } = operation;
        let outcome = |how: &str| &results[&format!("{service}:{name}:{how}")];
        let json = JSON.contains(service);
        let (unsigned, signed) = (outcome("unsigned"), outcome("signed"));
        let missing = if json { "MissingAuthenticationTokenException" } else { "MissingAuthenticationToken" };
        if *access != Access::Unsigned && unsigned.0 != missing {
            faults.push(format!("{name} without a signature: {unsigned:?}"));
        }
        let excused = WITHOUT_PERMISSION.iter().any(|(known, _)| known == name);
        if *access != Access::Permission {
            if !excused {
                faults.push(format!("{name} needs no permission: decide why, and add it to the list"));
            }
            continue;
        }
        let denied = if json { "AccessDeniedException" } else { "AccessDenied" };
        let text = format!("is not authorized to perform: {action} on resource: ");
        if signed.0 != denied || !signed.1.contains(&text) {
            faults.push(format!("{name} without permission: {signed:?}"));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), operations.len(), faults.join("\n"));
}

/// What is excused exists: a list that is longer than it need be hides something.
#[test]
fn nothing_is_excused_that_need_not_be() {
    let operations = operations();
    for (name, _) in WITHOUT_PERMISSION {
        let found = operations.iter().find(|operation| operation.name == *name);
        assert!(found.is_some_and(|found| found.access != Access::Permission), "{name}: {found:?}");
    }
}
