//! Metrics: what is put is found again by name, as statistics over periods, and goes when it is too old.

use tests::harness::{Backend, Wharf, admin::within, on_default};

use super::{query, run};

#[tokio::test]
async fn what_is_put_is_read_as_statistics() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
of = ("SampleCount", "Sum", "Minimum", "Maximum", "Average")
start = now - 1200
for minute, values in enumerate([[1.5], [2, 4], [], [-3, 0.5, 10]]):
    for value in values:
        put("m", value, start + 60 * minute + 7)
expect(statistics("m", start, now, of=of), [(start, 1, 1.5, 1.5, 1.5, 1.5), (start + 60, 2, 6, 2, 4, 3), (start + 180, 3, 7.5, -3, 10, 2.5)])
expect(statistics("m", start, now, 240, of=of), [(start, 6, 15, -3, 10, 2.5)])
# Periods begin where one asks.
expect(statistics("m", start + 60, now, 120, of=("Sum",)), [(start + 60, 6), (start + 180, 7.5)])
expect(statistics("m", start, start + 60), [(start, 1.5)])
# Sets and values with counts are the same as their samples.
cloudwatch.put_metric_data(Namespace="Test", MetricData=[
    {"MetricName": "set", "Timestamp": at(start), "StatisticValues": {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 5}},
    {"MetricName": "set", "Timestamp": at(start), "Values": [2, 7], "Counts": [3, 1]},
    {"MetricName": "set", "Timestamp": at(start), "Value": 1},
])
expect(statistics("set", start, now, of=of), [(start, 9, 24, 1, 7, 24 / 9)])
# Without a time it is now.
cloudwatch.put_metric_data(Namespace="Test", MetricData=[{"MetricName": "present", "Value": 3}])
expect([value for _, value in statistics("present", now - 120, now + 180)], [3])
# Another dimension and another unit are another series.
put("d", 1, Dimensions=dimensions(Service="web"))
put("d", 2, Dimensions=dimensions(Service="web", Task="1"))
put("d", 4, Dimensions=dimensions(Service="api"))
expect(statistics("d", now, now + 60), [])
expect(statistics("d", now, now + 60, Dimensions=dimensions(Service="web")), [(now, 1)])
expect(statistics("d", now, now + 60, Dimensions=dimensions(Task="1", Service="web")), [(now, 2)])
put("u", 1, Unit="Seconds")
put("u", 2, Unit="Percent")
expect(statistics("u", now, now + 60, Unit="Percent"), [(now, 2)])
both = cloudwatch.get_metric_statistics(Namespace="Test", MetricName="u", StartTime=at(now), EndTime=at(now + 60), Period=60, Statistics=["Sum"])
expect(sorted((point["Unit"], point["Sum"]) for point in both["Datapoints"]), [("Percent", 2), ("Seconds", 1)])
expect(both["Label"], "u")
# What is large comes packed.
cloudwatch.put_metric_data(Namespace="Large", MetricData=[
    {"MetricName": f"metric-{n % 10}", "Value": n, "Timestamp": at(now), "Dimensions": dimensions(Name="x" * 200)} for n in range(1000)])
expect(statistics("metric-3", now, now + 60, namespace="Large", of=("SampleCount",), Dimensions=dimensions(Name="x" * 200)), [(now, 100)])
"#,
        );
        let aws = wharf.aws();
        aws.json(&["cloudwatch", "put-metric-data", "--namespace", "Cli", "--metric-name", "m", "--value", "2.5", "--unit", "Count"]);
        let listed = aws.json(&["cloudwatch", "list-metrics", "--namespace", "Cli"]);
        assert_eq!(listed["Metrics"][0]["MetricName"], "m", "{listed}");
    })
    .await;
}

#[tokio::test]
async fn data_of_several_metrics_comes_in_pages() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
start = now - 3600
for n in range(30):
    put("a", n, start + 60 * n)
    put("b", 10 * n, start + 60 * n)
queries = [query("first", "a"), query("none", "absent"), query("second", "b", "Maximum", 300), {**query("hidden", "a"), "ReturnData": False}]
def read(**more):
    found = {}
    for page in cloudwatch.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, StartTime=at(start), EndTime=at(now), **more):
        for result in page["MetricDataResults"]:
            known = found.setdefault(result["Id"], [])
            known += [(int(time.timestamp()), value) for time, value in zip(result["Timestamps"], result["Values"])]
            assert result["StatusCode"] in ("Complete", "PartialData")
    return found
a = [(start + 60 * n, float(n)) for n in range(30)]
whole = {}
for n in range(30):
    begin = (start + 60 * n) // 300 * 300
    whole[begin] = max(whole.get(begin, 0), 10.0 * n)
