//! The heart of the agent: it owns the tasks, does what they ask for, and tells them what came of it.
//!
//! One loop owns all state and waits for nothing but its inbox. What takes time (a pull, an engine, the control plane)
//! runs beside it and comes back as a [`Message`]. What the control plane asked for is on disk before it is acknowledged.

mod act;
mod adopt;
mod cleanup;
mod tell;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use acs::TaskIdentifier;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use types::Timestamp;

use crate::engine::{self, Engine, Failure, Image, View};
use crate::host::Shared;
use crate::journal::Instance;
use crate::logs::Followers;
use crate::task::{Phase, Task, check};
use crate::{Error, Result};

/// How often all containers are looked at though the engine says nothing: its events may be missed.
const LOOK: Duration = Duration::from_secs(10);
/// Messages that wait.
const INBOX: usize = 1024;

/// Something that the loop is told.
pub(crate) enum Message {
    /// Tasks to run and to stop. The answer comes when they are written down.
    Payload { tasks: Vec<acs::Task>, sequence: i64, done: oneshot::Sender<Result<()>> },
    /// The tasks that this host should have. The answer is those that it has beside them; none if the manifest is old.
    Manifest { tasks: Vec<TaskIdentifier>, timeline: i64, done: oneshot::Sender<Result<Option<Vec<TaskIdentifier>>>> },
    /// Tasks that are to end.
    Stop(Vec<String>),
    /// What came of a pull.
    Pulled(Place, engine::Result<Image>),
    /// What came of a creation.
    Created(Place, engine::Result<String>),
    /// A container could not be started.
    NotStarted(Place, Failure),
    /// A container could not be ended.
    NotStopped(Place, Failure),
    /// How a container is.
    Seen(Place, Option<Box<View>>),
    /// It could not be looked at.
    Unseen(Place),
    /// Something happened to a container of the engine.
    Event(String),
    /// The control plane has taken a report.
    Told(String, Box<tell::Report>),
    /// What remained of a task on the engine is gone, or could not be removed.
    Cleaned(String, engine::Result<()>),
}

/// A container: its task, and its place there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) arn: String,
    pub(crate) index: usize,
}

/// A task and what is going on for it.
struct Entry {
    task: Task,
    /// Pulls that can be let go of.
    pulls: BTreeMap<usize, AbortHandle>,
    /// Containers that are being looked at, and whether they are to be looked at again.
    looks: BTreeMap<usize, bool>,
    /// Containers of which the engine said nothing when the agent started: they may have been started already.
    unseen: BTreeSet<usize>,
    /// Whether what is written down of it is older than what it is.
    unwritten: bool,
    /// Whether a report is on its way.
    telling: bool,
    /// Whether it is being removed from the engine.
    cleaning: bool,
    /// How often not all of it could be removed.
    cleaned_in_vain: u32,
    /// Not before this it is tried again.
    clean_again_at: Option<Timestamp>,
    /// When it wants to be asked again though nothing happens.
    wake: Option<Timestamp>,
}

impl Entry {
    fn new(task: Task) -> Self {
        Self {
            task,
            pulls: BTreeMap::new(),
            looks: BTreeMap::new(),
            unseen: BTreeSet::new(),
            unwritten: false,
            telling: false,
            cleaning: false,
            cleaned_in_vain: 0,
            clean_again_at: None,
            wake: None,
        }
    }
}

/// The loop.
pub(crate) struct Runner<E: Engine> {
    host: Shared<E>,
    followers: Followers<E>,
    entries: BTreeMap<String, Entry>,
    instance: Instance,
    inbox: mpsc::Receiver<Message>,
    outbox: mpsc::Sender<Message>,
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from(SystemTime::now())
}

impl<E: Engine> Runner<E> {
    /// A runner for this instance, and where it is told things. It has adopted what runs.
    pub(crate) async fn start(host: Shared<E>, instance: Instance) -> Result<(Self, mpsc::Sender<Message>)> {
        let (outbox, inbox) = mpsc::channel(INBOX);
        let followers = Followers::new(host.clone());
        let mut runner = Self { host, followers, entries: BTreeMap::new(), instance, inbox, outbox: outbox.clone() };
        runner.adopt().await?;
        Ok((runner, outbox))
    }

