//! FilterLogEvents: patterns, streams, times, and following a group as `aws logs tail --follow` does.

use tests::harness::on_default;

use super::run;

#[tokio::test]
async fn patterns_choose_events() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
stream("g", "a", "b", "other")
lines = ["[ERROR 400] BAD REQUEST", "[ERROR 401] UNAUTHORIZED REQUEST", "[ERROR 500] INTERNAL SERVER ERROR", "all is well",
    json.dumps({"level": "error", "code": 503, "user": {"name": "anna"}, "tags": ["x"]}),
    json.dumps({"level": "info", "code": 200, "user": None})]
put("g", "a", [(now + n, line) for n, line in enumerate(lines)])
for pattern, wanted in [
    ("", [0, 1, 2, 3, 4, 5]), ("ERROR", [0, 1, 2]), ("ERROR REQUEST", [0, 1]), ('"BAD REQUEST"', [0]), ("ERROR -REQUEST", [2]),
    ("-ERROR", [3, 4, 5]), ("?400 ?401", [0, 1]), ("error", [4]), ("nothing", []), ('{ $.level = "error" }', [4]),
    ("{ $.code >= 200 && $.code < 500 }", [5]), ('{ $.user.name = "an*" || $.user IS NULL }', [4, 5]),
    ("{ $.tags NOT EXISTS }", [5]), ('{ $.tags[0] = "x" }', [4]), ('{ $.level != "info" }', [4]),
]:
    expect(texts("g", filterPattern=pattern), [lines[n] for n in wanted])
for bad in ['"open', "{ $.a = }", "[ip, user]", "%regex%", "{ $.a"]:
    text = message("InvalidParameterException", logs.filter_log_events, logGroupName="g", filterPattern=bad)
    assert text.startswith("Invalid filter pattern"), text
message("InvalidParameterException", logs.filter_log_events, logGroupName="g", filterPattern="x" * 1025)

put("g", "b", [(now + n, f"b {n}") for n in range(6)])
put("g", "other", [(now, "other")])
expect(texts("g", logStreamNames=["b"]), [f"b {n}" for n in range(6)])
expect(sorted(texts("g", logStreamNamePrefix="o")), ["other"])
expect(texts("g", logStreamNames=["b"], startTime=now + 2, endTime=now + 4), ["b 2", "b 3", "b 4"])
expect(texts("g", logStreamNames=["b"], startFromHead=False), [f"b {n}" for n in range(6)][::-1])
message("InvalidParameterException", logs.filter_log_events, logGroupName="g", logStreamNames=["b"], logStreamNamePrefix="b")
event = search("g", logStreamNames=["other"])[0]
expect((event["logStreamName"], event["timestamp"], len(event["eventId"])), ("other", now, 56))
expect(logs.filter_log_events(logGroupName="g")["searchedLogStreams"], [])
expect(texts("g", interleaved=True, filterPattern="other"), ["other"])
"#,
        );
        let found = wharf.aws().json(&["logs", "filter-log-events", "--log-group-name", "g", "--filter-pattern", "ERROR -REQUEST"]);
        assert_eq!(found["events"].as_array().map(Vec::len), Some(1), "{found}");
        assert_eq!(found["events"][0]["message"], "[ERROR 500] INTERNAL SERVER ERROR");
    })
    .await;
}

/// The loop of version 2 of the CLI: from the last time on, leaving out the events of that time that were seen.
#[tokio::test]
async fn a_group_is_followed_while_it_is_written() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
import threading
stream("g", *[f"task/{n}" for n in range(3)])
written = []
def write():
    own = client("logs")
    for number in range(60):
        text = f"line {number}"
        own.put_log_events(logGroupName="g", logStreamName=f"task/{number % 3}", logEvents=[{"timestamp": int(time.time() * 1000), "message": text}])
        written.append(text)
writer = threading.Thread(target=write)
writer.start()
seen, ids, arguments = [], {}, {"logGroupName": "g", "startTime": now - 600_000, "interleaved": True, "limit": 5}
quiet = 0
while quiet < 3:
    alive = writer.is_alive()
    page = logs.filter_log_events(**arguments)
    fresh = [e for e in page["events"] if e["eventId"] not in ids.setdefault(e["timestamp"], set())]
    for event in fresh:
        ids[event["timestamp"]].add(event["eventId"])
        seen.append(event["message"])
    if "nextToken" in page:
        arguments["nextToken"] = page["nextToken"]
    else:
        arguments.pop("nextToken", None)
        # Two writers in one millisecond are both seen: a little behind the newest is asked for again.
        if ids:
            arguments["startTime"] = max(ids) - 2000
        quiet += 0 if alive or fresh else 1
        time.sleep(0.05)
writer.join()
expect(sorted(seen), sorted(written))
expect(len(seen), 60)
"#,
        );
    })
    .await;
}
