//! `DescribeRepositories`

use serde_json::json;
use tests::harness::on_default;

use super::{ACCOUNT, run};

#[tokio::test]
async fn repositories_are_found_by_name_in_the_order_of_the_names() {
    on_default(async |wharf| {
        // One that came by a push is a repository like any other, even under a name that is too short for ECR.
        wharf.client().repository("p").push_small("v1").await;
        run(
            &wharf.aws(),
            &json!({ "account": ACCOUNT }),
            r#"
for name in ["one", "two"]:
    ecr.create_repository(repositoryName=name)
def names(**arguments):
    return [found["repositoryName"] for found in ecr.describe_repositories(**arguments)["repositories"]]
expect(names(repositoryNames=["two", "one"]), ["two", "one"])
expect(names(repositoryNames=["one"], registryId=data["account"]), ["one"])
expect(names(), ["one", "p", "two"])
expect(message("RepositoryNotFoundException", names, repositoryNames=["one", "three", "four"]),
       f"The repository with name 'three' does not exist in the registry with id '{data['account']}'")
text = message("InvalidParameterException", names, repositoryNames=["UPPER"])
assert text.startswith("Invalid parameter at 'repositoryNames' failed to satisfy constraint: '"), text
message("InvalidParameterException", names, repositoryNames=["one"], maxResults=5)
message("InvalidParameterException", names, repositoryNames=["one"] * 101)
for wrong in ["123", "00000000000a"]:
    message("InvalidParameterException", names, registryId=wrong)
"#,
        );
        let names = wharf.aws().json(&["ecr", "describe-repositories", "--query", "repositories[].repositoryName"]);
        assert_eq!(names, json!(["one", "p", "two"]));
    })
    .await;
}
