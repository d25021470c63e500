//! Task definitions: registering, finding and ending them; those that are put down for deletion go in `sweep`. What one says is in `definition` and `container`, whether it
//! can be in `validate` and `compatibilities`, what a task of it takes in `demand`. Running one is not here.

pub(crate) mod attributes;
pub(crate) mod compatibilities;
pub(crate) mod conditions;
pub(crate) mod container;
pub(crate) mod definition;
pub(crate) mod demand;
mod identifier;
pub(crate) mod normalize;
pub(crate) mod roles;
pub(crate) mod size;
mod sweep;
#[cfg(test)]
mod tests;
pub(crate) mod validate;

use app::Grant;
use app::api::Call;
use store::task_definitions::TaskDefinitionRow;
use store::{Conn, ecs_tags, jobs, task_definitions};
use types::{Arn, RegistryId, Timestamp};

use crate::arns;
use crate::clusters::write;
use crate::error::{Error, Result};
use crate::tags::{self, Tag};

pub(crate) use self::definition::Definition;
pub(crate) use self::identifier::{Identifier, resource};
pub use self::sweep::{EVERY, SWEEP, sweep};

/// A revision of a family.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TaskDefinition {
    pub(crate) registry: RegistryId,
    pub(crate) family: String,
    pub(crate) revision: u64,
    pub(crate) status: Status,
    pub(crate) registered_by: String,
    pub(crate) registered_at: Timestamp,
    pub(crate) deregistered_at: Option<Timestamp>,
    pub(crate) delete_requested_at: Option<Timestamp>,
    pub(crate) definition: Definition,
}

/// What may be done with a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// Everything.
    Active,
    /// What runs of it goes on, and services that have it may scale.
    Inactive,
    /// It is there as long as something refers to it.
    DeleteInProgress,
}

impl Status {
    /// As ECS spells it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
        }
    }
}

impl TaskDefinition {
    /// From its row.
    fn read(row: TaskDefinitionRow) -> Result<Self> {
        let definition = serde_json::from_str(&row.document).map_err(|error| {
            tracing::error!(%error, family = row.family, revision = row.revision, "a task definition cannot be read");
            Error::Rule(app::Error::Internal)
        })?;
        Ok(Self {
            status: match row.status.as_str() {
                "ACTIVE" => Status::Active,
                "INACTIVE" => Status::Inactive,
                _ => Status::DeleteInProgress,
            },
            registry: row.registry,
            family: row.family,
            revision: row.revision,
            registered_by: row.registered_by,
            registered_at: row.registered_at,
            deregistered_at: row.deregistered_at,
            delete_requested_at: row.delete_requested_at,
            definition,
        })
    }

    /// What its ARN ends with.
    pub(crate) fn resource(&self) -> String {
        resource(&self.family, self.revision)
    }

    pub(crate) fn arn(&self) -> Arn {
        arns::arn(&self.registry, &self.resource())
    }
}

/// Normalizes, checks and completes what a client wants to register.
pub(crate) fn complete(registry: &RegistryId, mut definition: Definition) -> Result<Definition> {
    normalize::normalize(registry, &mut definition)?;
    // What follows from a definition is never what the client says.
    definition.compatibilities = Vec::new();
    definition.requires_attributes = Vec::new();
    validate::check(&definition)?;
    definition.compatibilities = compatibilities::possible(&definition);
    definition.requires_attributes = attributes::required(&definition);
    Ok(definition)
}

/// Registers a new revision of a family, which need not be there yet.
pub(crate) async fn register(
    call: &Call,
    grant: &Grant,
    family: &str,
    definition: Definition,
    wanted: Vec<Tag>,
) -> Result<TaskDefinition> {
    let registry = call.ctx.registry.clone();
    grant.require_on("ecs:RegisterTaskDefinition", family_arn(&registry, family).as_str())?;
    tags::check(&wanted)?;
    let definition = complete(&registry, definition)?;
    let document = definition.to_json().map_err(|_| Error::Rule(app::Error::Internal))?.to_string();
    let row = TaskDefinitionRow {
        registry,
        family: family.to_owned(),
        revision: 0,
        status: "ACTIVE".to_owned(),
        document,
        registered_by: call.ctx.identity.principal.arn.clone(),
        registered_at: call.ctx.app.now(),
        deregistered_at: None,
        delete_requested_at: None,
    };
    write(call, move |conn| {
        Box::pin(async move {
            let revision = task_definitions::insert(conn, &row).await?;
            tags::set(conn, &row.registry, &resource(&row.family, revision), &wanted).await?;
            TaskDefinition::read(TaskDefinitionRow { revision, ..row })
        })
    })
    .await
}

/// `task-definition/FAMILY:*`: what registering is allowed on, since nobody knows the revision before.
pub(crate) fn family_arn(registry: &RegistryId, family: &str) -> Arn {
    arns::arn(registry, &format!("task-definition/{family}:*"))
}

/// The ARN that a request for a task is judged by: of a family alone, with any revision.
pub(crate) fn arn_of(registry: &RegistryId, given: &str) -> Result<Arn> {
    Ok(match Identifier::read(registry, given)? {
        Some(Identifier { family, revision: Some(revision) }) => arns::arn(registry, &resource(family, revision)),
        Some(Identifier { family, revision: None }) => family_arn(registry, family),
        None => return Err(Error::Client("TaskDefinition not found.".to_owned())),
    })
}

