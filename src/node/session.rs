//! The agent's side of the first websocket: it hears what to run and to stop, and acknowledges what it has taken.

use std::sync::Arc;
use std::time::Duration;

use acs::frame::{ToAgent, ToControl};
use acs::{
    AckRequest, HeartbeatAckRequest, IamRoleCredentials, IamRoleCredentialsAckRequest, NackRequest, PayloadMessage,
    TaskManifestMessage, TaskStopVerificationMessage,
};
use tokio::sync::{mpsc, oneshot};

use crate::backoff::{Backoff, fraction};
use crate::engine::Engine;
use crate::host::Shared;
use crate::register::{self, cluster_arn, discover};
use crate::runner::Message;
use crate::socket::Socket;
use crate::{Error, Result};

/// A connection on which nothing comes for this long is dead: heartbeats come about once a minute.
const SILENCE: Duration = Duration::from_secs(150);
/// A connection is made anew now and then, as Amazon's agent does: so load spreads over new endpoints.
const LIFE: Duration = Duration::from_secs(30 * 60);
/// The first and the longest wait between two dials.
const WAITS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(60));
/// How long an agent waits whose instance was deregistered.
const INACTIVE: Duration = Duration::from_secs(60 * 60);

/// How a connection ended.
enum End {
    /// It is to be made anew at once.
    Again,
    /// Only after this long.
    After(Duration),
}

