//! Tokens: each event once and in order, forwards and backwards, whatever the sizes of pages and batches, also while chunks
//! are put together.

use tests::harness::{Backend, Wharf, admin::within, on_default};

use super::{query, run};

const FILL: &str = r#"
# Another one each time; the output of a failed script names it.
seed = random.randrange(1 << 30)
print("seed", seed, file=sys.stderr)
random.seed(seed)
stream("g", *[f"s{n}" for n in range(5)])
wanted = {}
for name in ["s0", "s1", "s2", "s3"]:
    count = {"s0": 60, "s1": 25, "s2": 1, "s3": 0}[name]
    for batch in range(count):
        begin = now - random.randrange(1, 5 * HOUR)
        times = sorted(begin + random.choice([0, 1, 5, 1000, HOUR // 2]) for _ in range(random.randrange(1, 12)))
        events = [(at, f"{name} {batch} {n} " + "x" * random.randrange(60)) for n, at in enumerate(times)]
        put("g", name, events)
        wanted.setdefault(name, []).extend((at, batch, n, text) for n, (at, text) in enumerate(events))
for name in wanted:
    wanted[name] = [(at, text) for at, _, _, text in sorted(wanted[name])]
"#;

const CHECK: &str = r#"
def get(name, **more):
    return logs.get_log_events(logGroupName="g", logStreamName=name, **more)
pairs = lambda page: [(event["timestamp"], event["message"]) for event in page["events"]]
for name, events in wanted.items():
    for limit in [1, 3, 50, 10000] if len(events) < 200 else [17, 100, 10000]:
        expect(read("g", name, limit=limit), events)
        # Backwards, from the end.
        found, page = [], get(name, limit=limit)
        while True:
            found = pairs(page) + found
            token = page["nextBackwardToken"]
            page = get(name, limit=limit, nextToken=token)
            if page["nextBackwardToken"] == token:
                expect(page["events"], [])
                break
        expect(found, events)
        # From the beginning, where the backward walk ended, forwards again.
        page = get(name, limit=limit, nextToken=page["nextForwardToken"])
        expect(pairs(page), events[:limit])
    # There and back again from the middle gives the same page.
    middle = get(name, limit=10, startFromHead=True)
    second = get(name, limit=10, nextToken=middle["nextForwardToken"])
    if second["events"]:
        back = get(name, limit=10, nextToken=second["nextBackwardToken"])
        expect(pairs(back), pairs(middle)[-10:])

everything = sorted(pair for events in wanted.values() for pair in events)
for size in [7, 100, 10000]:
    for more in [{}, {"startFromHead": False}, {"logStreamNames": ["s0", "s1", "s2", "s3"]}, {"logStreamNamePrefix": "s"}]:
        found = search("g", PaginationConfig={"PageSize": size}, **more)
        times = [event["timestamp"] for event in found]
        expect(times, sorted(times, reverse=more.get("startFromHead") is False))
        expect(sorted((event["timestamp"], event["message"]) for event in found), everything)
        expect(len({event["eventId"] for event in found}), len(everything))
    one = search("g", logStreamNames=["s1"], PaginationConfig={"PageSize": size})
    expect([(event["timestamp"], event["message"]) for event in one], wanted["s1"])
    expect([event["message"] for event in search("g", logStreamNamePrefix="s1", PaginationConfig={"PageSize": size})],
        [text for _, text in wanted["s1"]])
    start, end = now - 3 * HOUR, now - HOUR
    some = search("g", startTime=start, endTime=end, PaginationConfig={"PageSize": size})
    expect(sorted((e["timestamp"], e["message"]) for e in some), [pair for pair in everything if start <= pair[0] <= end])
ids = {event["message"]: event["eventId"] for event in search("g")}
"#;

#[tokio::test]
async fn each_event_comes_once_and_in_order() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            &format!(
                "{FILL}\n{CHECK}\n{}",
                r#"
empty = get("s4")
expect(empty["events"], [])
again = get("s4", nextToken=empty["nextForwardToken"])
expect(again["nextForwardToken"], empty["nextForwardToken"])
put("g", "s4", [(now, "new")])
expect(pairs(get("s4", nextToken=again["nextForwardToken"])), [(now, "new")])
for bad in ["f/", "f/12/s", "x", empty["nextForwardToken"][1:], "f/" + "9" * 40 + "/s"]:
    expect(message("InvalidParameterException", get, name="s4", nextToken=bad), "The specified nextToken is invalid.")
token = logs.filter_log_events(logGroupName="g", limit=1)["nextToken"]
for more in [{"filterPattern": "x"}, {"startTime": 1}, {"logStreamNames": ["s0"]}, {"logStreamNamePrefix": "s"}]:
    message("InvalidParameterException", logs.filter_log_events, logGroupName="g", nextToken=token, **more)
for limit in [0, 10001]:
    try:
        message("InvalidParameterException", get, name="s0", limit=limit)
    except botocore.exceptions.ParamValidationError:
        pass
"#
            ),
        );
    })
    .await;
}

