//! What several operations answer with.

use app::App;
use app::sealed::{self, Place};
use aws::Epoch;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use store::parameter_versions::ParameterVersionRow;
use store::parameters::ParameterRow;
use types::Secret;

use super::names::arn;
use super::put::document;
use super::read::Found;
use crate::error::Error;
use crate::plain;

/// The key that every account has, of which AWS speaks.
const KEY: &str = "alias/aws/ssm";

/// What a version holds. That of a `SecureString` is only given out as it is stored, unless the client says otherwise.
fn value(app: &App, row: &ParameterVersionRow, decrypt: bool) -> Result<Secret, Error> {
    if row.kind == "SecureString" && !decrypt {
        return Ok(Secret::new(STANDARD.encode(&row.sealed_value)));
    }
    let place = Place::Parameter { parameter_id: &row.parameter_id, version: row.version };
    let opened = sealed::open(app, place, &row.sealed_value)?;
    Ok(Secret::new(std::str::from_utf8(&opened).map_err(|_| app::Error::Internal)?))
}

/// A parameter with its value.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Parameter {
    name: String,
    r#type: String,
    #[serde(serialize_with = "plain::write")]
    value: Secret,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    last_modified_date: Epoch,
    #[serde(rename = "ARN")]
    arn: String,
    data_type: String,
}

impl Parameter {
    pub(crate) fn of(app: &App, (row, version, selector): Found, decrypt: bool) -> Result<Self, Error> {
        Ok(Self {
            value: value(app, &version, decrypt)?,
            arn: arn(&row.registry, &row.name).to_string(),
            name: row.name,
            data_type: document(&version).data_type,
            version: version.version,
            selector,
            last_modified_date: Epoch(version.modified_at),
            r#type: version.kind,
        })
    }
}

/// A version of a parameter, with its value in a history and without it in a list of descriptions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Description {
    name: String,
    #[serde(rename = "ARN", skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<&'static str>,
    last_modified_date: Epoch,
    last_modified_user: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "plain::write_optional")]
    value: Option<Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_pattern: Option<String>,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<[String; 0]>,
    tier: String,
    policies: [String; 0],
    data_type: String,
}

impl Description {
    /// As `DescribeParameters` has it.
    pub(crate) fn of(row: &ParameterRow, version: ParameterVersionRow) -> Self {
        let document = document(&version);
        Self {
            name: row.name.clone(),
            arn: Some(arn(&row.registry, &row.name).to_string()),
            key_id: (version.kind == "SecureString").then_some(KEY),
            r#type: version.kind,
            last_modified_date: Epoch(version.modified_at),
            last_modified_user: document.modified_by,
            description: document.description,
            value: None,
            allowed_pattern: document.allowed_pattern,
            version: version.version,
            labels: None,
            tier: document.tier,
            policies: [],
            data_type: document.data_type,
        }
    }

    /// As `GetParameterHistory` has it.
    pub(crate) fn past(
        app: &App,
        row: &ParameterRow,
        version: ParameterVersionRow,
        decrypt: bool,
    ) -> Result<Self, Error> {
        let value = value(app, &version, decrypt)?;
        Ok(Self { arn: None, value: Some(value), labels: Some([]), ..Self::of(row, version) })
    }
}