/// Keeps a connection until the runner is gone.
pub(crate) async fn run<E: Engine>(
    host: Shared<E>,
    instance: Arc<str>,
    engine_version: Arc<str>,
    runner: mpsc::Sender<Message>,
) {
    let mut backoff = Backoff::new(WAITS.0, WAITS.1);
    let mut connection = Connection { host, instance, engine_version, runner, manifest: None };
    while !connection.runner.is_closed() {
        let wait = match connection.hold(&mut backoff).await {
            Ok(End::Again) => WAITS.0.mul_f64(fraction()),
            Ok(End::After(wait)) => wait,
            Err(error) => {
                tracing::warn!(%error, "there is no connection to the control plane; tasks run on");
                backoff.next()
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = connection.runner.closed() => {}
        }
    }
}

struct Connection<E> {
    host: Shared<E>,
    instance: Arc<str>,
    engine_version: Arc<str>,
    runner: mpsc::Sender<Message>,
    /// The last manifest that was taken.
    manifest: Option<String>,
}

impl<E: Engine> Connection<E> {
    async fn hold(&mut self, backoff: &mut Backoff) -> Result<End> {
        let found = discover(&self.host, &self.instance).await?;
        let version = register::version(&self.engine_version);
        let cluster = cluster_arn(&self.instance, &self.host.config.cluster);
        let query = [
            ("clusterArn", cluster.as_str()),
            ("containerInstanceArn", &self.instance),
            ("agentHash", &version.agent_hash),
            ("agentVersion", &version.agent_version),
            ("seqNum", "1"),
            ("protocolVersion", "2"),
            ("dockerVersion", &version.docker_version),
            // Always: they are in memory alone, and it costs nothing to have them twice.
            ("sendCredentials", "true"),
        ];
        let mut socket = Socket::dial(&self.host.control, &found.endpoint, &query).await?;
        tracing::info!(endpoint = found.endpoint, "connected to the control plane");
        let until = tokio::time::Instant::now() + LIFE.mul_f64(1.0 + fraction() / 3.0);
        loop {
            let received = tokio::select! {
                received = tokio::time::timeout(SILENCE, socket.receive()) => received,
                () = tokio::time::sleep_until(until) => {
                    socket.close().await;
                    return Ok(End::Again);
                }
                () = self.runner.closed() => {
                    socket.close().await;
                    return Ok(End::Again);
                }
            };
            let Ok(received) = received else {
                return Err(Error::Broken("the control plane fell silent".to_owned()));
            };
            let Some(text) = received? else { return Ok(End::After(backoff.next())) };
            let message = match ToAgent::decode(&text) {
                Ok(message) => message,
                Err(error) => {
                    tracing::warn!(%error, "a message is not understood");
                    continue;
                }
            };
            // A control plane that accepts and closes at once is not one that is well.
            backoff.reset();
            if let Some(end) = self.take(&mut socket, message).await? {
                socket.close().await;
                return Ok(end);
            }
        }
    }

    async fn take(&mut self, socket: &mut Socket, message: ToAgent) -> Result<Option<End>> {
        match message {
            ToAgent::Heartbeat(heartbeat) => {
                let answer = HeartbeatAckRequest { message_id: heartbeat.message_id };
                socket.send(ToControl::HeartbeatAck(answer).encode()).await?;
            }
            ToAgent::Payload(payload) => self.payload(socket, payload).await?,
            ToAgent::TaskManifest(manifest) => self.manifest(socket, manifest).await?,
            ToAgent::TaskStopVerificationAck(ack) => {
                // An answer to an older manifest may name tasks that a newer one has.
                if self.manifest.as_deref() == Some(&ack.message_id) {
                    let arns = ack.stop_tasks.into_iter().map(|task| task.task_arn).collect();
                    self.tell(Message::Stop(arns)).await?;
                }
            }
            ToAgent::IamRoleCredentials(message) => {
                let credentials = message.role_credentials;
                let answer = acknowledge_credentials(&message.message_id, &credentials);
                // Those of a task that is forgotten here would be held for ever.
                if self.host.board.find(&message.task_arn).is_some() {
                    self.host.wallet.put(credentials);
                }
                socket.send(answer.encode()).await?;
            }
            // What EC2 attaches is not there; that the message came is said, or it would come for ever.
            ToAgent::AttachTaskNetworkInterfaces(message) => self.acknowledge(socket, message.message_id).await?,
            ToAgent::AttachInstanceNetworkInterfaces(message) => self.acknowledge(socket, message.message_id).await?,
            ToAgent::ConfirmAttachment(message) => self.acknowledge(socket, message.message_id).await?,
            ToAgent::PerformUpdate(message) | ToAgent::StageUpdate(message) => {
                let answer = NackRequest {
                    cluster: message.cluster_arn,
                    container_instance: self.instance.to_string(),
                    message_id: message.message_id,
                    reason: "this agent does not update itself".to_owned(),
                };
                socket.send(ToControl::Nack(answer).encode()).await?;
            }
            ToAgent::Close(close) => {
                tracing::debug!(reason = close.message, "the control plane closes the connection");
                return Ok(Some(End::Again));
            }
            ToAgent::Exception(name, complaint) if name == "InactiveInstanceException" => {
                tracing::error!(
                    message = complaint.message,
                    "this host was deregistered; start the agent again to register it anew"
                );
                return Ok(Some(End::After(INACTIVE)));
            }
            ToAgent::Exception(name, complaint) => {
                return Err(Error::Refused { kind: name, message: complaint.message });
            }
            ToAgent::Error(error) => tracing::warn!(message = error.message, "the control plane complains"),
            ToAgent::AckPublishMetric(_)
            | ToAgent::AckPublishHealth(_)
            | ToAgent::AckPublishInstanceStatus(_)
            | ToAgent::StopTelemetrySession(_) => {}
            ToAgent::Unknown(name) => tracing::debug!(name, "a message of a type that is not known"),
        }
        Ok(None)
    }

    /// A payload is acknowledged once its tasks are written down; until then it comes again.
    async fn payload(&mut self, socket: &mut Socket, payload: PayloadMessage) -> Result<()> {
        let credentials: Vec<IamRoleCredentials> = payload
            .tasks
            .iter()
            .flat_map(|task| [&task.role_credentials, &task.execution_role_credentials])
            .flatten()
            .cloned()
            .collect();
        let (done, taken) = oneshot::channel();
        self.tell(Message::Payload { tasks: payload.tasks, sequence: payload.seq_num, done }).await?;
        match taken.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "tasks cannot be taken");
                return Ok(());
            }
            Err(_) => return Err(Error::Broken("the agent ends".to_owned())),
        }
        for credentials in credentials {
            socket.send(acknowledge_credentials(&payload.message_id, &credentials).encode()).await?;
        }
        self.acknowledge(socket, payload.message_id).await
    }

    async fn manifest(&mut self, socket: &mut Socket, manifest: TaskManifestMessage) -> Result<()> {
        let (done, taken) = oneshot::channel();
        self.tell(Message::Manifest { tasks: manifest.tasks, timeline: manifest.timeline, done }).await?;
        let candidates = match taken.await {
            Ok(Ok(Some(candidates))) => candidates,
            // An old one is not even acknowledged, as with Amazon's agent.
            Ok(Ok(None)) => return Ok(()),
            Ok(Err(error)) => {
                tracing::error!(%error, "a manifest cannot be taken");
                return Ok(());
            }
            Err(_) => return Err(Error::Broken("the agent ends".to_owned())),
        };
        self.manifest = Some(manifest.message_id.clone());
        self.acknowledge(socket, manifest.message_id.clone()).await?;
        if !candidates.is_empty() {
            tracing::warn!(tasks = candidates.len(), "tasks run here that the control plane does not name");
            let message = TaskStopVerificationMessage { message_id: manifest.message_id, stop_candidates: candidates };
            socket.send(ToControl::TaskStopVerification(message).encode()).await?;
        }
        Ok(())
    }

    async fn acknowledge(&self, socket: &mut Socket, message_id: String) -> Result<()> {
        let answer = AckRequest {
            cluster: cluster_arn(&self.instance, &self.host.config.cluster),
            container_instance: self.instance.to_string(),
            message_id,
        };
        socket.send(ToControl::Ack(answer).encode()).await
    }

    async fn tell(&self, message: Message) -> Result<()> {
        self.runner.send(message).await.map_err(|_| Error::Broken("the agent ends".to_owned()))
    }
}

fn acknowledge_credentials(message_id: &str, credentials: &IamRoleCredentials) -> ToControl {
    ToControl::IamRoleCredentialsAck(IamRoleCredentialsAckRequest {
        message_id: message_id.to_owned(),
        expiration: credentials.expiration.clone(),
        credentials_id: credentials.credentials_id.clone(),
    })
}
