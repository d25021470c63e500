//! `GetAccessKeyInfo`: the account that an access key belongs to, whether or not the key may be used.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html>

use app::Grant;
use app::api::Call;
use app::authn::temporary_key;
use aws::{Common, Fault, Need, Operation, Resource, Violations};
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The operation.
pub(crate) struct GetAccessKeyInfo;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    access_key_id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    account: String,
}

impl Operation for GetAccessKeyInfo {
    type Call = Call;
    const NAME: &'static str = "GetAccessKeyInfo";
    const ACTION: &'static str = "sts:GetAccessKeyInfo";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        let mut violations = Violations::new();
        violations.length("accessKeyId", &input.access_key_id, 16..=128);
        violations.pattern("accessKeyId", &input.access_key_id, r"[\w]*", |character| {
            character.is_ascii_alphanumeric() || character == '_'
        });
        violations.finish()?;
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output, Error> {
        grant.require(Self::ACTION)?;
        let key = &input.access_key_id;
        // A temporary key is in no table; its id says whose it is.
        let account = call.ctx.app.snapshot().account_of(key).or_else(|| temporary_key::account(key));
        let unknown = || Fault::common(Common::Validation, format!("Access key {key} is not known"));
        Ok(Output { account: account.ok_or_else(unknown)?.to_string() })
    }
}
