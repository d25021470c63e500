//! What restricts a session: its policies, its role's boundary, and time.

use serde_json::json;
use tests::harness::on_default;

use super::{docker, script, with_credentials};
use crate::access::model::EVERYTHING;

#[tokio::test]
async fn a_session_may_do_what_role_and_session_policies_both_allow() {
    on_default(async |wharf| {
        wharf.client().repository("team/app").push_small("tag").await;
        wharf.client().repository("other/app").push_small("tag").await;
        let user = wharf.known_user("anna", &crate::access::model::identity_policy(&[])).await;
        let answers = script(
            &wharf.aws(),
            "
arn = role('deploy', trust({'AWS': 'arn:aws:iam::000000000000:user/anna'}), allow('ecr:*'))
made = client('iam').create_policy(PolicyName='pull', PolicyDocument=allow(['ecr:GetAuthorizationToken', 'ecr:BatchGet*']))
print(json.dumps([arn, made['Policy']['Arn']]))",
        );
        let (role, managed) = (answers[0].as_str().expect("an ARN"), answers[1].as_str().expect("an ARN"));
        let sessions = script(
            &wharf.aws().as_user(&user),
            &format!(
                "
sts = unchecked('sts')
def take(**more):
    answer = sts.assume_role(RoleArn='{role}', RoleSessionName='run', **more)
    answer['Credentials'].pop('Expiration')
    return answer
token = {{'Effect': 'Allow', 'Action': 'ecr:GetAuthorizationToken', 'Resource': '*'}}
team = {{'Effect': 'Allow', 'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:*:*:repository/team/*'}}
deny = {{'Effect': 'Deny', 'Action': 'ecr:BatchGetImage', 'Resource': '*'}}
print(json.dumps([
    take(),
    take(Policy=document(token, team)),
    take(PolicyArns=[{{'arn': '{managed}'}}]),
    take(PolicyArns=[{{'arn': '{managed}'}}], Policy=document(team, deny)),
    take(Policy=allow(['ecr:GetAuthorizationToken', 's3:*'])),
]))"
            ),
        );
        // What GET of a manifest and of a list of tags come to, in the two repositories.
        let expected = [
            [200, 200, 200, 200],
            [200, 200, 403, 403],
            [200, 403, 200, 403],
            [403, 200, 403, 403],
            [403, 403, 403, 403],
        ];
        for (answer, row) in sessions.as_array().expect("a list").iter().zip(expected) {
            let docker = docker(wharf, &with_credentials(&wharf.aws(), answer));
            let mut found = Vec::new();
            for path in ["team/app/manifests/tag", "team/app/tags/list", "other/app/manifests/tag", "other/app/tags/list"] {
                found.push(docker.get(&format!("/v2/{path}")).send().await.status());
            }
            assert_eq!(found, row, "{answer}");
        }
        let packed = |index: usize| sessions[index]["PackedPolicySize"].as_u64();
        assert!(packed(0).is_none() && packed(1).is_some_and(|size| (1..=100).contains(&size)), "{sessions}");
        let refused = docker(wharf, &with_credentials(&wharf.aws(), &sessions[1]));
        let answer = refused.get("/v2/other/app/tags/list").send().await.expect_error(403, "DENIED").to_string();
        assert!(answer.contains("because no session policy allows the ecr:ListImages action"), "{answer}");
        assert!(answer.contains("assumed-role/deploy/run"), "{answer}");
    })
    .await;
}

/// No session counts as a use of a policy, so whoever deletes one need not know what it denies to whom.
#[tokio::test]
async fn a_session_policy_that_is_deleted_takes_nothing_of_what_it_denied_along() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &crate::access::model::identity_policy(&[])).await;
        let made = script(
            &wharf.aws(),
            "
role('deploy', trust({'AWS': 'arn:aws:iam::000000000000:user/anna'}), allow('ecr:*'))
create = client('iam').create_policy
create(PolicyName='all', PolicyDocument=allow('ecr:*'))
deny = {'Effect': 'Deny', 'Action': 'ecr:DeleteRepository', 'Resource': '*'}
print(json.dumps(create(PolicyName='limit', PolicyDocument=document(deny))['Policy']['Arn']))",
        );
        let limit = made.as_str().expect("an ARN");
        let session = script(
            &wharf.aws().as_user(&user),
            &format!(
                "
account = 'arn:aws:iam::000000000000:'
answer = client('sts').assume_role(RoleArn=account + 'role/deploy', RoleSessionName='run',
    PolicyArns=[{{'arn': account + 'policy/all'}}, {{'arn': '{limit}'}}])
answer['Credentials'].pop('Expiration')
print(json.dumps(answer))"
            ),
        );
        let session = with_credentials(&wharf.aws(), &session);
        script(
            &session,
            "
client('ecr').create_repository(repositoryName='app')
refused('AccessDeniedException', client('ecr').delete_repository, repositoryName='app')",
        );
        script(&wharf.aws(), &format!("client('iam').delete_policy(PolicyArn='{limit}')"));
        script(
            &session,
            "
for call in ('delete_repository', 'list_images'):
    answer = refused('AccessDeniedException', getattr(client('ecr'), call), repositoryName='app')
    assert 'because no session policy allows' in answer['Error']['Message'], answer",
        );
    })
    .await;
}