    /// Runs until the future is done. Containers stay.
    pub(crate) async fn run(mut self, until: impl Future<Output = ()>) -> Result<()> {
        let watch = tokio::spawn(watch(self.host.clone(), self.outbox.clone()));
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let arns: Vec<String> = self.entries.keys().cloned().collect();
        for arn in arns {
            let outcome = self.go_on(&arn).await;
            complain(outcome);
        }
        tokio::pin!(until);
        loop {
            let wake = self.entries.values().filter_map(|entry| entry.wake).min();
            let wait = wake.map_or(LOOK, |wake| {
                Duration::from_micros(u64::try_from(wake.micros() - now().micros()).unwrap_or_default())
            });
            tokio::select! {
                () = &mut until => break,
                message = self.inbox.recv() => {
                    let Some(message) = message else { break };
                    self.take(message).await;
                }
                _ = look.tick() => {
                    self.look_at_all();
                    self.clean_up();
                }
                () = tokio::time::sleep(wait) => {
                    let due: Vec<String> = self
                        .entries
                        .iter()
                        .filter(|(_, entry)| entry.wake.is_some_and(|wake| wake <= now()))
                        .map(|(arn, _)| arn.clone())
                        .collect();
                    for arn in due {
                        let outcome = self.go_on(&arn).await;
                        complain(outcome);
                    }
                }
            }
        }
        watch.abort();
        self.followers.finish().await;
        Ok(())
    }

    async fn take(&mut self, message: Message) {
        let outcome = self.answer(message).await;
        complain(outcome);
    }

    async fn answer(&mut self, message: Message) -> Result<()> {
        match message {
            Message::Payload { tasks, sequence, done } => {
                let taken = self.payload(tasks, sequence).await;
                // Whoever asked may be gone with its connection.
                let _ = done.send(taken);
                Ok(())
            }
            Message::Manifest { tasks, timeline, done } => {
                let _ = done.send(self.manifest(&tasks, timeline).await);
                Ok(())
            }
            Message::Stop(arns) => {
                for arn in arns {
                    if let Some(entry) = self.entries.get_mut(&arn) {
                        entry.task.stop = true;
                        self.go_on(&arn).await?;
                    }
                }
                Ok(())
            }
            Message::Pulled(place, outcome) => {
                self.note(&place, |task, now| task.pulled(place.index, outcome, now)).await
            }
            Message::Created(place, outcome) => {
                self.note(&place, |task, now| task.created(place.index, outcome, now)).await
            }
            Message::NotStarted(place, failure) => {
                self.note(&place, |task, now| task.not_started(place.index, failure, now)).await
            }
            Message::NotStopped(place, failure) => {
                tracing::warn!(task.arn = place.arn, error = %failure, "a container does not end");
                self.note(&place, |task, now| task.not_stopped(place.index, now)).await
            }
            Message::Seen(place, view) => {
                self.looked(&place);
                self.note(&place, |task, now| task.seen(place.index, view.as_deref(), now)).await
            }
            Message::Unseen(place) => {
                self.looked(&place);
                Ok(())
            }
            Message::Event(id) => {
                let place = self.entries.iter().find_map(|(arn, entry)| {
                    let has = |container: &crate::task::Container| container.runtime_id.as_deref() == Some(&id);
                    Some(Place { arn: arn.clone(), index: entry.task.containers.iter().position(has)? })
                });
                if let Some(place) = place {
                    self.look(&place);
                }
                Ok(())
            }
            Message::Told(arn, report) => self.told(&arn, *report).await,
            Message::Cleaned(arn, outcome) => self.cleaned(&arn, outcome),
        }
    }

    /// Tells a task something, and does what it wants then.
    async fn note(&mut self, place: &Place, tell: impl FnOnce(&mut Task, Timestamp)) -> Result<()> {
        let Some(entry) = self.entries.get_mut(&place.arn) else { return Ok(()) };
        tell(&mut entry.task, now());
        self.go_on(&place.arn).await
    }

    /// Does what a task wants, writes it down if it has changed, and tells the control plane what it does not know.
    async fn go_on(&mut self, arn: &str) -> Result<()> {
        let Some(entry) = self.entries.get_mut(arn) else { return Ok(()) };
        let (actions, wake) = entry.task.step(now());
        entry.wake = wake;
        let dropped: BTreeSet<usize> = entry
            .pulls
            .keys()
            .copied()
            .filter(|index| entry.task.containers.get(*index).is_none_or(|has| has.phase != Phase::Pulling))
            .collect();
        for index in dropped {
            if let Some(pull) = entry.pulls.remove(&index) {
                pull.abort();
            }
        }
        entry.unwritten |= self.host.board.find(arn).is_none_or(|old| *old != entry.task);
        let mut written = Ok(());
        if entry.unwritten {
            let task = entry.task.clone();
            written = self.write(move |journal| journal.put_task(&task)).await;
            let Some(entry) = self.entries.get_mut(arn) else { return Ok(()) };
            // If it could not be written, it is tried again whenever something is heard of the task. Whoever only looks sees
            // the task as it is.
            entry.unwritten = written.is_err();
            self.host.board.put(&entry.task);
            self.followers.follow(&entry.task);
        }
        // What the task asked for is done in any case: it believes that it is on its way.
        for action in actions {
            self.act(arn, action);
        }
        self.tell(arn);
        written
    }

