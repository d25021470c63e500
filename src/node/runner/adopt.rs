//! After a start: what was written down is compared with what the engine has.
//!
//! Containers go on under the tasks that they belong to. One that was made just before the agent ended, and not written
//! down, is found by its name. Containers of this cluster that belong to no task that is written down are made a task of
//! their own, which the next manifest confirms or ends.

use std::collections::BTreeMap;

use crate::engine::{Engine, Status, View};
use crate::task::{Phase, Task, label};
use crate::{Error, Result};

use super::{Entry, Runner, now};

impl<E: Engine> Runner<E> {
    pub(super) async fn adopt(&mut self) -> Result<()> {
        for mut task in self.host.journal.tasks()? {
            task.containers.iter_mut().for_each(crate::task::Container::resume);
            self.entries.insert(task.arn().to_owned(), Entry::new(task));
        }
        let failed = |error: crate::engine::Failure| Error::Engine(error.0);
        let mine = format!("{}={}", label::CLUSTER, self.host.config.cluster);
        let mut found: BTreeMap<String, Vec<View>> = BTreeMap::new();
        for id in self.host.engine.list(&mine).await.map_err(failed)? {
            let Some(view) = self.host.engine.inspect(&id).await.map_err(failed)? else { continue };
            if let Some(arn) = view.labels.get(label::TASK) {
                found.entry(arn.clone()).or_default().push(view);
            }
        }
        for (arn, views) in &found {
            if !self.entries.contains_key(arn) {
                tracing::warn!(task.arn = arn, "containers of a task that is not written down are found");
                self.entries.insert(arn.clone(), Entry::new(orphan(arn, views)));
            }
        }
        for (arn, entry) in &mut self.entries {
            meet(&mut entry.task, found.get(arn).map_or(&[], Vec::as_slice));
            self.host.board.put(&entry.task);
            self.followers.follow(&entry.task);
        }
        let running = self.entries.values().filter(|entry| !entry.task.has_ended()).count();
        tracing::info!(tasks = running, "the tasks of this host are known");
        Ok(())
    }
}

/// What the engine has of a task.
fn meet(task: &mut Task, views: &[View]) {
    for index in 0..task.containers.len() {
        let name = task.container_name(index);
        let container = &mut task.containers[index];
        let id = container.runtime_id.as_deref();
        let view = views
            .iter()
            .find(|view| Some(view.id.as_str()) == id || view.name == name)
            .or_else(|| views.iter().find(|view| view.labels.get(label::CONTAINER) == Some(&container.name)));
        if let Some(view) = view.filter(|_| matches!(container.phase, Phase::Waiting | Phase::Pulled)) {
            container.phase = Phase::Created;
            container.runtime_id = Some(view.id.clone());
        }
        task.seen(index, view, now());
    }
}

/// A task of which only the containers are known.
fn orphan(arn: &str, views: &[View]) -> Task {
    let label = |name: &str| views.iter().find_map(|view| view.labels.get(name)).cloned().unwrap_or_default();
    let container = |view: &View| acs::Container {
        name: view.labels.get(label::CONTAINER).cloned().unwrap_or_else(|| view.name.clone()),
        image: view.image_id.clone(),
        essential: true,
        ..acs::Container::default()
    };
    let is_pause = |view: &&View| view.labels.get(label::CONTAINER).is_some_and(|name| name == crate::task::PAUSE);
    let own_network = views.iter().any(|view| is_pause(&view));
    let mut task = Task::new(acs::Task {
        arn: arn.to_owned(),
        family: label(label::FAMILY),
        version: label(label::REVISION),
        desired_status: "RUNNING".to_owned(),
        network_mode: own_network.then(|| "awsvpc".to_owned()),
        containers: views.iter().filter(|view| !is_pause(view)).map(container).collect(),
        ..acs::Task::default()
    });
    // Nobody knows any more whether it should have been started, so it is not.
    for view in views.iter().filter(|view| view.status == Status::Created) {
        let name = view.labels.get(label::CONTAINER).unwrap_or(&view.name);
        if let Some(container) = task.containers.iter_mut().find(|container| container.name == *name) {
            container.phase = Phase::Stopped;
            container.runtime_id = Some(view.id.clone());
            task.reason = Some("the agent has lost what it knew of the task".to_owned());
        }
    }
    task
}
