//! Carrying out what a task asks for, beside the loop.

use std::time::Duration;

use types::Timestamp;

use crate::backoff::Backoff;
use crate::confinement;
use crate::engine::{Engine, Failure, Image, Status, View};
use crate::host::Shared;
use crate::images;
use crate::logs;
use crate::network::pause;
use crate::secrets::Found;
use crate::task::body::Surroundings;
use crate::task::{Action, Phase, Task};

use super::{Message, Place, Runner};

/// How soon a container is looked at again of which nothing could be learned, at first and at last.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

impl<E: Engine> Runner<E> {
    /// Begins an action.
    pub(super) fn act(&mut self, arn: &str, action: Action) {
        let Some(entry) = self.entries.get_mut(arn) else { return };
        let (host, outbox, task) = (self.host.clone(), self.outbox.clone(), entry.task.clone());
        let place = |index| Place { arn: arn.to_owned(), index };
        match action {
            Action::Pull(index) => {
                let place = place(index);
                let pull = tokio::spawn(async move {
                    let outcome = pull(&host, &task, index).await;
                    let _ = outbox.send(Message::Pulled(place, outcome)).await;
                });
                entry.pulls.insert(index, pull.abort_handle());
            }
            Action::Create(index) => {
                let place = place(index);
                tokio::spawn(async move {
                    let outcome = create(&host, &task, index).await;
                    let _ = outbox.send(Message::Created(place, outcome)).await;
                });
            }
            Action::Start(index) => {
                let (place, unseen) = (place(index), entry.unseen.remove(&index));
                tokio::spawn(async move {
                    let id = runtime_id(&task, index);
                    if unseen {
                        let view = told(&host, &place, &id).await;
                        if view.as_ref().is_none_or(|view| has_been_started(&task, index, view)) {
                            let _ = outbox.send(Message::Seen(place, view.map(Box::new))).await;
                            return;
                        }
                    }
                    let started = match logs::prepare(&host, &task, index).await {
                        Ok(()) => host.engine.start(&id).await,
                        Err(failure) => Err(failure),
                    };
                    let message = match started {
                        Ok(()) => look(&host, place, &id).await,
                        Err(failure) => not_started(&host, place, &id, &failure).await,
                    };
                    let _ = outbox.send(message).await;
                });
            }
            Action::Stop(index, seconds) => {
                let place = place(index);
                tokio::spawn(async move {
                    let id = runtime_id(&task, index);
                    let message = match host.engine.stop(&id, seconds).await {
                        Ok(()) => ended(&host, place, &id).await,
                        Err(failure) => Message::NotStopped(place, failure),
                    };
                    let _ = outbox.send(message).await;
                });
            }
        }
    }

    /// Looks at a container, unless somebody does; then once more after that.
    pub(super) fn look(&mut self, place: &Place) {
        let Some(entry) = self.entries.get_mut(&place.arn) else { return };
        if let Some(again) = entry.looks.get_mut(&place.index) {
            *again = true;
            return;
        }
        let id = runtime_id(&entry.task, place.index);
        if id.is_empty() {
            return;
        }
        entry.looks.insert(place.index, false);
        let (host, outbox, place) = (self.host.clone(), self.outbox.clone(), place.clone());
        tokio::spawn(async move {
            let message = look(&host, place, &id).await;
            let _ = outbox.send(message).await;
        });
    }

    /// A look is over.
    pub(super) fn looked(&mut self, place: &Place) {
        let again = self.entries.get_mut(&place.arn).and_then(|entry| entry.looks.remove(&place.index));
        if again == Some(true) {
            self.look(place);
        }
    }

    /// Looks at every container that should run.
    pub(super) fn look_at_all(&mut self) {
        let live = |phase| matches!(phase, Phase::Starting | Phase::Running | Phase::Stopping);
        let places: Vec<Place> = self
            .entries
            .iter()
            .flat_map(|(arn, entry)| {
                let live = entry.task.containers.iter().enumerate().filter(|(_, container)| live(container.phase));
                live.map(|(index, _)| Place { arn: arn.clone(), index })
            })
            .collect();
        for place in places {
            self.look(&place);
        }
    }
}

fn runtime_id(task: &Task, index: usize) -> String {
    task.containers.get(index).and_then(|container| container.runtime_id.clone()).unwrap_or_default()
}

async fn look<E: Engine>(host: &Shared<E>, place: Place, id: &str) -> Message {
    match host.engine.inspect(id).await {
        Ok(view) => Message::Seen(place, view.map(Box::new)),
        Err(error) => {
            tracing::warn!(task.arn = place.arn, %error, "a container cannot be looked at");
            Message::Unseen(place)
        }
    }
}

