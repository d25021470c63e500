//! One registry as the generator sees it: where it is, how requests to it are headed and authorized, which process it is.
//! It parses plain `http` addresses only: TLS would measure the cipher.

use std::fmt::Write as _;
use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use tests::harness::aws::Aws;

use crate::http::Connection;
use crate::options::Scheme;
use crate::process::Process;

/// The media types that a client of today accepts; without them some registries hide OCI manifests.
const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, application/vnd.docker.distribution.manifest.list.v2+json, */*";

/// A registry under load.
pub(crate) struct Server {
    /// Its name in the table.
    pub(crate) name: String,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its process, when it runs on this machine and may be looked at.
    pub(crate) process: Option<Process>,
    /// The prefix of the repositories of this run.
    pub(crate) prefix: String,
    /// Path of the token endpoint with its service, if there is one and credentials were given.
    pub(crate) token_path: Option<String>,
    host: String,
    /// Access key id and secret, which sign calls of the AWS API.
    key: Option<(String, String)>,
    basic: Option<String>,
    authorization: Option<String>,
}

/// How to reach a server, as the command line says it.
pub(crate) struct Access<'a> {
    /// The server's name in the table.
    pub(crate) name: &'a str,
    /// Its address.
    pub(crate) url: &'a str,
    /// Without one, requests are anonymous.
    pub(crate) user: Option<&'a str>,
    /// The user's password.
    pub(crate) password: Option<&'a str>,
    /// How requests carry them.
    pub(crate) scheme: Scheme,
    /// The process, when it cannot be found by its port.
    pub(crate) pid: Option<u32>,
}

impl Server {
    /// Finds the server, checks that it answers and, with the bearer scheme, fetches the token of the run.
    pub(crate) async fn find(access: Access<'_>, prefix: &str) -> Result<Self> {
        let (host, address) = locate(access.url)?;
        let credentials = access.user.zip(access.password);
        let basic =
            credentials.map(|(user, password)| format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))));
        let process = match access.pid {
            Some(pid) => Some(Process::new(pid).with_context(|| format!("cannot read the figures of process {pid}"))?),
            None => Process::listening_on(address),
        };
        let mut server = Self {
            name: access.name.to_owned(),
            address,
            process,
            prefix: prefix.to_owned(),
            token_path: None,
            host,
            key: credentials.map(|(id, secret)| (id.to_owned(), secret.to_owned())),
            authorization: basic.clone(),
            basic,
        };
        if server.basic.is_some() {
            server.token_path = server.find_token_path().await?;
        }
        if access.scheme == Scheme::Bearer {
            server.authorization = Some(server.fetch_token().await?);
        }
        let mut connection = server.connect().await?;
        let reply = server.ask(&mut connection, "GET", "/v2/", &mut Vec::new()).await?;
        ensure!(reply == 200, "{} answers {reply} to GET /v2/: are the credentials right?", server.name);
        Ok(server)
    }

    /// What signs calls of the AWS API; none without credentials.
    pub(crate) fn aws(&self) -> Option<Aws> {
        let (id, secret) = self.key.as_ref()?;
        Some(Aws {
            endpoint: format!("http://{}", self.host),
            region: "us-east-1".to_owned(),
            access_key_id: id.clone(),
            secret: secret.clone(),
            session_token: None,
        })
    }

    /// Something that is no registry and answers every request alike.
    pub(crate) fn bare(address: SocketAddr) -> Self {
        Self {
            name: "bare".to_owned(),
            address,
            process: None,
            prefix: String::new(),
            token_path: None,
            host: address.to_string(),
            key: None,
            authorization: None,
            basic: None,
        }
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        Connection::open(self.address).await
    }

    /// The head of a request with the run's credentials; `extra` holds further whole header lines.
    pub(crate) fn head(&self, method: &str, path: &str, extra: &str) -> String {
        self.head_with(method, path, extra, self.authorization.as_deref())
    }

    /// The head of a request that carries the user name and password whatever the scheme, as a login does.
    pub(crate) fn login_head(&self, path: &str) -> String {
        self.head_with("GET", path, "", self.basic.as_deref())
    }

    /// One request without a body; its reply's body is appended to `body`. Gives the status.
    pub(crate) async fn ask(&self, to: &mut Connection, method: &str, path: &str, body: &mut Vec<u8>) -> Result<u16> {
        to.send(&[self.head(method, path, "").as_bytes()]).await?;
        Ok(to.receive_into(body).await?.status)
    }

    fn head_with(&self, method: &str, path: &str, extra: &str, authorization: Option<&str>) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: {ACCEPT}\r\n", self.host);
        if let Some(authorization) = authorization {
            let _ = write!(head, "Authorization: {authorization}\r\n");
        }
        head.push_str(extra);
        head.push_str("\r\n");
        head
    }

    /// Where tokens are issued: the realm of the challenge, else the place where most registries have it, if that works.
    async fn find_token_path(&self) -> Result<Option<String>> {
        let mut connection = self.connect().await?;
        connection.send(&[self.head_with("GET", "/v2/", "", None).as_bytes()]).await?;
        connection.receive(false).await?;
        let challenge = connection.header("www-authenticate").unwrap_or_default().to_owned();
        if let Some(parameters) = challenge.strip_prefix("Bearer ") {
            let realm = quoted(parameters, "realm").context("the challenge names no realm")?;
            let service = quoted(parameters, "service").unwrap_or_default();
            let (_, address) = locate(realm)?;
            ensure!(address.port() == self.address.port(), "tokens are issued elsewhere, at {realm}: use basic");
            let path = path_of(realm);
            let sign = if path.contains('?') { '&' } else { '?' };
            return Ok(Some(format!("{path}{sign}service={service}")));
        }
        let path = "/token".to_owned();
        let mut connection = self.connect().await?;
        connection.send(&[self.login_head(&path).as_bytes()]).await?;
        let mut body = Vec::new();
        let reply = connection.receive_into(&mut body).await?;
        Ok((reply.status == 200 && token_in(&body).is_some()).then_some(path))
    }

    async fn fetch_token(&self) -> Result<String> {
        let path = self.token_path.as_deref().context("the registry issues no tokens, or no credentials were given")?;
        let sign = if path.contains('?') { '&' } else { '?' };
        let mut path = format!("{path}{sign}client_id=bench");
        for repository in crate::measures::REPOSITORIES {
            let _ = write!(path, "&scope=repository:{}/{repository}:pull,push,delete", self.prefix);
        }
        let mut connection = self.connect().await?;
        connection.send(&[self.login_head(&path).as_bytes()]).await?;
        let mut body = Vec::new();
        let reply = connection.receive_into(&mut body).await?;
        ensure!(reply.status == 200, "{} answers {} to a token request", self.name, reply.status);
        Ok(format!("Bearer {}", token_in(&body).context("the reply holds no token")?))
    }
}

/// The path and query of a `Location`, absolute or relative.
pub(crate) fn path_of(location: &str) -> &str {
    match location.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => location,
    }
}

fn locate(url: &str) -> Result<(String, SocketAddr)> {
    let Some(rest) = url.strip_prefix("http://") else { bail!("{url} is not a plain http address") };
    let host = rest.split('/').next().unwrap_or_default();
    let with_port = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let address = with_port.to_socket_addrs().ok().and_then(|mut found| found.next());
    Ok((host.to_owned(), address.with_context(|| format!("cannot resolve {host}"))?))
}

fn quoted<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = parameters.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

fn token_in(body: &[u8]) -> Option<String> {
    let reply: serde_json::Value = serde_json::from_slice(body).ok()?;
    reply.get("token").or_else(|| reply.get("access_token"))?.as_str().map(str::to_owned)
}
