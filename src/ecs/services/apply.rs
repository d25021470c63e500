//! Doing what was decided about a service, in the transaction in which it was decided.
//!
//! Rows are taken in the order in which everybody takes them: cluster, service, tasks, hosts, and the job of the service
//! last. So all tasks that are to be stopped are held first, and starts go before stops.

use std::collections::BTreeSet;

use app::App;
use store::service_tasks::ServiceTaskRow;
use store::services::ServiceRow;
use store::{Conn, container_instances, ecs_tags, service_deployments, service_tasks, services};
use types::Timestamp;

use super::decide::model::{Action, Condition, Counters, Decision, Reason, Strategy};
use super::deployments::{self, Deployment, Rollback};
use super::load::Loaded;
use super::{Service, configuration, events, images, resource};
use crate::capacity_providers::Shares;
use crate::clusters::{Cluster, written};
use crate::container_instances::ContainerInstance;
use crate::error::Result;
use crate::placement;
use crate::tags::{self, Tag};
use crate::task_definitions;
use crate::tasks::start::{Hosts, Launch, start};
use crate::tasks::{self, STOPPED, Task};

/// Why a deployment is given up.
const BROKEN: &str = "ECS deployment circuit breaker: tasks failed to start.";
const REQUESTED: &str = "Service deployment stopped because of a user request.";

/// A decision that is being carried out.
pub(super) struct Application<'a> {
    pub(super) app: &'a App,
    pub(super) cluster: &'a Cluster,
    pub(super) service: &'a mut Service,
    pub(super) loaded: &'a mut Loaded,
    /// As it was read.
    before: ServiceRow,
    /// Deployments that were changed, by their ids.
    changed: BTreeSet<String>,
    now: Timestamp,
}

impl<'a> Application<'a> {
    pub(super) fn new(app: &'a App, cluster: &'a Cluster, service: &'a mut Service, loaded: &'a mut Loaded) -> Self {
        let before = service.row.clone();
        Self { now: app.now(), app, cluster, service, loaded, before, changed: BTreeSet::new() }
    }

    /// Does it. Whether agents have something new to do.
    pub(super) async fn run(mut self, conn: &mut Conn, decision: Decision) -> Result<bool> {
        let Decision { actions, conditions, .. } = decision;
        let mut stops: Vec<(String, Reason)> = Vec::new();
        let mut starts: Vec<(String, Option<String>)> = Vec::new();
        let mut rest = Vec::new();
        for action in actions {
            match action {
                Action::Stop { task, reason } => stops.push((task, reason)),
                Action::Start { deployment, host } => starts.push((deployment, host)),
                Action::Count { deployment, counters } => self.count(&deployment, counters),
                Action::Forget { task } => service_tasks::delete(conn, &task).await?,
                Action::Healthy { task } => service_tasks::update_healthy(conn, &task).await?,
                other => rest.push(other),
            }
        }
        stops.sort_by(|one, other| one.0.cmp(&other.0));
        for (task, _) in &stops {
            store::tasks::lock(conn, task).await?;
        }
        let started = self.start(conn, starts).await?;
        let stopped = self.stop(conn, stops).await?;
        for action in rest {
            self.turn(conn, action).await?;
        }
        if self.loaded.snapshot.strategy == Strategy::Daemon && self.service.is_active() {
            self.service.row.desired_count = self.loaded.snapshot.hosts.len() as u64;
        }
        self.tell(conn, conditions, &started, &stopped).await?;
        for deployment in &mut self.loaded.deployments {
            if self.changed.contains(&deployment.row.deployment_id) {
                deployment.save(conn, self.now).await?;
            }
        }
        // A service that rests is looked at now and then, and nothing is written.
        self.service.row.document = written(&self.service.document)?;
        if self.service.row != self.before {
            services::update(conn, &self.service.row).await?;
        }
        Ok(!started.is_empty() || !stopped.is_empty())
    }

    fn deployment(&mut self, id: &str) -> Option<&mut Deployment> {
        let found = self.loaded.deployments.iter_mut().find(|deployment| deployment.row.deployment_id == id);
        if found.is_some() {
            self.changed.insert(id.to_owned());
        }
        found
    }

    fn count(&mut self, id: &str, counters: Counters) {
        if let Some(Deployment { document, .. }) = self.deployment(id) {
            document.failures = counters.failures;
            document.failed_tasks = counters.failed_tasks;
            document.failed_starts = counters.failed_starts;
            document.failed_at = counters.failed_at.map(Timestamp::micros);
            document.retry_at = counters.retry_at.map(Timestamp::micros);
            document.unplaceable = counters.unplaceable;
        }
    }

