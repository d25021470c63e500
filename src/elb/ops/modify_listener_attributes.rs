//! `ModifyListenerAttributes`: sets attributes of a listener. None has an effect here, so they can be set to their defaults alone.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListenerAttributes.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::arns::{Kind, Named};
use crate::attributes::Attribute;
use crate::error::{Error, Result};
use crate::listeners;

/// The operation.
pub(crate) struct ModifyListenerAttributes;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    listener_arn: String,
    #[serde(default)]
    attributes: Vec<Attribute>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    attributes: Vec<Attribute>,
}

impl Operation for ModifyListenerAttributes {
    type Call = Call;
    const NAME: &'static str = "ModifyListenerAttributes";
    const ACTION: &'static str = "elasticloadbalancing:ModifyListenerAttributes";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::Listener, &input.listener_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let listener = Named::read(Kind::Listener, &input.listener_arn)?;
        Ok(Output { attributes: listeners::set_attributes(call, grant, &listener, input.attributes).await? })
    }
}
