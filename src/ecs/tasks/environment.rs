//! Environment files of tasks. They are read here, as the execution role, and their variables are in what the agent is told:
//! agents need to know no buckets, neither ours nor Amazon's own.

use std::collections::HashMap;

use acs::{Container, IamRoleCredentials};
use app::environment_files;
use types::Timestamp;

use super::Task;
use super::overrides::{ContainerOverride, Overrides};
use crate::error::{Error, Result};
use crate::sessions::Session;
use crate::task_definitions::Definition;
use crate::task_definitions::container::{ContainerDefinition, EnvironmentFile};

/// How many files a container may have.
const MOST: usize = 10;

/// How many bytes of variables the files of a task may hold: what its agent is told must fit into a frame.
const LONGEST: usize = 1 << 20;

/// The variables of the files of one container, in the order in which they count.
pub(crate) type Variables = Vec<(String, String)>;

/// The files of a container: those of the request, or else those of the definition.
pub(crate) fn files<'d>(
    definition: &'d ContainerDefinition,
    overrides: &'d ContainerOverride,
) -> &'d [EnvironmentFile] {
    match overrides.environment_files.is_empty() {
        true => definition.environment_files(),
        false => &overrides.environment_files,
    }
}

/// Reads the files of all containers of a task. A task whose files cannot be had does not start. One that runs has read them
/// already, and is not ended because they are gone: without them its agent still names the files, and makes no container.
pub(crate) async fn read(
    session: &Session,
    task: &Task,
    definition: &Definition,
    overrides: &Overrides,
    execution: Option<&(IamRoleCredentials, Timestamp)>,
) -> Result<HashMap<String, Variables>> {
    let nothing = ContainerOverride::default();
    let mut all = HashMap::new();
    for container in &definition.container_definitions {
        let of_it = overrides.of_container(&container.name).unwrap_or(&nothing);
        let files = files(container, of_it);
        if files.is_empty() {
            continue;
        }
        let found = of_container(session, files, execution).await;
        match found.and_then(|variables| fitting(&all, variables)) {
            Ok(variables) => drop(all.insert(container.name.clone(), variables)),
            Err(why) if task.is_starting() => {
                let reason = format!("ResourceInitializationError: failed to download env files: {why}");
                return Err(Error::Client(reason));
            }
            Err(why) => tracing::info!(why, task = task.row.task_id, "the files of a task that runs cannot be read"),
        }
    }
    Ok(all)
}

/// The variables of a container, if they fit beside those of the others.
fn fitting(others: &HashMap<String, Variables>, variables: Variables) -> Result<Variables, String> {
    let all = others.values().flatten().chain(&variables);
    let bytes: usize = all.map(|(name, value)| name.len() + value.len()).sum();
    match bytes > LONGEST {
        true => Err(format!("the files of a task have more than {LONGEST} bytes of variables")),
        false => Ok(variables),
    }
}

async fn of_container(
    session: &Session,
    files: &[EnvironmentFile],
    execution: Option<&(IamRoleCredentials, Timestamp)>,
) -> Result<Variables, String> {
    let (role, _) = execution.ok_or("the task has no execution role")?;
    if files.len() > MOST {
        return Err(format!("a container can have at most {MOST} environment files"));
    }
    let key = (role.access_key_id.as_str(), role.session_token.expose());
    let mut variables = Variables::new();
    for file in files {
        variables.extend(environment_files::read(&session.app, &session.registry, key, &file.value).await?);
    }
    Ok(variables)
}

/// Adds the variables of files to those of a container, which count more; of two files the first does.
pub(crate) fn merge(container: &mut Container, variables: &Variables) {
    container.environment_files.clear();
    for (name, value) in variables {
        container.environment.entry(name.clone()).or_insert_with(|| value.as_str().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_files_of_a_task_hold_is_bounded() {
        let half = || vec![("A".to_owned(), "x".repeat(LONGEST / 2 - 1))];
        let mut all = HashMap::new();
        for name in ["one", "other"] {
            all.insert(name.to_owned(), fitting(&all, half()).unwrap());
        }
        assert!(fitting(&all, vec![("B".to_owned(), String::new())]).unwrap_err().contains("more than 1048576 bytes"));
        assert!(fitting(&all, Vec::new()).is_ok());
    }

    #[test]
    fn the_definition_counts_more_than_files_and_the_first_file_more_than_others() {
        let mut container = Container::default();
        container.environment.insert("A".to_owned(), "own".into());
        container.environment_files.push(acs::EnvironmentFile::default());
        let variables = [("A", "1"), ("B", "2"), ("B", "3")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        merge(&mut container, &variables.to_vec());
        let all: Vec<(&str, &str)> =
            container.environment.iter().map(|(name, value)| (name.as_str(), value.expose())).collect();
        assert_eq!(all, [("A", "own"), ("B", "2")]);
        assert!(container.environment_files.is_empty());
    }
}
