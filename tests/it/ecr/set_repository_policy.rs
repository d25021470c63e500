//! `SetRepositoryPolicy`, `GetRepositoryPolicy` and `DeleteRepositoryPolicy`

use serde_json::json;
use tests::harness::on_default;

use super::{ACCOUNT, allowing, not_found, run};

/// Odd on purpose: white space, the old version, members out of order, a Sid twice.
const POLICY: &str = "{ \"Statement\" : [\n  {\"Sid\":\"all\", \"Action\": [\"ecr:BatchGetImage\",\"ecr:GetDownloadUrlForLayer\"],\n   \
    \"Principal\": \"*\", \"Effect\":\"Allow\"},\n {\"Sid\":\"all\",\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"000000000000\"},\
    \"Action\":\"ecr:*\"} ],\n \"Version\":\"2008-10-17\" }";

#[tokio::test]
async fn a_policy_is_given_back_as_it_was_sent() {
    on_default(async |wharf| {
        let unset = format!(
            "Repository policy does not exist for the repository with name 'app' in the registry with id '{ACCOUNT}'"
        );
        run(
            &wharf.aws(),
            &json!({ "policy": POLICY, "unset": unset, "gone": not_found("absent") }),
            r#"
ecr.create_repository(repositoryName="app")
expect(message("RepositoryPolicyNotFoundException", ecr.get_repository_policy, repositoryName="app"), data["unset"])
expect(message("RepositoryPolicyNotFoundException", ecr.delete_repository_policy, repositoryName="app"), data["unset"])
wanted = {"registryId": "000000000000", "repositoryName": "app", "policyText": data["policy"]}
for call, more in [(ecr.set_repository_policy, {"policyText": data["policy"]}), (ecr.get_repository_policy, {}),
                   (ecr.delete_repository_policy, {})]:
    answer = call(repositoryName="app", registryId="000000000000", **more)
    answer.pop("ResponseMetadata")
    expect(answer, wanted)
    expect(message("RepositoryNotFoundException", call, repositoryName="absent", **more), data["gone"])
expect(message("RepositoryPolicyNotFoundException", ecr.get_repository_policy, repositoryName="app"), data["unset"])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_no_policy_of_a_repository_is_refused_and_changes_nothing() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({ "policy": POLICY }),
            r#"
ecr.create_repository(repositoryName="app")
ecr.set_repository_policy(repositoryName="app", policyText=data["policy"])
statement = {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
def without(member):
    return {key: value for key, value in statement.items() if key != member}
bad_texts = ["{}", "[]", "null", "{", "x", '{"Statement":[]}']
for document in [{"Statement": [without("Principal")]}, {"Statement": [without("Action")]},
                 {"Statement": [without("Effect")]}, {"Statement": [dict(statement, Effect="Perhaps")]},
                 {"Statement": [dict(statement, Condition={"StringLikes": {"a": "b"}})]},
                 {"Statement": [dict(statement, Unknown=1)]}, {"Statement": [statement], "Version": "2020-01-01"},
                 {"Statement": [statement], "Id": "x" * 10300}]:
    bad_texts.append(json.dumps(document))
for text in bad_texts:
    expect(message("InvalidParameterException", ecr.set_repository_policy, repositoryName="app", policyText=text),
           "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'")
expect(ecr.get_repository_policy(repositoryName="app")["policyText"], data["policy"])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn a_policy_is_obeyed_at_once_on_both_fronts() {
    on_default(async |wharf| {
        let repository = wharf.client().repository("app");
        let image = repository.push_small("v1").await;
        let user = wharf.known_user("reader", &allowing(&["ecr:GetAuthorizationToken"])).await;
        let (root, reader) = (wharf.aws(), wharf.aws().as_user(&user));
        let seen = repository.as_(user.auth());
        let pulls = r#"
print(json.dumps([found["imageManifest"] for found in
                  ecr.batch_get_image(repositoryName="app", imageIds=[{"imageTag": "v1"}])["images"]]))
"#;
        seen.manifest("v1").await.expect_error(403, "DENIED");
        let allow = json!({ "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:user/reader") },
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        }] });
        let set = "ecr.set_repository_policy(repositoryName='app', policyText=json.dumps(data))";
        run(&root, &allow, set);
        seen.expect_image(Some("v1"), &image).await;
        let manifests = run(&reader, &json!({}), pulls);
        assert_eq!(manifests, json!([String::from_utf8_lossy(&image.manifest)]));
        let deny = json!({ "Statement": [
            allow["Statement"][0].clone(),
            { "Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage",
              "Condition": { "StringEquals": { "aws:username": "reader" } } },
        ] });
        run(&root, &deny, set);
        seen.manifest("v1").await.expect_error(403, "DENIED");
        run(
            &reader,
            &json!({}),
            r#"
expect(message("AccessDeniedException", ecr.batch_get_image, repositoryName="app", imageIds=[{"imageTag": "v1"}]),
       "User: arn:aws:iam::000000000000:user/reader is not authorized to perform: ecr:BatchGetImage on resource: "
       "arn:aws:ecr:us-east-1:000000000000:repository/app with an explicit deny in a resource-based policy")
"#,
        );
        run(&root, &json!({}), "ecr.delete_repository_policy(repositoryName='app')");
        seen.blob(&image.blobs[1].0).await.expect_error(403, "DENIED");
    })
    .await;
}

#[tokio::test]
async fn whoever_would_lock_themselves_out_must_insist() {
    on_default(async |wharf| {
        let user = wharf.known_user("owner", &allowing(&["ecr:*"])).await;
        run(
            &wharf.aws().as_user(&user),
            &json!({}),
            r#"
ecr.create_repository(repositoryName="app")
shut = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "ecr:*"}]})
text = message("InvalidParameterException", ecr.set_repository_policy, repositoryName="app", policyText=shut)
assert text.startswith("Invalid parameter at 'PolicyText' failed to satisfy constraint: '"), text
message("RepositoryPolicyNotFoundException", ecr.get_repository_policy, repositoryName="app")
ecr.set_repository_policy(repositoryName="app", policyText=shut, force=True)
message("AccessDeniedException", ecr.get_repository_policy, repositoryName="app")
"#,
        );
        // The operator still gets in.
        wharf.set_repository_policy(
            "app",
            &json!({ "Statement": [
            { "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage" },
        ] }),
        );
    })
    .await;
}
