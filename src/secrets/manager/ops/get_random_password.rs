//! `GetRandomPassword`: a random password. Nothing is kept of it.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation, Resource};
use serde::{Deserialize, Serialize};
use types::Secret;

use crate::error::Error;
use crate::manager::failures;
use crate::manager::passwords::{self, Recipe};
use crate::plain;

/// The operation.
pub(crate) struct GetRandomPassword;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    password_length: Option<i64>,
    exclude_characters: Option<String>,
    #[serde(default)]
    exclude_numbers: bool,
    #[serde(default)]
    exclude_punctuation: bool,
    #[serde(default)]
    exclude_uppercase: bool,
    #[serde(default)]
    exclude_lowercase: bool,
    #[serde(default)]
    include_space: bool,
    require_each_included_type: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(serialize_with = "plain::write")]
    random_password: Secret,
}

impl Operation for GetRandomPassword {
    type Call = Call;
    const NAME: &'static str = "GetRandomPassword";
    const ACTION: &'static str = "secretsmanager:GetRandomPassword";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(_: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let length = input.password_length.unwrap_or(32);
        let length = usize::try_from(length).ok().filter(|length| (1..=4096).contains(length));
        let length = length.ok_or_else(|| failures::invalid("PasswordLength is between 1 and 4096."))?;
        let excluded = input.exclude_characters.unwrap_or_default();
        if excluded.chars().count() > 4096 {
            return Err(failures::invalid("ExcludeCharacters has at most 4096 characters."));
        }
        let kinds = [
            (!input.exclude_lowercase, "abcdefghijklmnopqrstuvwxyz"),
            (!input.exclude_uppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            (!input.exclude_numbers, "0123456789"),
            (!input.exclude_punctuation, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
            (input.include_space, " "),
        ];
        let kinds = kinds.into_iter().filter(|(wanted, _)| *wanted);
        let kinds = kinds.map(|(_, kind)| kind.chars().filter(|one| !excluded.contains(*one)).collect());
        let recipe = Recipe {
            length,
            kinds: kinds.filter(|kind: &Vec<char>| !kind.is_empty()).collect(),
            each: input.require_each_included_type != Some(false),
        };
        Ok(Output { random_password: passwords::make(&recipe)? })
    }
}
