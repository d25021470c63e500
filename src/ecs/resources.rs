//! Everything that has tags, by its ARN: whether it is there.

use store::{Conn, services, task_definitions, tasks};
use types::{Arn, RegistryId, Timestamp};

use crate::error::{Error, Result};
use crate::task_definitions::Identifier;
use crate::{arns, clusters, container_instances};

/// What an ARN of this account and region names. The text is what it ends with, in the form that tags are kept by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tagged {
    Cluster(String),
    TaskDefinition(String, u64),
    Service(String, String),
    Task(String, String),
    ContainerInstance(String, String),
}

impl Tagged {
    /// Reads an ARN.
    pub(crate) fn read(registry: &RegistryId, arn: &str) -> Result<Self> {
        let shown: String = arn.chars().take(255).collect();
        let invalid = || Error::InvalidParameter(format!("Invalid identifier: The identifier is invalid: {shown}"));
        let resource = arns::resource(registry, arn).ok_or_else(invalid)?;
        let (kind, rest) = resource.split_once('/').ok_or_else(invalid)?;
        let in_cluster = || {
            let (cluster, id) = rest.split_once('/')?;
            (arns::is_name(cluster) && arns::is_name(id)).then(|| (cluster.to_owned(), id.to_owned()))
        };
        let found = match kind {
            "cluster" => arns::is_name(rest).then(|| Self::Cluster(rest.to_owned())),
            "task-definition" => match Identifier::read(registry, rest) {
                Ok(Some(Identifier { family, revision: Some(revision) })) => {
                    Some(Self::TaskDefinition(family.to_owned(), revision))
                }
                _ => None,
            },
            "service" => in_cluster().map(|(cluster, name)| Self::Service(cluster, name)),
            "task" => in_cluster().map(|(cluster, id)| Self::Task(cluster, id)),
            "container-instance" => {
                in_cluster().map(|(cluster, id)| Self::ContainerInstance(cluster, arns::instance_id(&id)))
            }
            _ => None,
        };
        found.ok_or_else(invalid)
    }

    /// What its ARN ends with.
    pub(crate) fn resource(&self) -> String {
        match self {
            Self::Cluster(name) => clusters::resource(name),
            Self::TaskDefinition(family, revision) => crate::task_definitions::resource(family, *revision),
            Self::Service(cluster, name) => format!("service/{cluster}/{name}"),
            Self::Task(cluster, id) => format!("task/{cluster}/{id}"),
            Self::ContainerInstance(cluster, id) => container_instances::resource(cluster, id),
        }
    }

    /// Its ARN.
    pub(crate) fn arn(&self, registry: &RegistryId) -> Arn {
        arns::arn(registry, &self.resource())
    }

    /// Has a service looked at, since what it does may depend on its tags.
    pub(crate) async fn wake(&self, conn: &mut Conn, registry: &RegistryId, now: Timestamp) -> Result<()> {
        if let Self::Service(cluster, name) = self {
            let cluster = clusters::find_in(conn, registry, Some(cluster)).await?;
            if let Some(found) = services::find(conn, &cluster.row.cluster_id, name).await? {
                crate::services::wake(conn, &found.service_id, now).await?;
            }
        }
        Ok(())
    }

    /// Fails if it is not there, or not any more.
    pub(crate) async fn require(&self, conn: &mut Conn, registry: &RegistryId) -> Result<()> {
        let there = match self {
            Self::Cluster(name) => return clusters::find_in(conn, registry, Some(name)).await.map(drop),
            Self::TaskDefinition(family, revision) => {
                let row = task_definitions::find(conn, registry, family, *revision).await?;
                row.is_some_and(|row| row.status != "DELETE_IN_PROGRESS")
            }
            Self::Service(cluster, name) => {
                let cluster = clusters::find_in(conn, registry, Some(cluster)).await?;
                let found = services::find(conn, &cluster.row.cluster_id, name).await?;
                found.is_some_and(|row| row.status != "INACTIVE")
            }
            Self::Task(cluster, id) => {
                let cluster = clusters::find_in(conn, registry, Some(cluster)).await?;
                let row = tasks::find(conn, id).await?;
                row.is_some_and(|row| row.cluster_id == cluster.row.cluster_id)
            }
            Self::ContainerInstance(cluster, id) => {
                let cluster = clusters::find_in(conn, registry, Some(cluster)).await?;
                container_instances::find_in(conn, &cluster, id).await?.is_some()
            }
        };
        if there { Ok(()) } else { Err(Error::ResourceNotFound("The specified resource was not found.".to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_name_what_has_tags() {
        let registry = RegistryId { account: "000000000000".parse().unwrap(), region: "us-east-1".parse().unwrap() };
        let home = "arn:aws:ecs:us-east-1:000000000000:";
        for resource in
            ["cluster/web", "task-definition/web:7", "service/c/s", "task/c/0123", "container-instance/c/0123"]
        {
            let arn = format!("{home}{resource}");
            let tagged = Tagged::read(&registry, &arn).unwrap();
            assert_eq!(tagged.resource(), resource);
            assert_eq!(tagged.arn(&registry).to_string(), arn);
        }
        for bad in
            ["cluster", "cluster/a/b", "task-definition/web", "task/0123", "capacity-provider/FARGATE", "x/y", ""]
        {
            let arn = format!("{home}{bad}");
            assert!(matches!(Tagged::read(&registry, &arn), Err(Error::InvalidParameter(_))), "{bad}");
        }
        assert!(Tagged::read(&registry, "arn:aws:ecs:us-east-1:000000000001:cluster/web").is_err());
        assert!(Tagged::read(&registry, "web").is_err());
    }
}