/// The newest active revision of a family, `family:revision`, if a request names a family alone and there is one: what it
/// is allowed is decided by that revision, and that is what runs.
pub(crate) async fn newest(call: &Call, given: &str) -> Option<String> {
    let registry = &call.ctx.registry;
    let Ok(Some(Identifier { family, revision: None })) = Identifier::read(registry, given) else {
        return None;
    };
    let mut conn = call.ctx.app.db().reader().await.ok()?;
    let found = task_definitions::find_newest(&mut conn, registry, family).await.ok()??;
    Some(format!("{family}:{}", found.revision))
}

/// What of the revision that a request names whoever runs it is judged by, as far as it is there and says so.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// The task role and the execution role, which are handed on.
    pub(crate) roles: [Option<String>; 2],
    /// The CPU of a task.
    pub(crate) cpu: Option<String>,
    /// The memory of a task.
    pub(crate) memory: Option<String>,
}

/// Looks that up.
pub(crate) async fn named(call: &Call, given: &str) -> Result<Named> {
    let mut conn = call.ctx.app.db().reader().await?;
    let found = look_up(&mut conn, &call.ctx.registry, given).await?.map(|found| found.definition);
    Ok(found.map_or_else(Default::default, |definition| Named {
        roles: [definition.task_role_arn, definition.execution_role_arn],
        cpu: definition.cpu,
        memory: definition.memory,
    }))
}

/// The revision that is meant, if it is there: of a family alone, the newest active one.
pub(crate) async fn look_up(conn: &mut Conn, registry: &RegistryId, given: &str) -> Result<Option<TaskDefinition>> {
    let Some(Identifier { family, revision }) = Identifier::read(registry, given)? else {
        return Ok(None);
    };
    let row = match revision {
        Some(revision) => task_definitions::find(conn, registry, family, revision).await?,
        None => task_definitions::find_newest(conn, registry, family).await?,
    };
    row.map(TaskDefinition::read).transpose()
}

/// The revision that is meant, whatever its status: for what runs it already.
pub(crate) async fn find(conn: &mut Conn, registry: &RegistryId, given: &str) -> Result<TaskDefinition> {
    look_up(conn, registry, given).await?.ok_or_else(|| Error::Client("TaskDefinition not found.".to_owned()))
}

/// The active revision that is meant: for what is to run it anew.
pub(crate) async fn find_active(conn: &mut Conn, registry: &RegistryId, given: &str) -> Result<TaskDefinition> {
    let found = find(conn, registry, given).await?;
    match found.status {
        Status::Active => Ok(found),
        Status::Inactive | Status::DeleteInProgress => Err(Error::Client("TaskDefinition is inactive".to_owned())),
    }
}

/// The revision that tasks keep the name of.
pub(crate) async fn find_revision(
    conn: &mut Conn,
    registry: &RegistryId,
    family: &str,
    revision: u64,
) -> Result<Option<TaskDefinition>> {
    task_definitions::find(conn, registry, family, revision).await?.map(TaskDefinition::read).transpose()
}

/// Makes a revision inactive. One that is so already stays as it is.
pub(crate) async fn deregister(call: &Call, grant: &Grant, given: &str) -> Result<TaskDefinition> {
    grant.require("ecs:DeregisterTaskDefinition")?;
    let registry = call.ctx.registry.clone();
    let unknown = || Error::Client("Unable to describe task definition.".to_owned());
    let Identifier { family, revision } = Identifier::read(&registry, given)?.ok_or_else(unknown)?;
    let revision = revision.ok_or_else(|| Error::Client("Revision is missing.".to_owned()))?;
    let (family, now) = (family.to_owned(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            task_definitions::update_inactive(conn, &registry, &family, revision, now).await?;
            find_revision(conn, &registry, &family, revision).await?.ok_or_else(unknown)
        })
    })
    .await
}

/// Why a revision cannot be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undeletable {
    /// It names none.
    Invalid,
    /// It is not there.
    Missing,
    /// It has to be deregistered first.
    Active,
}

/// Puts an inactive revision down for deletion. Its tags go at once; it can be described as long as it is there.
pub(crate) async fn delete(
    call: &Call,
    grant: &Grant,
    given: &str,
) -> Result<std::result::Result<TaskDefinition, Undeletable>> {
    grant.require("ecs:DeleteTaskDefinitions")?;
    let registry = call.ctx.registry.clone();
    let Ok(Some(Identifier { family, revision: Some(revision) })) = Identifier::read(&registry, given) else {
        return Ok(Err(Undeletable::Invalid));
    };
    let (family, now) = (family.to_owned(), call.ctx.app.now());
    write(call, move |conn| {
        Box::pin(async move {
            if task_definitions::update_deleting(conn, &registry, &family, revision, now).await? {
                let job_id = uuid::Uuid::now_v7().simple().to_string();
                jobs::upsert(conn, &job_id, SWEEP, "", now.after(sweep::GRACE)).await?;
                ecs_tags::delete_all(conn, &registry, &resource(&family, revision)).await?;
            }
            Ok(match find_revision(conn, &registry, &family, revision).await? {
                None => Err(Undeletable::Missing),
                Some(found) if found.status == Status::Active => Err(Undeletable::Active),
                Some(found) => Ok(found),
            })
        })
    })
    .await
}
