//! What a service tells its readers, in the words of ECS. What stands for a while is told once, and again after six hours.

use app::App;
use store::service_events::ServiceEventRow;
use store::services::ServiceRow;
use store::{Conn, service_events};
use types::Timestamp;

use super::Service;
use super::decide::model::{Condition, FailedTarget, Reason};
use super::deployments;
use crate::error::Result;

/// How long what stands is not told again.
const AGAIN: i64 = 6 * 3600 * 1_000_000;

/// Writes an event of a service: `(service S) …`.
pub(super) async fn tell(conn: &mut Conn, app: &App, service: &Service, what: &str) -> Result<()> {
    put_down(conn, &service.row, app.new_uuid(), what, app.now()).await
}

/// Like [`tell`], for whoever has no application at hand.
pub(super) async fn put_down(
    conn: &mut Conn,
    service: &ServiceRow,
    event_id: String,
    what: &str,
    now: Timestamp,
) -> Result<()> {
    let message = format!("(service {}) {what}", service.name);
    let event = ServiceEventRow { event_id, message, created_at: now };
    service_events::insert(conn, &service.service_id, &event).await?;
    Ok(())
}

/// `has started 2 tasks: (task A) (task B).`
pub(super) fn started(tasks: &[String]) -> String {
    format!("has started {} tasks: {}.", tasks.len(), list(tasks))
}

/// `has stopped 2 running tasks: (task A) (task B).`
pub(super) fn stopped(tasks: &[String]) -> String {
    format!("has stopped {} running tasks: {}.", tasks.len(), list(tasks))
}

fn list(tasks: &[String]) -> String {
    let tasks: Vec<String> = tasks.iter().map(|task| format!("(task {task})")).collect();
    tasks.join(" ")
}

/// Why a task is stopped, as DescribeTasks says it.
pub(super) fn reason(reason: &Reason) -> String {
    match reason {
        Reason::Scaling(deployment) => {
            format!("Scaling activity initiated by (deployment {})", deployments::name(deployment))
        }
        Reason::ContainerHealth => "Task failed container health checks".to_owned(),
        Reason::TargetHealth(failed) => format!("Task failed ELB health checks in (target-group {})", failed.group),
    }
}

/// `(task T) (instance I) (port P) is unhealthy in (target-group G) due to (reason R).`, of a task that is stopped because it
/// is unhealthy. Tasks of Fargate are on no instance.
///
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-unhealthy-event-messages.html>
pub(super) fn unhealthy(reason: &Reason, task: &str, instance: Option<&str>) -> Option<String> {
    match reason {
        Reason::Scaling(_) => None,
        Reason::ContainerHealth => Some(format!("(task {task}) failed container health checks.")),
        Reason::TargetHealth(FailedTarget { group, port, why }) => {
            let on = instance.map(|instance| format!(" (instance {instance})")).unwrap_or_default();
            Some(format!(
                "(task {task}){on} (port {port}) is unhealthy in (target-group {group}) due to (reason {why})."
            ))
        }
    }
}

/// Whether that is the reason of a task that was unhealthy.
pub(super) fn is_of_health(reason: &str) -> bool {
    reason.starts_with("Task failed ")
}

fn word(condition: Condition) -> &'static str {
    match condition {
        Condition::Steady => "steady",
        Condition::Stuck => "stuck",
        Condition::Inconsistent => "inconsistent",
        Condition::Unplaceable => "unplaceable",
    }
}

/// Tells what stands now and was not told, and forgets what no longer stands. `unplaceable` says why no host has room.
pub(super) async fn tell_conditions(
    conn: &mut Conn,
    app: &App,
    service: &mut Service,
    standing: &[Condition],
    unplaceable: &str,
) -> Result<()> {
    let now = app.now();
    for condition in standing {
        if !is_new(service, *condition, now) {
            continue;
        }
        let text = match condition {
            Condition::Steady => "has reached a steady state.".to_owned(),
            Condition::Stuck => "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update the minimumHealthyPercent or maximumPercent value and try again.".to_owned(),
            Condition::Inconsistent => "is unable to consistently start tasks successfully.".to_owned(),
            Condition::Unplaceable => format!(
                "was unable to place a task because no container instance met all of its requirements. {unplaceable}"
            ),
        };
        tell(conn, app, service, text.trim_end()).await?;
        service.document.told.insert(word(*condition).to_owned(), now.micros());
    }
    service.document.told.retain(|told, _| standing.iter().any(|condition| word(*condition) == told));
    Ok(())
}

/// Whether all that stands was told, and nothing else: then there is nothing to write.
pub(super) fn are_told(service: &Service, standing: &[Condition], now: Timestamp) -> bool {
    // Whether no host has room is found out by looking for one.
    !standing.contains(&Condition::Unplaceable)
        && standing.iter().all(|condition| !is_new(service, *condition, now))
        && service.document.told.keys().all(|told| standing.iter().any(|condition| word(*condition) == told))
}

fn is_new(service: &Service, condition: Condition, now: Timestamp) -> bool {
    service.document.told.get(word(condition)).is_none_or(|told| now.micros() - told >= AGAIN)
}

/// When what stands is to be told again.
pub(super) fn next(service: &Service) -> Option<Timestamp> {
    service.document.told.values().min().map(|told| Timestamp::from_micros(told.saturating_add(AGAIN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unhealthy_says_where_and_why() {
        let failed = FailedTarget { group: "arn:g".to_owned(), port: 8080, why: "Health checks failed".to_owned() };
        let reason = Reason::TargetHealth(failed);
        let end = "(port 8080) is unhealthy in (target-group arn:g) due to (reason Health checks failed).";
        assert_eq!(unhealthy(&reason, "t", Some("i-1")), Some(format!("(task t) (instance i-1) {end}")));
        assert_eq!(unhealthy(&reason, "t", None), Some(format!("(task t) {end}")));
        assert_eq!(
            unhealthy(&Reason::ContainerHealth, "t", Some("i-1")).as_deref(),
            Some("(task t) failed container health checks.")
        );
        assert_eq!(unhealthy(&Reason::Scaling("1".to_owned()), "t", None), None);
    }
}
