//! The policy simulator: what it says is what happens.

use serde_json::{Value, json};
use tests::harness::aws::Aws;
use tests::harness::on_default;

use crate::access::model::identity_policy;

const REPOSITORY: &str = "arn:aws:ecr:us-east-1:000000000000:repository/team/app";

fn policy(statements: Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// `action decision statement…` for each result.
fn told(answer: &Value) -> Vec<String> {
    let results = answer["EvaluationResults"].as_array().expect("a list");
    let tell = |result: &Value| {
        let matched = result["MatchedStatements"].as_array().cloned().unwrap_or_default();
        let matched = matched.iter().map(|statement| {
            let place = |name: &str| format!("{}:{}", statement[name]["Line"], statement[name]["Column"]);
            let id = statement["SourcePolicyId"].as_str().expect("an id");
            format!(" {id}[{}-{}]", place("StartPosition"), place("EndPosition"))
        });
        let action = result["EvalActionName"].as_str().expect("text");
        format!("{action} {}{}", result["EvalDecision"].as_str().expect("text"), matched.collect::<String>())
    };
    results.iter().map(tell).collect()
}

fn custom(aws: &Aws, more: &[&str]) -> Value {
    aws.json(&[&["iam", "simulate-custom-policy"], more].concat())
}

#[tokio::test]
async fn policies_of_the_input_are_evaluated() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        let allow = policy(json!([
            { "Effect": "Allow", "Action": "ecr:*", "Resource": "arn:aws:ecr:*:*:repository/team/*" },
            { "Effect": "Allow", "Action": "ecr:Put*", "Resource": "*" },
        ]));
        let deny = policy(json!({ "Sid": "No", "Effect": "Deny", "Action": "ecr:Delete*", "Resource": "*" }));
        let list = ["--policy-input-list", &allow, &deny];
        let actions = ["--action-names", "ecr:PutImage", "ecr:ListImages", "ecr:DeleteRepository", "iam:GetUser"];
        let answer = custom(&aws, &[&list[..], &actions, &["--resource-arns", REPOSITORY]].concat());
        let at = |text: &str, part: &str| {
            let begin = text.find(part).expect("it is there") + 1;
            format!("[1:{begin}-1:{}]", begin + part.len())
        };
        let first = r#"{"Action":"ecr:*","Effect":"Allow","Resource":"arn:aws:ecr:*:*:repository/team/*"}"#;
        let second = r#"{"Action":"ecr:Put*","Effect":"Allow","Resource":"*"}"#;
        let denied = r#"{"Action":"ecr:Delete*","Effect":"Deny","Resource":"*","Sid":"No"}"#;
        let (first, second) = (at(&allow, first), at(&allow, second));
        assert_eq!(
            told(&answer),
            [
                format!("ecr:PutImage allowed PolicyInputList.1{first} PolicyInputList.1{second}"),
                format!("ecr:ListImages allowed PolicyInputList.1{first}"),
                format!("ecr:DeleteRepository explicitDeny PolicyInputList.2{}", at(&deny, denied)),
                "iam:GetUser implicitDeny".to_owned(),
            ]
        );
        assert_eq!(answer["EvaluationResults"][0]["EvalResourceName"], REPOSITORY);
        // Without a resource it is any, which no ARN covers.
        let any = custom(&aws, &[&list[..], &["--action-names", "ecr:PutImage", "ecr:ListImages"]].concat());
        let any = told(&any);
        assert!(any[0].starts_with("ecr:PutImage allowed") && any[1] == "ecr:ListImages implicitDeny", "{any:?}");
    })
    .await;
}

#[tokio::test]
async fn facts_are_given_and_missing_ones_are_named() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        let document = policy(json!({ "Effect": "Allow", "Action": "ecr:*",
            "Resource": "arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*",
            "Condition": { "IpAddress": { "aws:SourceIp": "10.0.0.0/8" }, "ForAllValues:StringEquals": { "aws:TagKeys": ["a", "b"] } } }));
        let call = ["--policy-input-list", &document, "--action-names", "ecr:PutImage", "--resource-arns", REPOSITORY];
        let result = &custom(&aws, &call)["EvaluationResults"][0];
        assert_eq!(result["EvalDecision"], "implicitDeny");
        assert_eq!(sorted(&result["MissingContextValues"]), ["aws:PrincipalTag/team", "aws:SourceIp", "aws:TagKeys"]);
        let entry = |key: &str, values: Value, kind: &str| {
            json!({ "ContextKeyName": key, "ContextKeyValues": values, "ContextKeyType": kind }).to_string()
        };
        let team = entry("aws:PrincipalTag/Team", json!(["team"]), "string");
        let decided = |address: &str, keys: Value| {
            let (address, keys) = (entry("aws:SourceIp", json!([address]), "ip"), entry("aws:TagKeys", keys, "stringList"));
            let entries = ["--context-entries", &team, &address, &keys];
            let answer = custom(&aws, &[&call[..], &entries].concat());
            let result = answer["EvaluationResults"][0].clone();
            assert!(result["MissingContextValues"].as_array().is_none_or(Vec::is_empty), "{result}");
            result["EvalDecision"].as_str().expect("text").to_owned()
        };
        assert_eq!(decided("10.1.2.3", json!(["a"])), "allowed");
        assert_eq!(decided("10.1.2.3", json!(["a", "c"])), "implicitDeny");
        assert_eq!(decided("192.0.2.1", json!(["a"])), "implicitDeny");
        let keys = aws.json(&["iam", "get-context-keys-for-custom-policy", "--policy-input-list", &document]);
        assert_eq!(sorted(&keys["ContextKeyNames"]), ["aws:PrincipalTag/team", "aws:SourceIp", "aws:TagKeys"]);
    })
    .await;
}

