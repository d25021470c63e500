//! `AssumeRole`: who may assume which role, and what the answer says.

use serde_json::{Value, json};
use tests::harness::{Wharf, on_default};

use super::{script, with_credentials};
use crate::access::model::ACCOUNT;

const OTHER: &str = "111122223333";

fn assume(of: &str) -> Value {
    let resource = format!("arn:aws:iam::*:role/{of}");
    json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": resource } })
}

#[tokio::test]
async fn trust_and_permission_decide_together() {
    on_default(async |wharf| {
        let may = wharf.known_user("may", &assume("*")).await;
        let may_not = wharf.known_user("may-not", &assume("nothing")).await;
        let other = wharf.account(OTHER).await;
        let away = wharf.user_of(&other, "away", &assume("*")).await;
        let away_not = wharf.user_of(&other, "away-not", &assume("nothing")).await;
        script(
            &wharf.aws(),
            "
account = '000000000000'
user = 'arn:aws:iam::000000000000:user/'
role('own-account', trust({'AWS': account}))
role('by-name', trust({'AWS': [user + 'may', user + 'may-not']}))
role('other-account', trust({'AWS': '111122223333'}))
role('other-name', trust({'AWS': 'arn:aws:iam::111122223333:user/away-not'}))
role('everybody', trust({'AWS': '*'}))
role('provider', trust({'Federated': 'ci.example.com'}, 'sts:AssumeRoleWithWebIdentity'))
denied = {'Effect': 'Deny', 'Principal': {'AWS': user + 'may'}, 'Action': 'sts:AssumeRole'}
role('but-one', document(denied, {'Effect': 'Allow', 'Principal': {'AWS': account}, 'Action': 'sts:AssumeRole'}))",
        );
        // Who becomes whom: each caller by each role.
        let roles =
            ["own-account", "by-name", "other-account", "other-name", "everybody", "provider", "but-one", "absent"];
        let expected = [
            (&may, [true, true, false, false, true, false, false, false]),
            // Trust in person is enough within the account.
            (&may_not, [false, true, false, false, true, false, false, false]),
            (&away, [false, false, true, false, true, false, false, false]),
            (&away_not, [false; 8]),
        ];
        for (user, row) in expected {
            let found = script(
                &wharf.aws().as_user(user),
                &format!(
                    "
def assumed(name):
    arn = 'arn:aws:iam::{ACCOUNT}:role/' + name
    try:
        client('sts').assume_role(RoleArn=arn, RoleSessionName='run')
        return True
    except botocore.exceptions.ClientError as error:
        found = error.response['Error']
        assert found['Code'] == 'AccessDenied', found
        start, why = found['Message'].split('is not authorized to perform: sts:AssumeRole on resource: ' + arn)
        # Callers from another account are not told whether there is such a role.
        assert (why == '') == ('111122223333' in start or name == 'absent'), found
        return False
print(json.dumps([assumed(name) for name in {roles:?}]))"
                ),
            );
            assert_eq!(found, json!(row), "{}", user.name);
        }
    })
    .await;
}

#[tokio::test]
async fn the_answer_names_the_session() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &assume("*")).await;
        script(&wharf.aws(), "role('deploy', trust({'AWS': '000000000000'}), Path='/ci/')");
        let aws = wharf.aws().as_user(&user);
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/ci/deploy");
        let answer = aws.json(&["sts", "assume-role", "--role-arn", &arn, "--role-session-name", "run+1@x"]);
        let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run+1@x");
        assert_eq!(answer["AssumedRoleUser"]["Arn"], session, "{answer}");
        let id = answer["AssumedRoleUser"]["AssumedRoleId"].as_str().expect("an id");
        assert!(id.starts_with("AROA") && id.ends_with(":run+1@x"), "{id}");
        assert!(answer.get("PackedPolicySize").is_none() && answer.get("SourceIdentity").is_none(), "{answer}");
        let caller = with_credentials(&wharf.aws(), &answer).json(&["sts", "get-caller-identity"]);
        assert_eq!(caller, json!({ "Arn": session, "UserId": id, "Account": ACCOUNT }));
        // A path is part of the name.
        let without = format!("arn:aws:iam::{ACCOUNT}:role/deploy");
        aws.refused(&["sts", "assume-role", "--role-arn", &without, "--role-session-name", "run"], "AccessDenied");
    })
    .await;
}

