//! What conditions and policy variables may ask about a request. Most requests are judged without a single question, so
//! the answers are put together when the first one is asked.

use std::cell::OnceCell;
use std::fmt;

use policy::{Context, Facts};

use crate::Ctx;

/// The facts of one request about one resource.
pub(crate) struct RequestFacts<'a> {
    ctx: &'a Ctx,
    /// The prefix of the service's own tag keys, `ecr`.
    service: &'static str,
    resource_tags: &'a [(String, String)],
    /// Keys that only the input of a call can answer.
    conditions: &'a [(String, Vec<String>)],
    built: OnceCell<Context>,
}

impl<'a> RequestFacts<'a> {
    /// Of a request about something that has no tags.
    pub(crate) fn new(ctx: &'a Ctx) -> Self {
        Self { ctx, service: "", resource_tags: &[], conditions: &[], built: OnceCell::new() }
    }

    /// With the tags of the resource, for `aws:ResourceTag/…` and `<service>:ResourceTag/…`.
    pub(crate) fn with_resource_tags(self, service: &'static str, tags: &'a [(String, String)]) -> Self {
        Self { service, resource_tags: tags, ..self }
    }

    /// With keys that only the input of a call can answer.
    pub(crate) fn with_conditions(self, conditions: &'a [(String, Vec<String>)]) -> Self {
        Self { conditions, ..self }
    }

    fn build(&self) -> Context {
        let mut context = Context::new();
        for (key, values) in self.conditions {
            context.add_all(key, values.iter().cloned());
        }
        for (key, value) in self.resource_tags {
            context.add_all(&format!("aws:ResourceTag/{key}"), [value.clone()]);
            context.add_all(&format!("{}:ResourceTag/{key}", self.service), [value.clone()]);
        }
        of_request(self.ctx, &mut context);
        of_caller(self.ctx, &mut context);
        context
    }
}

impl Facts for RequestFacts<'_> {
    fn get(&self, lowercase_key: &str) -> &[String] {
        self.built.get_or_init(|| self.build()).get(lowercase_key)
    }
}

impl fmt::Debug for RequestFacts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestFacts")
    }
}

/// What any request has. What an input could have set by the same names is replaced.
fn of_request(ctx: &Ctx, context: &mut Context) {
    let now = ctx.app.now();
    context
        .set_address("aws:SourceIp", ctx.source)
        .set_bool("aws:SecureTransport", ctx.secure)
        .set_bool("aws:ViaAWSService", false)
        .set("aws:CurrentTime", now.rfc3339())
        .set("aws:EpochTime", now.seconds().to_string())
        .set("aws:RequestedRegion", ctx.registry.region.as_str());
    if !ctx.user_agent.is_empty() {
        context.set("aws:UserAgent", ctx.user_agent.as_str());
    }
}

/// What follows from who calls, beyond what evaluation derives by itself.
fn of_caller(ctx: &Ctx, context: &mut Context) {
    let identity = &ctx.identity;
    for (key, value) in &identity.tags {
        context.set(&format!("aws:PrincipalTag/{key}"), value);
    }
    let Some(opened) = &identity.session else { return };
    let session = &opened.session;
    context.set("aws:TokenIssueTime", session.begun_at().rfc3339()).set_bool("aws:MultiFactorAuthPresent", false);
    if let Some(source_identity) = &session.source_identity {
        context.set("aws:SourceIdentity", source_identity);
    }
    if let Some(federation) = &session.federation {
        context.set("aws:FederatedProvider", &federation.provider);
        for (key, values) in &federation.claims {
            context.set_all(key, values.iter().cloned());
        }
    }
}
