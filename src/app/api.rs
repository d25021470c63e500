//! Calls of the AWS APIs: who calls from which region, and whether that caller may. The protocols are in `aws`, the
//! operations in the fronts.

use std::sync::{Arc, OnceLock};

use aws::{Access, Audit, Common, Fault, Head, Need, Record, Signature};
use bytes::Bytes;
use types::{AccountId, Region, RegistryId};

use crate::audit::{self, Caller, Urgency, WebIdentity};
use crate::authn::{self, Login, signed};
use crate::{App, Ctx, Error, Grant, authz};

/// The application as the AWS protocols ask it.
pub struct Api {
    app: Arc<App>,
}

/// A call that was authenticated.
pub struct Call {
    /// The context of rules. Its registry is the caller's own, in the region that the call was signed for.
    pub ctx: Ctx,
    /// Who calls, with the access key.
    pub login: Login,
    /// The id of the request.
    pub request_id: String,
    /// The host and port that the client used.
    host: String,
    web_identity: OnceLock<WebIdentity>,
}

impl Api {
    /// Of this application.
    pub fn new(app: Arc<App>) -> Self {
        Self { app }
    }

    /// The region that a call is about: the one of its scope, which must exist. IAM and STS are in no region; their
    /// clients sign for `us-east-1` or for their own.
    fn region(&self, signature: Option<&Signature>, service: &str) -> Result<Region, Fault> {
        let config = self.app.config();
        let Some(signature) = signature else {
            return Ok(config.registry.region.clone());
        };
        if let Some(region) = config.regions.iter().find(|region| region.as_str() == signature.region) {
            return Ok(region.clone());
        }
        if matches!(service, "iam" | "sts") && matches!(signature.region.as_str(), "us-east-1" | "aws-global") {
            return Ok(config.registry.region.clone());
        }
        let regions: Vec<&str> = config.regions.iter().map(Region::as_str).collect();
        Err(Fault::common(
            Common::InvalidSignature,
            format!("Credential should be scoped to a valid region. This registry has {}.", regions.join(", ")),
        ))
    }
}

impl aws::Host for Api {
    type Call = Call;

    fn knows(&self, signature: &Signature) -> bool {
        signed::knows(&self.app, signature)
    }

    fn authenticate(
        &self,
        head: &Head,
        signature: Option<&Signature>,
        service: &'static str,
        access: Access,
        body: &Bytes,
    ) -> Result<Call, Fault> {
        if let Some(signature) = signature {
            signature.check_service(service)?;
        }
        let region = self.region(signature, service)?;
        let login = match signature {
            // Who may do without a signature is not asked for one: some clients sign everything they send.
            Some(signature) if access != Access::Unsigned => signed::authenticate(&self.app, head, signature, body)?,
            _ => authn::anonymous(&self.app),
        };
        // A session of one's own is not enough to change who one is, as on AWS, where MFA could make it so.
        if service == "iam" && login.is_own_session() {
            return Err(signed::invalid());
        }
        let account = login.identity.principal.account.parse::<AccountId>();
        let account = account.unwrap_or_else(|_| self.app.config().registry.account.clone());
        Ok(Call {
            ctx: Ctx {
                app: Arc::clone(&self.app),
                identity: Arc::clone(&login.identity),
                registry: RegistryId { account, region },
                source: head.source,
                secure: head.secure,
                user_agent: head.user_agent().to_owned(),
            },
            login,
            request_id: head.request_id.clone(),
            host: head.host.clone().unwrap_or_else(|| "localhost".to_owned()),
            web_identity: OnceLock::new(),
        })
    }

    fn wants(&self, audit: Audit, fault: Option<&Fault>) -> bool {
        audit::is_on(&self.app) && (audit != Audit::Data || fault.is_some_and(Fault::is_denial))
    }

    async fn record(&self, record: Record<'_, Call>) {
        let Record { head, audit, call, fault, signature, .. } = record;
        let source = format!("{}.amazonaws.com", record.service);
        let event = audit::Event {
            source: &source,
            name: record.operation,
            region: call.map(|call| call.ctx.registry.region.as_str()),
            read_only: audit == Audit::Read,
            caller: match call {
                Some(call) => call.web_identity.get().map_or(Caller::Known(&call.login), Caller::WebIdentity),
                None => Caller::Unknown(signature.map(|signature| signature.access_key_id.as_str())),
            },
            address: Some(head.source),
            user_agent: head.user_agent(),
            request_id: &head.request_id,
            parameters: record.parameters,
            response: record.response,
            error: fault.map(|fault| (fault.code(record.protocol), fault.message())),
        };
        let known = call.is_some_and(|call| !call.login.is_anonymous() || call.web_identity.get().is_some());
        let urgency = urgency(known, fault.is_some(), audit);
        audit::record(&self.app, audit::prepare(&self.app, event, urgency)).await;
    }
}

/// The urgency of an event by whether it is known who called, whether the call failed, and what it was about.
fn urgency(known: bool, failed: bool, audit: Audit) -> Urgency {
    match (known, failed, audit) {
        // Anybody can cause it, any number of times, also with tokens of providers that are none.
        (false, true, _) => Urgency::Maybe,
        (_, false, Audit::Change) => Urgency::Now,
        // Nothing was changed, or it is not waited for.
        (_, true, _) | (_, _, Audit::Read | Audit::Push | Audit::Data) => Urgency::Soon,
    }
}

