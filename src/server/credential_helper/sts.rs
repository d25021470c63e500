//! Temporary credentials of roles, from the registry that docker asks about: it has an STS on the same port.

use aws::Credentials;
use form_urlencoded::Serializer;
use types::Secret;

use super::Failure;
use super::chain::{Role, WebIdentity};
use super::endpoint::{Answer, Call, Endpoint};

const VERSION: &str = "2011-06-15";
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// Exchanges the token of an identity provider for credentials.
pub(super) async fn assume_role_with_web_identity(
    endpoint: &Endpoint,
    identity: &WebIdentity,
) -> Result<Credentials, Failure> {
    endpoint.require_known()?;
    let WebIdentity { role_arn, token_file, session_name } = identity;
    let token = std::fs::read_to_string(token_file)
        .map_err(|error| Failure::Other(format!("cannot read the token in {}: {error}", token_file.display())))?;
    let body = form(
        "AssumeRoleWithWebIdentity",
        &[
            ("RoleArn", Some(role_arn)),
            ("RoleSessionName", Some(session_name)),
            ("WebIdentityToken", Some(token.trim())),
        ],
    );
    // The token is what is believed, so nothing is signed.
    let answer = endpoint.send(&call(&body), None).await?;
    read(role_arn, &answer)
}

/// Assumes a role.
pub(super) async fn assume_role(
    endpoint: &Endpoint,
    role: &Role,
    credentials: &Credentials,
) -> Result<Credentials, Failure> {
    let body = form(
        "AssumeRole",
        &[
            ("RoleArn", Some(&role.arn)),
            ("RoleSessionName", Some(&role.session_name)),
            ("ExternalId", role.external_id.as_deref()),
            ("DurationSeconds", role.duration_seconds.as_deref()),
        ],
    );
    let answer = endpoint.send(&call(&body), Some(credentials)).await?;
    read(&role.arn, &answer)
}

fn call(body: &str) -> Call<'_> {
    Call { service: "sts", headers: &[("content-type", CONTENT_TYPE)], body }
}

fn form(action: &str, members: &[(&str, Option<&str>)]) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", VERSION);
    form.extend_pairs(members.iter().filter_map(|(name, value)| Some((name, (*value)?))));
    form.finish()
}

fn read(role_arn: &str, answer: &Answer) -> Result<Credentials, Failure> {
    let text = String::from_utf8_lossy(&answer.body);
    let get = |name: &str| element(&text, name);
    if !answer.status.is_success() {
        return Err(Failure::Other(match (get("Code"), get("Message")) {
            (Some(code), message) => {
                let message = message.unwrap_or_default();
                format!("the registry gave no credentials of {role_arn}: {code}: {message}")
            }
            (None, _) => format!("this is no registry that knows roles: it answered {}", answer.status),
        }));
    }
    let found = get("AccessKeyId").zip(get("SecretAccessKey")).zip(get("SessionToken"));
    let ((access_key_id, secret), token) =
        found.ok_or_else(|| Failure::Other("the answer of the registry holds no credentials".to_owned()))?;
    Ok(Credentials { access_key_id, secret_access_key: Secret::new(secret), session_token: Some(Secret::new(token)) })
}

/// The text of the first element of a name, in an answer that has each of interest once.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once("</")?;
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#xD;", "\r"), ("&amp;", "&")];
    Some(entities.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character)))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    fn answer(status: StatusCode, body: &str) -> Result<Credentials, Failure> {
        read("arn:role", &Answer { status, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn only_what_is_set_is_asked_for() {
        let body = form("AssumeRole", &[("RoleArn", Some("arn:aws:iam::0:role/a b")), ("ExternalId", None)]);
        assert_eq!(body, "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A0%3Arole%2Fa+b");
    }

    #[test]
    fn answers_are_read() {
        let body = "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>\
             <SecretAccessKey>s/+</SecretAccessKey><SessionToken>t==</SessionToken></Credentials></AssumeRoleResult>\
             </AssumeRoleResponse>";
        let found = answer(StatusCode::OK, body).unwrap();
        let token = found.session_token.map(|token| token.expose().to_owned());
        assert_eq!((found.access_key_id.as_str(), token.as_deref()), ("ASIA", Some("t==")));
        assert_eq!(found.secret_access_key.expose(), "s/+");
        let refusal = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not &lt;you&gt; &amp;lt;\
             </Message></Error></ErrorResponse>";
        let text = answer(StatusCode::FORBIDDEN, refusal).unwrap_err().to_string();
        assert_eq!(text, "the registry gave no credentials of arn:role: AccessDenied: not <you> &lt;");
        assert!(answer(StatusCode::NOT_FOUND, "<html>").unwrap_err().to_string().contains("404"));
        assert!(answer(StatusCode::OK, "<html>").unwrap_err().to_string().contains("no credentials"));
    }
}
