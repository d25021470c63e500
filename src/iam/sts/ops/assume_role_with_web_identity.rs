//! `AssumeRoleWithWebIdentity`: temporary credentials of a role, for whoever an identity provider of its account vouches
//! for and its trust policy names. The call is not signed; the token is what is believed. Providers that are no OpenID
//! Connect providers (`ProviderId`) are not known.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>

use app::api::Call;
use app::audit::WebIdentity;
use app::authn::session::Federation;
use app::sessions::{self, Wanted};
use app::web_identity::{self, Verified};
use app::{Grant, trust};
use aws::{Access, Fault, Need, Operation, Violations};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::sts::input::{self, Parts, PolicyDescriptor, Tag};
use crate::sts::judged;
use crate::sts::output::{AssumedRoleUser, Credentials};
use crate::sts::refusal;

/// The operation.
pub(crate) struct AssumeRoleWithWebIdentity;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    role_arn: String,
    role_session_name: String,
    web_identity_token: String,
    provider_id: Option<String>,
    duration_seconds: Option<i64>,
    policy: Option<String>,
    #[serde(default)]
    policy_arns: Vec<PolicyDescriptor>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    credentials: Credentials,
    subject_from_web_identity_token: String,
    assumed_role_user: AssumedRoleUser,
    #[serde(skip_serializing_if = "Option::is_none")]
    packed_policy_size: Option<u64>,
    provider: String,
    audience: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
}

impl Input {
    fn parts(&self) -> Parts<'_> {
        Parts {
            name: &self.role_session_name,
            duration: self.duration_seconds,
            policy: self.policy.as_deref(),
            policy_arns: &self.policy_arns,
            tags: &[],
            transitive_tag_keys: &[],
            source_identity: None,
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let mut violations = Violations::new();
        input::check_role_arn(&mut violations, &self.role_arn);
        self.parts().check(&mut violations);
        // The value itself would be repeated in the message.
        let length = self.web_identity_token.len();
        if !(4..=20_000).contains(&length) {
            let constraint = if length < 4 { "greater than or equal to 4" } else { "less than or equal to 20000" };
            violations.add("webIdentityToken", "***", &format!("Member must have length {constraint}"));
        }
        violations.finish()?;
        match &self.provider_id {
            Some(_) => Err(Fault::new(
                "InvalidIdentityToken",
                "Only OpenID Connect providers are supported; leave out ProviderId",
            )),
            None => Ok(()),
        }
    }

    /// The session that is wanted, with what the provider says of it.
    fn wanted(&self, verified: &Verified) -> Result<Wanted, Fault> {
        let malformed = |claim| Fault::new("InvalidIdentityToken", format!("The claim {claim} is malformed"));
        let claims = &verified.claims;
        let (tags, transitive_tag_keys) = claims.tags().ok_or_else(|| malformed(web_identity::TAGS))?;
        let tags: Vec<Tag> = tags.into_iter().map(|(key, value)| Tag { key, value }).collect();
        let source_identity = claims.source_identity().ok_or_else(|| malformed(web_identity::SOURCE_IDENTITY))?;
        let parts = Parts { tags: &tags, transitive_tag_keys: &transitive_tag_keys, source_identity, ..self.parts() };
        let mut violations = Violations::new();
        parts.check(&mut violations);
        violations.finish()?;
        Ok(parts.wanted())
    }
}

/// The condition keys that the token's claims set.
fn conditions(verified: &Verified) -> Vec<(String, Vec<String>)> {
    let url = &verified.provider.url;
    // Of several audiences only the one that was accepted counts.
    let others = verified.claims.plain().filter(|(name, _)| *name != "aud");
    let claims = others.map(|(name, values)| (format!("{url}:{name}"), values));
    let audience = (format!("{url}:aud"), vec![verified.audience.clone()]);
    let provider = ("aws:FederatedProvider".to_owned(), vec![verified.provider.arn.clone()]);
    claims.chain([audience, provider]).collect()
}

impl Operation for AssumeRoleWithWebIdentity {
    type Call = Call;
    const NAME: &'static str = "AssumeRoleWithWebIdentity";
    const ACTION: &'static str = "sts:AssumeRoleWithWebIdentity";
    const ACCESS: Access = Access::Unsigned;
    type Input = Input;
    type Output = Output;
    type Error = Error;

    fn needs(_: &Call, input: &Input) -> Result<Vec<Need>, Error> {
        input.check()?;
        // Who asks is known only once the token is verified, so this is judged below.
        Ok(Vec::new())
    }

    async fn run(call: &Call, _: &Grant, input: Input) -> Result<Output, Error> {
        let (account, arn) = input::role(&input.role_arn)?;
        let app = &call.ctx.app;
        let verified = web_identity::verify(app, &account, &input.web_identity_token).await;
        let verified = verified.map_err(|why| refusal::web_identity(&why))?;
        call.vouched_for(WebIdentity {
            provider: verified.provider.arn.clone(),
            audience: verified.audience.clone(),
            subject: verified.claims.subject.clone(),
        });
        let wanted = input.wanted(&verified)?;

        let conditions: Vec<_> = conditions(&verified).into_iter().chain(judged::conditions(&wanted)).collect();
        let snapshot = app.snapshot();
        let role = snapshot.role(arn.as_str()).ok_or_else(refusal::not_authorized)?;
        let actions = judged::actions(Self::ACTION, &wanted);
        let (provider, subject) = (&verified.provider.arn, &verified.claims.subject);
        if !actions.iter().all(|action| trust::trusts(&call.ctx, role, provider, subject, action, &conditions)) {
            return Err(refusal::not_authorized().into());
        }
        let url = &verified.provider.url;
        let federation = Federation {
            provider: verified.provider.arn.clone(),
            claims: vec![
                (format!("{url}:sub"), vec![verified.claims.subject.clone()]),
                (format!("{url}:aud"), vec![verified.audience.clone()]),
            ],
        };
        let assumed = sessions::assume_role_with_web_identity(&call.ctx, role, wanted, federation)?;
        Ok(Output {
            credentials: assumed.credentials.into(),
            subject_from_web_identity_token: verified.claims.subject.clone(),
            assumed_role_user: AssumedRoleUser { assumed_role_id: assumed.id, arn: assumed.arn },
            packed_policy_size: assumed.packed_policy_size,
            provider: verified.provider.arn,
            audience: verified.audience,
            source_identity: assumed.source_identity,
        })
    }
}
