//! `CreateListener`: lets a load balancer listen on a port.
//!
//! HTTPS listeners use the certificate that the operator configured, whatever the ARN of the one that is named.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html>

use app::Grant;
use app::api::Call;
use aws::{Need, Operation};
use serde::{Deserialize, Serialize};

use crate::actions::{self, Action};
use crate::arns::{Kind, Named};
use crate::checks;
use crate::error::{Error, Result};
use crate::listeners::{self, Settings};
use crate::shapes::Listener;
use crate::tags::{self, Tag};

/// The operation.
pub(crate) struct CreateListener;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    load_balancer_arn: String,
    protocol: Option<String>,
    port: Option<i64>,
    ssl_policy: Option<String>,
    #[serde(default)]
    certificates: Vec<Certificate>,
    default_actions: Vec<Action>,
    #[serde(default)]
    alpn_policy: Vec<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    mutual_authentication: Option<MutualAuthentication>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    listeners: Vec<Listener>,
}

impl Operation for CreateListener {
    type Call = Call;
    const NAME: &'static str = "CreateListener";
    const ACTION: &'static str = "elasticloadbalancing:CreateListener";
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>> {
        tags::check(&input.tags)?;
        let load_balancer = Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?;
        let mut needs = vec![tags::with_request_tags(load_balancer.need(Self::ACTION), &input.tags)];
        if !input.tags.is_empty() {
            needs.push(tags::with_request_tags(load_balancer.need("elasticloadbalancing:AddTags"), &input.tags));
        }
        Ok(needs)
    }

    async fn run(call: &Call, grant: &Grant, input: Input) -> Result<Output> {
        let load_balancer = Named::read(Kind::LoadBalancer, &input.load_balancer_arn)?;
        let absent = |what: &str| Error::Validation(format!("A {what} must be specified"));
        let protocol = input.protocol.ok_or_else(|| absent("protocol"))?;
        let port = checks::port("port", input.port.ok_or_else(|| absent("port"))?)?;
        check_tls(&input.alpn_policy, input.mutual_authentication.as_ref())?;
        let certificates = certificates(input.certificates)?;
        let settings = Settings::new(call, &protocol, certificates, input.ssl_policy)?;
        let actions = actions::check(input.default_actions)?;
        let found = listeners::create(call, grant, load_balancer, port, settings, actions, input.tags).await?;
        Ok(Output { listeners: vec![found.into()] })
    }
}

/// A certificate.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Certificate {
    certificate_arn: Option<String>,
}

/// Whether clients show certificates.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct MutualAuthentication {
    mode: Option<String>,
}

/// The ARNs of certificates: one, which is shown again.
pub(crate) fn certificates(certificates: Vec<Certificate>) -> Result<Vec<String>> {
    if certificates.len() > 1 {
        return Err(Error::Validation("Up to one certificate can be specified, but more were".to_owned()));
    }
    let arn = |certificate: Certificate| match certificate.certificate_arn {
        Some(arn) if arn.starts_with("arn:") && arn.len() <= 2048 => Ok(arn),
        Some(arn) => {
            Err(Error::CertificateNotFound(format!("Certificate ARN '{}' is not valid", arn.escape_default())))
        }
        None => Err(Error::Validation("A certificate ARN must be specified".to_owned())),
    };
    certificates.into_iter().map(arn).collect()
}

/// Refuses what TLS listeners do not have here.
pub(crate) fn check_tls(alpn_policy: &[String], mutual: Option<&MutualAuthentication>) -> Result<()> {
    if !alpn_policy.is_empty() {
        return Err(Error::InvalidConfigurationRequest("ALPN policies are for TLS listeners alone".to_owned()));
    }
    match mutual.and_then(|mutual| mutual.mode.as_deref()) {
        None | Some("off") => Ok(()),
        Some(_) => Err(Error::InvalidConfigurationRequest("Mutual authentication is not supported".to_owned())),
    }
}
