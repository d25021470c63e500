//! `TagResource`, `UntagResource` and `ListTagsForResource`, and conditions on the tags

use serde_json::json;
use tests::harness::on_default;

use super::{allowing, not_found, policy, run};

#[tokio::test]
async fn tags_are_set_replaced_and_removed_by_key() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &json!({ "gone": not_found("absent") }),
            r#"
arn = ecr.create_repository(repositoryName="app", tags=[{"Key": "a", "Value": "1"}])["repository"]["repositoryArn"]
def tags():
    return {tag["Key"]: tag["Value"] for tag in ecr.list_tags_for_resource(resourceArn=arn)["tags"]}
ecr.tag_resource(resourceArn=arn, tags=[{"Key": "a", "Value": "2"}, {"Key": "größe/x", "Value": "m + l"}])
expect(tags(), {"a": "2", "größe/x": "m + l"})
ecr.untag_resource(resourceArn=arn, tagKeys=["a", "never"])
expect(tags(), {"größe/x": "m + l"})
ecr.tag_resource(resourceArn=arn, tags=[{"Key": str(number), "Value": ""} for number in range(49)])
message("TooManyTagsException", ecr.tag_resource, resourceArn=arn, tags=[{"Key": "one more", "Value": ""}])
expect(len(tags()), 50)
message("InvalidTagParameterException", ecr.tag_resource, resourceArn=arn, tags=[{"Key": "aws:x", "Value": ""}])
# What can be no key can be looked for in no database either.
for key in ["\0", "a\nb", "x" * 129]:
    message("InvalidTagParameterException", ecr.untag_resource, resourceArn=arn, tagKeys=["1", key])
expect(len(tags()), 50)
absent = arn.replace("app", "absent")
for call, more in [(ecr.tag_resource, {"tags": [{"Key": "k", "Value": "v"}]}), (ecr.untag_resource, {"tagKeys": ["k"]}),
                   (ecr.list_tags_for_resource, {})]:
    expect(message("RepositoryNotFoundException", call, resourceArn=absent, **more), data["gone"])
    for bad in ["app", "arn:aws:ecr:us-east-1:000000000000:app", "arn:aws:s3:us-east-1:000000000000:repository/app",
                "arn:aws:ecr:us-east-1:000000000000:repository/UPPER"]:
        expect(message("InvalidParameterException", call, resourceArn=bad, **more),
               "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'")
    # Another region is another world.
    message("RepositoryNotFoundException", call, resourceArn=arn.replace("us-east-1", "eu-west-1"), **more)
    message("RepositoryNotFoundException", call, resourceArn=arn.replace("000000000000", "999999999999"), **more)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn conditions_ask_for_the_tags_of_the_request_and_of_the_repository() {
    on_default(async |wharf| {
        let allow = |actions: &[&str], conditions: serde_json::Value| {
            json!({ "Effect": "Allow", "Action": actions, "Resource": "*", "Condition": conditions })
        };
        let policy = policy(&[
            allow(
                &["ecr:CreateRepository", "ecr:TagResource"],
                json!({
                    "StringEquals": { "aws:RequestTag/team": "web" },
                    "ForAllValues:StringEquals": { "aws:TagKeys": ["team", "stage"] },
                }),
            ),
            allow(&["ecr:PutImage", "ecr:DescribeImages"], json!({ "StringEquals": { "aws:ResourceTag/team": "web" } })),
            allow(&["ecr:ListImages"], json!({ "StringEquals": { "ecr:ResourceTag/team": "web" } })),
            allow(&["ecr:UntagResource"], json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["stage"] } })),
        ]);
        let user = wharf.known_user("web", &policy).await;
        let root = wharf.aws();
        run(&root, &json!({}), "ecr.create_repository(repositoryName='other')");
        run(
            &root.as_user(&user),
            &json!({}),
            r#"
web, stage, odd = {"Key": "team", "Value": "web"}, {"Key": "stage", "Value": "prod"}, {"Key": "odd", "Value": ""}
create = ecr.create_repository
expect(message("AccessDeniedException", create, repositoryName="app"),
       "User: arn:aws:iam::000000000000:user/web is not authorized to perform: ecr:CreateRepository on resource: "
       "arn:aws:ecr:us-east-1:000000000000:repository/app because no identity-based policy allows the "
       "ecr:CreateRepository action")
message("AccessDeniedException", create, repositoryName="app", tags=[web, odd])
message("AccessDeniedException", create, repositoryName="app", tags=[dict(web, Value="db")])
arn = create(repositoryName="app", tags=[web, stage])["repository"]["repositoryArn"]
ecr.describe_images(repositoryName="app")
ecr.list_images(repositoryName="app")
for call in [ecr.describe_images, ecr.list_images]:
    message("AccessDeniedException", call, repositoryName="other")
message("AccessDeniedException", ecr.untag_resource, resourceArn=arn, tagKeys=["team", "stage"])
ecr.untag_resource(resourceArn=arn, tagKeys=["stage"])
ecr.tag_resource(resourceArn=arn, tags=[web])
message("AccessDeniedException", ecr.tag_resource, resourceArn=arn, tags=[odd])
"#,
        );
        // The tags of the repository count on the other front as well, and as soon as they change.
        let pushing = wharf.client().as_(user.auth()).repository("app");
        let empty = tests::harness::content::to_bytes(&tests::harness::content::index(Vec::new()));
        pushing.put_manifest("v1", tests::harness::content::OCI_INDEX, &empty).await.expect(201);
        run(
            &root,
            &json!({}),
            r#"
arn = "arn:aws:ecr:us-east-1:000000000000:repository/app"
ecr.tag_resource(resourceArn=arn, tags=[{"Key": "team", "Value": "db"}])
"#,
        );
        pushing.put_manifest("v2", tests::harness::content::OCI_INDEX, &empty).await.expect_error(403, "DENIED");
    })
    .await;
}

