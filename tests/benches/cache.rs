//! Pulls through a cache, cold and warm: Wharf beside Debian's `docker-registry` in proxy mode, both in front of the same
//! registry: `cargo bench -p tests --bench cache`. Options: `--images 6 --layers 4 --mib 32 --clients 8`.
//!
//! It starts servers of its own (a release build of Wharf named by `WHARF_TEST_BINARY`) and prints a table. Each cold pull is
//! of an image that the cache has never seen; the sides take turns, so that a busy moment hits both.

use std::time::{Duration, Instant};

use clap::Parser;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use http::Method;
use tests::harness::content::{OCI_INDEX, OCI_MANIFEST};
use tests::harness::peer::Peer;
use tests::harness::{Backend, Client, Image, Wharf, random};

/// Layers that one client fetches at once, as docker does.
const AT_ONCE: usize = 3;

#[derive(Parser)]
struct Options {
    /// Images, each of which is pulled cold once by each number of clients.
    #[arg(long, default_value_t = 6)]
    images: usize,
    /// Layers of each.
    #[arg(long, default_value_t = 4)]
    layers: usize,
    /// Size of each layer in MiB.
    #[arg(long, default_value_t = 32)]
    mib: usize,
    /// Clients that pull one image at once, beside one alone.
    #[arg(long, default_value_t = 8)]
    clients: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A cache in front of the registry.
struct Side {
    name: &'static str,
    client: Client,
    /// What the name of a repository begins with there.
    prefix: &'static str,
}

/// How long a pull took: until the first byte of a layer, and in all.
#[derive(Clone, Copy)]
struct Took {
    first: Duration,
    all: Duration,
}

fn main() {
    // Cargo calls benchmarks with `--bench`; as a test there is nothing to do.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(measure(&options));
}

async fn measure(options: &Options) {
    let origin = Peer::start();
    let wharf = Wharf::with(Backend::SqliteDisk)
        .set("WHARF_CACHE_UPSTREAMS", origin.url())
        .set("WHARF_LOG_LEVEL", "error")
        .start()
        .await;
    let host = origin.host();
    let rule = ["ecr", "create-pull-through-cache-rule", "--ecr-repository-prefix", "cache"];
    wharf.aws().json(&[&rule[..], &["--upstream-registry-url", &host]].concat());
    let proxy = Peer::proxy(&origin.url());
    let sides = [
        Side { name: "wharf", client: wharf.client(), prefix: "cache/" },
        Side { name: "docker-registry", client: proxy.client(), prefix: "" },
    ];
    println!("{} images of {} layers of {} MiB\n", options.images, options.layers, options.mib);
    println!("| pull | clients | cache | first byte, ms | whole, ms | MB/s |");
    println!("|---|---:|---|---:|---:|---:|");
    for clients in [1, options.clients] {
        let (mut cold, mut warm) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for number in 0..options.images {
            let name = format!("bench/c{clients}-{number}");
            let layers = (0..options.layers).map(|_| random(options.mib << 20)).collect();
            let image = Image::of(layers);
            fill(&origin.client(), &name, &image).await;
            for at in [number % 2, 1 - number % 2] {
                cold[at].push(pull(&sides[at], &name, &image, clients).await);
            }
            // Who serves while the rest is written is not warm yet.
            tokio::time::sleep(Duration::from_secs(1)).await;
            for at in [number % 2, 1 - number % 2] {
                warm[at].push(pull(&sides[at], &name, &image, clients).await);
            }
        }
        let bytes = (options.layers * (options.mib << 20) * clients) as f64;
        for (pull, took) in [("cold", &cold), ("warm", &warm)] {
            for (side, took) in sides.iter().zip(took) {
                let (first, all) = (median(took, |took| took.first), median(took, |took| took.all));
                let rate = bytes / all.as_secs_f64() / 1e6;
                let (first, all) = (first.as_secs_f64() * 1e3, all.as_secs_f64() * 1e3);
                println!("| {pull} | {clients} | {} | {first:.1} | {all:.0} | {rate:.0} |", side.name);
            }
        }
    }
}

fn median(took: &[Took], of: impl Fn(&Took) -> Duration) -> Duration {
    let mut all: Vec<Duration> = took.iter().map(of).collect();
    all.sort();
    all[all.len() / 2]
}

/// Pushes an image to the registry behind the caches.
async fn fill(client: &Client, name: &str, image: &Image) {
    for (digest, bytes) in &image.blobs {
        let begun = client.post(&format!("/v2/{name}/blobs/uploads/")).open().await.expect("an upload begins");
        let location = begun.headers()["location"].to_str().expect("a place").to_owned();
        let path = location.strip_prefix(client.base()).unwrap_or(&location).to_owned();
        let ended = client.put(&format!("{path}&digest={digest}")).body(bytes.clone()).open().await;
        assert_eq!(ended.expect("an upload ends").status(), 201);
    }
    let put = client.put(&format!("/v2/{name}/manifests/v1")).header("content-type", OCI_MANIFEST);
    assert_eq!(put.body(image.manifest.clone()).open().await.expect("a push").status(), 201);
}

/// Pulls an image by so many clients at once: the slowest counts.
async fn pull(side: &Side, name: &str, image: &Image, clients: usize) -> Took {
    let pulls = (0..clients).map(|_| pull_once(side, name, image));
    let took = join_all(pulls).await;
    Took {
        first: took.iter().map(|took| took.first).max().expect("a client"),
        all: took.iter().map(|took| took.all).max().expect("a client"),
    }
}

async fn pull_once(side: &Side, name: &str, image: &Image) -> Took {
    let begin = Instant::now();
    let repository = format!("/v2/{}{name}", side.prefix);
    let accept = [OCI_MANIFEST, OCI_INDEX].join(", ");
    let manifest = side.client.get(&format!("{repository}/manifests/v1")).header("accept", accept).open().await;
    let manifest = manifest.expect("a manifest").bytes().await.expect("a manifest");
    assert_eq!(manifest, image.manifest);
    let firsts: Vec<Duration> = stream::iter(&image.blobs)
        .map(|(digest, bytes)| {
            let call = side.client.call(Method::GET, &format!("{repository}/blobs/{digest}"));
            async move {
                let mut answer = call.open().await.expect("a blob");
                assert_eq!(answer.status(), 200);
                let (mut first, mut length) = (None, 0);
                while let Some(piece) = answer.chunk().await.expect("all of a blob") {
                    first.get_or_insert_with(|| begin.elapsed());
                    length += piece.len();
                }
                assert_eq!(length, bytes.len());
                first.expect("a blob is not empty")
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    Took { first: firsts.into_iter().min().expect("a blob"), all: begin.elapsed() }
}
