//! `AssumeRoleWithWebIdentity`: a CI job pushes without a stored secret.

use std::io::Write;

use serde_json::{Value, json};
use tests::harness::aws::Aws;
use tests::harness::issuer::{ALGORITHMS, Algorithm, Issuer};
use tests::harness::{Auth, Backend, DEFAULT, Wharf};

use super::{docker, script, with_credentials};
use crate::operations::audit::named;

/// The role that CI jobs assume.
pub const ROLE: &str = "arn:aws:iam::000000000000:role/ci";

/// A server that may ask this machine, with an identity provider that it trusts, and a role for jobs of `team/app`.
pub async fn trusting(backend: Backend) -> (Wharf, Issuer) {
    let issuer = Issuer::start();
    let wharf = Wharf::with(backend).set("WHARF_OUTBOUND_LOOPBACK", "true").start().await;
    trust(&wharf, &issuer);
    (wharf, issuer)
}

/// Makes an issuer a provider of the server, and a role that trusts it.
#[track_caller]
pub fn trust(wharf: &Wharf, issuer: &Issuer) {
    let (url, host) = (issuer.url(), issuer.host());
    script(
        &wharf.aws(),
        &format!(
            "
provider = client('iam').create_open_id_connect_provider(Url='{url}', ClientIDList=['wharf', 'other'])
arn = provider['OpenIDConnectProviderArn']
assert arn == 'arn:aws:iam::000000000000:oidc-provider/{host}', arn
condition = {{'StringEquals': {{'{host}:aud': 'wharf'}}, 'StringLike': {{'{host}:sub': 'repo:team/app:*'}}}}
team = {{'Effect': 'Allow', 'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:*:*:repository/team/*'}}
token = {{'Effect': 'Allow', 'Action': 'ecr:GetAuthorizationToken', 'Resource': '*'}}
role('ci', trust({{'Federated': arn}}, 'sts:AssumeRoleWithWebIdentity', **condition), document(team, token))"
        ),
    );
}

/// The command line of an exchange.
pub fn exchange<'a>(token: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["sts", "assume-role-with-web-identity", "--role-arn", ROLE, "--role-session-name", "job-7"];
    [&fixed[..], &["--web-identity-token", token], more].concat()
}

/// A client that has no key at all.
pub fn nobody(wharf: &Wharf) -> Aws {
    wharf.aws().with_key("", "")
}

#[tokio::test]
async fn a_job_gets_credentials_for_its_token_and_pushes() {
    for backend in DEFAULT {
        let (wharf, issuer) = trusting(*backend).await;
        let subject = "repo:team/app:ref:refs/heads/main";
        let token = issuer.token(subject, "wharf");
        let answer = nobody(&wharf).json(&exchange(&token, &["--duration-seconds", "900"]));
        assert_eq!(answer["SubjectFromWebIdentityToken"], subject, "{answer}");
        assert_eq!(answer["Audience"], "wharf", "{answer}");
        assert_eq!(answer["Provider"], format!("arn:aws:iam::000000000000:oidc-provider/{}", issuer.host()));
        let session = "arn:aws:sts::000000000000:assumed-role/ci/job-7";
        assert_eq!(answer["AssumedRoleUser"]["Arn"], session, "{answer}");
        let aws = with_credentials(&wharf.aws(), &answer);
        assert_eq!(aws.json(&["sts", "get-caller-identity"])["Arn"], session);
        let docker = docker(&wharf, &aws);
        let image = docker.repository("team/app").push_small("tag").await;
        docker.repository("team/app").expect_image(Some("tag"), &image).await;
        docker.get("/v2/other/app/manifests/tag").send().await.expect_error(403, "DENIED");
        // The audit log says who came, though nobody signed.
        let kept = named(&wharf, "AssumeRoleWithWebIdentity", 1).await;
        let provider = answer["Provider"].as_str().expect("a text");
        let identity = json!({
            "type": "WebIdentityUser",
            "principalId": format!("{provider}:wharf:{subject}"),
            "userName": subject,
            "identityProvider": provider,
        });
        assert_eq!(kept[0]["userIdentity"], identity);
        // And later whom its session is about, whose name anybody could have chosen.
        let context = &named(&wharf, "GetCallerIdentity", 1).await[0]["userIdentity"]["sessionContext"];
        let (host, created) = (issuer.host(), &context["attributes"]["creationDate"]);
        assert!(created.as_str().is_some_and(|time| time.starts_with("20")), "{context}");
        let claims = json!({ format!("{host}:sub"): subject, format!("{host}:aud"): "wharf" });
        assert_eq!(
            context["webIdFederationData"],
            json!({ "federatedProvider": provider, "attributes": claims }),
            "{context}"
        );
        // The next exchange finds the keys known.
        for algorithm in ALGORITHMS {
            let token = issuer.sign(algorithm, &issuer.claims(subject, "wharf"));
            nobody(&wharf).json(&exchange(&token, &[]));
        }
        assert_eq!(issuer.asked(), 1);
    }
}