b = sorted(whole.items())
for most in [{}, {"MaxDatapoints": 1}, {"MaxDatapoints": 7}, {"MaxDatapoints": 30}, {"MaxDatapoints": 31}]:
    expect(read(ScanBy="TimestampAscending", **most), {"first": a, "none": [], "second": b})
    expect(read(**most), {"first": a[::-1], "none": [], "second": b[::-1]})
page = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=at(start), EndTime=at(now), MaxDatapoints=5)
expect(page["MetricDataResults"][0]["StatusCode"], "PartialData")
expect(page["MetricDataResults"][0]["Label"], "a Sum 60")
def labels(*kinds):
    queries = [dict(Id=f"q{n}", MetricStat=dict(Metric=dict(Namespace="n", MetricName="a"), Period=period, Stat=stat))
        for n, (stat, period) in enumerate(kinds)]
    answer = cloudwatch.get_metric_data(MetricDataQueries=queries, StartTime=at(now - 600), EndTime=at(now))
    return [result["Label"] for result in answer["MetricDataResults"]]
expect(labels(("Sum", 60), ("Sum", 60)), ["a", "a"])
expect(labels(("Sum", 60), ("Minimum", 60)), ["a Sum", "a Minimum"])
expect(labels(("Sum", 60), ("Sum", 120)), ["a 60", "a 120"])
expect(labels(("Sum", 60), ("Minimum", 120)), ["a Sum 60", "a Minimum 120"])
text = message("InvalidNextToken", cloudwatch.get_metric_data, MetricDataQueries=queries[:1], StartTime=at(start), EndTime=at(now), NextToken=page["NextToken"])
bad = lambda code, queries, **more: message(code, cloudwatch.get_metric_data, MetricDataQueries=queries,
    **{"StartTime": at(start), "EndTime": at(now), **more})
assert "metric math is not supported" in bad("ValidationError", [{"Id": "e", "Expression": "a * 2"}])
bad("ValidationError", [query("a", "a"), query("a", "b")])
bad("ValidationError", [query("Upper", "a")])
bad("ValidationError", [query("a", "a", "p99")])
bad("InvalidParameterValue", [query("a", "a", period=10)])
bad("ValidationError", [query("a", "a")], EndTime=at(start))
bad("ValidationError", [])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_read_for_one_page_is_bounded_though_it_makes_few_datapoints() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
day = 86400
# An hour before it would be too long ago: what is older than two weeks is refused, and a day may end before it comes.
start = (now - 13 * day + 3600) // day * day
minutes = 19_000
for batch in range(0, minutes, 1000):
    cloudwatch.put_metric_data(Namespace="Test", MetricData=[
        {"MetricName": "long", "Value": 1, "Timestamp": at(start + 60 * n)} for n in range(batch, min(minutes, batch + 1000)) if start + 60 * n < now])
