//! GetAccountSetting, PutAccountSetting; and blob mounting, the one setting that has a choice.

use serde_json::json;
use tests::harness::{on_default, random};

use crate::access::model::{allow, identity_policy};

#[tokio::test]
async fn settings_have_defaults_and_take_only_their_values() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
ecr = client("ecr")
def plain(answer):
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}
for name, value in [("BASIC_SCAN_TYPE_VERSION", "AWS_NATIVE"), ("REGISTRY_POLICY_SCOPE", "V2"), ("BLOB_MOUNTING", "ENABLED")]:
    assert plain(ecr.get_account_setting(name=name)) == {"name": name, "value": value}
    assert plain(ecr.put_account_setting(name=name, value=value)) == {"name": name, "value": value}
    assert plain(ecr.get_account_setting(name=name)) == {"name": name, "value": value}
for name, value in [("BASIC_SCAN_TYPE_VERSION", "CLAIR"), ("REGISTRY_POLICY_SCOPE", "V1"), ("BLOB_MOUNTING", "MAYBE"), ("COLOR", "red")]:
    refused("InvalidParameterException", ecr.put_account_setting, name=name, value=value)
refused("InvalidParameterException", ecr.get_account_setting, name="COLOR")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn blob_mounting_can_be_switched_off() {
    on_default(async |wharf| {
        let blob = wharf.client().repository("source").push_blob(&random(1000)).await;
        let target = wharf.client().repository("target");
        target.push_blob(&random(10)).await;
        let put = |value: &str| {
            wharf.aws().json(&["ecr", "put-account-setting", "--name", "BLOB_MOUNTING", "--value", value])
        };
        put("DISABLED");
        // The client uploads instead.
        target.mount(&blob, "source").await.expect(202);
        target.mount(&blob, "").await.expect(202);
        target.head_blob(&blob).await.expect(404);
        put("ENABLED");
        target.mount(&blob, "source").await.expect(201);
        target.head_blob(&blob).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn a_policy_can_tell_settings_apart() {
    on_default(async |wharf| {
        let statement = json!({"Effect": "Allow", "Action": ["ecr:PutAccountSetting"], "Resource": "*",
            "Condition": {"StringEquals": {"ecr:AccountSetting": "BLOB_MOUNTING"}}});
        let user = wharf.known_user("anna", &json!({"Version": "2012-10-17", "Statement": [statement]})).await;
        let nobody = wharf.known_user("bert", &identity_policy(&[allow(&["ecr:*"], "*")])).await;
        let put = ["ecr", "put-account-setting", "--name", "BLOB_MOUNTING", "--value", "ENABLED"];
        wharf.aws().as_user(&user).json(&put);
        let other = ["ecr", "put-account-setting", "--name", "REGISTRY_POLICY_SCOPE", "--value", "V2"];
        wharf.aws().as_user(&user).refused(&other, "AccessDeniedException");
        let get = ["ecr", "get-account-setting", "--name", "BLOB_MOUNTING"];
        wharf.aws().as_user(&user).refused(&get, "AccessDeniedException");
        wharf.aws().as_user(&nobody).refused(&get, "AccessDeniedException");
    })
    .await;
}
