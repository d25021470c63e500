//! The tokio runtime of the program.

use std::{io, num::NonZero, thread, time::Duration};

use tokio::runtime::{Builder, Runtime};

/// A runtime with a worker for each core, and threads for disk I/O that come with the load and go after it.
pub(crate) fn runtime() -> io::Result<Runtime> {
    // Two at least: with one worker, a task that computes for a moment stops the accept loop.
    let workers = thread::available_parallelism().map_or(2, NonZero::get).max(2);
    Builder::new_multi_thread()
        .worker_threads(workers)
        // Enough to keep a disk busy; more would only cost memory.
        .max_blocking_threads(64)
        .thread_keep_alive(Duration::from_secs(10))
        .thread_name("wharf")
        .enable_all()
        .build()
}
