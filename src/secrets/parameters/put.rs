//! Putting a value: into a new parameter, or as the next version of one that is there.

use std::sync::Arc;

use app::api::Call;
use app::sealed::{self, Place};
use app::{App, Grant};
use regex::RegexBuilder;
use serde::{Deserialize, Serialize};
use store::parameter_versions::ParameterVersionRow;
use store::parameters::ParameterRow;
use store::{Conn, Pending, parameter_versions, parameters};
use types::{RegistryId, Secret, Timestamp};

use super::failures;
use super::names;
use crate::error::Error;
use crate::tags::{self, Tags};

/// Versions of a parameter that are kept.
const KEPT: u64 = 100;
/// How large the value of a parameter can be, in bytes.
const STANDARD: usize = 4 << 10;
const ADVANCED: usize = 8 << 10;
/// What a pattern may take in memory.
const PATTERN: usize = 1 << 20;

/// What a row keeps of a version beside its value.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Document {
    pub(crate) description: Option<String>,
    pub(crate) tier: String,
    pub(crate) allowed_pattern: Option<String>,
    pub(crate) data_type: String,
    pub(crate) modified_by: String,
}

pub(crate) fn document(row: &ParameterVersionRow) -> Document {
    // It was written here.
    serde_json::from_str(&row.document).unwrap_or_default()
}

/// What a client puts.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) name: String,
    pub(crate) value: Secret,
    pub(crate) kind: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) key_id: Option<String>,
    pub(crate) overwrite: bool,
    pub(crate) allowed_pattern: Option<String>,
    pub(crate) tags: Tags,
    pub(crate) tier: Option<String>,
    pub(crate) data_type: Option<String>,
}

/// Puts a value. Its version and its tier.
pub(crate) async fn put(call: &Call, grant: &Grant, request: Request) -> Result<(u64, String), Error> {
    grant.require("ssm:PutParameter")?;
    check(&request)?;
    let app = Arc::clone(&call.ctx.app);
    let writer = Writer {
        now: app.now(),
        app,
        registry: call.ctx.registry.clone(),
        who: call.login.identity.principal.arn.clone(),
    };
    call.ctx
        .app
        .db()
        .write(move |conn| {
            Box::pin(async move { writer.put(conn, request).await }) as Pending<'_, (u64, String), Error>
        })
        .await
}

fn check(request: &Request) -> Result<(), Error> {
    names::check(&request.name)?;
    let kind = request.kind.as_deref();
    if kind.is_some_and(|kind| !["String", "StringList", "SecureString"].contains(&kind)) {
        return Err(failures::invalid(
            "1 validation error detected: Value at 'type' failed to satisfy constraint: Member must satisfy enum value \
             set: [SecureString, StringList, String]",
        ));
    }
    match request.key_id.as_deref() {
        Some(_) if kind.is_some_and(|kind| kind != "SecureString") => {
            return Err(failures::invalid("KeyId is required for SecureString type parameter only."));
        }
        None | Some("alias/aws/ssm") => {}
        Some(_) => return Err(failures::no_key()),
    }
    if request.overwrite && !request.tags.is_empty() {
        return Err(failures::invalid(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
             overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
             RemoveTagsFromResource.",
        ));
    }
    if request.tags.len() > tags::MOST {
        return Err(failures::invalid("A parameter can have no more than 50 tags."));
    }
    if request.description.as_ref().is_some_and(|text| text.chars().count() > 1024) {
        return Err(failures::invalid("Description has at most 1024 characters."));
    }
    if request.data_type.as_deref().is_some_and(|kind| kind != "text") {
        return Err(failures::invalid("The data type of parameters is text here."));
    }
    if request.value.expose().is_empty() {
        return Err(failures::invalid("Parameter value can't be empty."));
    }
    Ok(())
}

/// The tier of a version, which depends on the one before and on how large it is.
fn tier(wanted: Option<&str>, before: Option<&str>, length: usize) -> Result<&'static str, Error> {
    let advanced = match wanted {
        Some("Advanced") => true,
        Some("Intelligent-Tiering") => before == Some("Advanced") || length > STANDARD,
        Some("Standard") if before == Some("Advanced") => {
            return Err(failures::invalid(
                "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the \
                 advanced-parameter tier to the standard-parameter tier.",
            ));
        }
        None => before == Some("Advanced"),
        Some("Standard") => false,
        Some(_) => {
            return Err(failures::invalid("Tier must be one of [Standard, Advanced, Intelligent-Tiering]."));
        }
    };
    match advanced {
        false if length > STANDARD => Err(failures::invalid(format!(
            "Standard tier parameters support a maximum parameter value of {STANDARD} characters. To create a larger \
             parameter value, upgrade the parameter to use the advanced-parameter tier."
        ))),
        true if length > ADVANCED => Err(failures::invalid(format!(
            "Advanced tier parameters support a maximum parameter value of {ADVANCED} characters."
        ))),
        false => Ok("Standard"),
        true => Ok("Advanced"),
    }
}

