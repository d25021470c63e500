//! Batches of events: what is taken, what is left out, what is refused, and that what was acknowledged is there.

use tests::harness::{Backend, Wharf, on_default};

use super::run;

#[tokio::test]
async fn what_is_put_is_read_in_the_order_of_time() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
stream("g", "s")
base = now - 5 * HOUR
put("g", "s", [(base + n * 600_000, f"early {n}") for n in range(20)])
# A batch that comes later with earlier times, and times that are there already.
put("g", "s", [(base + n * 600_000, f"late {n}") for n in range(-5, 10)])
wanted = sorted([(base + n * 600_000, 0, f"early {n}") for n in range(20)] + [(base + n * 600_000, 1, f"late {n}") for n in range(-5, 10)])
wanted = [(at, text) for at, _, text in wanted]
expect(read("g", "s"), wanted)
for limit in [1, 7, 35, 10000]:
    expect(read("g", "s", limit=limit), wanted)
start, end = base, base + 6_000_000
expect(read("g", "s", startTime=start, endTime=end), [pair for pair in wanted if start <= pair[0] < end])
last = logs.get_log_events(logGroupName="g", logStreamName="s", limit=3)
expect([event["message"] for event in last["events"]], [text for _, text in wanted[-3:]])
assert all(abs(event["ingestionTime"] - now) < 60_000 for event in last["events"])
strange = ["\u0000", "ÿ☃𝄞", '{"a": "b\\n"}', " ", "x" * 100_000, "\r\n\t"]
stream("g", "strange")
put("g", "strange", [(now, text) for text in strange])
expect(read("g", "strange"), [(now, text) for text in strange])
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn batches_have_the_limits_that_aws_has() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
stream("g", "s")
bad = lambda events: message("InvalidParameterException", put, group="g", name="s", events=events)
expect(bad([(now, "b"), (now - 1, "a")]), "Log events in a single PutLogEvents request must be in chronological order.")
expect(bad([(now - 25 * HOUR, "a"), (now, "b")]),
    "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
expect(bad([(now, "x" * 1_048_551)]), "Upload too large: 1048577 bytes exceeds limit of 1048576")
assert "10000" in bad([(now, "x")] * 10_001)
expect(read("g", "s"), [])
put("g", "s", [(now, "x" * 1_048_550)])
put("g", "s", [(now, "m")] * 10_000)
expect(len(read("g", "s")), 10_001)

stream("g", "times")
answer = put("g", "times", [(now - 15 * DAY, "old"), (now - 15 * DAY, "old"), (now - HOUR, "kept"), (now, "kept"), (now + 3 * HOUR, "new")])
expect(answer["rejectedLogEventsInfo"], {"tooOldLogEventEndIndex": 2, "tooNewLogEventStartIndex": 4})
expect(read("g", "times"), [(now - HOUR, "kept"), (now, "kept")])
logs.put_retention_policy(logGroupName="g", retentionInDays=1)
answer = put("g", "times", [(now - 2 * DAY, "expired"), (now, "kept too")])
expect(answer["rejectedLogEventsInfo"], {"expiredLogEventEndIndex": 1})
answer = put("g", "times", [(now - 2 * DAY, "expired")])
expect(answer["rejectedLogEventsInfo"], {"expiredLogEventEndIndex": 1})
assert "rejectedLogEventsInfo" not in put("g", "times", [(now + HOUR, "soon")])
expect(len(read("g", "times")), 4)
# Whatever token comes is taken.
put("g", "times", [(now, "with a token")], sequenceToken="whatever")
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn a_batch_that_comes_again_with_its_token_is_stored_once() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
stream("g", "s")
batch = [(now, "a"), (now + 1, "b")]
first = put("g", "s", batch, sequenceToken="container-1:0")
again = put("g", "s", batch, sequenceToken="container-1:0")
expect(first["nextSequenceToken"], again["nextSequenceToken"])
expect(read("g", "s"), batch)
# Another token, or other events, are another batch; and without a token nothing is compared.
put("g", "s", batch, sequenceToken="container-1:2")
put("g", "s", batch[:1], sequenceToken="container-1:2")
put("g", "s", batch)
put("g", "s", batch)
expect(len(read("g", "s")), 2 + 2 + 1 + 2 + 2)
# The last batches are known, also when others came in between.
for number in range(10):
    put("g", "s", [(now, str(number))], sequenceToken=str(number))
count = len(read("g", "s"))
put("g", "s", batch, sequenceToken="container-1:2")
put("g", "s", [(now, "3")], sequenceToken="3")
expect(len(read("g", "s")), count)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn many_writers_of_one_stream_and_of_many_lose_nothing() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
from concurrent.futures import ThreadPoolExecutor
stream("g", "shared", *[f"own-{n}" for n in range(8)])
def write(number):
    own = client("logs")
    for batch in range(15):
        for name in ["shared", f"own-{number}"]:
            events = [{"timestamp": now + batch, "message": f"{number}/{batch}/{n}"} for n in range(3)]
            own.put_log_events(logGroupName="g", logStreamName=name, logEvents=events)
with ThreadPoolExecutor(8) as pool:
    list(pool.map(write, range(8)))
shared = read("g", "shared", limit=37)
wanted = {f"{w}/{b}/{n}" for w in range(8) for b in range(15) for n in range(3)}
expect(len(shared), len(wanted))
expect({text for _, text in shared}, wanted)
assert shared == sorted(shared, key=lambda pair: pair[0])
found = search("g")
expect(len(found), 2 * len(wanted))
expect(len({event["eventId"] for event in found}), 2 * len(wanted))
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_the_end_of_the_process() {
    for backend in [Backend::SqliteDisk, Backend::PostgresDisk] {
        let mut wharf = Wharf::start(backend).await;
        run(
            &wharf.aws(),
            "stream('g', 's')\nfor n in range(20):\n    put('g', 's', [(now + n, f'line {n}')], sequenceToken=f'{n}')",
        );
        wharf.kill();
        wharf.restart().await;
        run(
            &wharf.aws(),
            r#"
expect([text for _, text in read("g", "s")], [f"line {n}" for n in range(20)])
at = read("g", "s")[-1][0]
# A retry after a restart is known too.
put("g", "s", [(at, "line 19")], sequenceToken="19")
expect(len(read("g", "s")), 20)
"#,
        );
    }
}
