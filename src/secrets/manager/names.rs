//! How secrets are named: by a name, by an ARN, by an ARN without the six characters at its end. What a call needs is
//! judged on the whole ARN, so a name is looked up before; a refusal repeats what the client said.

use app::api::Call;
use app::sealed;
use aws::{Need, Resource, Violations};
use serde::Deserialize;
use store::secrets::SecretRow;
use types::{Arn, RegistryId};

use super::failures;
use crate::error::Error;

/// `SecretId`.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "String")]
pub(crate) struct SecretId {
    given: String,
    found: Option<SecretRow>,
}

impl From<String> for SecretId {
    fn from(given: String) -> Self {
        Self { given, found: None }
    }
}

/// Whose secret a text names, and what is said of it behind `secret:`.
fn read<'t>(call: &Call, text: &'t str) -> Option<(RegistryId, &'t str)> {
    if text.starts_with("arn:") {
        return sealed::read_arn(text).filter(|(_, rest)| !rest.is_empty());
    }
    Some((call.ctx.registry.clone(), text))
}

impl SecretId {
    /// Looks it up. Secrets of other accounts and regions are not found.
    pub(crate) async fn resolve(&mut self, call: &Call) -> Result<(), Error> {
        if let Some((registry, text)) = read(call, &self.given)
            && registry == call.ctx.registry
            && text.len() <= 2048
        {
            let mut conn = call.ctx.app.db().reader().await?;
            self.found = sealed::find_secret(&mut conn, &registry, text).await?;
        }
        Ok(())
    }

    /// What a call needs that is about it.
    pub(crate) fn need(&self, call: &Call, action: &'static str) -> Result<Need, Error> {
        let mut violations = Violations::new();
        violations.length("secretId", &self.given, 1..=2048);
        violations.finish()?;
        if !self.given.starts_with("arn:") {
            check_characters(&self.given)?;
        }
        let (registry, text) =
            read(call, &self.given).ok_or_else(|| failures::malformed("Invalid ARN for the secret"))?;
        let arn = match &self.found {
            Some(row) => arn(row),
            None if self.given.starts_with("arn:") => Arn::of("secretsmanager", &registry, &format!("secret:{text}")),
            // As wide as what policies say of secrets by name: whoever may use it hears that it is not there.
            None => Arn::of("secretsmanager", &registry, &format!("secret:{text}-??????")),
        };
        Ok(Need::new(action, Resource::Arn(registry.account, arn)).called(&self.given))
    }

    /// The secret, as it was when it was looked up.
    pub(crate) fn found(&self) -> Result<&SecretRow, Error> {
        self.found.as_ref().ok_or_else(failures::no_secret)
    }

    /// As the client said it.
    pub(crate) fn given(&self) -> &str {
        &self.given
    }
}

/// The ARN of a secret.
pub(crate) fn arn(row: &SecretRow) -> Arn {
    Arn::of("secretsmanager", &row.registry, &sealed::secret_resource(row))
}

/// What making a secret needs: the six characters of its ARN are not known yet.
pub(crate) fn need_to_make(call: &Call, name: &str, action: &'static str) -> Need {
    let registry = &call.ctx.registry;
    let arn = Arn::of("secretsmanager", registry, &format!("secret:{name}"));
    Need::new(action, Resource::Arn(registry.account.clone(), arn))
        .with("secretsmanager:Name", [name.to_owned()])
        .called(name)
}

/// Checks the name of a new secret.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    let mut violations = Violations::new();
    violations.length("name", name, 1..=512);
    violations.finish()?;
    check_characters(name)
}

fn check_characters(name: &str) -> Result<(), Error> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_+=.@!".contains(&byte);
    if !name.bytes().all(legal) {
        return Err(failures::malformed(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        ));
    }
    Ok(())
}