queries = [query(f"q{n}", "long", period=day) for n in range(40)]
whole = [(start + n * day, float(max(0, min(1440, (now - start) // 60 - 1440 * n, minutes - 1440 * n)))) for n in range(15)]
pages = list(cloudwatch.get_paginator("get_metric_data").paginate(
    MetricDataQueries=queries, StartTime=at(start), EndTime=at(now), ScanBy="TimestampAscending"))
assert len(pages) > 1, "all came at once"
results = [result for page in pages for result in page["MetricDataResults"]]
expect([result["Id"] for result in results], [one["Id"] for one in queries])
for result in results:
    found = [(int(time.timestamp()), value) for time, value in zip(result["Timestamps"], result["Values"])]
    expect(found, [one for one in whole if one[1] > 0])
    expect(result["StatusCode"], "Complete")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn metrics_are_listed_by_name_and_dimension() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
for n in range(260):
    cloudwatch.put_metric_data(Namespace="Many" if n % 2 else "More", MetricData=[
        {"MetricName": f"m{index}", "Value": 1, "Unit": unit, "Dimensions": dimensions(Number=str(n), Kind=f"k{n % 3}")}
        for index in range(3) for unit in (["Count", "None"] if index == 0 else ["None"])])
def listed(**more):
    pages = cloudwatch.get_paginator("list_metrics").paginate(**more)
    return [(row["Namespace"], row["MetricName"], tuple(sorted((d["Name"], d["Value"]) for d in row["Dimensions"]))) for page in pages for row in page["Metrics"]]
wanted = sorted(("Many" if n % 2 else "More", f"m{index}", (("Kind", f"k{n % 3}"), ("Number", str(n)))) for n in range(260) for index in range(3))
first = cloudwatch.list_metrics()
expect(len(first["Metrics"]), 500)
expect(sorted(listed()), wanted)
expect(sorted(listed(Namespace="Many")), [one for one in wanted if one[0] == "Many"])
expect(sorted(listed(Namespace="More", MetricName="m1")), [one for one in wanted if one[:2] == ("More", "m1")])
expect(sorted(listed(MetricName="m2")), [one for one in wanted if one[1] == "m2"])
expect(sorted(listed(Dimensions=[{"Name": "Kind", "Value": "k1"}])), [one for one in wanted if one[2][0][1] == "k1"])
expect(len(listed(Dimensions=[{"Name": "Kind"}])), len(wanted))
expect(listed(Dimensions=[{"Name": "Absent"}]), [])
expect(len(listed(RecentlyActive="PT3H")), len(wanted))
message("InvalidNextToken", cloudwatch.list_metrics, NextToken=first["NextToken"], Namespace="Many")
message("InvalidNextToken", cloudwatch.list_metrics, NextToken="x")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_no_measurement_is_refused_and_changes_nothing() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
good = {"MetricName": "good", "Value": 1}
def bad(code, namespace="Test", **datum):
    return message(code, cloudwatch.put_metric_data, Namespace=namespace, MetricData=[good, {"MetricName": "m", **datum}])
expect(bad("InvalidParameterValue", Value=1, Timestamp=at(now - 15 * 86400)),
    "The parameter MetricData.member.2.Timestamp must specify a time no more than two weeks in the past.")
expect(bad("InvalidParameterValue", Value=1, Timestamp=at(now + 3 * 3600)),
    "The parameter MetricData.member.2.Timestamp must specify a time no more than two hours in the future.")
bad("MissingParameter")
bad("InvalidParameterCombination", Value=1, Values=[1])
bad("InvalidParameterValue", Values=[1, 2], Counts=[1])
bad("InvalidParameterValue", Values=[1], Counts=[0])
bad("InvalidParameterValue", Value=1e200)
bad("InvalidParameterValue", Value=1, Unit="Furlongs")
bad("InvalidParameterValue", Value=1, Dimensions=dimensions(A="1") * 2)
bad("InvalidParameterValue", Value=1, Dimensions=[{"Name": f"n{n}", "Value": "v"} for n in range(31)])
bad("InvalidParameterValue", StatisticValues={"SampleCount": 0, "Sum": 0, "Minimum": 0, "Maximum": 0})
bad("InvalidParameterValue", namespace=":x", Value=1)
message("MissingParameter", cloudwatch.put_metric_data, Namespace="Test", MetricData=[])
message("InvalidParameterValue", cloudwatch.put_metric_data, Namespace="Test", MetricData=[good] * 1001)
expect(cloudwatch.list_metrics()["Metrics"], [])
stats = lambda **more: {"Namespace": "Test", "MetricName": "m", "StartTime": at(now - 600), "EndTime": at(now), "Period": 60, "Statistics": ["Sum"], **more}
text = message("InvalidParameterCombination", cloudwatch.get_metric_statistics, **stats(StartTime=at(now - 86460)))
assert text.startswith("You have requested up to 1441 datapoints, which exceeds the limit of 1440."), text
message("ValidationError", cloudwatch.get_metric_statistics, **stats(StartTime=at(now)))
message("ValidationError", cloudwatch.get_metric_statistics, **stats(Statistics=["Median"]))
message("ValidationError", cloudwatch.get_metric_statistics, **stats(ExtendedStatistics=["p99"]))
message("InvalidParameterValue", cloudwatch.get_metric_statistics, **stats(Period=61))
for call, arguments in [(cloudwatch.put_dashboard, {"DashboardName": "d", "DashboardBody": "{}"}), (cloudwatch.list_metric_streams, {})]:
    refused("InvalidAction", call, **arguments)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn points_that_are_too_old_go_and_so_do_metrics_without_points() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    run(
        &wharf.aws(),
        r#"
for days in [0, 5, 13]:
    put("kept", 1, now - days * 86400)
put("gone", 1, now - 13 * 86400)
"#,
    );
    let day = 86_400_000_000_i64;
    query(&wharf, &format!("update metric_points set minute_at = minute_at - {}", 4 * day));
    query(&wharf, &format!("update metric_series set seen_at = seen_at - {} where name = 'gone'", 17 * day));
    query(&wharf, "update jobs set due_at = 0 where kind = 'expire metrics'");
    within(60, "old points go", async || query(&wharf, "select count(*) from metric_points") == "2").await;
    within(60, "the metric goes", async || query(&wharf, "select count(*) from metric_series") == "1").await;
}
