//! The table of jobs as an operator sees it, and processes that die.

use std::sync::Arc;

use tests::harness::backing::Backing;
use tests::harness::{Backend, Wharf, on_default};

use super::must;

#[tokio::test]
async fn jobs_are_listed_and_counted() {
    on_default(async |wharf| {
        tests::harness::admin::within(30, "the jobs have run", async || {
            let listed = must(wharf, &["jobs"]);
            listed.lines().any(|line| line.starts_with("collect garbage") && line.contains("waiting"))
        })
        .await;
        let listed = must(wharf, &["jobs"]);
        for kind in ["discard events", "discard leftovers", "expire uploads", "remove deleted repositories"] {
            assert!(listed.contains(kind), "{listed}");
        }
        tests::harness::admin::within(30, "the jobs are counted", async || {
            let page = wharf.anonymous().get("/metrics").send().await.expect(200);
            let page = String::from_utf8_lossy(page.body()).into_owned();
            ["wharf_jobs_due", "wharf_jobs_oldest_due_age_seconds", "wharf_jobs_failing"]
                .iter()
                .all(|name| page.contains(&format!("{name}{{kind=\"collect garbage\"}}")))
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_job_whose_process_was_killed_is_done_by_another() {
    let backing = Arc::new(Backing::create(Backend::PostgresDisk));
    let mut first = Wharf::sharing(Arc::clone(&backing)).start().await;
    first.kill();
    // As if it had been in the middle of everything.
    let database = backing.database();
    database.query(
        "update jobs set lease_owner = 'dead', lease_until = (extract(epoch from now()) + 3) * 1000000,
             due_at = (extract(epoch from now()) + 3) * 1000000, last_run_at = null",
    );
    let _second = Wharf::sharing(Arc::clone(&backing)).start().await;
    tests::harness::admin::within(120, "all jobs have run", async || {
        database.query("select count(*) from jobs where last_run_at is null").trim() == "0"
    })
    .await;
}

#[tokio::test]
async fn a_job_that_fails_says_why_and_is_tried_again() {
    let wharf = Wharf::start(Backend::PostgresDisk).await;
    let database = wharf.backing().database();
    database.query("alter table removals rename to hidden");
    tests::harness::admin::within(120, "the failure is told", async || {
        // Again and again: a run that was under way says anew when the next one is due.
        database.query("update jobs set due_at = 0 where kind = 'collect garbage'");
        let listed = must(&wharf, &["jobs"]);
        listed.lines().any(|line| line.starts_with("collect garbage") && line.contains("failing"))
    })
    .await;
    database.query("alter table hidden rename to removals");
    tests::harness::admin::within(120, "it succeeds", async || {
        database.query("select attempts from jobs where kind = 'collect garbage'").trim() == "0"
    })
    .await;
}
