//! Secrets of tasks, on a real Docker engine: as variables, as options of a log driver and as the login of a registry, each
//! read as the execution role.

use serde_json::json;
use tests::harness::docker::Docker;
use tests::harness::ecs_agent::EcsAgent;
use tests::harness::{Backend, Wharf};

use crate::ecs::run;

const SETUP: &str = r#"
iam, logs, sm, ssm = client("iam"), client("logs"), client("secretsmanager"), client("ssm")
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
login = sm.create_secret(Name="login", SecretString=json.dumps(data["login"]))["ARN"]
db = sm.create_secret(Name="prod/db", SecretString=json.dumps({"user": "me", "password": "first", "port": 5432}))["ARN"]
sm.put_secret_value(SecretId=db, SecretString=json.dumps({"user": "me", "password": "second", "port": 5432}))
hidden = sm.create_secret(Name="hidden", SecretString="nobody's")["ARN"]
ssm.put_parameter(Name="/app/key", Value="hush", Type="SecureString")
ssm.put_parameter(Name="top", Value="at the top", Type="String")
may = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::config/*"},
    {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": [login, db]},
    {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": f"arn:aws:ssm:us-east-1:000000000000:parameter/*"}]}
iam.create_role(RoleName="exec", AssumeRolePolicyDocument=json.dumps(trust))
iam.put_role_policy(RoleName="exec", PolicyName="p", PolicyDocument=json.dumps(may))
eventually(connected)

def ended(family, secrets=[], login=login, script="env", sides=[], **more):
    """Runs a task until it has ended, and gives it."""
    container = {"name": "app", "image": f"{data['host']}/team/job:v1", "memory": 32,
        "command": ["/bin/busybox", "sh", "-c", script], "secrets": secrets,
        "repositoryCredentials": {"credentialsParameter": login},
        "logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": "/ecs/job", "awslogs-region": "us-east-1", "awslogs-stream-prefix": family,
            "awslogs-create-group": "true"}}} | more
    ecs.register_task_definition(family=family, executionRoleArn="arn:aws:iam::000000000000:role/exec",
        containerDefinitions=[container] + [container | side for side in sides])
    arn = ecs.run_task(taskDefinition=family)["tasks"][0]["taskArn"]
    eventually(lambda: task(arn)["lastStatus"] == "STOPPED")
    return task(arn)

def written(family):
    def lines():
        found = logs.filter_log_events(logGroupName="/ecs/job", logStreamNamePrefix=family + "/")["events"]
        return [event["message"] for event in found]
    return eventually(lambda: "end" in lines() and lines())
"#;

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_read_as_the_execution_role() {
    let docker = Docker::take();
    for backend in [Backend::SqliteDisk, Backend::PostgresS3] {
        let buckets = buckets();
        let place = format!("file:{}", buckets.path().display());
        let wharf =
            Wharf::with(backend).set("WHARF_AGENT", docker.host()).set("WHARF_ENVIRONMENT_FILES", place).start().await;
        let aws = wharf.aws();
        let host = wharf.address().to_string();
        docker.login(&wharf);
        let image = format!("{host}/team/job:v1");
        docker.page(&image, "v1");
        docker.run(&["push", "--quiet", &image]);
        docker.run(&["rmi", "--force", &image]);
        let puller = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
                "ecr:BatchCheckLayerAvailability"], "Resource": "*" } });
        let user = wharf.known_user("puller", &puller).await;
        let data = json!({ "host": host, "login": { "username": user.access_key_id, "password": user.secret } });
        run(
            &aws,
            &data,
            &format!(
                r#"{SETUP}
def files(*names):
    return [{{"type": "s3", "value": "arn:aws:s3:::" + name}} for name in names]
one = ended("good", script="env; echo end", environment=[{{"name": "PLAIN", "value": "1"}}],
    environmentFiles=files("config/first.env", "config/dir/second.env"), secrets=[
    {{"name": "ALL", "valueFrom": db}}, {{"name": "PASSWORD", "valueFrom": db + ":password::"}},
    {{"name": "BEFORE", "valueFrom": db + ":password:AWSPREVIOUS:"}}, {{"name": "PORT", "valueFrom": db + ":port::"}},
    {{"name": "KEY", "valueFrom": "/app/key"}}, {{"name": "TOP", "valueFrom": "arn:aws:ssm:us-east-1:000000000000:parameter/top"}},
    {{"name": "DEEP", "valueFrom": "arn:aws:ssm:us-east-1:000000000000:parameter/app/key"}}])
expect((one["stopCode"], one["containers"][0]["exitCode"]), ("EssentialContainerExited", 0))
lines = dict(line.split("=", 1) for line in written("good") if "=" in line)
wanted = {{"PLAIN": "1", "PASSWORD": "second", "BEFORE": "first", "PORT": "5432", "KEY": "hush", "TOP": "at the top", "DEEP": "hush",
    "ONE": "first", "TWO": "second = \"two\" ", "HIDDEN": None}}
expect({{name: lines.get(name) for name in wanted}}, wanted)
expect(json.loads(lines["ALL"])["user"], "me")

def refusal(family, *words, **more):
    one = ended(family, **more)
    expect(one["stopCode"], "TaskFailedToStart")
    start = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    assert one["stoppedReason"].startswith(start), one["stoppedReason"]
    for word in words:
        assert word in one["stoppedReason"], one["stoppedReason"]
refusal("denied", "unable to retrieve secret from asm", "AccessDeniedException",
    "is not authorized to perform: secretsmanager:GetSecretValue on resource: " + hidden, secrets=[{{"name": "A", "valueFrom": hidden}}])
refusal("key", "did not contain json key none", secrets=[{{"name": "A", "valueFrom": db + ":none::"}}])
refusal("absent", "unable to retrieve secrets from ssm", "invalid ssm parameters: /none", secrets=[{{"name": "A", "valueFrom": "/none"}}])
refusal("login", "unable to get registry auth from asm", "AccessDeniedException", login=hidden)
# It is one task: a container that is not essential gets its secrets, too, or nothing runs.
refusal("side", "invalid ssm parameters: /none", script="sleep 100", sides=[
    {{"name": "side", "essential": False, "secrets": [{{"name": "A", "valueFrom": "/none"}}]}}])
for family, words, name in [("denied-file", "AccessDenied: User: arn:aws:sts::000000000000:assumed-role/exec/", "other/a.env"),
                            ("no-file", "NoSuchKey: arn:aws:s3:::config/none.env does not exist", "config/none.env"),
                            ("outside", "NoSuchKey", "config/../other/a.env")]:
    one = ended(family, environmentFiles=files(name))
    expect(one["stopCode"], "TaskFailedToStart")
    reason = one["stoppedReason"]
    assert reason.startswith("ResourceInitializationError: failed to download env files: ") and words in reason, reason
# Drivers other than those whose logs the agent ships get secrets as options.
one = ended("tagged", script="echo end", logConfiguration={{"logDriver": "json-file", "options": {{"max-size": "1m"}},
    "secretOptions": [{{"name": "tag", "valueFrom": "top"}}]}})
expect(one["stopCode"], "EssentialContainerExited")
"#
            ),
        );
        let made = docker.run(&[
            "ps",
            "--all",
            "--quiet",
            "--filter",
            "label=com.amazonaws.ecs.task-definition-family=tagged",
        ]);
        let newest = made.split_whitespace().next().expect("a container");
        let options = docker.run(&["inspect", "--format", "{{json .HostConfig.LogConfig}}", newest]);
        assert!(options.contains(r#""tag":"at the top""#) && options.contains("1m"), "{options}");
    }
}

/// A folder of buckets.
fn buckets() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in [
        ("config/first.env", "# a comment\nPLAIN=file\nPASSWORD=file\nONE=first\n#HIDDEN=1\n"),
        ("config/dir/second.env", "ONE=again\nTWO=second = \"two\" \n"),
        ("other/a.env", "A=1\n"),
    ] {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

/// Without a place for buckets a task says what is missing; with an S3 server its objects are read.
#[tokio::test(flavor = "multi_thread")]
async fn environment_files_come_from_where_the_setting_says() {
    const TASK: &str = r#"
iam = client("iam")
trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
iam.create_role(RoleName="exec", AssumeRolePolicyDocument=json.dumps(trust))
iam.put_role_policy(RoleName="exec", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}))
ecs.register_task_definition(family="web", executionRoleArn="arn:aws:iam::000000000000:role/exec", containerDefinitions=[
    {"name": "app", "image": "app:1", "memory": 64, "environmentFiles": [
        {"type": "s3", "value": f"arn:aws:s3:::{data['bucket']}/{data['key']}"}]}])
arn = ecs.run_task(taskDefinition="web")["tasks"][0]["taskArn"]
"#;
    let wharf = Wharf::start(Backend::SqliteDisk).await;
    let aws = wharf.aws();
    run(&aws, &json!({}), "ecs.create_cluster()");
    let _agent = EcsAgent::join(&aws, "default", 512, 512).await;
    run(
        &aws,
        &json!({ "bucket": "config", "key": "a.env" }),
        &format!(
            r#"{TASK}
eventually(lambda: task(arn)["lastStatus"] == "STOPPED")
expect((task(arn)["stopCode"], task(arn)["stoppedReason"]), ("TaskFailedToStart", "ResourceInitializationError: failed to download "
    "env files: this installation has no buckets; see its setting WHARF_ENVIRONMENT_FILES"))
"#
        ),
    );

    let wharf = Wharf::with(Backend::PostgresS3).set("WHARF_ENVIRONMENT_FILES", "s3:").start().await;
    let server: serde_json::Map<_, _> =
        wharf.backing().storage().settings().into_iter().map(|(name, value)| (name, json!(value))).collect();
    let aws = wharf.aws();
    run(&aws, &json!({}), "ecs.create_cluster()");
    let agent = EcsAgent::join(&aws, "default", 512, 512).await;
    let arn = run(
        &aws,
        &json!({ "server": server }),
        &format!(
            r#"
from botocore.config import Config
server = data["server"]
s3 = boto3.client("s3", endpoint_url=server["WHARF_S3_ENDPOINT"], aws_access_key_id=server["WHARF_S3_ACCESS_KEY_ID"],
    aws_secret_access_key=server["WHARF_S3_SECRET_ACCESS_KEY"], region_name="us-east-1",
    config=Config(s3={{"addressing_style": "path"}}, request_checksum_calculation="when_required"))
bucket, prefix = server["WHARF_STORAGE_URL"].removeprefix("s3://").split("/", 1)
data = {{"bucket": bucket, "key": prefix + "/settings.env"}}
s3.put_object(Bucket=bucket, Key=data["key"], Body=b"FROM=s3\nA=2\n")
{TASK}
eventually(lambda: task(arn)["lastStatus"] == "RUNNING")
print(json.dumps(arn))
"#
        ),
    );
    let container = &agent.tasks()[arn.as_str().expect("an ARN")]["containers"][0];
    assert_eq!(container["environment"], json!({ "FROM": "s3", "A": "2" }));
    assert!(container.get("environmentFiles").is_none_or(|files| files.as_array().is_some_and(Vec::is_empty)));
}
