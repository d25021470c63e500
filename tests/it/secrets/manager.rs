//! Secrets: made, read, changed, tagged, listed, deleted and had back.

use tests::harness::{Backend, Wharf, on_default};

use super::run;

#[tokio::test]
async fn a_secret_has_versions_and_stages() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
made = sm.create_secret(Name="db/main", SecretString="one", Description="the database", Tags=[{"Key": "team", "Value": "red"}])
assert re.fullmatch(f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db/main-[A-Za-z0-9]{{6}}", made["ARN"]), made
arn, first = made["ARN"], made["VersionId"]
for name in ["db/main", arn, arn[:-7]]:
    got = sm.get_secret_value(SecretId=name)
    expect((got["SecretString"], got["ARN"], got["Name"], got["VersionId"]), ("one", arn, "db/main", first))
    expect(got["VersionStages"], ["AWSCURRENT"])
token = str(uuid.uuid4())
put = sm.put_secret_value(SecretId="db/main", SecretString="two", ClientRequestToken=token)
expect((put["VersionId"], put["VersionStages"], put["ARN"]), (token, ["AWSCURRENT"], arn))
# Again the same: nothing. Again something else: no.
expect(sm.put_secret_value(SecretId=arn, SecretString="two", ClientRequestToken=token)["VersionId"], token)
text = message("ResourceExistsException", sm.put_secret_value, SecretId=arn, SecretString="2", ClientRequestToken=token)
assert token in text, text
expect([value(arn), value(arn, VersionStage="AWSPREVIOUS"), value(arn, VersionId=first)], ["two", "one", "one"])
text = message("InvalidRequestException", sm.get_secret_value, SecretId=arn, VersionId=first, VersionStage="AWSCURRENT")
expect(text, "You provided a VersionStage that is not associated to the provided VersionId.")
text = message("ResourceNotFoundException", sm.get_secret_value, SecretId=arn, VersionStage="NONE")
expect(text, "Secrets Manager can't find the specified secret value for staging label: NONE")
message("ResourceNotFoundException", sm.get_secret_value, SecretId=arn, VersionId=str(uuid.uuid4()))
# A version that does not count yet, and then does.
third = sm.put_secret_value(SecretId=arn, SecretBinary=b"\x00\xff", VersionStages=["PENDING"])["VersionId"]
expect(value(arn), "two")
expect(sm.get_secret_value(SecretId=arn, VersionStage="PENDING")["SecretBinary"], b"\x00\xff")
text = message("InvalidParameterException", sm.update_secret_version_stage, SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=third)
assert "RemoveFromVersionId can't be empty" in text and token in text, text
sm.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=third, RemoveFromVersionId=token)
sm.update_secret_version_stage(SecretId=arn, VersionStage="PENDING", RemoveFromVersionId=third)
described = sm.describe_secret(SecretId=arn)
expect(described["VersionIdsToStages"], {third: ["AWSCURRENT"], token: ["AWSPREVIOUS"]})
expect((described["Description"], described["Tags"]), ("the database", [{"Key": "team", "Value": "red"}]))
assert described["LastChangedDate"] >= described["CreatedDate"] and "LastAccessedDate" in described
message("InvalidParameterException", sm.update_secret_version_stage, SecretId=arn, VersionStage="AWSCURRENT", RemoveFromVersionId=third)
def versions(**more):
    pages = sm.get_paginator("list_secret_version_ids").paginate(SecretId=arn, PaginationConfig={"PageSize": 1}, **more) \
        if sm.can_paginate("list_secret_version_ids") else [sm.list_secret_version_ids(SecretId=arn, **more)]
    return {one["VersionId"] for page in pages for one in page["Versions"]}
expect(versions(), {third, token})
expect(versions(IncludeDeprecated=True), {first, third, token})
updated = sm.update_secret(SecretId=arn, Description="another")
assert "VersionId" not in updated, updated
updated = sm.update_secret(SecretId=arn, SecretString="four")
expect(value(arn), "four")
expect(sm.describe_secret(SecretId=arn)["VersionIdsToStages"][updated["VersionId"]], ["AWSCURRENT"])
# Versions without a stage are kept, but not all for ever.
for number in range(103):
    sm.put_secret_value(SecretId=arn, SecretString=str(number))
