//! What is done by itself: events that are too old go, and so does what was deleted.

use tests::harness::{Backend, Wharf, admin::within};

use super::{query, run};

#[tokio::test]
async fn chunks_that_are_too_old_are_dropped_and_others_are_kept() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    run(
        &wharf.aws(),
        r#"
for group in ["short", "long", "ever"]:
    stream(group, "s")
    for days in [5, 2, 0]:
        put(group, "s", [(now - days * DAY, f"{days} days")])
logs.put_retention_policy(logGroupName="short", retentionInDays=1)
logs.put_retention_policy(logGroupName="long", retentionInDays=3)
"#,
    );
    query(&wharf, "update jobs set due_at = 0 where kind = 'expire log events'");
    within(60, "old chunks go", async || query(&wharf, "select count(*) from log_chunks") == "6").await;
    run(
        &wharf.aws(),
        r#"
for group, wanted in [("short", [0]), ("long", [2, 0]), ("ever", [5, 2, 0])]:
    expect([text for _, text in read(group, "s")], [f"{days} days" for days in wanted])
"#,
    );
}

#[tokio::test]
async fn what_was_deleted_leaves_no_row() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    run(
        &wharf.aws(),
        r#"
stream("gone", "a", "b")
stream("stays", "gone", "stays")
for n in range(30):
    put("gone", "a", [(now - n * HOUR, "m")])
    put("stays", "gone", [(now - n * HOUR, "m")])
put("stays", "stays", [(now, "m")])
logs.delete_log_group(logGroupName="gone")
logs.delete_log_stream(logGroupName="stays", logStreamName="gone")
expect(texts("stays"), ["m"])
"#,
    );
    query(&wharf, "update jobs set due_at = 0 where kind = 'remove deleted logs'");
    within(60, "rows go", async || {
        let count = |table: &str| query(&wharf, &format!("select count(*) from {table}"));
        (count("log_groups"), count("log_streams"), count("log_chunks"))
            == ("1".to_owned(), "1".to_owned(), "1".to_owned())
    })
    .await;
    run(&wharf.aws(), "expect(texts('stays'), ['m'])");
}
