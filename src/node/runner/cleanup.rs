//! Removing what is left of tasks that ended, after a while: their containers, their volumes, and what is written down of
//! them. Until then whoever wants to know why can look, and a message that comes twice meets a task that is known.

use std::time::Duration;

use crate::Result;
use crate::engine::{self, Engine};
use crate::task::Status;

use super::{Message, Runner, now};

/// How soon it is tried again to remove what could not be removed, at first and at last.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60 * 60));
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
            let rests = entry.clean_again_at.is_some_and(|at| now() < at);
            if entry.cleaning || !over || !shipped || rests {
                continue;
            }
            entry.cleaning = true;
            self.followers.forget(&entry.task);
            let (host, outbox, task, arn) = (self.host.clone(), self.outbox.clone(), entry.task.clone(), arn.clone());
            tokio::spawn(async move {
                let mut failure = None;
                // In reverse: others may be in the network of the first.
                for (index, container) in task.containers.iter().enumerate().rev() {
                    let Some(id) = &container.runtime_id else {
                        // Perhaps the engine made it and did not say so in time.
                        failure = host.engine.remove(&task.container_name(index)).await.err().or(failure);
                        continue;
                    };
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
                for id in [&task.credentials_id, &task.execution_credentials_id].into_iter().flatten() {
                    host.wallet.delete(id);
                }
                let _ = outbox.send(Message::Cleaned(arn, failure.map_or(Ok(()), Err))).await;
            });
        }
    }

    /// Forgets a task, once nothing of it is left.
    pub(super) fn cleaned(&mut self, arn: &str, outcome: engine::Result<()>) -> Result<()> {
        if let (Err(error), Some(entry)) = (outcome, self.entries.get_mut(arn)) {
            tracing::warn!(task.arn = arn, %error, "not all of a task could be removed; it is tried again");
            let wait = AGAIN.0.saturating_mul(1 << entry.cleaned_in_vain.min(16)).min(AGAIN.1);
            entry.cleaning = false;
            entry.cleaned_in_vain += 1;
            entry.clean_again_at = Some(now().after(wait));
            return Ok(());
        }
        let Some(entry) = self.entries.remove(arn) else { return Ok(()) };
        self.host.board.delete(arn);
        self.host.journal.delete_task(entry.task.id())
    }
}
