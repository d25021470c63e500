//! The five operations of pull-through cache rules: rules are checked and stored, and a rule is valid when its registry answers.

use serde_json::{Value, json};
use tests::harness::{Backend, Wharf, on_default};

use crate::access::model::{allow, identity_policy};
use crate::cache::call;

#[tokio::test]
async fn rules_are_made_listed_changed_and_removed() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
account = ecr.describe_registry()["registryId"]
# A secret may get its value later.
secret, other = (client("secretsmanager").create_secret(Name="ecr-pullthroughcache/" + name)["ARN"] for name in ("hub", "other"))
made = ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="quay", upstreamRegistryUrl="quay.io")
assert made["registryId"] == account and made["createdAt"].year > 2000 and "credentialArn" not in made
assert (made["ecrRepositoryPrefix"], made["upstreamRegistryUrl"], made["upstreamRegistry"], made["upstreamRepositoryPrefix"]) \
    == ("quay", "quay.io", "quay", "ROOT"), made
hub = ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="docker-hub", upstreamRegistryUrl="registry-1.docker.io",
    upstreamRegistry="docker-hub", credentialArn=secret, registryId=account, upstreamRepositoryPrefix="library")
assert (hub["credentialArn"], hub["upstreamRepositoryPrefix"]) == (secret, "library"), hub
ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="ROOT", upstreamRegistryUrl="public.ecr.aws")
# A slash at the end is assumed, so it is the same rule.
for prefix in ("quay", "quay/"):
    refused("PullThroughCacheRuleAlreadyExistsException", ecr.create_pull_through_cache_rule, ecrRepositoryPrefix=prefix,
        upstreamRegistryUrl="registry.k8s.io")

def prefixes(**arguments):
    return [rule["ecrRepositoryPrefix"] for rule in ecr.describe_pull_through_cache_rules(**arguments)["pullThroughCacheRules"]]
assert prefixes() == ["ROOT", "docker-hub", "quay"]
assert prefixes(ecrRepositoryPrefixes=["quay", "ROOT"]) == ["ROOT", "quay"]
refused("PullThroughCacheRuleNotFoundException", ecr.describe_pull_through_cache_rules, ecrRepositoryPrefixes=["quay", "absent"])
pages = list(ecr.get_paginator("describe_pull_through_cache_rules").paginate(PaginationConfig={"PageSize": 2}))
assert [len(page["pullThroughCacheRules"]) for page in pages] == [2, 1]
refused("InvalidParameterException", ecr.describe_pull_through_cache_rules, ecrRepositoryPrefixes=["quay"], maxResults=1)

updated = ecr.update_pull_through_cache_rule(ecrRepositoryPrefix="docker-hub", credentialArn=other)
assert updated["credentialArn"] == other and "updatedAt" in updated
rule = ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=["docker-hub"])["pullThroughCacheRules"][0]
assert rule["credentialArn"] == other and rule["updatedAt"] > rule["createdAt"]
deleted = ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="docker-hub", registryId=account)
assert deleted["upstreamRepositoryPrefix"] == "library", deleted
for call, arguments in [(ecr.delete_pull_through_cache_rule, {}), (ecr.validate_pull_through_cache_rule, {}),
                        (ecr.update_pull_through_cache_rule, dict(credentialArn=secret))]:
    refused("PullThroughCacheRuleNotFoundException", call, ecrRepositoryPrefix="docker-hub", **arguments)
"#,
        );
    })
    .await;
}

