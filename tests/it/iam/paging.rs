//! Pages: complete, in a stable order, and continued only by the marker that the page before gave.

use serde_json::json;
use tests::harness::on_default;

#[tokio::test]
async fn pages_are_complete_and_in_order() {
    on_default(async |wharf| {
        let found = wharf.aws().boto3(
            r#"
iam = client("iam")
names = [f"user-{n:02}" for n in range(23)]
for name in reversed(names):
    iam.create_user(UserName=name, Path="/even/" if int(name[-1]) % 2 == 0 else "/odd/")
for size in [1, 5, 22, 23, 24, 1000]:
    pages = iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": size})
    assert [row["UserName"] for page in pages for row in page["Users"]] == names, size
pages = iam.get_paginator("list_users").paginate(PathPrefix="/even/", PaginationConfig={"PageSize": 4})
assert [row["UserName"] for page in pages for row in page["Users"]] == [n for n in names if int(n[-1]) % 2 == 0]
last = iam.list_users(MaxItems=23)
assert not last["IsTruncated"] and "Marker" not in last, last
first = iam.list_users(MaxItems=5)
assert first["IsTruncated"] and len(first["Users"]) == 5, first
# What is added or removed in between moves nothing.
iam.delete_user(UserName="user-04")
iam.create_user(UserName="user-00a")
rest = iam.list_users(MaxItems=5, Marker=first["Marker"])
assert [row["UserName"] for row in rest["Users"]] == names[5:10], rest
refused("ValidationError", iam.list_roles, MaxItems=1001)
print(json.dumps(first["Marker"]))
"#,
        );
        let marker = found.as_str().expect("a marker");
        assert!(!marker.contains("user-"), "a marker tells nothing: {marker}");
        let mut altered = marker.to_owned();
        let last = if altered.pop() == Some('A') { 'B' } else { 'A' };
        altered.insert(altered.len() / 2, last);
        for (operation, marker) in [("list-users", altered.as_str()), ("list-users", "x"), ("list-roles", marker)] {
            let message =
                wharf.aws().refused(&["iam", operation, "--starting-token", &token(marker)], "ValidationError");
            assert_eq!(message, "Invalid Marker.", "{operation} {marker}");
        }
    })
    .await;
}

/// What the CLI wraps a marker into.
fn token(marker: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(json!({ "Marker": marker }).to_string())
}
