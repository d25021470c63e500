//! What a server has used and done so far: CPU, statements, looks at services.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::harness::Wharf;
use tests::harness::aws::Aws;
use tests::harness::ecs_agent::call;

/// A server at one moment.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    at: Instant,
    cpu: Duration,
    statements: u64,
    /// Services that were looked at.
    pub(crate) looks: u64,
}

impl Moment {
    pub(crate) async fn now(wharf: &Wharf) -> Self {
        let page = wharf.anonymous().get("/metrics").send().await;
        let page = String::from_utf8_lossy(page.body()).into_owned();
        let figure = |name: &str| {
            let line = page.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|value| value.trim().parse::<f64>().ok()).unwrap_or_default() as u64
        };
        Self {
            at: Instant::now(),
            cpu: cpu(wharf.pid()),
            statements: figure("wharf_database_statements_total "),
            looks: figure("wharf_jobs_ended_total{kind=\"reconcile services\"} "),
        }
    }

    /// What happened since then, as a row of the table.
    pub(crate) fn report(&self, measure: &str, wharf: &Wharf, until: &Self) {
        let (wall, cpu) = (until.at - self.at, until.cpu - self.cpu);
        println!(
            "| {measure} | {:?} | {:.2} s | {:.2} s ({:.0} %) | {} |",
            wharf.backend(),
            wall.as_secs_f64(),
            cpu.as_secs_f64(),
            cpu.as_secs_f64() / wall.as_secs_f64() * 100.0,
            until.statements - self.statements
        );
    }
}

/// Time that a process has spent on the processors.
fn cpu(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the server runs");
    let (_, rest) = stat.rsplit_once(") ").expect("the name is in parentheses");
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().expect("a number")).sum();
    // A tick is a hundredth of a second on every Linux that this runs on.
    Duration::from_millis(ticks * 10)
}

/// How many tasks of the cluster run.
pub(crate) async fn running(aws: &Aws) -> u64 {
    cluster(aws).await["runningTasksCount"].as_u64().expect("a number")
}

/// The cluster, as it is described.
pub(crate) async fn cluster(aws: &Aws) -> Value {
    call(aws, "DescribeClusters", &json!({ "include": ["STATISTICS"] })).await["clusters"][0].clone()
}

/// Waits until so many tasks run.
pub(crate) async fn until_running(aws: &Aws, wanted: u64) {
    let begin = Instant::now();
    while running(aws).await != wanted {
        assert!(begin.elapsed() < Duration::from_secs(1800), "{}", cluster(aws).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until nobody looked at a service for a while. When that began.
pub(crate) async fn until_quiet(wharf: &Wharf) -> Moment {
    let mut last = Moment::now(wharf).await;
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = Moment::now(wharf).await;
        if now.looks != last.looks {
            last = now;
        }
        if now.at - last.at > Duration::from_secs(3) {
            return last;
        }
    }
}
