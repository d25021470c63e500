//! One event and its JSON, whose names are those of CloudTrail ("CloudTrail record contents").

use std::net::IpAddr;

use policy::PrincipalKind;
use serde_json::{Map, Value, json};
use types::Timestamp;

use super::redact::{redact, redact_value};
use crate::App;
use crate::authn::Login;
use crate::authn::session::Session;

/// The service whose operation carries a secret as `Value`.
const PARAMETERS: &str = "ssm.amazonaws.com";

/// Longer texts of clients are cut.
const LONGEST: usize = 1024;

/// Who caused an event.
pub enum Caller<'e> {
    /// Somebody who was authenticated, or nobody in particular.
    Known(&'e Login),
    /// Somebody who was not; with the access key that was claimed.
    Unknown(Option<&'e str>),
    /// Somebody whom an identity provider vouches for.
    WebIdentity(&'e WebIdentity),
    /// Whoever runs commands beside the registry.
    Operator,
}

/// What an identity provider says of a caller who has no account here.
#[derive(Debug)]
pub struct WebIdentity {
    /// The ARN of the provider.
    pub provider: String,
    /// For whom its token is.
    pub audience: String,
    /// Who it says that it is.
    pub subject: String,
}

/// Something that was done or refused.
pub struct Event<'e> {
    /// The service, `ecr.amazonaws.com`.
    pub source: &'e str,
    /// The operation, `PutImage`.
    pub name: &'e str,
    /// The region that it was about; none for the default one.
    pub region: Option<&'e str>,
    /// Whether it only reads.
    pub read_only: bool,
    /// Who.
    pub caller: Caller<'e>,
    /// From where.
    pub address: Option<IpAddr>,
    /// What the client calls itself.
    pub user_agent: &'e str,
    /// The id of the request.
    pub request_id: &'e str,
    /// The input, secrets included.
    pub parameters: Value,
    /// The output, secrets included; null if it only reads.
    pub response: Value,
    /// Code and message of a failure.
    pub error: Option<(&'e str, &'e str)>,
}

impl Event<'_> {
    /// One line.
    pub(super) fn into_json(mut self, app: &App, event_id: &str, time: Timestamp) -> String {
        redact(&mut self.parameters);
        redact(&mut self.response);
        if self.source == PARAMETERS {
            redact_value(&mut self.parameters);
        }
        let registry = &app.config.registry;
        let mut members = Map::new();
        let mut set = |name: &str, value: Value| {
            members.insert(name.to_owned(), value);
        };
        set("eventVersion", "1.11".into());
        set("userIdentity", self.identity());
        set("eventTime", time.rfc3339().into());
        set("eventSource", self.source.into());
        set("eventName", self.name.into());
        set("awsRegion", self.region.unwrap_or(registry.region.as_str()).into());
        set("sourceIPAddress", self.address.map_or("localhost".to_owned(), |address| address.to_string()).into());
        set("userAgent", cut(self.user_agent).into());
        if let Some((code, message)) = self.error {
            set("errorCode", code.into());
            set("errorMessage", cut(message).into());
        }
        set("requestParameters", self.parameters.take());
        set("responseElements", self.response.take());
        set("requestID", self.request_id.into());
        set("eventID", event_id.into());
        set("readOnly", self.read_only.into());
        set("eventType", "AwsApiCall".into());
        set("recipientAccountId", self.account().unwrap_or(registry.account.as_str()).into());
        Value::Object(members).to_string()
    }

    fn account(&self) -> Option<&str> {
        match &self.caller {
            Caller::Known(login) => Some(login.identity.principal.account.as_str()).filter(|text| !text.is_empty()),
            // Whose provider it is is whose role was asked for.
            Caller::WebIdentity(identity) => identity.provider.split(':').nth(4),
            Caller::Unknown(_) | Caller::Operator => None,
        }
    }

    fn identity(&self) -> Value {
        let login = match &self.caller {
            Caller::Operator => return json!({ "type": "Operator" }),
            Caller::Unknown(None) => return json!({ "type": "Unknown" }),
            Caller::Unknown(Some(key)) => return json!({ "type": "Unknown", "accessKeyId": cut(key) }),
            Caller::WebIdentity(WebIdentity { provider, audience, subject }) => {
                return json!({
                    "type": "WebIdentityUser",
                    "principalId": format!("{provider}:{}:{}", cut(audience), cut(subject)),
                    "userName": cut(subject),
                    "identityProvider": provider,
                });
            }
            Caller::Known(login) => login,
        };
        let principal = &login.identity.principal;
        let mut identity = json!({
            "type": "Anonymous",
            "principalId": principal.user_id,
            "arn": principal.arn,
            "accountId": principal.account,
        });
        if let Some(key) = &login.access_key_id {
            identity["accessKeyId"] = key.as_str().into();
        }
        if let Some(opened) = &login.identity.session {
            identity["sessionContext"] = session_context(&opened.session);
        }
        match &principal.kind {
            PrincipalKind::Root => identity["type"] = "Root".into(),
            PrincipalKind::User { name } => {
                identity["type"] = "IAMUser".into();
                identity["userName"] = name.as_str().into();
            }
            PrincipalKind::RoleSession { role_arn } => {
                identity["type"] = "AssumedRole".into();
                let name = role_arn.rsplit('/').next().unwrap_or_default();
                identity["sessionContext"]["sessionIssuer"] = json!({
                    "type": "Role",
                    "principalId": principal.entity_id(),
                    "arn": role_arn,
                    "accountId": principal.account,
                    "userName": name,
                });
            }
            PrincipalKind::Service { name } => {
                identity = json!({ "type": "AWSService", "invokedBy": name });
            }
            PrincipalKind::Federated { .. } | PrincipalKind::Anonymous => identity = json!({ "type": "Anonymous" }),
        }
        identity
    }
}

/// Since when a session is there, and who is behind it: the name of a session is whatever its caller likes.
fn session_context(session: &Session) -> Value {
    let attributes = json!({ "creationDate": session.begun_at().rfc3339(), "mfaAuthenticated": "false" });
    let mut context = json!({ "attributes": attributes });
    if let Some(source_identity) = &session.source_identity {
        context["sourceIdentity"] = source_identity.as_str().into();
    }
    if let Some(federation) = &session.federation {
        let claims = federation.claims.iter().map(|(key, values)| (key.clone(), cut(&values.join(",")).into()));
        let claims: Map<String, Value> = claims.collect();
        context["webIdFederationData"] = json!({ "federatedProvider": federation.provider, "attributes": claims });
    }
    context
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