/// Names come in the order of the document, which `json!` decides here.
fn sorted(names: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = names.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn boundaries_and_resource_policies_take_part() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        let all = policy(json!({ "Effect": "Allow", "Action": "ecr:*", "Resource": "*" }));
        let limit = policy(json!({ "Effect": "Allow", "Action": "ecr:Get*", "Resource": "*" }));
        let names = ["--action-names", "ecr:GetDownloadUrlForLayer", "ecr:PutImage", "--resource-arns", REPOSITORY];
        let call =
            [&["--policy-input-list", &all, "--permissions-boundary-policy-input-list", &limit][..], &names].concat();
        let answer = custom(&aws, &call);
        let of = |index: usize| {
            let result = &answer["EvaluationResults"][index];
            let detail = &result["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"];
            (result["EvalDecision"].as_str().expect("text").to_owned(), detail.clone())
        };
        assert_eq!(of(0), ("allowed".to_owned(), json!(true)));
        assert_eq!(of(1), ("implicitDeny".to_owned(), json!(false)));

        let nothing = policy(json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" }));
        let decided = |caller: &str, identity: &str, principal: &str| {
            let statement = json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "ecr:PutImage" });
            let resource = policy(statement);
            let call = ["--policy-input-list", identity, "--resource-policy", &resource, "--caller-arn", caller];
            let answer =
                custom(&aws, &[&call[..], &["--action-names", "ecr:PutImage", "--resource-arns", REPOSITORY]].concat());
            answer["EvaluationResults"][0]["EvalDecision"].as_str().expect("text").to_owned()
        };
        let (anna, away) = ("arn:aws:iam::000000000000:user/anna", "arn:aws:iam::111122223333:user/anna");
        assert_eq!(decided(anna, &nothing, anna), "allowed");
        assert_eq!(decided(anna, &nothing, "000000000000"), "implicitDeny");
        assert_eq!(decided(away, &nothing, away), "implicitDeny");
        assert_eq!(decided(away, &all, away), "allowed");
        assert_eq!(decided(away, &all, anna), "implicitDeny");
    })
    .await;
}