    /// Writes something down without keeping the loop's thread.
    async fn write(&self, write: impl FnOnce(&crate::journal::Journal) -> Result<()> + Send + 'static) -> Result<()> {
        let journal = self.host.journal.clone();
        let written = tokio::task::spawn_blocking(move || write(&journal)).await;
        written.map_err(|error| Error::Broken(error.to_string()))?
    }

    async fn payload(&mut self, tasks: Vec<acs::Task>, sequence: i64) -> Result<()> {
        for wanted in tasks {
            for credentials in [&wanted.role_credentials, &wanted.execution_role_credentials].into_iter().flatten() {
                self.host.wallet.put(credentials.clone());
            }
            let arn = wanted.arn.clone();
            match self.entries.get_mut(&arn) {
                Some(entry) => {
                    if wanted.desired_status == "STOPPED" {
                        entry.task.stop = true;
                    }
                    // The control plane asks, so it does not know.
                    if entry.task.has_ended() {
                        entry.task.reported = crate::task::Status::None;
                    }
                }
                None => {
                    let task = match check(&wanted) {
                        Ok(()) => Task::new(wanted),
                        Err(why) => {
                            tracing::warn!(task.arn = arn, why, "a task cannot be run");
                            Task::refused(wanted, why)
                        }
                    };
                    self.entries.insert(arn.clone(), Entry::new(task));
                }
            }
            self.go_on(&arn).await?;
        }
        self.advance(sequence).await
    }

    async fn manifest(&mut self, tasks: &[TaskIdentifier], timeline: i64) -> Result<Option<Vec<TaskIdentifier>>> {
        if timeline <= self.instance.sequence {
            tracing::warn!(
                timeline,
                seen = self.instance.sequence,
                "a manifest that is older than what was seen is dropped"
            );
            return Ok(None);
        }
        self.advance(timeline).await?;
        let wanted: BTreeMap<&str, &str> =
            tasks.iter().map(|task| (task.task_arn.as_str(), task.desired_status.as_str())).collect();
        let extra = self.entries.values().filter(|entry| {
            !entry.task.ends()
                && !entry.task.has_ended()
                && wanted.get(entry.task.arn()).is_none_or(|status| *status == "STOPPED")
        });
        let identify = |entry: &Entry| TaskIdentifier {
            task_arn: entry.task.arn().to_owned(),
            task_cluster_arn: entry.task.wanted.task_cluster_arn.clone().unwrap_or_default(),
            desired_status: "STOPPED".to_owned(),
        };
        Ok(Some(extra.map(identify).collect()))
    }

    /// A message of this number was seen.
    async fn advance(&mut self, sequence: i64) -> Result<()> {
        if sequence <= self.instance.sequence {
            return Ok(());
        }
        self.instance.sequence = sequence;
        let instance = self.instance.clone();
        self.write(move |journal| journal.put_instance(&instance)).await
    }
}

/// A full disk must not end what runs: it is said, and tried again with the next change.
fn complain(outcome: Result<()>) {
    if let Err(error) = outcome {
        tracing::error!(%error, "what the agent must not forget cannot be written down");
    }
}

/// Hears of the engine's events, for as long as there is somebody to tell.
async fn watch<E: Engine>(host: Shared<E>, outbox: mpsc::Sender<Message>) {
    // With its value: to Podman, a label without one is one that no event has.
    let mine = format!("{}={}", crate::task::label::CLUSTER, host.config.cluster);
    loop {
        let (sender, mut ids) = mpsc::channel(256);
        let watch = host.engine.watch(&mine, sender);
        let forward = async {
            while let Some(id) = ids.recv().await {
                if outbox.send(Message::Event(id)).await.is_err() {
                    return;
                }
            }
        };
        tokio::select! {
            outcome = watch => if let Err(error) = outcome {
                tracing::warn!(%error, "the events of the container engine cannot be heard");
            },
            () = forward => return,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
