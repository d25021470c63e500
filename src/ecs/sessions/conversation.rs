//! What is said over the first websocket of an agent: which tasks its host has, which are to run and to stop, and new
//! credentials of their roles.
//!
//! It is level-triggered. Every second, and when something in this process changed, the tasks of the host are looked at, and
//! what the agent was not told yet over this connection is told. Telling twice does no harm: agents know their tasks. A look
//! reads ids and states alone; only tasks that there is something to tell of are read whole.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use acs::frame::{ToAgent, ToControl};
use acs::{
    Complaint, HeartbeatMessage, IamRoleCredentialsMessage, PayloadMessage, TaskIdentifier, TaskManifestMessage,
    TaskStopVerificationAck,
};
use store::{container_instances, tasks};
use tokio::time::{Instant, interval, sleep_until};
use types::Timestamp;

use super::{Connection, Session, over, send, size};
use crate::error::{Error, Result};
use crate::services;
use crate::tasks::{
    DEACTIVATING, DEPROVISIONING, PENDING, PROVISIONING, RUNNING, STOPPED, STOPPING, Task, payload, save,
};

/// How often the tasks of a host are looked at without being asked to.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How soon after a look the next one is, however much changes.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How many tasks one message is about at the most.
const TOLD_AT_ONCE: usize = 10;
/// How often an agent hears that this side is there. After a minute or two of silence it dials anew.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(30);
/// How long after its last sign an agent is taken for connected.
pub(crate) const CONNECTED_FOR: Duration = Duration::from_secs(45);
/// How often it is noted that an agent is connected.
const NOTE_EVERY: Duration = Duration::from_secs(15);
/// Credentials are renewed this long before they end.
const RENEW_BEFORE: Duration = Duration::from_secs(15 * 60);
/// How soon it is tried again to renew credentials that could not be had.
const RENEW_AGAIN: Duration = Duration::from_secs(60);

/// What this connection has told the agent.
#[derive(Default)]
struct Told {
    /// The desired status of tasks, by their ids.
    tasks: HashMap<String, String>,
    /// Until when the credentials of tasks are good.
    credentials: HashMap<String, Timestamp>,
    /// The id of the last list of tasks, and which tasks were in it.
    manifest: Option<(String, HashSet<String>)>,
}

/// Talks until the connection ends.
pub(super) async fn run(session: Session, mut connection: Connection) {
    let mut told = Told::default();
    let mut looked: Option<Instant> = None;
    let mut look_at = Instant::now();
    let mut heartbeat = interval(HEARTBEAT_EVERY);
    let mut noted: Option<Instant> = None;
    let name = session.app.new_uuid();
    let woken = session.app.agents_woken();
    tokio::pin!(woken);
    loop {
        tokio::select! {
            said = connection.incoming.recv() => {
                let Some(said) = said else { break };
                if !hear(&session, &connection, &told, &said).await {
                    break;
                }
                continue;
            }
            _ = heartbeat.tick() => {
                let message_id = session.app.new_uuid();
                if !send(&connection.outgoing, &ToAgent::Heartbeat(HeartbeatMessage { healthy: true, message_id })).await {
                    break;
                }
                continue;
            }
            () = sleep_until(look_at) => {}
            () = &mut woken => {
                // Whoever wakes it from now on is heard, also while it looks.
                woken.set(session.app.agents_woken());
                let soonest = looked.map_or_else(Instant::now, |at| at + LOOK_AGAIN);
                look_at = look_at.min(soonest);
                continue;
            }
        }
        let begun = Instant::now();
        (looked, look_at) = (Some(begun), begun + LOOK_EVERY);
        if noted.is_none_or(|at| at.elapsed() >= NOTE_EVERY) {
            if noted.is_some() && !session.is_welcome().await {
                tracing::warn!(instance = session.instance_id, "an agent may not be connected any more");
                let complaint = Complaint { message: "The agent may not be connected any more.".to_owned() };
                send(&connection.outgoing, &ToAgent::Exception("AccessDeniedException".to_owned(), complaint)).await;
                break;
            }
            let done = match noted {
                None => begin(&session, &name).await.map(|()| true),
                Some(_) => note(&session, &name, CONNECTED_FOR).await,
            };
            match done {
                Ok(true) => {
                    if noted.is_none() {
                        wake_services(&session).await;
                    }
                    noted = Some(Instant::now());
                }
                Ok(false) => {
                    // Either this one is dead and nobody has noticed, or two agents take themselves for the same host.
                    tracing::warn!(
                        instance = session.instance_id,
                        "the agent of a host has begun another connection, and this one ends"
                    );
                    return;
                }
                Err(error) => tracing::warn!(%error, instance = session.instance_id, "an agent could not be noted"),
            }
        }
        match tell(&session, &connection, &mut told).await {
            Ok(true) => {}
            Ok(false) => break,
            // The database is away: the agent keeps what it runs, and hears the rest later.
            Err(error) => tracing::warn!(%error, instance = session.instance_id, "tasks could not be looked at"),
        }
    }
    if let Err(error) = note(&session, &name, Duration::ZERO).await {
        tracing::debug!(%error, instance = session.instance_id, "the end of a connection could not be noted");
    }
}