#[tokio::test]
async fn somebodys_policies_are_those_that_judge_requests() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        wharf.client().repository("team/app").push_small("tag").await;
        aws.boto3(
            "
iam = client('iam')
def policy(*statements):
    return json.dumps({'Version': '2012-10-17', 'Statement': list(statements)})
iam.create_group(GroupName='team')
iam.add_user_to_group(GroupName='team', UserName='anna')
pull = {'Effect': 'Allow', 'Action': ['ecr:BatchGetImage', 'ecr:ListImages'], 'Resource': 'arn:aws:ecr:*:*:repository/${aws:username}/*'}
team = dict(pull, Resource='arn:aws:ecr:*:*:repository/team/*')
iam.put_group_policy(GroupName='team', PolicyName='pull', PolicyDocument=policy(pull, team))
limit = iam.create_policy(PolicyName='limit', PolicyDocument=policy({'Effect': 'Allow', 'Action': 'ecr:Batch*', 'Resource': '*'}))
iam.attach_user_policy(UserName='anna', PolicyArn='arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly')
iam.put_user_permissions_boundary(UserName='anna', PermissionsBoundary=limit['Policy']['Arn'])",
        );
        let arn = "arn:aws:iam::000000000000:user/anna";
        let call = ["iam", "simulate-principal-policy", "--policy-source-arn", arn, "--resource-arns", REPOSITORY];
        let actions = ["--action-names", "ecr:BatchGetImage", "ecr:ListImages", "ecr:PutImage"];
        let answer = aws.json(&[&call[..], &actions].concat());
        let told = told(&answer);
        assert!(told[0].starts_with("ecr:BatchGetImage allowed group_team_pull[1:"), "{told:?}");
        assert!(told[0].contains(" arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly["), "{told:?}");
        assert!(told[1].starts_with("ecr:ListImages implicitDeny group_team_pull["), "{told:?}");
        assert_eq!(told[2], "ecr:PutImage implicitDeny");
        let types = answer["EvaluationResults"][0]["MatchedStatements"].as_array().expect("a list");
        let types: Vec<_> = types.iter().map(|statement| statement["SourcePolicyType"].as_str().expect("text")).collect();
        assert_eq!(types, ["group", "aws-managed"]);
        // And so it is.
        let client = wharf.client().as_(user.auth());
        client.get("/v2/team/app/manifests/tag").send().await.expect(200);
        client.get("/v2/team/app/tags/list").send().await.expect_error(403, "DENIED");
        let keys = aws.json(&["iam", "get-context-keys-for-principal-policy", "--policy-source-arn", arn]);
        assert_eq!(keys["ContextKeyNames"], json!(["aws:username"]));
        // A group has no name of a user to put in; more policies may be tried beside those that there are.
        let more = policy(json!({ "Effect": "Deny", "Action": "*", "Resource": "*" }));
        let group = ["iam", "simulate-principal-policy", "--policy-source-arn", "arn:aws:iam::000000000000:group/team"];
        let tried = [&group[..], &["--policy-input-list", &more, "--resource-arns", REPOSITORY], &actions].concat();
        let answer = aws.json(&tried);
        assert!(self::told(&answer).iter().all(|line| line.contains(" explicitDeny PolicyInputList.1[")), "{answer}");
    })
    .await;
}

#[tokio::test]
async fn pages_permissions_and_bad_input() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        let all = policy(json!({ "Effect": "Allow", "Action": "ecr:*", "Resource": "*" }));
        let script = format!(
            "
policy = {all:?}
pages = client('iam').get_paginator('simulate_custom_policy')
names = ['ecr:A%d' % number for number in range(7)]
found = [result['EvalActionName'] for page in pages.paginate(
    PolicyInputList=[policy], ActionNames=names, PaginationConfig=dict(PageSize=3)) for result in page['EvaluationResults']]
assert found == names, found
iam = client('iam', config=botocore.config.Config(parameter_validation=False))
long = policy + ' ' * (131072 - len(policy))
assert iam.simulate_custom_policy(PolicyInputList=[long], ActionNames=['ecr:PutImage'])['EvaluationResults'][0]['EvalDecision'] == 'allowed'
refused('ValidationError', iam.get_context_keys_for_custom_policy, PolicyInputList=[long + ' '])
# A page ends early rather than become long, and nothing is lost.
many = json.dumps(dict(Statement=[dict(Effect='Allow', Action='*', Resource='*')] * 1500), separators=(',', ':'))
first = iam.simulate_custom_policy(PolicyInputList=[many], ActionNames=names, ResourceArns=['*'] * 4, MaxItems=1000)
assert first['IsTruncated'] and 0 < len(first['EvaluationResults']) < 28, len(first['EvaluationResults'])
rest = iam.simulate_custom_policy(PolicyInputList=[many], ActionNames=names, ResourceArns=['*'] * 4, MaxItems=1000, Marker=first['Marker'])
assert rest['EvaluationResults'][0]['EvalActionName'] == names[len(first['EvaluationResults']) // 4]
# A statement about tags protects these operations too.
iam.create_user(UserName='hidden', Tags=[dict(Key='secret', Value='true')])
iam.create_user(UserName='reader')
iam.put_user_policy(UserName='reader', PolicyName='own', PolicyDocument=json.dumps(dict(Statement=[
    dict(Effect='Allow', Action='iam:*', Resource='*'),
    dict(Effect='Deny', Action='iam:*', Resource='*', Condition=dict(StringEquals={{'aws:ResourceTag/secret': 'true'}}))])))
key = iam.create_access_key(UserName='reader')['AccessKey']
reader = client('iam', aws_access_key_id=key['AccessKeyId'], aws_secret_access_key=key['SecretAccessKey'])
hidden, shown = ('arn:aws:iam::000000000000:user/' + name for name in ('hidden', 'reader'))
refused('AccessDenied', reader.simulate_principal_policy, PolicySourceArn=hidden, ActionNames=['ecr:PutImage'])
refused('AccessDenied', reader.get_context_keys_for_principal_policy, PolicySourceArn=hidden)
reader.simulate_principal_policy(PolicySourceArn=shown, ActionNames=['ecr:PutImage'])
def bad(code, call, **arguments):
    refused(code, call, **dict(dict(PolicyInputList=[policy], ActionNames=['ecr:PutImage']), **arguments))
bad('InvalidInput', iam.simulate_custom_policy, PolicyInputList=['nonsense'])
bad('ValidationError', iam.simulate_custom_policy, PolicyInputList=[long + ' '])
bad('ValidationError', iam.simulate_custom_policy, PolicyInputList=[policy] * 501)
bad('ValidationError', iam.simulate_custom_policy, PermissionsBoundaryPolicyInputList=[long + ' '])
bad('ValidationError', iam.simulate_custom_policy, ResourcePolicy=long + ' ')
bad('InvalidInput', iam.simulate_custom_policy, PolicyInputList=[])
bad('InvalidInput', iam.simulate_custom_policy, ActionNames=['PutImage'])
bad('ValidationError', iam.simulate_custom_policy, ActionNames=['x'])
bad('InvalidInput', iam.simulate_custom_policy, ResourcePolicy=policy)
bad('InvalidInput', iam.simulate_custom_policy, CallerArn='arn:aws:iam::000000000000:role/x')
bad('InvalidInput', iam.simulate_custom_policy, ResourceOwner='x')
bad('InvalidInput', iam.simulate_custom_policy, PermissionsBoundaryPolicyInputList=[policy, policy])
bad('ValidationError', iam.simulate_principal_policy)
bad('NoSuchEntity', iam.simulate_principal_policy, PolicySourceArn='arn:aws:iam::000000000000:user/nobody')
bad('InvalidInput', iam.simulate_principal_policy, PolicySourceArn='arn:aws:iam::000000000000:root')
bad('AccessDenied', iam.simulate_principal_policy, PolicySourceArn='arn:aws:iam::111122223333:user/nobody')"
        );
        aws.boto3(&script);
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        let call = ["iam", "simulate-custom-policy", "--policy-input-list", &all, "--action-names", "ecr:PutImage"];
        let message = aws.as_user(&user).refused(&call, "AccessDenied");
        assert!(message.contains("iam:SimulateCustomPolicy on resource: *"), "{message}");
        let arn = "arn:aws:iam::000000000000:user/anna";
        let call = ["iam", "simulate-principal-policy", "--policy-source-arn", arn, "--action-names", "ecr:PutImage"];
        let message = aws.as_user(&user).refused(&call, "AccessDenied");
        assert!(message.contains(&format!("iam:SimulatePrincipalPolicy on resource: {arn}")), "{message}");
    })
    .await;
}

