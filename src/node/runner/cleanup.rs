//! Removing what is left of tasks that ended, after a while: their containers, their volumes, and what is written down of
//! them. Until then whoever wants to know why can look, and a message that comes twice meets a task that is known.

use std::time::Duration;

use crate::Result;
use crate::engine::Engine;
use crate::task::Status;

use super::{Message, Runner, now};

/// How much longer containers are kept whose logs cannot be put away.
const LOGS: Duration = Duration::from_secs(24 * 60 * 60);

impl<E: Engine> Runner<E> {
    /// Begins to remove what is due.
    pub(super) fn clean_up(&mut self) {
        let due = now().before(self.host.config.cleanup_after).micros();
        // Logs that nobody takes for so long are given up with their containers.
        let hopeless = now().before(self.host.config.cleanup_after.max(LOGS)).before(LOGS).micros();
        for (arn, entry) in &mut self.entries {
            let stopped_before = |time: i64| entry.task.stopped_at.is_some_and(|at| at <= time);
            let over = entry.task.reported == Status::Stopped && stopped_before(due);
            let shipped = self.followers.is_done(&entry.task) || stopped_before(hopeless);
            if entry.cleaning || !over || !shipped {
                continue;
            }
            entry.cleaning = true;
            let (host, outbox, task, arn) = (self.host.clone(), self.outbox.clone(), entry.task.clone(), arn.clone());
            tokio::spawn(async move {
                let mut failure = None;
                // In reverse: others may be in the network of the first.
                for container in task.containers.iter().rev() {
                    let Some(id) = &container.runtime_id else { continue };
                    failure = host.engine.remove(id).await.err().or(failure);
                    if let Err(error) = host.journal.delete_log(id) {
                        tracing::warn!(%error, "what is known of a log stays");
                    }
                }
                for (volume, goes) in task.volumes() {
                    if goes {
                        failure = host.engine.remove_volume(&volume.name).await.err().or(failure);
                    }
                }
                if let Some(error) = failure {
                    tracing::warn!(task.arn = arn, %error, "not all of a task could be removed");
                }
                for id in [&task.credentials_id, &task.execution_credentials_id].into_iter().flatten() {
                    host.wallet.delete(id);
                }
                let _ = outbox.send(Message::Cleaned(arn)).await;
            });
        }
    }

    pub(super) fn cleaned(&mut self, arn: &str) -> Result<()> {
        let Some(entry) = self.entries.remove(arn) else { return Ok(()) };
        self.host.board.delete(arn);
        self.host.journal.delete_task(entry.task.id())
    }
}
