//! Identity providers: made, shown, changed and removed. That their tokens are exchanged is tested with STS.

use serde_json::json;
use tests::harness::{Backend, Wharf, on_default};

use super::text;

const ARN: &str = "arn:aws:iam::000000000000:oidc-provider/token.example.com/id/1";
const THUMBPRINT: &str = "0123456789abcdef0123456789abcdef01234567";

#[tokio::test]
async fn the_cli_makes_changes_and_removes_providers() {
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    let made = aws.json(&[
        "iam",
        "create-open-id-connect-provider",
        "--url",
        "https://token.example.com/id/1",
        "--client-id-list",
        "sts.amazonaws.com",
        "other",
        "--thumbprint-list",
        THUMBPRINT,
        "--tags",
        "Key=team,Value=a",
    ]);
    assert_eq!(text(&made, "/OpenIDConnectProviderArn"), ARN);
    let one = |operation: &str, more: &[&str]| {
        let mut arguments = vec!["iam", operation, "--open-id-connect-provider-arn", ARN];
        arguments.extend(more);
        aws.json(&arguments)
    };
    let shown = one("get-open-id-connect-provider", &[]);
    assert_eq!(text(&shown, "/Url"), "token.example.com/id/1");
    assert_eq!(shown["ClientIDList"], json!(["sts.amazonaws.com", "other"]));
    assert_eq!(shown["ThumbprintList"], json!([THUMBPRINT]));
    assert_eq!(shown["Tags"], json!([{ "Key": "team", "Value": "a" }]));
    one("add-client-id-to-open-id-connect-provider", &["--client-id", "third"]);
    one("add-client-id-to-open-id-connect-provider", &["--client-id", "third"]);
    one("remove-client-id-from-open-id-connect-provider", &["--client-id", "other"]);
    one("remove-client-id-from-open-id-connect-provider", &["--client-id", "never"]);
    let another = THUMBPRINT.replace('0', "f");
    one("update-open-id-connect-provider-thumbprint", &["--thumbprint-list", &another]);
    let shown = one("get-open-id-connect-provider", &[]);
    assert_eq!(shown["ClientIDList"], json!(["sts.amazonaws.com", "third"]));
    assert_eq!(shown["ThumbprintList"], json!([another]));
    let listed = aws.json(&["iam", "list-open-id-connect-providers"]);
    assert_eq!(listed["OpenIDConnectProviderList"], json!([{ "Arn": ARN }]));
    one("delete-open-id-connect-provider", &[]);
    assert_eq!(aws.json(&["iam", "list-open-id-connect-providers"])["OpenIDConnectProviderList"], json!([]));
}

#[tokio::test]
async fn failures_of_providers_are_those_of_iam() {
    on_default(async |wharf| {
        wharf.aws().boto3(
            r#"
iam = client("iam")
iam.create_open_id_connect_provider(Url="https://token.example.com")

def says(code, status, message, call, **arguments):
    answer = refused(code, call, **arguments)
    assert answer["Error"]["Message"] == message, answer
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer

says("EntityAlreadyExists", 409, "Provider with url https://token.example.com already exists.",
     iam.create_open_id_connect_provider, Url="https://token.example.com")
for url in ["http://token.example.com", "token.example.com", "https://", "https://a b"]:
    says("ValidationError", 400, "Invalid Open ID Connect Provider URL", iam.create_open_id_connect_provider, Url=url)
refused("ValidationError", iam.create_open_id_connect_provider, Url="https://b.example.com", ThumbprintList=["z" * 40])
says("InvalidInput", 400, "Thumbprint list must contain fewer than 5 entries.", iam.create_open_id_connect_provider,
     Url="https://b.example.com", ThumbprintList=["a" * 40] * 6)
says("LimitExceeded", 409, "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100",
     iam.create_open_id_connect_provider, Url="https://b.example.com", ClientIDList=[str(n) for n in range(101)])
absent = "arn:aws:iam::000000000000:oidc-provider/none.example.com"
message = f"OpenIDConnect Provider not found for arn {absent}"
for call, arguments in [
    (iam.get_open_id_connect_provider, {}), (iam.add_client_id_to_open_id_connect_provider, {"ClientID": "a"}),
    (iam.remove_client_id_from_open_id_connect_provider, {"ClientID": "a"}),
    (iam.update_open_id_connect_provider_thumbprint, {"ThumbprintList": []}),
]:
    says("NoSuchEntity", 404, message, call, OpenIDConnectProviderArn=absent, **arguments)
# The documentation calls the deletion of what is not there a success; IAM refuses it.
says("NoSuchEntity", 404, f"OpenId connect Provider {absent} cannot be found.", iam.delete_open_id_connect_provider,
     OpenIDConnectProviderArn=absent)
own = "arn:aws:iam::000000000000:oidc-provider/token.example.com"
assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=own)["Tags"] == []
iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=own)
refused("NoSuchEntity", iam.delete_open_id_connect_provider, OpenIDConnectProviderArn=own)
def between(least, most):
    return (f"failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to "
            f"{most}, Member must have length greater than or equal to {least}]; ")
says("ValidationError", 400,
     "3 validation errors detected: Value at 'clientIDList' " + between(1, 255) + "Value at 'thumbprintList' "
     + between(40, 40) + "Value at 'url' failed to satisfy constraint: Member must have length less than or equal to 255",
     iam.create_open_id_connect_provider, Url="b" * 256, ThumbprintList=["b" * 41], ClientIDList=["b" * 256])
refused("InvalidInput", iam.get_open_id_connect_provider, OpenIDConnectProviderArn="arn:aws:iam::000000000000:user/anna")
"#,
        );
    })
    .await;
}