#[tokio::test]
async fn session_policies_must_be_policies_and_fit() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &crate::access::model::identity_policy(&[])).await;
        let role = script(
            &wharf.aws(),
            "print(json.dumps(role('deploy', trust({'AWS': 'arn:aws:iam::000000000000:user/anna'}, ['sts:AssumeRole', 'sts:TagSession']))))",
        );
        script(
            &wharf.aws().as_user(&user),
            &format!(
                "
sts = unchecked('sts')
def why(code, **more):
    return refused(code, sts.assume_role, RoleArn={role}, RoleSessionName='run', **more)['Error']['Message']
why('MalformedPolicyDocument', Policy='nonsense')
why('MalformedPolicyDocument', Policy='{{\"Statement\":[{{\"Effect\":\"Allow\"}}]}}')
why('MalformedPolicyDocument', Policy=trust({{'AWS': '*'}}))
long = why('PackedPolicyTooLarge', Policy=allow(['ecr:' + 'x' * 2000, 's3:Get']))
assert 'consumes 10' in long, long
many = [{{'Key': 'k%d' % n + 'x' * 100, 'Value': 'v' * 250}} for n in range(40)]
assert '% of allotted space' in why('PackedPolicyTooLarge', Tags=many)
why('ValidationError', PolicyArns=[{{'arn': 'arn:aws:iam::000000000000:policy/absent'}}])
why('ValidationError', PolicyArns=[{{'arn': 'arn:aws:iam::aws:policy/IAMFullAccess'}}] * 11)
# Whoever wants a restriction gets no session without one, however it is spelled.
spelled = {{}}
sts.meta.events.register('before-call.sts.AssumeRole', lambda params, **_: params['body'].update(spelled))
pull = 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly'
for name, code in [('.member.1.Arn', 'ValidationError'), ('.member.1', 'ValidationError'), ('.1.arn', None), ('', None)]:
    spelled.clear()
    spelled['PolicyArns' + name] = pull
    try:
        raise AssertionError((name, sts.assume_role(RoleArn={role}, RoleSessionName='run')))
    except botocore.exceptions.ClientError as error:
        assert error.response['Error']['Code'] == (code or 'MalformedInput'), (name, error)"
            ),
        );
    })
    .await;
}

#[tokio::test]
async fn a_boundary_limits_the_sessions_of_its_role() {
    on_default(async |wharf| {
        wharf.client().repository("team/app").push_small("tag").await;
        let user = wharf.known_user("anna", &crate::access::model::identity_policy(&[])).await;
        script(
            &wharf.aws(),
            "
iam = client('iam')
limit = iam.create_policy(PolicyName='limit', PolicyDocument=allow(['ecr:GetAuthorizationToken', 'ecr:BatchGetImage']))
role('deploy', trust({'AWS': 'arn:aws:iam::000000000000:user/anna'}), allow('ecr:*'), PermissionsBoundary=limit['Policy']['Arn'])",
        );
        let arn = "arn:aws:iam::000000000000:role/deploy";
        let call = ["sts", "assume-role", "--role-arn", arn, "--role-session-name", "run"];
        let answer = wharf.aws().as_user(&user).json(&call);
        let docker = docker(wharf, &with_credentials(&wharf.aws(), &answer));
        let list = async || docker.get("/v2/team/app/tags/list").send().await;
        docker.get("/v2/team/app/manifests/tag").send().await.expect(200);
        let refused = list().await.expect_error(403, "DENIED").to_string();
        assert!(refused.contains("because no permissions boundary allows the ecr:ListImages action"), "{refused}");
        // A policy of the repository that names the role stays within the boundary; one that names the session does not.
        let policy = |principal: &str| {
            let statement = json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": EVERYTHING });
            json!({ "Version": "2012-10-17", "Statement": statement })
        };
        wharf.set_repository_policy("team/app", &policy(arn));
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        list().await.expect(403);
        let session = "arn:aws:sts::000000000000:assumed-role/deploy/run";
        wharf.set_repository_policy("team/app", &policy(session));
        tests::harness::admin::within_5_s("the policy", async || list().await.status() == 200).await;
    })
    .await;
}

#[tokio::test]
async fn durations_end_with_the_role_and_shorten_in_a_chain() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &crate::access::model::identity_policy(&[])).await;
        script(
            &wharf.aws(),
            "
own = trust({'AWS': 'arn:aws:iam::000000000000:user/anna'})
role('short', own, allow('sts:AssumeRole'))
role('long', own, allow('sts:AssumeRole'), MaxSessionDuration=43200)
role('next', trust({'AWS': '000000000000'}), MaxSessionDuration=43200)",
        );
        let minutes = script(
            &wharf.aws().as_user(&user),
            "
def take(sts, name, **more):
    return sts.assume_role(RoleArn='arn:aws:iam::000000000000:role/' + name, RoleSessionName='run', **more)['Credentials']
def left(credentials):
    return round((credentials['Expiration'] - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 60)
def why(sts, name, **more):
    arn = 'arn:aws:iam::000000000000:role/' + name
    return refused('ValidationError', sts.assume_role, RoleArn=arn, RoleSessionName='run', **more)['Error']['Message']
sts = client('sts')
chained = client('sts', **keys(take(sts, 'long')))
assert why(sts, 'short', DurationSeconds=3601) == 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.'
chain = 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.'
assert why(chained, 'next', DurationSeconds=3601) == chain
own = client('sts', **keys(sts.get_session_token()['Credentials']))
print(json.dumps([
    left(take(sts, 'short')),
    left(take(sts, 'short', DurationSeconds=900)),
    left(take(sts, 'long')),
    left(take(sts, 'long', DurationSeconds=43200)),
    left(take(chained, 'next')),
    left(take(chained, 'next', DurationSeconds=3600)),
    left(take(own, 'long', DurationSeconds=43200)),
]))",
        );
        assert_eq!(minutes, json!([60, 15, 60, 720, 60, 60, 720]));
    })
    .await;
}