/// Two tags whose keys differ by case are one condition key: neither may hide what the other says.
#[tokio::test]
async fn a_tag_does_not_hide_behind_one_in_another_case() {
    on_default(async |wharf| {
        let statement = |effect: &str, actions: &[&str], conditions: serde_json::Value| {
            json!({ "Effect": effect, "Action": actions, "Resource": "*", "Condition": conditions })
        };
        let policy = policy(&[
            statement("Allow", &["ecr:*"], json!({})),
            statement("Deny", &["ecr:DeleteRepository"], json!({ "StringEquals": { "aws:ResourceTag/Protected": "yes" } })),
            statement("Deny", &["ecr:*"], json!({ "StringEquals": { "aws:RequestTag/Team": "db" } })),
            statement("Deny", &["ecr:TagResource"], json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": ["Protected"] } })),
        ]);
        let user = wharf.known_user("web", &policy).await;
        let protected = r#"[{"Key": "Protected", "Value": "yes"}]"#;
        run(&wharf.aws(), &json!({}), &format!("ecr.create_repository(repositoryName='kept', tags={protected})"));
        run(
            &wharf.aws().as_user(&user),
            &json!({}),
            r#"
arn = "arn:aws:ecr:us-east-1:000000000000:repository/kept"
message("AccessDeniedException", ecr.delete_repository, repositoryName="kept")
message("AccessDeniedException", ecr.tag_resource, resourceArn=arn, tags=[{"Key": "Protected", "Value": "no"}])
ecr.tag_resource(resourceArn=arn, tags=[{"Key": "protected", "Value": "no"}, {"Key": "PROTECTED", "Value": "no"}])
message("AccessDeniedException", ecr.delete_repository, repositoryName="kept")
for tags in [["Team", "team"], ["TEAM", "Team"], ["team", "Team"]]:
    values = [{"Key": key, "Value": "db" if key == "Team" else "web"} for key in tags]
    message("AccessDeniedException", ecr.create_repository, repositoryName="app", tags=values)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn tags_at_creation_need_the_right_to_tag() {
    on_default(async |wharf| {
        let policy = allowing(&["ecr:CreateRepository"]);
        let user = wharf.known_user("maker", &policy).await;
        run(
            &wharf.aws().as_user(&user),
            &json!({}),
            r#"
text = message("AccessDeniedException", ecr.create_repository, repositoryName="app", tags=[{"Key": "k", "Value": "v"}])
assert "ecr:TagResource" in text, text
ecr.create_repository(repositoryName="app")
"#,
        );
    })
    .await;
}
