//! Clients that ask a load balancer again and again, and count.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Four clients.
pub(super) struct Load {
    over: Arc<AtomicBool>,
    answers: Arc<AtomicU64>,
    since: Instant,
    clients: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

impl Load {
    pub(super) fn start(port: u16) -> Self {
        let (over, answers) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let clients = (0..4).map(|_| {
            let (over, answers) = (Arc::clone(&over), Arc::clone(&answers));
            tokio::spawn(async move {
                let client = reqwest::Client::new();
                let mut failures = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    match client.get(format!("http://127.0.0.1:{port}/")).send().await {
                        Ok(answer) if answer.status() == 200 => {
                            answers.fetch_add(1, Ordering::Relaxed);
                        }
                        Ok(answer) => failures.push(answer.status().to_string()),
                        Err(error) => failures.push(format!("{error:?}")),
                    }
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                failures
            })
        });
        let clients = clients.collect();
        Self { over, answers, since: Instant::now(), clients }
    }

    /// How many requests a minute were answered so far.
    pub(super) fn per_minute(&self) -> f64 {
        self.answers.load(Ordering::Relaxed) as f64 * 60.0 / self.since.elapsed().as_secs_f64()
    }

    /// Ends it. No request may have failed. Gives how many were answered.
    pub(super) async fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        let mut failures = Vec::new();
        for client in self.clients {
            failures.extend(client.await.expect("a client ends"));
        }
        let answers = self.answers.load(Ordering::Relaxed);
        assert_eq!(failures, Vec::<String>::new(), "of {answers} requests");
        assert!(answers > 100, "{answers}");
        answers
    }
}
