//! Reading parameters: by name, by path, their descriptions and their history.

use app::Grant;
use app::api::Call;
use store::parameter_versions::ParameterVersionRow;
use store::parameters::ParameterRow;
use store::{Conn, parameter_versions, parameters};

use super::failures;
use super::filters::Filters;
use super::names::Name;
use crate::error::Error;

/// Parameters that are looked at for one page.
const LOOKED_AT: usize = 500;
/// Behind all names that begin with a text, if put behind it.
const LAST: &str = "\u{10ffff}";

/// A parameter, one of its versions, and how a client asked for that version.
pub(crate) type Found = (ParameterRow, ParameterVersionRow, Option<String>);

/// A parameter in the version that the client named, or the newest. None if there is no such parameter.
async fn find(call: &Call, conn: &mut Conn, name: &Name) -> Result<Option<Found>, Error> {
    let Some((parameter, newest)) = name.find(call, conn).await? else {
        return Ok(None);
    };
    let Some(selector) = name.selector() else {
        return Ok(Some((parameter, newest, None)));
    };
    // Labels are not here, so what is no number names none.
    let version = match selector.parse::<u64>() {
        Ok(version) => parameter_versions::find(conn, &parameter.parameter_id, version).await?,
        Err(_) => None,
    };
    let version = version.ok_or_else(|| failures::no_version(selector, name.as_str()))?;
    Ok(Some((parameter, version, Some(format!(":{selector}")))))
}

/// A parameter that must exist.
pub(crate) async fn get(call: &Call, grant: &Grant, name: &Name) -> Result<Found, Error> {
    grant.require("ssm:GetParameter")?;
    let mut conn = call.ctx.app.db().reader().await?;
    find(call, &mut conn, name).await?.ok_or_else(|| failures::no_parameter(name.given()))
}

/// Those of these parameters that exist, and the names of the others.
pub(crate) async fn get_all(call: &Call, grant: &Grant, names: &[Name]) -> Result<(Vec<Found>, Vec<String>), Error> {
    grant.require("ssm:GetParameters")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in names {
        match find(call, &mut conn, name).await {
            Ok(Some(one)) => found.push(one),
            Ok(None) => invalid.push(name.given().to_owned()),
            Err(error) if error.told().0 == "ParameterVersionNotFound" => invalid.push(name.given().to_owned()),
            Err(error) => return Err(error),
        }
    }
    Ok((found, invalid))
}

/// A page of parameters with their newest versions, and the name behind which there may be more.
pub(crate) async fn list(
    call: &Call,
    filters: &Filters,
    prefix: &str,
    after: Option<String>,
    limit: usize,
) -> Result<(Vec<(ParameterRow, ParameterVersionRow)>, Option<String>), Error> {
    let mut conn = call.ctx.app.db().reader().await?;
    let range = (prefix, format!("{prefix}{LAST}"));
    let after = after.unwrap_or_default();
    let count = if filters.fit_all() { limit + 1 } else { LOOKED_AT };
    let found = parameters::list(&mut conn, &call.ctx.registry, &after, (range.0, &range.1), count).await?;
    let (more, mut last, mut page) = (found.len() == count, None, Vec::new());
    for one in found {
        let fits = filters.fit(&one.0, &one.1);
        if fits && page.len() == limit {
            return Ok((page, last));
        }
        last = Some(one.0.name.clone());
        if fits {
            page.push(one);
        }
    }
    Ok((page, last.filter(|_| more)))
}

/// Versions of a parameter after a number, oldest first, one more than `limit` if there is one.
pub(crate) async fn history(
    call: &Call,
    grant: &Grant,
    name: &Name,
    (after, limit): (u64, usize),
) -> Result<(ParameterRow, Vec<ParameterVersionRow>), Error> {
    grant.require("ssm:GetParameterHistory")?;
    let mut conn = call.ctx.app.db().reader().await?;
    let found = name.find(call, &mut conn).await?;
    let (parameter, _) = found.ok_or_else(|| failures::no_parameter(name.given()))?;
    let versions = parameter_versions::list(&mut conn, &parameter.parameter_id, after, limit + 1).await?;
    Ok((parameter, versions))
}
