//! The registry that docker asks about, and how it is reached and asked. Its AWS APIs are on the same port.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws::Credentials;
use http::uri::Authority;
use http::{Method, Request, StatusCode};
use types::Timestamp;

use super::Failure;
use super::environment::Environment;

/// More than any answer.
const LONGEST: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(20);

/// Which registry is asked, and how.
#[derive(Debug)]
pub(super) struct Target {
    authority: Authority,
    schemes: &'static [&'static str],
    known: bool,
}

/// A registry that can be asked.
pub(super) struct Endpoint {
    target: Target,
    region: String,
    client: reqwest::Client,
}

/// A call of one of its APIs.
pub(super) struct Call<'c> {
    /// As signatures name it.
    pub(super) service: &'static str,
    pub(super) headers: &'static [(&'static str, &'static str)],
    pub(super) body: &'c str,
}

/// What a registry answers.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

impl Target {
    /// The registry that docker names, by its host or by an address. Docker itself speaks plain HTTP with the machine
    /// that it runs on alone, and so does this, unless the AWS endpoint of the environment is that registry and says
    /// how it is reached.
    pub(super) fn of(server: &str, environment: &Environment) -> Result<Self, Failure> {
        let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
        let host = rest.split('/').next().unwrap_or_default();
        let authority: Authority =
            host.parse().map_err(|_| Failure::Other(format!("'{server}' is not the host of a registry")))?;
        // Asked by whoever made this the helper for everything.
        if authority.as_str().contains('@') || authority.host().ends_with("docker.io") {
            return Err(Failure::NotFound);
        }
        let endpoints = ["AWS_ENDPOINT_URL_ECR", "AWS_ENDPOINT_URL"];
        let named = endpoints.iter().filter_map(|name| environment.get(&[name])?.split_once("://"));
        let told = named.filter(|(_, rest)| rest.trim_end_matches('/') == host).map(|(scheme, _)| scheme).next();
        let own = is_this_machine(authority.host());
        let schemes: &[&str] = match told {
            Some("http") => &["http"],
            Some(_) => &["https"],
            None if own => &["https", "http"],
            None => &["https"],
        };
        Ok(Self { authority, schemes, known: own || told.is_some() })
    }

    /// The host without its port.
    pub(super) fn host(&self) -> &str {
        self.authority.host()
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let mut text = format!("cannot reach {}: {error}", self.authority);
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            text.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        Failure::Other(text)
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

impl Endpoint {
    /// Asks that registry, and signs for that region.
    pub(super) fn new(target: Target, region: String, environment: &Environment) -> Result<Self, Failure> {
        let client = client(&target, environment)?;
        Ok(Self { target, region, client })
    }

    /// Whether it may see what whoever has it can use: it is on this machine, or the endpoint of the environment. Docker
    /// asks about any registry that somebody names, and a signature is of no use to another one; a token is.
    pub(super) fn require_known(&self) -> Result<(), Failure> {
        if self.target.known {
            return Ok(());
        }
        let host = &self.target.authority;
        Err(Failure::Other(format!(
            "the token of a web identity goes only to the registry that AWS_ENDPOINT_URL names; set it to https://{host}"
        )))
    }

    /// Makes a call, signed if there are credentials.
    pub(super) async fn send(&self, call: &Call<'_>, credentials: Option<&Credentials>) -> Result<Answer, Failure> {
        let mut unreachable = None;
        for scheme in self.target.schemes {
            let request = self.request(call, scheme, credentials)?;
            match self.client.execute(request).await {
                Ok(response) => return read(response).await,
                // Only what never reached anybody is tried in another way.
                Err(error) if error.is_connect() => unreachable = Some(error),
                Err(error) => return Err(self.target.unreachable(&error)),
            }
        }
        Err(unreachable.map_or(Failure::NotFound, |error| self.target.unreachable(&error)))
    }

    fn request(
        &self,
        call: &Call<'_>,
        scheme: &str,
        credentials: Option<&Credentials>,
    ) -> Result<reqwest::Request, Failure> {
        let invalid = || Failure::Other("the AWS credentials hold characters that no header can".to_owned());
        let authority = &self.target.authority;
        let builder = Request::builder().method(Method::POST).uri("/");
        let builder = call.headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value));
        let (mut parts, ()) = builder.body(()).map_err(|_| invalid())?.into_parts();
        // A client leaves out the port that its scheme has anyway.
        let default = if scheme == "https" { 443 } else { 80 };
        let host = match authority.port_u16() {
            Some(port) if port == default => authority.host(),
            _ => authority.as_str(),
        };
        if let Some(credentials) = credentials {
            let (body, now) = (call.body.as_bytes(), Timestamp::from(SystemTime::now()));
            aws::sign(&mut parts, host, body, credentials, &self.region, call.service, now).ok_or_else(invalid)?;
        }
        let url = format!("{scheme}://{authority}/").parse().map_err(|_| invalid())?;
        let mut request = reqwest::Request::new(Method::POST, url);
        *request.headers_mut() = parts.headers;
        *request.body_mut() = Some(call.body.to_owned().into());
        Ok(request)
    }
}

