//! Conditions on the tags of what a call is about, of all services that keep tags in the database.

use serde_json::json;
use tests::harness::on_default;

#[tokio::test]
async fn policies_ask_for_the_tags_of_what_is_there() {
    on_default(async |wharf| {
        let found = wharf.aws().boto3(
            r#"
sm, ssm, logs, cw, elb = (client(name) for name in ("secretsmanager", "ssm", "logs", "cloudwatch", "elbv2"))
found = {}
for team in ("red", "blue"):
    tags = [{"Key": "team", "Value": team}]
    sm.create_secret(Name=team, SecretString="x", Tags=tags)
    ssm.put_parameter(Name="/app/" + team, Value="x", Type="String", Tags=tags)
    ssm.put_parameter(Name=team, Value="x", Type="String", Tags=tags)
    logs.create_log_group(logGroupName=team, tags={"team": team})
    logs.create_log_stream(logGroupName=team, logStreamName="s")
    cw.put_metric_alarm(AlarmName=team, Namespace="N", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1,
                        Threshold=1.0, ComparisonOperator="GreaterThanThreshold", Tags=tags)
    made = elb.create_target_group(Name=team, Protocol="HTTP", Port=80, TargetType="ip", Tags=tags)
    found[team] = made["TargetGroups"][0]["TargetGroupArn"]
print(json.dumps(found))
"#,
        );
        let call = r#"
sm, ssm, logs, cw, elb = (client(name) for name in ("secretsmanager", "ssm", "logs", "cloudwatch", "elbv2"))
def calls(team):
    return [
        (sm.get_secret_value, {"SecretId": team}),
        (sm.put_secret_value, {"SecretId": team, "SecretString": "y"}),
        (ssm.get_parameter, {"Name": "/app/" + team}),
        (ssm.get_parameter, {"Name": team}),
        (logs.create_log_stream, {"logGroupName": team, "logStreamName": who}),
        (logs.get_log_events, {"logGroupName": team, "logStreamName": "s"}),
        (cw.disable_alarm_actions, {"AlarmNames": [team]}),
        (elb.register_targets, {"TargetGroupArn": found[team], "Targets": [{"Id": "10.0.0.1"}]}),
    ]
def is_refused(call, arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), error
        return True
    return False
print(json.dumps({team: [is_refused(*one) for one in calls(team)] for team in ("red", "blue")}))
"#;
        let statement = |effect: &str, condition: Option<serde_json::Value>| {
            let mut statement = json!({ "Effect": effect, "Action": "*", "Resource": "*" });
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        };
        let of = |team: &str| Some(json!({ "StringEquals": { "aws:ResourceTag/team": team } }));
        let only = json!([statement("Allow", of("red"))]);
        let all_but = json!([statement("Allow", None), statement("Deny", of("blue"))]);
        let own_key = json!([
            { "Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*",
              "Condition": { "StringEquals": { "secretsmanager:ResourceTag/team": "red" } } },
            { "Effect": "Allow", "Action": "ssm:*", "Resource": "*",
              "Condition": { "StringEquals": { "ssm:resourceTag/team": "red" } } },
            { "Effect": "Allow", "Action": ["logs:*", "cloudwatch:*"], "Resource": "*",
              "Condition": { "StringEquals": { "aws:ResourceTag/team": "red" } } },
            { "Effect": "Allow", "Action": "elasticloadbalancing:*", "Resource": "*",
              "Condition": { "StringEquals": { "elasticloadbalancing:ResourceTag/team": "red" } } },
        ]);
        for (name, statements) in [("only", only), ("all-but", all_but), ("own-key", own_key)] {
            let policy = json!({ "Version": "2012-10-17", "Statement": statements });
            let user = wharf.known_user(name, &policy).await;
            let refused =
                wharf.aws().as_user(&user).boto3(&format!("found, who = json.loads('{found}'), '{name}'\n{call}"));
            assert_eq!(refused, json!({ "red": vec![false; 8], "blue": vec![true; 8] }), "{name}");
        }
    })
    .await;
}
