//! `/metrics`: what Prometheus finds.

use tests::harness::{Wharf, digest, on_all, on_default, random};

async fn scrape(wharf: &Wharf) -> String {
    let answer = wharf.anonymous().get("/metrics").send().await.expect(200);
    let kind = answer.header("content-type").to_owned();
    assert!(kind.starts_with("text/plain") || kind.starts_with("application/openmetrics-text"), "{kind}");
    String::from_utf8(answer.body().to_vec()).expect("metrics are text")
}

/// The sum of all samples whose name contains the one and whose labels contain all of the other texts.
fn sum(metrics: &str, name: &str, labels: &[&str]) -> f64 {
    metrics
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter(|line| line.split(['{', ' ']).next().is_some_and(|own| own.contains(name)))
        .filter(|line| labels.iter().all(|label| line.contains(label)))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

#[tokio::test]
async fn requests_are_counted_by_route_method_and_status() {
    on_default(async |wharf| {
        let repository = wharf.repository();
        let image = repository.push_small("one").await;
        for _ in 0..5 {
            repository.manifest("one").await.expect(200);
            repository.manifest("absent").await.expect(404);
        }
        let metrics = scrape(wharf).await;
        let counted = |labels: &[&str]| sum(&metrics, "requests_total", labels);
        assert!(counted(&["method=\"GET\"", "status=\"200\""]) >= 5.0, "{metrics}");
        assert!(counted(&["method=\"GET\"", "status=\"404\""]) >= 5.0, "{metrics}");
        assert!(counted(&["method=\"PUT\"", "status=\"201\""]) >= 3.0, "{metrics}");
        assert!(sum(&metrics, "duration_seconds_bucket", &["le=\"+Inf\""]) >= 10.0, "{metrics}");
        // Labels come from a fixed list: names and digests would fill the memory of the server and of Prometheus.
        for unbounded in [repository.name(), &image.digest, &image.blobs[0].0] {
            assert!(!metrics.contains(unbounded), "{unbounded} is a label");
        }
    })
    .await;
}

#[tokio::test]
async fn what_the_issue_asks_for_is_there() {
    on_all(async |wharf| {
        let repository = wharf.repository();
        let bytes = random(100_000);
        let digest_of = repository.push_blob(&bytes).await;
        repository.blob(&digest_of).await.expect(200);
        let metrics = scrape(wharf).await;
        for part in [
            "requests_total",
            "duration_seconds",
            "uploads",
            "database",
            "blobs_operations",
            "process_resident_memory_bytes",
        ] {
            let found = metrics.lines().any(|line| !line.starts_with('#') && line.contains(part));
            assert!(found, "no sample named {part}: {metrics}");
        }
        let grown: Vec<&str> = metrics
            .lines()
            .filter(|line| !line.starts_with('#') && line.contains("bytes"))
            .filter(|line| {
                line.rsplit(' ')
                    .next()
                    .and_then(|value| value.parse::<f64>().ok())
                    .is_some_and(|value| value >= 100_000.0)
            })
            .collect();
        assert!(grown.len() >= 2, "bytes in and bytes out: {grown:?}");
        assert!(digest(&bytes) == digest_of);
    })
    .await;
}

#[tokio::test]
async fn hostile_requests_do_not_multiply_the_labels() {
    on_default(async |wharf| {
        wharf.client().get("/v2/").send().await.expect(200);
        for number in 0..300 {
            wharf.anonymous().get(&format!("/nowhere/{number}")).send().await.expect(404);
            wharf.client().get(&format!("/v2/name{number}/tags/list")).send().await.expect(404);
            let method = http::Method::from_bytes(format!("M{number}").as_bytes()).expect("a token");
            wharf.anonymous().call(method, "/v2/").send().await;
        }
        let metrics = scrape(wharf).await;
        let samples = metrics.lines().filter(|line| line.contains("requests_total{")).count();
        assert!(samples < 100, "{samples} series after 900 different requests");
        assert!(metrics.len() < 300_000, "{} bytes of metrics", metrics.len());
    })
    .await;
}
