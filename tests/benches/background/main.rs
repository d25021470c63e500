//! How fast background work is, and what pushes feel of it: `cargo bench -p tests --bench background`.
//!
//! It starts servers of its own (a release build named by `WHARF_TEST_BINARY`) on SQLite and a directory, and on PostgreSQL
//! and S3 where the variables of the tests name them, and prints a table.

mod scan;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use tests::harness::content::{OCI_MANIFEST, config, descriptor, to_bytes};
use tests::harness::{Backend, Image, Repository, Wharf, random};

/// Requests at once while a store is filled.
const FILLERS: usize = 32;

fn main() {
    // Cargo calls benchmarks with `--bench`; as a test there is nothing to do.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        println!("| measure | backend | things | seconds | things/s |");
        println!("|---|---|---:|---:|---:|");
        // One measure by itself: its name behind `--`.
        let only = |name: &str| std::env::args().any(|argument| argument == name);
        let mut backends = vec![(Backend::SqliteDisk, 20_000)];
        if std::env::var_os("WHARF_TEST_POSTGRES_URL").is_some() && std::env::var_os("WHARF_TEST_S3_ENDPOINT").is_some()
        {
            backends.push((Backend::PostgresS3, 5_000));
        }
        if only("scan") {
            return scan::scan(Backend::SqliteDisk).await;
        }
        if !only("pushes") {
            for (backend, blobs) in &backends {
                collect(*backend, *blobs).await;
                scan::scan(*backend).await;
            }
            lifecycle(100_000).await;
        }
        for (backend, _) in backends {
            pushes_beside_collection(backend).await;
        }
    });
}

async fn wharf(backend: Backend) -> Wharf {
    Wharf::with(backend)
        .set("WHARF_UNDO_WINDOW", "0s")
        .set("WHARF_MAX_IMAGES", "1000000")
        .set("WHARF_LOG_LEVEL", "error")
        .start()
        .await
}

fn row(measure: &str, backend: Backend, things: usize, took: Duration) {
    let seconds = took.as_secs_f64();
    println!("| {measure} | {backend:?} | {things} | {seconds:.2} | {:.0} |", things as f64 / seconds);
}

fn timed(wharf: &Wharf, arguments: &[&str]) -> (Duration, String) {
    let begin = Instant::now();
    let finished = wharf.run(arguments);
    assert!(finished.status.success(), "{finished:?}");
    (begin.elapsed(), finished.stdout)
}

async fn fill(repository: &Repository, blobs: usize) {
    stream::iter(0..blobs)
        .for_each_concurrent(FILLERS, |_| async {
            repository.push_blob(&random(1024)).await;
        })
        .await;
}

/// Blobs to which nothing refers, from the review to the removal of their objects. The server collects too, and may take a few
/// of the objects on itself.
async fn collect(backend: Backend, blobs: usize) {
    let wharf = wharf(backend).await;
    fill(&wharf.repository(), blobs).await;
    let (took, said) = timed(&wharf, &["gc", "--delay", "0s"]);
    assert!(said.contains(&format!("{blobs} freed")), "{said}");
    row("garbage collection, blobs of 1 KiB", backend, blobs, took);
}

/// A policy over a repository of many images, of which it takes ten.
async fn lifecycle(images: usize) {
    let backend = Backend::SqliteDisk;
    let wharf = wharf(backend).await;
    let repository = wharf.client().repository("app");
    let config = config();
    repository.push_blob(&config).await;
    let config = descriptor("application/vnd.oci.image.config.v1+json", &config);
    stream::iter(0..images)
        .for_each_concurrent(FILLERS, |number| {
            let (repository, config) = (&repository, config.clone());
            async move {
                let document = serde_json::json!({
                    "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [],
                    "annotations": { "number": number.to_string() },
                });
                let tag = format!("v{number}");
                repository.put_manifest(&tag, OCI_MANIFEST, &to_bytes(&document)).await.expect(201);
            }
        })
        .await;
    let policy = format!(
        r#"{{"rules":[{{"rulePriority":1,"description":"{}","action":{{"type":"expire"}},"selection":
            {{"tagStatus":"tagged","tagPatternList":["v*"],"countType":"imageCountMoreThan","countNumber":{}}}}}]}}"#,
        "a policy that keeps nearly all images",
        images - 10
    );
    let put = ["ecr", "put-lifecycle-policy", "--repository-name", "app", "--lifecycle-policy-text", &policy];
    wharf.aws().json(&put);
    let (took, said) = timed(&wharf, &["lifecycle", "app"]);
    assert!(said.contains("10 expired"), "{said}");
    row("lifecycle run, start of the program included", backend, images, took);
}

/// How long small pushes take by themselves and while garbage is collected, in turn and for as
/// long; and how fast that goes beside them.
async fn pushes_beside_collection(backend: Backend) {
    let wharf = Arc::new(wharf(backend).await);
    let repository = wharf.repository();
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let (mut blobs, mut collecting) = (0, Duration::ZERO);
    for _ in 0..4 {
        fill(&wharf.repository(), 1_000).await;
        let begin = Instant::now();
        let command = Arc::clone(&wharf);
        let collection = tokio::task::spawn_blocking(move || timed(&command, &["gc", "--delay", "1s"]));
        beside.extend(pushes(&repository, || collection.is_finished()).await);
        collection.await.expect("it ends");
        let took = begin.elapsed();
        let end = Instant::now() + took;
        alone.extend(pushes(&repository, || Instant::now() >= end).await);
        collecting += took;
        blobs += 1_000;
    }
    row("garbage collection beside pushes", backend, blobs, collecting);
    println!("\nSmall pushes on {backend:?}, ms:");
    let (alone, beside) = (Percentiles::of(alone), Percentiles::of(beside));
    for (name, part) in [("p50", 50), ("p90", 90), ("p99", 99)] {
        let (alone, beside) = (alone.at(part), beside.at(part));
        println!(
            "{name}: {alone:.2} alone, {beside:.2} beside a collection ({:+.0} %)",
            (beside / alone - 1.0) * 100.0
        );
    }
}

/// Pushes one after the other until it is enough, each under a tag of its own: what they replaced would be garbage, and the
/// collection beside them would have no end.
async fn pushes(repository: &Repository, enough: impl Fn() -> bool) -> Vec<Duration> {
    let mut took = Vec::new();
    while !enough() {
        let image = Image::small();
        let begin = Instant::now();
        repository.push_image(&image.digest.replace(':', "-"), &image).await;
        took.push(begin.elapsed());
    }
    took
}

struct Percentiles(Vec<Duration>);

impl Percentiles {
    fn of(mut took: Vec<Duration>) -> Self {
        took.sort();
        Self(took)
    }

    /// Milliseconds within which so many of a hundred ended.
    fn at(&self, part: usize) -> f64 {
        self.0[(self.0.len() - 1) * part / 100].as_secs_f64() * 1000.0
    }
}