impl aws::Call for Call {
    type Grant = Grant;

    async fn authorize(&self, needs: &[Need]) -> Result<Grant, Fault> {
        authz::authorize_needs(&self.ctx, needs).await.map_err(|error| match error {
            Error::Denied(message) => Fault::common(Common::AccessDenied, message),
            _ => Fault::internal(),
        })
    }
}

impl Call {
    /// The same call by whoever has its credentials now, for what was found to have changed since it was authenticated.
    pub fn renewed(&self) -> Result<Self, Fault> {
        let login = authn::renewed(&self.ctx.app, &self.login).ok_or_else(signed::invalid)?;
        Ok(Self {
            ctx: Ctx { identity: Arc::clone(&login.identity), ..self.ctx.clone() },
            login,
            request_id: self.request_id.clone(),
            host: self.host.clone(),
            web_identity: OnceLock::new(),
        })
    }

    /// Notes who calls, when it is not the signature that tells: for the audit log.
    pub fn vouched_for(&self, web_identity: WebIdentity) {
        // The first token of a call is its only one.
        let _ = self.web_identity.set(web_identity);
    }

    /// The account that calls.
    pub fn account(&self) -> &AccountId {
        &self.ctx.registry.account
    }

    /// The registry that an input names by its account; the caller's own if it names none.
    pub fn registry(&self, registry_id: Option<&AccountId>) -> RegistryId {
        let account = registry_id.unwrap_or(&self.ctx.registry.account).clone();
        RegistryId { account, region: self.ctx.registry.region.clone() }
    }

    /// The host under which clients reach this installation, without a port.
    pub fn external_host(&self) -> &str {
        let url = self.ctx.app.config().external_url.as_deref().and_then(|url| url.split_once("://"));
        let host = url.map_or(self.host.as_str(), |(_, rest)| rest.split('/').next().unwrap_or(rest));
        match host.rsplit_once(':') {
            // What is in brackets has colons of its own.
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => host,
        }
    }

    /// `https` or `http`, as clients reach this server.
    fn scheme(&self) -> &str {
        match self.ctx.app.config().external_url.as_deref().and_then(|url| url.split_once("://")) {
            Some((scheme, _)) => scheme,
            None if self.ctx.secure => "https",
            None => "http",
        }
    }

    /// The host and port under which clients reach a registry: what stands before the name in `docker pull`. A plain host
    /// is the default registry; the others are below it, by the names that ECR gives them.
    pub fn registry_host(&self, registry: &RegistryId) -> String {
        let config = self.ctx.app.config();
        let (account, region) = (registry.account.as_str(), registry.region.as_str());
        if let Some(template) = &config.registry_host {
            return template.replace("{account}", account).replace("{region}", region);
        }
        let host = config.external_url.as_deref().and_then(|url| url.split_once("://"));
        let host = host.map_or(self.host.as_str(), |(_, host)| host);
        // A client that came by such a name already gets its like.
        let labels: Vec<&str> = host.splitn(5, '.').collect();
        let plain = match labels[..] {
            [_, "dkr", "ecr", _, rest] => rest,
            _ if *registry == config.registry => return host.to_owned(),
            _ => host,
        };
        format!("{account}.dkr.ecr.{region}.{plain}")
    }

    /// Where clients reach this server: scheme, host and port.
    pub fn url(&self) -> String {
        match &self.ctx.app.config().external_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("{}://{}", self.scheme(), self.host),
        }
    }

    /// The registry of this installation that an image is in, by the host in its name.
    pub fn registry_of_image(&self, image: &str) -> Option<RegistryId> {
        let (host, _) = image.split_once('/')?;
        let config = self.ctx.app.config();
        for account_id in [&config.registry.account, self.account()] {
            for region in &config.regions {
                let registry = RegistryId { account: account_id.clone(), region: region.clone() };
                if self.registry_host(&registry) == host {
                    return Some(registry);
                }
            }
        }
        // Another account's, by the names that ECR gives registries.
        let labels: Vec<&str> = host.splitn(5, '.').collect();
        let [account, "dkr", "ecr", region, _] = labels[..] else {
            return None;
        };
        let region = config.regions.iter().find(|known| known.as_str() == region)?;
        Some(RegistryId { account: account.parse().ok()?, region: region.clone() })
    }

    /// [`Call::registry_host`] with its scheme.
    pub fn registry_url(&self, registry: &RegistryId) -> String {
        format!("{}://{}", self.scheme(), self.registry_host(registry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_can_cause_makes_nobody_wait() {
        for audit in [Audit::Read, Audit::Change, Audit::Push, Audit::Data] {
            assert_eq!(urgency(false, true, audit), Urgency::Maybe);
            assert_eq!(urgency(true, true, audit), Urgency::Soon);
        }
        assert_eq!(urgency(true, false, Audit::Change), Urgency::Now);
        assert_eq!(urgency(true, false, Audit::Push), Urgency::Soon);
    }
}