async fn read(mut response: reqwest::Response) -> Result<Answer, Failure> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|error| Failure::Other(format!("the answer ended: {error}")))?
    {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(Failure::Other("the answer is too long".to_owned()));
        }
    }
    Ok(Answer { status, body })
}

/// Certificates that docker and AWS's clients believe are believed here too.
fn client(target: &Target, environment: &Environment) -> Result<reqwest::Client, Failure> {
    let mut builder = reqwest::Client::builder()
        .timeout(PATIENCE)
        .connect_timeout(PATIENCE / 2)
        // A signature is for one host.
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("docker-credential-wharf/", env!("CARGO_PKG_VERSION")));
    let of_docker = Path::new("/etc/docker/certs.d").join(target.authority.as_str()).join("ca.crt");
    let of_aws = environment.get(&["AWS_CA_BUNDLE"]).map(PathBuf::from);
    for path in of_aws.into_iter().chain(of_docker.is_file().then_some(of_docker)) {
        let unusable =
            |error: String| Failure::Other(format!("cannot use the certificates in {}: {error}", path.display()));
        let bytes = std::fs::read(&path).map_err(|error| unusable(error.to_string()))?;
        let certificates =
            reqwest::Certificate::from_pem_bundle(&bytes).map_err(|error| unusable(error.to_string()))?;
        builder = builder.tls_certs_merge(certificates);
    }
    builder.build().map_err(|error| Failure::Other(format!("cannot make requests: {error}")))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::new(variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))))
    }

    fn schemes(server: &str, variables: &[(&str, &str)]) -> Option<&'static [&'static str]> {
        Target::of(server, &environment(variables)).ok().map(|target| target.schemes)
    }

    #[test]
    fn plain_http_is_for_this_machine_or_by_the_endpoint() {
        assert_eq!(schemes("registry.example.com", &[]), Some(&["https"][..]));
        assert_eq!(schemes("https://registry.example.com/v2/", &[]), Some(&["https"][..]));
        for host in ["127.0.0.1:5000", "localhost:5000", "[::1]:5000", "http://a.localhost"] {
            assert_eq!(schemes(host, &[]), Some(&["https", "http"][..]), "{host}");
        }
        let endpoint = [("AWS_ENDPOINT_URL", "http://registry.example.com:5000/")];
        assert_eq!(schemes("registry.example.com:5000", &endpoint), Some(&["http"][..]));
        assert_eq!(schemes("other.example.com:5000", &endpoint), Some(&["https"][..]));
        let known = |server: &str| Target::of(server, &environment(&endpoint)).is_ok_and(|target| target.known);
        assert!(known("registry.example.com:5000") && known("127.0.0.1:5000"));
        assert!(!known("other.example.com:5000") && !known("registry.example.com"));
        for none in ["https://index.docker.io/v1/", "docker.io", "", "a b", "user@host"] {
            assert_eq!(schemes(none, &[]), None, "{none}");
        }
    }
}
