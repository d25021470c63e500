//! The tasks of a service in target groups: registered once they run, deregistered before they are stopped, and what target
//! groups say of them.
//!
//! It is level-triggered, and comes before each look at a service: what a task is registered as is noted with the task
//! before it is registered, so that whatever happens in between, it is deregistered in the end. Load balancers have
//! transactions of their own; none of ours is open meanwhile.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use app::App;
use elb::health::{Health, State};
use elb::target_groups;
use elb::targets::{self, Registration, TargetHealth};
use store::{Conn, Pending, container_instances, tasks};

use super::decide::model::{FailedTarget, Target as TargetState};
use super::look::Seen;
use super::targets::{Target, of};
use super::{Service, events};
use crate::container_instances::ContainerInstance;
use crate::error::{Error, Result};
use crate::tasks::{DEACTIVATING, DEPROVISIONING, RUNNING, RegisteredTarget, STOPPED, STOPPING, Task, save};

/// How long a service rests while target groups have not taken its tasks in, or have not let them go: nobody wakes it then.
pub(super) const MOVING: Duration = Duration::from_secs(1);

/// How long it rests while its tasks are in target groups, which wake nobody when one becomes unhealthy.
const RESTING: Duration = Duration::from_secs(5);

/// What target groups say of the tasks of a service.
#[derive(Debug, Default)]
pub(super) struct Balanced {
    /// By the ids of tasks; the others are in no target group.
    states: HashMap<String, TargetState>,
    /// The ids of tasks that are over and that were taken out of their target groups, or are on their way out.
    left: HashSet<String>,
    /// Whether something is under way.
    moves: bool,
}

impl Balanced {
    /// How long the service may rest at most, as far as target groups are concerned.
    pub(super) fn watched(&self) -> Option<Duration> {
        match (self.moves, self.states.is_empty()) {
            (true, _) => Some(MOVING),
            (false, false) => Some(RESTING),
            (false, true) => None,
        }
    }

    /// Whether a task that is over may be forgotten. One that ended since its service was looked at may still be in its target
    /// groups, and nobody but its service knows.
    pub(super) fn has_let_go(&self, task: &Task) -> bool {
        task.document.targets.is_empty() || self.left.contains(&task.row.task_id)
    }

    /// What they say of a task.
    pub(super) fn of(&self, task_id: &str) -> TargetState {
        self.states.get(task_id).cloned().unwrap_or(TargetState::Unbalanced)
    }
}

/// What is known of target groups in one look.
struct Groups<'a> {
    app: &'a App,
    known: HashMap<String, Vec<TargetHealth>>,
}

impl Groups<'_> {
    /// The health of the targets of a group; none if it is gone.
    async fn targets(&mut self, arn: &str) -> Result<&[TargetHealth]> {
        if !self.known.contains_key(arn) {
            let found = match targets::health(self.app, arn).await {
                Ok(found) => found,
                Err(elb::Error::TargetGroupNotFound(_)) => Vec::new(),
                // A target that cannot be looked at is not gone: its task would stop while requests still come.
                Err(error) => {
                    tracing::warn!(?error, target_group = arn, "a target group of a service cannot be looked at");
                    return Err(Error::Rule(app::Error::Unavailable("load balancers")));
                }
            };
            self.known.insert(arn.to_owned(), found);
        }
        Ok(self.known.get(arn).map(Vec::as_slice).unwrap_or_default())
    }

    async fn find(&mut self, target: &RegisteredTarget) -> Result<Option<&Health>> {
        let found = self.targets(&target.target_group_arn).await?;
        let found = found.iter().find(|other| other.id == target.id && other.port == target.port);
        Ok(found.map(|found| &found.health))
    }
}

