//! `ModifyListener`: changes the port, the protocol or the default actions of a listener.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyListener.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::actions::{self, Action};
use crate::arns::{Kind, Named};
use crate::checks;
use crate::error::{Error, Result};
use crate::listeners::{self, Change};
use crate::ops::create_listener::{self, Certificate, MutualAuthentication};
use crate::shapes::Listener;

/// The operation.
pub(crate) struct ModifyListener;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    listener_arn: String,
    port: Option<i64>,
    protocol: Option<String>,
    ssl_policy: Option<String>,
    certificates: Option<Vec<Certificate>>,
    default_actions: Option<Vec<Action>>,
    #[serde(default)]
    alpn_policy: Vec<String>,
    mutual_authentication: Option<MutualAuthentication>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    listeners: Vec<Listener>,
}

impl Operation for ModifyListener {
    type Call = Call;
    const NAME: &'static str = "ModifyListener";
    const ACTION: &'static str = "elasticloadbalancing:ModifyListener";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        Ok(vec![Named::read(Kind::Listener, &input.listener_arn)?.need(Self::ACTION)])
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let listener = Named::read(Kind::Listener, &input.listener_arn)?;
        create_listener::check_tls(&input.alpn_policy, input.mutual_authentication.as_ref())?;
        let wanted = Change {
            port: input.port.map(|port| checks::port("port", port)).transpose()?,
            protocol: input.protocol,
            certificates: input.certificates.map(create_listener::certificates).transpose()?,
            ssl_policy: input.ssl_policy,
            actions: input.default_actions.map(actions::check).transpose()?,
        };
        Ok(Output { listeners: vec![listeners::modify(call, grant, listener, wanted).await?.into()] })
    }
}
