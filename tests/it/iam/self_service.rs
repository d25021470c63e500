//! Users who look after themselves, by a policy that speaks of `${aws:username}`.

use serde_json::json;
use tests::harness::{Backend, Wharf};

use super::text;

#[tokio::test]
async fn a_user_may_change_its_own_keys_and_nobody_elses() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let own = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": ["iam:*AccessKey*", "iam:GetUser"],
            "Resource": "arn:aws:iam::*:user/${aws:username}",
        }],
    });
    let anna = wharf.known_user("anna", &own).await;
    wharf.known_user("bert", &own).await;
    let aws = wharf.aws().as_user(&anna);
    // Whoever names nobody means himself.
    assert_eq!(text(&aws.json(&["iam", "get-user"]), "/User/UserName"), "anna");
    let made = aws.json(&["iam", "create-access-key"]);
    assert_eq!(text(&made, "/AccessKey/UserName"), "anna");
    let id = text(&made, "/AccessKey/AccessKeyId");
    let second = aws.with_key(id, text(&made, "/AccessKey/SecretAccessKey"));
    assert_eq!(text(&second.json(&["sts", "get-caller-identity"]), "/Arn"), "arn:aws:iam::000000000000:user/anna");
    let listed = aws.json(&["iam", "list-access-keys", "--user-name", "anna"]);
    assert_eq!(listed["AccessKeyMetadata"].as_array().map(Vec::len), Some(2), "{listed}");
    aws.json(&["iam", "get-access-key-last-used", "--access-key-id", id]);
    second.json(&["iam", "update-access-key", "--access-key-id", &anna.access_key_id, "--status", "Inactive"]);
    aws.refused(&["iam", "get-user"], "InvalidClientTokenId");
    second.json(&["iam", "delete-access-key", "--access-key-id", &anna.access_key_id]);
    second.refused(&["iam", "create-access-key", "--user-name", "bert"], "AccessDenied");
    second.refused(&["iam", "get-user", "--user-name", "bert"], "AccessDenied");
    second.refused(&["iam", "list-users"], "AccessDenied");
}
