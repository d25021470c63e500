//! What the parts of an agent share: the engine, the control plane, the tasks as they are, the credentials.

use std::sync::{Arc, OnceLock};

use aws::Credentials;

use crate::board::Board;
use crate::control::Control;
use crate::engine::Engine;
use crate::images::Images;
use crate::journal::Journal;
use crate::network::ports::Rows;
use crate::task::Task;
use crate::vendor::tags::Tags;
use crate::wallet::Wallet;
use crate::{Config, Error, Result};

/// What the parts share.
pub(crate) struct Host<E> {
    pub(crate) config: Config,
    pub(crate) engine: E,
    pub(crate) control: Control,
    pub(crate) journal: Journal,
    pub(crate) wallet: Wallet,
    pub(crate) board: Board,
    pub(crate) images: Images,
    /// Ports of the host for containers that want many in a row.
    pub(crate) rows: Rows,
    /// What the control plane said of tags.
    pub(crate) tags: Tags,
    /// Where containers find credentials and metadata, once that is known.
    pub(crate) vendor: OnceLock<crate::vendor::Place>,
}

impl<E: Engine> Host<E> {
    /// What the agent acts with for a task.
    pub(crate) async fn execution_credentials(&self, task: &Task) -> Result<Credentials> {
        let missing = || Error::Malformed("the task has no execution role".to_owned());
        let id = task.execution_credentials_id.as_deref().ok_or_else(missing)?;
        let missing = || Error::Malformed("the credentials of the execution role are not there".to_owned());
        self.wallet.signing(id).await.ok_or_else(missing)
    }
}

/// How the parts hold it.
pub(crate) type Shared<E> = Arc<Host<E>>;
