//! Streams: made, described in both orders, and deleted.

use tests::harness::on_default;

use super::run;

#[tokio::test]
async fn streams_are_listed_by_name_and_by_time() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
names = [f"web/{n:02}" for n in range(12)] + [f"web2/{n}" for n in range(3)] + ["größe", "quiet"]
stream("g", *names)
times = {}
for index, name in enumerate(names[:15]):
    times[name] = now - (index * 7 % 5) * 1000
    put("g", name, [(times[name] - 10, "first"), (times[name], "last")])
by_name = sorted(names, key=lambda name: name.encode())
by_time = sorted(names, key=lambda name: (times.get(name, 0), name.encode()))
def listed(size, **more):
    pages = logs.get_paginator("describe_log_streams").paginate(logGroupName="g", PaginationConfig={"PageSize": size}, **more)
    return [row["logStreamName"] for page in pages for row in page["logStreams"]]
for size in [1, 4, 16, 17, 50]:
    expect(listed(size), by_name)
    expect(listed(size, descending=True), by_name[::-1])
    expect(listed(size, orderBy="LastEventTime"), by_time)
    expect(listed(size, orderBy="LastEventTime", descending=True), by_time[::-1])
    expect(listed(size, logStreamNamePrefix="web/"), [n for n in by_name if n.startswith("web/")])
    expect(listed(size, logStreamNamePrefix="web/", descending=True), [n for n in by_name if n.startswith("web/")][::-1])
row = logs.describe_log_streams(logGroupName="g", logStreamNamePrefix="web/03")["logStreams"][0]
expect((row["firstEventTimestamp"], row["lastEventTimestamp"]), (times["web/03"] - 10, times["web/03"]))
assert abs(row["lastIngestionTime"] - now) < 60_000 and row["uploadSequenceToken"] and row["storedBytes"] == 0
expect(row["arn"], "arn:aws:logs:us-east-1:000000000000:log-group:g:log-stream:web/03")
quiet = logs.describe_log_streams(logGroupName="g", logStreamNamePrefix="quiet")["logStreams"][0]
assert not {"lastEventTimestamp", "firstEventTimestamp", "uploadSequenceToken"} & quiet.keys(), quiet
same = logs.describe_log_streams(logGroupIdentifier="arn:aws:logs:us-east-1:000000000000:log-group:g:*", logStreamNamePrefix="quiet")
expect(same["logStreams"], [quiet])
text = message("InvalidParameterException", logs.describe_log_streams, logGroupName="g", orderBy="LastEventTime", logStreamNamePrefix="w")
expect(text, "Cannot order by LastEventTime with a logStreamNamePrefix.")
message("InvalidParameterException", logs.describe_log_streams)
message("ValidationException", logs.describe_log_streams, logGroupName="g", logGroupIdentifier="g")
message("InvalidParameterException", logs.describe_log_streams, logGroupName="g", orderBy="Size")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn a_stream_is_deleted_with_its_events() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
stream("g", "a", "b")
expect(message("ResourceAlreadyExistsException", logs.create_log_stream, logGroupName="g", logStreamName="a"),
    "The specified log stream already exists")
put("g", "a", [(now, "one")])
put("g", "b", [(now, "other")])
logs.delete_log_stream(logGroupName="g", logStreamName="a")
for call, arguments in [(logs.delete_log_stream, {}), (logs.get_log_events, {}),
        (logs.put_log_events, {"logEvents": [{"timestamp": now, "message": "m"}]})]:
    expect(message("ResourceNotFoundException", call, logGroupName="g", logStreamName="a", **arguments),
        "The specified log stream does not exist.")
message("ResourceNotFoundException", logs.filter_log_events, logGroupName="g", logStreamNames=["a"])
expect(texts("g"), ["other"])
stream("g", "a")
expect(read("g", "a"), [])
for bad in ["a:b", "a*", "a" * 513]:
    message("InvalidParameterException", logs.create_log_stream, logGroupName="g", logStreamName=bad)
"#,
        );
    })
    .await;
}
