//! Removing what is left of tasks that ended, after a while: their containers, their volumes, and what is written down of
//! them. Until then whoever wants to know why can look, and a message that comes twice meets a task that is known.

use crate::Result;
use crate::engine::Engine;
use crate::task::Status;

use super::{Message, Runner, now};

impl<E: Engine> Runner<E> {
    /// Begins to remove what is due.
    pub(super) fn clean_up(&mut self) {
        let due = now().before(self.host.config.cleanup_after).micros();
        for (arn, entry) in &mut self.entries {
            let over = entry.task.reported == Status::Stopped && entry.task.stopped_at.is_some_and(|at| at <= due);
            if entry.cleaning || !over || !self.followers.is_done(&entry.task) {
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
