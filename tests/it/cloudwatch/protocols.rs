//! The same service in all of its protocols: JSON, CBOR as the SDKs of Go, Rust and Java speak it, and Query with XML as older
//! clients do.

use http::Method;
use tests::harness::on_default;
use tests::harness::sigv4::{Unsigned, now};

use super::run;

#[tokio::test]
async fn clients_of_all_protocols_do_and_see_the_same() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
new, cloudwatch, cbor = cloudwatch, speaking("query"), speaking("smithy-rpc-v2-cbor")
start = now - 600
for n in range(5):
    put("m", n + 0.25, start + 60 * n, Dimensions=dimensions(Service="größe & <co>"), Unit="Percent")
cloudwatch.put_metric_data(Namespace="Test", MetricData=[{"MetricName": "v", "Values": [1, 2], "Counts": [2, 2], "Timestamp": at(start)}])
cbor.put_metric_data(Namespace="Test", MetricData=[{"MetricName": "w", "Value": 2.5, "Timestamp": at(start)}, {"MetricName": "w", "Timestamp": at(start),
    "StatisticValues": {"SampleCount": 3, "Sum": 6, "Minimum": 1, "Maximum": 3}, "Dimensions": dimensions(Service="größe")}])
def both(operation, **arguments):
    answers = [getattr(api, operation)(**arguments) for api in (cloudwatch, new, cbor)]
    for answer in answers:
        answer.pop("ResponseMetadata")
    old, today, binary = [json.dumps(answer, default=str, sort_keys=True) for answer in answers]
    expect(old, today)
    expect(binary, today)
    return answers[0]
found = both("get_metric_statistics", Namespace="Test", MetricName="m", StartTime=at(start), EndTime=at(now), Period=60,
    Statistics=["Sum", "Maximum"], Dimensions=dimensions(Service="größe & <co>"))
expect(sorted(point["Sum"] for point in found["Datapoints"]), [n + 0.25 for n in range(5)])
expect(statistics("v", start, now, of=("Sum", "SampleCount")), [(start, 6, 4)])
expect(statistics("w", start, now), [(start, 2.5)])
expect(statistics("w", start, now, of=("Sum", "Maximum"), Dimensions=dimensions(Service="größe")), [(start, 6, 3)])
both("list_metrics", Namespace="Test")
found = both("get_metric_data", MetricDataQueries=[query("a", "m", Dimensions=dimensions(Service="größe & <co>")), query("b", "absent")], StartTime=at(start), EndTime=at(now))
expect(found["MetricDataResults"][0]["Values"], [n + 0.25 for n in range(5)][::-1])
# Whoever looks at alarms between two answers must leave it as it is.
cloudwatch.put_metric_alarm(AlarmName="old", Namespace="Test", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1.5,
    ComparisonOperator="LessThanThreshold", TreatMissingData="ignore", OKActions=["arn:a"], Tags=[{"Key": "k", "Value": "v"}])
row = both("describe_alarms")["MetricAlarms"][0]
expect((row["Threshold"], row["OKActions"], row["AlarmActions"]), (1.5, ["arn:a"], []))
both("describe_alarm_history")
both("list_tags_for_resource", ResourceARN=row["AlarmArn"])
# Failures have the same names in all.
for api in (cloudwatch, new, cbor):
    for code, call, arguments in [
        ("ResourceNotFound", api.delete_alarms, {"AlarmNames": ["absent"]}),
        ("InvalidParameterValue", api.put_metric_data, {"Namespace": ":", "MetricData": [{"MetricName": "m", "Value": 1}]}),
        ("InvalidNextToken", api.list_metrics, {"NextToken": "x"}),
        ("InvalidAction", api.list_dashboards, {}),
    ]:
        refused(code, call, **arguments)
    try:
        api.delete_alarms(AlarmNames=["absent"])
    except api.exceptions.ResourceNotFound as error:
        expect(error.response["ResponseMetadata"]["HTTPStatusCode"], 404)
cloudwatch.delete_alarms(AlarmNames=["old"])
expect(new.describe_alarms()["MetricAlarms"], [])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn cbor_is_answered_in_cbor_whatever_is_wrong_with_it() {
    on_default(async |wharf| {
        let aws = wharf.aws();
        let ask = async |path: &str, protocol: &str, body: &[u8], signed: bool| {
            let request = Unsigned {
                method: Method::POST,
                target: path.to_owned(),
                headers: vec![
                    ("content-type".to_owned(), "application/cbor".to_owned()),
                    ("smithy-protocol".to_owned(), protocol.to_owned()),
                ],
                body: body.to_vec(),
                service: "monitoring".to_owned(),
                time: now(0),
            };
            let mut request = request.sign(&aws);
            if !signed {
                request.headers.retain(|(name, _)| name != "authorization");
            }
            let answer = request.send(&aws.endpoint).await;
            let named = (answer.header_opt("content-type"), answer.header_opt("smithy-protocol"));
            assert_eq!(named, (Some("application/cbor"), Some("rpc-v2-cbor")), "{path}");
            (answer.status(), String::from_utf8_lossy(answer.body()).into_owned())
        };
        let at = |operation: &str| format!("/service/GraniteServiceVersion20100801/operation/{operation}");
        let good = "rpc-v2-cbor";
        // {"Namespace": "Raw", "MetricData": [{"MetricName": "m", "Value": 1.5, "Timestamp": 1(…)}]}, lengths unknown.
        let seconds = u32::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
        let datum = [
            &b"\xbf\x6aMetricName\x61m\x65Value\xf9\x3e\x00\x69Timestamp\xc1\x1a"[..],
            &seconds.to_be_bytes(),
            b"\xff",
        ]
        .concat();
        let body = [&b"\xbf\x69Namespace\x63Raw\x6aMetricData\x9f"[..], &datum, b"\xff\xff"].concat();
        assert_eq!(ask(&at("PutMetricData"), good, &body, true).await, (200, "\u{fffd}".to_owned()));
        let (status, text) = ask(&at("ListMetrics"), good, b"\xa1\x69Namespace\x63Raw", true).await;
        assert!(status == 200 && text.contains("MetricName") && text.contains("Raw"), "{text}");
        for (path, protocol, body, signed, code) in [
            (at("PutMetricData"), good, &b"\xa1\x01\x01"[..], true, "SerializationException"),
            (at("PutMetricData"), good, b"", true, "MissingRequiredParameterException"),
            (at("ListMetrics"), good, b"", false, "MissingAuthenticationTokenException"),
            (at("Nothing"), good, b"", true, "UnknownOperationException"),
            (at("ListMetrics"), "awsJson1_0", b"", true, "UnknownOperationException"),
            ("/service/Nothing/operation/ListMetrics".to_owned(), good, b"", true, "UnknownOperationException"),
        ] {
            let (status, text) = ask(&path, protocol, body, signed).await;
            assert!(status == 400 && text.contains(code), "{path} {code}: {status} {text}");
        }
    })
    .await;
}
