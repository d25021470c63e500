//! What agents say became of tasks. They say it until they are heard, so the same may come twice, and an older thing after
//! a newer one: states only go forward.

use acs::api::{
    AttachmentStateChange, ContainerStateChange, SubmitContainerStateChangeRequest, SubmitTaskStateChangeRequest,
};
use app::api::Call;
use store::tasks;
use types::Timestamp;

use super::{ACTIVATING, Container, DEPROVISIONING, Detail, PENDING, PROVISIONING, RUNNING, STOPPED, Task, save};
use crate::arns;
use crate::clusters::{self, write};
use crate::error::{Error, Result};

/// The longest reason that is kept.
const LONGEST_REASON: usize = 1024;

/// Takes what an agent says of a task. A task that is not here any more is nobody's: the agent hears nothing else than
/// that it was heard.
pub(crate) async fn report_task(call: &Call, said: SubmitTaskStateChangeRequest) -> Result<()> {
    let (cluster, task) = (said.cluster.clone(), said.task.clone().unwrap_or_default());
    change(call, cluster, task, move |task, now| apply(task, &said, now)).await
}

/// Takes what an agent says of one container of a task.
pub(crate) async fn report_container(call: &Call, said: SubmitContainerStateChangeRequest) -> Result<()> {
    let (cluster, task) = (said.cluster.clone(), said.task.clone().unwrap_or_default());
    let said = ContainerStateChange {
        container_name: said.container_name,
        image_digest: None,
        runtime_id: said.runtime_id,
        exit_code: said.exit_code,
        network_bindings: said.network_bindings,
        reason: said.reason,
        status: said.status,
    };
    change(call, cluster, task, move |task, _| apply_containers(task, std::slice::from_ref(&said))).await
}

async fn change(
    call: &Call,
    cluster: Option<String>,
    given: String,
    apply: impl FnOnce(&mut Task, Timestamp) + Send + 'static,
) -> Result<()> {
    let (registry, now) = (call.ctx.registry.clone(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            let cluster = clusters::find_in(conn, &registry, cluster.as_deref()).await?;
            let id = arns::in_cluster(&registry, "task", &cluster.row.name, &given)
                .ok_or_else(|| Error::InvalidParameter("Invalid task identifier.".to_owned()))?;
            let found = tasks::lock(conn, id).await?.filter(|row| row.cluster_id == cluster.row.cluster_id);
            let Some(mut task) = found.map(Task::read) else {
                return Ok(());
            };
            if task.is_over() {
                return Ok(());
            }
            let before = task.clone();
            apply(&mut task, now);
            if task.row.last_status == before.row.last_status
                && task.row.desired_status == before.row.desired_status
                && task.document == before.document
            {
                return Ok(());
            }
            save(conn, &mut task, now).await
        })
    })
    .await
}

/// What an agent says of a task that is not over.
fn apply(task: &mut Task, said: &SubmitTaskStateChangeRequest, now: Timestamp) {
    let stamp = |seconds: Option<f64>| seconds.map(micros);
    let document = &mut task.document;
    document.pull_started_at = document.pull_started_at.or(stamp(said.pull_started_at));
    document.pull_stopped_at = document.pull_stopped_at.or(stamp(said.pull_stopped_at));
    document.execution_stopped_at = document.execution_stopped_at.or(stamp(said.execution_stopped_at));
    apply_containers(task, &said.containers);
    apply_attachments(task, &said.attachments);
    let starting = matches!(task.row.last_status.as_str(), PROVISIONING | PENDING | ACTIVATING);
    match said.status.as_deref() {
        Some(STOPPED) => {
            if ran(&task.document.containers) {
                task.document.started_at.get_or_insert(now.micros());
            }
            let told = said.reason.as_deref().filter(|reason| !reason.is_empty()).map(shortened);
            let (code, otherwise) = match task.document.started_at {
                Some(_) => ("EssentialContainerExited", "Essential container in task exited"),
                None => ("TaskFailedToStart", "Task failed to start"),
            };
            let reason = told.unwrap_or_else(|| otherwise.to_owned());
            task.want_stopped(code, &reason, now);
            task.containers_ended(now);
        }
        Some(RUNNING) if starting => {
            RUNNING.clone_into(&mut task.row.last_status);
            task.document.started_at = Some(now.micros());
            task.document.connectivity_at.get_or_insert(now.micros());
        }
        Some(_) if starting && said.pull_stopped_at.is_some() => ACTIVATING.clone_into(&mut task.row.last_status),
        _ => {}
    }
}

