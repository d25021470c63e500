//! Accounting for what happened since the last decision: tasks that ended, and tasks that became healthy. From this come
//! the count of the circuit breaker and the pause between failing starts.

use std::time::Duration;

use types::Timestamp;

use super::model::{Action, Cause, Counters, Decision, Deployment, Rollout, Settings, Snapshot};

/// The longest pause while other tasks of the deployment run: what is lost of them meanwhile is to be replaced soon.
const BESIDE_OTHERS: Duration = Duration::from_secs(60);

/// Counts for each deployment, before anything else is decided. `newly_healthy` says how many of its tasks became healthy.
pub(crate) fn count(
    service: &Snapshot,
    deployment: &Deployment,
    newly_healthy: usize,
    settings: &Settings,
    now: Timestamp,
) -> Counters {
    let mut counters = deployment.counters;
    let watched = deployment.primary && deployment.rollout == Rollout::InProgress;
    let ended = || service.ended.iter().filter(|ended| ended.deployment == deployment.id);
    let failed = ended()
        .filter(|ended| match ended.cause {
            Cause::FailedToStart | Cause::Unhealthy => true,
            // What ran well for a while and then ends is no fault of the deployment.
            Cause::Exited => !ended.was_healthy,
            Cause::Asked => false,
        })
        .count() as u64;
    counters.failed_tasks += failed;
    if watched {
        // One that became healthy makes up for those before it, not for those that ended at the same moment.
        if newly_healthy > 0 && service.breaker.is_some_and(|breaker| breaker.reset_on_healthy_task) {
            counters.failures = 0;
        }
        counters.failures += failed;
    }
    // A task that reached RUNNING after the last failure shows that tasks can be started. Those that ran before do not: the
    // image may be gone since, or one host cannot start what others run.
    let running: Vec<Timestamp> = service
        .tasks
        .iter()
        .filter(|task| task.deployment == deployment.id)
        .filter_map(|task| task.running_since)
        .collect();
    let fails = ended().any(|ended| ended.cause == Cause::FailedToStart);
    let runs = match counters.failed_at {
        Some(failed_at) => running.iter().any(|since| *since > failed_at),
        None => !running.is_empty(),
    };
    if runs || ended().any(|ended| ended.cause == Cause::Exited) {
        counters.failed_starts = 0;
        counters.failed_at = None;
        counters.retry_at = None;
    }
    if fails {
        // Those that fail at once fail for one reason.
        counters.failed_starts = counters.failed_starts.saturating_add(1);
        let pause = pause(counters.failed_starts, settings);
        counters.failed_at = Some(now);
        counters.retry_at = Some(now.after(if running.is_empty() { pause } else { pause.min(BESIDE_OTHERS) }));
    }
    counters
}

/// Twice as long each time.
fn pause(failed_starts: u32, settings: &Settings) -> Duration {
    let doublings = failed_starts.saturating_sub(1).min(20);
    settings.first_pause.saturating_mul(2_u32.pow(doublings)).min(settings.longest_pause)
}

/// The steps that note what was counted.
pub(crate) fn note(service: &Snapshot, counted: &[Deployment], newly_healthy: &[String], decision: &mut Decision) {
    for (before, after) in service.deployments.iter().zip(counted) {
        if before.counters != after.counters {
            decision.actions.push(Action::Count { deployment: after.id.clone(), counters: after.counters });
        }
    }
    decision.actions.extend(newly_healthy.iter().map(|task| Action::Healthy { task: task.clone() }));
    decision.actions.extend(service.ended.iter().map(|ended| Action::Forget { task: ended.task.clone() }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_between_failing_starts_doubles_up_to_a_quarter_of_an_hour() {
        let settings = Settings::default();
        let seconds: Vec<u64> = (1..=12).map(|failed| pause(failed, &settings).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(pause(u32::MAX, &settings).as_secs(), 900);
    }
}
