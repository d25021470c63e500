//! `DecodeAuthorizationMessage`: refusals are never encoded here, so no message is one that could be decoded.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html>

use app::Grant;
use app::api::Call;
use aws::{Fault, Need, Operation, Resource};
use serde::Deserialize;

use crate::error::Error;

/// The operation.
pub(crate) struct DecodeAuthorizationMessage;

#[derive(Debug, Deserialize)]
pub(crate) struct Input {
    #[expect(dead_code, reason = "it must be there, and no value of it is good")]
    #[serde(rename = "EncodedMessage")]
    encoded_message: String,
}

impl Operation for DecodeAuthorizationMessage {
    type Call = Call;
    const NAME: &'static str = "DecodeAuthorizationMessage";
    const ACTION: &'static str = "sts:DecodeAuthorizationMessage";
    type Input = Input;
    type Output = ();
    type Error = Error;

    fn needs(_: &Call, _: &Input) -> Result<Vec<Need>, Error> {
        Ok(vec![Need::new(Self::ACTION, Resource::Any)])
    }

    async fn run(_: &Call, grant: &Grant, _: Input) -> Result<(), Error> {
        grant.require(Self::ACTION)?;
        Err(Fault::new("InvalidAuthorizationMessageException", "Message is not valid").into())
    }
}