#[tokio::test]
async fn what_the_input_says_of_a_caller_counts() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            "
iam = client('iam')
statement = {'Effect': 'Allow', 'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:*:*:repository/${aws:username}/*', 'Condition': {
    'StringEquals': {'aws:PrincipalAccount': '111122223333', 'aws:ResourceAccount': '111122223333'}, 'ArnLike': {'aws:PrincipalArn': '*'}}}
document = json.dumps({'Version': '2012-10-17', 'Statement': statement})
def entry(key, *values, sort='string'):
    return {'ContextKeyName': key, 'ContextKeyType': sort, 'ContextKeyValues': values}
def told(call=iam.simulate_custom_policy, **arguments):
    [result] = call(PolicyInputList=[document], ActionNames=['ecr:PutImage'],
                    ResourceArns=['arn:aws:ecr:us-east-1:000000000000:repository/anna/app'], **arguments)['EvaluationResults']
    return result['EvalDecision'], sorted(result['MissingContextValues'])
accounts = [entry('aws:PrincipalAccount', '111122223333'), entry('aws:ResourceAccount', '111122223333')]
# Nobody in particular has no name and no ARN.
assert told() == ('implicitDeny', ['aws:PrincipalArn', 'aws:username']), told()
said = accounts + [entry('aws:username', 'anna'), entry('AWS:principalARN', 'arn:aws:iam::111122223333:user/anna')]
assert told(ContextEntries=said) == ('allowed', []), told(ContextEntries=said)
# Of somebody in particular there is what is known, and what is said instead.
anna = 'arn:aws:iam::000000000000:user/anna'
assert told(CallerArn=anna) == ('implicitDeny', [])
assert told(CallerArn=anna, ContextEntries=accounts) == ('allowed', [])
assert told(CallerArn=anna, ContextEntries=accounts + [entry('aws:username', 'bob')]) == ('implicitDeny', [])
iam.create_user(UserName='anna')
assert told(iam.simulate_principal_policy, PolicySourceArn=anna) == ('implicitDeny', [])
assert told(iam.simulate_principal_policy, PolicySourceArn=anna, ContextEntries=accounts) == ('allowed', [])
refused('ValidationError', iam.simulate_custom_policy, PolicyInputList=[document], ActionNames=['ecr:PutImage'],
        ContextEntries=[entry('aws:x', '1', sort='text')])",
        );
    })
    .await;
}
