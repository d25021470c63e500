//! How much is held: exact to the byte when it is measured, kept by a job, and set against a count of the test's own.

use std::collections::{BTreeMap, BTreeSet};

use tests::harness::admin::within;
use tests::harness::{Backend, Image, Wharf, on_default, random};

use super::{collect, must};

/// The numbers of the line that begins with a word.
fn numbers(said: &str, first: &str) -> Vec<usize> {
    let line = said.lines().find(|line| line.split_whitespace().next() == Some(first));
    let line = line.unwrap_or_else(|| panic!("no line {first} in {said}"));
    line.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect()
}

fn content(image: &Image) -> usize {
    image.blobs.iter().map(|(_, bytes)| bytes.len()).sum()
}

#[tokio::test]
async fn what_repositories_hold_is_measured() {
    on_default(async |wharf| {
        let (first, second) = (wharf.client().repository("first"), wharf.client().repository("second"));
        let shared = random(5000);
        let left = Image::of(vec![shared.clone(), random(100)]);
        let right = Image::of(vec![shared.clone(), random(200)]);
        first.push_image("left", &left).await;
        first.push_image("right", &right).await;
        let index = first.push_index("both", &[&left, &right]).await;
        let elsewhere = Image::of(vec![shared]);
        second.push_image("one", &elsewhere).await;
        wharf.create_repository("empty", "MUTABLE", &[]);

        let manifests = left.manifest.len() + right.manifest.len() + index.manifest.len();
        let mut once = BTreeMap::new();
        for (digest, bytes) in left.blobs.iter().chain(&right.blobs) {
            once.insert(digest, bytes.len());
        }
        let deduplicated = manifests + once.values().sum::<usize>();
        let elsewhere_too: usize = elsewhere.blobs.iter().filter_map(|(digest, _)| once.get(digest)).sum();
        // The storage also lists what was pushed twice, until that is removed.
        collect(wharf);
        let said = must(wharf, &["usage", "--now"]);
        let logical = manifests + content(&left) + content(&right);
        assert_eq!(numbers(&said, "first"), [3, logical, deduplicated, deduplicated - elsewhere_too], "{said}");
        assert_eq!(numbers(&said, "empty"), [0, 0, 0, 0], "{said}");
        for (digest, bytes) in &elsewhere.blobs {
            once.insert(digest, bytes.len());
        }
        let stored: usize = once.values().sum();
        let all = manifests + elsewhere.manifest.len();
        assert_eq!(
            numbers(&said, "registry:"),
            [4, logical + elsewhere.manifest.len() + content(&elsewhere), all + stored, all + stored],
            "{said}"
        );
        assert_eq!(numbers(&said, "store:"), [once.len(), stored, once.len(), stored], "{said}");
        // It is kept, and shown as it was.
        first.push_small("later").await;
        assert_eq!(must(wharf, &["usage"]), said);
    })
    .await;
}

/// What the images of a repository need, counted by the test.
#[derive(Default)]
struct Reference {
    images: BTreeMap<String, usize>,
    logical: usize,
    blobs: BTreeMap<String, usize>,
}

impl Reference {
    fn add(&mut self, image: &Image) {
        if self.images.insert(image.digest.clone(), image.manifest.len()).is_none() {
            self.logical += image.manifest.len() + content(image);
        }
        self.blobs.extend(image.blobs.iter().map(|(digest, bytes)| (digest.clone(), bytes.len())));
    }

    fn deduplicated(&self) -> usize {
        self.images.values().sum::<usize>() + self.blobs.values().sum::<usize>()
    }

    /// With the blobs of nobody else.
    fn own(&self, others: &BTreeSet<&String>) -> usize {
        let own = self.blobs.iter().filter(|(digest, _)| !others.contains(digest)).map(|(_, size)| size);
        self.images.values().sum::<usize>() + own.sum::<usize>()
    }
}

/// Within a thousandth.
fn close(kept: f64, counted: usize, what: &str) {
    let counted = counted as f64;
    assert!((kept - counted).abs() <= counted / 1000.0, "{what}: {kept} is kept, {counted} were counted");
}

