//! Shipping what containers write to CloudWatch Logs, for those whose log driver is `awslogs`.
//!
//! The engine keeps what they write in files of its own; a follower for each container reads them through the engine's API
//! and puts them into the log stream. How far it has come is written down after each batch, so that an agent that starts
//! again goes on there. Patterns that join lines (`awslogs-multiline-pattern`, `awslogs-datetime-format`) are not there: a
//! line is an event.

mod cursor;
mod follower;
mod line;
mod stream;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Error;
use crate::engine::{Engine, Failure};
use crate::host::{Host, Shared};
use crate::task::{Phase, Task, body};

use follower::Follower;
use stream::Stream;

/// How long followers may take to put away what they have when the agent ends.
const FINISH: Duration = Duration::from_secs(5);
/// How long a container waits for its log stream, if nobody says that there is none.
const PREPARE: Duration = Duration::from_secs(5);

/// The followers of this host, by the engine's ids of containers.
pub(crate) struct Followers<E: Engine> {
    host: Shared<E>,
    running: BTreeMap<String, (JoinHandle<()>, Arc<AtomicBool>)>,
    stop: watch::Sender<bool>,
}

impl<E: Engine> Followers<E> {
    pub(crate) fn new(host: Shared<E>) -> Self {
        Self { host, running: BTreeMap::new(), stop: watch::Sender::new(false) }
    }

    /// Follows the containers of a task that are not followed yet.
    pub(crate) fn follow(&mut self, task: &Task) {
        for container in task.visible().filter(|container| container.has_run()) {
            let Some(id) = &container.runtime_id else { continue };
            let Some(stream) = Stream::of(task, &container.name, &self.host.control) else { continue };
            if self.running.contains_key(id) {
                continue;
            }
            let done = Arc::new(AtomicBool::new(false));
            let follower = Follower {
                host: self.host.clone(),
                arn: task.arn().to_owned(),
                runtime_id: id.clone(),
                stream,
                stop: self.stop.subscribe(),
            };
            let flag = done.clone();
            let handle = tokio::spawn(async move {
                if follower.run().await {
                    flag.store(true, Ordering::Relaxed);
                }
            });
            self.running.insert(id.clone(), (handle, done));
        }
    }

    /// Whether everything that the containers of a task wrote is where it belongs.
    pub(crate) fn is_done(&self, task: &Task) -> bool {
        task.visible()
            .filter_map(|container| container.runtime_id.as_ref())
            .all(|id| self.running.get(id).is_none_or(|(_, done)| done.load(Ordering::Relaxed)))
    }

    /// Forgets the containers of a task that is gone.
    pub(crate) fn forget(&mut self, task: &Task) {
        for id in task.visible().filter_map(|container| container.runtime_id.as_ref()) {
            if let Some((handle, _)) = self.running.remove(id) {
                handle.abort();
            }
        }
    }

    /// Lets them put away what they have.
    pub(crate) async fn finish(self) {
        let _ = self.stop.send(true);
        let all = async {
            for (handle, _) in self.running.into_values() {
                let _ = handle.await;
            }
        };
        let _ = tokio::time::timeout(FINISH, all).await;
    }
}

/// Makes the log stream of a container before it is started. A container whose group is not there is not started, as on
/// ECS; one whose logs are out of reach is.
pub(crate) async fn prepare<E: Engine>(host: &Host<E>, task: &Task, index: usize) -> Result<(), Failure> {
    let followed = task.definition(index).and_then(body::followed).is_some();
    let Some(container) = task.containers.get(index).filter(|container| followed && container.phase == Phase::Starting)
    else {
        return Ok(());
    };
    let Some(stream) = Stream::of(task, &container.name, &host.control) else { return Ok(()) };
    match tokio::time::timeout(PREPARE, stream.create(host, task)).await {
        // A control plane without the API of logs is as good as one that is away.
        Ok(Err(error)) if is_refused(&error) => Err(Failure(format!(
            "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create \
             Cloudwatch log stream: {error}"
        ))),
        Ok(Err(error)) => {
            tracing::warn!(task.arn = task.arn(), %error, "the log stream of a container cannot be made yet");
            Ok(())
        }
        Ok(Ok(())) | Err(_) => Ok(()),
    }
}

/// Whether there will be no such stream, however long one waits.
fn is_refused(error: &Error) -> bool {
    matches!(error, Error::Refused { kind, .. } if kind != "UnknownOperationException") && !error.is_passing()
}