    /// Starts tasks until one finds no host. Those that are each for a host of their own are all tried.
    async fn start(&mut self, conn: &mut Conn, starts: Vec<(String, Option<String>)>) -> Result<Vec<String>> {
        let mut started = Vec::new();
        let Some((id, _)) = starts.first().cloned() else {
            return Ok(started);
        };
        let (app, cluster) = (self.app, self.cluster);
        let registry = &cluster.row.registry;
        let Some(mut deployment) = self.deployment(&id).map(|found| found.clone()) else {
            return Ok(started);
        };
        let revision = deployment.document.revision.clone();
        let found = task_definitions::find_revision(conn, registry, &revision.family, revision.revision).await?;
        let Some(definition) = found else {
            tracing::error!(service = self.service.row.name, "the task definition of a service is gone");
            return Ok(started);
        };
        let digests = images::digests(conn, app, &registry.account, self.service, &mut deployment, &definition).await?;
        let placing = revision.placing(cluster, &definition)?;
        let document = &self.service.document;
        let constraints = configuration::all_constraints(&definition, &document.placement_constraints)?;
        let mut strategies = configuration::strategies(&document.placement_strategy)?;
        if strategies.is_empty() {
            strategies = placement::Strategy::of_services();
        }
        let wanted = self.tags(conn, &definition).await?;
        let (name, group) = (deployment.name(), format!("service:{}", self.service.row.name));
        let mut hosts = match self.loaded.hosts.take() {
            Some(hosts) => hosts,
            None => Hosts::read(conn, cluster, self.now, &group, &constraints).await?,
        };
        let overrides = serde_json::Value::Null;
        let version = revision.platform_version.as_deref().filter(|version| *version != "LATEST");
        let host = self.service.document.host.clone();
        let mut shares = Shares::new(&placing.strategy);
        let own = |task: &&Task| task.row.deployment_id.as_ref() == Some(&name) && task.row.desired_status != STOPPED;
        for task in self.loaded.tasks.values().filter(own) {
            task.document.capacity_provider_name.iter().for_each(|provider| shares.add(provider));
        }
        let mut unplaced = None;
        for (_, on) in starts {
            let capacity_provider = shares.next();
            let launch = Launch {
                cluster,
                definition: &definition,
                group: &group,
                started_by: Some(&name),
                launch_type: &placing.launch_type,
                capacity_provider,
                platform_version: version,
                service: Some((&self.service.row.service_id, &name)),
                overrides: &overrides,
                network_configuration: revision.network_configuration.as_ref(),
                constraints: &constraints,
                strategies: &strategies,
                tags: &wanted,
                enable_execute_command: self.service.document.enable_execute_command,
                host: &host,
                image_digests: &digests,
                token: None,
                instance_id: on.as_deref(),
            };
            match start(conn, app, &mut hosts, &launch).await? {
                Ok(row) => {
                    capacity_provider.into_iter().for_each(|provider| shares.add(provider));
                    let task = ServiceTaskRow {
                        task_id: row.task_id.clone(),
                        service_id: self.service.row.service_id.clone(),
                        deployment_id: id.clone(),
                        was_healthy: false,
                    };
                    service_tasks::insert(conn, &task).await?;
                    started.push(row.task_id);
                }
                Err(reason) => {
                    unplaced = Some(reason.event(hosts.all()));
                    if on.is_none() {
                        break;
                    }
                }
            }
        }
        deployment.document.unplaceable = unplaced.is_some();
        if let Some(reason) = unplaced {
            deployment.document.unplaceable_reason = reason;
        }
        if let Some(kept) = self.deployment(&id) {
            *kept = deployment;
        }
        Ok(started)
    }

    /// The tags that its tasks get.
    async fn tags(&self, conn: &mut Conn, definition: &task_definitions::TaskDefinition) -> Result<Vec<Tag>> {
        let registry = &self.cluster.row.registry;
        let document = &self.service.document;
        let (cluster, name) = (&self.cluster.row.name, &self.service.row.name);
        let mut wanted = match document.propagate_tags.as_str() {
            "SERVICE" => tags::list(conn, registry, &resource(cluster, name)).await?,
            "TASK_DEFINITION" => tags::list(conn, registry, &definition.resource()).await?,
            _ => Vec::new(),
        };
        if document.enable_managed_tags {
            wanted.retain(|tag| !tag.key.starts_with("aws:ecs:"));
            wanted.push(Tag { key: "aws:ecs:clusterName".to_owned(), value: cluster.clone() });
            wanted.push(Tag { key: "aws:ecs:serviceName".to_owned(), value: name.clone() });
        }
        Ok(wanted)
    }