page = sm.list_secret_version_ids(SecretId=arn, IncludeDeprecated=True, MaxResults=100)
rest = sm.list_secret_version_ids(SecretId=arn, IncludeDeprecated=True, NextToken=page["NextToken"])
expect((len(page["Versions"]), len(rest["Versions"]), "NextToken" in rest), (100, 2, False))
assert all(one["KmsKeyIds"] == ["DefaultEncryptionKey"] for one in page["Versions"]), page
expect([value(arn), value(arn, VersionStage="AWSPREVIOUS")], ["102", "101"])
message("InvalidNextTokenException", sm.list_secret_version_ids, SecretId=arn, NextToken=page["NextToken"])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn a_secret_goes_after_its_window_and_can_be_had_back_until_then() {
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let wharf = Wharf::start(backend).await;
        run(
            &wharf.aws(),
            r#"
arn = sm.create_secret(Name="a", SecretString="x")["ARN"]
assert "Tags" not in sm.describe_secret(SecretId="a")
deleted = sm.delete_secret(SecretId="a", RecoveryWindowInDays=7)
expect(deleted["ARN"], arn)
assert 6.9 < (deleted["DeletionDate"].timestamp() - time.time()) / 86400 < 7.1, deleted
marked = "You can't perform this operation on the secret because it was marked for deletion."
for call, more in [(sm.get_secret_value, {}), (sm.put_secret_value, {"SecretString": "y"}), (sm.update_secret, {"Description": "d"}),
        (sm.tag_resource, {"Tags": [{"Key": "a", "Value": "b"}]})]:
    expect(message("InvalidRequestException", call, SecretId="a", **more), marked)
message("InvalidRequestException", sm.delete_secret, SecretId="a")
text = message("InvalidRequestException", sm.create_secret, Name="a", SecretString="y")
assert text.endswith("already scheduled for deletion."), text
expect(sm.list_secrets()["SecretList"], [])
expect([one["Name"] for one in sm.list_secrets(IncludePlannedDeletion=True)["SecretList"]], ["a"])
expect(sm.describe_secret(SecretId="a")["DeletedDate"], deleted["DeletionDate"])
expect(sm.restore_secret(SecretId="a")["ARN"], arn)
expect(value("a"), "x")
assert "DeletedDate" not in sm.describe_secret(SecretId="a")
for wrong in [{"RecoveryWindowInDays": 6}, {"RecoveryWindowInDays": 31}, {"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": True}]:
    message("InvalidParameterException", sm.delete_secret, SecretId="a", **wrong)
sm.delete_secret(SecretId="a", ForceDeleteWithoutRecovery=True)
sm.delete_secret(SecretId="a", ForceDeleteWithoutRecovery=True)
for call in [sm.get_secret_value, sm.describe_secret, sm.delete_secret, sm.restore_secret]:
    expect(message("ResourceNotFoundException", call, SecretId="a"), "Secrets Manager can't find the specified secret.")
# Whoever had the old one by its ARN does not have the new one.
again = sm.create_secret(Name="a", SecretString="new")["ARN"]
assert again != arn
message("ResourceNotFoundException", sm.get_secret_value, SecretId=arn)
sm.delete_secret(SecretId="a")
"#,
        );
        if backend.postgres() {
            let database = wharf.backing().database();
            database.query("update secrets set deletes_at = 0");
            database.query("update jobs set due_at = 0 where kind = 'remove deleted secrets'");
            run(
                &wharf.aws(),
                r#"
end = time.time() + 60
while sm.list_secrets(IncludePlannedDeletion=True)["SecretList"]:
    assert time.time() < end, "it stays"
    time.sleep(0.2)
sm.create_secret(Name="a")
"#,
            );
        }
    }
}

#[tokio::test]
async fn secrets_are_listed_filtered_and_read_together() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
names = [f"app/{n}" for n in range(5)] + ["other"]
for name in names:
    sm.create_secret(Name=name, SecretString="value of " + name, Description="the Key of " + name, Tags=[{"Key": "kind", "Value": name[0]}])
def listed(size=2, **more):
    pages = sm.get_paginator("list_secrets").paginate(PaginationConfig={"PageSize": size}, **more)
    return [one["Name"] for page in pages for one in page["SecretList"]]
expect(listed(), names)
expect(listed(SortOrder="desc"), names[::-1])
expect(listed(Filters=[{"Key": "name", "Values": ["app/"]}]), names[:5])
expect(listed(Filters=[{"Key": "name", "Values": ["!app/"]}]), ["other"])
expect(listed(Filters=[{"Key": "tag-value", "Values": ["o"]}, {"Key": "description", "Values": ["key"]}]), ["other"])
expect(listed(Filters=[{"Key": "all", "Values": ["OTHER key"]}]), ["other"])
one = sm.list_secrets(MaxResults=1)
expect(list(one["SecretList"][0]["SecretVersionsToStages"].values()), [["AWSCURRENT"]])
for wrong in [{"NextToken": one["NextToken"] + "A"}, {"NextToken": one["NextToken"], "SortOrder": "desc"}]:
    message("InvalidNextTokenException", sm.list_secrets, **wrong)