/// Notes that the agent is connected, by a connection of that name.
async fn begin(session: &Session, name: &str) -> Result<()> {
    let (id, name, until) = (session.instance_id.clone(), name.to_owned(), session.now().after(CONNECTED_FOR));
    let noted = session.app.db().write_in_background(move |conn| {
        Box::pin(async move { container_instances::update_session(conn, &id, &name, until).await })
            as store::Pending<'_, (), store::Error>
    });
    Ok(noted.await?)
}

/// Notes for how long it is to be believed that the agent is connected. False if it is by another connection since.
async fn note(session: &Session, name: &str, long: Duration) -> Result<bool> {
    let (id, name, until) = (session.instance_id.clone(), name.to_owned(), session.now().after(long));
    let noted = session.app.db().write_in_background(move |conn| {
        Box::pin(async move { container_instances::update_connected(conn, &id, &name, until).await })
            as store::Pending<'_, bool, store::Error>
    });
    Ok(noted.await?)
}

/// Has the services of the cluster looked at: what found no host may find one now.
async fn wake_services(session: &Session) {
    let (id, now) = (session.instance_id.clone(), session.now());
    let woken = session.app.db().write_in_background(move |conn| {
        Box::pin(async move {
            match container_instances::find(conn, &id).await? {
                Some(instance) => services::wake_all(conn, &instance.cluster_id, now).await,
                None => Ok(()),
            }
        }) as store::Pending<'_, (), Error>
    });
    if let Err(error) = woken.await {
        // They look again by themselves.
        tracing::debug!(?error, instance = session.instance_id, "services could not be woken");
    }
}

