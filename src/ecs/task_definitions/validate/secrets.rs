//! Environment variables, secrets, environment files and logins of other registries.

use std::collections::HashSet;

use super::super::container::{ContainerDefinition, Secret};
use super::super::definition::Definition;
use super::{one_of, refuse, refuse_setting};
use crate::error::Result;

/// How many environment files a container may have.
const MOST_FILES: usize = 10;

pub(super) fn check(definition: &Definition, container: &ContainerDefinition) -> Result<()> {
    let name = &container.name;
    let mut names = HashSet::new();
    for variable in &container.environment {
        if variable.name.is_empty() || variable.name.contains(['=', '\0']) || variable.value.contains('\0') {
            return refuse_setting(name, "'environment' must have names without '='.");
        }
        names.insert(variable.name.as_str());
    }
    for secret in container.secrets() {
        check_secret(name, secret)?;
        if !names.insert(&secret.name) {
            return refuse(format!(
                "The secret name must be unique and not shared with any new or existing environment variables set on \
                 the container, such as '{}'.",
                secret.name
            ));
        }
    }
    let options = container.log_configuration.iter().flat_map(|log| log.secret_options.iter().flatten());
    for secret in options.clone() {
        check_secret(name, secret)?;
    }
    check_files(container)?;
    if let Some(credentials) = &container.repository_credentials
        && credentials.credentials_parameter.is_empty()
    {
        return refuse_setting(name, "'repositoryCredentials.credentialsParameter' should not be null or empty.");
    }
    let has_secrets = !container.secrets().is_empty() || options.clone().next().is_some();
    if definition.execution_role_arn.is_none() {
        if has_secrets {
            return refuse(
                "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
            );
        }
        if container.repository_credentials.is_some() {
            return refuse(
                "When you are specifying repositoryCredentials, you must also specify a value for 'executionRoleArn'.",
            );
        }
    }
    Ok(())
}

fn check_secret(container: &str, secret: &Secret) -> Result<()> {
    let legal = |text: &str| !text.is_empty() && !text.contains('\0');
    if !legal(&secret.name) || secret.name.contains('=') || !legal(&secret.value_from) {
        return refuse_setting(container, "Secrets must have a name and a valueFrom.");
    }
    Ok(())
}

fn check_files(container: &ContainerDefinition) -> Result<()> {
    let files = container.environment_files();
    let name = &container.name;
    if files.len() > MOST_FILES {
        return refuse_setting(name, &format!("'environmentFiles' can have at most {MOST_FILES} elements."));
    }
    for file in files {
        one_of("environmentFiles.type", Some(&file.r#type), &["s3"])?;
        let object = file.value.strip_prefix("arn:aws:s3:::").and_then(|rest| rest.split_once('/'));
        let valid = object.is_some_and(|(bucket, key)| !bucket.is_empty() && key.ends_with(".env"));
        if !valid {
            return refuse_setting(name, "'environmentFiles' must be ARNs of S3 objects whose names end with .env.");
        }
    }
    Ok(())
}
