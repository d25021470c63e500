//! The tasks as they are now, for everybody who only looks: the endpoints for containers, the metrics, the logs. Only the
//! runner writes.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::task::Task;

/// The tasks, by ARN.
#[derive(Default)]
pub(crate) struct Board(RwLock<BTreeMap<String, Arc<Task>>>);

impl Board {
    pub(crate) fn put(&self, task: &Task) {
        let mut tasks = self.0.write().unwrap_or_else(PoisonError::into_inner);
        tasks.insert(task.arn().to_owned(), Arc::new(task.clone()));
    }

    pub(crate) fn delete(&self, arn: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(arn);
    }

    pub(crate) fn all(&self) -> Vec<Arc<Task>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    pub(crate) fn find(&self, arn: &str) -> Option<Arc<Task>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(arn).cloned()
    }
}