/// Brings target groups in line with the tasks of a service, and says how they stand.
pub(super) async fn align(app: &Arc<App>, seen: &Seen) -> Result<Balanced> {
    let Seen { service, standing, .. } = seen;
    let wanted: HashMap<String, Vec<Target>> =
        standing.deployments.iter().map(|deployment| (deployment.name(), of(&deployment.document.revision))).collect();
    let is_balanced = |task: &Task| !task.document.targets.is_empty();
    let ended: Vec<&str> = standing.ended().collect();
    if wanted.values().all(Vec::is_empty) && ended.is_empty() && !standing.tasks.values().any(is_balanced) {
        return Ok(Balanced::default());
    }
    let mut all: Vec<Task> = standing.tasks.values().cloned().collect();
    if !ended.is_empty() {
        let ended = tasks::list_named(&mut app.db().reader().await?, &ended).await?;
        all.extend(ended.into_iter().map(Task::read));
    }
    all.sort_by(|one, other| one.row.task_id.cmp(&other.row.task_id));
    let mut groups = Groups { app: app.as_ref(), known: HashMap::new() };
    let mut balanced = Balanced::default();
    for mut task in all {
        let wanted =
            task.row.deployment_id.as_ref().and_then(|id| wanted.get(id)).map(Vec::as_slice).unwrap_or_default();
        if task.row.desired_status == STOPPED || task.is_over() {
            if is_balanced(&task) {
                let (task_id, is_over) = (task.row.task_id.clone(), task.is_over());
                let left = leave(app, &mut groups, service, task).await?;
                balanced.moves |= left != Left::Out;
                if is_over && left != Left::Not {
                    balanced.left.insert(task_id);
                }
            }
            continue;
        }
        if wanted.is_empty() {
            continue;
        }
        let mut state = TargetState::Initial;
        if task.row.last_status == RUNNING {
            if !is_balanced(&task) {
                note(app, &mut task, wanted).await?;
            }
            state = join(app, &mut groups, service, &task).await?;
        }
        balanced.moves |= state == TargetState::Initial;
        balanced.states.insert(task.row.task_id, state);
    }
    Ok(balanced)
}

/// Notes as what a task is to be registered.
async fn note(app: &App, task: &mut Task, wanted: &[Target]) -> Result<()> {
    let mut conn = app.db().reader().await?;
    let Some(address) = address(&mut conn, task).await? else {
        return Ok(());
    };
    let mut registered = Vec::new();
    for target in wanted {
        let about = match target_groups::about(&mut conn, &target.target_group_arn).await {
            Ok(about) => about,
            Err(error) => {
                tracing::warn!(?error, target_group = target.target_group_arn, "a task cannot be registered");
                continue;
            }
        };
        let Some(port) = port(task, target) else {
            continue;
        };
        let id = match about.target_type.as_str() {
            "instance" => task.row.instance_id.clone().unwrap_or_default(),
            _ => address.to_string(),
        };
        registered.push(RegisteredTarget { target_group_arn: target.target_group_arn.clone(), id, address, port });
    }
    drop(conn);
    let (task_id, now, noted) = (task.row.task_id.clone(), app.now(), registered.clone());
    let kept = app.db().write_in_background(move |conn| {
        Box::pin(async move {
            let found = tasks::lock(conn, &task_id).await?.map(Task::read);
            let Some(mut task) = found.filter(|task| task.row.desired_status == RUNNING && !task.is_over()) else {
                return Ok(false);
            };
            task.document.targets = noted;
            save(conn, &mut task, now).await?;
            Ok(true)
        }) as Pending<'_, bool, Error>
    });
    if kept.await? {
        task.document.targets = registered;
    }
    Ok(())
}

/// Registers a task as what was noted, and says what its target groups make of it.
async fn join(app: &App, groups: &mut Groups<'_>, service: &Service, task: &Task) -> Result<TargetState> {
    let mut state = TargetState::Healthy;
    if task.document.targets.is_empty() {
        return Ok(TargetState::Initial);
    }
    for target in &task.document.targets {
        match groups.find(target).await? {
            Some(Health { state: State::Healthy, .. }) => {}
            Some(Health { state: State::Unhealthy, description, .. }) => {
                return Ok(TargetState::Unhealthy(FailedTarget {
                    group: target.target_group_arn.clone(),
                    port: target.port,
                    why: description.clone().unwrap_or_else(|| "Health checks failed".to_owned()),
                }));
            }
            Some(_) => state = TargetState::Initial,
            None => {
                state = TargetState::Initial;
                let (id, address, port) = (target.id.clone(), target.address, target.port);
                let group = &target.target_group_arn;
                match targets::register(app, group, Registration { id, address, port }).await {
                    Ok(()) => tell(app, service, format!("registered 1 targets in (target-group {group})")).await?,
                    Err(error) => tracing::warn!(?error, target_group = group, "a task cannot be registered"),
                }
            }
        }
    }
    Ok(state)
}