    async fn stop(&mut self, conn: &mut Conn, stops: Vec<(String, Reason)>) -> Result<Vec<String>> {
        let mut stopped = Vec::new();
        for (id, reason) in stops {
            let Some(task) = self.loaded.tasks.get(&id) else {
                continue;
            };
            let why = events::reason(&reason);
            let task = tasks::stop(conn, task.row.clone(), "ServiceSchedulerInitiated", &why, self.now).await?;
            if task.row.desired_status != STOPPED {
                continue;
            }
            let instance = match reason {
                Reason::TargetHealth(_) => host_name(conn, &task).await?,
                Reason::Scaling(_) | Reason::ContainerHealth => None,
            };
            if let Some(told) = events::unhealthy(&reason, &id, instance.as_deref()) {
                events::tell(conn, self.app, self.service, &told).await?;
            }
            stopped.push(id);
        }
        Ok(stopped)
    }

    /// Deployments that end, and the end of the service.
    async fn turn(&mut self, conn: &mut Conn, action: Action) -> Result<()> {
        let (app, now) = (self.app, self.now);
        match action {
            Action::Complete { deployment: id } => {
                let Some(mut deployment) = self.deployment(&id).map(|found| found.clone()) else {
                    return Ok(());
                };
                "COMPLETED".clone_into(&mut deployment.row.rollout);
                deployment.row.completed_at = Some(now);
                let name = deployment.name();
                deployment.document.rollout_reason = format!("ECS deployment {name} completed.");
                if deployment.is_open() {
                    deployment.finish("SUCCESSFUL", None, now);
                }
                if let Some(failed) = deployment.document.instead_of.take() {
                    self.rolled_back(conn, &failed, "ROLLBACK_SUCCESSFUL").await?;
                }
                if let Some(kept) = self.deployment(&id) {
                    *kept = deployment;
                }
                events::tell(conn, app, self.service, &format!("(deployment {name}) deployment completed.")).await?;
            }
            Action::Fail { deployment: id, requested } => {
                let Some(deployment) = self.deployment(&id) else {
                    return Ok(());
                };
                "FAILED".clone_into(&mut deployment.row.rollout);
                deployment.document.rollback_requested = false;
                let reason = if requested { REQUESTED } else { BROKEN };
                reason.clone_into(&mut deployment.document.rollout_reason);
                let name = deployment.name();
                if deployment.is_open() {
                    deployment.finish("STOPPED", Some(reason), now);
                }
                let failed = deployment.document.instead_of.take();
                if let Some(failed) = failed {
                    self.rolled_back(conn, &failed, "ROLLBACK_FAILED").await?;
                }
                let what = format!("(deployment {name}) deployment failed: {}.", why(requested));
                events::tell(conn, app, self.service, &what).await?;
            }
            Action::RollBack { from, to, requested } => self.roll_back(conn, &from, &to, requested).await?,
            Action::Retire { deployment: id } => {
                if let Some(deployment) = self.deployment(&id) {
                    "INACTIVE".clone_into(&mut deployment.row.status);
                }
            }
            Action::Deactivate => {
                "INACTIVE".clone_into(&mut self.service.row.status);
                self.service.document.gone_at = Some(now.micros());
                let ids: Vec<String> =
                    self.loaded.deployments.iter().map(|deployment| deployment.row.deployment_id.clone()).collect();
                for id in ids {
                    if let Some(deployment) = self.deployment(&id) {
                        "INACTIVE".clone_into(&mut deployment.row.status);
                        if deployment.is_open() {
                            deployment.finish("STOPPED", Some("The service was deleted."), now);
                        }
                    }
                }
                let resource = resource(&self.cluster.row.name, &self.service.row.name);
                ecs_tags::delete_all(conn, &self.cluster.row.registry, &resource).await?;
            }
            Action::Count { .. }
            | Action::Forget { .. }
            | Action::Healthy { .. }
            | Action::Stop { .. }
            | Action::Start { .. } => {}
        }
        Ok(())
    }

