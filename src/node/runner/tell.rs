//! Telling the control plane what became of tasks: one report of a task at a time, again and again until it is taken.

use std::time::Duration;

use acs::api::{Acknowledgment, SubmitContainerStateChangeRequest, SubmitTaskStateChangeRequest};

use crate::backoff::Backoff;
use crate::engine::Engine;
use crate::host::Shared;
use crate::task::Status;
use crate::{Error, Result};

use super::{Message, Runner};

/// The first and the longest wait between two tries.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// What is told.
pub(crate) enum Report {
    /// The state of a task.
    Task(Status, SubmitTaskStateChangeRequest),
    /// The end of a container while its task goes on.
    Container(String, SubmitContainerStateChangeRequest),
}

impl<E: Engine> Runner<E> {
    /// Begins to tell what the control plane does not know of a task, unless that goes on already.
    pub(super) fn tell(&mut self, arn: &str) {
        let cluster = &self.host.config.cluster;
        let Some(entry) = self.entries.get_mut(arn).filter(|entry| !entry.telling) else { return };
        let task = entry.task.report(cluster).map(|(status, request)| Report::Task(status, request));
        let container = || entry.task.container_report(cluster).map(|(name, request)| Report::Container(name, request));
        let Some(report) = task.or_else(container) else { return };
        entry.telling = true;
        let (host, outbox, arn) = (self.host.clone(), self.outbox.clone(), arn.to_owned());
        tokio::spawn(async move {
            submit(&host, &arn, &report).await;
            let _ = outbox.send(Message::Told(arn, Box::new(report))).await;
        });
    }

    pub(super) async fn told(&mut self, arn: &str, report: Report) -> Result<()> {
        let Some(entry) = self.entries.get_mut(arn) else { return Ok(()) };
        entry.telling = false;
        match report {
            Report::Task(status, request) => entry.task.taken(status, &request),
            Report::Container(name, _) => entry.task.container_taken(&name),
        }
        self.go_on(arn).await
    }
}

async fn submit<E: Engine>(host: &Shared<E>, arn: &str, report: &Report) {
    let mut backoff = Backoff::new(WAITS.0, WAITS.1);
    loop {
        let outcome: Result<Acknowledgment> = match report {
            Report::Task(_, request) => host.control.ecs("SubmitTaskStateChange", request).await,
            Report::Container(_, request) => host.control.ecs("SubmitContainerStateChange", request).await,
        };
        match outcome {
            Ok(_) => return,
            // It will not take this one, ever: it does not know the task.
            Err(Error::Refused { kind, message })
                if ["ClientException", "InvalidParameterException"].contains(&kind.as_str()) =>
            {
                tracing::warn!(task.arn = arn, kind, message, "the control plane refuses a state change");
                return;
            }
            Err(error) => {
                tracing::warn!(task.arn = arn, %error, "a state change is not taken yet");
                tokio::time::sleep(backoff.next()).await;
            }
        }
    }
}
