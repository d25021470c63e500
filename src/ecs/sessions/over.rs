//! Credentials for what is left of tasks that are over: what they wrote last may not be put away yet, and the agent puts it
//! away with their execution roles. An agent that was started again has lost those that it had.

use acs::IamRoleCredentialsMessage;
use acs::frame::ToAgent;
use store::tasks;

use super::{Connection, Session, send};
use crate::error::Result;
use crate::tasks::{Task, payload};

/// How many tasks at the most, the last ones. They are forgotten an hour after their end, and a host where more end within it
/// has had time for the others.
const MOST: usize = 100;

/// Tells an agent that has connected. False if the connection has ended.
pub(super) async fn tell(session: &Session, connection: &Connection) -> Result<bool> {
    let mut conn = session.app.db().reader().await?;
    let over = tasks::list_over_of_instance(&mut conn, &session.instance_id, MOST).await?;
    drop(conn);
    for task in over.into_iter().map(Task::read) {
        let role_credentials = match payload::log_credentials(session, &task).await {
            Ok(Some(credentials)) => credentials,
            Ok(None) => continue,
            Err(reason) => {
                tracing::debug!(%reason, task = task.row.task_id, "a task that is over gets no credentials");
                continue;
            }
        };
        let message = IamRoleCredentialsMessage {
            message_id: session.app.new_uuid(),
            task_arn: session.task_arn(&task.row.task_id),
            task_cluster_arn: None,
            role_type: IamRoleCredentialsMessage::TASK_EXECUTION.to_owned(),
            role_credentials,
        };
        if !send(&connection.outgoing, &ToAgent::IamRoleCredentials(message)).await {
            return Ok(false);
        }
    }
    Ok(true)
}
