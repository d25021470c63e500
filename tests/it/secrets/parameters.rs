//! Parameters: put, read by name and by path, described, tagged and deleted.

use tests::harness::on_default;

use super::run;

#[tokio::test]
async fn a_parameter_has_versions_and_a_type() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
put = ssm.put_parameter(Name="/app/url", Value="one", Type="String", Description="where", Tags=[{"Key": "team", "Value": "red"}])
expect((put["Version"], put["Tier"]), (1, "Standard"))
text = message("ParameterAlreadyExists", ssm.put_parameter, Name="/app/url", Value="two", Type="String")
assert text.startswith("The parameter already exists."), text
expect(ssm.put_parameter(Name="/app/url", Value="two", Overwrite=True)["Version"], 2)
arn = f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/app/url"
for name in ["/app/url", arn]:
    got = ssm.get_parameter(Name=name)["Parameter"]
    expect((got["Name"], got["Value"], got["Version"], got["Type"], got["ARN"], got["DataType"]), ("/app/url", "two", 2, "String", arn, "text"))
got = ssm.get_parameter(Name="/app/url:1")["Parameter"]
expect((got["Value"], got["Selector"], got["Version"]), ("one", ":1", 1))
message("ParameterVersionNotFound", ssm.get_parameter, Name="/app/url:7")
message("ParameterVersionNotFound", ssm.get_parameter, Name="/app/url:label")
expect(message("ParameterNotFound", ssm.get_parameter, Name="/app/none"), "Parameter /app/none not found.")
message("HierarchyTypeMismatchException", ssm.put_parameter, Name="/app/url", Value="x", Type="SecureString", Overwrite=True)
message("ValidationException", ssm.put_parameter, Name="/app/url", Value="x", Overwrite=True, Tags=[{"Key": "a", "Value": "b"}])
# A secret is shown only to who asks for it in plain.
ssm.put_parameter(Name="key", Value="hush hush", Type="SecureString")
sealed = ssm.get_parameter(Name="key")["Parameter"]["Value"]
assert "hush" not in sealed and len(sealed) > 20, sealed
expect(ssm.get_parameter(Name="key", WithDecryption=True)["Parameter"]["Value"], "hush hush")
expect(ssm.get_parameter(Name=f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/key", WithDecryption=True)["Parameter"]["Value"], "hush hush")
both = ssm.get_parameters(Names=["key", "absent", "/app/url:1", "/app/url:9"], WithDecryption=True)
expect([one["Value"] for one in both["Parameters"]], ["hush hush", "one"])
expect(both["InvalidParameters"], ["absent", "/app/url:9"])
ssm.put_parameter(Name="list", Value="a,b", Type="StringList")
expect(ssm.get_parameter(Name="list")["Parameter"]["Type"], "StringList")
history = ssm.get_parameter_history(Name="/app/url", MaxResults=1)
rest = ssm.get_parameter_history(Name="/app/url", NextToken=history["NextToken"])
expect([(one["Version"], one["Value"], one["Description"]) for one in history["Parameters"] + rest["Parameters"]],
    [(1, "one", "where"), (2, "two", "where")])
expect(history["Parameters"][0]["LastModifiedUser"], f"arn:aws:iam::{ACCOUNT}:root")
for number in range(102):
    ssm.put_parameter(Name="/app/url", Value=str(number), Overwrite=True)
kept = [one["Version"] for page in ssm.get_paginator("get_parameter_history").paginate(Name="/app/url") for one in page["Parameters"]]
expect(kept, list(range(5, 105)))
tags = lambda: {one["Key"]: one["Value"] for one in ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId="/app/url")["TagList"]}
expect(tags(), {"team": "red"})
ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/app/url", Tags=[{"Key": "b", "Value": "1"}])
ssm.remove_tags_from_resource(ResourceType="Parameter", ResourceId="/app/url", TagKeys=["team", "absent"])
expect(tags(), {"b": "1"})
message("InvalidResourceId", ssm.list_tags_for_resource, ResourceType="Parameter", ResourceId="absent")
message("InvalidResourceType", ssm.list_tags_for_resource, ResourceType="Document", ResourceId="/app/url")
# A version cannot be deleted, and who wants that does not want all of them to go.
expect(message("ParameterNotFound", ssm.delete_parameter, Name="/app/url:104"), "Parameter /app/url:104 not found.")
expect(ssm.delete_parameters(Names=["/app/url:104"])["InvalidParameters"], ["/app/url:104"])
message("InvalidResourceId", ssm.add_tags_to_resource, ResourceType="Parameter", ResourceId="/app/url:104", Tags=[{"Key": "c", "Value": "1"}])
expect(ssm.get_parameter(Name="/app/url")["Parameter"]["Version"], 104)
ssm.delete_parameter(Name="/app/url")
message("ParameterNotFound", ssm.delete_parameter, Name="/app/url")
gone = ssm.delete_parameters(Names=["key", "list", "absent"])
expect((gone["DeletedParameters"], gone["InvalidParameters"]), (["key", "list"], ["absent"]))
expect(ssm.put_parameter(Name="/app/url", Value="anew", Type="SecureString")["Version"], 1)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn parameters_are_found_by_path_and_by_filter() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
names = [f"/app/{stage}/{n}" for stage in ["dev", "prod"] for n in range(6)] + ["/app/x", "/apple/y", "z"]
for name in names:
    ssm.put_parameter(Name=name, Value="v", Type="String" if name[-1] != "1" else "SecureString", Tier="Intelligent-Tiering")
def below(path, size=4, **more):
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, PaginationConfig={"PageSize": size}, **more)
    return [one["Name"] for page in pages for one in page["Parameters"]]
