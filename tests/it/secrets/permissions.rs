//! Who may do what: actions on the ARNs of secrets and parameters, and those of other regions that are not seen.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use super::run;

#[tokio::test]
async fn policies_name_secrets_by_their_arns() {
    on_default(async |wharf| {
        let arn = run(
            &wharf.aws(),
            r#"
sm.create_secret(Name="db/other", SecretString="no")
print(json.dumps(sm.create_secret(Name="db/main", SecretString="yes")["ARN"]))
"#,
        );
        let arn = arn.as_str().expect("an ARN");
        let named = "arn:aws:secretsmanager:us-east-1:000000000000:secret:";
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": [arn, format!("{named}gone-??????")] },
            { "Effect": "Allow", "Action": "secretsmanager:CreateSecret", "Resource": format!("{named}mine/*") },
            { "Effect": "Allow", "Action": "secretsmanager:BatchGetSecretValue", "Resource": "*" },
        ] });
        let user = wharf.known_user("reader", &policy).await;
        run(
            &wharf.aws().as_user(&user),
            &format!(
                r#"
arn = "{arn}"
for name in ["db/main", arn, arn[:-7]]:
    expect(value(name), "yes")
who = "User: arn:aws:iam::000000000000:user/reader is not authorized to perform: "
because = " because no identity-based policy allows the "
# What is there and what is not there are refused in the same words.
for name in ["db/other", "db/none"]:
    text = message("AccessDeniedException", sm.get_secret_value, SecretId=name)
    expect(text, who + "secretsmanager:GetSecretValue on resource: " + name + because + "secretsmanager:GetSecretValue action")
message("ResourceNotFoundException", sm.get_secret_value, SecretId="gone")
message("AccessDeniedException", sm.get_secret_value, SecretId="{named}db/main-AAAAAA")
message("AccessDeniedException", sm.get_secret_value, SecretId="arn:aws:secretsmanager:us-east-1:111111111111:secret:a-AAAAAA")
message("AccessDeniedException", sm.put_secret_value, SecretId=arn, SecretString="x")
message("AccessDeniedException", sm.list_secrets)
sm.create_secret(Name="mine/a", SecretString="x")
message("AccessDeniedException", sm.create_secret, Name="mine/b", SecretString="x", Tags=[{{"Key": "a", "Value": "b"}}])
message("AccessDeniedException", sm.create_secret, Name="other", SecretString="x")
batch = sm.batch_get_secret_value(SecretIdList=["db/main", "db/other"])
expect([one["SecretString"] for one in batch["SecretValues"]], ["yes"])
expect([one["ErrorCode"] for one in batch["Errors"]], ["AccessDeniedException"])
message("AccessDeniedException", sm.batch_get_secret_value, Filters=[{{"Key": "name", "Values": ["db"]}}])
"#
            ),
        );
    })
    .await;
}

#[tokio::test]
async fn policies_name_parameters_by_their_arns() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            "for name in ['/app/a', '/other/a', 'top']:\n    ssm.put_parameter(Name=name, Value='v', Type='String')",
        );
        let named = "arn:aws:ssm:us-east-1:000000000000:parameter/";
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": ["ssm:GetParameter*", "ssm:PutParameter"], "Resource": [
                format!("{named}app"), format!("{named}app/*"), format!("{named}top")] },
        ] });
        let user = wharf.known_user("reader", &policy).await;
        run(
            &wharf.aws().as_user(&user),
            r#"
for name in ["/app/a", "top"]:
    expect(ssm.get_parameter(Name=name)["Parameter"]["Value"], "v")
expect(len(ssm.get_parameters_by_path(Path="/app")["Parameters"]), 1)
ssm.put_parameter(Name="/app/b", Value="v", Type="String")
text = message("AccessDeniedException", ssm.get_parameter, Name="/other/a")
expect(text, "User: arn:aws:iam::000000000000:user/reader is not authorized to perform: ssm:GetParameter on resource: "
    "arn:aws:ssm:us-east-1:000000000000:parameter/other/a because no identity-based policy allows the ssm:GetParameter action")
message("AccessDeniedException", ssm.get_parameters, Names=["/app/a", "/other/a"])
message("AccessDeniedException", ssm.get_parameters_by_path, Path="/", Recursive=True)
message("AccessDeniedException", ssm.put_parameter, Name="/app/c", Value="v", Type="String", Tags=[{"Key": "a", "Value": "b"}])
message("AccessDeniedException", ssm.delete_parameter, Name="/app/a")
message("AccessDeniedException", ssm.describe_parameters)
"#,
        );
    })
    .await;
}

/// The ARN of a parameter says nothing of whether its name begins with a slash, and by it a parameter's tags are known.
#[tokio::test]
async fn nobody_hides_the_tags_of_a_parameter_behind_another_of_its_arn() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            "ssm.put_parameter(Name='token', Value='v', Type='SecureString', Tags=[{'Key': 'class', 'Value': 'top'}])",
        );
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "ssm:*", "Resource": "*" },
            { "Effect": "Deny", "Action": "ssm:GetParameter", "Resource": "*",
              "Condition": { "StringEquals": { "aws:ResourceTag/class": "top" } } },
        ] });
        let user = wharf.known_user("reader", &policy).await;
        run(
            &wharf.aws().as_user(&user),
            r#"
message("AccessDeniedException", ssm.get_parameter, Name="token")
for overwrite in [False, True]:
    message("ParameterAlreadyExists", ssm.put_parameter, Name="/token", Value="x", Type="String", Overwrite=overwrite)
message("AccessDeniedException", ssm.get_parameter, Name="token")
ssm.put_parameter(Name="/other", Value="x", Type="String")
message("ParameterAlreadyExists", ssm.put_parameter, Name="other", Value="x", Type="String")
ssm.put_parameter(Name="/token/other", Value="x", Type="String")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn regions_have_secrets_and_parameters_of_their_own() {
    let wharf = Wharf::with(Backend::SqliteDisk).set("WHARF_REGIONS", "us-east-1, eu-west-1").start().await;
    let put =
        "sm.create_secret(Name='a', SecretString=REGION)\nssm.put_parameter(Name='a', Value=REGION, Type='String')";
    for region in ["us-east-1", "eu-west-1"] {
        run(
            &wharf.aws().in_region(region),
            &format!("REGION = '{region}'\nexpect(sm.list_secrets()['SecretList'], [])\n{put}"),
        );
    }
    run(
        &wharf.aws(),
        r#"
expect((value("a"), ssm.get_parameter(Name="a")["Parameter"]["Value"]), ("us-east-1", "us-east-1"))
message("ResourceNotFoundException", sm.get_secret_value, SecretId="arn:aws:secretsmanager:eu-west-1:000000000000:secret:a-AAAAAA")
message("ParameterNotFound", ssm.get_parameter, Name="arn:aws:ssm:eu-west-1:000000000000:parameter/a")
"#,
    );
}