/// Whether a task ran although it was never seen running: it ended at once. If a container could not be made or started, it has
/// a reason and no exit code, and the task failed to start, whatever became of the others.
fn ran(containers: &[Container]) -> bool {
    let failed = containers.iter().any(|container| container.exit_code.is_none() && container.reason.is_some());
    !failed && containers.iter().any(|container| container.essential && container.exit_code.is_some())
}

/// The agent makes the interface of a task, and says which address it has. One that is being taken away is not made again.
fn apply_attachments(task: &mut Task, said: &[AttachmentStateChange]) {
    if task.row.last_status == DEPROVISIONING {
        return;
    }
    for change in said {
        let id = change.attachment_arn.rsplit('/').next().unwrap_or_default();
        let Some(attachment) = task.document.attachments.iter_mut().find(|attachment| attachment.id == id) else {
            continue;
        };
        change.status.clone_into(&mut attachment.status);
        for detail in &change.details {
            attachment.details.retain(|known| known.name != detail.name);
            attachment.details.push(Detail { name: detail.name.clone(), value: detail.value.clone() });
        }
    }
}

fn apply_containers(task: &mut Task, said: &[ContainerStateChange]) {
    for change in said {
        let name = change.container_name.as_deref().unwrap_or_default();
        let Some(container) = task.document.containers.iter_mut().find(|container| container.name == name) else {
            continue;
        };
        if change.runtime_id.is_some() {
            container.runtime_id.clone_from(&change.runtime_id);
        }
        if change.image_digest.is_some() {
            container.image_digest.clone_from(&change.image_digest);
        }
        if !change.network_bindings.is_empty() {
            container.network_bindings.clone_from(&change.network_bindings);
        }
        if let Some(reason) = change.reason.as_deref().filter(|reason| !reason.is_empty()) {
            container.reason = Some(shortened(reason));
        }
        if change.exit_code.is_some() {
            container.exit_code = change.exit_code;
        }
        if let Some(status) = change.status.as_deref() {
            advance(container, status);
        }
    }
}

/// A restarted container runs again; apart from that states only go forward.
fn advance(container: &mut Container, status: &str) {
    let place = |status: &str| match status {
        RUNNING => 1,
        STOPPED => 2,
        _ => 0,
    };
    if place(status) > place(&container.last_status) {
        status.clone_into(&mut container.last_status);
    }
}

/// Seconds since 1970 on the wire.
fn micros(seconds: f64) -> i64 {
    (seconds * 1_000_000.0) as i64
}

fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::Attachment;

    fn task() -> Task {
        let container = Container { name: "web".to_owned(), essential: true, ..Container::default() };
        let mut task = Task::example(RUNNING, PENDING);
        task.document.containers.push(container);
        task
    }

    fn said(status: &str, reason: Option<&str>, exit_code: Option<i64>) -> SubmitTaskStateChangeRequest {
        SubmitTaskStateChangeRequest {
            status: Some(status.to_owned()),
            reason: reason.map(str::to_owned),
            containers: vec![ContainerStateChange {
                container_name: Some("web".to_owned()),
                status: Some(status.to_owned()),
                exit_code,
                ..ContainerStateChange::default()
            }],
            ..SubmitTaskStateChangeRequest::default()
        }
    }

    #[test]
    fn a_task_that_could_not_start_did_not_run_whatever_became_of_its_other_containers() {
        let container = |name: &str, essential: bool, exit_code: Option<i64>, reason: Option<&str>| Container {
            name: name.to_owned(),
            essential,
            exit_code,
            reason: reason.map(str::to_owned),
            ..Container::default()
        };
        let missing = Some("CannotPullContainerError: no such image");
        // An init container ended well, and the image of the other is not there.
        assert!(!ran(&[container("init", false, Some(0), None), container("web", true, None, missing)]));
        // One was killed because another could not be made.
        assert!(!ran(&[container("web", true, Some(137), None), container("log", true, None, missing)]));
        // A dependency failed, and nothing that counts ran.
        assert!(!ran(&[container("init", false, Some(1), None), container("web", true, None, None)]));
        assert!(ran(&[container("init", false, Some(0), None), container("web", true, Some(0), None)]));
        assert!(ran(&[container("web", true, Some(137), Some("OutOfMemoryError"))]));

        let mut task = task();
        task.document.containers.push(container("init", false, Some(0), None));
        let mut ended = said(STOPPED, missing, None);
        ended.containers[0].reason = missing.map(str::to_owned);
        apply(&mut task, &ended, Timestamp::from_micros(9));
        assert_eq!(task.document.stop_code.as_deref(), Some("TaskFailedToStart"));
        assert_eq!((task.document.stopped_reason.as_deref(), task.document.started_at), (missing, None));
    }

    #[test]
    fn a_task_runs_and_ends_by_itself() {
        let mut task = task();
        apply(&mut task, &said(RUNNING, None, None), Timestamp::from_micros(5));
        assert_eq!((task.row.last_status.as_str(), task.document.started_at), (RUNNING, Some(5)));
        apply(&mut task, &said(STOPPED, None, Some(3)), Timestamp::from_micros(9));
        assert!(task.is_over());
        assert_eq!(task.row.desired_status, STOPPED);
        assert_eq!(task.document.stop_code.as_deref(), Some("EssentialContainerExited"));
        assert_eq!(task.document.stopped_reason.as_deref(), Some("Essential container in task exited"));
        assert_eq!(task.document.containers[0].exit_code, Some(3));
        assert_eq!(task.row.stopped_at, Some(Timestamp::from_micros(9)));
    }

    #[test]
    fn a_task_with_a_network_interface_is_over_once_that_is_gone() {
        let mut task = task();
        let interface = Attachment { kind: "ElasticNetworkInterface".to_owned(), ..Attachment::default() };
        task.document.attachments.push(interface);
        apply(&mut task, &said(RUNNING, None, None), Timestamp::from_micros(5));
        for at in [9, 10] {
            // It may be said twice.
            apply(&mut task, &said(STOPPED, None, Some(3)), Timestamp::from_micros(at));
            assert_eq!((task.row.last_status.as_str(), task.row.desired_status.as_str()), (DEPROVISIONING, STOPPED));
            assert_eq!((task.is_over(), task.row.stopped_at, task.document.stopping_at), (false, None, Some(9)));
            assert_eq!(task.document.containers[0].last_status, STOPPED);
            assert_eq!(task.document.attachments[0].status, "DETACHING");
            // What was said before that may come after it.
            let made = AttachmentStateChange { status: "ATTACHED".to_owned(), ..AttachmentStateChange::default() };
            let late = SubmitTaskStateChangeRequest { attachments: vec![made], ..said(RUNNING, None, None) };
            apply(&mut task, &late, Timestamp::from_micros(at));
            assert_eq!(task.document.attachments[0].status, "DETACHING");
        }
        task.end(Timestamp::from_micros(11));
        assert_eq!((task.is_over(), task.row.stopped_at), (true, Some(Timestamp::from_micros(11))));
        assert_eq!(task.document.attachments[0].status, "DELETED");
        assert_eq!(task.document.stop_code.as_deref(), Some("EssentialContainerExited"));
    }

    #[test]
    fn what_ended_at_once_has_exited_and_not_failed_to_start() {
        let mut task = task();
        let reason = "Essential container in task exited";
        apply(&mut task, &said(STOPPED, Some(reason), Some(3)), Timestamp::from_micros(9));
        assert_eq!(task.document.stop_code.as_deref(), Some("EssentialContainerExited"));
        assert_eq!(task.document.started_at, Some(9));
    }

    #[test]
    fn what_never_ran_says_why() {
        let mut task = task();
        let reason = "CannotPullContainerError: no such image";
        apply(&mut task, &said(STOPPED, Some(reason), None), Timestamp::from_micros(9));
        assert_eq!(task.document.stop_code.as_deref(), Some("TaskFailedToStart"));
        assert_eq!(task.document.stopped_reason.as_deref(), Some(reason));
    }

    #[test]
    fn the_first_reason_to_stop_is_the_one_that_counts() {
        let mut task = task();
        apply(&mut task, &said(RUNNING, None, None), Timestamp::from_micros(5));
        task.want_stopped("UserInitiated", "Task stopped by user", Timestamp::from_micros(6));
        apply(&mut task, &said(RUNNING, None, None), Timestamp::from_micros(7));
        apply(&mut task, &said(STOPPED, None, Some(137)), Timestamp::from_micros(9));
        assert_eq!(task.document.stop_code.as_deref(), Some("UserInitiated"));
        assert_eq!(task.document.stopping_at, Some(6));
    }
}