for size in [1, 3, 10]:
    expect(below("/app", size), ["/app/x"])
    expect(below("/app/", size, Recursive=True), sorted(names[:13]))
    expect(below("/app/dev", size), names[:6])
expect(below("/", Recursive=True), sorted(names[:-1]))
expect(below("/app", Recursive=True, ParameterFilters=[{"Key": "Type", "Values": ["SecureString"]}]), ["/app/dev/1", "/app/prod/1"])
expect(ssm.get_parameters_by_path(Path="/app/dev", WithDecryption=True)["Parameters"][1]["Value"], "v")
message("ValidationException", ssm.get_parameters_by_path, Path="app")
message("InvalidFilterKey", ssm.get_parameters_by_path, Path="/app", ParameterFilters=[{"Key": "Name", "Values": ["x"]}])
token = ssm.get_parameters_by_path(Path="/app/dev", MaxResults=2)["NextToken"]
message("InvalidNextToken", ssm.get_parameters_by_path, Path="/app/prod", NextToken=token)
def described(size=5, **more):
    pages = ssm.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": size}, **more)
    return [one["Name"] for page in pages for one in page["Parameters"]]
expect(described(), sorted(names))
expect(described(ParameterFilters=[{"Key": "Name", "Option": "BeginsWith", "Values": ["/app/dev"]}]), names[:6])
expect(described(ParameterFilters=[{"Key": "Name", "Option": "Contains", "Values": ["ppl"]}]), ["/apple/y"])
expect(described(ParameterFilters=[{"Key": "Path", "Values": ["/app"]}]), ["/app/x"])
expect(described(ParameterFilters=[{"Key": "Path", "Option": "Recursive", "Values": ["/app"]}, {"Key": "Type", "Values": ["SecureString"]}]),
    ["/app/dev/1", "/app/prod/1"])
expect(described(Filters=[{"Key": "Name", "Values": ["z"]}]), ["z"])
ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="z", Tags=[{"Key": "team", "Value": "red"}])
expect(described(ParameterFilters=[{"Key": "tag:team", "Values": ["red", "blue"]}]), ["z"])
one = ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": ["/app/dev/1"]}])["Parameters"][0]
expect((one["Type"], one["KeyId"], one["Version"], one["Tier"], "Value" in one), ("SecureString", "alias/aws/ssm", 1, "Standard", False))
for code, wrong in [("InvalidFilterOption", {"Key": "Type", "Option": "BeginsWith", "Values": ["S"]}), ("InvalidFilterValue", {"Key": "Name"})]:
    message(code, ssm.describe_parameters, ParameterFilters=[wrong])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_no_parameter_is_refused() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
def bad(code="ValidationException", **more):
    return message(code, ssm.put_parameter, **{"Name": "a", "Value": "v", "Type": "String"} | more)
expect(bad(Name="a/b"), "Parameter name must be a fully qualified name.")
assert 'can\'t be prefixed with "aws"' in bad(Name="/aws/x")
for name in ["ssm-x", "a b", "/a/", "/a//b", "/" + "a" * 1011]:
    bad(Name=name)
bad("HierarchyLevelLimitExceededException", Name="/a" * 16)
bad(Type="Number")
expect(message("ValidationException", ssm.put_parameter, Name="a", Value="v"), "A parameter type is required when you create a parameter.")
assert "advanced-parameter tier" in bad(Value="v" * 4097)
bad(Value="v" * 8193, Tier="Advanced")
bad("InvalidKeyId", Type="SecureString", KeyId="alias/mine")
expect(bad(KeyId="alias/aws/ssm"), "KeyId is required for SecureString type parameter only.")
bad("InvalidPolicyTypeException", Policies='[{"Type": "Expiration"}]')
bad("InvalidAllowedPatternException", AllowedPattern="(")
expect(bad("ParameterPatternMismatchException", AllowedPattern="^[0-9]+$"), "Parameter value, cannot be validated by allowedPattern: ^[0-9]+$")
bad(DataType="aws:ec2:image")
expect(ssm.describe_parameters()["Parameters"], [])
ssm.put_parameter(Name="n", Value="1", Type="String", AllowedPattern="^[0-9]+$")
message("ParameterPatternMismatchException", ssm.put_parameter, Name="n", Value="x", Overwrite=True)
expect(ssm.get_parameter(Name="n")["Parameter"]["Version"], 1)
expect(ssm.put_parameter(Name="big", Value="v" * 8192, Type="String", Tier="Intelligent-Tiering")["Tier"], "Advanced")
message("ValidationException", ssm.put_parameter, Name="big", Value="v", Tier="Standard", Overwrite=True)
message("ValidationException", ssm.get_parameters, Names=[str(n) for n in range(11)])
message("UnknownOperationException", ssm.label_parameter_version, Name="n", Labels=["a"])
message("UnknownOperationException", ssm.send_command, DocumentName="x")
"#,
        );
    })
    .await;
}
