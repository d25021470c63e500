//! Deleting parameters, and their tags.

use app::Grant;
use app::api::Call;
use store::{Pending, parameter_versions, parameters};

use super::failures;
use super::names::Name;
use crate::error::Error;
use crate::tags::{self, Tags};

/// Deletes a parameter. Whether it was there.
pub(crate) async fn delete(call: &Call, grant: &Grant, action: &str, name: &Name) -> Result<bool, Error> {
    grant.require(action)?;
    let Some(name) = existing(call, name).await? else {
        return Ok(false);
    };
    let registry = call.ctx.registry.clone();
    call.ctx
        .app
        .db()
        .write(move |conn| {
            Box::pin(async move {
                let Some(row) = parameters::lock(conn, &registry, &name).await? else {
                    return Ok(false);
                };
                parameter_versions::delete_until(conn, &row.parameter_id, row.version).await?;
                Ok(parameters::delete(conn, &row.parameter_id).await?)
            }) as Pending<'_, bool, Error>
        })
        .await
}

/// The tags of a parameter, as a row has them.
pub(crate) async fn tags_of(call: &Call, grant: &Grant, name: &Name) -> Result<String, Error> {
    grant.require("ssm:ListTagsForResource")?;
    let found = name.find(call, &mut call.ctx.app.db().reader().await?).await?;
    Ok(found.ok_or_else(failures::no_resource)?.0.tags)
}

/// Changes the tags of a parameter.
pub(crate) async fn change_tags(
    call: &Call,
    (grant, action): (&Grant, &str),
    name: &Name,
    how: impl FnOnce(&mut Tags) + Send + 'static,
) -> Result<(), Error> {
    grant.require(action)?;
    let name = existing(call, name).await?.ok_or_else(failures::no_resource)?;
    let registry = call.ctx.registry.clone();
    call.ctx
        .app
        .db()
        .write(move |conn| {
            Box::pin(async move {
                let row = parameters::lock(conn, &registry, &name).await?.ok_or_else(failures::no_resource)?;
                let mut tags = tags::from_json(&row.tags);
                how(&mut tags);
                if tags.len() > tags::MOST {
                    return Err(failures::too_many_tags());
                }
                Ok(parameters::update_tags(conn, &row.parameter_id, &tags::to_json(&tags)).await?)
            }) as Pending<'_, (), Error>
        })
        .await
}

/// The name of a parameter as its row has it. What is said of one of its versions is not said of the parameter.
async fn existing(call: &Call, name: &Name) -> Result<Option<String>, Error> {
    if name.selector().is_some() {
        return Ok(None);
    }
    let found = name.find(call, &mut call.ctx.app.db().reader().await?).await?;
    Ok(found.map(|(row, _)| row.name))
}
