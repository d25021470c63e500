//! Access keys: made, listed, turned off and removed, and obeyed on every replica.

use serde_json::json;
use tests::harness::admin::within_5_s;
use tests::harness::{Auth, Backend, Wharf, on_default};

use super::text;

#[tokio::test]
async fn a_key_works_until_it_is_turned_off_and_again_when_it_is_on() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let root = wharf.aws();
    root.json(&["iam", "create-user", "--user-name", "anna"]);
    let made = root.json(&["iam", "create-access-key", "--user-name", "anna"]);
    let (id, secret) = (text(&made, "/AccessKey/AccessKeyId"), text(&made, "/AccessKey/SecretAccessKey"));
    assert!(id.starts_with("AKIA") && id.len() == 20 && secret.len() == 40, "{made}");
    assert_eq!(made["AccessKey"]["Status"], "Active");
    let anna = root.with_key(id, secret);
    // The process that made it knows it at once.
    let caller = anna.json(&["sts", "get-caller-identity"]);
    assert_eq!(text(&caller, "/Arn"), "arn:aws:iam::000000000000:user/anna");
    wharf.client().as_(Auth::basic(id, secret)).get("/v2/").send().await.expect(200);
    let listed = root.json(&["iam", "list-access-keys", "--user-name", "anna"]);
    assert_eq!(text(&listed, "/AccessKeyMetadata/0/AccessKeyId"), id);
    assert!(!listed.to_string().contains(secret), "{listed}");
    let status =
        |status| ["iam", "update-access-key", "--user-name", "anna", "--access-key-id", id, "--status", status];
    root.json(&status("Inactive"));
    anna.refused(&["sts", "get-caller-identity"], "InvalidClientTokenId");
    wharf.client().as_(Auth::basic(id, secret)).get("/v2/").send().await.expect(401);
    let listed = root.json(&["iam", "list-access-keys", "--user-name", "anna"]);
    assert_eq!(text(&listed, "/AccessKeyMetadata/0/Status"), "Inactive");
    root.json(&status("Active"));
    anna.json(&["sts", "get-caller-identity"]);
    root.json(&["iam", "delete-access-key", "--user-name", "anna", "--access-key-id", id]);
    anna.refused(&["sts", "get-caller-identity"], "InvalidClientTokenId");
    assert_eq!(root.json(&["iam", "list-access-keys", "--user-name", "anna"])["AccessKeyMetadata"], json!([]));
}

#[tokio::test]
async fn every_replica_obeys_within_five_seconds() {
    let one = Wharf::start(Backend::PostgresS3).await;
    let other = Wharf::sharing(one.backing().clone()).start().await;
    let (root, there) = (one.aws(), other.aws());
    root.json(&["iam", "create-user", "--user-name", "anna"]);
    let made = root.json(&["iam", "create-access-key", "--user-name", "anna"]);
    let (id, secret) = (text(&made, "/AccessKey/AccessKeyId"), text(&made, "/AccessKey/SecretAccessKey"));
    let anna = there.with_key(id, secret);
    let may = async || anna.cli(&["sts", "get-caller-identity"]).status.success();
    within_5_s("the new key", may).await;
    let inactive = ["iam", "update-access-key", "--user-name", "anna", "--access-key-id", id, "--status", "Inactive"];
    root.json(&inactive);
    within_5_s("the key that was turned off", async || !may().await).await;
}

#[tokio::test]
async fn failures_of_access_keys_are_those_of_iam() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
iam.create_user(UserName="anna")
iam.create_user(UserName="bert")
key = iam.create_access_key(UserName="anna")["AccessKey"]["AccessKeyId"]
iam.create_access_key(UserName="anna")

def says(code, status, message, call, **arguments):
    answer = refused(code, call, **arguments)
    assert answer["Error"]["Message"] == message, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer

says("LimitExceeded", 409, "Cannot exceed quota for AccessKeysPerUser: 2", iam.create_access_key, UserName="anna")
for owner, id in [("anna", "AKIANOBODY0000000000"), ("bert", key)]:
    absent = f"The Access Key with id {id} cannot be found."
    says("NoSuchEntity", 404, absent, iam.delete_access_key, UserName=owner, AccessKeyId=id)
    says("NoSuchEntity", 404, absent, iam.update_access_key, UserName=owner, AccessKeyId=id, Status="Inactive")
says("NoSuchEntity", 404, "The Access Key with id AKIANOBODY0000000000 cannot be found.",
     iam.get_access_key_last_used, AccessKeyId="AKIANOBODY0000000000")
refused("ValidationError", iam.update_access_key, UserName="anna", AccessKeyId=key, Status="Sleeping")
refused("ValidationError", iam.delete_access_key, UserName="anna", AccessKeyId="not a key of any sort")
assert [row["Status"] for row in iam.list_access_keys(UserName="anna")["AccessKeyMetadata"]] == ["Active", "Active"]
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn the_root_has_keys_of_its_own() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let root = wharf.aws();
    let made = root.json(&["iam", "create-access-key"]);
    let (id, secret) = (text(&made, "/AccessKey/AccessKeyId"), text(&made, "/AccessKey/SecretAccessKey"));
    let second = root.with_key(id, secret);
    assert_eq!(text(&second.json(&["sts", "get-caller-identity"]), "/Arn"), "arn:aws:iam::000000000000:root");
    let listed = root.json(&["iam", "list-access-keys"]);
    assert_eq!(listed["AccessKeyMetadata"].as_array().map(Vec::len), Some(2), "{listed}");
    root.json(&["iam", "delete-access-key", "--access-key-id", id]);
    second.refused(&["sts", "get-caller-identity"], "InvalidClientTokenId");
}

#[tokio::test]
async fn the_last_use_of_a_key_shows_after_a_while() {
    on_default(async |wharf| {
        let root = wharf.aws();
        root.json(&["iam", "create-user", "--user-name", "anna"]);
        let made = root.json(&["iam", "create-access-key", "--user-name", "anna"]);
        let (id, secret) = (text(&made, "/AccessKey/AccessKeyId"), text(&made, "/AccessKey/SecretAccessKey"));
        let ask = || root.json(&["iam", "get-access-key-last-used", "--access-key-id", id]);
        let never = ask();
        assert_eq!(never["UserName"], "anna");
        assert_eq!(never["AccessKeyLastUsed"], json!({ "ServiceName": "N/A", "Region": "N/A" }));
        root.with_key(id, secret).json(&["sts", "get-caller-identity"]);
        let used = json!("sts");
        for _ in 0..30 {
            if ask()["AccessKeyLastUsed"]["ServiceName"] == used {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
        let shown = ask();
        assert_eq!(shown["AccessKeyLastUsed"]["ServiceName"], used, "{shown}");
        assert_eq!(shown["AccessKeyLastUsed"]["Region"], "us-east-1");
        assert!(shown["AccessKeyLastUsed"]["LastUsedDate"].is_string(), "{shown}");
    })
    .await;
}