/// botocore drops what its model does not have, so these are read as they come.
#[tokio::test]
async fn answers_have_the_members_of_the_model() {
    let wharf = Wharf::with(Backend::SqliteDisk).start().await;
    let members = |answer: Value| {
        let mut names: Vec<String> = answer.as_object().expect("an answer").keys().cloned().collect();
        names.sort();
        names
    };
    let rule = json!({ "ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io" });
    let made = members(call(&wharf, "CreatePullThroughCacheRule", rule).await);
    let all = [
        "createdAt",
        "ecrRepositoryPrefix",
        "registryId",
        "upstreamRegistry",
        "upstreamRegistryUrl",
        "upstreamRepositoryPrefix",
    ];
    assert_eq!(made, all);
    let named = json!({ "ecrRepositoryPrefix": "quay", "customRoleArn": "arn:aws:iam::000000000000:role/puller" });
    let changed = members(call(&wharf, "UpdatePullThroughCacheRule", named).await);
    assert_eq!(
        changed,
        ["customRoleArn", "ecrRepositoryPrefix", "registryId", "updatedAt", "upstreamRepositoryPrefix"]
    );
    let named = json!({ "ecrRepositoryPrefix": "quay" });
    let deleted = members(call(&wharf, "DeletePullThroughCacheRule", named).await);
    assert_eq!(
        deleted,
        [
            "createdAt",
            "customRoleArn",
            "ecrRepositoryPrefix",
            "registryId",
            "upstreamRegistryUrl",
            "upstreamRepositoryPrefix"
        ]
    );
}

#[tokio::test]
async fn rules_that_are_not_valid_are_refused() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
def check(code, expected="", **arguments):
    error = refused(code, ecr.create_pull_through_cache_rule, **{
        "ecrRepositoryPrefix": "cache", "upstreamRegistryUrl": "quay.io", **arguments})
    assert expected in error["message"], error
check("UnsupportedUpstreamRegistryException", upstreamRegistryUrl="registry.example.com")
check("UnsupportedUpstreamRegistryException", upstreamRegistryUrl="https://quay.io")
check("UnsupportedUpstreamRegistryException", upstreamRegistryUrl="127.0.0.1:5000")
check("UnsupportedUpstreamRegistryException", upstreamRegistry="k8s")
check("InvalidParameterException", "'upstreamRegistry'", upstreamRegistry="nexus")
for host in ("registry-1.docker.io", "ghcr.io", "registry.gitlab.com", "mine.azurecr.io", "cgr.dev"):
    check("UnsupportedUpstreamRegistryException", "The specified upstream registry requires authentication. Specify a valid "
        "Secrets Manager ARN", upstreamRegistryUrl=host)
check("InvalidParameterException", "'credentialArn'", credentialArn="arn:aws:secretsmanager:us-east-1:000000000000:secret:some-other-secret")
check("InvalidParameterException", "'customRoleArn'", customRoleArn="role")
check("InvalidParameterException", "'ecrRepositoryPrefix'", ecrRepositoryPrefix="Cache")
check("InvalidParameterException", "'ecrRepositoryPrefix'", ecrRepositoryPrefix="c" * 31)
check("InvalidParameterException", "'upstreamRepositoryPrefix'", ecrRepositoryPrefix="ROOT", upstreamRepositoryPrefix="library")
check("InvalidParameterException", "'registryId'", registryId="111122223333")
assert ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"] == []
absent = "arn:aws:secretsmanager:us-east-1:000000000000:secret:ecr-pullthroughcache/absent-AbCdEf"
check("SecretNotFoundException", upstreamRegistryUrl="registry-1.docker.io", credentialArn=absent)
assert ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"] == []
for n in range(50):
    ecr.create_pull_through_cache_rule(ecrRepositoryPrefix=f"cache-{n}", upstreamRegistryUrl="quay.io")
check("LimitExceededException", "50")
"#,
        );
    })
    .await;
}