    /// How the deployment came out instead of which the service went back.
    async fn rolled_back(&mut self, conn: &mut Conn, failed: &str, outcome: &str) -> Result<()> {
        let now = self.now;
        if let Some(failed) = self.deployment(failed) {
            let reason = failed.document.outcome_reason.clone();
            failed.finish(outcome, reason.as_deref(), now);
            return Ok(());
        }
        if let Some(row) = service_deployments::find(conn, failed).await? {
            let mut failed = Deployment::read(row);
            let reason = failed.document.outcome_reason.clone();
            failed.finish(outcome, reason.as_deref(), now);
            failed.save(conn, now).await?;
        }
        Ok(())
    }

    async fn roll_back(&mut self, conn: &mut Conn, from: &str, to: &str, requested: bool) -> Result<()> {
        if !self.loaded.deployments.iter().any(|deployment| deployment.row.deployment_id == to) {
            let Some(row) = service_deployments::find(conn, to).await? else {
                return Ok(());
            };
            self.loaded.deployments.push(Deployment::read(row));
        }
        let (app, now, to_name) = (self.app, self.now, deployments::name(to));
        let Some(failed) = self.deployment(from) else {
            return Ok(());
        };
        let reason = if requested { REQUESTED } else { BROKEN };
        "FAILED".clone_into(&mut failed.row.rollout);
        "ACTIVE".clone_into(&mut failed.row.status);
        "ROLLBACK_IN_PROGRESS".clone_into(&mut failed.row.outcome);
        reason.clone_into(&mut failed.document.rollout_reason);
        failed.document.outcome_reason = Some(reason.to_owned());
        failed.document.rollback_requested = false;
        failed.document.rollback =
            Some(Rollback { reason: reason.to_owned(), started_at: now.micros(), to: to.to_owned() });
        let from_name = failed.name();
        if let Some(back) = self.deployment(to) {
            back.begin();
            // Who asked for it is no circuit breaker.
            if !requested {
                back.document.rollout_reason =
                    format!("ECS deployment circuit breaker: rolling back to deploymentId {to_name}.");
            }
            back.document.instead_of = Some(from.to_owned());
            back.document.failures = 0;
            back.document.failed_starts = 0;
            back.document.failed_at = None;
            back.document.retry_at = None;
            back.document.unplaceable = false;
        }
        let what = format!("(deployment {from_name}) deployment failed: {}.", why(requested));
        events::tell(conn, app, self.service, &what).await?;
        events::tell(conn, app, self.service, &format!("rolling back to (deployment {to_name}).")).await
    }

    async fn tell(
        &mut self,
        conn: &mut Conn,
        mut standing: Vec<Condition>,
        started: &[String],
        stopped: &[String],
    ) -> Result<()> {
        let (app, primary) = (self.app, self.loaded.deployments.iter().find(|deployment| deployment.is_primary()));
        let document = primary.map(|primary| &primary.document);
        let unplaceable = document.filter(|document| document.unplaceable);
        let reason = unplaceable.map(|document| document.unplaceable_reason.clone()).unwrap_or_default();
        // What was found out just now is told when the next decision could not help it: own tasks that are about to go
        // make room first.
        let stood = standing.contains(&Condition::Unplaceable);
        let going = !stopped.is_empty() || self.loaded.snapshot.tasks.iter().any(|task| task.stopping);
        standing.retain(|condition| *condition != Condition::Unplaceable);
        if stood && unplaceable.is_some() && !going {
            standing.push(Condition::Unplaceable);
        }
        if !started.is_empty() {
            events::tell(conn, app, self.service, &events::started(started)).await?;
        }
        if !stopped.is_empty() {
            events::tell(conn, app, self.service, &events::stopped(stopped)).await?;
        }
        events::tell_conditions(conn, app, self.service, &standing, &reason).await
    }
}

/// Why a deployment is given up, as events say it.
fn why(requested: bool) -> &'static str {
    if requested { "stopped by a user" } else { "tasks failed to start" }
}

/// What events call the host of a task. Whoever runs on Fargate has none.
async fn host_name(conn: &mut Conn, task: &Task) -> Result<Option<String>> {
    let Some(id) = task.row.instance_id.as_ref().filter(|_| task.row.launch_type != "FARGATE") else {
        return Ok(None);
    };
    let found = container_instances::find(conn, id).await?.map(ContainerInstance::read);
    Ok(found.map(ContainerInstance::event_name))
}
