//! What an agent must not forget, in its data folder: which instance it is, which message it saw last, its tasks,
//! and which images it pulled.
//!
//! Each file is replaced whole: written beside it, flushed, renamed, and the folder flushed. Credentials are never in it;
//! the variables of containers are, as they are in the engine's own files, so only the agent's user may read them.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::images::Pulled;
use crate::task::Task;
use crate::{Error, Result};

/// Which instance the agent is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Instance {
    /// The cluster that it was registered in.
    pub(crate) cluster: String,
    /// The ARN that it got there.
    pub(crate) arn: String,
    /// The greatest sequence number that it has seen.
    pub(crate) sequence: i64,
}

/// The images that the agent pulled.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct PulledImages {
    images: Vec<Pulled>,
}

/// The data folder.
#[derive(Debug, Clone)]
pub(crate) struct Journal {
    root: PathBuf,
}

/// Holds the data folder for one agent. It is let go by its word, not by closing the file: a program that is being started just
/// then still has it open.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "the data folder could not be let go before the end");
        }
    }
}

impl Journal {
    /// Opens the folder, and makes it if need be. Only one agent can have it.
    pub(crate) fn open(root: &Path) -> Result<(Self, Lock)> {
        for folder in [root.to_owned(), root.join("tasks"), root.join("logs")] {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
            made.map_err(|source| data(&folder, source))?;
        }
        let path = root.join("lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let lock = lock.map_err(|source| data(&path, source))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => data(&path, std::io::Error::other("another agent uses this folder")),
            TryLockError::Error(source) => data(&path, source),
        })?;
        Ok((Self { root: root.to_owned() }, Lock(lock)))
    }

    /// Which instance this is, if it is known.
    pub(crate) fn instance(&self) -> Result<Option<Instance>> {
        read(&self.root.join("instance.json"))
    }

    /// Writes down which instance this is.
    pub(crate) fn put_instance(&self, instance: &Instance) -> Result<()> {
        write(&self.root.join("instance.json"), instance)
    }

    /// All tasks. A file that cannot be read is passed over with a line in the log: the others must go on.
    pub(crate) fn tasks(&self) -> Result<Vec<Task>> {
        let folder = self.root.join("tasks");
        let mut tasks = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(|source| data(&folder, source))? {
            let path = entry.map_err(|source| data(&folder, source))?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            match read(&path) {
                Ok(Some(task)) => tasks.push(task),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "what is written down of a task cannot be read"),
            }
        }
        Ok(tasks)
    }

    /// Writes a task down.
    pub(crate) fn put_task(&self, task: &Task) -> Result<()> {
        write(&self.task(task.id()), task)
    }

    /// Forgets a task.
    pub(crate) fn delete_task(&self, id: &str) -> Result<()> {
        delete(&self.task(id))
    }

    fn task(&self, id: &str) -> PathBuf {
        self.root.join("tasks").join(format!("{}.json", file_name(id)))
    }

    /// The images that the agent pulled.
    pub(crate) fn images(&self) -> Result<Vec<Pulled>> {
        Ok(read::<PulledImages>(&self.root.join("images.json"))?.unwrap_or_default().images)
    }

    /// Writes down which images the agent pulled.
    pub(crate) fn put_images(&self, images: Vec<Pulled>) -> Result<()> {
        write(&self.root.join("images.json"), &PulledImages { images })
    }

    /// Something that is known of the log of a container.
    pub(crate) fn log<T: DeserializeOwned>(&self, runtime_id: &str) -> Result<Option<T>> {
        read(&self.log_file(runtime_id))
    }

    /// Writes down what is known of the log of a container.
    pub(crate) fn put_log<T: Serialize>(&self, runtime_id: &str, known: &T) -> Result<()> {
        write(&self.log_file(runtime_id), known)
    }

    /// Forgets the log of a container.
    pub(crate) fn delete_log(&self, runtime_id: &str) -> Result<()> {
        delete(&self.log_file(runtime_id))
    }

    fn log_file(&self, runtime_id: &str) -> PathBuf {
        self.root.join("logs").join(format!("{}.json", file_name(runtime_id)))
    }
}

/// An id that somebody else chose, as the name of a file.
fn file_name(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(128).collect()
}

fn data(path: &Path, source: std::io::Error) -> Error {
    Error::Data { path: path.display().to_string(), source }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match std::fs::read(path) {
        Ok(bytes) => {
            let value = serde_json::from_slice(&bytes).map_err(|error| data(path, std::io::Error::other(error)))?;
            Ok(Some(value))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(data(path, error)),
    }
}

fn write<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let bytes = serde_json::to_vec(value).map_err(|error| data(path, std::io::Error::other(error)))?;
    let beside = path.with_extension("new");
    let written = (|| {
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    })();
    written.map_err(|source| data(path, source))
}

fn delete(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(data(path, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_down_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, lock) = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.instance().unwrap(), None);
        let instance = Instance { cluster: "default".to_owned(), arn: "arn".to_owned(), sequence: 3 };
        journal.put_instance(&instance).unwrap();
        assert_eq!(journal.instance().unwrap(), Some(instance));
        assert!(Journal::open(folder.path()).is_err(), "another agent must not use it");
        // As a program has it that was just started, until it closes what is not its own.
        let inherited = lock.0.try_clone().unwrap();
        drop(lock);
        assert!(Journal::open(folder.path()).is_ok());
        drop(inherited);

        let wanted = acs::Task { arn: "arn:aws:ecs:r:a:task/c/../../x".to_owned(), ..Default::default() };
        let task = Task::new(wanted);
        journal.put_task(&task).unwrap();
        assert_eq!(journal.tasks().unwrap(), std::slice::from_ref(&task));
        std::fs::write(folder.path().join("tasks/broken.json"), "{").unwrap();
        assert_eq!(journal.tasks().unwrap().len(), 1, "a broken file does not hide the others");
        journal.delete_task(task.id()).unwrap();
        assert!(journal.tasks().unwrap().is_empty());
    }

    #[test]
    fn credentials_are_not_written_down() {
        let wanted = acs::Task {
            arn: "a/1".to_owned(),
            role_credentials: Some(acs::IamRoleCredentials { secret_access_key: "hush".into(), ..Default::default() }),
            ..Default::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let (journal, _lock) = Journal::open(folder.path()).unwrap();
        journal.put_task(&Task::new(wanted)).unwrap();
        let text = std::fs::read_to_string(folder.path().join("tasks/1.json")).unwrap();
        assert!(!text.contains("hush"), "{text}");
    }
}
