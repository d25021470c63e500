//! Session tags and source identity: set by whoever may, seen by conditions, handed on from session to session.

use serde_json::json;
use tests::harness::on_default;

use super::{docker, script, with_credentials};
use crate::access::model::identity_policy;
use crate::operations::audit::named;

#[tokio::test]
async fn tags_are_set_by_whoever_may_and_seen_by_conditions() {
    on_default(async |wharf| {
        wharf.client().repository("red/app").push_small("tag").await;
        wharf.client().repository("blue/app").push_small("tag").await;
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        let sessions = script(
            &wharf.aws(),
            "
anna = {'AWS': 'arn:aws:iam::000000000000:user/anna'}
token = {'Effect': 'Allow', 'Action': 'ecr:GetAuthorizationToken', 'Resource': '*'}
own = {'Effect': 'Allow', 'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*'}
role('plain', trust(anna), document(token, own))
teams = {'ForAllValues:StringEquals': {'aws:TagKeys': ['team', 'stage']}, 'StringLike': {'aws:RequestTag/team': '?*'}}
may = [{'Effect': 'Allow', 'Principal': anna, 'Action': 'sts:AssumeRole'},
       {'Effect': 'Allow', 'Principal': anna, 'Action': 'sts:TagSession', 'Condition': teams}]
role('tagged', document(*may), document(token, own), Tags=[{'Key': 'Team', 'Value': 'blue'}])
role('keyed', trust(anna, ['sts:AssumeRole', 'sts:TagSession']))",
        );
        assert!(sessions.is_null());
        let answers = script(
            &wharf.aws().as_user(&user),
            "
sts = client('sts')
def take(name, **tags):
    tags = [{'Key': key, 'Value': value} for key, value in tags.items()]
    return dict(RoleArn='arn:aws:iam::000000000000:role/' + name, RoleSessionName='run', Tags=tags)
def taken(name, **tags):
    answer = sts.assume_role(**take(name, **tags))
    answer['Credentials'].pop('Expiration')
    return answer
message = refused('AccessDenied', sts.assume_role, **take('plain', team='red'))['Error']['Message']
assert 'sts:TagSession' in message, message
refused('AccessDenied', sts.assume_role, **take('tagged', cost='1'))
refused('AccessDenied', sts.assume_role, **take('tagged', team='red', cost='1'))
twice = [{'Key': 'team', 'Value': 'red'}, {'Key': 'team', 'Value': 'blue'}]
def invalid(text, **arguments):
    message = refused('InvalidParameterValue', sts.assume_role, **arguments)['Error']['Message']
    assert message == text, message
duplicate = 'Duplicate tag keys found. Please note that Tag keys are case insensitive.'
invalid(duplicate, **dict(take('tagged'), Tags=twice))
invalid(duplicate, **take('keyed', team='red', Team='red'))
for malformed in ['*', 'a\\nb', 'a\\tb']:
    refused('ValidationError', sts.assume_role, **take('tagged', team=malformed))
    refused('ValidationError', sts.assume_role, **take('tagged', **{malformed: 'red'}))
refused('InvalidParameterValue', sts.assume_role, **take('keyed', **{'AWS:team': 'red'}))
absent = 'The specified transitive tag key must be included in the requested tags.'
invalid(absent, TransitiveTagKeys=['stage'], **take('tagged', team='red'))
print(json.dumps([taken('plain'), taken('tagged'), taken('tagged', team='red')]))",
        );
        // What is pulled from the red and from the blue team.
        let expected = [[403, 403], [403, 200], [200, 403]];
        for (answer, row) in answers.as_array().expect("a list").iter().zip(expected) {
            let docker = docker(wharf, &with_credentials(&wharf.aws(), answer));
            let mut found = Vec::new();
            for team in ["red", "blue"] {
                found.push(docker.get(&format!("/v2/{team}/app/manifests/tag")).send().await.status());
            }
            assert_eq!(found, row, "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn transitive_tags_and_the_source_identity_are_handed_on() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[])).await;
        script(
            &wharf.aws(),
            "
all = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']
role('first', trust({'AWS': 'arn:aws:iam::000000000000:user/anna'}, all), allow('sts:*'))
role('no-identity', trust({'AWS': 'arn:aws:iam::000000000000:user/anna'}), allow('sts:*'))
own = {'AWS': '000000000000'}
role('of-red', trust(own, all, StringEquals={'aws:PrincipalTag/team': 'red'}), allow('sts:*'))
role('of-stage', trust(own, all, StringEquals={'aws:PrincipalTag/stage': 'test'}), allow('sts:*'))
role('of-anna', trust(own, all, StringEquals={'aws:SourceIdentity': 'anna'}), allow('sts:*'))
role('untagged', trust(own, ['sts:AssumeRole', 'sts:SetSourceIdentity']))
role('unnamed', trust(own, ['sts:AssumeRole', 'sts:TagSession']))
role('asked-red', trust(own, all, StringEquals={'aws:RequestTag/team': 'red', 'sts:SourceIdentity': 'anna'}))
role('handing-on', trust(own, all, **{'ForAllValues:StringEquals': {'sts:TransitiveTagKeys': ['stage']}}))
role('bound', trust({'AWS': 'arn:aws:iam::000000000000:user/anna'}, all), allow('sts:AssumeRole'))",
        );
        script(
            &wharf.aws().as_user(&user),
            "
def take(sts, name, **more):
    return dict(RoleArn='arn:aws:iam::000000000000:role/' + name, RoleSessionName='run', **more)
def taken(sts, name, **more):
    return sts.assume_role(**take(sts, name, **more))
def as_session(answer):
    return client('sts', **keys(answer['Credentials']))
own = client('sts')
refused('AccessDenied', own.assume_role, **take(own, 'no-identity', SourceIdentity='anna'))
tags = [{'Key': 'team', 'Value': 'red'}, {'Key': 'stage', 'Value': 'test'}]
answer = taken(own, 'first', Tags=tags, TransitiveTagKeys=['team'], SourceIdentity='anna')
assert answer['SourceIdentity'] == 'anna' and answer['PackedPolicySize'] > 0, answer
first = as_session(answer)
first.get_caller_identity()
# The session has all its tags; the next one has the transitive one alone.
second = as_session(taken(first, 'of-stage'))
third = as_session(taken(second, 'of-red'))
refused('AccessDenied', second.assume_role, **take(second, 'of-stage'))
# However long the chain, it is anna's, and nobody can say otherwise.
fourth = taken(third, 'of-anna')
assert fourth['SourceIdentity'] == 'anna', fourth
refused('AccessDenied', third.assume_role, **take(third, 'of-anna', SourceIdentity='bob'))
taken(third, 'of-anna', SourceIdentity='anna')
# What is handed on needs the same permissions as what is set anew, of both roles.
def lacks(sts, action, name):
    message = refused('AccessDenied', sts.assume_role, **take(sts, name))['Error']['Message']
    assert 'not authorized to perform: ' + action in message, message
lacks(second, 'sts:TagSession', 'untagged')
lacks(second, 'sts:SetSourceIdentity', 'unnamed')
taken(second, 'asked-red')
lacks(second, 'sts:AssumeRole', 'handing-on')
lacks(as_session(taken(own, 'bound', SourceIdentity='anna')), 'sts:SetSourceIdentity', 'of-anna')
lacks(as_session(taken(own, 'bound', Tags=tags, TransitiveTagKeys=['team'])), 'sts:TagSession', 'of-red')
# A transitive tag cannot be set anew.
text = 'One of the specified transitive tag keys can\\'t be set because it conflicts with a transitive tag key from the calling session.'
for key in ['team', 'Team']:
    blue = take(second, 'of-red', Tags=[{'Key': key, 'Value': 'blue'}], TransitiveTagKeys=[key])
    conflict = refused('InvalidParameterValue', second.assume_role, **blue)
    assert conflict['Error']['Message'] == text, conflict
refused('AccessDenied', as_session(taken(own, 'first')).assume_role, **take(own, 'of-red'))",
        );
        // What a source identity is there for: the log says who it was.
        let kept = named(wharf, "GetCallerIdentity", 1).await;
        let context = &kept[0]["userIdentity"]["sessionContext"];
        assert_eq!(context["sourceIdentity"], "anna", "{context}");
        assert_eq!(context["sessionIssuer"]["userName"], "first", "{context}");
    })
    .await;
}

#[tokio::test]
async fn tags_of_users_and_roles_count_without_a_session_tag() {
    on_default(async |wharf| {
        wharf.client().repository("red/app").push_small("tag").await;
        let own = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "ecr:*",
            "Resource": "arn:aws:ecr:*:*:repository/${aws:PrincipalTag/Team}/*" } });
        let user = wharf.known_user("anna", &own).await;
        let client = wharf.client().as_(user.auth());
        let pull = async || client.get("/v2/red/app/manifests/tag").send().await.status();
        assert_eq!(pull().await, 403);
        script(&wharf.aws(), "client('iam').tag_user(UserName='anna', Tags=[{'Key': 'team', 'Value': 'red'}])");
        assert_eq!(pull().await, 200);
        script(&wharf.aws(), "client('iam').tag_user(UserName='anna', Tags=[{'Key': 'Team', 'Value': 'blue'}])");
        assert_eq!(pull().await, 403);
    })
    .await;
}