/// Checks a value against the pattern of its parameter. Patterns take linear time and bounded memory.
fn check_pattern(pattern: &str, value: &Secret) -> Result<(), Error> {
    let bad = || failures::bad_pattern(pattern);
    if pattern.chars().count() > 1024 {
        return Err(bad());
    }
    let expression = RegexBuilder::new(pattern).size_limit(PATTERN).dfa_size_limit(PATTERN).build();
    if expression.map_err(|_| bad())?.is_match(value.expose()) {
        Ok(())
    } else {
        Err(failures::unlike_pattern(pattern))
    }
}

struct Writer {
    app: Arc<App>,
    registry: RegistryId,
    now: Timestamp,
    who: String,
}

impl Writer {
    async fn put(self, conn: &mut Conn, request: Request) -> Result<(u64, String), Error> {
        let fresh = ParameterRow {
            parameter_id: self.app.new_id(),
            registry: self.registry.clone(),
            name: request.name.clone(),
            version: 1,
            tags: tags::to_json(&request.tags),
        };
        if parameters::insert(conn, &fresh).await? {
            if let Some(twin) = names::twin(&request.name)
                && parameters::find(conn, &self.registry, &twin).await?.is_some()
            {
                return Err(failures::exists());
            }
            let kind = request
                .kind
                .clone()
                .ok_or_else(|| failures::invalid("A parameter type is required when you create a parameter."))?;
            return self.add(conn, &fresh.parameter_id, (1, kind), None, request).await;
        }
        if !request.overwrite {
            return Err(failures::exists());
        }
        let again = || Error::from(app::Error::Unavailable("try again"));
        let parameter = parameters::lock(conn, &self.registry, &request.name).await?.ok_or_else(again)?;
        let before = parameter_versions::find(conn, &parameter.parameter_id, parameter.version).await?;
        let before = before.ok_or(app::Error::Internal)?;
        if request.kind.as_ref().is_some_and(|kind| *kind != before.kind) {
            return Err(failures::other_type());
        }
        let version = parameter.version + 1;
        let next = (version, before.kind.clone());
        let outcome = self.add(conn, &parameter.parameter_id, next, Some(document(&before)), request).await?;
        parameters::update_version(conn, &parameter.parameter_id, version).await?;
        parameter_versions::delete_until(conn, &parameter.parameter_id, version.saturating_sub(KEPT)).await?;
        Ok(outcome)
    }

    async fn add(
        &self,
        conn: &mut Conn,
        parameter_id: &str,
        (version, kind): (u64, String),
        before: Option<Document>,
        request: Request,
    ) -> Result<(u64, String), Error> {
        let before = before.unwrap_or_default();
        let old_tier = Some(before.tier.as_str()).filter(|tier| !tier.is_empty());
        let tier = tier(request.tier.as_deref(), old_tier, request.value.expose().len())?.to_owned();
        let document = Document {
            description: request.description.or(before.description),
            tier: tier.clone(),
            allowed_pattern: request.allowed_pattern.or(before.allowed_pattern).filter(|pattern| !pattern.is_empty()),
            data_type: "text".to_owned(),
            modified_by: self.who.clone(),
        };
        if let Some(pattern) = &document.allowed_pattern {
            check_pattern(pattern, &request.value)?;
        }
        let row = ParameterVersionRow {
            parameter_id: parameter_id.to_owned(),
            version,
            kind,
            sealed_value: sealed::seal(
                &self.app,
                Place::Parameter { parameter_id, version },
                request.value.expose().as_bytes(),
            )?,
            document: serde_json::to_string(&document)?,
            modified_at: self.now,
        };
        parameter_versions::insert(conn, &row).await?;
        Ok((version, tier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_follow_size_and_never_go_down() {
        let of = |wanted, before, length| tier(wanted, before, length).ok();
        assert_eq!(of(None, None, STANDARD), Some("Standard"));
        assert_eq!(of(None, None, STANDARD + 1), None);
        assert_eq!(of(Some("Advanced"), None, ADVANCED), Some("Advanced"));
        assert_eq!(of(Some("Advanced"), None, ADVANCED + 1), None);
        assert_eq!(of(Some("Intelligent-Tiering"), None, STANDARD), Some("Standard"));
        assert_eq!(of(Some("Intelligent-Tiering"), None, STANDARD + 1), Some("Advanced"));
        assert_eq!(of(None, Some("Advanced"), 1), Some("Advanced"));
        assert_eq!(of(Some("Standard"), Some("Advanced"), 1), None);
        assert_eq!(of(Some("Other"), None, 1), None);
    }

    #[test]
    fn patterns_are_bounded() {
        let value = Secret::new("abc");
        assert!(check_pattern("^[a-c]+$", &value).is_ok());
        assert!(check_pattern("^[0-9]+$", &value).is_err());
        assert!(check_pattern("(", &value).is_err());
        assert!(check_pattern("((a{1000}){1000}){1000}", &value).is_err());
    }
}