#[tokio::test]
async fn conditions_of_the_trust_see_the_call() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &assume("*")).await;
        script(
            &wharf.aws(),
            "
own = {'AWS': '000000000000'}
role('external', trust(own, StringEquals={'sts:ExternalId': 'secret/1'}))
role('named', trust(own, StringLike={'sts:RoleSessionName': '${aws:username}-*'}))
role('tagged', trust(own, StringEquals={'iam:ResourceTag/stage': 'test'}), Tags=[{'Key': 'stage', 'Value': 'test'}])
role('tagged-other', trust(own, StringEquals={'aws:ResourceTag/stage': 'test'}), Tags=[{'Key': 'stage', 'Value': 'x'}])",
        );
        script(
            &wharf.aws().as_user(&user),
            "
sts = client('sts')
def arguments(role, **more):
    return dict(RoleArn='arn:aws:iam::000000000000:role/' + role, **dict(dict(RoleSessionName='run'), **more))
sts.assume_role(**arguments('external', ExternalId='secret/1'))
refused('AccessDenied', sts.assume_role, **arguments('external', ExternalId='secret/2'))
refused('AccessDenied', sts.assume_role, **arguments('external'))
sts.assume_role(**arguments('named', RoleSessionName='anna-1'))
refused('AccessDenied', sts.assume_role, **arguments('named', RoleSessionName='bob-1'))
sts.assume_role(**arguments('tagged'))
refused('AccessDenied', sts.assume_role, **arguments('tagged-other'))",
        );
    })
    .await;
}

#[tokio::test]
async fn root_and_malformed_calls_are_refused() {
    on_default(async |wharf: &Wharf| {
        let user = wharf.known_user("anna", &assume("*")).await;
        let arn = script(&wharf.aws(), "print(json.dumps(role('deploy', trust({'AWS': '000000000000'}))))");
        let arn = arn.as_str().expect("an ARN");
        let call = ["sts", "assume-role", "--role-arn", arn, "--role-session-name", "run"];
        assert_eq!(wharf.aws().refused(&call, "AccessDenied"), "Roles may not be assumed by root accounts.");
        let messages = script(
            &wharf.aws().as_user(&user),
            &format!(
                "
sts = unchecked('sts')
def why(code, **more):
    return refused(code, sts.assume_role, **dict(dict(RoleArn='{arn}', RoleSessionName='run'), **more))['Error']['Message']
print(json.dumps([
    why('ValidationError', RoleSessionName='a'),
    why('ValidationError', RoleSessionName='a b'),
    why('ValidationError', RoleSessionName='a' * 65),
    why('ValidationError', RoleArn='arn:aws:iam::000000000000:user/anna'),
    why('ValidationError', RoleArn='deploy'),
    why('ValidationError', ExternalId='!!'),
    why('ValidationError', DurationSeconds=899),
    why('ValidationError', DurationSeconds=43201),
    why('AccessDenied', SerialNumber='arn:aws:iam::000000000000:mfa/anna', TokenCode='123456'),
]))"
            ),
        );
        let parts = [
            "Value 'a' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2",
            r"Member must satisfy regular expression pattern: [\w+=,.@-]*",
            "Member must have length less than or equal to 64",
            "arn:aws:iam::000000000000:user/anna is invalid",
            "at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20",
            r"Member must satisfy regular expression pattern: [\w+=,.@:\/-]*",
            "Member must have value greater than or equal to 900",
            "Member must have value less than or equal to 43200",
            "MultiFactorAuthentication failed with invalid MFA one time pass code.",
        ];
        for (message, part) in messages.as_array().expect("a list").iter().zip(parts) {
            assert!(message.as_str().expect("text").contains(part), "{message}: {part}");
        }
    })
    .await;
}