/// The value of a metric with these labels.
fn metric(metrics: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let line = metrics.lines().find(|line| {
        line.split(['{', ' ']).next().is_some_and(|own| own.ends_with(name))
            && labels.iter().all(|label| line.contains(label))
    })?;
    line.rsplit(' ').next()?.parse().ok()
}

#[tokio::test]
async fn the_nightly_figures_agree_with_a_count() {
    let wharf = Wharf::with(Backend::PostgresS3)
        .set("WHARF_UNDO_WINDOW", "0s")
        .set("WHARF_REGIONS", "us-east-1,eu-west-1")
        .start()
        .await;
    let database = wharf.backing().database();
    // Layers from a small pool, so that much is shared, in repositories that share too; some of it is deleted again.
    let pool: Vec<Vec<u8>> = (0..12_usize).map(|number| random(1000 + number * 777)).collect();
    let names = ["team/a", "team/b", "c"];
    let mut references: Vec<Reference> = names.iter().map(|_| Reference::default()).collect();
    for number in 0..24_usize {
        let layers = [number % 12, number * 5 % 12, (number / 4 + 7) % 12];
        let layers: BTreeSet<usize> = layers.into_iter().collect();
        let mut layers: Vec<Vec<u8>> = layers.into_iter().map(|at| pool[at].clone()).collect();
        if number % 3 == 0 {
            layers.push(random(500));
        }
        let image = Image::of(layers);
        let at = number % names.len();
        let repository = wharf.client().repository(names[at]);
        repository.push_image(&format!("v{number}"), &image).await;
        if number % 8 == 7 {
            repository.delete_manifest(&image.digest).await.expect(202);
        } else {
            references[at].add(&image);
        }
    }
    collect(&wharf);
    // Tonight. The time is asked for first: the job can be done before the next question.
    let begun = database.query("select floor(extract(epoch from now()) * 1000000)::bigint").trim().to_owned();
    database.query("update jobs set due_at = 0 where kind = 'measure usage'");
    within(120, "it is measured", async || {
        database.query(&format!("select count(*) from store_usage where measured_at > {begun}")).trim() == "1"
    })
    .await;
    let said = must(&wharf, &["usage"]);
    for (at, name) in names.iter().enumerate() {
        let others: BTreeSet<&String> = references
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != at)
            .flat_map(|(_, other)| other.blobs.keys())
            .collect();
        let reference = &references[at];
        let kept = numbers(&said, name);
        let counted = [reference.images.len(), reference.logical, reference.deduplicated(), reference.own(&others)];
        for (kept, counted) in kept.iter().zip(counted) {
            close(*kept as f64, counted, name);
        }
    }
    let blobs: BTreeMap<&String, &usize> = references.iter().flat_map(|reference| &reference.blobs).collect();
    let physical: usize = blobs.values().copied().sum();
    let registry = numbers(&said, "registry:");
    let manifests: usize = references.iter().flat_map(|reference| reference.images.values()).sum();
    close(registry[1] as f64, references.iter().map(|reference| reference.logical).sum(), "registry, logical");
    close(registry[2] as f64, manifests + physical, "registry, deduplicated");
    let store = numbers(&said, "store:");
    close(store[1] as f64, physical, "store, rows");
    // What the storage itself lists.
    close(store[3] as f64, physical, "store, objects");

    // The same by /metrics, and nothing of repositories.
    let mut metrics = String::new();
    within(120, "the metrics are there", async || {
        metrics = String::from_utf8(wharf.anonymous().get("/metrics").send().await.expect(200).body().to_vec())
            .expect("text");
        let shown = metric(&metrics, "registry_bytes", &["kind=\"logical\"", "account=\"000000000000\""]);
        shown == Some(registry[1] as f64)
    })
    .await;
    assert_eq!(metric(&metrics, "registry_bytes", &["kind=\"deduplicated\""]), Some(registry[2] as f64));
    assert_eq!(metric(&metrics, "registry_images", &["region=\"us-east-1\""]), Some(registry[0] as f64));
    assert_eq!(metric(&metrics, "store_object_bytes", &[]), Some(store[3] as f64));
    assert!(metric(&metrics, "usage_measured_timestamp_seconds", &[]).is_some_and(|seconds| seconds > 1e9));
    assert!(names.iter().all(|name| !metrics.contains(name) || *name == "c"), "{metrics}");
}