#[tokio::test]
async fn a_page_holds_a_mebibyte_however_much_lies_over_one_time() {
    on_default(async |wharf| {
        run(
            &wharf.aws(),
            r#"
names = [f"s{n:02}" for n in range(25)]
stream("g", *names)
for index, name in enumerate(names):
    put("g", name, [(now - 1000 + 40 * n + index, f"{name} {n} " + "x" * 20_000) for n in range(20)])
wanted = sorted((now - 1000 + 40 * n + index, f"{name} {n} " + "x" * 20_000) for index, name in enumerate(names) for n in range(20))
for more in [{}, {"startFromHead": False}, {"logStreamNames": names}]:
    pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName="g", **more))
    sizes = [sum(len(event["message"]) + 26 for event in page["events"]) for page in pages]
    assert max(sizes) <= 1_048_576 and len(pages) >= 10, sizes
    assert all(size > 1_000_000 for size in sizes[:-1]), sizes
    found = [(event["timestamp"], event["message"]) for page in pages for event in page["events"]]
    expect(found == (wanted[::-1] if more.get("startFromHead") is False else wanted), True)
"#,
        );
    })
    .await;
}

#[tokio::test]
async fn pages_are_the_same_before_and_after_chunks_are_put_together() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    let known = run(
        &wharf.aws(),
        &format!(
            "{FILL}\n{CHECK}\nsearch_token = logs.filter_log_events(logGroupName='g', limit=40)['nextToken']\n\
             print(json.dumps([wanted, ids, search_token, now]))"
        ),
    );
    let before: usize = query(&wharf, "select count(*) from log_chunks").parse().expect("a number");
    query(&wharf, "update log_chunks set created_at = 0 where level = 0");
    query(&wharf, "update jobs set due_at = 0 where kind = 'put log chunks together'");
    within(60, "chunks are put together", async || {
        query(&wharf, "select count(*) from log_chunks where level = 0") == "0"
    })
    .await;
    let after: usize = query(&wharf, "select count(*) from log_chunks").parse().expect("a number");
    assert!(after * 4 < before, "{before} chunks became {after}");
    let known = serde_json::to_string(&known.to_string()).expect("text is JSON");
    run(
        &wharf.aws(),
        &format!(
            "wanted, before, search_token, now = json.loads({known})\n\
             wanted = {{name: [tuple(pair) for pair in events] for name, events in wanted.items()}}\n{CHECK}\n\
             expect(ids, before)\n\
             rest = logs.filter_log_events(logGroupName='g', nextToken=search_token)\n\
             expect([event['eventId'] for event in rest['events']], [event['eventId'] for event in search('g')][40:])\n\
             put('g', 's0', [(now, 'one more')])\n\
             expect(len(read('g', 's0')), len(wanted['s0']) + 1)"
        ),
    );
    let stored = query(&wharf, "select stored_bytes from log_groups");
    assert_eq!(stored, query(&wharf, "select sum(raw_bytes) from log_chunks where level = 1"));
}

#[tokio::test]
async fn readers_see_everything_while_chunks_are_put_together() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    run(
        &wharf.aws(),
        "stream('g', 's')\nfor batch in range(150):\n    put('g', 's', [(now + batch * 10 + n, f'{batch} {n}') for n in range(10)])",
    );
    // In this order: a job that is done in between is not due again for a while.
    query(&wharf, "update log_chunks set created_at = 0");
    query(&wharf, "update jobs set due_at = 0 where kind = 'put log chunks together'");
    let found = run(
        &wharf.aws(),
        r#"
wanted = [f"{batch} {n}" for batch in range(150) for n in range(10)]
end, rounds = time.time() + 20, 0
while time.time() < end:
    expect([text for _, text in read("g", "s", limit=211)], wanted)
    expect(texts("g", PaginationConfig={"PageSize": 333}), wanted)
    rounds += 1
print(rounds)
"#,
    );
    assert!(found.as_u64() > Some(1), "{found}");
    within(60, "chunks are put together", async || {
        query(&wharf, "select count(*) from log_chunks where level = 0") == "0"
    })
    .await;
}

#[tokio::test]
async fn a_page_that_took_too_much_to_find_anything_says_where_to_go_on() {
    let wharf = Wharf::with(Backend::SqliteDisk).start().await;
    run(
        &wharf.aws(),
        r#"
stream("g", "s")
minute = lambda number: (now - 2 * HOUR) // HOUR * HOUR + number * 60_000
# More than a call reads, on both sides of the one that is wanted.
for number in range(72):
    put("g", "s", [(minute(0), "x" * 1_040_000), (minute(50), f"end {number}")])
put("g", "s", [(minute(35), "wanted")])
between = {"logGroupName": "g", "logStreamName": "s", "startTime": minute(20), "endTime": minute(45)}
for head, side, other in [(True, "nextForwardToken", "nextBackwardToken"), (False, "nextBackwardToken", "nextForwardToken")]:
    found, token, pages = [], None, []
    while True:
        page = logs.get_log_events(startFromHead=head, **between, **({"nextToken": token} if token else {}))
        found += [event["message"] for event in page["events"]]
        pages.append(page)
        if page[side] == token:
            break
        token = page[side]
    expect(found, ["wanted"])
    # What was passed over is behind the other token.
    back = logs.get_log_events(nextToken=pages[-1][other], **between)
    expect([event["message"] for event in back["events"]], ["wanted"])
"#,
    );
}
