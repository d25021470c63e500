//! Sessions of agents. An agent holds a connection to this process and is told over it what its host has to run. What is to
//! run stands in rows, so a session keeps nothing that matters: it compares what it has told with what is wanted, again and
//! again, and after a new connection it begins with the list of all tasks of the host.
//!
//! How text gets to the agent and back is the server's affair.

mod conversation;
mod over;
mod refusal;
mod size;
mod telemetry;

use std::sync::Arc;

use acs::frame::ToAgent;
use app::api::{Api, Call};
use app::{App, Grant};
use aws::{Access, Call as _, Fault, Head, Host, Need, Resource, Signature};
use bytes::Bytes;
use tokio::sync::mpsc;
use types::{Arn, RegistryId, Timestamp};

use crate::clusters;
use crate::container_instances;
use crate::error::{Error, Result};
use crate::tasks;

pub use refusal::refusal;

/// An agent that may dial in.
pub struct Session {
    pub(crate) app: Arc<App>,
    pub(crate) call: Call,
    /// What whoever dialed has to be allowed.
    need: Need,
    pub(crate) registry: RegistryId,
    pub(crate) cluster: String,
    pub(crate) cluster_arn: Arn,
    pub(crate) instance_id: String,
    pub(crate) instance_arn: Arn,
}

/// Both ends of a connection, as text.
pub struct Connection {
    /// What the agent says. It ends when the connection does.
    pub incoming: mpsc::Receiver<String>,
    /// What the agent is told.
    pub outgoing: mpsc::Sender<String>,
}

/// Finds out which agent dials, and whether it may: a signed request that names cluster and container instance.
pub async fn admit(api: &Api, app: &Arc<App>, head: &Head, action: &'static str) -> Result<Session, Fault> {
    let signature = Signature::read(head)?;
    let Some(signature) = signature else {
        return Err(Fault::common(aws::Common::MissingAuthenticationToken, "Missing Authentication Token"));
    };
    let call = api.authenticate(head, Some(&signature), "ecs", Access::Permission, &Bytes::new())?;
    let query = head.parts.uri.query().unwrap_or_default();
    let parameter = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let (cluster, instance) = match parameter("clusterArn") {
        named if named.is_empty() => (parameter("cluster"), parameter("containerInstance")),
        named => (named, parameter("containerInstanceArn")),
    };
    Ok(enter(app, call, &cluster, &instance, action).await?)
}

async fn enter(app: &Arc<App>, call: Call, cluster: &str, instance: &str, action: &'static str) -> Result<Session> {
    let registry = call.ctx.registry.clone();
    let mut conn = app.db().reader().await?;
    let cluster = clusters::find_in(&mut conn, &registry, Some(cluster)).await?;
    let found = container_instances::find_in(&mut conn, &cluster, instance).await?;
    drop(conn);
    let instance = found.ok_or_else(|| {
        Error::Fault(Fault::new("InactiveInstanceException", "The container instance is not registered."))
    })?;
    let name = cluster.row.name.clone();
    let instance_arn = container_instances::arn(&registry, &name, &instance.row.instance_id);
    let need = Need::new(action, Resource::Arn(call.account().clone(), instance_arn.clone()))
        .with("ecs:cluster", [cluster.arn().to_string()]);
    let grant: Grant = call.authorize(std::slice::from_ref(&need)).await?;
    grant.require(action)?;
    Ok(Session {
        app: Arc::clone(app),
        call,
        need,
        registry,
        cluster_arn: cluster.arn(),
        cluster: name,
        instance_id: instance.row.instance_id,
        instance_arn,
    })
}

impl Session {
    /// Talks to an agent over its first websocket until the connection ends.
    pub async fn converse(self, connection: Connection) {
        conversation::run(self, connection).await;
    }

    /// Listens to what an agent measures, until the connection ends.
    pub async fn listen(self, connection: Connection) {
        telemetry::run(self, connection).await;
    }

    /// Whether whoever dialed may still do so: a connection lasts longer than keys and policies.
    pub(crate) async fn is_welcome(&self) -> bool {
        let Ok(call) = self.call.renewed() else {
            return false;
        };
        let judged = call.authorize(std::slice::from_ref(&self.need)).await;
        // That it cannot be judged now is no denial.
        !judged.is_err_and(|fault| fault.is_denial())
    }

    /// The ARN of a task of this cluster.
    pub(crate) fn task_arn(&self, task_id: &str) -> String {
        tasks::arn(&self.registry, &self.cluster, task_id).to_string()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.now()
    }
}

/// Sends a message. False if the connection has ended.
pub(crate) async fn send(outgoing: &mpsc::Sender<String>, message: &ToAgent) -> bool {
    outgoing.send(message.encode()).await.is_ok()
}