/// Who reads the log of an account finds who came into it.
#[tokio::test]
async fn a_job_is_told_of_in_the_log_of_the_account_whose_role_it_takes() {
    let issuer = Issuer::start();
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_OUTBOUND_LOOPBACK", "true").start().await;
    let other = wharf.account("111122223333").await;
    let text = format!(
        "
arn = client('iam').create_open_id_connect_provider(Url='{}', ClientIDList=['wharf'])['OpenIDConnectProviderArn']
role('ci', trust({{'Federated': arn}}, 'sts:AssumeRoleWithWebIdentity'))",
        issuer.url()
    );
    script(&other.aws(&wharf), &text);
    let token = issuer.token("repo:team/app", "wharf");
    let role = ROLE.replace("000000000000", &other.id);
    let arguments: Vec<&str> =
        exchange(&token, &[]).into_iter().map(|text| if text == ROLE { role.as_str() } else { text }).collect();
    nobody(&wharf).json(&arguments);
    let kept = named(&wharf, "AssumeRoleWithWebIdentity", 1).await;
    assert_eq!(kept[0]["recipientAccountId"], other.id, "{}", kept[0]);
}

#[tokio::test]
async fn clients_do_it_all_by_themselves_from_a_token_file() {
    for backend in DEFAULT {
        let (wharf, issuer) = trusting(*backend).await;
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(issuer.token("repo:team/app:ref:main", "wharf").as_bytes()).expect("it can be written");
        let run = |program: &str, arguments: &[&str]| {
            let mut command = wharf.aws().command(program);
            command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
            command.env("AWS_ROLE_ARN", ROLE).env("AWS_WEB_IDENTITY_TOKEN_FILE", file.path());
            let output = command.args(arguments).output().expect("the AWS tools run");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        let password = run("aws", &["ecr", "get-login-password"]);
        let docker = wharf.client().as_(Auth::basic("AWS", &password));
        docker.repository("team/app").push_small("tag").await;
        let program = "import boto3, json; print(json.dumps(boto3.client('sts').get_caller_identity()['Arn']))";
        let arn: Value = serde_json::from_str(&run("python3", &["-c", program])).expect("JSON");
        assert!(arn.as_str().expect("text").starts_with("arn:aws:sts::000000000000:assumed-role/ci/"), "{arn}");
    }
}

#[tokio::test]
async fn claims_are_conditions_and_tags_of_the_session() {
    for backend in DEFAULT {
        let (wharf, issuer) = trusting(*backend).await;
        wharf.client().repository("red/app").push_small("tag").await;
        let host = issuer.host();
        script(
            &wharf.aws(),
            &format!(
                "
arn = 'arn:aws:iam::000000000000:oidc-provider/{host}'
actions = ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession']
condition = {{'StringEquals': {{'{host}:environment': 'production'}}, 'Bool': {{'{host}:protected': 'true'}}}}
own = {{'Effect': 'Allow', 'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:*:*:repository/${{aws:PrincipalTag/team}}/*'}}
token = {{'Effect': 'Allow', 'Action': 'ecr:GetAuthorizationToken', 'Resource': '*',
    'Condition': {{'StringEquals': {{'{host}:sub': 'repo:team/app:x', 'aws:FederatedProvider': arn}}}}}}
role('claims', trust({{'Federated': arn}}, actions, **condition), document(own, token))"
            ),
        );
        let claims = |environment: &str, protected: bool, subject: &str| {
            let mut claims = issuer.claims(subject, "wharf");
            claims["environment"] = json!(environment);
            claims["protected"] = json!(protected);
            claims["https://aws.amazon.com/tags"] = json!({ "principal_tags": { "team": ["red"] } });
            claims
        };
        let take = |claims: &Value| {
            let token = issuer.sign(Algorithm::ES256, claims);
            let role = ROLE.replace("/ci", "/claims");
            let call = ["sts", "assume-role-with-web-identity", "--role-arn", &role, "--role-session-name", "run"];
            nobody(&wharf).cli(&[&call[..], &["--web-identity-token", &token]].concat())
        };
        for refused in [claims("staging", true, "repo:team/app:x"), claims("production", false, "repo:team/app:x")] {
            let finished = take(&refused);
            assert!(finished.stderr.contains("(AccessDenied)"), "{}", finished.stderr);
        }
        let finished = take(&claims("production", true, "repo:team/app:x"));
        assert!(finished.status.success(), "{}", finished.stderr);
        let aws = with_credentials(&wharf.aws(), &serde_json::from_str(&finished.stdout).expect("JSON"));
        // The session still knows who it is for, and has the tags that the provider gave.
        docker(&wharf, &aws).get("/v2/red/app/manifests/tag").send().await.expect(200);
        let finished = take(&claims("production", true, "repo:team/app:y"));
        let aws = with_credentials(&wharf.aws(), &serde_json::from_str(&finished.stdout).expect("JSON"));
        aws.refused(&["ecr", "get-login-password"], "AccessDeniedException");
    }
}

#[tokio::test]
async fn the_provider_gives_tags_and_a_source_identity_as_far_as_the_role_lets_it() {
    let (wharf, issuer) = trusting(Backend::SqliteDisk).await;
    let host = issuer.host();
    script(
        &wharf.aws(),
        &format!(
            "
arn = 'arn:aws:iam::000000000000:oidc-provider/{host}'
begin, tag, name = 'sts:AssumeRoleWithWebIdentity', 'sts:TagSession', 'sts:SetSourceIdentity'
def of(actions, **condition):
    return trust({{'Federated': arn}}, actions, **condition)
role('plain', of([begin]))
role('tagged', of([begin, tag]))
role('cost', of([begin, tag], **{{'ForAllValues:StringEquals': {{'sts:TransitiveTagKeys': ['cost']}}}}))
role('named', of([begin, name], StringEquals={{'sts:SourceIdentity': 'anna'}}))"
        ),
    );
    let given = |tags: Value, source_identity: Value| {
        let mut claims = issuer.claims("repo:team/app:x", "wharf");
        for (claim, value) in [("tags", tags), ("source_identity", source_identity)] {
            if !value.is_null() {
                claims[format!("https://aws.amazon.com/{claim}")] = value;
            }
        }
        issuer.sign(Algorithm::ES256, &claims)
    };
    let tagged = |tags: Value, transitive: Value| {
        given(json!({ "principal_tags": tags, "transitive_tag_keys": transitive }), Value::Null)
    };
    let named = |source_identity: Value| given(Value::Null, source_identity);
    let many: serde_json::Map<_, _> = (0..51).map(|index| (format!("k{index}"), json!(["v"]))).collect();
    let cases = [
        ("tagged", tagged(json!({ "team": ["red"] }), json!(["team"])), ""),
        ("cost", tagged(json!({ "cost": ["1"], "team": ["red"] }), json!(["cost"])), ""),
        ("cost", tagged(json!({ "cost": ["1"], "team": ["red"] }), json!(["cost", "team"])), "AccessDenied"),
        ("tagged", tagged(json!({ "te*m": ["red"] }), json!([])), "ValidationError"),
        ("tagged", tagged(json!({ "team": ["r\n"] }), json!([])), "ValidationError"),
        ("tagged", tagged(json!({ "team": ["r".repeat(257)] }), json!([])), "ValidationError"),
        ("tagged", tagged(json!({ "t".repeat(129): ["red"] }), json!([])), "ValidationError"),
        ("tagged", tagged(Value::Object(many), json!([])), "ValidationError"),
        ("tagged", tagged(json!({ "aws:team": ["red"] }), json!([])), "InvalidParameterValue"),
        ("named", named(json!("anna")), "anna"),
        ("named", named(json!("bob")), "AccessDenied"),
        ("named", named(Value::Null), "AccessDenied"),
        ("named", named(json!(["anna"])), "InvalidIdentityToken"),
        ("named", named(json!("anna maria")), "ValidationError"),
        ("plain", named(json!("anna")), "AccessDenied"),
    ];
    let expected: Vec<&str> = cases.iter().map(|(_, _, expected)| *expected).collect();
    let found = script(
        &nobody(&wharf),
        &format!(
            "
sts = client('sts', config=botocore.config.Config(signature_version=botocore.UNSIGNED))
def taken(name, token):
    arn = 'arn:aws:iam::000000000000:role/' + name
    try:
        answer = sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName='run', WebIdentityToken=token)
        return answer.get('SourceIdentity', '')
    except botocore.exceptions.ClientError as error:
        return error.response['Error']['Code']
print(json.dumps([taken(name, token) for name, token, _ in json.loads({:?})]))",
            json!(cases).to_string()
        ),
    );
    assert_eq!(found, json!(expected));
}
