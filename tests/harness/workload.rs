//! Clients that push images without pause while something is done to the server, and the ledger of what they were told. The
//! one question it answers: is everything that was acknowledged still there, whole?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::admin::within;
use super::client::Client;
use super::content::{self, Image, random};
use super::repository::Repository;

/// What happened to the pushes of a workload.
#[derive(Default)]
pub struct Ledger {
    /// Every image whose manifest was acknowledged, with its repository and tag.
    pub acknowledged: Mutex<Vec<(String, String, Image)>>,
    /// Every blob that was acknowledged, with its repository, digest and length.
    pub blobs: Mutex<Vec<(String, String, usize)>>,
    /// Pushes that were not acknowledged.
    pub failed: AtomicUsize,
    /// Answers of 500: an error that the server did not foresee.
    pub unforeseen: Mutex<Vec<String>>,
}

/// A running workload.
pub struct Workload {
    ledger: Arc<Ledger>,
    stop: Arc<AtomicBool>,
    writers: JoinSet<()>,
}

impl Workload {
    /// Starts this many writers, spread over the clients in turn. Each pushes small images with a layer of its own and one
    /// that all of them share, streamed and monolithic in turn.
    pub fn start(clients: &[Client], writers: usize, layer: usize) -> Self {
        let (ledger, stop) = (Arc::new(Ledger::default()), Arc::new(AtomicBool::new(false)));
        let shared = Arc::new(random(layer));
        let mut set = JoinSet::new();
        for writer in 0..writers {
            let (ledger, stop, shared) = (ledger.clone(), stop.clone(), shared.clone());
            let client = clients[writer % clients.len()].clone();
            set.spawn(async move {
                // Two writers share a repository, so that they meet on rows and not only on bytes.
                let repository = client.repository(&format!("workload/{}", writer / 2));
                for turn in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let tag = format!("w{writer}-{turn}");
                    let image = Image::of(vec![random(layer + turn % 7), shared.as_ref().clone()]);
                    match push(&repository, &tag, &image, turn, &ledger).await {
                        Some(()) => {
                            let entry = (repository.name().to_owned(), tag, image);
                            ledger.acknowledged.lock().await.push(entry);
                        }
                        None => {
                            ledger.failed.fetch_add(1, Ordering::Relaxed);
                            // A server that is down refuses at once: do not spin.
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                    }
                }
            });
        }
        Self { ledger, stop, writers: set }
    }

    /// The ledger so far.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Waits until more images than this were acknowledged: a busy machine may have done little so far.
    pub async fn acknowledges(&self, more_than: usize) {
        let acknowledged = async || self.ledger.acknowledged.lock().await.len() > more_than;
        within(120, "enough is pushed to prove anything", acknowledged).await;
    }

    /// Waits until a push fails that was not counted yet.
    pub async fn fails(&self, counted: usize) {
        within(60, "a push fails", async || self.ledger.failed.load(Ordering::Relaxed) > counted).await;
    }

    /// Lets every writer finish what it does and ends.
    pub async fn finish(mut self) -> Arc<Ledger> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.writers.join_next().await {
            ended.expect("a writer does not panic");
        }
        self.ledger
    }
}

impl Ledger {
    /// Demands every acknowledged image and blob, byte for byte, from this server.
    pub async fn expect_everything(&self, client: &Client) {
        let acknowledged = self.acknowledged.lock().await;
        let mut lost = Vec::new();
        for (name, tag, image) in acknowledged.iter() {
            let repository = client.repository(name);
            for reference in [tag, &image.digest] {
                let answer = repository.manifest(reference).await;
                if answer.status() != 200 || *answer.body() != image.manifest {
                    lost.push(format!("manifest {name}:{reference}: {answer}"));
                }
            }
        }
        for (name, digest, length) in self.blobs.lock().await.iter() {
            let answer = client.repository(name).blob(digest).await;
            if answer.status() != 200 || answer.body().len() != *length || content::digest(answer.body()) != *digest {
                lost.push(format!("blob {name}@{digest}: {} with {} bytes", answer.status(), answer.body().len()));
            }
        }
        assert!(lost.is_empty(), "{} of {} are lost: {lost:#?}", lost.len(), acknowledged.len());
    }

    /// Demands that every image that was not acknowledged or was can be pushed again: nothing is stuck.
    pub async fn expect_not_stuck(&self, client: &Client) {
        let acknowledged = self.acknowledged.lock().await;
        for (name, tag, image) in acknowledged.iter().rev().take(20) {
            client.repository(name).push_image(tag, image).await;
        }
    }

    /// Demands that no answer was a 500.
    pub async fn expect_no_unforeseen_error(&self) {
        let unforeseen = self.unforeseen.lock().await;
        assert!(
            unforeseen.is_empty(),
            "{} answers of 500: {:#?}",
            unforeseen.len(),
            &unforeseen[..unforeseen.len().min(5)]
        );
    }

    /// A line for the output of the test.
    pub async fn summary(&self) -> String {
        format!(
            "{} images and {} blobs acknowledged, {} pushes failed, {} answers of 500",
            self.acknowledged.lock().await.len(),
            self.blobs.lock().await.len(),
            self.failed.load(Ordering::Relaxed),
            self.unforeseen.lock().await.len(),
        )
    }
}

/// One push; `None` as soon as anything is refused or breaks.
async fn push(repository: &Repository, tag: &str, image: &Image, turn: usize, ledger: &Ledger) -> Option<()> {
    for (digest, blob) in &image.blobs {
        let client = repository.client();
        let begun = step(client.post(&repository.path("blobs/uploads/")).try_send().await, 202, ledger).await?;
        let mut upload = super::upload::Upload::new(client.clone(), &begun);
        let mut rest = blob.clone();
        if turn % 2 == 1 {
            let head: Vec<u8> = rest.drain(..rest.len() / 2).collect();
            let call = client.patch(&upload.location).body(head);
            let patched = step(call.try_send().await, 202, ledger).await?;
            upload.location = patched.header("location").to_owned();
        }
        let call = client.put(&upload.closing(digest)).body(rest);
        step(call.try_send().await, 201, ledger).await?;
        ledger.blobs.lock().await.push((repository.name().to_owned(), digest.clone(), blob.len()));
    }
    let call = repository.put_manifest_call(tag, &image.media_type, &image.manifest);
    step(call.try_send().await, 201, ledger).await.map(|_| ())
}

async fn step(answer: reqwest::Result<super::Answer>, status: u16, ledger: &Ledger) -> Option<super::Answer> {
    let answer = answer.ok()?;
    if answer.status() == 500 {
        ledger.unforeseen.lock().await.push(answer.to_string());
    }
    (answer.status() == status).then_some(answer)
}