/// How far a task is out of its target groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// It is out of all of them.
    Out,
    /// It drains.
    Soon,
    /// One of them does not let it go.
    Not,
}

/// Takes a task that is to stop, or is over, out of its target groups.
async fn leave(app: &App, groups: &mut Groups<'_>, service: &Service, task: Task) -> Result<Left> {
    let mut left = Left::Out;
    for target in &task.document.targets {
        let group = &target.target_group_arn;
        match groups.find(target).await? {
            None => {}
            Some(Health { state: State::Draining, .. }) if left == Left::Out => left = Left::Soon,
            Some(Health { state: State::Draining, .. }) => {}
            Some(_) => {
                if let Err(error) = targets::deregister(app, group, &target.id, target.port).await {
                    tracing::warn!(?error, target_group = group, "a task cannot be deregistered");
                    left = Left::Not;
                    continue;
                }
                if left == Left::Out {
                    left = Left::Soon;
                }
                tell(app, service, format!("deregistered 1 targets in (target-group {group})")).await?;
                if !task.is_over() && task.row.last_status != DEPROVISIONING {
                    tell(app, service, "has begun draining connections on 1 tasks.".to_owned()).await?;
                }
            }
        }
    }
    let out = left == Left::Out;
    if !out && !task.is_over() {
        return Ok(left);
    }
    let (task_id, now) = (task.row.task_id, app.now());
    let done = app.db().write_in_background(move |conn| {
        Box::pin(async move {
            let Some(mut task) = tasks::lock(conn, &task_id).await?.map(Task::read) else {
                return Ok(());
            };
            if task.is_over() && !out {
                return Ok(());
            }
            task.document.targets.clear();
            if task.row.last_status == DEACTIVATING {
                STOPPING.clone_into(&mut task.row.last_status);
            }
            save(conn, &mut task, now).await
        }) as Pending<'_, (), Error>
    });
    done.await?;
    app.wake_agents();
    Ok(left)
}

/// Where a task is reached: at its own address, or at that of its host.
async fn address(conn: &mut Conn, task: &Task) -> Result<Option<IpAddr>> {
    let details = task.document.attachments.iter().flat_map(|attachment| &attachment.details);
    let own = details.clone().find(|detail| detail.name == "privateIPv4Address");
    if let Some(own) = own {
        return Ok(own.value.parse().ok());
    }
    let Some(instance_id) = &task.row.instance_id else {
        return Ok(None);
    };
    let instance = container_instances::find(conn, instance_id).await?.map(ContainerInstance::read);
    Ok(instance.and_then(|instance| instance.document.address?.parse().ok()))
}

/// The port under which a container of a task is reached at that address.
fn port(task: &Task, target: &Target) -> Option<u16> {
    let container = task.document.containers.iter().find(|container| container.name == target.container_name)?;
    let own = i64::from(target.container_port);
    let binding = container.network_bindings.iter().find(|binding| binding.container_port == Some(own));
    match binding.and_then(|binding| binding.host_port) {
        Some(port) => u16::try_from(port).ok(),
        None => Some(target.container_port),
    }
}

async fn tell(app: &App, service: &Service, what: String) -> Result<()> {
    let row = service.row.clone();
    let (id, text) = (app.new_uuid(), what);
    let now = app.now();
    let done = app.db().write_in_background(move |conn| {
        Box::pin(async move { events::put_down(conn, &row, id, &text, now).await }) as Pending<'_, (), Error>
    });
    done.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_ended_while_its_service_was_looked_at_is_not_forgotten_before_its_target_is() {
        let mut task = Task::example(STOPPED, STOPPED);
        let mut balanced = Balanced::default();
        assert!(balanced.has_let_go(&task), "it is in no target group");
        task.document.targets.push(RegisteredTarget {
            target_group_arn: "arn:g".to_owned(),
            id: "h".to_owned(),
            address: IpAddr::from([127, 0, 0, 1]),
            port: 80,
        });
        assert!(!balanced.has_let_go(&task), "nobody has taken it out");
        balanced.left.insert(task.row.task_id.clone());
        assert!(balanced.has_let_go(&task));
    }
}