/// Tells the agent what it was not told yet. False if the connection has ended.
async fn tell(session: &Session, connection: &Connection, told: &mut Told) -> Result<bool> {
    let mut conn = session.app.db().reader().await?;
    let instance = container_instances::find(&mut conn, &session.instance_id).await?;
    if instance.is_none_or(|instance| instance.status == "INACTIVE") {
        let complaint = Complaint { message: "The container instance was deregistered.".to_owned() };
        send(&connection.outgoing, &ToAgent::Exception("InactiveInstanceException".to_owned(), complaint)).await;
        return Ok(false);
    }
    let found = tasks::list_status_of_instance(&mut conn, &session.instance_id).await?;
    drop(conn);
    if told.manifest.is_none()
        && !(over::tell(session, connection).await? && tell_all(session, connection, told, &found).await?)
    {
        return Ok(false);
    }
    let there: HashSet<&str> = found.iter().map(|(id, ..)| id.as_str()).collect();
    told.tasks.retain(|id, _| there.contains(id.as_str()));
    told.credentials.retain(|id, _| there.contains(id.as_str()));
    let now = session.now();
    let (mut fresh, mut due, mut over) = (Vec::new(), Vec::new(), Vec::new());
    for (id, desired_status, last_status) in &found {
        if last_status == DEACTIVATING {
            continue;
        }
        if last_status == DEPROVISIONING {
            // Its agent took its network interface away with the last container.
            over.push(id.as_str());
            continue;
        }
        if told.tasks.get(id) != Some(desired_status) {
            fresh.push(id.as_str());
        } else if told.credentials.get(id).is_some_and(|until| *until <= now.after(RENEW_BEFORE)) {
            due.push(id.as_str());
        }
    }
    for id in over {
        finish(session, id.to_owned()).await?;
    }
    for some in fresh.chunks(TOLD_AT_ONCE) {
        if !tell_tasks(session, connection, told, read(session, some).await?).await? {
            return Ok(false);
        }
    }
    for some in due.chunks(TOLD_AT_ONCE) {
        for task in read(session, some).await? {
            if !tell_credentials(session, connection, told, &task).await? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

async fn read(session: &Session, ids: &[&str]) -> Result<Vec<Task>> {
    let mut conn = session.app.db().reader().await?;
    Ok(tasks::list_named(&mut conn, ids).await?.into_iter().map(Task::read).collect())
}

/// The list of all tasks of the host, with which every connection begins.
async fn tell_all(
    session: &Session,
    connection: &Connection,
    told: &mut Told,
    found: &[(String, String, String)],
) -> Result<bool> {
    let cluster_arn = session.cluster_arn.to_string();
    let named = |(id, desired_status, _): &(String, String, String)| TaskIdentifier {
        task_arn: session.task_arn(id),
        task_cluster_arn: cluster_arn.clone(),
        desired_status: desired_status.clone(),
    };
    let message_id = session.app.new_uuid();
    let manifest = TaskManifestMessage {
        container_instance_arn: session.instance_arn.to_string(),
        cluster_arn: cluster_arn.clone(),
        tasks: found.iter().map(named).collect(),
        generated_at: session.now().micros() / 1000,
        message_id: message_id.clone(),
        timeline: next_sequence(session).await?,
    };
    let listed = manifest.tasks.iter().map(|task| task.task_arn.clone()).collect();
    told.manifest = Some((message_id, listed));
    Ok(send(&connection.outgoing, &ToAgent::TaskManifest(manifest)).await)
}

/// A task as its agent is to hear of it.
struct Word {
    message: acs::Task,
    task: Task,
    /// Until when its credentials are good, if it has any.
    until: Option<Timestamp>,
}

/// Tasks that are to run or to stop.
async fn tell_tasks(session: &Session, connection: &Connection, told: &mut Told, tasks: Vec<Task>) -> Result<bool> {
    let mut words = Vec::new();
    let mut failed = None;
    for task in tasks {
        let desired = task.row.desired_status.clone();
        let (written, until) = match payload::write(session, &task).await {
            Ok(written) => written,
            Err(reason) if desired == STOPPED => {
                // It must be stopped whether or not it could be started today.
                tracing::info!(%reason, task = task.row.task_id, "a task is stopped that could not be started");
                (payload::to_stop(session, &task.row.task_id), None)
            }
            Err(reason @ (Error::Client(_) | Error::InvalidParameter(_))) => {
                fail(session, task.row.task_id, reason.to_string()).await?;
                continue;
            }
            // It may be better in a moment. The other tasks need not wait for that.
            Err(error) => {
                failed = Some((task.row.task_id, error));
                continue;
            }
        };
        let (message, size) = match size::taken(&written) {
            Some(size) => (written, size),
            None if desired == STOPPED => (payload::to_stop(session, &task.row.task_id), 0),
            None => {
                let reason =
                    "ResourceInitializationError: the task, with its environment files, is larger than agents take";
                fail(session, task.row.task_id, reason.to_owned()).await?;
                continue;
            }
        };
        // A task that runs may have got none.
        let again = || task.has_roles().then(|| session.now().after(RENEW_BEFORE + RENEW_AGAIN));
        let until = until.or_else(again);
        words.push((size, Word { message, task, until }));
    }
    if let Some((task_id, error)) = failed {
        tracing::warn!(%error, task = task_id, "a task could not be put into words for its agent");
    }
    for some in size::messages(words) {
        if !tell_at_once(session, connection, told, some).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Tasks that are to run or to stop, in one message.
async fn tell_at_once(session: &Session, connection: &Connection, told: &mut Told, words: Vec<Word>) -> Result<bool> {
    let (mut payload, mut heard) = (Vec::new(), Vec::new());
    for Word { message, task, until } in words {
        payload.push(message);
        heard.push((task, until));
    }
    let message = PayloadMessage {
        container_instance_arn: session.instance_arn.to_string(),
        cluster_arn: session.cluster_arn.to_string(),
        tasks: payload,
        generated_at: session.now().micros() / 1000,
        message_id: session.app.new_uuid(),
        seq_num: next_sequence(session).await?,
        timeline: None,
    };
    if !send(&connection.outgoing, &ToAgent::Payload(message)).await {
        return Ok(false);
    }
    for (task, until) in heard {
        let (task_id, desired) = (task.row.task_id, task.row.desired_status);
        if let Some(until) = until {
            told.credentials.insert(task_id.clone(), until);
        }
        let moves = next(&desired, &task.row.last_status).is_some();
        told.tasks.insert(task_id.clone(), desired);
        if moves {
            advance(session, task_id).await?;
        }
    }
    Ok(true)
}

/// New credentials for the roles of a task, under the ids that they have.
async fn tell_credentials(session: &Session, connection: &Connection, told: &mut Told, task: &Task) -> Result<bool> {
    let task_id = task.row.task_id.clone();
    let roles = match payload::credentials(session, task).await {
        Ok(roles) => roles,
        Err(reason) => {
            tracing::warn!(%reason, task = task_id, "credentials of a task could not be renewed");
            // Not again at once.
            told.credentials.insert(task_id, session.now().after(RENEW_BEFORE + RENEW_AGAIN));
            return Ok(true);
        }
    };
    if let Some(until) = roles.until() {
        told.credentials.insert(task_id.clone(), until);
    }
    let kinds = [
        (IamRoleCredentialsMessage::TASK_APPLICATION, roles.task),
        (IamRoleCredentialsMessage::TASK_EXECUTION, roles.execution),
    ];
    for (role_type, role_credentials) in kinds {
        let Some((role_credentials, _)) = role_credentials else {
            continue;
        };
        let message = IamRoleCredentialsMessage {
            message_id: session.app.new_uuid(),
            task_arn: session.task_arn(&task_id),
            task_cluster_arn: None,
            role_type: role_type.to_owned(),
            role_credentials,
        };
        if !send(&connection.outgoing, &ToAgent::IamRoleCredentials(message)).await {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Takes what the agent says. False if the connection is to end.
async fn hear(session: &Session, connection: &Connection, told: &Told, said: &str) -> bool {
    match ToControl::decode(said) {
        Ok(ToControl::TaskStopVerification(question)) => {
            let Some((message_id, listed)) = &told.manifest else {
                return true;
            };
            if question.message_id != *message_id {
                return true;
            }
            // What is not in the list is not ours any more.
            let stop_tasks = question.stop_candidates.into_iter().filter(|task| !listed.contains(&task.task_arn));
            let answer = TaskStopVerificationAck {
                generated_at: session.now().micros() / 1000,
                message_id: message_id.clone(),
                stop_tasks: stop_tasks.collect(),
            };
            send(&connection.outgoing, &ToAgent::TaskStopVerificationAck(answer)).await
        }
        Ok(ToControl::Nack(nack)) => {
            tracing::warn!(reason = nack.reason, instance = session.instance_id, "an agent refused a message");
            true
        }
        // What is told is told again until it is seen in the state of the task: acknowledgements decide nothing.
        Ok(_) => true,
        Err(error) => {
            tracing::warn!(%error, instance = session.instance_id, "an agent sent what cannot be read");
            false
        }
    }
}

/// A task that cannot be put into words for an agent will never run.
async fn fail(session: &Session, task_id: String, reason: String) -> Result<()> {
    let now = session.now();
    change(session, task_id, move |task| {
        task.want_stopped("TaskFailedToStart", &reason, now);
        task.end(now);
    })
    .await
}

/// Nothing is left of a task on its host.
async fn finish(session: &Session, task_id: String) -> Result<()> {
    let now = session.now();
    change(session, task_id, move |task| {
        if task.row.last_status == DEPROVISIONING {
            task.end(now);
        }
    })
    .await
}

/// The agent knows what is wanted of a task.
async fn advance(session: &Session, task_id: String) -> Result<()> {
    let now = session.now();
    change(session, task_id, move |task| {
        if let Some(next) = next(&task.row.desired_status, &task.row.last_status) {
            next.clone_into(&mut task.row.last_status);
            task.document.connectivity_at.get_or_insert(now.micros());
        }
    })
    .await
}

/// What a task becomes once its agent knows what is wanted of it, if that is something else than before.
fn next(desired_status: &str, last_status: &str) -> Option<&'static str> {
    match (desired_status, last_status) {
        (STOPPED, RUNNING) => Some(STOPPING),
        (_, PROVISIONING) => Some(PENDING),
        _ => None,
    }
}

async fn change(session: &Session, task_id: String, body: impl FnOnce(&mut Task) + Send + 'static) -> Result<()> {
    let now = session.now();
    let done = session.app.db().write(move |conn| {
        Box::pin(async move {
            let Some(mut task) = tasks::lock(conn, &task_id).await?.map(Task::read) else {
                return Ok(());
            };
            if task.is_over() {
                return Ok(());
            }
            let before = (task.row.last_status.clone(), task.document.clone());
            body(&mut task);
            if before == (task.row.last_status.clone(), task.document.clone()) {
                return Ok(());
            }
            save(conn, &mut task, now).await
        }) as store::Pending<'_, (), Error>
    });
    done.await
}

async fn next_sequence(session: &Session) -> Result<i64> {
    let id = session.instance_id.clone();
    let next = session.app.db().write(move |conn| {
        Box::pin(async move { container_instances::update_next_sequence(conn, &id).await })
            as store::Pending<'_, u64, store::Error>
    });
    Ok(i64::try_from(next.await?).unwrap_or(i64::MAX))
}