/// The other registry is one of our own, which the operator of the first one has named.
#[tokio::test]
async fn a_rule_is_valid_when_its_registry_answers() {
    let mut upstream = Wharf::start(Backend::SqliteDisk).await;
    let address = upstream.address();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let named = format!("http://{address},http://{}", silent.local_addr().expect("a bound port"));
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_CACHE_UPSTREAMS", named).start().await;
    let script = |body: &str| {
        let ports = format!("here = '{address}'\nsilent = '{}'\n", silent.local_addr().expect("a bound port"));
        wharf.aws().boto3(&format!("ecr = client('ecr')\n{ports}{body}"))
    };
    script(
        r#"
made = ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="here", upstreamRegistryUrl=here)
assert "upstreamRegistry" not in made, made
tried = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="here")
assert tried["isValid"] is True and "failure" not in tried, tried
assert (tried["ecrRepositoryPrefix"], tried["upstreamRegistryUrl"]) == ("here", here)
ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="silent", upstreamRegistryUrl=silent)
tried = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="silent")
assert tried["isValid"] is False and "cannot be reached" in tried["failure"], tried
# Nobody has given the secret a value.
secret = client("secretsmanager").create_secret(Name="ecr-pullthroughcache/hub")["ARN"]
ecr.update_pull_through_cache_rule(ecrRepositoryPrefix="silent", credentialArn=secret)
tried = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="silent")
assert tried["isValid"] is False and "cannot be read" in tried["failure"], tried
"#,
    );
    upstream.kill();
    script(
        r#"
tried = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix="here")
assert tried["isValid"] is False and "cannot be reached" in tried["failure"], tried
"#,
    );
}

#[tokio::test]
async fn a_rule_gets_secrets_that_there_are() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr, secrets = client("ecr"), client("secretsmanager")
secret = secrets.create_secret(Name="ecr-pullthroughcache/hub")["ARN"]
hub = dict(ecrRepositoryPrefix="hub", upstreamRegistryUrl="registry-1.docker.io")
quay = dict(ecrRepositoryPrefix="quay")
ecr.create_pull_through_cache_rule(upstreamRegistryUrl="quay.io", **quay)
def unknown(arn):
    for call, arguments in [(ecr.create_pull_through_cache_rule, hub), (ecr.update_pull_through_cache_rule, quay)]:
        message = refused("SecretNotFoundException", call, credentialArn=arn, **arguments)["Error"]["Message"]
        assert message == "The ARN of the secret specified in the pull through cache rule was not found", message
# Another suffix is another secret, and without one it is not the whole ARN.
for arn in [secret.replace("/hub-", "/other-"), secret[:-6] + "AbCdEf", secret[:-7], secret.replace("us-east-1", "eu-west-1")]:
    unknown(arn)
rules = {rule["ecrRepositoryPrefix"]: rule for rule in ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]}
assert list(rules) == ["quay"] and "credentialArn" not in rules["quay"], rules
# A rule that there is not is missed first.
refused("PullThroughCacheRuleNotFoundException", ecr.update_pull_through_cache_rule, ecrRepositoryPrefix="hub", credentialArn=secret[:-7])
message = refused("InvalidParameterException", ecr.update_pull_through_cache_rule, **quay)["Error"]["Message"]
assert message == "Invalid input: Please set either credential arn or role arn to update the credentials", message
assert ecr.create_pull_through_cache_rule(credentialArn=secret, **hub)["credentialArn"] == secret
assert ecr.update_pull_through_cache_rule(credentialArn=secret, **quay)["credentialArn"] == secret
secrets.delete_secret(SecretId=secret)
ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="hub")
unknown(secret)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn everything_needs_its_permission() {
    on_default(async |wharf| {
        let user = wharf.known_user("anna", &identity_policy(&[allow(&["ecr:*"], "*")])).await;
        wharf.aws().as_user(&user).boto3(
            r#"
ecr = client("ecr")
for call, arguments in [
    (ecr.create_pull_through_cache_rule, dict(ecrRepositoryPrefix="quay", upstreamRegistryUrl="quay.io")),
    (ecr.describe_pull_through_cache_rules, {}),
    (ecr.update_pull_through_cache_rule, dict(ecrRepositoryPrefix="quay")),
    (ecr.delete_pull_through_cache_rule, dict(ecrRepositoryPrefix="quay")),
    (ecr.validate_pull_through_cache_rule, dict(ecrRepositoryPrefix="quay")),
]:
    error = refused("AccessDeniedException", call, **arguments)
    assert " on resource: * because" in error["Error"]["Message"], error
"#,
        );
    })
    .await;
}