message("InvalidParameterException", sm.list_secrets, Filters=[{"Key": "nothing", "Values": ["x"]}])
empty = sm.create_secret(Name="empty")
assert "VersionId" not in empty, empty
text = message("ResourceNotFoundException", sm.get_secret_value, SecretId="empty")
expect(text, "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
batch = sm.batch_get_secret_value(SecretIdList=["app/1", "absent", "empty", "other"])
expect([one["SecretString"] for one in batch["SecretValues"]], ["value of app/1", "value of other"])
expect([(one["SecretId"], one["ErrorCode"]) for one in batch["Errors"]],
    [("absent", "ResourceNotFoundException"), ("empty", "ResourceNotFoundException")])
page = sm.batch_get_secret_value(Filters=[{"Key": "name", "Values": ["app/"]}], MaxResults=3)
rest = sm.batch_get_secret_value(Filters=[{"Key": "name", "Values": ["app/"]}], MaxResults=3, NextToken=page["NextToken"])
expect([one["Name"] for one in page["SecretValues"] + rest["SecretValues"]], names[:5])
message("InvalidParameterException", sm.batch_get_secret_value)
sm.tag_resource(SecretId="other", Tags=[{"Key": "new", "Value": "1"}, {"Key": "kind", "Value": "x"}])
sm.untag_resource(SecretId="other", TagKeys=["new", "absent"])
expect(sm.describe_secret(SecretId="other")["Tags"], [{"Key": "kind", "Value": "x"}])
policy = sm.get_resource_policy(SecretId="other")
expect((policy["Name"], "ResourcePolicy" in policy), ("other", False))
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_no_secret_is_refused() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
text = message("ValidationException", sm.create_secret, Name="a b", SecretString="x")
expect(text, "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
for call, more in [(sm.describe_secret, {}), (sm.get_secret_value, {}), (sm.delete_secret, {}), (sm.list_secret_version_ids, {}),
        (sm.put_secret_value, {"SecretString": "x"}), (sm.update_secret, {"SecretString": "x"}), (sm.untag_resource, {"TagKeys": ["a"]})]:
    expect(message("ValidationException", call, SecretId=" in*valid", **more), text)
message("ValidationException", sm.create_secret, Name="a" * 513)
message("ValidationException", sm.create_secret, Name="a", Description="d" * 2049)
message("InvalidParameterException", sm.create_secret, Name="a", SecretString="x", SecretBinary=b"x")
message("InvalidParameterException", sm.create_secret, Name="a", SecretString="x", KmsKeyId="arn:aws:kms:us-east-1:1:key/1")
message("InvalidParameterException", sm.create_secret, Name="a", AddReplicaRegions=[{"Region": "eu-west-1"}])
message("InvalidParameterException", sm.create_secret, Name="a", Tags=[{"Key": "aws:x", "Value": "y"}])
message("ValidationException", sm.create_secret, Name="a", SecretString="ä" * 32769)
expect(sm.list_secrets()["SecretList"], [])
token = str(uuid.uuid4())
made = sm.create_secret(Name="a", SecretString="x" * 65536, ClientRequestToken=token, KmsKeyId="alias/aws/secretsmanager")
expect(len(value("a")), 65536)
# The same request again gives the same secret; another one does not.
same = sm.create_secret(Name="a", SecretString="x" * 65536, ClientRequestToken=token)
expect((same["ARN"], same["VersionId"]), (made["ARN"], token))
for more in [{"SecretString": "y", "ClientRequestToken": token}, {"SecretString": "x" * 65536}, {}]:
    text = message("ResourceExistsException", sm.create_secret, Name="a", **more)
    expect(text, "The operation failed because the secret a already exists.")
message("InvalidRequestException", sm.put_secret_value, SecretId="a")
message("InvalidParameterException", sm.put_secret_value, SecretId="a", SecretString="x", VersionStages=[f"S{n}" for n in range(21)])
message("LimitExceededException", sm.put_secret_value, SecretId="a", SecretString="x", VersionStages=[f"S{n}" for n in range(20)])
message("InvalidParameterException", sm.tag_resource, SecretId="a", Tags=[{"Key": f"k{n}", "Value": ""} for n in range(51)])
expect(value("a"), "x" * 65536)
message("UnknownOperationException", sm.rotate_secret, SecretId="a")
message("UnknownOperationException", sm.put_resource_policy, SecretId="a", ResourcePolicy="{}")
password = sm.get_random_password(PasswordLength=20, ExcludePunctuation=True)["RandomPassword"]
assert len(password) == 20 and password.isalnum(), password
expect(len(sm.get_random_password()["RandomPassword"]), 32)
message("InvalidParameterException", sm.get_random_password, PasswordLength=3)
message("InvalidParameterException", sm.get_random_password, ExcludeNumbers=True, ExcludePunctuation=True, ExcludeUppercase=True,
    ExcludeLowercase=True)
"#,
        );
    })
    .await;
}
