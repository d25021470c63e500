//! After a start: what was written down is compared with what the engine has.
//!
//! Containers go on under the tasks that they belong to. One that was made just before the agent ended, and not written
//! down, is found by its name. Containers of this cluster that belong to no task that is written down are made a task of
//! their own, which the next manifest confirms or ends.
//!
//! An engine may know a container and say nothing of it, since something in it hangs. Such a container stays as it was
//! written down, and the others go on.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use crate::engine::{Engine, Status, View};
use crate::task::{Phase, Task, label};
use crate::{Error, Result};

use super::{Entry, Runner, now};

/// Containers that are looked at side by side.
const LOOKS: usize = 16;

impl<E: Engine> Runner<E> {
    pub(super) async fn adopt(&mut self) -> Result<()> {
        for mut task in self.host.journal.tasks()? {
            task.containers.iter_mut().for_each(crate::task::Container::resume);
            self.entries.insert(task.arn().to_owned(), Entry::new(task));
        }
        let failed = |error: crate::engine::Failure| Error::Engine(error.0);
        let mine = format!("{}={}", label::CLUSTER, self.host.config.cluster);
        let ids = self.host.engine.list(&mine).await.map_err(failed)?;
        let host = &self.host;
        let looks = ids.into_iter().map(|id| async move {
            let view = host.engine.inspect(&id).await;
            (id, view)
        });
        let looks: Vec<_> = stream::iter(looks).buffer_unordered(LOOKS).collect().await;
        let mut found: BTreeMap<String, Vec<View>> = BTreeMap::new();
        let mut unseen: BTreeSet<String> = BTreeSet::new();
        for (id, view) in looks {
            match view {
                Ok(Some(view)) => {
                    if let Some(arn) = view.labels.get(label::TASK) {
                        found.entry(arn.clone()).or_default().push(view);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(container.id = id, %error, "a container cannot be looked at");
                    unseen.insert(id);
                }
            }
        }
        for (arn, views) in &found {
            if !self.entries.contains_key(arn) {
                tracing::warn!(task.arn = arn, "containers of a task that is not written down are found");
                self.entries.insert(arn.clone(), Entry::new(orphan(arn, views)));
            }
        }
        for (arn, entry) in &mut self.entries {
            let is_unseen = |id: &Option<String>| id.as_ref().is_some_and(|id| unseen.contains(id));
            let containers = entry.task.containers.iter().enumerate();
            entry.unseen = containers.filter(|(_, one)| is_unseen(&one.runtime_id)).map(|(index, _)| index).collect();
            meet(&mut entry.task, found.get(arn).map_or(&[], Vec::as_slice), &entry.unseen);
            self.host.board.put(&entry.task);
            self.followers.follow(&entry.task);
        }
        let running = self.entries.values().filter(|entry| !entry.task.has_ended()).count();
        tracing::info!(tasks = running, "the tasks of this host are known");
        Ok(())
    }
}

/// What the engine has of a task. Of those that are unseen it says nothing.
fn meet(task: &mut Task, views: &[View], unseen: &BTreeSet<usize>) {
    for index in (0..task.containers.len()).filter(|index| !unseen.contains(index)) {
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