/// How a container is, once the engine says so.
async fn told<E: Engine>(host: &Shared<E>, place: &Place, id: &str) -> Option<View> {
    let mut backoff = Backoff::new(LOOK_AGAIN.0, LOOK_AGAIN.1);
    loop {
        match host.engine.inspect(id).await {
            Ok(view) => return view,
            Err(error) => {
                tracing::warn!(task.arn = place.arn, %error, "it is not known yet whether a container runs");
                tokio::time::sleep(backoff.next()).await;
            }
        }
    }
}

/// Whether a container was started since the agent last saw it end.
fn has_been_started(task: &Task, index: usize, view: &View) -> bool {
    let known = task.containers.get(index).and_then(|container| container.finished_at);
    match view.status {
        Status::Created => false,
        Status::Running => true,
        Status::Exited => known.is_none() || known != view.finished_at.map(Timestamp::micros),
    }
}

/// What became of a start that failed, or of which nothing was heard. A container that runs all the same must not be
/// given up: nobody would end it.
async fn not_started<E: Engine>(host: &Shared<E>, place: Place, id: &str, failure: &Failure) -> Message {
    match told(host, &place, id).await {
        Some(view) if view.status == Status::Running => Message::Seen(place, Some(Box::new(view))),
        _ => Message::NotStarted(place, prefixed("CannotStartContainerError", &failure.0)),
    }
}

/// How a container is once it was ended. An engine may say that it stopped it a moment before it knows itself.
async fn ended<E: Engine>(host: &Shared<E>, place: Place, id: &str) -> Message {
    for _ in 0..20 {
        match host.engine.inspect(id).await {
            Ok(Some(view)) if view.status == Status::Running => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Ok(view) => return Message::Seen(place, view.map(Box::new)),
            Err(failure) => return Message::NotStopped(place, failure),
        }
    }
    Message::NotStopped(place, Failure("it runs on".to_owned()))
}

async fn pull<E: Engine>(host: &Shared<E>, task: &Task, index: usize) -> Result<Image, Failure> {
    match task.definition(index) {
        Some(definition) => images::get(host, task, definition).await,
        None => pause::ensure(&host.engine).await,
    }
}

async fn create<E: Engine>(host: &Shared<E>, task: &Task, index: usize) -> Result<String, Failure> {
    // A control plane that has buckets sends what is in the files.
    if let Some(file) = task.definition(index).and_then(|definition| definition.environment_files.first()) {
        let text = format!("ResourceInitializationError: failed to download env files: {} was not sent", file.value);
        return Err(Failure(text));
    }
    let failed = |text: &str| prefixed("CannotCreateContainerError", text);
    for (volume, _) in task.volumes() {
        if host.config.confine_tasks {
            confinement::volume(&volume).map_err(|text| failed(&text))?;
        }
        host.engine.create_volume(&volume).await.map_err(|Failure(text)| prefixed("CannotCreateVolumeError", &text))?;
    }
    let secrets = match task.definition(index) {
        Some(definition) => {
            // Nothing of a task is made unless all of it gets its secrets.
            let begins = task.visible().all(|container| container.runtime_id.is_none());
            for other in task.wanted.containers.iter().filter(|other| begins && other.name != definition.name) {
                host.secrets(task, &other.secrets).await?;
            }
            host.secrets(task, &definition.secrets).await?
        }
        None => {
            host.engine.create_network(&host.config.task_network).await.map_err(|Failure(text)| failed(&text))?;
            Found::default()
        }
    };
    let mut ranges = Vec::new();
    for range in task.ranges(index) {
        let none = || failed(&format!("no {} free ports of the host are in a row", range.ports.len()));
        ranges.push(host.rows.take(range.ports.len(), range.protocol).ok_or_else(none)?);
    }
    let around = Surroundings {
        cluster: &host.config.cluster,
        variables: crate::vendor::variables(host, task, index),
        secrets: secrets.variables,
        log_options: secrets.log_options,
        ranges,
        task_network: &host.config.task_network,
        pause_image: pause::IMAGE,
    };
    let body = task.body(index, &around).map_err(|text| failed(&text))?;
    // The one without a definition is the agent's own.
    if host.config.confine_tasks && task.definition(index).is_some() {
        confinement::container(&body).map_err(|text| failed(&text))?;
    }
    let id = host.engine.create(&task.container_name(index), body).await.map_err(|Failure(text)| failed(&text))?;
    Ok(id)
}

/// A failure under its name, unless it has one.
fn prefixed(name: &str, text: &str) -> Failure {
    if text.starts_with("DockerTimeoutError") || text.starts_with(name) {
        return Failure(text.to_owned());
    }
    Failure(format!("{name}: {text}"))
}
