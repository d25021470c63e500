//! `ListSecretVersionIds`: the versions of a secret that have stages, or all.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html>

use app::Grant;
use app::api::Call;
use aws::{Epoch, Need, Operation};
use serde::{Deserialize, Serialize};
use store::secret_versions;

use crate::error::Error;
use crate::manager::names::SecretId;
use crate::manager::shapes::Named;
use crate::manager::{failures, versions};
use crate::tokens::List;

/// The operation.
pub(crate) struct ListSecretVersionIds;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    secret_id: SecretId,
    max_results: Option<i64>,
    next_token: Option<String>,
    include_deprecated: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    #[serde(flatten)]
    named: Named,
    versions: Vec<Version>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListSecretVersionIds {
    type Call = Call;
    const NAME: &'static str = "ListSecretVersionIds";
    const ACTION: &'static str = "secretsmanager:ListSecretVersionIds";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    async fn resolve(call: &Call, input: &mut Input) -> Result<(), Error> {
        input.secret_id.resolve(call).await
    }

    fn needs(call: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![input.secret_id.need(call, Self::ACTION)?])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let limit = match input.max_results {
            None => MOST,
            Some(limit) => {
                let limit = usize::try_from(limit).ok().filter(|limit| (1..=MOST).contains(limit));
                limit.ok_or_else(|| failures::invalid("MaxResults is between 1 and 100."))?
            }
        };
        let row = input.secret_id.found()?;
        let all = input.include_deprecated == Some(true);
        let list = List::new(call, &format!("{} {} {all}", Self::NAME, row.secret_id));
        let after: Option<String> = list.open(input.next_token.as_deref(), failures::bad_token)?;
        let mut conn = call.ctx.app.db().reader().await?;
        let mut stages = versions::stages(&mut conn, &row.secret_id).await?;
        // There are no more than a hundred without stages and twenty with some.
        let found = secret_versions::list(&mut conn, &row.secret_id, &after.unwrap_or_default(), 2 * MOST).await?;
        let mut found: Vec<Version> = found
            .into_iter()
            .map(|(version_id, created_at)| Version {
                version_stages: stages.remove(&version_id).unwrap_or_default(),
                version_id,
                created_date: Epoch(created_at),
                kms_key_ids: [DEFAULT_KEY],
            })
            .filter(|version| all || !version.version_stages.is_empty())
            .collect();
        let next_token = list.cut(&mut found, limit, |last| last.version_id.clone())?;
        Ok(Output { named: Named::of(row), versions: found, next_token })
    }
}

/// The most versions of a page.
const MOST: usize = 100;

/// What AWS calls the key of whoever brings none. Keys of AWS KMS are not supported.
const DEFAULT_KEY: &str = "DefaultEncryptionKey";

/// A version without what it holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Version {
    version_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    version_stages: Vec<String>,
    created_date: Epoch,
    kms_key_ids: [&'static str; 1],
}
